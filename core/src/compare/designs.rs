//! Two designs side by side under the same arrivals: which is better, by how much, and how sure that is.
//!
//! Both are simulated several times, each time with the same streams of chance (common random numbers; Law 2015, §11.2). What is
//! judged is the difference of each pair (the paired-t interval; Law 2015, §10.2.1): what both have in common, such as a burst of
//! arrivals, drops out.
use crate::cost::cost;
use crate::rng::Seed;
use crate::run::{Figure, Figures, Run};
use crate::sim::{WarmUp, find_cut, replication_seed, simulate};
use crate::stats::{Estimate, Moments, student_quantile};
use crate::time::Span;
use crate::topology::Plan;
use serde::{Deserialize, Serialize};

/// How sure the intervals are, each by itself.
const CONFIDENCE: f64 = 0.95;

/// How two designs are tried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trials {
    /// How often each is simulated, ≥ 2.
    pub replications: u32,
    /// What does not count; by rule, the longer of what the two designs need.
    pub warm_up: WarmUp,
    /// What counts of each run.
    pub duration: Span,
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// How often each design was simulated.
    pub replications: u32,
    /// How much was cut from each run.
    pub warm_up: Span,
    /// How much of each run counted.
    pub duration: Span,
    /// What both designs have: all requests first, then classes, then nodes, matched by name.
    pub rows: Vec<Difference>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// A figure of two designs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// What it is of: "all", a class, or a node's id.
    pub of: String,
    /// Which.
    pub quantity: Quantity,
    /// In the first design, over the replications.
    pub a: Estimate,
    /// In the second.
    pub b: Estimate,
    /// By how much the second is larger, with the interval of the pairs.
    pub difference: Estimate,
    /// The half-width that as many runs with chance of their own would have: what the common chance has saved.
    pub unpaired_half_width: f64,
    /// Whether the second is better; none where more is neither better nor worse.
    pub verdict: Option<Verdict>,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// The mean response, in seconds.
    Mean,
    /// The median response, in seconds.
    P50,
    /// The 90th percentile, in seconds.
    P90,
    /// The 99th percentile, in seconds.
    P99,
    /// Requests that ended well, per second.
    Throughput,
    /// The share that did not, in [0, 1].
    ErrorShare,
    /// Dollars a month.
    Cost,
    /// Calls per second.
    Rate,
    /// The share of the workers' time that was taken, in [0, 1].
    Utilization,
    /// The share of lookups answered from memory, in [0, 1].
    HitRatio,
    /// How many waited on average.
    Backlog,
}

/// Whether the second design is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is: the whole interval of the difference says so.
    Better,
    /// It is worse.
    Worse,
    /// Every pair was equal.
    Same,
    /// The difference may be chance.
    CannotTell,
}

impl Quantity {
    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::Throughput => "throughput",
            Self::ErrorShare => "errors",
            Self::Cost => "cost",
            Self::Rate => "rate",
            Self::Utilization => "utilization",
            Self::HitRatio => "hit ratio",
            Self::Backlog => "backlog",
        }
    }

    /// Whether more of it is better; none where it is neither.
    const fn more_is_better(self) -> Option<bool> {
        match self {
            Self::Mean | Self::P50 | Self::P90 | Self::P99 | Self::ErrorShare | Self::Cost => Some(false),
            Self::Throughput => Some(true),
            Self::Rate | Self::Utilization | Self::HitRatio | Self::Backlog => None,
        }
    }
}

/// Simulates two designs under the same arrivals and compares them. Costs twice `replications` runs, and by rule two trials.
///
/// # Panics
/// With fewer than two replications: only a programmer can ask for that.
pub fn designs(a: &Plan, b: &Plan, seed: Seed, trials: &Trials) -> Comparison {
    compared(a, b, seed, trials, |_| ())
}

