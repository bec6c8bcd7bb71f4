//! Tries the claims of lessons out: each design is simulated several times, and a claim holds when the whole interval of its
//! margin lies on the right side of the bound.
//!
//! Designs that are compared meet the same arrivals (common random numbers; Law 2015, section 11.2), and what is judged is the
//! margin of each pair, so that what both have in common does not widen the interval.
use crate::rng::Seed;
use crate::run::Run;
use crate::sim::{NodeSnapshot, Simulation, Snapshot, replication_seed};
use crate::stats::{Estimate, Moments};
use crate::time::{Span, Time};
use crate::topology::lessons::{Claim, Lesson, Measure, Relation, Variant};
use crate::topology::{Fault, Topology, check as check_document};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How often each design is simulated.
pub const REPLICATIONS: u64 = 5;
/// How sure the intervals are.
const CONFIDENCE: f64 = 0.95;

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimVerdict {
    /// The claim, in its own words.
    pub says: String,
    /// Whether it holds: the interval of the margin lies above zero.
    pub holds: bool,
    /// The figure with its 95 % interval over the replications, in its own unit.
    pub measured: Estimate,
    /// The same figure of the design that it is compared with.
    pub compared: Option<Estimate>,
    /// How far the figure lies on the right side of the bound, in its own unit, with its 95 % interval.
    pub margin: Estimate,
}

/// Why nothing can be said about a claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotJudged {
    /// The design has faults; the first one.
    Faulty(Fault),
    /// The design has no such node or class, or the node no such figure.
    Missing,
}

impl fmt::Display for NotJudged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Faulty(fault) => write!(f, "the design cannot be simulated: {fault}"),
            Self::Missing => f.write_str("the design lacks a node or a class that the goal speaks of"),
        }
    }
}

impl std::error::Error for NotJudged {}

/// Checks all claims of a lesson. Costs some simulated minutes for each: about a second, native.
///
/// # Panics
/// If a claim's design is none, or it names what is not there: the lessons' own test checks them all.
pub fn check(lesson: &Lesson, seed: Seed) -> Vec<ClaimVerdict> {
    let mut trials = Trials::new(lesson, None, seed);
    lesson.claims.iter().map(|claim| trials.judge(claim).unwrap_or_else(|why| told(claim, &why))).collect()
}

/// Checks one claim of a lesson.
///
/// # Panics
/// As [`check`].
pub fn check_claim(lesson: &Lesson, claim: &Claim, seed: Seed) -> ClaimVerdict {
    Trials::new(lesson, None, seed).judge(claim).unwrap_or_else(|why| told(claim, &why))
}

fn told(claim: &Claim, why: &NotJudged) -> ! {
    panic!("\"{}\": {why}", claim.says)
}

/// Checks the goals of a lesson's task on somebody's own design, in the order of the goals. Costs as much as [`check`].
pub fn check_goals(lesson: &Lesson, document: &Topology, seed: Seed) -> Vec<Result<ClaimVerdict, NotJudged>> {
    let mut trials = Trials::new(lesson, Some(document), seed);
    lesson.task.goals.iter().map(|goal| trials.judge(goal)).collect()
}

/// What was simulated for a lesson: claims often look at the same design in the same window.
struct Trials<'a> {
    lesson: &'a Lesson,
    /// The design that is judged; none is the lesson's.
    own: Option<&'a Topology>,
    seed: Seed,
    done: Vec<Trial>,
}

/// A design's replications.
struct Trial {
    design: Topology,
    window: (Span, Span),
    seen: Vec<Seen>,
}

/// What was seen of a replication in a window.
struct Seen {
    run: Run,
    end: Snapshot,
}

impl<'a> Trials<'a> {
    const fn new(lesson: &'a Lesson, own: Option<&'a Topology>, seed: Seed) -> Self {
        Self { lesson, own, seed, done: Vec::new() }
    }

    fn judge(&mut self, claim: &Claim) -> Result<ClaimVerdict, NotJudged> {
        let design = match self.own {
            Some(own) => claim.design.apply(own.clone()),
            None => self.variant(&claim.design),
        };
        let measured = self.measure(claim, design)?;
        let compared = match &claim.holds {
            Relation::Below(_) | Relation::Above(_) => None,
            Relation::BelowTimes(_, other) | Relation::AboveTimes(_, other) => {
                Some(self.measure(claim, self.variant(other))?)
            }
        };
        let margin = |i: usize| {
            let (value, other) = (measured[i], compared.as_ref().map_or(0.0, |values| values[i]));
            match claim.holds {
                Relation::Below(bound) => bound - value,
                Relation::Above(bound) => value - bound,
                Relation::BelowTimes(factor, _) => factor * other - value,
                Relation::AboveTimes(factor, _) => value - factor * other,
            }
        };
        let margins: Vec<f64> = (0..measured.len()).map(margin).collect();
        let margin = estimate(&margins);
        Ok(ClaimVerdict {
            says: claim.says.clone(),
            holds: margin.value - margin.half_width > 0.0,
            measured: estimate(&measured),
            compared: compared.as_deref().map(estimate),
            margin,
        })
    }

