//! The designs that speed is measured on.
use loadpath_core::topology::{Topology, three_tier};

/// Name, design, and how many seconds to simulate.
pub(crate) fn all() -> Vec<(&'static str, Topology, f64)> {
    vec![("M/M/1", mm1(), 1_000.0), ("web", web(), 1_000.0), ("three tiers", three_tier(), 2_000.0)]
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

fn read(text: &str) -> Topology {
    Topology::from_json(text).expect("the bench's designs are well formed")
}
