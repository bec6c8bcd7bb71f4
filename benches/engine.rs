//! Speed of the simulator: nanoseconds a request and events a second, on designs that `NUMBERS` are quoted for; and what an event
//! costs with more and more requests in flight.
//!
//! `cargo bench --bench engine`: each design is simulated five times; the fastest run is shown, since noise only slows. Time is
//! the process's own, what other programs take does not count. Linux only: it reads `/proc`. `cargo xtask bench-wasm` builds the
//! same designs for wasm32 and passes the module on as `-- --wasm FILE`: then both take turns.
use loadpath_core::rng::Seed;
use loadpath_core::sim::Simulation;
use loadpath_core::time::Time;
use loadpath_core::topology::{Plan, check};
use std::path::Path;

#[path = "engine/beside.rs"]
mod beside;
#[path = "models/cpu.rs"]
mod cpu;
#[path = "models/mod.rs"]
mod models;

const REPEATS: u32 = 5;
/// How many requests are in flight, and how many more are measured then.
const IN_FLIGHT: [u32; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
const MEASURED_SECONDS: f64 = 4.0;

struct Timing {
    requests: u64,
    events: u64,
    seconds: f64,
}

fn time(plan: &Plan, simulated_seconds: f64) -> Timing {
    let once = |_| {
        let mut simulation = Simulation::new(plan, Seed(1));
        let start = cpu::seconds();
        simulation.run_until(Time((simulated_seconds * 1e9) as u64));
        let seconds = cpu::seconds() - start;
        Timing { requests: simulation.snapshot().total.total(), events: simulation.events(), seconds }
    };
    (0..REPEATS).map(once).min_by(|a, b| a.seconds.total_cmp(&b.seconds)).expect("there are repeats")
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--wasm") {
        let module =
            arguments.get(at + 1).expect("--wasm takes the module that `cargo xtask bench-wasm` builds");
        return beside::compare(Path::new(module));
    }
    println!(
        "{:<12} {:>10} {:>11} {:>13} {:>12}",
        "design", "requests", "ns/request", "events/s", "events/req"
    );
    for (name, document, seconds) in models::all() {
        let plan = check(&document).expect("the bench's designs are sound");
        let t = time(&plan, seconds);
        let (requests, events) = (t.requests as f64, t.events as f64);
        let (each, rate) = (t.seconds * 1e9 / requests, events / t.seconds);
        println!("{name:<12} {:>10} {each:>11.0} {rate:>13.0} {:>12.2}", t.requests, events / requests);
    }
    growth();
}

/// What an event costs with more and more requests in flight. The second best of the slices of a run, so that one that happened
/// to be undisturbed decides nothing.
fn growth() {
    println!("\n{:>12} {:>10} {:>10} {:>14}", "in flight", "ns/event", "growth", "target below");
    let mut first = None;
    for wanted in IN_FLIGHT {
        let plan = check(&models::in_flight(wanted)).expect("the bench's designs are sound");
        let mut simulation = Simulation::new(&plan, Seed(1));
        // Five times as long as a request is in flight: then all but e^-5 of them are there.
        let full = f64::from(wanted) * 10e-6 * 5.0;
        simulation.run_until(Time((full * 1e9) as u64));
        let slice = |i: i32| {
            let (events, start) = (simulation.events(), cpu::seconds());
            let until = full + MEASURED_SECONDS / 10.0 * f64::from(i + 1);
            simulation.run_until(Time((until * 1e9) as u64));
            (cpu::seconds() - start) * 1e9 / (simulation.events() - events) as f64
        };
        let mut slices: Vec<f64> = (0..10).map(slice).collect();
        slices.sort_by(f64::total_cmp);
        let each = slices[1];
        let there: u64 = simulation.snapshot().nodes.iter().map(|node| node.in_flight).sum();
        println!("{there:>12} {each:>10.1} {:>10.2} {:>14.1}", each / *first.get_or_insert(each), 2.0);
    }
}
