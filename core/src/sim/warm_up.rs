//! How a run from cold is cut: by what the user says, or by a rule.
use super::simulation::Simulation;
use crate::rng::Seed;
use crate::run::Run;
use crate::time::{Span, Time};
use crate::topology::Plan;

/// How much at the start of a run does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUp {
    /// So much.
    Fixed(Span),
    /// What the rule MSER-5 finds (see [`crate::stats::warm_up`]) in the responses of a trial as long as what is to count: until
    /// their mean has settled. What a timeline does later is no warm-up. The trial costs as much as the run at most, and the
    /// run begins anew from the same seed.
    ByRule,
}

impl From<Span> for WarmUp {
    fn from(span: Span) -> Self {
        Self::Fixed(span)
    }
}

/// A warm-up that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How much at the start does not count.
    pub warm_up: Span,
    /// What a reader of the run must know of it, in a sentence; none where the user has said how much.
    pub note: Option<String>,
}

/// Simulates a plan from cold: a warm-up that does not count, then `duration` that does. The run says how much was cut.
pub fn simulate(plan: &Plan, seed: Seed, warm_up: impl Into<WarmUp>, duration: Span) -> Run {
    let cut = match warm_up.into() {
        WarmUp::Fixed(warm_up) => Cut { warm_up, note: None },
        WarmUp::ByRule => {
            let mut trial = Simulation::new(plan, seed);
            trial.run_until(Time::ZERO + duration);
            let cut = trial.warm_up();
            if cut.warm_up == Span::ZERO {
                let mut run = trial.run(&plan.name);
                run.notes.extend(cut.note);
                return run;
            }
            cut
        }
    };
    let mut simulation = Simulation::new(plan, seed);
    simulation.run_until(Time::ZERO + cut.warm_up);
    simulation.reset_statistics();
    simulation.run_until(Time::ZERO + cut.warm_up + duration);
    let mut run = simulation.run(&plan.name);
    run.notes.extend(cut.note);
    run
}

impl Simulation {
    /// Where the warm-up of this run ends, as far as it has come, by the rule MSER-5 over the responses. Half of it where the rule
    /// says that it was too short to tell: then the note says so.
    pub fn warm_up(&self) -> Cut {
        let first = self.plan.timeline.first().map_or(Time::NEVER, |&(at, _)| at);
        let steady = self.progress.warm_up(first);
        let seen = first.min(self.now()).since(Time::ZERO);
        // Whole milliseconds, so that anyone can state the same.
        let whole = |span: Span| Span::from_millis(span.0.div_ceil(1_000_000));
        let (warm_up, note) = match steady {
            Some(Time::ZERO) => {
                (Span::ZERO, "no warm-up was cut: by the rule MSER-5 the responses were steady".to_owned())
            }
            Some(at) => {
                let cut = whole(at.since(Time::ZERO));
                let sentence = "of warm-up were cut by the rule MSER-5 over the responses";
                (cut, format!("{:.3} s {sentence}", cut.as_secs()))
            }
            None => {
                let cut = whole(Span(seen.0 / 2));
                let sentence = "of warm-up were cut, half of what there was: it was too short to say where the responses become steady";
                (cut, format!("{:.3} s {sentence}", cut.as_secs()))
            }
        };
        Cut { warm_up, note: Some(note) }
    }
}
