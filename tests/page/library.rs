//! The designs that the browser keeps: several, by name, over reloads and between tabs.
use super::{Open, RUNNING};
use crate::browser::Key;

impl Open {
    pub(super) async fn show_designs(&self) {
        self.click("#design").await;
        self.click("#designs").await;
        self.page.wait_until("the list is there", "document.querySelector('#library li')").await;
    }

    async fn command(&self, id: &str) {
        self.click("#design").await;
        self.click(&format!("#{id}")).await;
    }
}

/// The names in the list, in its order.
const NAMES: &str = "JSON.stringify([...document.querySelectorAll('#library .name')].map((e) => e.value))";

#[tokio::test]
async fn designs_are_kept_by_name_opened_copied_deleted_and_brought_back() {
    let open = Open::example().await;
    open.write("#design-name", "First").await;
    open.wait_for_design("it has its name", |d| d.name == "First").await;
    open.command("new").await;
    open.wait_for_count(".node", 0).await;
    open.write("#design-name", "Second").await;
    open.wait_for_design("it has its name", |d| d.name == "Second").await;
    open.show_designs().await;
    open.page.wait_until("both are there", &format!("{NAMES} === '[\"Second\",\"First\"]'")).await;
    assert_eq!(open.count("#library li:nth-child(2) svg .spot").await, 5, "it has its picture");
    open.click("#library [aria-label='Open First'].picture").await;
    open.wait_for_count(".node", 5).await;
    open.click("#library [aria-label='Duplicate First']").await;
    open.wait_for_count("#library li", 3).await;
    open.click("#library [aria-label='Delete First']").await;
    open.wait_for_count("#library li", 2).await;
    open.page
        .wait_until("another one is shown", "document.querySelector('#design-name').value !== 'First'")
        .await;
    open.click(".notice .offer").await;
    open.wait_for_count("#library li", 3).await;
    open.wait_for_design("it is back", |d| d.name == "First").await;
    open.write("#library li.current .name", "Renamed").await;
    open.wait_for_design("it has another name", |d| d.name == "Renamed").await;
    open.page.go_to(open.site.address()).await;
    open.page.wait_until("it runs", RUNNING).await;
    assert_eq!(open.wait_for_design("the tab shows its own", |_| true).await.name, "Renamed");
    open.show_designs().await;
    open.wait_for_count("#library li", 3).await;
    open.page.key(Key::plain("Escape")).await;
    open.wait_for_count("#library", 0).await;
    open.page.finish().await;
}

#[tokio::test]
async fn undo_goes_on_after_a_reload() {
    let open = Open::example().await;
    open.write("#design-name", "Changed").await;
    open.wait_for_design("it is kept", |d| d.name == "Changed").await;
    open.page.reload().await;
    open.page
        .wait_until("it can be undone", "!document.querySelector('header [aria-label^=Undo]').disabled")
        .await;
    open.click("header [aria-label^=Undo]").await;
    open.wait_for_design("it has its old name", |d| d.name == "Three tiers").await;
    open.page.finish().await;
}

#[tokio::test]
async fn two_tabs_on_one_design_notice_and_neither_overwrites_the_other() {
    let open = Open::example().await;
    open.write("#design-name", "Shared").await;
    open.wait_for_design("it has its name", |d| d.name == "Shared").await;
    let other = open.browser.open(open.site.address()).await;
    other.wait_until("it shows the same", "document.querySelector('#design-name').value === 'Shared'").await;
    let center = other.center_of("#design-name").await;
    other.click(center).await;
    other.key(Key::plain("a").with_control()).await;
    other.type_text("Theirs").await;
    other.key(Key::plain("Enter")).await;
    open.page
        .wait_until(
            "the first tab says so",
            "[...document.querySelectorAll('.notice')].some((e) => e.textContent.includes('in another tab'))",
        )
        .await;
    assert_eq!(open.wait_for_design("nothing changed under its hands", |_| true).await.name, "Shared");
    // Out of the name's field, where a letter is a letter.
    open.click("#node-4 b").await;
    open.page.key(Key::plain("s")).await;
    let mine = open.wait_for_design("it goes on beside the other", |d| d.name == "Shared (copy)").await;
    assert_eq!(mine.nodes.len(), 6);
    open.show_designs().await;
    open.page
        .wait_until(
            "both are kept",
            &format!("{NAMES}.includes('\"Theirs\"') && {NAMES}.includes('\"Shared (copy)\"')"),
        )
        .await;
    other.finish().await;
    open.page.finish().await;
}

#[tokio::test]
async fn a_full_storage_is_told_and_the_link_holds_the_design() {
    let open = Open::example().await;
    // Whatever the browser's limit is: fill it to the last characters.
    let _: () = open
        .page
        .evaluate(
            "(() => { for (let size = 1 << 22; size >= 1; size >>= 1)
                for (let i = 0; ; i++)
                  try { localStorage.setItem(`filler.${size}.${i}`, 'x'.repeat(size)); } catch { break; } })()",
        )
        .await;
    open.page.key(Key::plain("s")).await;
    open.page
        .wait_until(
            "it says so",
            "document.querySelector('.notice.error').textContent.includes('did not keep this design')",
        )
        .await;
    open.wait_for_design("the link holds it", |d| d.nodes.len() == 6).await;
    open.page.finish().await;
}
