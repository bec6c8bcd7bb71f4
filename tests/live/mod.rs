//! Designs that come up as real processes: what they measure, how they fail, and that nothing outlives them.
mod agent;
mod brokers;
mod deployment;
mod engines;
mod fitted;
mod gone;
mod measured;
mod processes;

pub(crate) use agent::Agent;
pub(crate) use processes::{processes_of, wait_until};

use loadpath_core::topology::{Topology, three_tier};
use std::path::Path;

/// Clients, a balancer, two web servers, a cache and a database, at this rate. Services take a millisecond; a dead instance is found out
/// within a few tens of them.
pub(crate) fn design(rate: &str) -> Topology {
    let mut design = three_tier();
    design.workload.params.insert("rate".to_owned(), rate.into());
    let mut set = |node: usize, name: &str, value: &str| {
        design.nodes[node].params.insert(name.to_owned(), value.into());
    };
    set(1, "policy", "round_robin");
    set(1, "check_interval", "20ms");
    set(2, "service_time", "exp 1ms");
    set(4, "read_time", "exp 1ms");
    set(4, "write_time", "exp 1ms");
    design
}

/// Writes a design into a folder; its path.
pub(crate) fn written(folder: &Path, design: &Topology) -> String {
    let path = folder.join("design.json");
    std::fs::write(&path, design.to_json()).expect("the folder can be written to");
    path.to_str().expect("a temporary folder's name is text").to_owned()
}
