//! The designs that speed is measured on.
use loadpath_core::topology::{Topology, three_tier};

pub(crate) mod million;

/// Name, design, and how many seconds to simulate.
pub(crate) type Model = (&'static str, Topology, f64);

/// Those whose nanoseconds a request are told.
pub(crate) fn all() -> Vec<Model> {
    vec![("M/M/1", mm1(), 1_000.0), ("web", web(), 1_000.0), ("three tiers", three_tier(), 2_000.0)]
}

/// The number of the design that is estimated: a million users in an open and a closed loop come between.
pub(crate) const FIFTY_NODES: usize = 5;

/// A design by its number.
pub(crate) fn design(number: usize) -> Topology {
    match number {
        3 => million::million(10, million::Loop::Open),
        4 => million::million(10, million::Loop::Closed),
        FIFTY_NODES => fifty_nodes(),
        _ => all().swap_remove(number).1,
    }
}

/// One server at utilization 0.8.
fn mm1() -> Topology {
    read(
        r#"{"loadpath": 1,
        "nodes": [{"id": "users", "kind": "clients", "timeout": "10m"},
                  {"id": "server", "kind": "service", "workers": 1, "queue": 1000000, "service_time": "exp 800us"}],
        "edges": [{"from": "users", "to": "server", "latency": "0s"}],
        "workload": {"rate": "1k/s", "classes": [{"name": "job", "keys": 1}]}}"#,
    )
}

/// Balancer, four servers of four workers, a database with eight connections; half a millisecond between them.
fn web() -> Topology {
    read(
        r#"{"loadpath": 1,
        "nodes": [{"id": "users", "kind": "clients", "timeout": "10m"},
                  {"id": "lb", "kind": "load_balancer", "policy": "round_robin", "service_time": "0s"},
                  {"id": "web", "kind": "service", "instances": 4, "workers": 8, "service_time": "exp 8ms"},
                  {"id": "db", "kind": "database", "connections": 8, "read_time": "exp 5ms"}],
        "edges": [{"from": "users", "to": "lb", "latency": "0s"}, {"from": "lb", "to": "web", "latency": "500us"},
                  {"from": "web", "to": "db", "latency": "500us"}],
        "workload": {"rate": "1k/s", "classes": [{"name": "job", "keys": 1}]}}"#,
    )
}

/// Requests that wait somewhere for ten microseconds times `in_flight` on average, at 100,000 a second: so many are in flight.
pub(crate) fn in_flight(in_flight: u32) -> Topology {
    read(&format!(
        r#"{{"loadpath": 1,
        "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}},
                  {{"id": "server", "kind": "service", "instances": 512, "workers": 4096, "service_time": "0s",
                   "pause": "exp {}us"}}],
        "edges": [{{"from": "users", "to": "server", "latency": "0s"}}],
        "workload": {{"rate": "100k/s", "classes": [{{"name": "job", "keys": 1}}]}}}}"#,
        u64::from(in_flight) * 10,
    ))
}

/// Clients, a balancer, and twelve services behind it, each with a cache, a database, and another service that it calls.
fn fifty_nodes() -> Topology {
    let mut nodes = vec![
        r#"{"id": "users", "kind": "clients"}"#.to_owned(),
        r#"{"id": "lb", "kind": "load_balancer", "instances": 2}"#.to_owned(),
    ];
    let mut edges = vec![r#"{"from": "users", "to": "lb"}"#.to_owned()];
    for i in 0..12 {
        nodes.push(format!(r#"{{"id": "web{i}", "kind": "service", "instances": 3, "workers": 16}}"#));
        nodes.push(format!(r#"{{"id": "part{i}", "kind": "service", "instances": 2, "workers": 16}}"#));
        nodes.push(format!(r#"{{"id": "cache{i}", "kind": "cache", "capacity": 5000}}"#));
        nodes.push(format!(r#"{{"id": "db{i}", "kind": "database", "shards": 2, "connections": 32}}"#));
        edges.push(format!(r#"{{"from": "lb", "to": "web{i}"}}"#));
        for to in ["part", "cache", "db"] {
            edges.push(format!(r#"{{"from": "web{i}", "to": "{to}{i}"}}"#));
        }
    }
    let (nodes, edges) = (nodes.join(","), edges.join(","));
    read(&format!(
        r#"{{"loadpath": 1, "nodes": [{nodes}], "edges": [{edges}],
        "workload": {{"rate": "5k/s", "classes": [
            {{"name": "read", "weight": 9, "keys": 100000, "skew": 0.9}},
            {{"name": "write", "operation": "write", "keys": 100000, "skew": 0.9}}]}}}}"#
    ))
}

fn read(text: &str) -> Topology {
    Topology::from_json(text).expect("the bench's designs are well formed")
}
