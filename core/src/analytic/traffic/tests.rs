//! Flows against the hand, and against the simulator.
use super::*;
use crate::rng::Seed;
use crate::sim::simulate;
use crate::time::Span;
use crate::topology::{Topology, check, three_tier};

#[test]
fn what_leaves_a_node_arrives_at_the_next() {
    let text = r#"{"loadpath": 1,
      "nodes": [
        {"id": "users", "kind": "clients"}, {"id": "dns", "kind": "dns", "policy": "weighted"},
        {"id": "a", "kind": "load_balancer"}, {"id": "b", "kind": "service"},
        {"id": "web", "kind": "service", "instances": 3}, {"id": "old", "kind": "service"},
        {"id": "queue", "kind": "queue", "mode": "topic"},
        {"id": "mail", "kind": "workers"}, {"id": "all", "kind": "workers"},
        {"id": "db", "kind": "database"}
      ],
      "edges": [
        {"from": "users", "to": "dns"}, {"from": "dns", "to": "a", "weight": 3}, {"from": "dns", "to": "b"},
        {"from": "a", "to": "web"}, {"from": "a", "to": "old"}, {"from": "web", "to": "queue", "calls": 2},
        {"from": "queue", "to": "mail", "binding": "mail.*"}, {"from": "queue", "to": "all"},
        {"from": "web", "to": "db", "classes": "read"}, {"from": "all", "to": "db"}
      ],
      "workload": {"rate": "800/s", "classes": [
        {"name": "read"}, {"name": "job", "operation": "job", "topic": "mail.new"},
        {"name": "other", "operation": "job", "topic": "bill", "weight": 2}]}
    }"#;
    let plan = check(&Topology::from_json(text).unwrap()).unwrap();
    let flow = Flow::at_rate(&plan, 800.0);
    let at = |id: &str| flow.nodes[plan.find(id).unwrap().index()].clone();
    assert_eq!(at("a"), [150.0, 150.0, 300.0]);
    assert_eq!(at("b"), [50.0, 50.0, 100.0]);
    // Three instances of four; one that does jobs at once calls nobody.
    assert_eq!(at("web"), [112.5, 112.5, 225.0]);
    assert_eq!(at("queue"), [0.0, 225.0, 450.0]);
    assert_eq!(at("mail"), [0.0, 225.0, 0.0]);
    assert_eq!(at("all"), [0.0, 225.0, 450.0]);
    assert_eq!(at("db"), [112.5, 225.0, 450.0]);
}

#[test]
fn hit_ratios_and_the_databases_load_are_near_the_simulators() {
    let mut document = three_tier();
    document.nodes[3].params.insert("ttl".to_owned(), "5s".into());
    let plan = check(&document).unwrap();
    let flow = Flow::at_rate(&plan, 400.0);
    let run = simulate(&plan, Seed(1), Span::from_millis(40_000), Span::from_millis(60_000));
    let (cache, db) = (3, 4);
    let (estimated, seen) = (flow.hit_ratio(&plan, cache).unwrap(), run.nodes[cache].hit_ratio.unwrap());
    // The approximation takes the smaller of two effects where both work together: it is above the truth by little.
    assert!((estimated - seen).abs() < 0.03, "{estimated} {seen}");
    let calls = run.nodes[db].outcomes.total() as f64 / 60.0;
    // 24,000 requests a standard deviation of 0.6 %, and twice the difference of the hit ratios.
    assert!((flow.total(db) / calls - 1.0).abs() < 0.06, "{} {calls}", flow.total(db));
}

#[test]
fn a_run_says_what_hits() {
    let plan = check(&three_tier()).unwrap();
    let run = simulate(&plan, Seed(1), Span::from_millis(5_000), Span::from_millis(10_000));
    let flow = Flow::of_run(&plan, &run);
    let (said, seen) = (flow.hit_ratio(&plan, 3).unwrap(), run.nodes[3].hit_ratio.unwrap());
    // A mean over one class of the same number.
    assert!((said - seen).abs() < 1e-12, "{said} {seen}");
    let rate = run.outcomes().total() as f64 / 10.0;
    assert!((flow.total(1) / rate - 1.0).abs() < 1e-9);
}
