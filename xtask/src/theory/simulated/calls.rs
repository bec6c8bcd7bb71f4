//! Calls: fan-out, hedges, retries.

use anyhow::{Result, bail};
use loadpath_core::run::Run;

use super::super::case::Case;
use super::super::measure::{Effort, Measured, Probe, probe, simulate};
use super::super::reason::is_measured;
use super::UNIT;
use super::queues::{mean, quantile, span};

/// A service that takes no time and calls each of `callees` (id, parameters of the node, parameters of the edge).
fn calling(rate: f64, callees: &[(String, String, String)]) -> String {
    let nodes: Vec<String> = callees
        .iter()
        .map(|(id, node, _)| format!(r#"{{"id": "{id}", "kind": "external", {node}}}"#))
        .collect();
    let edges: Vec<String> = callees
        .iter()
        .map(|(id, _, edge)| format!(r#"{{"from": "web", "to": "{id}", "latency": "0s", {edge}}}"#))
        .collect();
    format!(
        r#"{{"loadpath": 1,
            "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}},
                      {{"id": "web", "kind": "service", "workers": 4096, "service_time": "0s"}}, {}],
            "edges": [{{"from": "users", "to": "web", "latency": "0s"}}, {}],
            "workload": {{"rate": "{}/s", "users": 1, "classes": [{{"name": "job", "keys": 1}}]}}}}"#,
        nodes.join(", "),
        edges.join(", "),
        rate / UNIT
    )
}

const BATCH: f64 = 5_000.0;

/// Requests that make `n` calls each cost as much as n.
fn shared_by(effort: &Effort, n: u32) -> Effort {
    Effort { most: effort.most / f64::from(n), ..*effort }
}

/// Leaves that take an exponential time. An edge makes at most a hundred calls; neighbours that are parallel go together.
fn leaves(n: u32) -> Vec<(String, String, String)> {
    let leaf = |i: u32| {
        let node = format!(r#""concurrency": 4096, "service_time": "exp {}""#, span(1.0));
        let calls = (n - 100 * i).min(100);
        (format!("leaf{i}"), node, format!(r#""mode": "parallel", "calls": {calls}"#))
    };
    (0..n.div_ceil(100)).map(leaf).collect()
}

/// Requests a unit, so that some hundred calls are under way at once: far fewer than a leaf has room for.
fn rate_to(n: u32) -> f64 {
    100.0 / f64::from(n)
}

/// Mean and percentiles of the slowest of n.
pub(super) fn fan_out(case: &Case, effort: &Effort) -> Result<Measured> {
    let n = case.count("n");
    // No leaf may be short of servers.
    let probes = [
        probe("mean_max", |run| mean(run, 0)),
        probe("p50", |run| quantile(run, 0.5)),
        probe("p99", |run| quantile(run, 0.99)),
    ];
    simulate(&calling(rate_to(n), &leaves(n)), BATCH, &shared_by(effort, n), &probes)
}

/// The share of requests that meet a slow leaf: leaves that fail in so many cases, none of which may.
pub(super) fn slow_leaves(case: &Case, effort: &Effort) -> Result<Measured> {
    let (n, p) = (case.count("n"), case.number("p_slow"));
    let callees: Vec<_> = (0..n.div_ceil(100))
        .map(|i| {
            let node =
                format!(r#""concurrency": 4096, "service_time": "{}", "error_share": {p}"#, span(0.01));
            let calls = (n - 100 * i).min(100);
            (format!("leaf{i}"), node, format!(r#""mode": "parallel", "calls": {calls}"#))
        })
        .collect();
    let probes = [probe("P_at_least_one", |run: &Run| run.outcomes().error_share())];
    let mut measured = simulate(&calling(1.0, &callees), BATCH, &shared_by(effort, n), &probes)?;
    measured.append(&mut leaf_of_the_root(n, effort)?);
    Ok(measured)
}

/// Which quantile of a leaf is the 99th percentile of the whole: how many answers of leaves come within it.
fn leaf_of_the_root(n: u32, effort: &Effort) -> Result<Measured> {
    let at_leaves = |run: &Run| {
        let root = run.classes[0].response.quantile(0.99);
        let leaves =
            run.nodes[2..].iter().map(|leaf| (leaf.response.count_within(root), leaf.response.count()));
        let (within, all) = leaves.fold((0, 0), |(within, all), leaf| (within + leaf.0, all + leaf.1));
        within as f64 / all as f64
    };
    let probes = [probe("leaf_quantile_for_p99_root", at_leaves)];
    // A batch needs a few requests beyond the percentile.
    simulate(&calling(rate_to(n), &leaves(n)), 500.0, &shared_by(effort, n), &probes)
}

pub(super) fn hedge(case: &Case, effort: &Effort) -> Result<Measured> {
    let node = format!(r#""concurrency": 4096, "service_time": "exp {}""#, span(1.0));
    let edge = format!(r#""hedge_after": "{}""#, span(case.number("h")));
    let document = calling(10.0, &[("leaf".to_owned(), node.clone(), edge)]);
    let alone = calling(10.0, &[("leaf".to_owned(), node, r#""retries": 0"#.to_owned())]);
    let probes = [
        probe("mean", |run| mean(run, 0)),
        probe("p99", |run| quantile(run, 0.99)),
        probe("extra_load", |run| calls_of(run, 2) - 1.0),
    ];
    let mut measured = simulate(&document, BATCH, effort, &probes)?;
    let without = [probe("p99_without", |run: &Run| quantile(run, 0.99))];
    measured.append(&mut simulate(&alone, BATCH, effort, &without)?);
    Ok(measured)
}

/// Retries that meet a full queue again, so much later that they are arrivals like any other.
pub(super) fn full_queue(case: &Case, effort: &Effort) -> Result<Measured> {
    const LATER: f64 = 5_000.0;
    let (rate, servers, retries) = (case.number("lambda_"), case.count("c"), case.count("retries"));
    let document = format!(
        r#"{{"loadpath": 1,
            "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}},
                      {{"id": "station", "kind": "service", "workers": {servers}, "queue": {},
                        "service_time": "exp {}"}}],
            "edges": [{{"from": "users", "to": "station", "latency": "0s", "retries": {retries}, "backoff": "{}"}}],
            "workload": {{"rate": "{}/s", "users": 1, "classes": [{{"name": "job", "keys": 1}}]}}}}"#,
        case.count("K") - servers,
        span(1.0 / case.number("mu")),
        span(LATER),
        rate / UNIT
    );
    let well = |run: &Run| 1.0 - run.outcomes().error_share();
    let probes = [
        probe("offered_rate", move |run| rate * calls_of(run, 1)),
        probe("P_block", |run: &Run| run.nodes[1].outcomes.error_share()),
        probe("success", well),
        probe("goodput", move |run| rate * well(run)),
    ];
    // The first batch, which is not counted, is long against the waits before retries.
    simulate(&document, 20.0 * LATER * rate, effort, &probes)
}

/// Calls to a node per request of the clients.
fn calls_of(run: &Run, node: usize) -> f64 {
    run.nodes[node].outcomes.total() as f64 / run.outcomes().total() as f64
}

fn attempts(case: &Case, node: usize) -> Vec<Probe> {
    let mut probes = vec![
        probe("success", |run| 1.0 - run.outcomes().error_share()),
        probe("mean_attempts", move |run| calls_of(run, node)),
        probe("amplification", move |run| calls_of(run, node)),
    ];
    probes.retain(|probe| is_measured(case, &probe.name));
    probes
}

pub(super) fn retries(case: &Case, effort: &Effort) -> Result<Measured> {
    let (p, most) = (case.number("p_fail"), case.count("max_retries"));
    let node = format!(r#""concurrency": 4096, "service_time": "{}", "error_share": {p}"#, span(0.1));
    let edge = format!(r#""retries": {most}, "backoff": "{}""#, span(1.0));
    simulate(&calling(1.0, &[("leaf".to_owned(), node, edge)]), BATCH, effort, &attempts(case, 2))
}

/// Services in a row, each of which tries again; the last one calls what always fails.
pub(super) fn layers(case: &Case, effort: &Effort) -> Result<Measured> {
    let (layers, retries) = (case.count("layers"), case.count("attempts_per_layer") - 1);
    if layers == 0 {
        bail!("there must be a layer");
    }
    let nodes: Vec<String> = (0..layers)
        .map(|i| format!(r#"{{"id": "s{i}", "kind": "service", "workers": 4096, "service_time": "0s"}}"#))
        .collect();
    let edge = |i: u32| {
        let to = if i + 1 == layers { "leaf".to_owned() } else { format!("s{}", i + 1) };
        let backoff = span(1.0);
        format!(
            r#"{{"from": "s{i}", "to": "{to}", "latency": "0s", "retries": {retries}, "backoff": "{backoff}"}}"#
        )
    };
    let edges: Vec<String> = (0..layers).map(edge).collect();
    let document = format!(
        r#"{{"loadpath": 1,
            "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}}, {},
                      {{"id": "leaf", "kind": "external", "concurrency": 4096, "error_share": 1, "service_time": "{}"}}],
            "edges": [{{"from": "users", "to": "s0", "latency": "0s"}}, {}],
            "workload": {{"rate": "{}/s", "users": 1, "classes": [{{"name": "job", "keys": 1}}]}}}}"#,
        nodes.join(", "),
        span(0.01),
        edges.join(", "),
        1.0 / UNIT
    );
    let calls = case.count("attempts_per_layer").pow(layers);
    simulate(&document, BATCH, &shared_by(effort, calls), &attempts(case, layers as usize + 1))
}