/// As [`designs`], and tells how many pairs are done after each.
///
/// # Panics
/// As [`designs`].
pub fn compared(a: &Plan, b: &Plan, seed: Seed, trials: &Trials, mut done: impl FnMut(u32)) -> Comparison {
    assert!(trials.replications >= 2, "a difference needs two pairs to have an interval");
    let cut = find_cut(&[a, b], seed, trials.warm_up, trials.duration);
    let pairs: Vec<[Vec<Told>; 2]> = (0..trials.replications)
        .map(|i| {
            let seed = replication_seed(seed, u64::from(i));
            let told = [a, b].map(|plan| told(plan, &simulate(plan, seed, cut.warm_up, trials.duration)));
            done(i + 1);
            told
        })
        .collect();
    let rows = pairs[0][0].iter().filter_map(|first| difference(&pairs, first));
    Comparison {
        replications: trials.replications,
        warm_up: cut.warm_up,
        duration: trials.duration,
        rows: rows.collect(),
        notes: cut.note.into_iter().collect(),
    }
}

/// A figure of a run.
struct Told {
    of: String,
    quantity: Quantity,
    value: f64,
}

/// What is told of a run, in order.
fn told(plan: &Plan, run: &Run) -> Vec<Told> {
    use Quantity as Q;
    const LATENCY: [(Q, Figure); 4] =
        [(Q::Mean, Figure::Mean), (Q::P50, Figure::P50), (Q::P90, Figure::P90), (Q::P99, Figure::P99)];
    const OF_NODES: [(Q, Figure); 7] = [
        (Q::Rate, Figure::Rate),
        (Q::Mean, Figure::Mean),
        (Q::P99, Figure::P99),
        (Q::ErrorShare, Figure::ErrorShare),
        (Q::Utilization, Figure::Utilization),
        (Q::HitRatio, Figure::HitRatio),
        (Q::Backlog, Figure::Backlog),
    ];
    let mut all = Vec::new();
    let mut tell = |of: &str, quantity, value| all.push(Told { of: of.to_owned(), quantity, value });
    let good = |ok: u64| ok as f64 / run.duration.as_secs().max(1e-9);
    let read = |figures: &Figures, figure| figures.get(&figure).map(|reading| reading.value);
    let outcomes = run.outcomes();
    LATENCY.iter().for_each(|&(q, f)| read(&run.figures, f).into_iter().for_each(|v| tell("all", q, v)));
    tell("all", Q::Throughput, good(outcomes.ok));
    tell("all", Q::ErrorShare, outcomes.error_share());
    tell("all", Q::Cost, cost(plan, Some(run)).total());
    if run.classes.len() > 1 {
        for class in &run.classes {
            let figures = &class.figures;
            LATENCY
                .iter()
                .for_each(|&(q, f)| read(figures, f).into_iter().for_each(|v| tell(&class.name, q, v)));
            tell(&class.name, Q::Throughput, good(class.outcomes.ok));
            tell(&class.name, Q::ErrorShare, class.outcomes.error_share());
        }
    }
    for node in &run.nodes {
        for (quantity, figure) in OF_NODES {
            read(&node.figures, figure).into_iter().for_each(|value| tell(&node.id, quantity, value));
        }
    }
    all
}

/// The row of a figure that every run of both designs has.
fn difference(pairs: &[[Vec<Told>; 2]], like: &Told) -> Option<Difference> {
    let (mut a, mut b, mut between) = (Moments::default(), Moments::default(), Moments::default());
    for pair in pairs {
        let find = |told: &[Told]| {
            told.iter().find(|t| t.of == like.of && t.quantity == like.quantity).map(|t| t.value)
        };
        let (first, second) = (find(&pair[0])?, find(&pair[1])?);
        a.add(first);
        b.add(second);
        between.add(second - first);
    }
    let difference = between.interval(CONFIDENCE)?;
    Some(Difference {
        of: like.of.clone(),
        quantity: like.quantity,
        a: a.interval(CONFIDENCE)?,
        b: b.interval(CONFIDENCE)?,
        difference,
        unpaired_half_width: unpaired(&a, &b),
        verdict: like.quantity.more_is_better().map(|more| verdict(difference, more)),
    })
}

