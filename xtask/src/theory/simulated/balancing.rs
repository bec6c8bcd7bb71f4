//! A balancer before single servers.

use anyhow::Result;
use loadpath_core::rng::Seed;

use super::super::case::Case;
use super::super::measure::{Effort, Measured, probe, simulate};
use super::UNIT;
use super::queues::{JOB, batch, mean, span, station};

/// Enough for the limit of many: at 500 the mean is still 0.2 to 0.6 % above it up to a utilization of 0.9.
const MANY: u32 = 500;

/// The mean response of `n` single servers behind a balancer of this policy, which takes no time.
fn response(name: &str, policy: &str, n: u32, rho: f64, effort: &Effort) -> Result<Measured> {
    let document = format!(
        r#"{{"loadpath": 1,
            "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}},
                      {{"id": "lb", "kind": "load_balancer", "policy": "{policy}", "cores": 256, "service_time": "0s",
                        "check_interval": "1m"}},
                      {{"id": "web", "kind": "service", "instances": {n}, "workers": 1, "queue": 1000000,
                        "service_time": "exp {}"}}],
            "edges": [{{"from": "users", "to": "lb", "latency": "0s"}}, {{"from": "lb", "to": "web", "latency": "0s"}}],
            "workload": {{"rate": "{}/s", "users": 1, "classes": [{JOB}]}}}}"#,
        span(1.0),
        rho * f64::from(n) / UNIT
    );
    simulate(&document, batch(rho) * f64::from(n).sqrt(), effort, &[probe(name, |run| mean(run, 0))])
}

fn pooled(n: u32, rho: f64, effort: &Effort) -> Result<Measured> {
    let parameters = format!(r#""workers": {n}, "queue": 1000000, "service_time": "exp {}""#, span(1.0));
    let document = station(rho * f64::from(n), "poisson", &parameters, JOB);
    simulate(&document, batch(rho), effort, &[probe("W_central_queue", |run| mean(run, 0))])
}

/// Each policy has its own chance: their runs are not compared.
fn with_seed(effort: &Effort, i: u64) -> Effort {
    Effort { seed: Seed(effort.seed.0 + 100 * i), ..*effort }
}

/// Two to four servers, every policy that the case knows and a balancer has.
pub(super) fn few(case: &Case, effort: &Effort) -> Result<Measured> {
    let (n, rho) = (case.count("n"), case.number("rho"));
    let mut measured = pooled(n, rho, effort)?;
    for (i, (name, policy)) in [
        ("W_jsq", "least_connections"),
        ("W_po2_distinct", "power_of_two"),
        ("W_round_robin", "round_robin"),
        ("W_random", "random"),
    ]
    .into_iter()
    .enumerate()
    {
        measured.append(&mut response(name, policy, n, rho, &with_seed(effort, i as u64))?);
    }
    Ok(measured)
}

pub(super) fn in_turn(case: &Case, effort: &Effort) -> Result<Measured> {
    let (n, rho) = (case.count("n"), case.number("rho"));
    let mut measured = pooled(n, rho, effort)?;
    measured.append(&mut response("W", "round_robin", n, rho, effort)?);
    measured.append(&mut response("W_random", "random", n, rho, &with_seed(effort, 1))?);
    Ok(measured)
}

/// The limit of many servers, as far as two choices and one go.
pub(super) fn many(case: &Case, effort: &Effort) -> Result<Measured> {
    let rho = case.number("lambda_per_server");
    let mut measured = response("W_d2", "power_of_two", MANY, rho, effort)?;
    measured.append(&mut response("W_d1", "random", MANY, rho, &with_seed(effort, 1))?);
    Ok(measured)
}
