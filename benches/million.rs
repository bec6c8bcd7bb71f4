//! A million users for a simulated minute: seconds, nanoseconds a request, events, memory, and how the requests ended.
//!
//! `cargo bench --bench million`: open and closed loop, at a tenth, at one and at ten million users, to show that cost grows
//! in proportion. Time is the process's own (what other programs take does not count); memory is the most that was resident.
//! Each case runs in a process of its own, so that its memory is its own; `-- CASE` runs one, `-- --nodes` shows how busy the
//! nodes of each are. Linux only: it reads `/proc`.
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
use loadpath_core::sim::Simulation;
use loadpath_core::time::Time;
use loadpath_core::topology::check;
use models::{Loop, million};
use std::fs;
use std::process::Command;

#[path = "models/cpu.rs"]
mod cpu;
#[path = "models/million.rs"]
mod models;

/// Name, tenths of a million users, kind of loop, simulated seconds: a minute, but for the largest a part of it.
type Case = (&'static str, u32, Loop, u64);
const CASES: [Case; 6] = [
    ("open-100k", 1, Loop::Open, 60),
    ("closed-100k", 1, Loop::Closed, 60),
    ("open-1M", 10, Loop::Open, 60),
    ("closed-1M", 10, Loop::Closed, 60),
    ("open-10M", 100, Loop::Open, 12),
    ("closed-10M", 100, Loop::Closed, 12),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let nodes = arguments.iter().any(|argument| argument == "--nodes");
    let chosen = |name: &str| arguments.iter().any(|argument| argument == name);
    if let Some(case) = CASES.iter().find(|(name, ..)| chosen(name)) {
        return one(case, nodes);
    }
    println!(
        "{:<12} {:>9} {:>10} {:>8} {:>11} {:>12} {:>10} {:>10} {:>10}",
        "users",
        "simulated",
        "requests",
        "CPU s",
        "ns/request",
        "events/req",
        "ns/event",
        "peak MB",
        "ended well"
    );
    let program = std::env::current_exe().expect("a running program has a path");
    for (name, ..) in CASES {
        let flag = nodes.then_some("--nodes");
        let ended = Command::new(&program).arg(name).args(flag).status().expect("this program runs");
        assert!(ended.success(), "{name}: {ended}");
    }
}

/// Simulates one case and prints its line.
fn one(&(name, tenths, arrivals, simulated): &Case, nodes: bool) {
    let document = million(tenths, arrivals);
    let plan = check(&document).expect("the bench's designs are sound");
    let start = cpu::seconds();
    let mut simulation = Simulation::new(&plan, Seed(1));
    simulation.run_until(Time(simulated * 1_000_000_000));
    let seconds = cpu::seconds() - start;
    let run = simulation.run(name);
    let events = simulation.events() as f64;
    let outcomes = run.outcomes();
    let requests = outcomes.total() as f64;
    println!(
        "{name:<12} {simulated:>7} s {requests:>10} {seconds:>8.2} {:>11.0} {:>12.2} {:>10.1} {:>10.0} {:>9.3}%",
        seconds * 1e9 / requests,
        events / requests,
        seconds * 1e9 / events,
        peak_megabytes(),
        (1.0 - outcomes.error_share()) * 100.0,
    );
    if nodes {
        print_nodes(&run);
    }
}

fn print_nodes(run: &Run) {
    for node in &run.nodes {
        println!("    {:<8} busy {:?}, hit ratio {:?}", node.id, node.utilization, node.hit_ratio);
    }
}

/// The most memory that this process had resident.
fn peak_megabytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux says what a process uses");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it has a peak");
    let kib: f64 = peak.trim().trim_end_matches(" kB").parse().expect("it is in kB");
    kib * 1024.0 / 1e6
}
