//! Policies have an effect on every edge where they may stand: also on the ways to DNS, from DNS to an address, and from a queue
//! to workers.
use crate::design::{assert_mean, assert_share, at, calling, counted, design, edges, node, run, run_on};
use loadpath_core::rng::Seed;
use loadpath_core::run::{Figure, Run};
use loadpath_core::sim::{Command, Simulation};
use loadpath_core::topology::Plan;

/// Ten thousand users with a resolver each, so that each request looks its name up; the rest takes no time.
fn named(dns: &str, to_dns: &str, to_web: &str, web: &str) -> Plan {
    let nodes = format!(
        r#"{{"id": "users", "kind": "clients", "timeout": "10m", "resolvers": 10000}},
           {{"id": "dns", "kind": "dns", {dns}}}, {{"id": "web", "kind": "service", "workers": 4096, {web}}}"#
    );
    design(&nodes, &edges(&format!("users>dns {to_dns}, dns>web {to_web}")), r#""rate": "200/s""#, "")
}

const AT_ONCE: &str = r#""service_time": "0s""#;

#[test]
fn lookups_that_are_late_are_repeated_and_then_given_up() {
    let plan = named(
        r#""lookup_time": "exp 100ms", "ttl": "0s""#,
        "timeout=100ms retries=2 backoff=0s",
        "",
        AT_ONCE,
    );
    let run = run(&plan, 1, 200);
    // Each of three takes longer than its mean with a probability of 1/e.
    assert_share(run.outcomes().failed, run.outcomes().total(), 0.049_787);
    assert!(run.response().max().as_millis() < 300.5, "{:?}", run.response().max());
    // Of the first lookups 1/e are repeated, and of those 1/e.
    assert_share(
        counted(&run, "users", "retries"),
        2 * run.outcomes().total(),
        (0.367_879 + 0.135_335) / 2.0,
    );
}

#[test]
fn of_two_lookups_the_first_answer_counts() {
    let plan = named(r#""lookup_time": "exp 100ms", "ttl": "0s""#, "hedge_after=100ms", "", AT_ONCE);
    let run = run(&plan, 2, 200);
    // min(X, h + Y) with h one mean: 1 - 1/e + 1/(2e) means.
    assert_mean(&run, 0, 0.1 * (1.0 - 0.367_879 / 2.0), 0.05);
}

#[test]
fn calls_to_an_address_that_dns_told_time_out() {
    let plan = named(r#""lookup_time": "0s""#, "", "timeout=200ms", r#""service_time": "exp 100ms""#);
    let run = run(&plan, 3, 200);
    assert_share(run.outcomes().timed_out, run.outcomes().total(), 0.135_335);
    assert!(run.response().max().as_millis() < 200.5);
}

#[test]
fn a_breaker_on_the_way_to_an_address_keeps_calls_from_it_while_it_is_dead() {
    let breaker = "breaker=0.5 breaker_open=4s";
    let mut simulation = Simulation::new(&named(r#""lookup_time": "0s""#, "", breaker, AT_ONCE), Seed(4));
    simulation.run_until(at(10.0));
    kill(&mut simulation, "web");
    let run = run_on(&mut simulation, 20.0);
    assert_eq!(run.outcomes().ok, 0);
    // Fifty of the last hundred open it; then one probe every four seconds.
    assert!((50..=56).contains(&node(&run, "web").outcomes.refused), "{:?}", node(&run, "web").outcomes);
}

fn kill(simulation: &mut Simulation, node: &str) {
    simulation.command(&Command::Kill { node: node.to_owned(), instance: 0 }).expect("the node is there");
}

/// A tier of two instances without a balancer, of which one dies.
fn half_dead(links: &str, seconds: f64) -> Run {
    let nodes = r#"{"id": "users", "kind": "clients", "timeout": "10m"},
        {"id": "dns", "kind": "dns", "lookup_time": "0s"},
        {"id": "api", "kind": "service", "workers": 4096, "service_time": "0s"},
        {"id": "web", "kind": "service", "instances": 2, "workers": 4096, "service_time": "1ms"}"#;
    let plan = design(nodes, &edges(links), r#""rate": "100/s""#, "");
    let mut simulation = Simulation::new(&plan, Seed(5));
    simulation.run_until(at(5.0));
    kill(&mut simulation, "web");
    run_on(&mut simulation, seconds)
}

#[test]
fn an_instance_that_refused_a_connection_is_left_alone_for_a_second() {
    for (direct, retried) in [
        ("users>dns, dns>web", "users>dns, dns>web retries=1 backoff=0s"),
        ("users>api, api>web", "users>api, api>web retries=1 backoff=0s"),
    ] {
        let run = half_dead(direct, 40.0);
        // Whoever does not try again meets it in turn.
        assert_share(run.outcomes().errors(), run.outcomes().total(), 0.5);
        let run = half_dead(retried, 40.0);
        // Each second one call finds it dead, and goes to the other: 1.01 to 1.02 s lie between two such calls.
        let refused = node(&run, "web").outcomes.refused;
        assert_eq!(run.outcomes().errors(), 0, "{retried}");
        assert!((38..=40).contains(&refused), "{retried}: {refused}");
    }
}

/// DNS stands in another zone, which is cut off at 10 s.
fn cut_off(clients: &str) -> Run {
    let nodes = format!(
        r#"{{"id": "users", "kind": "clients", "timeout": "10m", "zone": "west", {clients}}},
           {{"id": "dns", "kind": "dns", "zone": "east", "ttl": "5s", "lookup_time": "0s"}},
           {{"id": "web", "kind": "service", "workers": 4096, "service_time": "0s", "zone": "west"}}"#
    );
    let rest = r#", "zones": [{"id": "west"}, {"id": "east"}],
        "timeline": [{"at": "10s", "action": "partition", "zone": "east"}]"#;
    let plan = design(&nodes, &edges("users>dns, dns>web"), r#""rate": "100/s""#, rest);
    let mut simulation = Simulation::new(&plan, Seed(6));
    simulation.run_until(at(20.0));
    run_on(&mut simulation, 20.0)
}

#[test]
fn a_resolver_that_serves_stale_answers_outlives_an_outage_of_dns() {
    // By 20 s every answer is older than five seconds.
    assert_eq!(cut_off(r#""resolvers": 20"#).outcomes().ok, 0);
    let stale = cut_off(r#""resolvers": 20, "serve_stale": "1h""#);
    assert_eq!(stale.outcomes().errors(), 0);
    // Each request waits for a lookup to fail, up to a second.
    assert!((0.9..1.01).contains(&stale.response().max().as_secs()), "{:?}", stale.response().max());
}

#[test]
fn a_resolver_that_ignores_a_short_time_to_live_asks_once() {
    let lookups = |least: &str| {
        let nodes = format!(
            r#"{{"id": "users", "kind": "clients", "least_ttl": "{least}"}},
               {{"id": "dns", "kind": "dns", "ttl": "1s", "lookup_time": "0s"}}, {{"id": "web", "kind": "service"}}"#
        );
        let plan = design(&nodes, &edges("users>dns, dns>web"), r#""rate": "200/s""#, "");
        let mut simulation = Simulation::new(&plan, Seed(7));
        simulation.run_until(at(30.0));
        counted(&simulation.run(""), "users", "dns_lookups")
    };
    assert_eq!(lookups("1h"), 20);
    // A resolver is asked ten times a second, and so asks every 1.1 s: 27 times.
    assert!((500..=560).contains(&lookups("0s")), "{}", lookups("0s"));
}

/// A queue before a crew.
fn queued(crew: &str, link: &str, rate: u32) -> Simulation {
    let nodes = format!(
        r#"{{"id": "web", "kind": "service", "workers": 512, "service_time": "0s"}},
           {{"id": "queue", "kind": "queue", "service_time": "0s"}}, {{"id": "crew", "kind": "workers", {crew}}}"#
    );
    let workload = format!(
        r#""rate": "{rate}/s", "arrivals": "constant", "classes": [{{"name": "job", "operation": "job"}}]"#
    );
    let links = edges(&format!("users>web, web>queue, queue>crew {link}"));
    Simulation::new(&design(&nodes, &links, &workload, ""), Seed(8))
}

#[test]
fn a_message_that_is_not_acknowledged_in_time_goes_to_another_worker() {
    let crew = r#""instances": 2, "workers": 1, "service_time": "10ms""#;
    let slowed = |link: &str| {
        let mut simulation = queued(crew, link, 10);
        let slow = Command::Slow { node: "crew".to_owned(), instance: Some(0), factor: 1_000.0 };
        simulation.command(&slow).expect("the factor is in range");
        simulation.run_until(at(9.0));
        let run = simulation.run("");
        (
            node(&run, "crew").outcomes.ok,
            counted(&run, "queue", "timed_out_calls"),
            counted(&run, "queue", "redelivered"),
        )
    };
    // The slow one takes the first message for ten seconds; the other does the rest, and in time also that one.
    let (done, late, again) = slowed("timeout=2s");
    assert_eq!((late, again), (1, 1));
    let (without, late, again) = slowed("");
    assert_eq!((late, again, done), (0, 0, without + 1));
}

#[test]
fn connections_bound_the_messages_that_are_under_way() {
    let done = |link: &str| {
        let mut simulation = queued(r#""workers": 8, "service_time": "100ms""#, link, 50);
        simulation.run_until(at(20.0));
        node(&simulation.run(""), "crew").outcomes.ok
    };
    // Two at a time of a tenth of a second each make 20 a second; all eight keep up.
    assert!((396..=400).contains(&done("connections=2")), "{}", done("connections=2"));
    assert!(done("") >= 990, "{}", done(""));
}

#[test]
fn hedging_at_the_95th_percentile_adds_a_twentieth() {
    let run = run(&calling(r#""service_time": "exp 10ms""#, "hedge_at=0.95", 1_000), 9, 100);
    // Each threshold is the 950th of a thousand: the share beyond it has the mean 51/1001 and a deviation of 0.0069; of a
    // hundred of them 0.0007, and with the binomial's own 0.001. Four of these.
    let share = counted(&run, "web", "hedges") as f64 / run.outcomes().total() as f64;
    assert!((share - 51.0 / 1_001.0).abs() < 0.004, "{share}");
    // min(X, h + Y), with h at the 95th percentile: 0.95 + 0.05 / 2 means.
    assert_mean(&run, 0, 0.009_75, 0.03);
}

#[test]
fn a_hedge_budget_keeps_a_slow_callee_from_twice_its_load() {
    let run = run(&calling(r#""service_time": "100ms""#, "hedge_after=1ms hedge_budget=0.1", 200), 10, 60);
    // The budget looks at ten seconds: a hedge for every ten calls there.
    let share = counted(&run, "web", "hedges") as f64 / run.outcomes().total() as f64;
    assert!((0.09..0.11).contains(&share), "{share}");
}

/// A tier behind another gets twice what it can do; its caller gives up after 50 ms, the users after ten minutes.
fn overloaded(deadlines: &str, links: &str) -> Run {
    let nodes = format!(
        r#"{{"id": "web", "kind": "service", "service_time": "0s", "workers": 4096}},
           {{"id": "back", "kind": "service", "workers": 4, "queue": 100000, "service_time": "exp 10ms", "deadlines": "{deadlines}"}}"#
    );
    run(&design(&nodes, &edges(links), r#""rate": "800/s""#, ""), 11, 20)
}

#[test]
fn a_callers_timeout_is_handed_on_so_that_nobody_works_for_nothing() {
    // Without deadlines what waits is older than 50 ms before long, and all work is for nothing.
    let blind = overloaded("off", "users>web, web>back timeout=50ms");
    assert!(blind.outcomes().error_share() > 0.95, "{:?}", blind.outcomes());
    // With them whoever is begun is not late yet: the first who came after the last 50 ms began, on average 1.25 ms. Work of 10 ms
    // is shorter than what is left, exponential both, in one of nine cases: 44 a second of 400, with a deviation of 30 in 20 s.
    let told = overloaded("on", "users>web, web>back timeout=50ms");
    assert!(told.outcomes().ok > 888 - 120, "{:?}", told.outcomes());
    assert!(counted(&told, "back", "shed") > 5_000);
}

#[test]
fn a_fixed_limit_loses_what_erlang_says() {
    let nodes = r#"{"id": "web", "kind": "service", "workers": 100, "service_time": "exp 100ms", "limit": "fixed", "limit_most": 5}"#;
    let run = run(&design(nodes, &edges("users>web"), r#""rate": "50/s""#, ""), 12, 500);
    // Erlang's B of five servers and five erlangs. Twice the interval of 95 % is one of 99.9 %.
    let errors = run.figures[&Figure::ErrorShare];
    let interval = errors.interval.unwrap();
    assert!((errors.value - 0.284_868).abs() < interval.high - interval.low, "{errors:?}");
    assert_eq!(counted(&run, "web", "shed"), run.outcomes().refused);
}

#[test]
fn an_adaptive_limit_keeps_answers_quick_under_twice_the_load() {
    let of = |limit: &str| {
        let nodes = format!(
            r#"{{"id": "web", "kind": "service", "workers": 4, "queue": 5000, "service_time": "exp 10ms", {limit}}}"#
        );
        let run = run(&design(&nodes, &edges("users>web"), r#""rate": "800/s""#, ""), 13, 60);
        let good = &run.nodes[1];
        (run.outcomes().ok as f64 / 60.0, good.wait.quantile(0.99).as_secs())
    };
    // Four workers do 400 a second; a queue of 5,000 takes 12 s.
    let (_, wait) = of(r#""limit": "off""#);
    assert!(wait > 10.0, "{wait}");
    for limit in [r#""limit": "gradient""#, r#""limit": "aimd", "limit_late": "100ms""#] {
        let (good, wait) = of(limit);
        assert!(good > 380.0 && wait < 0.2, "{limit}: {good}/s, waits of {wait} s");
    }
}

#[test]
fn a_lease_is_the_fetchs_and_goes_to_the_next_when_it_is_over() {
    let nodes = r#"{"id": "web", "kind": "service", "service_time": "0s", "workers": 512},
        {"id": "cache", "kind": "cache", "coalesce": "on", "ttl": "1h", "service_time": "0s"},
        {"id": "db", "kind": "database", "connections": 100, "read_time": "2500ms"}"#;
    let workload = r#""rate": "10/s", "arrivals": "constant", "classes": [{"name": "read", "keys": 1}]"#;
    let plan = design(nodes, &edges("users>web, web>cache, web>db"), workload, "");
    let mut simulation = Simulation::new(&plan, Seed(14));
    simulation.run_until(at(10.0));
    // The first fetch is back after 2.5 s; after one second and after two somebody else was told to fetch, and nobody ever after.
    assert_eq!(node(&simulation.run(""), "db").outcomes.total(), 3);
}
