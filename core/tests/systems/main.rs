//! Whole designs at work: what the simulator makes of databases, caches, names, zones, queues, scaling and timelines is what
//! theory says, or what the design promises. And any document at all is simulated, or told what is wrong with it.
#![allow(clippy::unwrap_used)]
mod arbitrary;
mod autoscaling;
mod caches;
mod cdn;
mod databases;
mod failovers;
mod failures;
mod naming;
mod queues;
mod timeline;
mod zones;

use loadpath_core::rng::Seed;
use loadpath_core::run::{NodeRun, Outcomes, Run};
use loadpath_core::sim::{Command, Simulation};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Fault, Plan, Topology, check};

/// What a document says that consists of these parts; it must be sound.
fn plan(parts: &str) -> Plan {
    let document = document(parts);
    check(&document).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// The faults of a document that consists of these parts.
fn faults(parts: &str) -> Vec<Fault> {
    check(&document(parts)).err().unwrap_or_default()
}

fn document(parts: &str) -> Topology {
    Topology::from_json(&format!("{{\"loadpath\":1,{parts}}}"))
        .unwrap_or_else(|fault| panic!("{fault}: {parts}"))
}

/// A design at work.
struct Lab {
    simulation: Simulation,
}

impl Lab {
    fn new(parts: &str) -> Self {
        Self::with_seed(parts, 1)
    }

    fn with_seed(parts: &str, seed: u64) -> Self {
        Self { simulation: Simulation::new(&plan(parts), Seed(seed)) }
    }

    /// The whole of it from the start.
    fn ran(parts: &str, seconds: f64) -> Run {
        let mut lab = Self::new(parts);
        lab.run_to(seconds);
        lab.run()
    }

    fn run_to(&mut self, seconds: f64) -> &mut Self {
        self.simulation.run_until(Time::ZERO + Span::from_secs(seconds));
        self
    }

    /// Counts anew from here.
    fn reset(&mut self) -> &mut Self {
        self.simulation.reset_statistics();
        self
    }

    fn act(&mut self, command: &Command) -> &mut Self {
        self.simulation.command(command).unwrap();
        self
    }

    /// `instance` is counted from zero.
    fn kill(&mut self, node: &str, instance: u16) -> &mut Self {
        self.act(&Command::Kill { node: node.to_owned(), instance })
    }

    fn restore(&mut self, node: &str, instance: u16) -> &mut Self {
        self.act(&Command::Restore { node: node.to_owned(), instance })
    }

    fn set_rate(&mut self, rate: f64) -> &mut Self {
        self.act(&Command::SetRate { rate })
    }

    fn run(&self) -> Run {
        self.simulation.run("lab")
    }

    fn counter(&self, node: &str, name: &str) -> u64 {
        counter(&self.run(), node, name)
    }

    /// How many calls to a node have ended.
    fn calls(&self, node: &str) -> u64 {
        node_of(&self.run(), node).outcomes.total()
    }

    fn backlog(&self, node: &str) -> u64 {
        self.simulation.snapshot().nodes.iter().find(|n| n.id == node).unwrap().backlog
    }

    fn up(&self, node: &str) -> Vec<bool> {
        self.simulation.snapshot().nodes.iter().find(|n| n.id == node).unwrap().up.clone()
    }

    /// The busy share of each instance in the last seconds.
    fn busy(&self, node: &str) -> Vec<f64> {
        self.simulation.snapshot().nodes.iter().find(|n| n.id == node).unwrap().busy.clone()
    }

    /// How many writes each server of a database has not received yet.
    fn behind(&self, node: &str) -> Vec<u64> {
        self.simulation.snapshot().nodes.iter().find(|n| n.id == node).unwrap().behind.clone()
    }

    fn in_flight(&self, node: &str) -> u64 {
        self.simulation.snapshot().nodes.iter().find(|n| n.id == node).unwrap().in_flight
    }
}

fn node_of<'a>(run: &'a Run, id: &str) -> &'a NodeRun {
    run.nodes.iter().find(|node| node.id == id).unwrap()
}

fn counter(run: &Run, node: &str, name: &str) -> u64 {
    node_of(run, node).counters.get(name).copied().unwrap_or(0)
}

fn class_of(run: &Run, name: &str) -> Outcomes {
    run.classes.iter().find(|class| class.name == name).unwrap().outcomes
}

/// Outcomes of the whole seconds `from..to` of a run.
fn during(run: &Run, from: usize, to: usize) -> Outcomes {
    let mut all = Outcomes::default();
    run.series[from..to].iter().for_each(|second| all.merge(&second.outcomes));
    all
}

/// Whether a count of independent events agrees with its mean: within four standard deviations of Poisson's law, which a right
/// simulator leaves once in sixteen thousand times.
fn is_poisson(count: u64, mean: f64) -> bool {
    (count as f64 - mean).abs() < 4.0 * mean.sqrt()
}

/// As [`is_poisson`], for a share of `count` independent trials.
fn is_share(share: f64, expected: f64, count: u64) -> bool {
    (share - expected).abs() < 4.0 * (expected * (1.0 - expected) / count as f64).sqrt()
}
