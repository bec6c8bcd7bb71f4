//! Cut, copy and paste: between tabs, as text, by the browser's own keys.
use super::Open;
use crate::browser::{Key, Point};
use loadpath_core::topology::{Topology, link, three_tier};

/// Has the browser paste a text, as its own menu does.
async fn paste(open: &Open, text: &str) {
    let text = serde_json::to_string(text).unwrap();
    let pasted = format!(
        "(() => {{ const data = new DataTransfer(); data.setData('text/plain', {text});
          window.dispatchEvent(new ClipboardEvent('paste', {{ clipboardData: data, cancelable: true }})); }})()"
    );
    let _: () = open.page.evaluate(&pasted).await;
}

#[tokio::test]
async fn nodes_are_copied_into_another_tab_with_their_edges() {
    let open = Open::example().await;
    open.click("#node-2 b").await;
    let _: () = open.page.evaluate("navigator.clipboard.writeText('nothing').catch(() => {})").await;
    open.page.key(Key::plain("a").with_control()).await;
    open.wait_for_count(".node.selected", 5).await;
    open.page.key(Key::plain("c").with_control()).await;
    open.page
        .wait_until("it says so", "document.querySelector('.notice').textContent.includes('Copied 5 nodes')")
        .await;
    let mut other = three_tier();
    other.name = "Other".to_owned();
    let address = format!("{}#{}", open.site.address(), link::encode(&other));
    let tab = open.browser.open(&address).await;
    tab.wait_until("it is open", "document.querySelectorAll('.node').length === 5").await;
    tab.move_mouse(Point::new(640.0, 400.0)).await;
    tab.key(Key::plain("v").with_control()).await;
    tab.wait_until("they are pasted", "document.querySelectorAll('.node').length === 10").await;
    tab.wait_until("they are selected", "document.querySelectorAll('.node.selected').length === 5").await;
    tab.wait_until("with their edges", "document.querySelectorAll('.edge').length === 8").await;
    // Cut there, one is gone there; undo brings it back.
    tab.key(Key::plain("x").with_control()).await;
    tab.wait_until("they are cut", "document.querySelectorAll('.node').length === 5").await;
    tab.key(Key::plain("z").with_control()).await;
    tab.wait_until("they are back", "document.querySelectorAll('.node').length === 10").await;
    tab.finish().await;
    open.page.finish().await;
}

#[tokio::test]
async fn a_field_keeps_its_own_copy_and_paste() {
    let open = Open::example().await;
    open.click("#design-name").await;
    open.page.key(Key::plain("a").with_control()).await;
    open.page.key(Key::plain("c").with_control()).await;
    open.click("#node-2 b").await;
    open.page.wait_until("it is selected", "document.querySelector('#field-label')").await;
    open.click("#field-label").await;
    open.page.key(Key::plain("a").with_control()).await;
    open.page.key(Key::plain("v").with_control()).await;
    open.page.key(Key::plain("Enter")).await;
    open.wait_for_design("the label is the name", |d| d.node("web").is_some_and(|n| n.label == d.name)).await;
    open.page.finish().await;
}

#[tokio::test]
async fn a_link_a_document_and_what_is_neither_can_be_pasted() {
    let open = Open::example().await;
    let mut other = three_tier();
    other.name = "By a link".to_owned();
    paste(&open, &format!("look: https://example.org/x/#{}", link::encode(&other))).await;
    open.wait_for_design("the link is open", |d| d.name == "By a link").await;
    other.name = "By its text".to_owned();
    paste(&open, &other.to_json_pretty()).await;
    open.wait_for_design("the document is open", |d| d.name == "By its text").await;
    paste(&open, "<img src=x onerror=\"document.title='owned'\">").await;
    open.page
        .wait_until(
            "it says what it would take",
            "document.querySelector('.notice.error').textContent.includes('Loadpath link')",
        )
        .await;
    let before: Topology = open.wait_for_design("nothing has changed", |_| true).await;
    assert_eq!(before, other);
    assert_eq!(open.count("img").await, 0);
    open.page.finish().await;
}

#[tokio::test]
async fn ten_megabytes_are_refused_in_a_sentence_and_the_page_works_on() {
    let open = Open::example().await;
    for text in ["'x'.repeat(10 << 20)", "'{\"loadpath\":1,\"name\":' + '['.repeat(5 << 20)"] {
        let _: () =
            open.page.evaluate("document.querySelectorAll('.notice .btn').forEach((b) => b.click())").await;
        let pasted = format!(
            "(() => {{ const data = new DataTransfer(); data.setData('text/plain', {text});
              window.dispatchEvent(new ClipboardEvent('paste', {{ clipboardData: data, cancelable: true }})); }})()"
        );
        let _: () = open.page.evaluate(&pasted).await;
        open.page.wait_until("it is refused", "document.querySelector('.notice.error')").await;
        let long: usize =
            open.page.evaluate("document.querySelector('.notice.error').textContent.length").await;
        assert!(long < 600, "{long}");
    }
    open.page.key(Key::plain("s")).await;
    open.wait_for_count(".node", 6).await;
    open.page.finish().await;
}
