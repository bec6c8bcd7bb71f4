//! A replicated database: waits for a quorum, what a failover loses, what a replica does not know yet.

use anyhow::Result;
use loadpath_core::component::replication::{Acknowledge, Log};
use loadpath_core::dist::Law;
use loadpath_core::rng::{Rng, Seed};
use loadpath_core::sim::{Command, Simulation};
use loadpath_core::stats::Estimate;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::Plan;

use super::super::case::Case;
use super::super::measure::{Effort, Measured, plan_of, probe, repeat, simulate};
use super::UNIT;
use super::queues::{mean, quantile, span};

/// Writes to a database with these parameters, which takes no time for them.
fn written(rate_per_second: f64, arrivals: &str, parameters: &str) -> String {
    format!(
        r#"{{"loadpath": 1,
            "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}},
                      {{"id": "web", "kind": "service", "workers": 4096, "service_time": "0s"}},
                      {{"id": "db", "kind": "database", "connections": 4096, "write_time": "0s", {parameters}}}],
            "edges": [{{"from": "users", "to": "web", "latency": "0s"}}, {{"from": "web", "to": "db", "latency": "0s"}}],
            "workload": {{"arrivals": "{arrivals}", "rate": "{rate_per_second}/s", "users": 1,
              "classes": [{{"name": "save", "operation": "write", "keys": 1000}}]}}}}"#
    )
}

/// Each replica has a write after an exponential time. A log keeps its order, so writes are far apart.
pub(super) fn quorum(case: &Case, effort: &Effort) -> Result<Measured> {
    const APART: f64 = 1_000.0;
    let parameters = format!(
        r#""replicas": {}, "replication": "quorum", "write_quorum": {}, "replica_lag": "exp {}""#,
        case.count("n"),
        case.count("k") + 1,
        span(1.0)
    );
    let probes = [
        probe("mean", |run| mean(run, 0)),
        probe("p50", |run| quantile(run, 0.5)),
        probe("p99", |run| quantile(run, 0.99)),
    ];
    simulate(&written(1.0 / APART / UNIT, "poisson", &parameters), 2_000.0, effort, &probes)
}

/// How many acknowledged writes are gone when the primary dies and its replica takes over. The simulation is a fork, which nobody
/// needs any more.
fn lost(mut fork: Simulation) -> f64 {
    let kill = Command::Kill { node: "db".to_owned(), instance: 0 };
    fork.command(&kill).expect("a database has a first server");
    let after = fork.now() + Span(2);
    fork.run_until(after);
    let run = fork.run("");
    run.nodes[2].counters.get("lost_writes").copied().unwrap_or(0) as f64
}

/// A database whose replica follows and takes over at once.
fn following(rate: f64, arrivals: &str, lag: f64, more: &str) -> Result<Plan> {
    let lag = format!("{}ns", lag * 1e9);
    let parameters = format!(r#""replicas": 1, "replica_lag": "{lag}", "failover": "1ns"{more}"#);
    plan_of(&written(rate, arrivals, &parameters))
}

/// A database at work that is looked at again and again. A simulation keeps a record of each of its seconds, and a fork copies
/// it: so another one takes its place now and then.
struct Base {
    plan: Plan,
    simulation: Simulation,
    /// How long it takes until it has forgotten its start.
    settles: Span,
}

/// Seconds after which another one takes its place.
const OLD: f64 = 100.0;

impl Base {
    fn new(plan: Plan, settles: f64, seed: Seed) -> Self {
        let mut base =
            Self { simulation: Simulation::new(&plan, seed), plan, settles: Span::from_secs(settles) };
        base.simulation.run_until(Time::ZERO + base.settles);
        base
    }

    /// How many writes are lost when its primary dies so many seconds later.
    fn lost_after(&mut self, seconds: f64, rng: &mut Rng) -> f64 {
        if self.simulation.now().as_secs() > OLD {
            self.simulation = Simulation::new(&self.plan, Seed(rng.bits()));
            self.simulation.run_until(Time::ZERO + self.settles);
        }
        let next = self.simulation.now() + Span::from_secs(seconds);
        self.simulation.run_until(next);
        lost(self.simulation.clone())
    }
}

/// The same lag for all: how many are under way does not depend on its law.
pub(super) fn failover(case: &Case, effort: &Effort) -> Result<Measured> {
    let (rate, lag) = (case.number("write_rate"), case.number("mean_lag"));
    let mut base = Base::new(following(rate, "poisson", lag, "")?, 3.0 * lag, effort.seed);
    let exact = rate * lag;
    let once = |rng: &mut Rng| {
        // Beyond a lag nothing is remembered.
        let lost = base.lost_after(2.0 * lag, rng);
        // The variance about the mean that theory has, and the mean itself is measured beside it.
        vec![lost, (lost - exact) * (lost - exact)]
    };
    let mut measured = repeat(&["mean_lost", "of_variance_var"], 4.0 * exact, effort, once);
    if let Some(variance) = measured.remove("of_variance_var") {
        let value = variance.value.sqrt();
        let std = Estimate { value, half_width: variance.half_width / (2.0 * value) };
        measured.insert("std_if_poisson".to_owned(), std);
    }
    Ok(measured)
}

/// The log leaves every so often; the primary dies at any time in between.
pub(super) fn shipped(case: &Case, effort: &Effort) -> Result<Measured> {
    let (rate, every, lag) = (case.number("write_rate"), case.number("T"), case.number("delay"));
    let more = format!(r#", "ship_interval": "{}ns""#, every * 1e9);
    let mut base = Base::new(following(rate, "constant", lag, &more)?, 3.0 * (every + lag), effort.seed);
    let mut most: f64 = 0.0;
    let once = |rng: &mut Rng| {
        let after = every * (1.0 + rng.unit());
        let lost = base.lost_after(after, rng);
        most = most.max(lost);
        vec![lost]
    };
    let mut measured = repeat(&["mean_lost"], 2.0 * rate * every, effort, once);
    measured.insert("max_lost".to_owned(), Estimate { value: most, half_width: 0.0 });
    Ok(measured)
}

/// The log that the database's replicas follow: a key is written, its record takes an exponential time, and is read after `delay`.
pub(super) fn stale(case: &Case, effort: &Effort) -> Result<Measured> {
    const WRITES: u32 = 10_000;
    let lag = Law::Exponential(Span::from_secs(case.number("mean_lag"))).sampler();
    let delay = Span::from_secs(case.number("delay"));
    let once = |rng: &mut Rng| {
        let (mut log, mut stale) = (Log::new(2, Acknowledge::Async), 0);
        for i in 0..WRITES {
            let now = Time(u64::from(i) * 100 * Span::SECOND.0);
            let key = u64::from(i % 100);
            let position = log.append(now, key, 0).expect("its primary is up");
            let arrives = lag.sample(rng);
            if arrives <= delay {
                log.deliver(1, position);
            }
            stale += u32::from(log.is_stale(1, key));
            log.deliver(1, position);
        }
        vec![f64::from(stale) / f64::from(WRITES)]
    };
    Ok(repeat(&["P_stale"], f64::from(WRITES), effort, once))
}
