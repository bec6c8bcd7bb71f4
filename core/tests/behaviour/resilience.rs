//! Circuit breakers, and policies on the edges of a load balancer.
use crate::design::{assert_share, at, counted, design, edges, node, run, run_on};
use loadpath_core::rng::Seed;
use loadpath_core::sim::{Command, Simulation};
use loadpath_core::topology::Plan;

/// A web tier that calls another by an edge with a breaker; the other is dead from 10 s to 30 s.
fn with_outage(policy: &str) -> Plan {
    let nodes = r#"{"id": "web", "kind": "service", "service_time": "0s", "workers": 4096},
        {"id": "back", "kind": "service", "service_time": "1ms", "workers": 100}"#;
    let rest = r#", "timeline": [{"at": "10s", "action": "kill", "node": "back"}, {"at": "30s", "action": "restore", "node": "back"}]"#;
    let links = edges(&format!("users>web, web>back {policy}"));
    design(nodes, &links, r#""rate": "100/s", "arrivals": "constant""#, rest)
}

#[test]
fn a_breaker_opens_on_failures_lets_probes_out_and_closes() {
    let mut simulation = Simulation::new(&with_outage("breaker=0.5 breaker_open=4s"), Seed(1));
    let before = run_on(&mut simulation, 9.995);
    assert_eq!((before.outcomes().errors(), counted(&before, "web", "broken_circuit")), (0, 0));
    // It looks at the last hundred calls: fifty failures open it, after half a second. Then one probe at each fourth second,
    // which fails, at 14.49, 18.49, 22.49 and 26.49 s.
    let outage = run_on(&mut simulation, 20.0);
    assert_eq!(outage.outcomes().ok, 0);
    let tried = node(&outage, "back").outcomes.refused;
    assert_eq!(tried, 50 + 4);
    assert_eq!(counted(&outage, "web", "broken_circuit"), outage.outcomes().total() - tried);
    // At 30.49 s the probes go well: from then on all is well. A probe takes a millisecond, shorter than the gap.
    let after = run_on(&mut simulation, 10.0);
    assert_eq!(after.outcomes().errors(), 49, "from 30.00 to 30.48 s");
    assert_eq!(counted(&run_on(&mut simulation, 10.0), "web", "broken_circuit"), 0);
}

#[test]
fn a_breaker_takes_the_load_off_a_callee_that_times_out() {
    let nodes = r#"{"id": "web", "kind": "service", "service_time": "0s", "workers": 4096},
        {"id": "party", "kind": "external", "service_time": "exp 1s", "concurrency": 10000}"#;
    let links = edges("users>web, web>party timeout=10ms breaker=0.9 breaker_open=10s");
    let run = run(&design(nodes, &links, r#""rate": "100/s""#, ""), 2, 100);
    // A period: 50 calls of half a second until it opens, ten seconds, and a probe or five.
    let periods = 100.0 / 10.0;
    let tried = node(&run, "party").outcomes.total() as f64;
    assert!(tried <= periods * 5.0 + 50.0, "{tried} of {}", run.outcomes().total());
    assert!(tried >= 5.0, "{tried}");
}

#[test]
fn a_breaker_closes_though_the_slower_of_two_hedged_probes_was_never_waited_for() {
    let policy = "breaker=0.5 breaker_open=2s hedge_after=100us timeout=50ms retries=1 backoff=1ms";
    let mut simulation = Simulation::new(&with_outage(policy), Seed(3));
    simulation.run_until(at(35.0));
    let after = run_on(&mut simulation, 20.0);
    assert_eq!((after.outcomes().errors(), counted(&after, "web", "broken_circuit")), (0, 0));
}

/// A balancer before two services of one instance each, by edges with a policy.
fn balanced(balancer: &str, policy: &str, service: &str) -> Plan {
    let nodes = format!(
        r#"{{"id": "lb", "kind": "load_balancer", "service_time": "0s", "queue": 100000, {balancer}}},
           {{"id": "a", "kind": "service", "workers": 50, "queue": 10000, {service}}},
           {{"id": "b", "kind": "service", "workers": 50, "queue": 10000, {service}}}"#
    );
    let links = edges(&format!("users>lb, lb>a {policy}, lb>b {policy}"));
    design(&nodes, &links, r#""rate": "200/s""#, "")
}

fn kill(node: &str) -> Command {
    Command::Kill { node: node.to_owned(), instance: 0 }
}

fn restore(node: &str) -> Command {
    Command::Restore { node: node.to_owned(), instance: 0 }
}

#[test]
fn a_balancer_with_retries_hides_a_dead_target_until_its_probes_find_it() {
    let of = |policy: &str| {
        let plan = balanced(r#""check_interval": "1m", "fall": 1"#, policy, r#""service_time": "exp 5ms""#);
        let mut simulation = Simulation::new(&plan, Seed(4));
        simulation.run_until(at(10.0));
        simulation.command(&kill("a")).expect("the node is there");
        let run = run_on(&mut simulation, 40.0);
        (run.outcomes().errors(), run.outcomes().total())
    };
    // Without retries every second request fails. Nobody else asks the dead one: a retry in turn finds the living one, unless
    // other requests take turns between; then again, up to three times.
    let (errors, total) = of("timeout=10m");
    assert_share(errors, total, 0.5);
    let (errors, total) = of("retries=10 backoff=0s");
    assert!(errors * 100 < total, "{errors} of {total}: half to the tenth is a thousandth");
}

#[test]
fn a_target_that_only_times_out_is_ejected_as_one_that_fails() {
    let plan = balanced(
        r#""eject_after": 5, "policy": "round_robin""#,
        "timeout=100ms",
        r#""service_time": "exp 5ms""#,
    );
    let mut simulation = Simulation::new(&plan, Seed(5));
    simulation.run_until(at(5.0));
    let slow = Command::Slow { node: "a".to_owned(), instance: Some(0), factor: 1_000.0 };
    simulation.command(&slow).expect("the factor is in range");
    let run = run_on(&mut simulation, 25.0);
    let share = run.outcomes().error_share();
    // Ejected for 30 s after five timeouts: 100 ms of requests, half of which went there, and those that were under way.
    assert!(share < 0.02, "{share}");
    assert!(run.outcomes().errors() >= 5, "{:?}", run.outcomes());
}

#[test]
fn a_balancer_that_was_restarted_counts_anew_and_spreads_evenly() {
    for policy in
        ["timeout=20ms retries=3 backoff=5ms", "connections=3", "hedge_after=5ms", "breaker=0.5 retries=2"]
    {
        let plan = balanced(r#""policy": "least_connections""#, policy, r#""service_time": "exp 10ms""#);
        let mut simulation = Simulation::new(&plan, Seed(6));
        for round in 0..50 {
            let start = f64::from(round);
            simulation.run_until(at(start + 0.5));
            simulation.command(&kill(["lb", "a"][round as usize % 2])).expect("the node is there");
            simulation.run_until(at(start + 0.503));
            simulation.command(&restore(["lb", "a"][round as usize % 2])).expect("the node is there");
        }
        simulation.run_until(at(60.0));
        let run = run_on(&mut simulation, 100.0);
        let (a, b) = (node(&run, "a").outcomes.total(), node(&run, "b").outcomes.total());
        // A count that leaked would keep requests away from its target for ever. Of two equals each gets half, more evenly
        // than by a coin.
        assert_share(a, a + b, 0.5);
    }
}
