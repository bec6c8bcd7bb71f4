//! Several stations: tandems and closed loops.

use anyhow::{Result, bail};
use loadpath_core::run::Run;

use super::super::case::Case;
use super::super::measure::{Effort, Measured, Probe, probe, simulate};
use super::super::reason::is_measured;
use super::UNIT;
use super::queues::{batch, mean, mean_wait, quantile, span};

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

/// Jackson networks that can be drawn: a tandem, and two stations of which the second sends back to the first.
pub(super) fn open(case: &Case, effort: &Effort) -> Result<Measured> {
    let (outside, routing) = (case.numbers("gamma"), case.rows("P"));
    let n = outside.len();
    let stations: Vec<(f64, u32)> =
        case.numbers("mu").iter().zip(case.numbers("c")).map(|(mu, c)| (1.0 / mu, c as u32)).collect();
    let is_square = routing.len() == n && routing.iter().all(|row| row.len() == n);
    if !is_square || stations.len() != n || n == 0 {
        bail!("gamma, mu, c and both sides of P must have the same length");
    }
    if outside[1..].iter().any(|&rate| rate > 0.0) {
        bail!("requests come in at the first station alone, where clients call");
    }
    let forward =
        (0..n).all(|i| (0..n).all(|j| (routing[i][j] - f64::from(u8::from(j == i + 1))).abs() < 1e-9));
    match (forward, &routing[..]) {
        (true, _) => tandem(case, effort, outside[0], &stations),
        (_, [first, second]) if first[0] == 0.0 && second[1] == 0.0 => {
            returning(case, effort, outside[0], &stations, (first[1], second[0]))
        }
        _ => bail!("calls go forward, or back to the first of two stations by being tried again"),
    }
}

/// The mean response of a station as its callers see it, in units, what is behind it included.
fn seen(run: &Run, i: usize) -> f64 {
    run.nodes.get(i + 1).map_or(0.0, |node| node.response.mean().as_secs()) / UNIT
}

/// What a station's workers tell: the share of them that is busy, and the rate of what they did.
fn worked(i: usize, mean: f64, servers: u32) -> [Probe; 2] {
    let utilization = move |run: &Run| run.nodes[i + 1].utilization.unwrap_or(f64::NAN);
    let through = move |run: &Run| utilization(run) * f64::from(servers) / mean;
    [probe(&format!("station{i}.rho"), utilization), probe(&format!("station{i}.lambda_"), through)]
}

/// Two stations: of what the first has done a share goes on to the second, and of what that has done a share goes back. A call
/// that fails at the second, when its work is done, is made again at once. Ten times are enough: hardly anything goes round more
/// often.
fn returning(
    case: &Case,
    effort: &Effort,
    rate: f64,
    stations: &[(f64, u32)],
    (on, back): (f64, f64),
) -> Result<Measured> {
    const MOST: i32 = 10;
    if (on * back).powi(MOST + 1) > 1e-4 {
        bail!("a call is tried {MOST} times again at most, and too much goes round more often");
    }
    let document = format!(
        r#"{{"loadpath": 1,
            "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}},
                      {{"id": "s0", "kind": "load_balancer", "policy": "random", "cores": {}, "queue": 1000000,
                        "service_time": "exp {}", "check_interval": "1m"}},
                      {{"id": "s1", "kind": "service", "workers": {}, "queue": 1000000, "service_time": "exp {}",
                        "error_share": {back}}},
                      {{"id": "done", "kind": "service", "workers": 4096, "service_time": "0s"}}],
            "edges": [{{"from": "users", "to": "s0", "latency": "0s", "retries": {MOST}, "backoff": "0s"}},
                      {{"from": "s0", "to": "s1", "latency": "0s", "weight": {}}},
                      {{"from": "s0", "to": "done", "latency": "0s", "weight": {}}}],
            "workload": {{"rate": "{}/s", "users": 1, "classes": [{{"name": "job", "keys": 1}}]}}}}"#,
        stations[0].1,
        span(stations[0].0),
        stations[1].1,
        span(stations[1].0),
        (1_000.0 * on).round(),
        (1_000.0 * (1.0 - on)).round(),
        rate / UNIT
    );
    let visits =
        |run: &Run, i: usize| run.nodes[i + 1].outcomes.total() as f64 / run.duration.as_secs() * UNIT;
    // What callers see of the first holds the second for those who go on.
    let own = move |run: &Run, i: usize| match i {
        0 => seen(run, 0) - visits(run, 1) / visits(run, 0) * seen(run, 1),
        _ => seen(run, 1),
    };
    let mut probes =
        vec![probe("W_total", |run| mean(run, 0)), probe("L_total", move |run| rate * mean(run, 0))];
    for (i, &(work, servers)) in stations.iter().enumerate() {
        probes.push(probe(&format!("station{i}.W"), move |run| own(run, i)));
        probes.push(probe(&format!("station{i}.L"), move |run| visits(run, i) * own(run, i)));
        probes.extend(worked(i, work, servers));
    }
    probes.retain(|probe| is_measured(case, &probe.name));
    simulate(&document, 50_000.0, effort, &probes)
}

