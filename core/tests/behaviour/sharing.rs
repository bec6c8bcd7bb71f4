//! Cores that are shared: by the workers of an instance, and by nodes on one host.
use crate::design::{assert_mean, design, edges, node, run, theory};
use loadpath_core::run::Run;

fn alone(service: &str, rate: u32, seconds: u64) -> Run {
    let nodes = format!(r#"{{"id": "web", "kind": "service", "workers": 4096, {service}}}"#);
    run(&design(&nodes, &edges("users>web"), &format!(r#""rate": "{rate}/s""#), ""), 1, seconds)
}

/// The busy share of cores under Poisson arrivals, within four standard deviations of the work that arrived: the work of `n`
/// jobs has a relative deviation of sqrt((1 + cv²) / n).
fn assert_busy(run: &Run, id: &str, share: f64, cv2: f64) {
    let busy = node(run, id).utilization.expect("a service has cores");
    let most = 4.0 * ((1.0 + cv2) / run.outcomes().total() as f64).sqrt() * share;
    assert!((busy - share).abs() <= most, "{busy}, not {share} within {most}");
}

#[test]
fn the_mean_under_processor_sharing_does_not_depend_on_the_law() {
    for (law, cv2) in
        [("10ms", 0.0), ("exp 10ms", 1.0), ("hyperexp 10ms cv2 4", 4.0), ("erlang 4 10ms", 0.25)]
    {
        let run = alone(&format!(r#""cores": 1, "service_time": "{law}""#), 80, 6_000);
        assert_mean(&run, 0, theory("mg1ps_rho0.8", "W") * 0.010, 0.08);
        assert_busy(&run, "web", 0.8, cv2);
    }
}

#[test]
fn a_core_for_each_worker_depends_on_the_law() {
    // The same load, first come first served: Pollaczek and Khinchine give 10 ms + 0.8 · (1 + cv²) / (2 · 0.2) · 10 ms.
    let nodes = |law: &str| {
        format!(
            r#"{{"id": "web", "kind": "service", "workers": 1, "queue": 100000, "service_time": "{law}"}}"#
        )
    };
    for (law, mean) in [("10ms", 0.030), ("exp 10ms", 0.050), ("hyperexp 10ms cv2 4", 0.110)] {
        let plan = design(&nodes(law), &edges("users>web"), r#""rate": "80/s""#, "");
        assert_mean(&run(&plan, 2, 4_000), 0, mean, 0.1);
    }
}

#[test]
fn nodes_on_one_host_share_its_cores_and_nodes_apart_do_not() {
    let nodes = |place: &str| {
        format!(
            r#"{{"id": "a", "kind": "service", "workers": 4096, "service_time": "exp 4ms", {place}}},
               {{"id": "b", "kind": "service", "workers": 4096, "service_time": "4ms", {place}}}"#
        )
    };
    let host = r#", "hosts": [{"id": "box", "cores": 1}]"#;
    let together = design(&nodes(r#""host": "box""#), &edges("users>a, a>b"), r#""rate": "100/s""#, host);
    let apart = design(&nodes(r#""cores": 1"#), &edges("users>a, a>b"), r#""rate": "100/s""#, "");
    // Two visits of 4 ms to one core that is 0.8 busy, or one visit each to cores that are 0.4 busy.
    let run_together = run(&together, 3, 3_000);
    assert_mean(&run_together, 0, 2.0 * 0.004 / 0.2, 0.08);
    let run_apart = run(&apart, 3, 1_000);
    assert_mean(&run_apart, 0, 2.0 * 0.004 / 0.6, 0.05);
    for (run, share) in [(&run_together, 0.8), (&run_apart, 0.4)] {
        assert_busy(run, "a", share, 1.0);
        assert_busy(run, "b", share, 1.0);
    }
}

#[test]
fn a_core_of_twice_the_speed_halves_the_work() {
    let fast = alone(r#""cores": 1, "speed": 2, "service_time": "exp 20ms""#, 80, 3_000);
    assert_mean(&fast, 0, 0.050, 0.1);
    assert_busy(&fast, "web", 0.8, 1.0);
    // On a host both speeds count: 40 ms of work take 10.
    let nodes = r#"{"id": "web", "kind": "service", "workers": 4096, "host": "box", "speed": 2, "service_time": "exp 40ms"}"#;
    let host = r#", "hosts": [{"id": "box", "cores": 1, "speed": 2}]"#;
    let hosted = run(&design(nodes, &edges("users>web"), r#""rate": "80/s""#, host), 4, 3_000);
    assert_mean(&hosted, 0, 0.050, 0.1);
    assert_busy(&hosted, "web", 0.8, 1.0);
}

#[test]
fn a_pause_holds_the_worker_and_takes_no_core() {
    let run = alone(r#""cores": 1, "service_time": "exp 4ms", "pause": "exp 50ms""#, 100, 1_000);
    assert_mean(&run, 0, 0.004 / 0.6 + 0.050, 0.03);
    assert_busy(&run, "web", 0.4, 1.0);
    // With a core for each worker, a worker that pauses is taken: Erlang's loss formula for 54 ms, ten workers and no queue,
    // a = 5.4 and so B = 0.0285 (insensitive to the law).
    let nodes = r#"{"id": "web", "kind": "service", "workers": 10, "queue": 0, "service_time": "exp 4ms", "pause": "50ms"}"#;
    let lossy = crate::design::replicate(8, |seed| {
        let plan = design(nodes, &edges("users>web"), r#""rate": "100/s""#, "");
        crate::design::run(&plan, seed, 200).outcomes().error_share()
    });
    let (mut blocked, load) = (1.0, 5.4);
    (1..=10).for_each(|n| blocked = load * blocked / (f64::from(n) + load * blocked));
    assert!(lossy.holds(blocked) && lossy.half_width < 0.2 * blocked, "{lossy:?}, not {blocked}");
}

#[test]
fn work_that_is_slowed_down_takes_longer_on_shared_cores_too() {
    let nodes = r#"{"id": "web", "kind": "service", "workers": 4096, "cores": 1, "service_time": "exp 2ms"}"#;
    let slow = r#", "timeline": [{"at": "0s", "action": "slow", "node": "web", "instance": 0, "factor": 5}]"#;
    let plan = design(nodes, &edges("users>web"), r#""rate": "80/s""#, slow);
    assert_mean(&run(&plan, 5, 3_000), 0, 0.050, 0.1);
}
