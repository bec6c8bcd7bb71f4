//! Parameters that are odd and allowed: nothing panics, nothing hangs, and what comes out is what they say.
use crate::design::{at, counted, design, edges, node, run};
use loadpath_core::rng::Seed;
use loadpath_core::sim::{Command, Simulation};

#[test]
fn a_design_in_which_nothing_takes_time_answers_at_once() {
    let nodes = r#"{"id": "lb", "kind": "load_balancer", "service_time": "0s", "queue": 0, "cores": 1},
        {"id": "web", "kind": "service", "service_time": "0s", "workers": 1, "queue": 0, "cores": 1},
        {"id": "cache", "kind": "cache", "service_time": "0s", "workers": 1, "queue": 0, "capacity": 1},
        {"id": "db", "kind": "database", "read_time": "0s", "write_time": "0s", "connections": 1, "queue": 0}"#;
    let links = edges("users>lb, lb>web, web>cache, web>db");
    for arrivals in [r#""rate": "1000/s""#, r#""rate": "1000/s", "arrivals": "constant""#] {
        let run = run(&design(nodes, &links, arrivals, ""), 2, 10);
        assert_eq!(run.outcomes().errors(), 0, "{:?}", run.outcomes());
        assert_eq!(run.response().max().0 / 1_000, 0);
        assert!(run.outcomes().ok > 9_000);
    }
}

