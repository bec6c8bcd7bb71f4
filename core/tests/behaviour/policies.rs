//! The policies of edges, one at a time: timeouts, retries and their budget, backoff, hedging, pools.
use crate::design::{assert_mean, assert_share, at, calling, counted, design, edges, node, run, theory};
use loadpath_core::rng::Seed;
use loadpath_core::sim::Simulation;

#[test]
fn a_timeout_makes_late_answers_failures_while_the_callee_works_on() {
    let run = run(&calling(r#""service_time": "exp 100ms""#, "timeout=200ms", 100), 1, 500);
    let (requests, late) = (run.outcomes().total(), run.outcomes().failed);
    // Exponential work of 100 ms takes longer than 200 ms with a probability of e^-2.
    assert_share(late, requests, 0.135_335);
    assert!(run.outcomes().ok + late == requests && counted(&run, "web", "timed_out_calls") == late);
    // Nobody waits longer than the timeout; the histogram is good to 0.1 %.
    assert!(run.response().max().as_millis() < 200.3, "{}", run.response().max().as_millis());
    // The callee answers all, the late ones too, and works as long as ever: the deviation of its mean is 100 ms / sqrt(n).
    let party = node(&run, "party");
    assert_eq!(party.outcomes.errors(), 0);
    let mean = party.response.mean().as_secs();
    assert!((mean - 0.1).abs() < 4.0 * 0.1 / (requests as f64).sqrt() + 0.0008, "{mean}");
}

#[test]
fn a_timeout_that_is_shorter_than_the_way_fails_every_call() {
    let run =
        run(&calling(r#""service_time": "0s""#, "timeout=1ms latency=2ms retries=2 backoff=0s", 100), 2, 10);
    assert_eq!(run.outcomes().ok, 0);
    assert_eq!(counted(&run, "web", "timed_out_calls"), 3 * run.outcomes().total());
    assert_eq!(run.response().max().as_millis().round(), 3.0);
}

#[test]
fn retries_raise_the_success_and_the_load_as_the_geometric_series_says() {
    for (p, case) in [(0.1f64, "retry_p0.1_r3"), (0.5, "retry_p0.5_r3"), (1.0, "retry_p1.0_r3")] {
        let party = format!(r#""service_time": "0s", "error_share": {p}"#);
        let run = run(&calling(&party, "retries=3 backoff=0s", 1_000), 3, 100);
        let (requests, attempts) = (run.outcomes().total(), node(&run, "party").outcomes.total());
        assert_share(run.outcomes().ok, requests, theory(case, "success"));
        // An attempt has a variance of p / (1 - p)² at most, and none where all fail.
        let deviation = if p < 1.0 { p.sqrt() / (1.0 - p) / (requests as f64).sqrt() } else { 0.0 };
        let each = attempts as f64 / requests as f64;
        assert!((each - theory(case, "mean_attempts")).abs() <= 4.0 * deviation, "{p}: {each}");
        assert_eq!(counted(&run, "web", "retries"), attempts - requests);
    }
}

#[test]
fn retries_at_every_layer_multiply() {
    for (layers, factor) in [(1, 4), (2, 16), (3, 64), (4, 256)] {
        let tier =
            |i| format!(r#"{{"id": "t{i}", "kind": "service", "service_time": "0s", "workers": 4096}}, "#);
        let nodes: String = (0..layers).map(tier).collect();
        let nodes = format!(
            r#"{nodes}{{"id": "party", "kind": "external", "service_time": "0s", "error_share": 1}}"#
        );
        let link = |i| {
            format!(
                "t{i}>{} retries=3 backoff=0s",
                if i + 1 < layers { format!("t{}", i + 1) } else { "party".to_owned() }
            )
        };
        let links: Vec<String> = (0..layers).map(link).collect();
        let plan =
            design(&nodes, &edges(&format!("users>t0, {}", links.join(", "))), r#""rate": "20/s""#, "");
        let run = run(&plan, 4, 10);
        // In no time at all: every attempt of a request is counted in the instant in which the request is.
        assert_eq!(node(&run, "party").outcomes.total(), factor * run.outcomes().total(), "{layers} layers");
        if layers < 4 {
            assert_eq!(factor as f64, theory(&format!("retry_layers_{layers}_4"), "amplification"));
        }
    }
}

#[test]
fn a_retry_budget_caps_the_amplification_of_an_outage() {
    let down = r#""service_time": "0s", "error_share": 1"#;
    let run = run(&calling(down, "retries=3 backoff=0s retry_budget=0.2", 1_000), 5, 100);
    let requests = run.outcomes().total();
    // A fifth of the requests, and a floor of ten a second; a window of ten seconds may be ahead at the end.
    let most = requests as f64 * 0.2 + 10.0 * 100.0;
    let retries = counted(&run, "web", "retries") as f64;
    assert!(retries <= most * 1.1 && retries >= most * 0.95, "{retries}, not {most}");
}

#[test]
fn calls_that_waited_for_a_connection_count_in_the_budget_too() {
    // Nine in ten wait for the one connection. A fifth fail, and their retries are just within what a fifth and the floor allow.
    let party = r#""service_time": "500us", "error_share": 0.15"#;
    let run = run(&calling(party, "connections=1 retries=1 backoff=0s retry_budget=0.2", 1_500), 6, 100);
    assert!(counted(&run, "web", "pooled") > run.outcomes().total() / 2);
    assert_share(counted(&run, "web", "retries"), run.outcomes().total(), 0.15);
    assert_share(run.outcomes().failed, run.outcomes().total(), 0.15 * 0.15);
}

#[test]
fn the_backoff_doubles_and_jitter_spreads_it() {
    let down = r#""service_time": "0s", "error_share": 1"#;
    let of =
        |jitter: &str| run(&calling(down, &format!("retries=3 backoff=100ms jitter={jitter}"), 100), 7, 200);
    let none = of("none").response();
    // 100 + 200 + 400 ms, and nothing else takes time; the histogram is good to 0.1 %.
    for q in [0.0, 1.0] {
        assert!((none.quantile(q).as_millis() - 700.0).abs() < 0.8, "{}", none.quantile(q).as_millis());
    }
    // The three waits are even on 0 to their full length: a mean of a half, a variance of a twelfth of the square.
    for (jitter, mean, half) in [("full", 350.0, 1.0), ("equal", 525.0, 0.5)] {
        let response = of(jitter).response();
        let deviation = half * ((100.0f64 * 100.0 + 200.0 * 200.0 + 400.0 * 400.0) / 12.0).sqrt();
        let off = (response.mean().as_millis() - mean).abs();
        assert!(off < 4.0 * deviation / (response.count() as f64).sqrt() + 0.001 * mean, "{jitter}: {off}");
        let (low, high) = (response.quantile(0.0).as_millis(), response.max().as_millis());
        assert!(low < mean - 2.0 * deviation && high > mean + 2.0 * deviation, "{jitter}: {low} to {high}");
        assert!(low >= 700.0 * (1.0 - half) * 0.999 && high <= 700.0 * 1.001, "{jitter}: {low} to {high}");
    }
}

#[test]
fn the_faster_of_two_hedged_calls_has_the_law_that_theory_gives() {
    for (after, case) in [("200ms", "hedge_h2.0"), ("50ms", "hedge_h0.5")] {
        let plan = calling(r#""service_time": "exp 100ms""#, &format!("hedge_after={after}"), 200);
        let run = run(&plan, 8, 500);
        let (requests, response) = (run.outcomes().total(), run.response());
        assert_share(counted(&run, "web", "hedges"), requests, theory(case, "extra_load"));
        assert_mean(&run, 0, theory(case, "mean") * 0.1, 0.03);
        // Beyond h the density at the 99th percentile is 2 · 0.01 / mean.
        let deviation = (0.01f64 * 0.99 / requests as f64).sqrt() / (0.02 / 0.1);
        let (p99, exact) = (response.quantile(0.99).as_secs(), theory(case, "p99") * 0.1);
        assert!((p99 - exact).abs() < 4.0 * deviation + 0.001 * exact, "{p99}, not {exact}");
        // Nobody stops the slower of the two: the party works on both.
        let answered = node(&run, "party").outcomes.total() as f64;
        let sent = (requests + counted(&run, "web", "hedges")) as f64;
        // Thirty calls are under way at either end, by Little's law.
        assert!((answered - sent).abs() < 2.0 * (32.0 + 4.0 * 32.0f64.sqrt()), "{answered} of {sent}");
        assert_eq!(counted(&run, "web", "timed_out_calls"), 0);
    }
}

#[test]
fn one_good_answer_of_two_hedged_calls_is_enough() {
    // Constant 100 ms and a hedge after 10: the first call fails in a fifth of cases, and then the second decides.
    let party = r#""service_time": "100ms", "error_share": 0.2"#;
    let run = run(&calling(party, "hedge_after=10ms", 200), 9, 200);
    assert_share(run.outcomes().failed, run.outcomes().total(), 0.04);
    let (fast, slow) = (run.response().quantile(0.0).as_millis(), run.response().max().as_millis());
    assert!((fast - 100.0).abs() < 0.2 && (slow - 110.0).abs() < 0.2, "{fast} to {slow}");
}

#[test]
fn a_pool_of_connections_is_a_station_of_as_many_servers() {
    let plan = calling(r#""service_time": "exp 10ms""#, "connections=2", 160);
    let found = run(&plan, 10, 2_000);
    assert_mean(&found, 0, theory("mmc_l1.6_m1_c2", "W") * 0.010, 0.1);
    let waited = crate::design::replicate(8, |seed| {
        let run = run(&plan, seed, 200);
        counted(&run, "web", "pooled") as f64 / run.outcomes().total() as f64
    });
    assert!(waited.holds(theory("mmc_l1.6_m1_c2", "erlang_c")) && waited.half_width < 0.05, "{waited:?}");
    let mut simulation = Simulation::new(&plan, Seed(11));
    let mut most = 0;
    for step in 1..1_000 {
        simulation.run_until(at(f64::from(step) * 0.01));
        most = most.max(simulation.snapshot().nodes[2].in_flight);
    }
    assert_eq!(most, 2, "open calls never exceed the pool, and use it");
}

#[test]
fn each_instance_of_a_caller_has_its_own_pool() {
    let nodes = r#"{"id": "web", "kind": "service", "instances": 3, "service_time": "0s", "workers": 4096},
        {"id": "party", "kind": "external", "service_time": "10ms"}"#;
    let plan = design(nodes, &edges("users>web, web>party connections=2"), r#""rate": "2000/s""#, "");
    let mut simulation = Simulation::new(&plan, Seed(12));
    simulation.run_until(at(1.0));
    assert_eq!(simulation.snapshot().nodes[2].in_flight, 6);
}
