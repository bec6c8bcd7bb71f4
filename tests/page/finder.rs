//! The finder: commands, components and nodes by a few letters, from the keyboard alone.
use super::Open;
use crate::browser::{Key, Point};

const ACTIVE: &str = "document.querySelector('#finder li[aria-selected=true] .what').textContent";

impl Open {
    async fn find(&self, key: Key, text: &str, first: &str) {
        self.page.key(key).await;
        let has_focus = "document.activeElement === document.querySelector('#finder input')";
        self.page.wait_until("the finder's field has the focus", has_focus).await;
        self.page.type_text(text).await;
        self.page.wait_until(&format!("{text:?} finds {first}"), &format!("{ACTIVE} === {first:?}")).await;
    }
}

#[tokio::test]
async fn a_component_is_found_by_a_few_letters_and_wired_to_what_is_selected() {
    let open = Open::example().await;
    open.click("#node-2 b").await;
    open.page.wait_until("it is selected", "document.querySelector('#node-2.selected')").await;
    open.page.move_mouse(Point::new(640.0, 130.0)).await;
    open.find(Key::plain("/"), "que", "Queue").await;
    open.page.key(Key::plain("Enter")).await;
    open.wait_for_count("#finder", 0).await;
    open.wait_for_count(".node", 6).await;
    let edge = open.wait_for_design("it is wired", |d| d.edges.len() == 5).await;
    assert_eq!((edge.edges[4].from.as_str(), edge.edges[4].to.as_str()), ("web", "queue"));
    let [x, y]: [f64; 2] = open
        .page
        .evaluate("(() => { const r = document.querySelector('#node-5').getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        .await;
    assert!((x - 640.0).abs() < 12.0 && (y - 130.0).abs() < 12.0, "it stands where the pointer is: {x} {y}");
    open.page.finish().await;
}

#[tokio::test]
async fn commands_and_nodes_are_found_and_the_focus_comes_back() {
    let open = Open::example().await;
    let _: () = open.page.evaluate("document.querySelector('#node-0').focus()").await;
    open.find(Key::plain("k").with_control(), "go to db", "Database").await;
    open.page.key(Key::plain("Enter")).await;
    open.page.wait_until("the node is selected", "document.querySelector('#node-4.selected')").await;
    let back = "document.activeElement.id === 'node-4'";
    open.page.wait_until("it has the focus", back).await;
    open.find(Key::plain("k").with_control(), "pause", "Pause or go on").await;
    open.page.key(Key::plain("Enter")).await;
    open.page.wait_until("it is paused", "document.querySelector('#play').ariaLabel === 'Go on (P)'").await;
    open.page.wait_until("the focus came back", back).await;
    // Escape gives the focus back too.
    open.find(Key::plain("k").with_control(), "select every", "Select everything").await;
    open.page.key(Key::plain("Escape")).await;
    open.wait_for_count("#finder", 0).await;
    open.page.wait_until("the focus came back again", back).await;
    open.page.finish().await;
}

#[tokio::test]
async fn the_finder_is_a_combobox_and_closes_when_the_focus_leaves_it() {
    let open = Open::example().await;
    open.find(Key::plain("/"), "cache", "Cache").await;
    let wired: bool = open
        .page
        .evaluate(
            "(() => { const f = document.querySelector('#finder input');
              const list = document.getElementById(f.getAttribute('aria-controls'));
              return f.role === 'combobox' && list.role === 'listbox' &&
                document.getElementById(f.getAttribute('aria-activedescendant')).role === 'option'; })()",
        )
        .await;
    assert!(wired);
    open.page.key(Key::plain("ArrowDown")).await;
    open.page.key(Key::plain("ArrowUp")).await;
    open.page.wait_until("the first is active again", &format!("{ACTIVE} === 'Cache'")).await;
    open.page.click(Point::new(900.0, 560.0)).await;
    open.wait_for_count("#finder", 0).await;
    assert_eq!(open.count(".node").await, 5);
    open.page.finish().await;
}

#[tokio::test]
async fn a_letter_adds_a_component_and_the_list_of_keys_says_so() {
    let open = Open::example().await;
    open.page.move_mouse(Point::new(500.0, 560.0)).await;
    open.page.key(Key::plain("s")).await;
    open.wait_for_count(".node[data-kind=service]", 2).await;
    open.page.key(Key::plain("?")).await;
    open.page
        .wait_until(
            "the list has the finder's key",
            "[...document.querySelectorAll('.keys th')].some((e) => e.textContent === 'Ctrl + K')",
        )
        .await;
    open.page.finish().await;
}
