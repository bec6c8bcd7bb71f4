//! Editing as in a diagram editor: connecting, regions, moving, names, menus, layout, the view; by mouse and keys.
use super::Open;
use crate::browser::{Key, Point};

fn at(design: &super::Topology, id: &str) -> [f64; 2] {
    design.node(id).and_then(|node| node.at).unwrap_or_default()
}

/// What has the keyboard's focus.
const FOCUS: &str = "document.activeElement";

impl Open {
    async fn focus(&self, selector: &str) {
        let _: () = self.page.evaluate(&format!("document.querySelector({selector:?}).focus()")).await;
    }

    async fn keys(&self, names: &[&'static str]) {
        for name in names {
            self.page.key(Key::plain(name)).await;
        }
    }

    pub(super) async fn wait_for_menu(&self, line: &str) {
        let claim = format!(
            "[...document.querySelectorAll('#menu [role=menuitem]')].some((e) => e.textContent.includes({line:?}))"
        );
        self.page.wait_until(&format!("the menu offers {line}"), &claim).await;
        self.page.wait_until("it has the focus", &format!("{FOCUS}.closest('#menu')")).await;
    }

    /// Chooses a line with the mouse.
    pub(super) async fn choose_line(&self, line: &str) {
        self.wait_for_menu(line).await;
        let find = format!(
            "(() => {{ const e = [...document.querySelectorAll('#menu [role=menuitem]')].find((e) => e.textContent.includes({line:?}));
              const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        );
        let [x, y]: [f64; 2] = self.page.evaluate(&find).await;
        self.page.click(Point::new(x, y)).await;
    }
}

#[tokio::test]
async fn a_wire_dropped_on_the_empty_canvas_asks_what_is_to_be_there() {
    let open = Open::example().await;
    let port = open.page.center_of("#node-2 .port.out").await;
    open.page.drag(port, Point::new(port.x + 60.0, port.y + 190.0)).await;
    open.wait_for_menu("Queue").await;
    let wire: String = open.page.evaluate("document.querySelector('#wire').getAttribute('d')").await;
    assert!(!wire.is_empty(), "the edge stays drawn meanwhile");
    // By its first letter, and Enter.
    open.page.key(Key::plain("q")).await;
    open.page.key(Key::plain("Enter")).await;
    let called = |d: &super::Topology| d.edges.iter().any(|edge| edge.from == "web" && edge.to == "queue");
    open.wait_for_design("the service publishes to a queue", called).await;
    open.page.wait_until("the new node has the focus", &format!("{FOCUS}.id === 'node-5'")).await;
    open.page.key(Key::plain("z").with_control()).await;
    open.wait_for_design("one undo takes both back", |d| d.nodes.len() == 5 && d.edges.len() == 4).await;
    open.page.finish().await;
}

#[tokio::test]
async fn the_keyboard_connects_nodes_and_an_end_of_an_edge_is_dragged_elsewhere() {
    let open = Open::example().await;
    open.focus("#node-3").await;
    open.keys(&["c"]).await;
    open.page.wait_until("the database is aimed at", &format!("{FOCUS}.id === 'node-4'")).await;
    open.page
        .wait_until(
            "it says so",
            "document.querySelector('#hint:not([hidden])').textContent.includes('Enter connects')",
        )
        .await;
    open.keys(&["Enter"]).await;
    let joined = |d: &super::Topology| d.edges.iter().any(|edge| edge.from == "cache" && edge.to == "db");
    open.wait_for_design("the cache calls the database", joined).await;
    // The new edge is selected: its end goes to a store that is put below.
    open.draw("object_store", Point::new(640.0, 520.0)).await;
    let middle = "(() => { const p = document.querySelector('#edge-4 .line'); const q = p.getPointAtLength(p.getTotalLength() / 2);
        const m = p.getScreenCTM(); return [q.x * m.a + m.e, q.y * m.d + m.f]; })()";
    let [x, y]: [f64; 2] = open.page.evaluate(middle).await;
    open.page.click(Point::new(x, y)).await;
    open.wait_for_count("#edge-4.selected .end", 2).await;
    let end = open.page.center_of("#edge-4 .end:last-child").await;
    open.page.drag(end, open.page.center_of("#node-5").await).await;
    let elsewhere = |d: &super::Topology| d.edges.len() == 5 && d.edges[4].to == "object-store";
    open.wait_for_design("the edge ends at the store", elsewhere).await;
    open.page.finish().await;
}

