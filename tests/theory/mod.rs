//! The simulator against exact results: `tests/data/theory.json`, each case with its formula and source.
//!
//! A simulated number is a guess with an interval. That a single run's 95 % interval misses happens one time in twenty, so
//! each case is run with twenty seeds, and the count of misses is what is judged: more than five of twenty happen by chance
//! once in 3,000 cases (binomial), and then the interval is a lie or the model is wrong.
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
use loadpath_core::sim::simulate;
use loadpath_core::stats::Estimate;
use loadpath_core::time::Span;
use loadpath_core::topology::{Topology, check};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Theory {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    family: String,
    params: BTreeMap<String, serde_json::Value>,
    expect: BTreeMap<String, serde_json::Value>,
}

impl Case {
    fn param(&self, name: &str) -> f64 {
        self.params[name].as_f64().unwrap()
    }

    fn expected(&self, name: &str) -> f64 {
        self.expect[name].as_f64().unwrap()
    }
}

fn cases(family: &str) -> Vec<Case> {
    let theory: Theory = serde_json::from_str(include_str!("../data/theory.json")).unwrap();
    let cases: Vec<Case> = theory.cases.into_iter().filter(|case| case.family == family).collect();
    assert!(!cases.is_empty(), "theory.json has no case of {family}");
    cases
}

/// Seconds of the simulated system for one unit of time in the case.
const UNIT: f64 = 0.01;
const SEEDS: u64 = 20;
const MISSES: usize = 5;

/// One station with `servers` servers behind open arrivals, over a network that takes no time.
fn station(arrival_rate: f64, service_rate: f64, servers: f64) -> Topology {
    let text = format!(
        r#"{{"loadpath": 1, "name": "station",
            "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}},
                      {{"id": "station", "kind": "service", "workers": {servers}, "queue": 1000000,
                       "service_time": "exp {}ns"}}],
            "edges": [{{"from": "users", "to": "station", "latency": "0s"}}],
            "workload": {{"rate": "{}/s", "classes": [{{"name": "job", "keys": 1}}]}}}}"#,
        UNIT / service_rate * 1e9,
        arrival_rate / UNIT,
    );
    Topology::from_json(&text).unwrap()
}

/// Runs with each seed, long enough for `requests` requests after a warm-up of a tenth.
fn runs(document: &Topology, requests: f64) -> Vec<Run> {
    let plan = check(document).unwrap();
    let duration = Span::from_secs(requests / plan.arrivals.rate);
    let warm_up = Span(duration.0 / 10);
    (1..=SEEDS).map(|seed| simulate(&plan, Seed(seed), warm_up, duration)).collect()
}

fn assert_covered(id: &str, what: &str, truth: f64, estimates: &[Estimate]) {
    let missed: Vec<&Estimate> = estimates.iter().filter(|estimate| !estimate.holds(truth)).collect();
    assert!(
        missed.len() <= MISSES,
        "{id}, {what}: exactly {truth}, missed by {} of {SEEDS}: {missed:?}",
        missed.len()
    );
}

/// Requests so that the half-width of the mean response stays below 3 %: the variance of the M/M/1 mean over n customers
/// is about 2 / (n (1 - ρ)²) of its square for ρ near one (Whitt 1989).
fn enough(utilization: f64) -> f64 {
    let relative = 0.03 / 1.96;
    (2.0 / (1.0 - utilization) / (1.0 - utilization) / relative / relative).max(40_000.0)
}

#[test]
fn mm1_is_inside_the_runs_own_intervals() {
    for case in cases("M/M/1") {
        let rho = case.expected("rho");
        // Utilization 0.95 needs 3.4 million requests a seed: the bench's and `cargo xtask`'s business, not this test's.
        if rho > 0.92 {
            continue;
        }
        judge(&case, &station(case.param("lambda_"), case.param("mu"), 1.0), rho);
    }
}

#[test]
fn mmc_is_inside_the_runs_own_intervals() {
    for case in cases("M/M/c") {
        let (lambda, mu, c) = (case.param("lambda_"), case.param("mu"), case.param("c"));
        judge(&case, &station(lambda, mu, c), lambda / mu / c);
    }
}

fn judge(case: &Case, document: &Topology, utilization: f64) {
    let runs = runs(document, enough(utilization));
    let means: Vec<Estimate> = runs.iter().map(|run| run.classes[0].mean.unwrap()).collect();
    assert_covered(&case.id, "mean response", case.expected("W") * UNIT, &means);
    let p99s: Vec<Estimate> = runs.iter().map(|run| run.classes[0].p99.unwrap()).collect();
    assert_covered(&case.id, "p99", case.expected("W_p99") * UNIT, &p99s);
    let mut busy = loadpath_core::stats::Moments::default();
    runs.iter().for_each(|run| busy.add(run.nodes[1].utilization.unwrap()));
    let busy = busy.interval(0.999).unwrap();
    assert!(busy.holds(utilization), "{}: utilization {busy:?}, exactly {utilization}", case.id);
}
