//! The editor beside React Flow, bare: a thousand nodes, in the same browser, by the same pointer steps, in the same run.
//!
//! Ours draws bars, dots and labels, and its simulation runs; React Flow draws plain boxes. What is counted is the time
//! that the main thread is busy (Chromium's `TaskDuration`), per pointer step, each step followed by a frame.
use crate::browser::{Browser, Key, Page, Point, Site, built_page};
use loadpath_core::topology::{Class, Edge, Node, Params, Topology, check, link};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

const ROUNDS: usize = 3;
const STEPS: u32 = 120;
const READY_OURS: &str = "performance.getEntriesByName('loadpath:first-topology')[0]?.startTime ?? 0";
const READY_PEER: &str = "performance.getEntriesByName('peer:ready')[0]?.startTime ?? 0";
/// A frame has been drawn, and what it set off is done.
const FRAME: &str = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))";
/// Counts what the simulation's worker tells the page; the page itself counts nothing.
const COUNTER: &str =
    "window.told = 0; window.Worker = class extends Worker { constructor(...a) { super(...a);
    this.addEventListener('message', () => window.told++); } };";

/// What is measured of an editor: milliseconds.
#[derive(Clone, Copy, Default)]
struct Figures {
    ready: f64,
    drag_one: f64,
    pan: f64,
    zoom: f64,
    drag_all: f64,
}

/// Prints both editors' figures, what was aimed at, and what became of it.
pub(crate) async fn compare(peer: &Path) {
    let design = thousand();
    std::fs::write(peer.join("design.json"), peers(&design)).expect("the peer's folder can be written");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(measure_ours(&design).await);
        theirs.push(measure_peer(peer).await);
    }
    println!(
        "1,000 nodes, 1,500 edges; main thread per pointer step, median of {ROUNDS} rounds of {STEPS} steps"
    );
    println!("{:<22} {:>10} {:>12} {:>8} {:>10} {:>10}", "ms", "Loadpath", "React Flow", "ratio", "aim", "");
    line("ready", &ours, &theirs, |f| f.ready, 600.0, f64::INFINITY);
    line("drag one", &ours, &theirs, |f| f.drag_one, 5.0, 0.4);
    line("pan", &ours, &theirs, |f| f.pan, 6.0, 0.4);
    line("zoom", &ours, &theirs, |f| f.zoom, 8.0, 0.4);
    line("drag all", &ours, &theirs, |f| f.drag_all, 15.0, 0.4);
    let took = snapshot().await;
    println!(
        "{:<22} {took:>10.2} {:>12} {:>8} {:>10} {:>10}\n",
        "snapshot of 50 nodes",
        "",
        "",
        "3",
        verdict(took <= 3.0)
    );
}

fn line(what: &str, ours: &[Figures], theirs: &[Figures], of: fn(&Figures) -> f64, aim: f64, share: f64) {
    let median = |figures: &[Figures]| {
        let mut values: Vec<f64> = figures.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours / theirs;
    let met = verdict(ours <= aim && ratio <= share);
    println!("{what:<22} {ours:>10.1} {theirs:>12.1} {ratio:>8.2} {aim:>10} {met:>10}");
}

const fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "missed" }
}

async fn measure_ours(design: &Topology) -> Figures {
    let site = Site::of(built_page());
    let browser = Browser::launch().await;
    let link = link::encode(design);
    assert!(link.len() <= link::MAX_LINK, "{} characters", link.len());
    let page = browser.open(&format!("{}{link}", site.address())).await;
    page.wait_until("it is drawn", "document.querySelectorAll('.node').length === 1000").await;
    page.wait_until("it runs", "/[0-9]/.test(document.querySelector('#kpi-rate b').textContent)").await;
    let ready = page.evaluate(READY_OURS).await;
    let figures =
        act(&page, "#node-500", None, "document.querySelectorAll('.node.selected').length === 1000").await;
    page.finish().await;
    Figures { ready, ..figures }
}

async fn measure_peer(folder: &Path) -> Figures {
    let site = Site::of(folder.to_owned());
    let browser = Browser::launch().await;
    let page = browser.open(site.address()).await;
    page.wait_until("it is drawn", READY_PEER).await;
    let ready = page.evaluate(READY_PEER).await;
    let all = "document.querySelectorAll('.react-flow__node.selected').length === 1000";
    let figures = act(&page, ".react-flow__node[data-id=n500]", Some("window.selectAll()"), all).await;
    page.take_errors();
    page.finish().await;
    Figures { ready, ..figures }
}

/// The same steps for both: a node dragged, the view panned and zoomed by the wheel, all nodes dragged.
async fn act(page: &Page, node: &str, select_all: Option<&str>, all_selected: &str) -> Figures {
    // What the start has left to do is not a step's.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let at = page.center_of(node).await;
    let drag_one = drag(page, at).await;
    let middle = Point::new(760.0, 380.0);
    let pan = wheel(page, middle, false).await;
    let zoom = wheel(page, middle, true).await;
    match select_all {
        Some(script) => page.evaluate::<serde_json::Value>(script).await,
        None => {
            page.key(Key::plain("a").with_control()).await;
            serde_json::Value::Null
        }
    };
    page.wait_until("all are selected", all_selected).await;
    let at = page.center_of(node).await;
    let drag_all = drag(page, at).await;
    Figures { ready: 0.0, drag_one, pan, zoom, drag_all }
}