fn verdict(difference: Estimate, more_is_better: bool) -> Verdict {
    if difference == Estimate::default() {
        Verdict::Same
    } else if difference.holds(0.0) {
        Verdict::CannotTell
    } else if (difference.value > 0.0) == more_is_better {
        Verdict::Better
    } else {
        Verdict::Worse
    }
}

/// The half-width of the difference of two independent means (Welch 1938).
fn unpaired(a: &Moments, b: &Moments) -> f64 {
    let of = |moments: &Moments| moments.variance() / moments.count as f64;
    let (x, y) = (of(a), of(b));
    if x + y <= 0.0 {
        return 0.0;
    }
    let freedom = (x + y) * (x + y) / ((x * x + y * y) / (a.count - 1) as f64);
    student_quantile(0.5 + CONFIDENCE / 2.0, (freedom as u32).max(1)) * (x + y).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{Topology, check, three_tier};

    fn plan(change: impl FnOnce(&mut Topology)) -> Plan {
        let mut document = three_tier();
        change(&mut document);
        check(&document).unwrap()
    }

    fn row(comparison: &Comparison, quantity: Quantity) -> &Difference {
        let mut rows = comparison.rows.iter();
        rows.find(|row| row.of == "all" && row.quantity == quantity).unwrap()
    }

    const TRIALS: Trials = Trials {
        replications: 8,
        warm_up: WarmUp::Fixed(Span::from_millis(5_000)),
        duration: Span::from_millis(20_000),
    };

    #[test]
    fn common_chance_makes_the_difference_surer_than_chance_of_their_own() {
        let (one, other) = (
            plan(|_| ()),
            plan(|d| drop(d.nodes[2].params.insert("service_time".into(), "exp 8.2ms".into()))),
        );
        let comparison = designs(&one, &other, Seed(1), &TRIALS);
        let mean = row(&comparison, Quantity::Mean);
        // The same draws, each 2.5 % longer: nearly all of the spread is common, so a third of the width at most is left.
        assert!(
            mean.difference.half_width * 3.0 < mean.unpaired_half_width,
            "{} instead of {}",
            mean.difference.half_width,
            mean.unpaired_half_width
        );
        // 0.2 ms of work more, and somewhat more of waiting; told from chance, as it would not be without.
        assert_eq!(mean.verdict, Some(Verdict::Worse));
        assert!(mean.difference.value > 0.000_2 && mean.difference.value < 0.000_4, "{mean:?}");
        assert_eq!(row(&comparison, Quantity::P50).verdict, Some(Verdict::Worse));
    }

    #[test]
    fn a_design_is_the_same_as_itself_and_a_smaller_one_is_cheaper() {
        let design = plan(|_| ());
        let same = designs(&design, &design, Seed(2), &TRIALS);
        assert!(same.rows.len() > 20);
        assert!(same.rows.iter().all(|row| row.difference == Estimate::default()));
        // Four workers of 8 ms are busy for four fifths of their time with 400 a second, and 16 for a fifth.
        let smaller = plan(|d| {
            d.nodes[2].params.insert("instances".into(), 1.0.into());
            d.nodes[2].params.insert("workers".into(), 4.0.into());
        });
        let comparison = designs(&design, &smaller, Seed(2), &TRIALS);
        assert_eq!(row(&comparison, Quantity::Cost).verdict, Some(Verdict::Better));
        assert_eq!(row(&comparison, Quantity::P99).verdict, Some(Verdict::Worse));
    }

    #[test]
    fn what_is_only_chance_is_called_so() {
        // Clients of another name have other streams: the designs are alike, and only chance tells them apart. In 95 of 100 cases
        // the interval holds zero; the seed is fixed.
        let reseeded = plan(|d| {
            let id = d.nodes[0].id.clone();
            d.nodes[0].id = "others".to_owned();
            d.edges
                .iter_mut()
                .filter(|edge| edge.from == id)
                .for_each(|edge| edge.from = "others".to_owned());
        });
        let comparison = designs(&plan(|_| ()), &reseeded, Seed(3), &TRIALS);
        assert_eq!(row(&comparison, Quantity::Mean).verdict, Some(Verdict::CannotTell));
    }
}
