//! The calls of a request: one after the other, at the same time, or without waiting.
use crate::design::{assert_mean, assert_share, design, edges, node, run, theory};
use loadpath_core::topology::Plan;

/// A web tier that takes no time, and parties that take exponential 10 ms each.
fn web(parties: usize, links: &str, workload: &str) -> Plan {
    let party = |i| {
        format!(
            r#", {{"id": "p{i}", "kind": "external", "service_time": "exp 10ms", "concurrency": 100000}}"#
        )
    };
    let parties: String = (0..parties).map(party).collect();
    let nodes =
        format!(r#"{{"id": "web", "kind": "service", "service_time": "0s", "workers": 4096}}{parties}"#);
    design(&nodes, &edges(&format!("users>web, {links}")), workload, "")
}

#[test]
fn parallel_calls_wait_for_the_slowest() {
    let plan = web(1, "web>p0 calls=100 mode=parallel", r#""rate": "50/s""#);
    let run = run(&plan, 1, 400);
    assert_mean(&run, 0, theory("fanout_exp_n100", "mean_max") * 0.010, 0.03);
    for (q, quantity) in [(0.5, "p50"), (0.99, "p99")] {
        let (found, exact) =
            (run.response().quantile(q).as_secs(), theory("fanout_exp_n100", quantity) * 0.010);
        // At its quantile q the maximum of n has a density of n q (q^(-1/n) - 1) / mean, near -q ln q for many.
        let density = -q * loadpath_core::math::ln(q) / 0.010;
        let deviation = (q * (1.0 - q) / run.outcomes().ok as f64).sqrt() / density;
        assert!((found - exact).abs() < 4.0 * deviation + 0.001 * exact, "{found}, not {exact}");
    }
}

#[test]
fn neighbours_that_are_parallel_set_out_together() {
    let links = "web>p0 mode=parallel, web>p1 mode=parallel, web>p2 mode=parallel, web>p3";
    // H_3 = 1 + 1/2 + 1/3, and one more after it.
    let run = run(&web(4, links, r#""rate": "100/s""#), 2, 500);
    assert_mean(&run, 0, (1.0 + 0.5 + 1.0 / 3.0 + 1.0) * 0.010, 0.02);
}

#[test]
fn calls_one_after_the_other_add_up() {
    let run = run(&web(2, "web>p0 calls=3, web>p1 calls=2", r#""rate": "100/s""#), 3, 500);
    assert_mean(&run, 0, 0.050, 0.02);
    // Erlang's law of five stages has a cv² of 1/5; the sample's deviates by about sqrt(8 / n) of it for sums like these.
    let mean = run.response().mean().as_secs();
    let squares: f64 = run
        .response()
        .buckets()
        .map(|(at, count)| (at.as_secs() - mean) * (at.as_secs() - mean) * count as f64)
        .sum();
    let cv2 = squares / run.outcomes().ok as f64 / mean / mean;
    assert!((cv2 / 0.2 - 1.0).abs() < 4.0 * (8.0 / run.outcomes().ok as f64).sqrt(), "{cv2}");
}

#[test]
fn nobody_waits_for_asynchronous_calls_and_yet_they_are_made() {
    let run = run(&web(2, "web>p0 calls=3 mode=asynchronous, web>p1", r#""rate": "100/s""#), 4, 500);
    assert_mean(&run, 0, 0.010, 0.03);
    let made = node(&run, "p0").outcomes.total() as f64 / run.outcomes().total() as f64;
    // Three for each; at both ends of the run some calls are under way, 3 on average (Little), and four deviations of that.
    assert!(
        (made - 3.0).abs() * (run.outcomes().total() as f64) < 2.0 * (3.0 + 4.0 * 3.0f64.sqrt()),
        "{made}"
    );
}

#[test]
fn an_asynchronous_call_that_fails_hurts_nobody() {
    let nodes = r#"{"id": "web", "kind": "service", "service_time": "1ms", "workers": 4096},
        {"id": "mail", "kind": "external", "service_time": "1ms", "error_share": 1}"#;
    for (mode, errors) in [("asynchronous", 0.0), ("sequential", 1.0), ("parallel", 1.0)] {
        let plan =
            design(nodes, &edges(&format!("users>web, web>mail mode={mode}")), r#""rate": "100/s""#, "");
        let run = run(&plan, 5, 10);
        assert!((run.outcomes().error_share() - errors).abs() < 1e-9, "{mode}: {:?}", run.outcomes());
        assert!(node(&run, "mail").outcomes.failed > 800, "{mode}: a thousand calls are made");
    }
}

#[test]
fn a_mean_of_two_and_a_half_calls_is_two_or_three_in_equal_parts() {
    let run = run(&web(1, "web>p0 calls=2.5", r#""rate": "100/s""#), 6, 500);
    let (requests, calls) = (run.outcomes().total(), node(&run, "p0").outcomes.total());
    // The half is a coin's; the few calls under way at both ends are lost in four of its deviations, 450.
    assert_share(calls - 2 * requests, requests, 0.5);
    assert_mean(&run, 0, 0.025, 0.02);
}

#[test]
fn no_call_is_made_by_an_edge_of_zero_calls() {
    let run = run(&web(2, "web>p0 calls=0, web>p1 calls=0 mode=parallel", r#""rate": "100/s""#), 7, 50);
    assert_eq!(node(&run, "p0").outcomes.total() + node(&run, "p1").outcomes.total(), 0);
    assert_eq!(run.outcomes().errors(), 0);
}

#[test]
fn an_edge_passes_the_classes_that_it_names_and_no_other() {
    let workload =
        r#""rate": "100/s", "classes": [{"name": "a"}, {"name": "b", "weight": 2}, {"name": "c"}]"#;
    let nodes = r#"{"id": "web", "kind": "service", "service_time": "1ms", "workers": 4096},
        {"id": "p", "kind": "external", "service_time": "0s"}, {"id": "q", "kind": "external", "service_time": "0s"}"#;
    let links = r#"{"from": "users", "to": "web", "latency": "0s"}, {"from": "web", "to": "p", "latency": "0s", "classes": "a, c"},
        {"from": "web", "to": "q", "latency": "0s", "classes": "b", "mode": "parallel"}"#;
    let run = run(&design(nodes, links, workload, ""), 8, 100);
    let of = |class: usize| run.classes[class].outcomes.total();
    // Nothing takes time behind the web tier: a call is counted in the instant in which its request is.
    assert_eq!(node(&run, "p").outcomes.total(), of(0) + of(2));
    assert_eq!(node(&run, "q").outcomes.total(), of(1));
    assert_share(of(1), run.outcomes().total(), 0.5);
}

#[test]
fn a_worker_is_held_while_the_calls_of_its_request_are_made() {
    // One worker, 10 ms behind it, none in front: M/M/1 with the callee's time.
    let nodes = r#"{"id": "web", "kind": "service", "service_time": "0s", "workers": 1, "queue": 100000},
        {"id": "p", "kind": "external", "service_time": "exp 10ms"}"#;
    let run = run(&design(nodes, &edges("users>web, web>p"), r#""rate": "50/s""#, ""), 9, 2_000);
    assert_mean(&run, 0, 0.020, 0.05);
    let busy = node(&run, "web").utilization.unwrap_or(0.0);
    assert!((busy - 0.5).abs() < 4.0 * 0.5 * (2.0 / 100_000.0f64).sqrt(), "{busy}");
}
