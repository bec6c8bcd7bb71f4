//! What a service does with its queue, its cores and its limits: each class of this design asks a service of its own.
use super::Both;

const DESIGN: &str = r#"{
  "loadpath": 1,
  "nodes": [
    {"id": "users", "kind": "clients", "timeout": "1s"},
    {"id": "web", "kind": "service", "workers": 1000, "service_time": "0s"},
    {"id": "cores", "kind": "service", "workers": 64, "cores": 1, "service_time": "exp 12ms"},
    {"id": "waits", "kind": "service", "workers": 1, "service_time": "exp 6ms", "pause": "6ms"},
    {"id": "codel", "kind": "service", "workers": 1, "queue_order": "codel", "service_time": "exp 30ms"},
    {"id": "limit", "kind": "service", "workers": 1, "limit": "fixed", "limit_most": 2, "service_time": "exp 20ms"},
    {"id": "leave", "kind": "service", "workers": 1, "patience": "exp 20ms", "service_time": "exp 20ms"},
    {"id": "drops", "kind": "service", "workers": 1, "deadlines": "on", "queue_order": "lifo", "service_time": "exp 30ms"},
    {"id": "ranks", "kind": "service", "workers": 1, "queue_order": "priority", "queue": 4, "service_time": "exp 12ms"},
    {"id": "plain", "kind": "service", "workers": 100, "service_time": "10ms"},
    {"id": "fails", "kind": "service", "workers": 8, "speed": 2, "error_share": 0.2, "service_time": "20ms"}
  ],
  "edges": [
    {"from": "users", "to": "web"},
    {"from": "web", "to": "plain", "classes": "plain"},
    {"from": "web", "to": "cores", "classes": "cores"},
    {"from": "web", "to": "waits", "classes": "waits"},
    {"from": "web", "to": "codel", "classes": "codel"},
    {"from": "web", "to": "limit", "classes": "limit"},
    {"from": "web", "to": "leave", "classes": "leave"},
    {"from": "web", "to": "drops", "classes": "drops", "timeout": "100ms"},
    {"from": "web", "to": "ranks", "classes": "high, low"},
    {"from": "web", "to": "fails", "classes": "fails"}
  ],
  "workload": {
    "rate": "500/s",
    "classes": [
      {"name": "cores", "keys": 1}, {"name": "waits", "keys": 1}, {"name": "codel", "keys": 1},
      {"name": "limit", "keys": 1}, {"name": "leave", "keys": 1}, {"name": "drops", "keys": 1},
      {"name": "high", "keys": 1, "priority": 9}, {"name": "low", "keys": 1, "priority": 1},
      {"name": "fails", "keys": 1}, {"name": "plain", "keys": 1}
    ]
  }
}"#;

#[test]
fn services_on_sockets_share_cores_queue_limit_and_drop_as_in_the_simulator() {
    let both = Both::of(DESIGN, 6);
    for class in ["codel", "limit", "leave", "drops", "high", "low", "fails"] {
        both.errors_agree(class);
    }
    let added = both.added("plain");
    // What a worker waits for is waited for by all behind it: at 60 % of the load, two and a half times on the average.
    for (class, times) in [("cores", 3.0), ("waits", 4.0), ("fails", 2.0)] {
        both.responses_agree(class, times * added);
    }
    // Of a core, and not of the workers that wait for it.
    let [live, simulated] = both.nodes("cores").map(|node| node.utilization.unwrap());
    // 300 exponential jobs of 12 ms in 6 s: 0.6 with a deviation of 0.05 of them and of their number.
    assert!((live - simulated).abs() < 0.2, "{live} of the core, not {simulated}");
}
