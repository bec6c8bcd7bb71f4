//! What fingers do: on the canvas, and from the palette to it.
use super::Open;
use crate::browser::Point;

impl Open {
    /// A finger comes down, goes to another place in small steps, and stays there.
    async fn swipe(&self, from: Point, to: Point) {
        self.page.touch(&[from]).await;
        for step in 1..=8 {
            let part = f64::from(step) / 8.0;
            let at = Point::new(from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part);
            self.page.touch_move(&[at]).await;
        }
    }
}

#[tokio::test]
async fn a_finger_drags_a_component_from_the_palette_to_its_place() {
    let open = Open::example().await;
    // Tapped, one is put in the middle.
    let dns = open.page.center_of(".pi[data-kind=dns]").await;
    open.page.touch(&[dns]).await;
    open.page.touch_end().await;
    open.wait_for_count(".node[data-kind=dns]", 1).await;
    let to = Point::new(520.0, 480.0);
    let queue = open.page.center_of(".pi[data-kind=queue]").await;
    open.swipe(queue, to).await;
    let ghost = "document.querySelector('#ghost:not([hidden])')";
    open.page.wait_until("it is seen on its way", ghost).await;
    open.page.touch_end().await;
    open.wait_for_count(".node[data-kind=queue]", 1).await;
    open.page.wait_until("it is on its way no more", &format!("!{ghost}")).await;
    let at = open.page.center_of(".node[data-kind=queue]").await;
    // The finger holds it by its middle; it is put on the grid.
    assert!((at.x - to.x).hypot(at.y - to.y) < 20.0, "{at:?}");
    open.wait_for_design("it is drawn", |d| d.nodes.len() == 7).await;
    // Let go over the palette, none is drawn.
    open.swipe(dns, Point::new(dns.x + 50.0, dns.y)).await;
    open.page.touch_end().await;
    open.page.wait_until("the finger has left", &format!("!{ghost}")).await;
    assert_eq!(open.count(".node").await, 7);
    open.page.finish().await;
}

#[tokio::test]
async fn on_a_tablet_a_finger_scrolls_the_palette_and_still_drags_from_it() {
    let open = Open::example().await;
    open.page.resize(1_024, 768, false).await;
    let scrolled = "document.querySelector('.palette').scrollTop";
    let high = "(e => e.scrollHeight > e.clientHeight)(document.querySelector('.palette'))";
    open.page.wait_until("the palette is longer than its place", high).await;
    let at = open.page.center_of(".pi[data-kind=workers]").await;
    open.swipe(at, Point::new(at.x, at.y - 120.0)).await;
    open.page.touch_end().await;
    open.page.wait_until("it scrolls", &format!("{scrolled} > 40")).await;
    assert_eq!(open.count(".node").await, 5);
    let store = open.page.center_of(".pi[data-kind=object_store]").await;
    open.swipe(store, Point::new(store.x + 330.0, store.y)).await;
    open.page.touch_end().await;
    open.wait_for_count(".node[data-kind=object_store]", 1).await;
    open.page.finish().await;
}

#[tokio::test]
async fn two_fingers_zoom_one_pans_and_one_that_rests_opens_the_menu() {
    let open = Open::example().await;
    let zoom = "parseFloat(document.querySelector('#zoom-level').textContent)";
    let before: f64 = open.page.evaluate(zoom).await;
    let (a, b) = (Point::new(400.0, 520.0), Point::new(500.0, 520.0));
    open.page.touch(&[a, b]).await;
    open.page.touch_move(&[Point::new(350.0, 520.0), Point::new(550.0, 520.0)]).await;
    open.page.touch_end().await;
    open.page.wait_until("it is shown larger", &format!("{zoom} > {}", before * 1.5)).await;
    let x: f64 = open.page.evaluate("document.querySelector('#node-0').getBoundingClientRect().x").await;
    open.page.touch(&[a]).await;
    open.page.touch_move(&[Point::new(a.x + 60.0, a.y)]).await;
    open.page.touch_end().await;
    let panned = format!("document.querySelector('#node-0').getBoundingClientRect().x > {}", x + 40.0);
    open.page.wait_until("the canvas follows the finger", &panned).await;
    open.page.touch(&[open.page.center_of("#node-1 b").await]).await;
    open.wait_for_menu("Duplicate").await;
    open.page.touch_end().await;
    open.page.finish().await;
}
