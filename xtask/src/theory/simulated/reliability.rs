//! Instances that fail by themselves and are mended.

use anyhow::{Context, Result};
use loadpath_core::rng::{Rng, Seed};
use loadpath_core::run::Run;
use loadpath_core::sim::Simulation;
use loadpath_core::time::Time;

use super::super::case::Case;
use super::super::measure::{Effort, Measured, plan_of, probe, repeat, simulate};
use super::super::reason::is_measured;

/// Seconds of the simulated system for one unit of a case's time: an hour of a case is ten thousandths of a second, since the
/// simulator looks at its meters every second.
const UNIT: f64 = 1e-4;

/// Instances that fail after `mtbf` units and are mended after `mttr`, and hardly any requests.
fn failing(instances: u32, mtbf: f64, mttr: f64, repairers: u32) -> String {
    let nanoseconds = |units: f64| units * UNIT * 1e9;
    format!(
        r#"{{"loadpath": 1,
            "nodes": [{{"id": "users", "kind": "clients"}},
                      {{"id": "web", "kind": "service", "instances": {instances}, "service_time": "0s",
                        "mtbf": "{}ns", "mttr": "{}ns", "repairers": {repairers}}}],
            "edges": [{{"from": "users", "to": "web", "latency": "0s"}}],
            "workload": {{"rate": "1/s", "users": 1, "classes": [{{"name": "job", "keys": 1}}]}}}}"#,
        nanoseconds(mtbf),
        nanoseconds(mttr)
    )
}

/// A batch of so many seconds, which has as many requests, for some thousands of failures.
fn batch(instances: u32, mtbf: f64) -> f64 {
    4_000.0 * mtbf * UNIT / f64::from(instances)
}

pub(super) fn component(case: &Case, effort: &Effort) -> Result<Measured> {
    let document = failing(1, case.number("MTBF"), case.number("MTTR"), 0);
    let minutes = |run: &Run| run.nodes[1].up.share(0) * 365.0 * 24.0 * 60.0;
    let probes =
        [probe("A", |run: &Run| run.nodes[1].up.share_from(1)), probe("downtime_min_per_year", minutes)];
    simulate(&document, batch(1, case.number("MTBF")), effort, &probes)
}

/// Of `n` like parts that fail independently, the time in which `k`, all, or any are up.
pub(super) fn parts(case: &Case, effort: &Effort) -> Result<Measured> {
    let (n, k, up) = (case.count("n"), case.count("k"), case.number("A"));
    let document = failing(n, up / (1.0 - up), 1.0, 0);
    let at_least = |k: u32| move |run: &Run| run.nodes[1].up.share_from(k);
    let mut probes = vec![
        probe("A_system", at_least(k)),
        probe("A_series_n", at_least(n)),
        probe("A_parallel_n", at_least(1)),
    ];
    probes.retain(|probe| is_measured(case, &probe.name));
    simulate(&document, batch(n, up / (1.0 - up)), effort, &probes)
}

/// The time from a start with all up until fewer than `k` are, again and again.
pub(super) fn quorum_loss(case: &Case, effort: &Effort) -> Result<Measured> {
    let (n, k) = (case.count("n"), case.count("k"));
    let (mtbf, mttr) = (1.0 / case.number("lambda_"), 1.0 / case.number("mu"));
    let plan = plan_of(&failing(n, mtbf, mttr, case.count("repairers")))?;
    let web = plan.find("web").context("the document has a web")?;
    let once = |rng: &mut Rng| {
        let mut simulation = Simulation::new(&plan, Seed(rng.bits()));
        while simulation.up(web) >= k {
            simulation.run_some(Time::NEVER, 1);
        }
        vec![simulation.now().as_secs() / UNIT]
    };
    // About as many failures as there are until the first that meets another.
    let cost = mtbf / mttr;
    Ok(repeat(&["MTT_loss"], cost, effort, once))
}
