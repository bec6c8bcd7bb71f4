//! Where things stand: hosts that nodes are dropped onto, and a layout that leaves alone what a person placed.
use super::{Open, Topology};
use crate::browser::{Key, Point};

/// The machine on which a node runs, by the document.
fn host(design: &Topology, id: &str) -> String {
    design.node(id).map(|node| node.host.clone()).unwrap_or_default()
}

/// Where a node was put.
fn at(design: &Topology, id: &str) -> [f64; 2] {
    design.node(id).and_then(|node| node.at).unwrap_or_default()
}

#[tokio::test]
async fn a_node_runs_on_the_host_that_it_is_dropped_onto_and_on_none_when_it_is_dragged_out() {
    let open = Open::example().await;
    open.page.right_click(Point::new(300.0, 430.0)).await;
    open.choose_line("New host here").await;
    open.wait_for_count(".region.host.selected", 1).await;
    open.wait_for_design("there is a host", |d| d.hosts.len() == 1).await;
    let [left, top, right, bottom]: [f64; 4] = open
        .page
        .evaluate("(({ left, top, right, bottom }) => [left, top, right, bottom])(document.querySelector('.region.host').getBoundingClientRect())")
        .await;
    let middle = Point::new((left + right) / 2.0, (top + bottom) / 2.0);
    let cache = open.page.center_of("#node-3 b").await;
    open.page.sweep(cache, middle, false).await;
    open.wait_for_count(".region.host[data-into]", 1).await;
    open.page.release().await;
    open.wait_for_design("the cache runs on the host", |d| host(d, "cache") == "host-1").await;
    let label = "document.querySelector('#region-0-label').ariaLabel";
    open.page.wait_until("the host says so", &format!("{label} === 'host-1, host, 1 node'")).await;
    // Clients run on no machine of one's own.
    let clients = open.page.center_of("#node-0 b").await;
    open.page.sweep(clients, middle, false).await;
    open.wait_for_count(".region[data-into]", 0).await;
    open.page.release().await;
    let moved = |d: &Topology| at(d, "users")[1] > 300.0;
    assert_eq!(host(&open.wait_for_design("the clients stand elsewhere", moved).await, "users"), "");
    open.page.key(Key::plain("z").with_control()).await;
    let cache = open.page.center_of("#node-3 b").await;
    open.page.drag(cache, Point::new(cache.x + 330.0, cache.y)).await;
    let left = open.wait_for_design("the cache has left", |d| host(d, "cache").is_empty()).await;
    assert_eq!(left.hosts.len(), 1, "the empty host stays");
    open.page.key(Key::plain("z").with_control()).await;
    open.wait_for_design("one undo puts it back", |d| host(d, "cache") == "host-1").await;
    open.page.finish().await;
}

#[tokio::test]
async fn the_palette_makes_a_host_of_what_is_selected() {
    let open = Open::example().await;
    open.select_both(3, 4).await;
    open.click(".pi[data-kind=host]").await;
    open.wait_for_count(".region.host.selected", 1).await;
    let both = |d: &Topology| host(d, "cache") == "host-1" && host(d, "db") == "host-1";
    open.wait_for_design("both run on one machine", both).await;
    // By its label it takes both along; deleted, it leaves them.
    let label = open.page.center_of("#region-0-label").await;
    open.page.drag(label, Point::new(label.x, label.y + 60.0)).await;
    let moved = |d: &Topology| at(d, "cache")[1] > 100.0 && at(d, "db")[1] > 300.0;
    open.wait_for_design("both have moved with it", moved).await;
    open.page.key(Key::plain("Delete")).await;
    open.wait_for_design("the host is gone", |d| d.hosts.is_empty() && d.nodes.len() == 5).await;
    open.page.finish().await;
}

#[tokio::test]
async fn a_layout_moves_what_is_selected_and_nothing_else() {
    let open = Open::example().await;
    let before = open.wait_for_design("there is a design", |_| true).await;
    // Crosswise, and far down: the callers right of what they call.
    for (node, right, down) in [(2, 240.0, 330.0), (4, -300.0, 160.0)] {
        let from = open.page.center_of(&format!("#node-{node} b")).await;
        open.page.drag(from, Point::new(from.x + right, from.y + down)).await;
    }
    let crosswise = |d: &Topology| at(d, "db")[0] < at(d, "web")[0];
    let moved = open.wait_for_design("the database stands left of its caller", crosswise).await;
    open.select_both(2, 4).await;
    open.page.key(Key::plain("l")).await;
    let in_order = |d: &Topology| at(d, "web")[0] < at(d, "db")[0];
    let laid = open.wait_for_design("the caller stands left", in_order).await;
    for id in ["users", "lb", "cache"] {
        assert_eq!(at(&laid, id), at(&before, id), "{id} stays where it was");
    }
    assert_ne!(at(&laid, "web"), at(&moved, "web"));
    open.page.key(Key::plain("z").with_control()).await;
    open.wait_for_design("one undo takes it back", |d| at(d, "web") == at(&moved, "web")).await;
    open.page.finish().await;
}

#[tokio::test]
async fn what_is_written_without_a_place_gets_one_and_everything_else_keeps_its_own() {
    let open = Open::example().await;
    let before = open.wait_for_design("there is a design", |_| true).await;
    open.show_text().await;
    open.type_over(
        "\"nodes\": [",
        "\"nodes\": [{\"id\": \"jobs\", \"kind\": \"queue\"}, {\"id\": \"files\", \"kind\": \"object_store\"},",
    )
    .await;
    open.wait_for_count(".node", 7).await;
    let design = open.wait_for_design("they have places", |d| {
        d.nodes.len() == 7 && d.nodes.iter().all(|n| n.at.is_some())
    });
    let design = design.await;
    for node in &before.nodes {
        assert_eq!(at(&design, &node.id), node.at.unwrap_or_default(), "{} stays where it was", node.id);
    }
    let over = "(() => { const all = [...document.querySelectorAll('.node')].map((e) => e.getBoundingClientRect());
        return all.some((a, i) => all.some((b, j) => i < j && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)); })()";
    assert!(!open.page.evaluate::<bool>(over).await, "none stands on another");
    open.page.finish().await;
}
