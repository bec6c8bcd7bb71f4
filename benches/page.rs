//! The page in a real Chromium: how soon it shows a topology, and how fast its WebAssembly simulates beside native code.
//!
//! `cargo xtask web && cargo bench --bench page`. Native and WebAssembly take turns, so that both see the same noise; the
//! fastest of each is shown. `-- --editor FOLDER` lays the editor beside React Flow, built into that folder by
//! `cargo xtask bench-page`, in a table of its own. `-- --pictures FOLDER` writes what the page's screens look like, in both themes.
#![allow(dead_code, unused_imports)] // the harness serves the tests too
use browser::{Browser, Page, Site, built_page};
use loadpath_core::rng::Seed;
use loadpath_core::sim::simulate;
use loadpath_core::time::Span;
use loadpath_core::topology::{Topology, check};
use std::path::Path;
use std::time::Instant;

#[path = "../tests/the_loop/agent.rs"]
mod agent;
#[path = "../tests/browser/mod.rs"]
mod browser;
#[path = "page/designs.rs"]
mod designs;
#[path = "page/editor.rs"]
mod editor;
#[path = "models/mod.rs"]
mod models;
#[path = "page/pictures.rs"]
mod pictures;
#[path = "page/table.rs"]
mod table;
#[path = "page/weight.rs"]
mod weight;

const NAVIGATIONS: usize = 7;
const REPEATS: usize = 5;
const NUMBERS: &str =
    "/[0-9]/.test(document.querySelector('.kpis[data-from=simulation] #kpi-rate b')?.textContent)";
const DRAWN: &str = "performance.getEntriesByName('loadpath:first-topology')[0]";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--pictures") {
        let folder = arguments.get(at + 1).map_or("docs", String::as_str);
        return pictures::write(Path::new(folder)).await;
    }
    if let Some(at) = arguments.iter().position(|argument| argument == "--editor") {
        let peer = arguments.get(at + 1).expect("--editor takes the folder of the built peer");
        return compare(Path::new(peer)).await;
    }
    let median = first_topology().await;
    println!("navigation to first topology: {median:.0} ms (median of {NAVIGATIONS})\n");
    engine().await;
}

/// All that there is to say of the page beside its peer, in one table.
async fn compare(peer: &Path) {
    let page = built_page();
    editor::compare(&page, peer).await;
    table::line("first topology, from the agent", first_topology().await, None, Some((700.0, f64::INFINITY)));
    table::weights(weight::of(&page), weight::of(peer));
}

/// Milliseconds from navigation to the first drawn topology, from the agent, with nothing cached.
async fn first_topology() -> f64 {
    let agent = agent::Agent::start();
    // Without the code, which is good for one page.
    let address = agent.address.split('#').next().unwrap_or_default();
    let mut times = Vec::new();
    for _ in 0..NAVIGATIONS {
        let browser = Browser::launch().await;
        let page = browser.open(address).await;
        page.wait_until("the first topology is drawn", DRAWN).await;
        times.push(page.evaluate::<f64>(&format!("{DRAWN}.startTime")).await);
        page.finish().await;
    }
    agent.interrupt();
    times.sort_by(f64::total_cmp);
    times[NAVIGATIONS / 2]
}

async fn engine() {
    let site = Site::of_the_page();
    let browser = Browser::launch().await;
    let page = browser.open(site.address()).await;
    page.wait_until("the module is there", DRAWN).await;
    // The page's own simulation would take a core from the one that is measured.
    page.click(page.center_of("#play").await).await;
    println!(
        "{:<12} {:>10} {:>16} {:>14} {:>7}",
        "design", "requests", "native ns/req", "wasm ns/req", "ratio"
    );
    for (name, document, seconds) in models::all() {
        let seconds = (seconds / 4.0) as u32;
        let (mut native_best, mut wasm_best) = (f64::INFINITY, f64::INFINITY);
        let mut requests = 0;
        for _ in 0..REPEATS {
            let (seen, took) = native(&document, seconds);
            requests = seen;
            native_best = native_best.min(took);
            wasm_best = wasm_best.min(wasm(&page, &document, seconds).await);
        }
        let each = |took: f64| took * 1e9 / requests as f64;
        let (native, wasm) = (each(native_best), each(wasm_best));
        println!("{name:<12} {requests:>10} {native:>16.0} {wasm:>14.0} {:>7.2}", wasm / native);
    }
    page.finish().await;
}

/// How many requests were answered, and the seconds that it took.
fn native(document: &Topology, seconds: u32) -> (u64, f64) {
    let plan = check(document).expect("the bench's designs are sound");
    let start = Instant::now();
    let run = simulate(&plan, Seed(1), Span::ZERO, Span(u64::from(seconds) * Span::SECOND.0));
    let digest = run.digest();
    let took = start.elapsed().as_secs_f64();
    assert!(digest != 0, "the run was made");
    (run.outcomes().total(), took)
}

/// The seconds that the same takes in the page.
async fn wasm(page: &Page, document: &Topology, seconds: u32) -> f64 {
    let json = serde_json::to_string(&document.to_json()).expect("a text is JSON");
    let call = format!(
        "import('/loadpath.js').then(page => {{ const start = performance.now();
         page.simulate_digest({json}, 1, {seconds}); return performance.now() - start; }})"
    );
    page.evaluate::<f64>(&call).await / 1e3
}
