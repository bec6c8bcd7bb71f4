//! The editor beside React Flow, bare, in the same browser, by the same pointer steps, in the same run.
//!
//! Ours draws bars, dots and labels, and its simulation runs; React Flow draws plain boxes. What is counted is the time that
//! the main thread computes, per pointer step, each step followed by a frame: Chromium's `TaskDuration` in thread time, which
//! other programs on the machine do not lengthen. What is waited for (ready, the first topology) they do; its ratio says more.
use super::{designs, table};
use crate::browser::{Browser, Key, Page, Point, Site};
use loadpath_core::topology::{Topology, link};
use std::path::Path;
use std::time::Duration;

/// Ours and the peer's take turns so often; medians are shown.
const ROUNDS: usize = 3;
const STEPS: u32 = 60;
/// The sizes, in nodes; the aims are for the second.
const SIZES: [usize; 3] = [500, 1_000, 2_000];
const AIMED_AT: usize = 1_000;
/// When the frame with the whole design was drawn: both editors mark when they have made it.
const READY: &str = "new PerformanceObserver((seen, observer) => {
    if (!seen.getEntries().some(({ name }) => name === 'loadpath:first-topology' || name === 'peer:ready')) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.drawnAfter = performance.now(); }));
  }).observe({ type: 'mark', buffered: true });";
const READY_AT: &str = "window.drawnAfter ?? 0";
/// A frame has been drawn, and what it set off is done.
const FRAME: &str = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))";
pub(crate) const RUNS: &str =
    "/[0-9]/.test(document.querySelector('.kpis[data-from=simulation] #kpi-rate b')?.textContent)";
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

/// Measures both editors at every size, and prints their figures, what was aimed at, and what became of it.
pub(crate) async fn compare(page: &Path, peer: &Path) {
    table::head(&format!("medians of {ROUNDS} rounds of {STEPS} steps; aims are for {AIMED_AT} nodes"));
    for nodes in SIZES {
        let design = designs::of(nodes);
        std::fs::write(peer.join("design.json"), designs::peers(&design))
            .expect("the peer's folder can be written");
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 1..=ROUNDS {
            eprintln!("{nodes} nodes, round {round} of {ROUNDS}");
            ours.push(measure_ours(page, &design).await);
            theirs.push(measure_peer(peer, nodes).await);
        }
        println!("{nodes} nodes, {} edges", design.edges.len());
        print(nodes == AIMED_AT, &ours, &theirs);
    }
    table::line("snapshot of 50 nodes, applied", snapshot(page).await, None, Some((3.0, f64::INFINITY)));
}

fn print(is_aimed_at: bool, ours: &[Figures], theirs: &[Figures]) {
    let row = |what: &str, of: fn(&Figures) -> f64, aim: f64, share: f64| {
        let aim = is_aimed_at.then_some((aim, share));
        table::line(what, median(ours, of), Some(median(theirs, of)), aim);
    };
    row("  drag one", |f| f.drag_one, 5.0, 0.4);
    row("  pan", |f| f.pan, 6.0, 0.4);
    row("  zoom", |f| f.zoom, 8.0, 0.4);
    row("  drag all", |f| f.drag_all, 15.0, 0.4);
    row("  ready, by the clock", |f| f.ready, 600.0, f64::INFINITY);
}

fn median(figures: &[Figures], of: fn(&Figures) -> f64) -> f64 {
    let mut values: Vec<f64> = figures.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn measure_ours(built: &Path, design: &Topology) -> Figures {
    let site = Site::of(built.to_owned());
    let browser = Browser::launch().await;
    let link = link::encode(design);
    assert!(link.len() <= link::MAX_LINK, "{} characters", link.len());
    let page = browser.open_with(&format!("{}#{link}", site.address()), READY).await;
    let nodes = design.nodes.len();
    page.wait_until("it is drawn", &format!("document.querySelectorAll('.node').length === {nodes}")).await;
    page.wait_until("it runs", RUNS).await;
    let ready = page.evaluate(READY_AT).await;
    let all = format!("document.querySelectorAll('.node.selected').length === {nodes}");
    let figures = act(&page, &format!("#node-{}", nodes / 2), None, &all).await;
    page.finish().await;
    Figures { ready, ..figures }
}

async fn measure_peer(folder: &Path, nodes: usize) -> Figures {
    let site = Site::of(folder.to_owned());
    let browser = Browser::launch().await;
    let page = browser.open_with(site.address(), READY).await;
    page.wait_until("it is drawn", READY_AT).await;
    let ready = page.evaluate(READY_AT).await;
    let all = format!("document.querySelectorAll('.react-flow__node.selected').length === {nodes}");
    let node = format!(".react-flow__node[data-id=n{}]", nodes / 2);
    let figures = act(&page, &node, Some("window.selectAll()"), &all).await;
    page.take_errors();
    page.finish().await;
    Figures { ready, ..figures }
}

/// The same steps for both: a node dragged, the view panned and zoomed by the wheel, all nodes dragged.
async fn act(page: &Page, node: &str, select_all: Option<&str>, all_selected: &str) -> Figures {
    page.count_thread_time().await;
    // What the start, or the gesture before, has left to do is not a step's.
    let rest = || tokio::time::sleep(Duration::from_millis(1_500));
    rest().await;
    let at = page.center_of(node).await;
    let drag_one = drag(page, at).await;
    let middle = Point::new(760.0, 380.0);
    rest().await;
    let pan = wheel(page, middle, false).await;
    rest().await;
    let zoom = wheel(page, middle, true).await;
    match select_all {
        Some(script) => page.evaluate::<serde_json::Value>(script).await,
        None => {
            page.key(Key::plain("a").with_control()).await;
            serde_json::Value::Null
        }
    };
    page.wait_until("all are selected", all_selected).await;
    rest().await;
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

/// Seconds that the main thread has computed.
async fn busy(page: &Page) -> f64 {
    page.metrics().await["TaskDuration"]
}

/// What a snapshot of a running design of 50 nodes costs the main thread, in milliseconds: what it computes while the
/// simulation runs, less what it computes while that is paused, for each message of the worker.
async fn snapshot(built: &Path) -> f64 {
    let site = Site::of(built.to_owned());
    let browser = Browser::launch().await;
    let link = link::encode(&designs::tree(24));
    let page = browser.open_with(&format!("{}#{link}", site.address()), COUNTER).await;
    page.wait_until("it runs", RUNS).await;
    page.count_thread_time().await;
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