fn tandem(case: &Case, effort: &Effort, rate: f64, stations: &[(f64, u32)]) -> Result<Measured> {
    let workload = format!(r#""rate": "{}/s", "users": 1"#, rate / UNIT);
    let mut probes =
        vec![probe("W_total", |run| mean(run, 0)), probe("L_total", move |run| rate * mean(run, 0))];
    for (name, q) in [("W_p50", 0.5), ("W_p90", 0.9), ("W_p99", 0.99)] {
        probes.push(probe(name, move |run| quantile(run, q)));
    }
    for (i, &(mean, servers)) in stations.iter().enumerate() {
        // What callers see of a station holds what is behind it.
        let own = move |run: &Run| seen(run, i) - seen(run, i + 1);
        probes.push(probe(&format!("station{i}.W"), own));
        probes.push(probe(&format!("station{i}.L"), move |run| rate * own(run)));
        probes.extend(worked(i, mean, servers));
    }
    probes.retain(|probe| is_measured(case, &probe.name));
    let busiest = stations.iter().map(|(mean, c)| rate * mean / f64::from(*c)).fold(0.0, f64::max);
    simulate(&document(stations, &workload), batch(busiest), effort, &probes)
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
    let mut probes = vec![
        probe("X", throughput),
        probe("R", |run| mean(run, 0)),
        // What the bound bounds.
        probe("X_bound", throughput),
    ];
    probes.extend((0..stations.len()).map(|i| {
        let utilization = move |run: &Run| run.nodes[i + 1].utilization.unwrap_or(f64::NAN);
        probe(&format!("utilisations[{i}]"), utilization)
    }));
    if case.expect.contains_key("throughput") {
        probes = vec![
            probe("throughput", throughput),
            probe("W", |run| mean(run, 0)),
            probe("Wq", mean_wait),
            probe("L_down", move |run| throughput(run) * mean(run, 0)),
            probe("up_fraction", move |run| 1.0 - throughput(run) * mean(run, 0) / users),
            probe("P0", |run| run.nodes[1].in_flight.share(0)),
            probe("P_all_down", move |run| run.nodes[1].in_flight.share(users as u32)),
        ];
    }
    probes.retain(|probe| is_measured(case, &probe.name));
    simulate(&document(stations, &workload), 50_000.0, effort, &probes)
}

/// Machines are users who fail after a think time and wait for a repairer.
pub(super) fn repair(case: &Case, effort: &Effort) -> Result<Measured> {
    let stations = [(1.0 / case.number("mu"), case.count("c"))];
    looped(case, effort, &stations, 1.0 / case.number("lambda_"), case.number("N"))
}
