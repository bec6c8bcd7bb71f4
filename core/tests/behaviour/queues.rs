//! Who waits, who is next, and who is turned away.
use crate::design::{assert_mean, assert_share, at, counted, design, edges, node, replicate, run, theory};
use loadpath_core::topology::Plan;

/// One service of single workers with 10 ms of exponential work.
fn station(params: &str, workload: &str) -> Plan {
    let nodes = format!(r#"{{"id": "web", "kind": "service", "service_time": "exp 10ms", {params}}}"#);
    design(&nodes, &edges("users>web"), workload, "")
}

const IMPORTANT_AND_NOT: &str =
    r#""classes": [{"name": "high", "priority": 9}, {"name": "low", "priority": 0}]"#;

#[test]
fn the_important_wait_as_briefly_and_the_others_as_long_as_cobham_says() {
    let workload = format!(r#""rate": "80/s", {IMPORTANT_AND_NOT}"#);
    let run =
        run(&station(r#""workers": 1, "queue": 100000, "queue_order": "priority""#, &workload), 1, 6_000);
    assert_mean(&run, 0, (1.0 + theory("mm1prio_0.4_0.4", "Wq_high")) * 0.010, 0.03);
    assert_mean(&run, 1, (1.0 + theory("mm1prio_0.4_0.4", "Wq_low")) * 0.010, 0.12);
}

#[test]
fn who_came_last_first_has_the_same_mean_and_a_longer_tail() {
    let of = |order: &str| {
        let params = format!(r#""workers": 1, "queue": 100000, "queue_order": "{order}""#);
        run(&station(&params, r#""rate": "80/s""#), 2, 6_000)
    };
    let (first, last) = (of("fifo"), of("lifo"));
    assert_mean(&first, 0, 0.050, 0.1);
    assert_mean(&last, 0, 0.050, 0.1);
    // The wait's second moment is 1 / (1 - rho) = 5 times that of first come first served (Takács 1963).
    let tail = |run: &loadpath_core::run::Run| run.response().quantile(0.999).as_secs();
    assert!(tail(&last) > 2.0 * tail(&first), "{} and {}", tail(&last), tail(&first));
}

#[test]
fn a_full_queue_refuses_what_the_loss_formula_says_and_the_rest_waits_as_it_says() {
    for (rate, workers, queue, case) in
        [(90, 1, 9, "mmck_l0.9_c1_K10"), (800, 10, 0, "mmck_l8_c10_K10"), (1_800, 16, 48, "mmck_l18_c16_K64")]
    {
        let plan =
            station(&format!(r#""workers": {workers}, "queue": {queue}"#), &format!(r#""rate": "{rate}/s""#));
        let seconds = 100_000 / rate;
        let lost = replicate(8, |seed| run(&plan, seed, seconds).outcomes().error_share());
        let exact = theory(case, "P_block");
        assert!(lost.holds(exact) && lost.half_width < 0.15 * exact, "{case}: {lost:?}, not {exact}");
        let taken = replicate(8, |seed| {
            let run = run(&plan, seed, seconds);
            run.response().mean().as_secs() * run.outcomes().total() as f64 / run.outcomes().ok as f64
        });
        let accepted = theory(case, "W_accepted") * 0.010;
        assert!(
            taken.holds(accepted) && taken.half_width < 0.1 * accepted,
            "{case}: {taken:?}, not {accepted}"
        );
    }
}

#[test]
fn codel_keeps_the_wait_short_under_an_overload_that_fills_a_fifo() {
    let of = |order: &str| {
        let params = format!(r#""workers": 1, "queue": 100000, "queue_order": "{order}""#);
        run(&station(&params, r#""rate": "150/s""#), 3, 300)
    };
    let (fifo, codel) = (of("fifo"), of("codel"));
    let wait = |run: &loadpath_core::run::Run| node(run, "web").wait.quantile(0.5).as_secs();
    // Of 150 a second 100 are served: who is served after 180 s, half of the time, came after 120 s.
    assert!(wait(&fifo) > 50.0, "{}", wait(&fifo));
    // A wait of two intervals at most: one in which CoDel watches, one in which it drops.
    assert!(wait(&codel) < 0.2, "{}", wait(&codel));
    // What it drops is the excess: arrivals less 100 a second, each Poisson over 300 s.
    let shed = counted(&codel, "web", "shed");
    let most = 4.0 * (45_000.0f64 + 30_000.0).sqrt();
    assert!((shed as f64 - 15_000.0).abs() < most, "{shed}");
    assert_eq!(codel.outcomes().refused, shed);
    assert!(node(&codel, "web").utilization.unwrap_or(0.0) > 0.98, "and its worker is not idle");
}

#[test]
fn codel_drops_nothing_where_nobody_waits_long() {
    // Ten workers at a load of 2: whoever waits (4 in 100,000) waits for 1.25 ms on average.
    let plan = station(r#""workers": 10, "queue_order": "codel""#, r#""rate": "200/s""#);
    let run = run(&plan, 4, 500);
    assert_eq!((run.outcomes().errors(), counted(&run, "web", "shed")), (0, 0));
}

#[test]
fn shedding_turns_the_unimportant_away_and_keeps_room_for_the_important() {
    let workload = format!(r#""rate": "150/s", {IMPORTANT_AND_NOT}"#);
    let plan = station(r#""workers": 1, "queue": 20, "shedding": "on""#, &workload);
    let shares =
        |class: usize| replicate(8, |seed| run(&plan, seed, 500).classes[class].outcomes.error_share());
    // A birth and death process: all 150 a second enter while fewer than two of 20 wait, then the important 75 alone, and
    // none into a full queue.
    let entering = |n: usize| if n < 3 { 1.5 } else { 0.75 };
    let mut weights = vec![1.0];
    (0..21).for_each(|n| weights.push(weights[n] * entering(n)));
    let sum: f64 = weights.iter().sum();
    let (high, low) = (weights[21] / sum, weights[3..].iter().sum::<f64>() / sum);
    let (lost_high, lost_low) = (shares(0), shares(1));
    assert!(lost_high.holds(high) && lost_high.half_width < 0.002, "{lost_high:?}, not {high}");
    assert!(lost_low.holds(low) && lost_low.half_width < 0.05, "{lost_low:?}, not {low}");
    let one = run(&plan, 5, 500);
    assert_eq!(counted(&one, "web", "shed"), one.outcomes().refused);
    let without = run(&station(r#""workers": 1, "queue": 20"#, &workload), 5, 500);
    assert!(without.classes[0].outcomes.error_share() > 0.3, "{:?}", without.classes[0].outcomes);
}

#[test]
fn shedding_without_a_queue_refuses_only_when_all_workers_are_taken() {
    let workload = format!(r#""rate": "800/s", {IMPORTANT_AND_NOT}"#);
    let plan = station(r#""workers": 10, "queue": 0, "shedding": "on""#, &workload);
    let lost = replicate(8, |seed| run(&plan, seed, 100).outcomes().error_share());
    let exact = theory("mmck_l8_c10_K10", "P_block");
    assert!(lost.holds(exact), "{lost:?}, not {exact}");
}

#[test]
fn with_deadlines_nobody_works_for_users_who_have_left() {
    let clients = r#"{"id": "users", "kind": "clients", "timeout": "100ms"}, "#;
    let of = |deadlines: &str| {
        let web = format!(
            r#"{clients}{{"id": "web", "kind": "service", "service_time": "exp 10ms", "workers": 1, "queue": 1000, "deadlines": "{deadlines}"}}"#
        );
        run(&design(&web, &edges("users>web"), r#""rate": "200/s""#, ""), 6, 200)
    };
    let (off, on) = (of("off"), of("on"));
    // Ten seconds of work wait in the queue: whoever is served has left long ago.
    assert_eq!(off.outcomes().ok, 0, "{:?}", off.outcomes());
    // Whose turn has come within 100 ms is served. Of two who are due together one is too many, so that the next in the line
    // has less than 5 ms left on average; exponential work of 10 ms ends in them in a quarter of cases or more.
    let goodput = on.outcomes().ok as f64 / 200.0;
    assert!(goodput > 20.0, "{goodput}");
    assert!(counted(&on, "web", "shed") > 15_000, "half of 40,000 are dropped: {:?}", on.outcomes());
    // No work begins after the deadline; the histogram of nodes is good to 0.8 %.
    let served = node(&on, "web").outcomes.ok;
    assert_share(served, served + counted(&on, "web", "shed"), 0.5);
}

#[test]
fn what_is_too_late_when_it_arrives_is_dropped_though_a_worker_is_free() {
    let nodes = r#"{"id": "users", "kind": "clients", "timeout": "50ms"},
        {"id": "web", "kind": "service", "service_time": "0s", "workers": 100, "pause": "60ms"},
        {"id": "back", "kind": "service", "service_time": "1ms", "workers": 100, "deadlines": "on"}"#;
    let run = run(&design(nodes, &edges("users>web, web>back"), r#""rate": "100/s""#, ""), 7, 20);
    let back = node(&run, "back");
    assert_eq!((back.outcomes.ok, back.outcomes.timed_out), (0, counted(&run, "back", "shed")));
    assert!(back.outcomes.timed_out > 1_500, "all 2,000 requests come too late");
    assert_eq!(back.utilization, Some(0.0));
}

#[test]
fn a_queue_in_a_snapshot_is_who_waits_and_never_more_than_its_bound() {
    let plan = station(r#""workers": 2, "queue": 7"#, r#""rate": "400/s""#);
    let mut simulation = loadpath_core::sim::Simulation::new(&plan, loadpath_core::rng::Seed(8));
    let mut full = 0;
    for step in 1..2_000 {
        simulation.run_until(at(f64::from(step) * 0.01));
        let web = &simulation.snapshot().nodes[1];
        assert!(web.backlog <= 7 && web.in_flight == web.backlog + 2 || web.backlog == 0, "{web:?}");
        full += u32::from(web.backlog == 7);
    }
    assert!(full > 500, "at twice the load it is full half of the time: {full} of 2,000");
}
