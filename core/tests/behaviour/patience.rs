//! Who waits too long leaves the queue.
use crate::design::{assert_share, counted, design, edges, node, run, theory};
use loadpath_core::analytic::solve;

/// Eight workers of one unit of work, which is 10 ms, and a patience of five.
const STATION: &str = r#"{"id": "web", "kind": "service", "workers": 8, "queue": 100000, "service_time": "exp 10ms",
    "patience": "exp 50ms"}"#;

#[test]
fn as_many_leave_the_queue_as_erlang_a_says_and_the_estimate_says_so_too() {
    let plan = design(STATION, &edges("users>web"), r#""rate": "800/s""#, "");
    let run = run(&plan, 1, 1_000);
    let web = node(&run, "web");
    let (n, case) = (web.outcomes.total(), "erlangA_l8_c8_t0.2");
    assert_eq!(counted(&run, "web", "abandoned"), web.outcomes.timed_out);
    // Neighbours in a queue that remembers some five services, of eight requests each, count as one.
    assert_share(web.outcomes.timed_out / 40, n / 40, theory(case, "P_abandon"));
    assert_share(web.waited.unwrap() / 40, n / 40, theory(case, "P_wait"));
    let wait = web.mean_wait.unwrap() / 0.010;
    assert!((wait / theory(case, "Wq_all") - 1.0).abs() < 0.03, "{wait}");
    let estimate = solve(&plan).nodes[1].wait.unwrap() / 0.010;
    assert!((estimate / theory(case, "Wq_all") - 1.0).abs() < 1e-6, "{estimate}");
}

#[test]
fn a_queue_that_people_leave_has_an_estimate_above_its_capacity() {
    let plan = design(STATION, &edges("users>web"), r#""rate": "2000/s""#, "");
    let run = run(&plan, 1, 100);
    // A fluid waits until as many leave as are too many: 1200/s of those who wait 50 ms on average.
    let wait = solve(&plan).nodes[1].wait.unwrap();
    let seen = node(&run, "web").mean_wait.unwrap();
    assert!((wait / 0.030 - 1.0).abs() < 0.02 && (seen / wait - 1.0).abs() < 0.03, "{wait} {seen}");
}

#[test]
fn who_has_left_takes_no_place_and_no_worker() {
    // One worker for ever, two places; who waits leaves after a second. At one request every 0.6 s the queue never fills.
    let nodes = r#"{"id": "web", "kind": "service", "workers": 1, "queue": 2, "service_time": "50m", "patience": "1s"}"#;
    let workload = r#""arrivals": "constant", "rate": "100/m""#;
    let run = run(&design(nodes, &edges("users>web"), workload, ""), 1, 100);
    let web = node(&run, "web");
    assert_eq!(web.outcomes.refused, 0);
    assert!(web.outcomes.timed_out > 150 && web.outcomes.ok == 0, "{:?}", web.outcomes);
}