async fn drag(page: &Page, at: Point) -> f64 {
    page.move_mouse(at).await;
    page.press().await;
    page.move_mouse(Point::new(at.x + 8.0, at.y)).await;
    let before = busy(page).await;
    for step in 0..STEPS {
        let turn = f64::from(step) * 0.1;
        page.move_mouse(Point::new(at.x + 10.0 + 30.0 * turn.sin(), at.y + 30.0 * turn.cos())).await;
        let _: serde_json::Value = page.evaluate(FRAME).await;
    }
    let took = busy(page).await - before;
    page.release().await;
    took * 1e3 / f64::from(STEPS)
}

async fn wheel(page: &Page, at: Point, zooms: bool) -> f64 {
    page.move_mouse(at).await;
    let before = busy(page).await;
    for step in 0..STEPS {
        // There and back again.
        let way = if step / 10 % 2 == 0 { 1.0 } else { -1.0 };
        if zooms {
            page.pinch(at, way * 12.0).await;
        } else {
            page.wheel(at, way * 9.0, way * 6.0).await;
        }
        let _: serde_json::Value = page.evaluate(FRAME).await;
    }
    (busy(page).await - before) * 1e3 / f64::from(STEPS)
}

/// Seconds for which the main thread has been busy.
async fn busy(page: &Page) -> f64 {
    page.metrics().await["TaskDuration"]
}

/// What a snapshot of a running design of 50 nodes costs the main thread, in milliseconds: what it is busy with while the
/// simulation runs, less what it is busy with while it is paused, for each message of the worker.
async fn snapshot() -> f64 {
    let site = Site::of(built_page());
    let browser = Browser::launch().await;
    let link = link::encode(&tree(24));
    let page = browser.open_with(&format!("{}{link}", site.address()), COUNTER).await;
    page.wait_until("it runs", "/[0-9]/.test(document.querySelector('#kpi-rate b').textContent)").await;
    page.prefer(&[("prefers-reduced-motion", "reduce")]).await;
    let seconds = 6.0;
    let mut spent = [0.0; 2];
    let mut told = 0.0;
    for (i, spent) in spent.iter_mut().enumerate() {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let (before, heard) = (busy(&page).await, page.evaluate::<f64>("window.told").await);
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        *spent = busy(&page).await - before;
        if i == 0 {
            told = page.evaluate::<f64>("window.told").await - heard;
            page.click(page.center_of("#play").await).await;
        }
    }
    page.finish().await;
    assert!(told > 0.0, "the simulation tells the page something");
    (spent[0] - spent[1]).max(0.0) * 1e3 / told
}

/// A thousand nodes and one and a half thousand edges.
fn thousand() -> Topology {
    let mut design = tree(499);
    let services: usize = 499;
    for i in 0..services {
        design.edges.push(edge(&format!("s{i}"), &format!("d{}", (i + 1) % services), "0.01"));
    }
    for (from, to) in [("s0", "d7"), ("s0", "d8"), ("s0", "d9")] {
        design.edges.push(edge(from, to, "0.01"));
    }
    assert_eq!((design.nodes.len(), design.edges.len()), (1_000, 1_501));
    design.edges.pop();
    check(&design).expect("the bench's design is sound");
    design
}

/// Clients, a balancer, and a binary tree of services, each with a database.
fn tree(services: usize) -> Topology {
    let mut design = Topology::new("A tree of services");
    design.nodes = vec![node("users", "clients", 0), node("lb", "load_balancer", 1)];
    design.edges = vec![edge("users", "lb", "1"), edge("lb", "s0", "1")];
    for i in 0..services {
        design.nodes.push(node(&format!("s{i}"), "service", 2 + 2 * i));
        design.nodes.push(node(&format!("d{i}"), "database", 3 + 2 * i));
        if i > 0 {
            // Each level gets four fifths of the calls of the one above.
            design.edges.push(edge(&format!("s{}", (i - 1) / 2), &format!("s{i}"), "0.4"));
        }
        design.edges.push(edge(&format!("s{i}"), &format!("d{i}"), "1"));
    }
    design.workload.params.insert("rate".to_owned(), "100/s".into());
    design.workload.classes.push(Class { name: "read".to_owned(), params: Params::new() });
    design
}

fn node(id: &str, kind: &str, place: usize) -> Node {
    let at = [(place % 40) as f64 * 200.0, (place / 40) as f64 * 130.0];
    Node { id: id.to_owned(), kind: kind.to_owned(), at: Some(at), ..Node::default() }
}

fn edge(from: &str, to: &str, calls: &str) -> Edge {
    let calls: f64 = calls.parse().expect("a number");
    let params = Params::from([("calls".to_owned(), calls.into())]);
    Edge { from: from.to_owned(), to: to.to_owned(), params }
}

/// The same nodes and edges, as React Flow takes them.
fn peers(design: &Topology) -> String {
    let place = |id: &str| design.nodes.iter().position(|node| node.id == id).expect("edges end at nodes");
    let mut text = "{\"nodes\":[".to_owned();
    for (i, node) in design.nodes.iter().enumerate() {
        let [x, y] = node.at.expect("each has a place");
        let comma = if i > 0 { "," } else { "" };
        write!(
            text,
            "{comma}{{\"id\":\"n{i}\",\"position\":{{\"x\":{x},\"y\":{y}}},\"data\":{{\"label\":\"{}\"}}}}",
            node.id
        )
        .expect("a text takes what is written");
    }
    text.push_str("],\"edges\":[");
    for (i, edge) in design.edges.iter().enumerate() {
        let (from, to) = (place(&edge.from), place(&edge.to));
        let comma = if i > 0 { "," } else { "" };
        write!(text, "{comma}{{\"id\":\"e{i}\",\"source\":\"n{from}\",\"target\":\"n{to}\"}}")
            .expect("a text takes what is written");
    }
    text.push_str("]}");
    text
}
