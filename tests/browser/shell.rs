//! The page's shell: it loads under the content security policy, and says so when a part of it does not arrive.

use std::io::Write;

use super::{Browser, Site, built_page};

const DRAWN: &str = "performance.getEntriesByName('loadpath:first-topology')[0]";

#[tokio::test]
async fn the_page_draws_without_an_error_and_says_how_long_it_took() {
    let site = Site::of_the_page();
    let browser = Browser::launch().await;
    let page = browser.open(site.address()).await;
    page.wait_until("the first topology is drawn", DRAWN).await;
    let took: f64 = page.evaluate(&format!("{DRAWN}.startTime")).await;
    let still_loading: bool = page.evaluate("!!document.querySelector('#boot')").await;
    assert!(!still_loading, "the app has drawn beside the loading state, not in its place");
    page.finish().await;
    // Straight to stderr: the figure is wanted when the test passes too.
    writeln!(std::io::stderr(), "navigation to first topology, from static files: {took:.0} ms")
        .expect("stderr is open");
}

#[tokio::test]
async fn a_part_that_does_not_arrive_ends_in_a_sentence() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["index.html", "boot.js", "boot.css", "styles.css", "icon.svg"] {
        std::fs::copy(built_page().join(name), folder.path().join(name)).expect("the built page has a shell");
    }
    let site = Site::of(folder.path().to_owned());
    let browser = Browser::launch().await;
    let page = browser.open(site.address()).await;
    // The failure itself is in the console; it is the sentence that is asked for here.
    let alert = "document.querySelector('[role=alert]').textContent";
    let told = loop {
        page.hear_out().await;
        let errors = page.take_errors();
        if !errors.is_empty() && page.evaluate::<bool>("!!document.querySelector('[role=alert]')").await {
            break page.evaluate::<String>(alert).await;
        }
    };
    assert_eq!(told, "A part of the page did not load: check the connection, then reload the page.");
    page.hear_out().await;
    page.take_errors();
    page.finish().await;
}
