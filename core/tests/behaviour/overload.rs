//! Overload that stays after its trigger has gone, and designs in which it does not.
//!
//! A callee with a capacity of 100 a second has 70 a second to do. For ten seconds it is ten times slower, its queue fills, and
//! every call times out. What each failed call is sent again then decides whether the load comes back below the capacity
//! (Bronson, Aghayev, Charapko, Zhu 2021, "Metastable Failures in Distributed Systems").
use crate::design::{counted, design, edges, good, node, run_on};
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
use loadpath_core::sim::Simulation;
use loadpath_core::topology::Plan;

const TRIGGER: &str = r#", "timeline": [
    {"at": "30s", "action": "slow", "node": "back", "instance": 0, "factor": 10},
    {"at": "40s", "action": "slow", "node": "back", "instance": 0, "factor": 1}]"#;

fn with_policy(policy: &str, rest: &str) -> Plan {
    let nodes = r#"{"id": "users", "kind": "clients", "timeout": "5s"},
        {"id": "web", "kind": "service", "service_time": "0s", "workers": 4096, "queue": 10000},
        {"id": "back", "kind": "service", "service_time": "exp 100ms", "workers": 10, "queue": 300}"#;
    design(nodes, &edges(&format!("users>web, web>back {policy}")), r#""rate": "70/s""#, rest)
}

/// The half minute before the trigger, the trigger's ten seconds, three minutes, and a minute long after.
fn story(plan: &Plan) -> [Run; 4] {
    let mut simulation = Simulation::new(plan, Seed(1));
    [30.0, 10.0, 180.0, 60.0].map(|seconds| run_on(&mut simulation, seconds))
}

/// What the callee was asked, a second, over a run's time.
fn asked(run: &Run) -> f64 {
    node(run, "back").outcomes.total() as f64 / run.duration.as_secs()
}

#[test]
fn retries_keep_an_overload_alive_for_minutes_after_its_trigger_has_gone() {
    let policy = "timeout=500ms retries=3 backoff=10ms";
    let [before, during, _, after] = story(&with_policy(policy, TRIGGER));
    assert!(good(&before.outcomes()) > 0.95, "{:?}", before.outcomes());
    assert!(good(&during.outcomes()) < 0.3, "{:?}", during.outcomes());
    // Each of 70 requests a second is sent four times: far more than 100. The callee is as busy as can be, for nobody.
    assert!(good(&after.outcomes()) < 0.1, "{:?}", after.outcomes());
    assert!(asked(&after) > 200.0, "{}", asked(&after));
    assert!(node(&after, "back").utilization.unwrap_or(0.0) > 0.99);
    // Nothing but the trigger brought it there: without it the same design holds all the while.
    let [.., never] = story(&with_policy(policy, ""));
    assert!(good(&never.outcomes()) > 0.95, "{:?}", never.outcomes());
}

#[test]
fn the_same_design_with_a_retry_budget_recovers() {
    let [_, during, _, after] =
        story(&with_policy("timeout=500ms retries=3 backoff=10ms retry_budget=0.1", TRIGGER));
    assert!(good(&during.outcomes()) < 0.3, "{:?}", during.outcomes());
    // A tenth more and ten a second: 87 of 100. Three hundred that wait are gone in less than half a minute.
    assert!(good(&after.outcomes()) > 0.95, "{:?}", after.outcomes());
    assert!(asked(&after) < 80.0, "{}", asked(&after));
}

#[test]
fn the_same_design_without_retries_recovers() {
    let [_, during, _, after] = story(&with_policy("timeout=500ms", TRIGGER));
    assert!(good(&during.outcomes()) < 0.3, "{:?}", during.outcomes());
    assert!(good(&after.outcomes()) > 0.95, "{:?}", after.outcomes());
}

#[test]
fn a_breaker_ends_the_overload_too() {
    let policy = "timeout=500ms retries=3 backoff=10ms breaker=0.5 breaker_open=5s";
    let [_, during, _, after] = story(&with_policy(policy, TRIGGER));
    assert!(good(&during.outcomes()) < 0.3, "{:?}", during.outcomes());
    assert!(good(&after.outcomes()) > 0.9, "{:?}", after.outcomes());
}

#[test]
fn work_that_is_done_later_does_not_know_of_the_trigger() {
    let nodes = r#"{"id": "users", "kind": "clients", "timeout": "5s"},
        {"id": "web", "kind": "service", "service_time": "0s", "workers": 4096, "queue": 10000},
        {"id": "line", "kind": "queue", "capacity": 100000},
        {"id": "back", "kind": "workers", "service_time": "exp 100ms", "workers": 10}"#;
    let links = edges("users>web, web>line timeout=500ms retries=3 backoff=10ms, line>back");
    let workload = r#""rate": "70/s", "classes": [{"name": "work", "operation": "job"}]"#;
    let runs = story(&design(nodes, &links, workload, TRIGGER));
    for run in &runs {
        assert_eq!((run.outcomes().errors(), counted(run, "line", "overflowed")), (0, 0));
    }
    // Sixty a second too many for ten seconds, at thirty a second to spare: done twenty seconds later, each exactly once.
    let [before, during, between, after] = runs;
    let done = |run: &Run| node(run, "back").outcomes.ok as f64;
    // The rate at which the last minute's work is done is that at which it comes, within four of Poisson's deviations.
    assert!((done(&after) - 4_200.0).abs() < 4.0 * 4_200.0f64.sqrt(), "{}", done(&after));
    let all = done(&before) + done(&during) + done(&between) + done(&after);
    let sent = [&before, &during, &between, &after].iter().map(|run| run.outcomes().ok).sum::<u64>() as f64;
    // At the end about seven are under way.
    assert!(sent - all >= 0.0 && sent - all < 40.0, "{all} of {sent}");
}
