//! The simulator beside other simulators: the same networks, the same answers, in one run.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml [-- ENGINE...]`, or `cargo xtask bench-peers`. For each
//! engine and network: nanoseconds of CPU time a customer, the best of several runs, in which the engines take turns, and the
//! ratio to ours. An answer counts only if its mean response is the exact one, within four of its own standard errors; the
//! Rust peers record that mean alone, ours records all that it always does. Engines in Python and JavaScript are installed
//! under the target folder when there is a Python or node; what is missing is said and left out.
mod answer;
mod calendar;
mod chance;
mod clock;
mod engine;
mod guest;
mod network;
mod table;

use crate::answer::Answer;
use crate::network::{NETWORKS, Network};
use std::process::ExitCode;

/// An engine, and how it is run.
pub(crate) struct Engine {
    pub(crate) name: String,
    /// How many customers it is given in each run: for about a second's work.
    pub(crate) customers: u64,
    /// How often it is run on each network.
    pub(crate) rounds: u32,
    run: Run,
}

enum Run {
    Library(fn(&'static Network, u64) -> Answer),
    Program(guest::Program),
}

impl Engine {
    /// The answer, or why there is none.
    fn run(&self, network: &'static Network) -> Result<Answer, String> {
        match &self.run {
            Run::Library(run) => Ok(run(network, self.customers)),
            Run::Program(program) => program.run(network, self.customers),
        }
    }
}

fn libraries() -> Vec<Engine> {
    let library = |name: &str, customers, run| Engine {
        name: name.to_owned(),
        customers,
        rounds: 5,
        run: Run::Library(run),
    };
    vec![
        library("loadpath", 2_000_000, engine::ours::run),
        library("desque 0.4", 2_000_000, engine::desque::run),
        library("desru 0.1", 1_000_000, engine::desru::run),
        library("simrs 0.2", 1_000_000, engine::simrs::run),
        library("simu-des 0.1", 500_000, engine::simu_des::run),
        library("nexosim 1.0", 300_000, engine::nexosim::run),
    ]
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted =
        |name: &str| wanted.is_empty() || wanted.iter().any(|want| name.starts_with(want.as_str()));
    let mut engines = libraries();
    engines.retain(|engine| engine.name == "loadpath" || is_wanted(&engine.name));
    for (name, customers, installed) in guest::install(is_wanted) {
        match installed {
            Ok(program) => engines.push(Engine { name, customers, rounds: 2, run: Run::Program(program) }),
            Err(why) => println!("left out: {name}: {why}"),
        }
    }
    let mut rows: Vec<table::Row> = engines.iter().map(table::Row::of).collect();
    for round in 0..engines.iter().map(|engine| engine.rounds).max().unwrap_or(0) {
        for (i, network) in NETWORKS.into_iter().enumerate() {
            for (engine, row) in engines.iter().zip(&mut rows).filter(|(engine, _)| round < engine.rounds) {
                row.cells[i].saw(engine.run(network));
            }
        }
    }
    table::print(&rows)
}
