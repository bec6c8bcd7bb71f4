//! Failures in both worlds: the same timeline simulated and done to processes, side by side.
//!
//! `cargo bench --bench failures`: each takes seven seconds. Errors are counted of all requests after the warm-up; an outage is the
//! seconds in which more than one request in twenty ended badly; lost are writes that somebody had been told were kept.
#![allow(clippy::unwrap_used, reason = "a bench ends where it breaks")]
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
use loadpath_core::sim::simulate;
use loadpath_core::time::Span;
use loadpath_core::topology::{Topology, check};
use std::process::{Command, Stdio};

const DESIGN: &str = include_str!("../tests/live/failing.json");
const WARM_UP: Span = Span::SECOND;
const DURATION: Span = Span(6 * Span::SECOND.0);

/// What fails, in the words of a timeline.
const FAILURES: [(&str, &str); 4] = [
    (
        "a web instance is killed, and restored after 2 s",
        r#"{"at":"3s","action":"kill","node":"web","instance":1},{"at":"5s","action":"restore","node":"web"}"#,
    ),
    ("the primary is killed", r#"{"at":"3s","action":"kill","node":"db","instance":1}"#),
    ("the cache is flushed", r#"{"at":"3s","action":"flush","node":"cache"}"#),
    ("a zone is lost", r#"{"at":"3s","action":"lose_zone","zone":"west"}"#),
];

fn main() {
    // Asked for its tests, as `cargo test --benches` does, it has none.
    if std::env::args().any(|argument| argument == "--list" || argument == "--test") {
        return;
    }
    println!(
        "{:<50} {:>22} {:>22} {:>18} {:>18}",
        "", "errors, of requests", "outage, seconds", "writes lost", "hit ratio"
    );
    println!("{:<50} {}", "", "    simulated      live".repeat(2) + &" simulated    live".repeat(2));
    for (what, timeline) in FAILURES {
        let document = DESIGN.replace("\"timeline\": []", &format!("\"timeline\": [{timeline}]"));
        let runs = [simulated(&document), live(&document)];
        let errors =
            runs.each_ref().map(|run| format!("{}/{}", run.outcomes().errors(), run.outcomes().total()));
        let outages = runs.each_ref().map(outage);
        let lost = runs.each_ref().map(lost);
        let hits = runs.each_ref().map(|run| {
            run.nodes.iter().find(|node| node.id == "cache").and_then(|node| node.hit_ratio).unwrap_or(0.0)
        });
        println!(
            "{what:<50} {:>12} {:>9} {:>12} {:>9} {:>10} {:>7} {:>10.3} {:>7.3}",
            errors[0], errors[1], outages[0], outages[1], lost[0], lost[1], hits[0], hits[1]
        );
        runs[1].notes.iter().for_each(|note| println!("    live: {note}"));
    }
}

fn simulated(document: &str) -> Run {
    let plan = check(&Topology::from_json(document).unwrap()).unwrap();
    simulate(&plan, Seed(1), WARM_UP, DURATION)
}

fn live(document: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("design.json"), document).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["run", "design.json", "--warm-up", "1s", "--duration", "6s", "--out", "run.json"])
        .current_dir(folder.path())
        .env("XDG_DATA_HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Run::from_json(&std::fs::read_to_string(folder.path().join("run.json")).unwrap()).unwrap()
}

/// In how many seconds more than one request in twenty ended badly.
fn outage(run: &Run) -> usize {
    run.series.iter().filter(|second| second.outcomes.error_share() > 0.05).count()
}

fn lost(run: &Run) -> u64 {
    run.nodes.iter().filter_map(|node| node.counters.get("lost_writes")).sum()
}
