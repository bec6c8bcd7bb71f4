//! What a run says of itself: intervals that hold the truth as often as they say, and a warm-up that is cut by rule.
use crate::design::{design, edges, node, run};
use loadpath_core::math;
use loadpath_core::rng::Seed;
use loadpath_core::run::{Figure, Figures, Run};
use loadpath_core::sim::{WarmUp, simulate};
use loadpath_core::time::Span;
use loadpath_core::topology::Plan;

/// One worker who takes 10 ms on average, and 50 requests a second: M/M/1 at a half, where everything is known.
fn half_busy() -> Plan {
    let nodes =
        r#"{"id": "web", "kind": "service", "workers": 1, "queue": 100000, "service_time": "exp 10ms"}"#;
    design(nodes, &edges("users>web"), r#""rate": "50/s""#, "")
}

const RUNS: u64 = 40;

fn runs(plan: &Plan, seconds: u64) -> Vec<Run> {
    (1..=RUNS).map(|seed| run(plan, seed, seconds)).collect()
}

/// Of 40 intervals at 95 % 38 hold the truth, with a standard deviation of 1.4; four of them make 32.
fn assert_covered(runs: &[Run], truths: &[(Figure, f64)], of: fn(&Run) -> &Figures) {
    for &(figure, truth) in truths {
        let holds = |run: &&Run| {
            let reading = of(run)[&figure];
            let interval = reading.interval.unwrap_or_else(|| panic!("{figure:?} has no interval"));
            assert!(
                interval.low <= reading.value && reading.value <= interval.high,
                "{figure:?} {reading:?}"
            );
            interval.holds(truth)
        };
        let held = runs.iter().filter(holds).count();
        assert!(held >= 32, "{figure:?}, {truth}: {held} of {RUNS}");
    }
}

#[test]
fn every_figure_of_a_queue_lies_in_its_interval_as_often_as_that_says() {
    let log = |x: f64| 0.02 * math::ln(x);
    let response = [
        (Figure::Rate, 50.0),
        (Figure::Mean, 0.02),
        (Figure::P50, log(2.0)),
        (Figure::P90, log(10.0)),
        (Figure::P95, log(20.0)),
        (Figure::P99, log(100.0)),
    ];
    let runs = runs(&half_busy(), 150);
    assert_covered(&runs, &response, |run| &run.figures);
    // Of a wait the share above t is ρ e^(-t (μ - λ)); the queue has ρ²/(1 - ρ) on average.
    let waits = [
        (Figure::Utilization, 0.5),
        (Figure::Backlog, 0.5),
        (Figure::WaitMean, 0.01),
        (Figure::WaitP90, log(5.0)),
        (Figure::WaitP95, log(10.0)),
        (Figure::WaitP99, log(50.0)),
    ];
    let all: Vec<_> = response.into_iter().chain(waits).collect();
    assert_covered(&runs, &all, |run| &node(run, "web").figures);
}

#[test]
fn shares_of_errors_and_hits_lie_in_their_intervals_as_often_as_these_say() {
    // Erlang's loss formula for one server: a third.
    let lossy = r#"{"id": "web", "kind": "service", "workers": 1, "queue": 0, "service_time": "exp 10ms"}"#;
    let lost = runs(&design(lossy, &edges("users>web"), r#""rate": "50/s""#, ""), 60);
    let errors = [(Figure::ErrorShare, 1.0 / 3.0)];
    assert_covered(&lost, &errors, |run| &run.figures);
    assert_covered(&lost, &errors, |run| &node(run, "web").figures);
    // One key that lives for as long as it takes to be asked for once more: hits are λT / (1 + λT).
    let nodes = r#"{"id": "web", "kind": "service", "workers": 64, "service_time": "0s"},
        {"id": "cache", "kind": "cache", "ttl": "100ms", "service_time": "0s"},
        {"id": "db", "kind": "database", "read_time": "0s"}"#;
    let workload = r#""rate": "10/s", "classes": [{"name": "read", "keys": 1}]"#;
    let plan = design(nodes, &edges("users>web, web>cache, web>db"), workload, "");
    assert_covered(&runs(&plan, 200), &[(Figure::HitRatio, 0.5)], |run| &node(run, "cache").figures);
}

#[test]
fn an_edge_is_told_with_its_rate_and_the_calls_that_were_sent() {
    let nodes = r#"{"id": "web", "kind": "service", "service_time": "0s"},
        {"id": "api", "kind": "external", "service_time": "0s"}"#;
    let plan =
        design(nodes, &edges("users>web, web>api calls=3"), r#""rate": "100/s", "arrivals": "constant""#, "");
    let run = run(&plan, 1, 50);
    let [first, second] = run.edges.as_slice() else { panic!("{:?}", run.edges) };
    assert_eq!((first.from.as_str(), first.to.as_str(), second.calls), ("users", "web", 3 * first.calls));
    assert!((second.rate.value - 300.0).abs() < 0.1 && second.rate.interval.unwrap().holds(300.0));
}

#[test]
fn a_run_that_is_too_short_says_so_by_having_no_intervals() {
    let run = run(&half_busy(), 1, 10);
    assert!(run.nodes[1].figures.len() > 10);
    assert!(run.nodes[1].figures.values().all(|reading| reading.interval.is_none()));
    assert!(run.figures[&Figure::P99].interval.is_none());
}

/// 5,000 keys asked for evenly 1,000 times a second, all in memory in the end, and 20 ms for each that is not yet: of the
/// requests at t all but 1 - e^(-t/5 s) miss.
fn cold_cache() -> Plan {
    let nodes = r#"{"id": "web", "kind": "service", "workers": 4096, "service_time": "exp 2ms"},
        {"id": "cache", "kind": "cache", "ttl": "1h", "capacity": 10000, "service_time": "0s"},
        {"id": "db", "kind": "database", "connections": 1000, "read_time": "20ms"}"#;
    let workload = r#""rate": "1k/s", "classes": [{"name": "read", "keys": 5000, "skew": 0}]"#;
    design(nodes, &edges("users>web, web>cache, web>db"), workload, "")
}

#[test]
fn a_cold_start_is_cut_by_rule_and_the_run_says_how_much() {
    let (plan, minute) = (cold_cache(), Span::from_millis(60_000));
    let cut = simulate(&plan, Seed(1), WarmUp::ByRule, minute);
    // At 10 s 14 % still miss, and a mean lies 2.7 ms too high; at 40 s 0.03 %, which is lost in the noise of a run.
    assert!((10.0..40.0).contains(&cut.warm_up.as_secs()), "{:?}", cut.warm_up);
    assert!(cut.notes.iter().any(|note| note.contains("MSER-5")), "{:?}", cut.notes);
    assert_eq!(cut.duration, minute);
    let steady = cut.figures[&Figure::Mean];
    let whole = simulate(&plan, Seed(1), Span::ZERO, minute).figures[&Figure::Mean];
    // The truth is 2 ms; a whole minute from cold has 20 ms × 5,000 misses of 60,000 requests on top.
    assert!((steady.value - 0.002).abs() < 0.000_2, "{steady:?}");
    assert!(whole.value > 0.003, "{whole:?}");
    // Cut by hand at the same place it is the same run.
    assert_eq!(simulate(&plan, Seed(1), cut.warm_up, minute).digest(), cut.digest());
}

#[test]
fn a_run_that_never_settles_is_cut_in_half_and_says_so() {
    // Half as much again as the worker can do: the queue grows for ever.
    let nodes =
        r#"{"id": "web", "kind": "service", "workers": 1, "queue": 100000, "service_time": "exp 10ms"}"#;
    let plan = design(nodes, &edges("users>web"), r#""rate": "150/s""#, "");
    let run = simulate(&plan, Seed(1), WarmUp::ByRule, Span::from_millis(20_000));
    assert_eq!(run.warm_up, Span::from_millis(10_000));
    assert!(run.notes[0].contains("too short"), "{:?}", run.notes);
}

#[test]
fn what_a_timeline_does_is_no_warm_up() {
    let nodes = r#"{"id": "web", "kind": "service", "workers": 100, "service_time": "exp 10ms"}"#;
    let rest = r#", "timeline": [{"at": "20s", "action": "slow", "node": "web", "factor": 20}]"#;
    let plan = design(nodes, &edges("users>web"), r#""rate": "50/s""#, rest);
    let run = simulate(&plan, Seed(1), WarmUp::ByRule, Span::from_millis(40_000));
    // Without the slow half there is nothing to cut but by chance; with it the first half would be the less costly part.
    assert!(run.warm_up < Span::from_millis(10_000), "{:?}", run.warm_up);
}
