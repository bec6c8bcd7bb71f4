//! The estimate against what can be solved exactly, and against the simulator.
use super::*;
use crate::rng::Seed;
use crate::sim::simulate;
use crate::time::Span;
use crate::topology::{Plan, Topology, check, three_tier};

fn plan(nodes: &str, edges: &[(&str, &str)], workload: &str) -> Plan {
    let edges: Vec<String> = edges
        .iter()
        .map(|(from, to)| format!(r#"{{"from": "{from}", "to": "{to}", "latency": "0s"}}"#))
        .collect();
    let text = format!(
        r#"{{"loadpath": 1, "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}}, {nodes}],
            "edges": [{}], "workload": {workload}}}"#,
        edges.join(", ")
    );
    check(&Topology::from_json(&text).unwrap()).unwrap()
}

const JOBS: &str = r#"{"rate": "80/s", "classes": [{"name": "job", "keys": 1}]}"#;

fn station(id: &str, workers: u32, mean_ms: f64) -> String {
    format!(
        r#"{{"id": "{id}", "kind": "service", "workers": {workers}, "queue": 1000000, "service_time": "exp {mean_ms}ms"}}"#
    )
}

#[test]
fn a_single_queue_is_exact() {
    let estimate = solve(&plan(&station("web", 1, 10.0), &[("users", "web")], JOBS));
    let response = estimate.classes[0].response.unwrap();
    // M/M/1 at 0.8: exponential with a mean of 50 ms.
    assert!((response.mean - 0.05).abs() < 1e-9 && (response.p99 - 0.230_258_509).abs() < 1e-8);
    let web = &estimate.nodes[1];
    assert!((web.utilization.unwrap() - 0.8).abs() < 1e-9 && (web.wait.unwrap() - 0.04).abs() < 1e-9);
    assert!(web.assumptions.is_empty(), "{:?}", web.assumptions);
    let bottleneck = estimate.bottleneck.unwrap();
    assert!((bottleneck.scale - 1.25).abs() < 1e-3 && bottleneck.node == 1);
    // M/M/4 at 0.8 with a service time of 40 ms: 5.5857 / 3.2 · 40 ms.
    let estimate = solve(&plan(&station("web", 4, 40.0), &[("users", "web")], JOBS));
    let mean = estimate.classes[0].response.unwrap().mean;
    assert!((mean - 0.069_821_623_6).abs() < 1e-9, "{mean}");
}

#[test]
fn a_tandem_of_spreaders_is_exact() {
    let balancer = |id: &str| {
        format!(
            r#"{{"id": "{id}", "kind": "load_balancer", "cores": 1, "queue": 1000000, "service_time": "exp 10ms"}}"#
        )
    };
    let nodes = [balancer("a"), balancer("b"), station("c", 1, 10.0)].join(", ");
    let estimate = solve(&plan(&nodes, &[("users", "a"), ("a", "b"), ("b", "c")], JOBS));
    let response = estimate.classes[0].response.unwrap();
    assert!((response.mean - 0.15).abs() < 1e-9);
    // Erlang's law of three stages is a gamma law: 42.0297 service times.
    assert!((response.p99 - 0.420_297_346).abs() < 1e-8, "{}", response.p99);
}

#[test]
fn a_held_worker_waits_for_its_callee() {
    let nodes = [station("web", 16, 10.0), station("api", 1, 10.0)].join(", ");
    let estimate = solve(&plan(&nodes, &[("users", "web"), ("web", "api")], JOBS));
    let (web, api) = (&estimate.nodes[1], &estimate.nodes[2]);
    // 10 ms of its own and 50 ms of the other's, 80 times a second, over 16 workers.
    assert!((web.utilization.unwrap() - 0.3).abs() < 1e-9);
    assert!((api.response.unwrap() - 0.05).abs() < 1e-9);
    assert!(web.assumptions.contains(&Assumption::Independence));
    assert_eq!(estimate.bottleneck.unwrap().node, 2);
}

#[test]
fn what_is_saturated_says_so_and_still_has_its_limit() {
    let nodes = [station("web", 16, 10.0), station("api", 1, 20.0)].join(", ");
    let estimate = solve(&plan(&nodes, &[("users", "web"), ("web", "api")], JOBS));
    assert_eq!(estimate.classes[0].response, None);
    assert!((estimate.nodes[2].utilization.unwrap() - 1.6).abs() < 1e-9);
    assert!(estimate.nodes[2].assumptions.contains(&Assumption::Stability));
    let bottleneck = estimate.bottleneck.unwrap();
    assert!((bottleneck.scale - 0.625).abs() < 0.002 && bottleneck.node == 2, "{bottleneck:?}");
}

