//! Nothing is lost: links, reloads, files, damage.
use super::{Open, RUNNING};
use crate::browser::Key;
use loadpath_core::topology::{Topology, link, three_tier};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_reload_and_another_browser_show_the_same_design() {
    let open = Open::example().await;
    open.write("#design-name", "Kept by the link").await;
    open.click("#node-4 b").await;
    open.write("#field-node-connections", "3").await;
    let drawn = open.wait_for_design("all of it is in the link", |d| {
        d.name == "Kept by the link" && d.node("db").is_some_and(|db| db.params["connections"] == 3.0.into())
    });
    let drawn = drawn.await;
    let link: String = open.page.evaluate("location.href").await;
    open.page.go_to(open.site.address()).await;
    assert_eq!(open.wait_for_design("the browser has kept it", |_| true).await, drawn);
    let _: () = open.page.evaluate("localStorage.clear()").await;
    let elsewhere = open.browser.open(&link).await;
    elsewhere
        .wait_until("it is open", "document.querySelector('#design-name').value === 'Kept by the link'")
        .await;
    elsewhere.wait_until("it runs", RUNNING).await;
    elsewhere.finish().await;
    open.page.finish().await;
}

#[tokio::test]
async fn what_was_drawn_before_the_tab_crashed_is_there_in_the_next() {
    let open = Open::example().await;
    open.write("#design-name", "Before the crash").await;
    open.click("#node-4 b").await;
    open.page.key(Key::plain("s")).await;
    let all = |d: &Topology| d.name == "Before the crash" && d.nodes.len() == 6;
    let drawn = open.wait_for_design("both changes are kept", all).await;
    open.page.crash().await;
    let page = open.browser.open(open.site.address()).await;
    page.wait_until("it runs", RUNNING).await;
    let hash: String = page.evaluate("location.hash").await;
    assert_eq!(link::decode(&hash).expect("the address holds a design"), drawn);
    page.finish().await;
}

#[tokio::test]
async fn a_damaged_link_says_so_and_the_page_works_on() {
    let whole = link::encode(&three_tier());
    let open = Open::at(&format!("#{}", &whole[..whole.len() - 9])).await;
    open.page
        .wait_until(
            "it says so",
            "document.querySelector('.notice.error').textContent.includes('this link is damaged')",
        )
        .await;
    open.page.wait_until("the example runs instead", RUNNING).await;
    assert_eq!(open.wait_for_design("the address says what is shown", |_| true).await, three_tier());
    // Another link, pasted into the address of the open page; then one that is none.
    let mut other = three_tier();
    other.name = "Pasted".to_owned();
    other.nodes.truncate(4);
    other.edges.truncate(3);
    let _: () = open.page.evaluate(&format!("void (location.hash = {:?})", link::encode(&other))).await;
    open.wait_for_count(".node", 4).await;
    let _: () = open.page.evaluate("void (location.hash = 'nonsense')").await;
    open.page.wait_until("it says so too", "document.querySelectorAll('.notice.error').length === 2").await;
    assert_eq!(open.wait_for_design("the address says what is shown", |d| d.name == "Pasted").await, other);
    open.click("header [aria-label^=Undo]").await;
    open.wait_for_count(".node", 5).await;
    open.page.finish().await;
}

#[tokio::test]
async fn a_name_is_only_ever_text() {
    let mut hostile = three_tier();
    hostile.name = "<img src=x onerror=alert(1)>".to_owned();
    hostile.nodes[2].label = "<img src=x onerror=\"document.title='owned'\">".to_owned();
    let open = Open::at(&format!("#{}", link::encode(&hostile))).await;
    open.page.wait_until("it runs", RUNNING).await;
    let label: String = open.page.evaluate("document.querySelector('#node-2 b').textContent").await;
    assert_eq!(label, hostile.nodes[2].label);
    assert_eq!(open.count("img").await, 0);
    open.page.finish().await;
}

#[tokio::test]
async fn a_dropped_file_opens_and_one_that_is_no_design_is_refused() {
    let open = Open::example().await;
    let mut other = three_tier();
    other.name = "From a file".to_owned();
    for (text, shown) in [
        (
            "hello".to_owned(),
            "document.querySelector('.notice.error').textContent.includes('was not opened')",
        ),
        (other.to_json(), "document.querySelector('#design-name').value === 'From a file'"),
    ] {
        let text = serde_json::to_string(&text).unwrap();
        let drop = format!(
            "(() => {{ const data = new DataTransfer(); data.items.add(new File([{text}], 'design.json'));
              window.dispatchEvent(new DragEvent('drop', {{ dataTransfer: data, cancelable: true }})); }})()"
        );
        let _: () = open.page.evaluate(&drop).await;
        open.page.wait_until("the file has been read", shown).await;
    }
    open.page.finish().await;
}

#[tokio::test]
async fn without_an_agent_the_page_says_what_a_live_run_needs() {
    let open = Open::example().await;
    open.click("#run-live").await;
    // Asking a folder of files for an agent leaves one line in the console, and only because it was asked for.
    let says = "document.querySelector('#live-obstacle')?.textContent.includes('cargo xtask play') ?? false";
    let begun = Instant::now();
    while !open.page.evaluate::<bool>(says).await {
        assert!(begun.elapsed() < Duration::from_secs(30), "it does not say what a live run needs");
        open.page.hear_out().await;
        let errors = open.page.take_errors();
        assert!(errors.iter().all(|error| error.contains("api/status")), "{errors:?}");
    }
    open.page.hear_out().await;
    open.page.take_errors();
    open.page.finish().await;
}
