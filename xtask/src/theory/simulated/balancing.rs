//! A balancer before single servers.

use anyhow::Result;
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
#[cfg(test)]
use loadpath_core::stats::Estimate;

use super::super::case::Case;
use super::super::measure::{Effort, Measured, Probe, probe, simulate};
use super::super::reason::is_measured;
use super::UNIT;
use super::queues::{JOB, batch, mean, span, station};

/// Enough for the limit of many: at 500 the mean is still 0.2 to 0.6 % above it up to a utilization of 0.9, and the difference
/// goes as the inverse of their number. They need the longer to fill.
pub(crate) const MANY: u32 = 2_000;
/// A service has so many instances at most.
const INSTANCES: u32 = 500;

/// Single servers behind a balancer of this policy (and its parameters), which takes no time.
fn balanced(policy: &str, n: u32, rho: f64) -> String {
    let parts: Vec<u32> = (0..n.div_ceil(INSTANCES)).map(|i| (n - i * INSTANCES).min(INSTANCES)).collect();
    let web = |(i, n): (usize, &u32)| {
        format!(
            r#"{{"id": "web{i}", "kind": "service", "instances": {n}, "workers": 1, "queue": 1000000, "service_time": "exp {}"}}"#,
            span(1.0)
        )
    };
    let edge = |i: usize| format!(r#"{{"from": "lb", "to": "web{i}", "latency": "0s"}}"#);
    let nodes: Vec<String> = parts.iter().enumerate().map(web).collect();
    let edges: Vec<String> = (0..parts.len()).map(edge).collect();
    format!(
        r#"{{"loadpath": 1,
            "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}},
                      {{"id": "lb", "kind": "load_balancer", "policy": {policy}, "cores": 256, "service_time": "0s",
                        "check_interval": "1m"}}, {}],
            "edges": [{{"from": "users", "to": "lb", "latency": "0s"}}, {}],
            "workload": {{"rate": "{}/s", "users": 1, "classes": [{JOB}]}}}}"#,
        nodes.join(", "),
        edges.join(", "),
        rho * f64::from(n) / UNIT
    )
}

fn response(name: &str, policy: &str, n: u32, rho: f64, effort: &Effort) -> Result<Measured> {
    measure(policy, n, rho, effort, &[probe(name, |run| mean(run, 0))])
}

fn measure(policy: &str, n: u32, rho: f64, effort: &Effort, probes: &[Probe]) -> Result<Measured> {
    simulate(&balanced(policy, n, rho), batch(rho) * f64::from(n).sqrt(), effort, probes)
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
        ("W_jsq", r#""least_connections""#),
        ("W_po2_distinct", r#""power_of_two""#),
        ("W_po2_with_replacement", r#""power_of_two", "repeats": "on""#),
        ("W_round_robin", r#""round_robin""#),
        ("W_random", r#""random""#),
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
    // In turn each server has the gaps of n arrivals; who comes finds it busy with the probability sigma.
    let waited = |run: &Run| {
        let web = &run.nodes[2];
        web.waited.map_or(f64::NAN, |waited| waited as f64 / web.outcomes.total() as f64)
    };
    let probes = [probe("W", |run| mean(run, 0)), probe("sigma", waited)];
    measured.append(&mut measure(r#""round_robin""#, n, rho, effort, &probes)?);
    measured.append(&mut response("W_random", r#""random""#, n, rho, &with_seed(effort, 1))?);
    Ok(measured)
}

/// The share of time in which a server has so many requests at least.
fn at_least(run: &Run, level: u32) -> f64 {
    let webs = &run.nodes[2..];
    webs.iter().map(|web| web.in_flight.share_from(level)).sum::<f64>() / webs.len() as f64
}

/// That share of `n` servers, of which each request looks at two, for each level.
#[cfg(test)]
pub(crate) fn shares_of(n: u32, rho: f64, levels: &[u32], effort: &Effort) -> Result<Vec<Estimate>> {
    let probes: Vec<_> = levels
        .iter()
        .map(|&level| probe(&format!("tail2_ge{level}"), move |run| at_least(run, level)))
        .collect();
    let measured = measure(r#""power_of_two""#, n, rho, effort, &probes)?;
    Ok(probes.iter().map(|probe| measured[&probe.name]).collect())
}

/// The limit of many servers: mean response by the number of choices, and of two choices how many servers have how much to do.
pub(super) fn many(case: &Case, effort: &Effort) -> Result<Measured> {
    let rho = case.number("lambda_per_server");
    let mut probes = vec![probe("W_d2", |run| mean(run, 0))];
    let tails = (1..=20).map(|level| probe(&format!("tail2_ge{level}"), move |run| at_least(run, level)));
    probes.extend(tails);
    probes.retain(|probe| is_measured(case, &probe.name));
    let mut measured = measure(r#""power_of_two""#, MANY, rho, effort, &probes)?;
    // One choice is no choice, among however many: a few servers forget sooner how they began.
    measured.append(&mut response(
        "W_d1",
        r#""power_of_two", "choices": 1"#,
        20,
        rho,
        &with_seed(effort, 4),
    )?);
    for (i, choices) in [3, 5].into_iter().enumerate() {
        let (name, policy) = (format!("W_d{choices}"), format!(r#""power_of_two", "choices": {choices}"#));
        measured.append(&mut response(&name, &policy, MANY, rho, &with_seed(effort, 1 + i as u64))?);
    }
    Ok(measured)
}