#[test]
fn a_closed_loop_in_which_nothing_takes_time_goes_on() {
    let nodes = r#"{"id": "web", "kind": "service", "service_time": "0s"}"#;
    let plan =
        design(nodes, &edges("users>web"), r#""arrivals": "closed", "users": 3, "think_time": "0s""#, "");
    let run = run(&plan, 2, 1);
    // Who is answered in no time thinks for a millisecond.
    assert_eq!(run.outcomes().ok, 3_000);
    let mut dead = Simulation::new(&plan, Seed(2));
    dead.command(&Command::Kill { node: "web".to_owned(), instance: 0 }).expect("it is there");
    dead.run_until(at(1.0));
    assert_eq!(dead.snapshot().total.refused, 3 * 1_001, "at the start and at the end too");
}

#[test]
fn shared_cores_take_no_time_for_no_work() {
    let nodes = r#"{"id": "web", "kind": "service", "service_time": "0s", "workers": 1, "queue": 0, "host": "box"},
        {"id": "back", "kind": "service", "service_time": "0s", "workers": 1, "queue": 0, "host": "box"}"#;
    let host = r#", "hosts": [{"id": "box", "cores": 512, "speed": 100}]"#;
    let run = run(&design(nodes, &edges("users>web, web>back"), r#""rate": "1000/s""#, host), 3, 10);
    assert_eq!((run.outcomes().errors(), run.response().max().0 / 1_000), (0, 0));
    assert_eq!(node(&run, "web").utilization, Some(0.0));
}

#[test]
fn the_longest_chain_of_retries_is_sent_to_its_end() {
    // A hundred tiers, each of which tries once more only when the last fails; nothing fails but the last, once in a while.
    let tiers = 100;
    let tier = |i| format!(r#"{{"id": "t{i}", "kind": "service", "service_time": "0s", "workers": 4096}}"#);
    let nodes: Vec<String> = (0..tiers).map(tier).collect();
    let link = |i| {
        format!("t{}>t{i} timeout=1s retries=10 backoff=0s connections=1 breaker=1 hedge_after=1s", i - 1)
    };
    let links: Vec<String> = (1..tiers).map(link).collect();
    let links = edges(&format!("users>t0, {}", links.join(", ")));
    let plan = design(&nodes.join(", "), &links, r#""rate": "100/s""#, "");
    assert_eq!(run(&plan, 4, 10).outcomes().errors(), 0);
    // Dead at its end, eleven attempts at each of a hundred tiers would go on for ever; the breakers end it.
    let mut dead = Simulation::new(&plan, Seed(4));
    dead.command(&Command::Kill { node: "t99".to_owned(), instance: 0 }).expect("it is there");
    assert!(dead.run_some(at(1.0), 5_000_000), "a second of a hundred requests is over after so many events");
}

#[test]
fn ten_retries_are_eleven_attempts() {
    let nodes = r#"{"id": "web", "kind": "service", "service_time": "0s", "workers": 1, "queue": 0},
        {"id": "party", "kind": "external", "service_time": "0s", "error_share": 1}"#;
    let run = run(
        &design(nodes, &edges("users>web, web>party retries=10 backoff=0s"), r#""rate": "10/s""#, ""),
        5,
        100,
    );
    assert_eq!(counted(&run, "web", "retries"), 10 * run.outcomes().failed);
    assert_eq!(run.outcomes().ok, 0);
}

#[test]
fn a_service_without_a_queue_serves_one_and_refuses_the_second() {
    for order in ["fifo", "lifo", "priority", "codel"] {
        for guard in ["shedding", "deadlines"] {
            let nodes = format!(
                r#"{{"id": "web", "kind": "service", "service_time": "10ms", "workers": 1, "queue": 0, "queue_order": "{order}", "{guard}": "on"}}"#
            );
            let workload = r#""rate": "200/s", "arrivals": "constant""#;
            let run = run(&design(&nodes, &edges("users>web"), workload, ""), 6, 10);
            // At every second arrival, 10 ms after the one before, the worker is free again or just about to be.
            let served = run.outcomes().ok as f64 / 1_000.0;
            assert!((0.66..=1.01).contains(&served), "{order}, {guard}: {:?}", run.outcomes());
        }
    }
}

#[test]
fn many_thousand_calls_at_once_are_all_waited_for() {
    // Seven hundred parties, a hundred calls each: more than a number of two bytes can count.
    let party = |i| {
        format!(r#", {{"id": "p{i}", "kind": "external", "service_time": "1ms", "concurrency": 100000}}"#)
    };
    let parties: String = (0..700).map(party).collect();
    let links: String = (0..700).map(|i| format!(", web>p{i} calls=100 mode=parallel")).collect();
    let nodes =
        format!(r#"{{"id": "web", "kind": "service", "service_time": "0s", "workers": 10}}{parties}"#);
    let workload = r#""rate": "10/s", "arrivals": "constant""#;
    let plan = design(&nodes, &edges(&format!("users>web{links}")), workload, "");
    let mut simulation = Simulation::new(&plan, Seed(7));
    simulation.run_until(at(0.15));
    let total = simulation.snapshot().total;
    assert_eq!((total.ok, total.errors()), (1, 0));
    assert!((simulation.run("").response().max().as_millis() - 1.0).abs() < 0.01);
}

#[test]
fn the_longest_and_the_shortest_spans_are_kept() {
    let nodes = r#"{"id": "users", "kind": "clients", "timeout": "1ms"},
        {"id": "web", "kind": "service", "service_time": "1h", "workers": 4096, "start_time": "1h", "queue": 1000000}"#;
    let links = edges(
        "users>web latency=1m timeout=1ns retries=10 backoff=1m hedge_after=1ns connections=1 breaker=0.0001 breaker_open=1h",
    );
    let mut simulation = Simulation::new(&design(nodes, &links, r#""rate": "10/s""#, ""), Seed(8));
    simulation.run_until(at(4_000.0));
    let total = simulation.snapshot().total;
    assert_eq!(total.ok, 0);
    assert!(total.timed_out + total.refused > 30_000, "{total:?}");
}

#[test]
fn hedges_and_timeouts_of_the_same_length_do_not_trip_over_each_other() {
    let nodes = r#"{"id": "web", "kind": "service", "service_time": "0s", "workers": 4096},
        {"id": "back", "kind": "service", "service_time": "exp 10ms", "workers": 4096}"#;
    for same in [
        "timeout=10ms hedge_after=10ms",
        "timeout=10ms hedge_after=10ms retries=10 backoff=0s",
        "timeout=1ns hedge_after=1ns retries=10 backoff=0s",
    ] {
        let plan = design(nodes, &edges(&format!("users>web, web>back {same}")), r#""rate": "100/s""#, "");
        let mut simulation = Simulation::new(&plan, Seed(9));
        simulation.run_until(at(10.0));
        simulation.command(&Command::SetRate { rate: 1e-6 }).expect("a rate above zero");
        simulation.run_until(at(20.0));
        let nodes = simulation.snapshot().nodes;
        assert!(nodes.iter().all(|node| node.in_flight == 0), "{same}");
    }
}

#[test]
fn several_clients_with_hardly_any_share_have_users_of_their_own() {
    let clients = |i: u32, share: f64| format!(r#"{{"id": "c{i}", "kind": "clients", "share": {share}}}, "#);
    let nodes: String = [(0, 0.001), (1, 0.001), (2, 1.0)].map(|(i, share)| clients(i, share)).concat();
    let nodes =
        format!(r#"{nodes}{{"id": "web", "kind": "service", "service_time": "1ms", "workers": 100}}"#);
    let plan = design(
        &nodes,
        &edges("c0>web, c1>web, c2>web"),
        r#""arrivals": "closed", "users": 10, "think_time": "99ms""#,
        "",
    );
    let run = run(&plan, 10, 100);
    // A request of each user in 100 ms.
    let of = |id: &str| node(&run, id).outcomes.ok as f64 / 1_000.0;
    assert!((of("c0") - 1.0).abs() < 0.01 && (of("c1") - 1.0).abs() < 0.01, "{} {}", of("c0"), of("c1"));
    assert!((of("c2") - 8.0).abs() < 0.05, "{}", of("c2"));
}
