//! What a hand does on the canvas beside editing: in line with others, with space held, with a pinch, with shift held; and
//! what a deletion leaves.
use super::Open;
use crate::browser::{Key, Point};
use loadpath_core::topology::three_tier;

const GUIDES: &str = "document.querySelector('#guides').getAttribute('d')";
const ZOOM: &str = "parseFloat(document.querySelector('#zoom-level').textContent)";

/// How wide the rectangle is that is drawn around what is to be selected.
const MARQUEE: &str = "parseFloat(document.querySelector('#marquee').getAttribute('width'))";

/// Where a node's left, upper, right and lower edges are.
fn bounds(node: usize) -> String {
    format!(
        "(({{ left, top, right, bottom }}) => [left, top, right, bottom])(document.querySelector('#node-{node}').getBoundingClientRect())"
    )
}

/// Where an element's left edge is.
fn left(selector: &str) -> String {
    format!("document.querySelector({selector:?}).getBoundingClientRect().left")
}

#[tokio::test]
async fn a_dragged_node_falls_in_line_with_others_and_a_guide_shows_it() {
    let open = Open::example().await;
    let (web, db) = (open.page.center_of("#node-2 b").await, open.page.center_of("#node-4 b").await);
    open.page.move_mouse(db).await;
    open.page.press().await;
    // Nearly at the height of the web tier, and off the grid.
    for step in 1..=8 {
        let part = f64::from(step) / 8.0;
        open.page.move_mouse(Point::new(db.x + 3.0 * part, db.y + (web.y + 3.0 - db.y) * part)).await;
    }
    open.page.wait_until("a guide is drawn", &format!("{GUIDES} !== ''")).await;
    open.page.release().await;
    let height = |d: &super::Topology, id: &str| d.node(id).and_then(|node| node.at).map(|[_, y]| y);
    open.wait_for_design("both stand at one height", |d| height(d, "db") == height(d, "web")).await;
    open.page.wait_until("the guide is gone", &format!("{GUIDES} === ''")).await;
    open.page.finish().await;
}

#[tokio::test]
async fn space_drags_the_view_and_a_pinch_zooms_at_the_pointer() {
    let open = Open::example().await;
    let web = left("#node-2");
    // Over a node: with space held, it is the canvas that is dragged.
    let from = open.page.center_of("#node-2 b").await;
    let before: f64 = open.page.evaluate(&web).await;
    let _: () = open.page.evaluate("document.activeElement.blur()").await;
    open.page.hold(Key::plain(" ")).await;
    open.page.drag(from, Point::new(from.x + 80.0, from.y)).await;
    open.page.let_go(Key::plain(" ")).await;
    open.page.wait_until("the view has moved", &format!("Math.abs({web} - {}) < 2", before + 80.0)).await;
    assert_eq!(open.count(".node.selected").await, 0, "nothing was taken hold of");
    let zoom: f64 = open.page.evaluate(ZOOM).await;
    let corner: [f64; 2] = open
        .page
        .evaluate(
            "(({ left, top }) => [left, top])(document.querySelector('#node-2').getBoundingClientRect())",
        )
        .await;
    open.page.pinch(Point::new(corner[0], corner[1]), -120.0).await;
    open.page.wait_until("it is shown larger", &format!("{ZOOM} > {zoom}")).await;
    let stays = format!("Math.abs({web} - {}) < 2", corner[0]);
    open.page.wait_until("what is under the pointer stays there", &stays).await;
    open.page.finish().await;
}

#[tokio::test]
async fn shift_adds_to_the_selection_and_takes_from_it() {
    let open = Open::example().await;
    open.click("#node-1 b").await;
    for (node, count) in [(2, 2), (3, 3), (2, 2)] {
        let at = open.page.center_of(&format!("#node-{node} b")).await;
        open.page.move_mouse(at).await;
        open.page.click_with_shift(at).await;
        open.wait_for_count(".node.selected", count).await;
    }
    assert_eq!(open.count("#node-2.selected").await, 0);
    open.page.finish().await;
}

impl Open {
    /// Draws a rectangle around a node, with shift held or without; before it is let go, these nodes and no others are
    /// selected, and they stay so.
    async fn surround(&self, node: usize, shift: bool, selected: &[&str]) {
        let [left, top, right, bottom]: [f64; 4] = self.page.evaluate(&bounds(node)).await;
        let corners = (Point::new(left - 14.0, top - 14.0), Point::new(right + 8.0, bottom + 8.0));
        let all = "[...document.querySelectorAll('.node.selected')].map((e) => e.id).join(' ')";
        let claim = format!("{all} === {:?}", selected.join(" "));
        self.page.sweep(corners.0, corners.1, shift).await;
        self.page.wait_until("the rectangle is drawn", &format!("{MARQUEE} > 10")).await;
        self.page.wait_until(&format!("{selected:?} are selected while it is drawn"), &claim).await;
        self.page.release().await;
        self.page.wait_until("the rectangle is gone", &format!("{MARQUEE} === 0")).await;
        self.page.wait_until(&format!("{selected:?} stay selected"), &claim).await;
    }
}

#[tokio::test]
async fn a_rectangle_selects_what_it_touches_and_with_shift_adds_to_it() {
    let open = Open::example().await;
    open.surround(1, false, &["node-1"]).await;
    open.surround(3, false, &["node-3"]).await;
    open.surround(1, true, &["node-1", "node-3"]).await;
    open.surround(4, true, &["node-1", "node-3", "node-4"]).await;
    open.page.key(Key::plain("ArrowDown")).await;
    let lower = |d: &super::Topology| {
        ["lb", "cache", "db"]
            .iter()
            .all(|id| d.node(id).and_then(|n| n.at) != three_tier().node(id).and_then(|n| n.at))
    };
    let design = open.wait_for_design("what is selected moves together", lower).await;
    assert_eq!(design.node("web"), three_tier().node("web"));
    // A click beside all nodes selects none.
    open.page.click(Point::new(560.0, 520.0)).await;
    open.wait_for_count(".node.selected", 0).await;
    // Given up, a rectangle leaves the selection as it was.
    open.click("#node-2 b").await;
    let [left, top, ..]: [f64; 4] = open.page.evaluate(&bounds(4)).await;
    open.page.sweep(Point::new(left - 14.0, top - 14.0), Point::new(left + 30.0, top + 30.0), false).await;
    open.wait_for_count("#node-4.selected", 1).await;
    open.page.key(Key::plain("Escape")).await;
    open.page.release().await;
    open.wait_for_count("#node-2.selected", 1).await;
    open.wait_for_count(".node.selected", 1).await;
    open.page.finish().await;
}

#[tokio::test]
async fn the_callers_of_a_deleted_node_call_what_it_called() {
    let open = Open::example().await;
    open.click("#node-1 b").await;
    open.page.key(Key::plain("Delete")).await;
    let direct = |d: &super::Topology| d.edges.iter().any(|edge| edge.from == "users" && edge.to == "web");
    let design = open.wait_for_design("the clients call the web tier", direct).await;
    assert!(design.node("lb").is_none());
    open.page.key(Key::plain("z").with_control()).await;
    open.wait_for_design("one undo takes it back", |d| d.node("lb").is_some() && !direct(d)).await;
    open.page.finish().await;
}