    fn variant(&self, variant: &Variant) -> Topology {
        self.lesson.variant(variant).expect("only a phase of growth looks at the one before")
    }

    /// The figure in each replication.
    fn measure(&mut self, claim: &Claim, design: Topology) -> Result<Vec<f64>, NotJudged> {
        let window = (claim.from, claim.to);
        let known = self.done.iter().position(|trial| trial.design == design && trial.window == window);
        let place = match known {
            Some(place) => place,
            None => {
                let seen: Result<Vec<Seen>, NotJudged> =
                    (0..REPLICATIONS).map(|i| simulate(&design, self.seed, i, window)).collect();
                self.done.push(Trial { design, window, seen: seen? });
                self.done.len() - 1
            }
        };
        let figure = |seen: &Seen| seen.figure(&claim.measure, claim.class.as_deref());
        self.done[place].seen.iter().map(figure).collect::<Option<_>>().ok_or(NotJudged::Missing)
    }
}

fn simulate(
    design: &Topology,
    seed: Seed,
    replication: u64,
    (from, to): (Span, Span),
) -> Result<Seen, NotJudged> {
    let plan = check_document(design).map_err(|mut faults| NotJudged::Faulty(faults.swap_remove(0)))?;
    let mut simulation = Simulation::new(&plan, replication_seed(seed, replication));
    simulation.run_until(Time::ZERO + from);
    simulation.reset_statistics();
    simulation.run_until(Time::ZERO + to);
    Ok(Seen { run: simulation.run(&plan.name), end: simulation.snapshot() })
}

fn estimate(values: &[f64]) -> Estimate {
    let mut moments = Moments::default();
    values.iter().for_each(|&value| moments.add(value));
    moments.interval(CONFIDENCE).expect("there are enough replications for an interval")
}

impl Seen {
    /// The figure; none when the run has no such node or class.
    fn figure(&self, measure: &Measure, class: Option<&str>) -> Option<f64> {
        let node = |id: &String| self.run.nodes.iter().find(|node| node.id == *id);
        let quantile = |id, q| node(id).map(|node| node.response.quantile(q).as_secs());
        Some(match measure {
            Measure::P50 => self.quantile(class, 0.5)?,
            Measure::P99 => self.quantile(class, 0.99)?,
            Measure::ErrorShare => self.outcomes(class)?.error_share(),
            Measure::Throughput => self.per_second(self.outcomes(class)?.ok),
            Measure::NodeP50(id) => quantile(id, 0.5)?,
            Measure::NodeP99(id) => quantile(id, 0.99)?,
            Measure::NodeErrorShare(id) => node(id)?.outcomes.error_share(),
            Measure::NodeRate(id) => self.per_second(node(id)?.outcomes.total()),
            Measure::HitRatio(id) => node(id)?.hit_ratio?,
            Measure::Utilization(id) => node(id)?.utilization?,
            Measure::Hottest(id) => self.at_end(id)?.busy.iter().copied().fold(0.0, f64::max),
            Measure::Backlog(id) => self.at_end(id)?.backlog as f64,
            Measure::Instances(id) => self.at_end(id)?.up.iter().filter(|&&up| up).count() as f64,
            // What did not happen is not listed.
            Measure::Counter { node: id, name } => {
                node(id)?.counters.get(name).map_or(0.0, |&count| count as f64)
            }
        })
    }

    fn quantile(&self, class: Option<&str>, q: f64) -> Option<f64> {
        let response = match class {
            None => self.run.response(),
            Some(name) => self.run.classes.iter().find(|class| class.name == name)?.response.clone(),
        };
        Some(response.quantile(q).as_secs())
    }

    fn outcomes(&self, class: Option<&str>) -> Option<crate::run::Outcomes> {
        match class {
            None => Some(self.run.outcomes()),
            Some(name) => self.run.classes.iter().find(|class| class.name == name).map(|c| c.outcomes),
        }
    }

    fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.run.duration.as_secs().max(1e-9)
    }

    fn at_end(&self, id: &str) -> Option<&NodeSnapshot> {
        self.end.nodes.iter().find(|node| node.id == id)
    }
}
