//! This project's simulator: a topology document, as a user would write it; nothing is specialised to the network, and all
//! that is always recorded is recorded: histograms, intervals, counters of each node and edge, a series by seconds.
//!
//! A balancer's core is free while what it passed on is under way, where a service's worker would be held: so all stations
//! but the last are balancers, and the network is Jackson's.
use crate::answer::Answer;
use crate::clock::cpu_seconds;
use crate::network::Network;
use loadpath_core::rng::Seed;
use loadpath_core::sim::Simulation;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Topology, check};
use serde_json::{Value, json};

/// The share of a run that is warm-up.
const WARM_UP: f64 = 1.0 / 16.0;

/// Standard errors in the half-width of a 95 % interval.
const HALF_WIDTH: f64 = 1.96;

pub(crate) fn run(network: &'static Network, customers: u64) -> Answer {
    let plan = check(&document(network)).expect("the document is sound");
    let seconds = customers as f64 / network.rate;
    let start = cpu_seconds();
    let mut simulation = Simulation::new(&plan, Seed(1));
    let at = |seconds: f64| Time::ZERO + Span::from_secs(seconds);
    simulation.run_until(at(seconds * WARM_UP));
    let before = simulation.snapshot().total.total();
    simulation.reset_statistics();
    simulation.run_until(at(seconds));
    let cpu_seconds = cpu_seconds() - start;
    let run = simulation.run("peers");
    let mean = run.classes[0].mean.expect("a long run has an interval");
    let customers = before + run.outcomes().total();
    let error = mean.half_width / HALF_WIDTH;
    Answer { mean: mean.value, error, exact: network.mean_response(), customers, cpu_seconds }
}

fn document(network: &Network) -> Topology {
    let mut nodes = vec![json!({"id": "users", "kind": "clients", "timeout": "10m"})];
    let mut edges = Vec::new();
    let mut link = |from: &str, to: &str, hop: f64| {
        edges.push(json!({"from": from, "to": to, "latency": format!("{}ns", hop * 1e9)}));
    };
    let (mut before, mut hop) = ("users".to_owned(), 0.0);
    for (i, leg) in network.legs.iter().enumerate() {
        if leg.choices > 1 {
            let pick = format!("pick{i}");
            nodes
                .push(json!({"id": pick, "kind": "load_balancer", "policy": "random", "service_time": "0s"}));
            link(&before, &pick, hop);
            (before, hop) = (pick, 0.0);
        }
        let id = format!("station{i}");
        nodes.push(station(&id, leg, i + 1 == network.legs.len()));
        link(&before, &id, hop);
        (before, hop) = (id, leg.hop);
    }
    let workload = json!({"rate": format!("{}/s", network.rate), "classes": [{"name": "job", "keys": 1}]});
    let text = json!({"loadpath": 1, "nodes": nodes, "edges": edges, "workload": workload}).to_string();
    Topology::from_json(&text).expect("the document is well formed")
}

fn station(id: &str, leg: &crate::network::Leg, last: bool) -> Value {
    let (kind, servers) = if last { ("service", "workers") } else { ("load_balancer", "cores") };
    json!({"id": id, "kind": kind, servers: leg.servers, "instances": leg.choices, "queue": 1_000_000,
           "service_time": format!("exp {}ns", leg.service * 1e9)})
}