#[tokio::test]
async fn a_zone_is_made_from_the_selection_holds_nodes_and_is_named_and_deleted() {
    let open = Open::example().await;
    open.select_both(3, 4).await;
    open.keys(&["g"]).await;
    open.wait_for_count(".region.zone.selected", 1).await;
    open.wait_for_count(".minimap .zone", 1).await;
    // The small map's frame follows the camera.
    let frame = "document.querySelector('#minimap-view').getBoundingClientRect().left";
    let before: f64 = open.page.evaluate(frame).await;
    open.page.wheel(Point::new(640.0, 520.0), 90.0, 0.0).await;
    open.page.wait_until("the frame has moved", &format!("{frame} > {before} + 3")).await;
    open.page.wheel(Point::new(640.0, 520.0), -90.0, 0.0).await;
    open.page.wait_until("the frame is back", &format!("Math.abs({frame} - {before}) < 1")).await;
    // A click in it leads there.
    let middle = open.page.center_of(".minimap").await;
    open.page.click(Point::new(middle.x + 50.0, middle.y)).await;
    open.page.wait_until("the frame is where the click was", &format!("{frame} > {before} + 10")).await;
    open.keys(&["1"]).await;
    open.keys(&["F2"]).await;
    open.page.wait_until("its name can be written", &format!("{FOCUS}.matches('.region .rename')")).await;
    open.page.type_text("us-east").await;
    open.keys(&["Enter"]).await;
    let named = |d: &super::Topology| d.zones.len() == 1 && d.zones[0].label == "us-east";
    let design = open.wait_for_design("the zone is called us-east", named).await;
    assert_eq!(design.nodes.iter().filter(|node| node.zone == "zone-1").count(), 2);
    // Dragged out, the cache leaves; its label takes the zone with the database.
    let cache = open.page.center_of("#node-3 b").await;
    open.page.drag(cache, Point::new(cache.x - 460.0, cache.y - 60.0)).await;
    open.wait_for_design("the cache has left", |d| d.node("cache").is_some_and(|n| n.zone.is_empty())).await;
    let label = open.page.center_of("#region-0-label").await;
    open.page.drag(label, Point::new(label.x - 10.0, label.y - 50.0)).await;
    open.wait_for_design("the zone has moved with what is in it", |d| at(d, "db")[1] < at(&design, "db")[1])
        .await;
    open.keys(&["Delete"]).await;
    open.wait_for_design("the zone is gone and its node is not", |d| {
        d.zones.is_empty() && d.nodes.len() == 5
    })
    .await;
    open.page.finish().await;
}

#[tokio::test]
async fn a_name_is_written_in_place_by_a_double_click_or_a_key() {
    let open = Open::example().await;
    let web = open.page.center_of("#node-2 b").await;
    open.page.double_click(web).await;
    open.page.wait_until("the name is a field", &format!("{FOCUS}.matches('#node-2 .rename')")).await;
    open.page.type_text("Front").await;
    open.keys(&["Enter"]).await;
    open.wait_for_design("the node has its name", |d| d.nodes[2].label == "Front").await;
    open.page.wait_until("the node has the focus again", &format!("{FOCUS}.id === 'node-2'")).await;
    open.keys(&["F2"]).await;
    open.page.wait_until("the name is a field again", &format!("{FOCUS}.matches('#node-2 .rename')")).await;
    open.page.type_text("Other").await;
    open.keys(&["Escape"]).await;
    open.wait_for_count(".rename", 0).await;
    let name: String = open.page.evaluate("document.querySelector('#node-2 b').textContent").await;
    assert_eq!(name, "Front");
    open.page.finish().await;
}

