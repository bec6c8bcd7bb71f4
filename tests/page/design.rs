//! Drawing and editing.
use super::Open;
use crate::browser::{Key, Point};
use loadpath_core::topology::check;

#[tokio::test]
async fn a_design_is_drawn_from_nothing_and_runs() {
    let open = Open::example().await;
    open.click("#design").await;
    open.click("#new").await;
    open.wait_for_count(".node", 0).await;
    open.page
        .wait_until("the empty canvas says what to do", "document.querySelector('#empty-example')")
        .await;
    open.draw("clients", Point::new(300.0, 250.0)).await;
    open.draw("service", Point::new(560.0, 250.0)).await;
    open.draw("database", Point::new(820.0, 250.0)).await;
    open.connect(0, 1).await;
    open.wait_for_count(".edge", 1).await;
    open.connect(1, 2).await;
    open.wait_for_count(".edge", 2).await;
    open.page
        .wait_until(
            "the database shows what its callers wait",
            "/p99 [0-9]/.test(document.querySelector('#node-2 .p99').textContent)",
        )
        .await;
    let design = open.wait_for_design("three nodes are in the link", |d| d.edges.len() == 2).await;
    assert!(check(&design).is_ok(), "{:?}", check(&design));
    let on_grid = |at: [f64; 2]| at.iter().all(|x| x % 10.0 == 0.0);
    assert!(design.nodes.iter().all(|node| node.at.is_some_and(on_grid)), "{:?}", design.nodes);
    open.page.finish().await;
}

#[tokio::test]
async fn an_edge_that_means_nothing_says_why_while_it_is_drawn_and_is_not_made() {
    let open = Open::example().await;
    let (port, lb) = (open.page.center_of("#node-3 .port.out").await, open.page.center_of("#node-1").await);
    open.page.move_mouse(port).await;
    open.page.press().await;
    open.page.move_mouse(lb).await;
    open.page
        .wait_until(
            "the sentence is there",
            "document.querySelector('#hint:not([hidden])').textContent.includes('a cache cannot call a load balancer')",
        )
        .await;
    let targets: Vec<String> =
        open.page.evaluate("[...document.querySelectorAll('.node.target')].map(e => e.id)").await;
    assert_eq!(targets, ["node-4"], "a cache may call the database and nothing else");
    open.page.release().await;
    open.page.wait_until("it is told", "document.querySelector('.notice')").await;
    assert_eq!(open.count(".edge").await, 4);
    open.page.finish().await;
}

#[tokio::test]
async fn what_is_moved_deleted_and_duplicated_can_be_undone_and_done_again() {
    let open = Open::example().await;
    let at = |design: &super::Topology, id: &str| design.node(id).and_then(|node| node.at);
    let web = open.page.center_of("#node-2 b").await;
    open.page.drag(web, Point::new(web.x + 66.0, web.y - 44.0)).await;
    let moved = open.wait_for_design("the node has moved", |d| at(d, "web") != Some([480.0, 180.0])).await;
    assert_eq!(open.count(".node.selected").await, 1);
    open.page.key(Key::plain("d").with_control()).await;
    open.wait_for_count(".node", 6).await;
    open.page.key(Key::plain("Delete")).await;
    open.wait_for_count(".node", 5).await;
    for _ in 0..3 {
        open.page.key(Key::plain("z").with_control()).await;
    }
    open.wait_for_design("all is undone", |d| at(d, "web") == Some([480.0, 180.0])).await;
    open.page.key(Key::plain("Z").with_control().with_shift()).await;
    open.wait_for_design("the move is made again", |d| at(d, "web") == at(&moved, "web")).await;
    // A marquee around all, then all of it away.
    open.page.drag(Point::new(185.0, 100.0), Point::new(1_100.0, 560.0)).await;
    open.wait_for_count(".node.selected", 5).await;
    open.page.key(Key::plain("Backspace")).await;
    open.wait_for_count(".node", 0).await;
    open.page.key(Key::plain("z").with_control()).await;
    open.wait_for_count(".node", 5).await;
    open.page.finish().await;
}

#[tokio::test]
async fn the_keyboard_alone_draws_selects_moves_and_deletes() {
    let open = Open::example().await;
    let _: () = open.page.evaluate("document.querySelector('.pi[data-kind=cache]').focus()").await;
    open.page.key(Key::plain("Enter")).await;
    open.wait_for_count(".node", 6).await;
    let _: () = open.page.evaluate("document.querySelector('#node-0').focus()").await;
    open.page
        .wait_until("the node with the focus is selected", "document.querySelector('#node-0.selected')")
        .await;
    open.page.key(Key::plain("ArrowDown")).await;
    open.wait_for_design("it has moved by a step", |d| d.nodes[0].at == Some([40.0, 190.0])).await;
    open.page.key(Key::plain("Delete")).await;
    open.wait_for_count(".node", 5).await;
    // Connecting by the inspector: the balancer, now first, to the cache that was added.
    let _: () = open.page.evaluate("document.querySelector('#node-1').focus()").await;
    open.page.wait_until("it offers whom to call", "document.querySelector('select.connect')").await;
    let says: String =
        open.page.evaluate("document.querySelector('#node-0').getAttribute('aria-label')").await;
    assert!(says.starts_with("Balancer, load balancer"), "{says}");
    open.page.finish().await;
}

#[tokio::test]
async fn a_fault_is_told_at_its_field_and_the_last_good_design_goes_on_running() {
    let open = Open::example().await;
    open.click("#node-2 b").await;
    open.write("#field-node-workers", "many").await;
    open.page
        .wait_until(
            "the field says what is wrong",
            "document.querySelector('#field-node-workers-fault').textContent.includes('is not a number')",
        )
        .await;
    open.page.wait_until("the node is marked", "document.querySelector('#node-2.faulty .fault')").await;
    open.page
        .wait_until(
            "the banner says that the last version runs",
            "document.querySelector('#faults').textContent.includes('goes on running')",
        )
        .await;
    let clock: String = open.page.evaluate("document.querySelector('#clock').textContent").await;
    let goes_on = format!("document.querySelector('#clock').textContent !== {clock:?}");
    open.page.wait_until("its clock goes on", &goes_on).await;
    open.write("#field-node-workers", "4").await;
    open.wait_for_count("#faults", 0).await;
    let size = "document.querySelector('#node-2 small').textContent === '2 × 4 workers'";
    open.page.wait_until("the node says its new size", size).await;
    open.page.finish().await;
}
