//! Which rate saturates a design in runs that begin with what caches begin with: nothing.
//!
//! Formulas are of the long run. Until caches are full more goes past them, and a share of what saturates a design with full ones would be
//! an overload. So it is simulations of just such runs that say which rate keeps the busiest node as busy as the load is to.
use crate::analytic;
use crate::rng::Seed;
use crate::sim::simulate;
use crate::time::Span;
use crate::topology::{NodeKind, Plan};

/// By how much the utilization of a short run may be higher than in the long run, by chance.
const CHANCE: f64 = 0.03;
/// How often the range of rates is halved: to a thousandth.
const HALVINGS: u32 = 10;
/// Above this share of saturation nodes are not busier in step with the load, and queues take a run's length to build.
const MOST: f64 = 0.9;
/// How many requests are enough to tell a utilization well: repeats beyond them are left out.
const ENOUGH: f64 = 100_000.0;

/// How a design is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunPlan {
    /// How long each run lasts before it counts.
    pub warm_up: Span,
    /// How long each counts.
    pub duration: Span,
    /// The seed of the first; each further one takes the next.
    pub seed: u64,
    /// How many there are, ≥ 1.
    pub repeats: u64,
}

/// What saturates a design.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saturation {
    /// The rate at which something does in such runs, per second: loads are shares of it.
    pub rate: f64,
    /// The rate at which formulas say that something does with full caches, ≥ `rate`.
    pub warm: f64,
}

/// What saturates a design in such runs, of which the heaviest is to have the load `top`, as a share of that. None where formulas say
/// that nothing does.
///
/// Without caches, in a closed loop, and where caches fill in time, that is what formulas say, whose cost it has; else it costs up to 34
/// simulations of such a run, each `repeats` times, or fewer where a run has many requests. Timelines are left out: they change the rate.
///
/// # Panics
/// When nothing is repeated.
pub fn saturation(plan: &Plan, top: f64, runs: RunPlan) -> Option<Saturation> {
    assert!(runs.repeats > 0, "a run that is never made says nothing");
    let warm = analytic::solve(plan).bottleneck?.rate;
    let (top, as_formulas_say) = (top.min(MOST), Some(Saturation { rate: warm, warm }));
    if plan.think_time.is_some() || !has_caches(plan) {
        return as_formulas_say;
    }
    let busiest = |saturation: f64| busiest(plan, top * saturation, runs);
    if busiest(warm) <= top + CHANCE {
        return as_formulas_say;
    }
    let (mut low, mut high) = (0.0, warm);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if busiest(middle) > top { high = middle } else { low = middle }
    }
    // A design whose caches let nearly all past them has its first thousandth left.
    Some(Saturation { rate: if low > 0.0 { low } else { high }, warm })
}

/// The utilization of the busiest node at a rate, on the average of the runs.
fn busiest(plan: &Plan, rate: f64, runs: RunPlan) -> f64 {
    let mut plan = plan.clone();
    plan.arrivals.rate = rate;
    plan.timeline.clear();
    let requests = rate * (runs.warm_up + runs.duration).as_secs();
    let repeats = ((ENOUGH / requests) as u64).clamp(1, runs.repeats);
    let of_run = |seed| {
        let run = simulate(&plan, Seed(seed), runs.warm_up, runs.duration);
        run.nodes.iter().filter_map(|node| node.utilization).fold(0.0, f64::max)
    };
    (runs.seed..).take(repeats as usize).map(of_run).sum::<f64>() / repeats as f64
}

fn has_caches(plan: &Plan) -> bool {
    plan.nodes.iter().any(|node| matches!(node.kind, NodeKind::Cache(_) | NodeKind::Cdn(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{Topology, check};

    const RUNS: RunPlan = RunPlan {
        warm_up: Span(2 * Span::SECOND.0),
        duration: Span(8 * Span::SECOND.0),
        seed: 1,
        repeats: 3,
    };

    /// A service that asks a cache of so many keys first, which has room for all, and a database that saturates at 200 misses a second.
    fn plan_of(keys: u32, workload: &str) -> Plan {
        let text = format!(
            r#"{{"loadpath":1,"nodes":[{{"id":"users","kind":"clients"}},
            {{"id":"app","kind":"service","workers":4096,"service_time":"0s"}},
            {{"id":"cache","kind":"cache","capacity":{keys},"service_time":"0s","ttl":"24h"}},
            {{"id":"db","kind":"database","connections":1,"read_time":"5ms","write_time":"5ms"}}],
            "edges":[{{"from":"users","to":"app"}},{{"from":"app","to":"cache"}},{{"from":"app","to":"db"}}],
            "workload":{{{workload},"classes":[{{"name":"read","weight":3,"keys":{keys},"skew":0}},
                {{"name":"write","operation":"write","keys":{keys},"skew":0}}]}}}}"#
        );
        check(&Topology::from_json(&text).unwrap()).unwrap()
    }

    #[test]
    fn shares_are_of_what_saturates_runs_that_begin_with_empty_caches() {
        let plan = plan_of(50_000, r#""rate":"100/s""#);
        let found = saturation(&plan, 0.6, RUNS).unwrap();
        // Hardly a key is asked for twice in so short a run, so that every request is the database's work.
        assert!((found.rate / 200.0 - 1.0).abs() < CHANCE, "{found:?}");
        assert!(found.warm > 1.5 * found.rate, "{found:?}");
        assert!((busiest(&plan, 0.6 * found.rate, RUNS) - 0.6).abs() < 0.01, "{found:?}");
    }

    #[test]
    fn caches_that_fill_at_once_and_closed_loops_are_as_formulas_say() {
        let soon_full = saturation(&plan_of(10, r#""rate":"100/s""#), 0.6, RUNS).unwrap();
        assert_eq!(soon_full.rate, soon_full.warm);
        let closed = r#""arrivals":"closed","users":5,"think_time":"1s""#;
        let closed = saturation(&plan_of(1_000_000, closed), 0.6, RUNS).unwrap();
        assert_eq!(closed.rate, closed.warm);
    }
}