#[tokio::test]
async fn menus_open_by_the_right_button_and_by_keys_and_go_by_arrows() {
    let open = Open::example().await;
    open.page.right_click(open.page.center_of("#node-1 b").await).await;
    open.wait_for_menu("Duplicate").await;
    open.wait_for_count("#node-1.selected", 1).await;
    open.keys(&["Escape"]).await;
    open.wait_for_count("#menu", 0).await;
    open.page.wait_until("the node has the focus", &format!("{FOCUS}.id === 'node-1'")).await;
    open.page.key(Key::plain("F10").with_shift()).await;
    open.wait_for_menu("Delete").await;
    open.keys(&["End", "Enter"]).await;
    open.wait_for_count(".node", 4).await;
    // The balancer stood in a chain: its neighbours are joined, and the notice takes it back.
    open.wait_for_design("the clients call the service", |d| {
        d.edges.iter().any(|edge| edge.from == "users" && edge.to == "web")
    })
    .await;
    open.click(".notice .offer").await;
    open.wait_for_count(".node", 5).await;
    open.page.right_click(open.page.center_of("#node-2 .dot").await).await;
    open.wait_for_menu("Kill Web tier #1").await;
    open.keys(&["Escape"]).await;
    open.wait_for_count("#menu", 0).await;
    open.page.wait_until("the focus is back", &format!("{FOCUS}.matches('.node, .node *')")).await;
    open.page.right_click(Point::new(560.0, 470.0)).await;
    open.choose_line("Add node here").await;
    open.choose_line("Queue").await;
    open.wait_for_count(".node[data-kind=queue]", 1).await;
    open.page.finish().await;
}

#[tokio::test]
async fn tab_follows_the_calls_and_leaves_after_the_last_node() {
    let open = Open::example().await;
    open.focus("#node-0").await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        let id: String = open.page.evaluate(&format!("{FOCUS}.id")).await;
        seen.push(id);
        open.keys(&["Tab"]).await;
    }
    assert_eq!(seen[..3], ["node-0", "node-1", "node-2"], "as the calls go: {seen:?}");
    let outside: bool = open.page.evaluate(&format!("!{FOCUS}.matches('.node')")).await;
    assert!(outside, "after the last node the keyboard goes on");
    open.page.finish().await;
}

#[tokio::test]
async fn a_layout_puts_callers_left_of_what_they_call_and_is_undone_at_once() {
    let open = Open::example().await;
    let before = open.wait_for_design("there is a design", |_| true).await;
    let db = open.page.center_of("#node-4 b").await;
    open.page.drag(db, Point::new(db.x - 560.0, db.y + 120.0)).await;
    let moved = open.wait_for_design("the database has moved", |d| at(d, "db") != at(&before, "db")).await;
    open.page.click(Point::new(420.0, 560.0)).await;
    open.keys(&["l"]).await;
    let in_order = |d: &super::Topology| d.edges.iter().all(|edge| at(d, &edge.from)[0] < at(d, &edge.to)[0]);
    open.wait_for_design("callers stand left", in_order).await;
    open.page.key(Key::plain("z").with_control()).await;
    open.wait_for_design("one undo takes it back", |d| at(d, "db") == at(&moved, "db")).await;
    open.page.finish().await;
}

#[tokio::test]
async fn keys_show_all_the_selection_or_the_actual_size() {
    let open = Open::example().await;
    let zoom = "parseFloat(document.querySelector('#zoom-level').textContent)";
    open.page.key(Key::plain("0")).await;
    open.page.wait_until("it is shown as it is", &format!("{zoom} === 100")).await;
    open.page.key(Key::plain("-")).await;
    open.page.wait_until("it is shown smaller", &format!("{zoom} < 100")).await;
    open.click("#node-4 b").await;
    open.page.key(Key::plain("2")).await;
    open.page.wait_until("the node is shown as large as fits", &format!("{zoom} > 100")).await;
    open.page.key(Key::plain("1")).await;
    let all = "[...document.querySelectorAll('.node')].every((e) => e.getBoundingClientRect().x >= 0)";
    open.page.wait_until("all of it is shown", all).await;
    open.page.finish().await;
}
