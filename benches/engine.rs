//! Speed of the simulator: nanoseconds a request and events a second, on designs that `NUMBERS` are quoted for.
//!
//! `cargo bench --bench engine`: each design is simulated five times; the fastest run is shown, since noise only slows. Time is
//! the process's own, what other programs take does not count. Linux only: it reads `/proc`.
use loadpath_core::rng::Seed;
use loadpath_core::sim::Simulation;
use loadpath_core::time::Time;
use loadpath_core::topology::{Plan, check};

#[path = "models/cpu.rs"]
mod cpu;
#[path = "models/mod.rs"]
mod models;

const REPEATS: u32 = 5;

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
}
