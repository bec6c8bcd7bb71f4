//! Designs on sockets do what they do in the simulator: the same document goes through both, and their figures are compared.
#![allow(clippy::unwrap_used, reason = "these are tests")]
mod brokers;
mod clients;
mod closed;
mod data;
mod edges;
mod engines;
mod faults;
mod hosts;
mod machine;
mod messages;
mod primaries;
mod scaling;
mod services;

use loadgen::deploy::known;
use loadpath_core::rng::Seed;
use loadpath_core::run::{ClassRun, NodeRun, Outcomes, Run};
use loadpath_core::sim::simulate;
use loadpath_core::time::Span;
use loadpath_core::topology::{Engine, Topology, check};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Live runs do not run side by side: two cores carry one.
static TURN: Mutex<()> = Mutex::new(());

/// How long the simulator runs: so long that its own chance does not count beside the live run's.
const SIMULATED: Span = Span(200 * Span::SECOND.0);

/// How long a live run's load does not count.
const WARM_UP: Span = Span::SECOND;

/// The same document, measured for so many seconds, and simulated.
struct Both {
    live: Run,
    simulated: Run,
}

impl Both {
    fn of(document: &str, seconds: u64) -> Self {
        let topology = Topology::from_json(document).unwrap();
        let plan = check(&topology).unwrap_or_else(|faults| panic!("{faults:?}"));
        let simulated = simulate(&plan, Seed(1), Span::SECOND, SIMULATED);
        Self { live: live(document, seconds), simulated }
    }

    /// As `of`, simulated for no longer than it is measured: what happens once has the same weight in both.
    fn for_as_long(document: &str, seconds: u64) -> Self {
        let topology = Topology::from_json(document).unwrap();
        let plan = check(&topology).unwrap_or_else(|faults| panic!("{faults:?}"));
        let simulated = simulate(&plan, Seed(1), WARM_UP, Span(seconds * Span::SECOND.0));
        Self { live: live(document, seconds), simulated }
    }

    fn classes(&self, name: &str) -> [&ClassRun; 2] {
        [&self.live, &self.simulated].map(|run| run.classes.iter().find(|class| class.name == name).unwrap())
    }

    /// What was counted of a node for each of so many requests.
    fn counted(&self, id: &str, name: &str, class: &str) -> [(u64, u64); 2] {
        let counts = self.nodes(id).map(|node| node.counters.get(name).copied().unwrap_or(0));
        let requests = self.classes(class).map(|class| class.outcomes.total());
        [(counts[0], requests[0]), (counts[1], requests[1])]
    }

    fn nodes(&self, id: &str) -> [&NodeRun; 2] {
        [&self.live, &self.simulated].map(|run| run.nodes.iter().find(|node| node.id == id).unwrap())
    }

    /// The share of a class's requests that do not end well is the simulator's, within four deviations of what was counted.
    fn errors_agree(&self, class: &str) -> f64 {
        let [live, simulated] = self.classes(class).map(|class| &class.outcomes);
        shares_agree(&format!("errors of {class}"), counted(live), counted(simulated))
    }

    /// What sockets and a shared machine add to a call and its answer: the mean of a class whose law has no chance, less what the
    /// simulator says. In seconds, and a millisecond more for the mean's own chance.
    fn added(&self, plain: &str) -> f64 {
        let [live, simulated] = self.classes(plain).map(|class| class.response.mean().as_secs());
        eprintln!("{plain}: live {:.3} ms, simulated {:.3} ms", live * 1e3, simulated * 1e3);
        // The histogram keeps two digits.
        assert!(live > 0.98 * simulated, "{live} is faster than the law, {simulated}");
        live - simulated + 1e-3
    }

    /// The mean response of a class is the simulator's: within four deviations of its mean, and what sockets and a shared machine
    /// add, which is up to `added` seconds and never less than nothing.
    fn responses_agree(&self, class: &str, added: f64) {
        let [live, simulated] = self.classes(class).map(|class| (class.response.mean().as_secs(), class));
        let n = live.1.response.count() as f64;
        // The law's own spread: at most exponential, or what the simulator saw of it.
        let spread = simulated.1.response.quantile(0.99).as_secs().max(simulated.0) / n.sqrt();
        let (least, most) = (simulated.0 - 4.0 * spread / 2.0, simulated.0 + 4.0 * spread / 2.0 + added);
        eprintln!("{class}: live {:.3} ms, simulated {:.3} ms, n = {n}", live.0 * 1e3, simulated.0 * 1e3);
        assert!((least..=most).contains(&live.0), "{class}: {} is not in {least}..{most}", live.0);
    }
}

fn counted(outcomes: &Outcomes) -> (u64, u64) {
    (outcomes.errors(), outcomes.total())
}

/// Two shares agree within four deviations of the live one, a binomial's; the live share.
fn shares_agree(what: &str, live: (u64, u64), simulated: (u64, u64)) -> f64 {
    let share = |(part, whole): (u64, u64)| part as f64 / whole.max(1) as f64;
    let (measured, expected) = (share(live), share(simulated));
    eprintln!("{what}: live {measured:.4}, simulated {expected:.4}, n = {}", live.1);
    // A share of nothing has no deviation; one in a hundred may be a busy machine's.
    let deviation = (expected * (1.0 - expected) / live.1.max(1) as f64).sqrt();
    assert!((measured - expected).abs() <= 4.0 * deviation + 0.01, "{what}: {measured}, not {expected}");
    measured
}

/// Whether an engine is on this machine; the test that asks says so when it is not.
fn is_here(engine: Engine) -> bool {
    let found = known().into_iter().find(|(other, _)| *other == engine).map(|(_, found)| found);
    match found.expect("all engines are known") {
        Ok(_) => true,
        Err(why) => {
            eprintln!("skipped: {why}");
            false
        }
    }
}

/// How often a run is measured again, during which the machine did not let it go on.
const AGAIN: u32 = 2;

/// What a live run of this many seconds measured, after a second of warm-up: whole ones, by which processes are asked.
fn live(document: &str, seconds: u64) -> Run {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..AGAIN {
        let watch = machine::Watch::begin();
        let run = once(document, seconds);
        let Some(complaint) = watch.end().complaint() else { return run };
        eprintln!("measured again: {complaint}");
    }
    once(document, seconds)
}

fn once(document: &str, seconds: u64) -> Run {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("design.json"), document).unwrap();
    let duration = format!("{seconds}s");
    let run = ["run", "design.json", "--warm-up", "1s", "--duration", &duration, "--out", "run.json"];
    let (code, said) = loadgen(folder.path(), &run);
    assert_eq!(code, 0, "{said}");
    Run::from_json(&std::fs::read_to_string(folder.path().join("run.json")).unwrap()).unwrap()
}

fn loadgen(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.current_dir(folder).env("XDG_DATA_HOME", folder).args(arguments).stdin(Stdio::null());
    let output = command.output().unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}