/// The relative distance of the estimate of each class's mean and p99 from the simulated one, and the absolute one of the
/// nodes' utilizations and hit ratios.
fn distances(plan: &Plan) -> [f64; 4] {
    let estimate = solve(plan);
    let run = simulate(plan, Seed(7), Span::from_millis(100_000), Span::from_millis(200_000));
    let mut worst = [0.0f64; 4];
    for (class, run) in estimate.classes.iter().zip(&run.classes) {
        let response = class.response.unwrap();
        worst[0] = worst[0].max((response.mean / run.response.mean().as_secs() - 1.0).abs());
        worst[1] = worst[1].max((response.p99 / run.response.quantile(0.99).as_secs() - 1.0).abs());
    }
    for (node, run) in estimate.nodes.iter().zip(&run.nodes) {
        let off = |estimate: Option<f64>, truth: Option<f64>| match (estimate, truth) {
            (Some(estimate), Some(truth)) => (estimate - truth).abs(),
            _ => 0.0,
        };
        worst[2] = worst[2].max(off(node.utilization, run.utilization));
        worst[3] = worst[3].max(off(node.hit_ratio, run.hit_ratio));
    }
    worst
}

#[test]
fn it_is_near_the_simulator_on_the_first_example() {
    let [mean, p99, utilization, hits] = distances(&check(&three_tier()).unwrap());
    assert!(mean < 0.05, "mean off by {mean}");
    assert!(p99 < 0.2, "p99 off by {p99}");
    assert!(utilization < 0.01 && hits < 0.01, "utilization off by {utilization}, hit ratio by {hits}");
}

const KEYED: &str = r#"{"rate": "900/s", "classes": [
    {"name": "read", "weight": 8, "keys": 200000, "skew": 0.9},
    {"name": "write", "operation": "write", "weight": 2, "keys": 50000, "skew": 1.1}]}"#;

#[test]
fn it_is_near_the_simulator_where_caches_shards_and_balancers_meet() {
    let nodes = r#"
        {"id": "lb", "kind": "load_balancer", "policy": "POLICY"},
        {"id": "web", "kind": "service", "instances": 3, "workers": 16, "service_time": "exp 8ms"},
        {"id": "cache", "kind": "cache", "instances": 2, "capacity": 4000, "ttl": "20s", "service_time": "exp 200us"},
        {"id": "db", "kind": "database", "shards": 4, "sharding": "modulo", "connections": 4}"#;
    for (policy, edges) in [
        ("round_robin", [("users", "lb"), ("lb", "web"), ("web", "cache"), ("web", "db")]),
        ("power_of_two", [("users", "lb"), ("lb", "web"), ("web", "cache"), ("cache", "db")]),
    ] {
        let plan = plan(&nodes.replace("POLICY", policy), &edges, KEYED);
        let [mean, p99, utilization, hits] = distances(&plan);
        assert!(mean < 0.08, "{policy}: mean off by {mean}");
        assert!(p99 < 0.25, "{policy}: p99 off by {p99}");
        assert!(utilization < 0.02 && hits < 0.02, "{policy}: utilization {utilization}, hit ratio {hits}");
    }
}

#[test]
fn the_load_that_saturates_is_where_the_simulator_begins_to_refuse() {
    let document = three_tier();
    let bottleneck = solve(&check(&document).unwrap()).bottleneck.unwrap();
    let errors = |scale: f64| {
        let mut document = document.clone();
        let rate = format!("{}/s", 400.0 * scale * bottleneck.scale);
        document.workload.params.insert("rate".to_owned(), rate.as_str().into());
        let plan = check(&document).unwrap();
        simulate(&plan, Seed(3), Span::from_millis(20_000), Span::from_millis(60_000))
            .outcomes()
            .error_share()
    };
    // A tenth below it nothing is lost; a tenth above it a tenth of eleven must be.
    assert!(errors(0.9) < 0.001, "{}", errors(0.9));
    assert!(errors(1.1) > 0.05, "{}", errors(1.1));
}
