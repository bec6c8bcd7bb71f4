//! Hosts: instances of several nodes share the cores of one machine.
use super::Both;

const DESIGN: &str = r#"{
  "loadpath": 1,
  "hosts": [{"id": "box", "cores": 1}],
  "nodes": [
    {"id": "users", "kind": "clients", "timeout": "1s"},
    {"id": "front", "kind": "service", "workers": 1000, "service_time": "0s"},
    {"id": "web", "kind": "service", "host": "box", "instances": 2, "workers": 64, "service_time": "exp 2ms"},
    {"id": "db", "kind": "database", "host": "box", "connections": 64, "read_time": "exp 2ms"},
    {"id": "plain", "kind": "service", "workers": 64, "service_time": "5ms"}
  ],
  "edges": [
    {"from": "users", "to": "front"},
    {"from": "front", "to": "web", "classes": "read"},
    {"from": "front", "to": "plain", "classes": "plain"},
    {"from": "web", "to": "db"}
  ],
  "workload": {"rate": "200/s", "classes": [{"name": "read", "weight": 3, "keys": 1}, {"name": "plain", "weight": 1, "keys": 1}]}
}"#;

/// Alone, web and database would answer in less than six milliseconds; together they want 60 % of one core, and take ten.
#[test]
fn what_stands_on_one_host_shares_its_cores() {
    let both = Both::of(DESIGN, 6);
    let added = both.added("plain");
    both.errors_agree("read");
    // Two calls more than the plain one has.
    both.responses_agree("read", 2.0 * added);
    for node in ["web", "db"] {
        let [live, simulated] = both.nodes(node).map(|node| node.utilization.unwrap());
        eprintln!("{node}: live {live:.3}, simulated {simulated:.3}");
        // 1,800 exponential pieces of work in 6 s: 0.6 with a deviation of 0.02; the host is one and the same.
        assert!((live - simulated).abs() < 0.1, "{node}: {live}, not {simulated}");
    }
}
