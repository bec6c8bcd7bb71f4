//! The same design again with other chance: independent runs, from which intervals follow without any assumption about one run.
use super::simulation::Simulation;
use super::warm_up::{Cut, WarmUp, simulate};
use crate::hash;
use crate::rng::Seed;
use crate::run::Run;
use crate::stats::{Estimate, Moments};
use crate::time::{Span, Time};
use crate::topology::Plan;

/// The seed of the replication `i`, counted from zero. Two designs with the same seed meet the same arrivals in it, since each
/// stream of chance has its name (common random numbers; Law 2015, §11.2).
pub const fn replication_seed(seed: Seed, i: u64) -> Seed {
    Seed(hash::pair(seed.0, i))
}

/// Simulates a plan `n` times from cold with independent chance. By rule, the warm-up is found in the first run and cut from all.
pub fn simulate_replications(
    plan: &Plan,
    seed: Seed,
    n: u32,
    warm_up: impl Into<WarmUp>,
    duration: Span,
) -> Vec<Run> {
    let cut = find_cut(&[plan], seed, warm_up.into(), duration);
    (0..u64::from(n))
        .map(|i| {
            let mut run = simulate(plan, replication_seed(seed, i), cut.warm_up, duration);
            run.notes.extend(cut.note.clone());
            run
        })
        .collect()
}

/// How much is cut from every replication of several designs: the longest warm-up of any.
pub fn find_cut(plans: &[&Plan], seed: Seed, warm_up: WarmUp, duration: Span) -> Cut {
    let by_rule = |plan: &&Plan| {
        let mut trial = Simulation::new(plan, replication_seed(seed, 0));
        trial.run_until(Time::ZERO + duration);
        trial.warm_up()
    };
    match warm_up {
        WarmUp::Fixed(warm_up) => Cut { warm_up, note: None },
        WarmUp::ByRule => plans
            .iter()
            .map(by_rule)
            .max_by_key(|cut| cut.warm_up)
            .unwrap_or(Cut { warm_up: Span::ZERO, note: None }),
    }
}

/// A figure over replications: its mean with the half-width at `confidence` in (0, 1); `None` for fewer than two runs, or where one
/// of them does not have the figure.
pub fn over_replications(
    runs: &[Run],
    confidence: f64,
    figure: impl Fn(&Run) -> Option<f64>,
) -> Option<Estimate> {
    let mut moments = Moments::default();
    for run in runs {
        moments.add(figure(run)?);
    }
    moments.interval(confidence)
}
