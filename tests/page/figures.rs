//! What the running simulation tells of nodes and edges: shards, replicas, queues, the pace of traffic; and failing zones.
use super::{Open, RUNNING};
use loadpath_core::topology::{Topology, lessons, link};

impl Open {
    async fn design(document: &Topology) -> Self {
        let open = Self::at(&format!("#{}", link::encode(document))).await;
        open.page.wait_until("it runs", RUNNING).await;
        open
    }

    /// Selects the node of this id and shows its figures.
    async fn show_figures(&self, document: &Topology, id: &str) {
        let place = document.nodes.iter().position(|node| node.id == id).expect("the design has it");
        self.click(&format!("#node-{place} b")).await;
        self.click(".tabs button:nth-child(2)").await;
    }
}

fn lesson(id: &str) -> Topology {
    lessons::find(id).expect("there is such a lesson").document()
}

#[tokio::test]
async fn a_database_shows_the_heat_of_its_shards_and_how_far_its_replicas_are_behind() {
    let document = lesson("sharding");
    let open = Open::design(&document).await;
    open.show_figures(&document, "db").await;
    // Four shards with a replica each.
    let servers = "document.querySelector('#multiples [data-figure=instances]')";
    open.page
        .wait_until(
            "each server has a row",
            &format!("{servers} && /Heat of each server: #1 .*#8 [0-9]/.test({servers}.querySelector('svg').ariaLabel)"),
        )
        .await;
    let figure = |name: &str| format!("document.querySelector('#multiples [data-figure=\"{name}\"]')");
    for name in ["Writes behind", "Utilization", "Wait in queue"] {
        let told = format!("{0} && /[0-9]/.test({0}.querySelector('b').textContent)", figure(name));
        open.page.wait_until(&format!("{name} is told"), &told).await;
    }
    open.page
        .wait_until(
            "the mean has its interval",
            &format!("/mean .* ± /.test({}.querySelector('small').textContent)", figure("Utilization")),
        )
        .await;
    open.page.finish().await;
}

#[tokio::test]
async fn more_traffic_moves_faster_and_a_waiting_queue_is_told_on_its_node() {
    let document = lesson("message-queue");
    let queue = document.nodes.iter().position(|node| node.kind == "queue").expect("the lesson is of queues");
    let open = Open::design(&document).await;
    let paces = "new Set([...document.querySelectorAll('.flows .flow')].map((e) => getComputedStyle(e).animationDuration))";
    open.page.wait_until("edges of unlike traffic move unalike", &format!("{paces}.size > 1")).await;
    open.show_figures(&document, &document.nodes[queue].id).await;
    open.wait_for_count("#multiples [data-figure=Waiting] svg", 1).await;
    open.click("#play").await;
    open.wait_for_count(".flows", 0).await;
    open.page.finish().await;
}

#[tokio::test]
async fn a_zone_and_an_edge_fail_by_the_right_button_and_recover() {
    let mut document = loadpath_core::topology::three_tier();
    document.zones.push(serde_json::from_str(r#"{"id":"east"}"#).unwrap());
    for node in document.nodes.iter_mut().filter(|node| node.kind != "clients") {
        node.zone = "east".to_owned();
    }
    let open = Open::design(&document).await;
    for (place, offer, seen) in
        [(".edge .rate", "Cut", ".edge.cut"), ("#region-0-label", "Lose zone east", "#node-2 .dot.down")]
    {
        open.page.right_click(open.page.center_of(place).await).await;
        open.choose_line("Let it fail…").await;
        open.choose_line(offer).await;
        open.page.wait_until(offer, &format!("document.querySelector({seen:?})")).await;
    }
    open.page.right_click(open.page.center_of("#region-0-label").await).await;
    open.choose_line("Let it fail…").await;
    open.choose_line("Restore zone east").await;
    open.wait_for_count("#node-2 .dot.down", 0).await;
    open.page.finish().await;
}
