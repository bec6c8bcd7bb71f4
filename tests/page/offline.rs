//! Once loaded, the page works without a network, and says when a newer one is there.
use super::RUNNING;
use crate::browser::{Browser, Site, built_page};

const KEPT: &str = "navigator.serviceWorker.controller?.state === 'activated'";

#[tokio::test]
async fn the_page_loads_again_after_its_server_has_gone() {
    let site = Site::of_the_page();
    let address = site.address().to_owned();
    let browser = Browser::launch().await;
    let page = browser.open(&address).await;
    page.wait_until("it runs", RUNNING).await;
    page.wait_until("the browser has kept it", KEPT).await;
    drop(site);
    let _: () = page.evaluate("void (window.isOld = true)").await;
    page.go_to(&address).await;
    page.wait_until("it is another page", "!window.isOld").await;
    page.wait_until("it runs without a server", RUNNING).await;
    page.finish().await;
}

#[tokio::test]
async fn a_newer_build_announces_itself_and_takes_over_when_asked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for entry in built_page().read_dir().expect("the page is built").flatten() {
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("a file of the page");
    }
    let site = Site::of(folder.path().to_owned());
    let browser = Browser::launch().await;
    let page = browser.open(site.address()).await;
    page.wait_until("it runs", RUNNING).await;
    page.wait_until("the browser has kept it", KEPT).await;
    // The next build: another title, and so another name of the build.
    let change = |name: &str, from: &str, to: &str| {
        let path = folder.path().join(name);
        let text = std::fs::read_to_string(&path).expect("a text of the page");
        assert!(text.contains(from), "{name} has {from:?}");
        std::fs::write(&path, text.replace(from, to)).expect("the folder is ours");
        std::fs::remove_file(folder.path().join(format!("{name}.br"))).expect("it has a twin");
    };
    change("index.html", "width=device-width", "width=device-width, minimum-scale=0.5");
    change("offline.js", "const BUILD = \"", "const BUILD = \"next-");
    let _: () = page.evaluate("navigator.serviceWorker.ready.then((r) => r.update()).then(() => {})").await;
    page.wait_until(
        "it says so",
        "document.querySelector('.notice').textContent.includes('A new version of Loadpath is ready')",
    )
    .await;
    page.click(page.center_of(".notice .offer").await).await;
    page.wait_until("the new one is there", "document.querySelector('meta[content*=\"minimum-scale\"]')")
        .await;
    page.wait_until("it runs", RUNNING).await;
    page.finish().await;
}
