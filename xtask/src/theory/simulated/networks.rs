//! Several stations: tandems and closed loops.

use anyhow::{Result, bail};
use loadpath_core::run::Run;

use super::super::case::Case;
use super::super::measure::{Effort, Measured, probe, simulate};
use super::UNIT;
use super::queues::{batch, mean, quantile, span};

/// Stations one after the other. A balancer's core is free when it passes a request on, as in the theory; the last one is a
/// service that calls nobody.
fn chain(stations: &[(f64, u32)]) -> (String, String) {
    let last = stations.len() - 1;
    let node = |(i, (mean, servers)): (usize, &(f64, u32))| {
        let (kind, workers) = if i == last { ("service", "workers") } else { ("load_balancer", "cores") };
        let law = span(*mean);
        format!(
            r#"{{"id": "s{i}", "kind": "{kind}", "{workers}": {servers}, "queue": 1000000, "service_time": "exp {law}"}}"#
        )
    };
    let edge = |i: usize| {
        let from = if i == 0 { "users".to_owned() } else { format!("s{}", i - 1) };
        format!(r#"{{"from": "{from}", "to": "s{i}", "latency": "0s"}}"#)
    };
    let nodes: Vec<String> = stations.iter().enumerate().map(node).collect();
    let edges: Vec<String> = (0..stations.len()).map(edge).collect();
    (nodes.join(", "), edges.join(", "))
}

fn document(stations: &[(f64, u32)], workload: &str) -> String {
    let (nodes, edges) = chain(stations);
    format!(
        r#"{{"loadpath": 1, "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}}, {nodes}], "edges": [{edges}],
            "workload": {{{workload}, "classes": [{{"name": "job", "keys": 1}}]}}}}"#
    )
}

/// Jackson networks in which nobody goes back: calls cannot go round.
pub(super) fn tandem(case: &Case, effort: &Effort) -> Result<Measured> {
    let (outside, routing) = (case.numbers("gamma"), case.rows("P"));
    let n = outside.len();
    let forward =
        (0..n).all(|i| (0..n).all(|j| (routing[i][j] - f64::from(u8::from(j == i + 1))).abs() < 1e-9));
    if !forward || outside[1..].iter().any(|&rate| rate > 0.0) {
        bail!("calls cannot go back to a caller");
    }
    let rate = outside[0];
    let stations: Vec<(f64, u32)> =
        case.numbers("mu").iter().zip(case.numbers("c")).map(|(mu, c)| (1.0 / mu, c as u32)).collect();
    let workload = format!(r#""rate": "{}/s", "users": 1"#, rate / UNIT);
    let mut probes =
        vec![probe("W_total", |run| mean(run, 0)), probe("L_total", move |run| rate * mean(run, 0))];
    for (name, q) in [("W_p50", 0.5), ("W_p90", 0.9), ("W_p99", 0.99)] {
        probes.push(probe(name, move |run| quantile(run, q)));
    }
    for (i, &(mean, servers)) in stations.iter().enumerate() {
        // What callers see of a station holds what is behind it.
        let own = move |run: &Run| {
            let of =
                |i: usize| run.nodes.get(i + 1).map_or(0.0, |node| node.response.mean().as_secs()) / UNIT;
            of(i) - of(i + 1)
        };
        let utilization = move |run: &Run| run.nodes[i + 1].utilization.unwrap_or(f64::NAN);
        probes.push(probe(&format!("station{i}.W"), own));
        probes.push(probe(&format!("station{i}.L"), move |run| rate * own(run)));
        probes.push(probe(&format!("station{i}.rho"), utilization));
        let through = move |run: &Run| utilization(run) * f64::from(servers) / mean;
        probes.push(probe(&format!("station{i}.lambda_"), through));
    }
    probes.retain(|probe| case.expect.contains_key(&probe.name));
    let busiest = stations.iter().map(|(mean, c)| rate * mean / f64::from(*c)).fold(0.0, f64::max);
    simulate(&document(&stations, &workload), batch(busiest), effort, &probes)
}

/// Users who think and ask.
pub(super) fn closed(case: &Case, effort: &Effort) -> Result<Measured> {
    let servers = case.numbers("servers");
    let stations: Vec<(f64, u32)> =
        case.numbers("demands").iter().zip(servers).map(|(demand, c)| (*demand, c as u32)).collect();
    looped(case, effort, &stations, case.number("Z"), case.number("N"))
}

fn looped(case: &Case, effort: &Effort, stations: &[(f64, u32)], think: f64, users: f64) -> Result<Measured> {
    let workload = format!(r#""arrivals": "closed", "users": {users}, "think_time": "exp {}""#, span(think));
    let throughput = |run: &Run| run.outcomes().total() as f64 / run.duration.as_secs() * UNIT;
    let mut probes = vec![probe("X", throughput), probe("R", |run| mean(run, 0))];
    if case.expect.contains_key("throughput") {
        let service = stations[0].0;
        probes = vec![
            probe("throughput", throughput),
            probe("W", |run| mean(run, 0)),
            probe("Wq", move |run| mean(run, 0) - service),
            probe("L_down", move |run| throughput(run) * mean(run, 0)),
            probe("up_fraction", move |run| 1.0 - throughput(run) * mean(run, 0) / users),
        ];
    }
    simulate(&document(stations, &workload), 50_000.0, effort, &probes)
}

/// Machines are users who fail after a think time and wait for a repairer.
pub(super) fn repair(case: &Case, effort: &Effort) -> Result<Measured> {
    let stations = [(1.0 / case.number("mu"), case.count("c"))];
    looped(case, effort, &stations, 1.0 / case.number("lambda_"), case.number("N"))
}
