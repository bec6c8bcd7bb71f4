//! How well a simulation and the formulas agree with what was measured: figure by figure, and in one score.
//!
//! A figure of several runs is their median: a stall of the machine in one of them moves it little. Its interval reaches from
//! the least to the greatest; of `n` independent runs it holds the true median with probability 1 - 2^(1-n), whatever their law
//! (David & Nagaraja 2003, §7.1): 75 % for three, 94 % for five. A single run has the interval that it says itself, if any.
//!
//! A run is best compared with a simulation from the same seed: both then have the same arrivals, and their difference is not
//! that of two drawings.
use crate::analytic::{self, Estimate};
use crate::order;
use crate::run::{Figure, NodeRun, Run, Source};
use crate::stats::{Histogram, Interval};
use crate::time::Span;
use crate::topology::Plan;
use serde::{Deserialize, Serialize};

/// The agreement of a design's simulation and estimate with its measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fidelity {
    /// The arrival rate, per second.
    pub offered_rate: f64,
    /// How often it was measured, ≥ 1.
    pub repeats: usize,
    /// All requests first, then the nodes in the plan's order.
    pub rows: Vec<Agreement>,
    /// Of the simulation, in [0, 100]; see [`score`]. None where nothing was measured.
    pub simulated_score: Option<f64>,
    /// Of the formulas.
    pub analytic_score: Option<f64>,
}

/// A figure in three worlds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// What it is of: "all", or a node's id.
    pub of: String,
    /// Which.
    pub figure: Aspect,
    /// What the simulation says.
    pub simulated: Option<Value>,
    /// What the formulas say; they have no intervals, and no percentiles of nodes.
    pub analytic: Option<f64>,
    /// What was measured.
    pub measured: Value,
    /// By how much the simulation is above the measurement: relative to it, or as a difference for shares.
    pub simulated_error: Option<f64>,
    /// The same of the formulas.
    pub analytic_error: Option<f64>,
}

/// A value with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// The best guess.
    pub value: f64,
    /// Where it lies; none where one run alone does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// Requests that ended well, per second.
    Throughput,
    /// The median response, in seconds.
    P50,
    /// The 90th percentile.
    P90,
    /// The 99th percentile.
    P99,
    /// The mean response, in seconds, network not counted by the formulas.
    Mean,
    /// The share of lookups answered from memory, in [0, 1].
    HitRatio,
    /// The share of the workers' time that was taken, in [0, 1].
    Utilization,
}

impl Aspect {
    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::Mean => "mean",
            Self::HitRatio => "hit ratio",
            Self::Utilization => "utilization",
        }
    }

    /// Which error still is agreement: relative, or for shares (hit ratio, utilization) as a difference of shares. A tail rests
    /// on a hundredth of the requests and is known less well than a median.
    pub const fn tolerance(self) -> f64 {
        match self {
            Self::Throughput => 0.02,
            Self::P50 | Self::Mean => 0.10,
            Self::P90 => 0.15,
            Self::P99 => 0.20,
            Self::HitRatio => 0.02,
            Self::Utilization => 0.05,
        }
    }

    /// Whether its error is a difference, and not relative.
    pub const fn is_share(self) -> bool {
        matches!(self, Self::HitRatio | Self::Utilization)
    }

    /// By how much `said` is above `measured`; none where that is zero and the error is relative.
    fn error(self, said: f64, measured: f64) -> Option<f64> {
        if self.is_share() {
            return Some(said - measured);
        }
        (measured > 0.0).then(|| said / measured - 1.0)
    }
}

/// Compares. Runs are of the same design and load; `simulated[i]` is best from the seed of `measured[i]`. Nodes of fewer than
/// a hundred calls are left out: their percentiles are chance. No rows where nothing was measured.
pub fn fidelity(plan: &Plan, estimate: &Estimate, simulated: &[Run], measured: &[Run]) -> Fidelity {
    let sides = Sides { simulated, measured };
    let mut rows = of_all(estimate, sides);
    for (place, node) in plan.nodes.iter().enumerate() {
        rows.extend(of_node(place, &node.id, estimate, sides));
    }
    Fidelity {
        offered_rate: measured.first().map_or(0.0, |run| run.offered_rate),
        repeats: measured.len(),
        simulated_score: score(&rows, |row| row.simulated_error),
        analytic_score: score(&rows, |row| row.analytic_error),
        rows,
    }
}

/// One number for how well errors stay within their tolerances, in [0, 100].
///
/// A figure with error e and tolerance t agrees by max(0, 1 - |e| / 2t): wholly at no error, by half at the tolerance, not at all
/// at twice that. Half of the score is the mean over the figures of all requests, half the mean over those of the nodes: what users
/// see must not drown in many nodes. So 50 and more means: within tolerance in the mean. None where there are no errors.
pub fn score(rows: &[Agreement], error: impl Fn(&Agreement) -> Option<f64>) -> Option<f64> {
    let mean = |whole: bool| {
        let of = rows.iter().filter(|row| (row.of == ALL) == whole);
        let each: Vec<f64> = of
            .filter_map(|row| Some((1.0 - error(row)?.abs() / (2.0 * row.figure.tolerance())).max(0.0)))
            .collect();
        (!each.is_empty()).then(|| each.iter().sum::<f64>() / each.len() as f64)
    };
    match (mean(true), mean(false)) {
        (Some(whole), Some(nodes)) => Some(50.0 * (whole + nodes)),
        (one, other) => one.or(other).map(|share| 100.0 * share),
    }
}

/// What the rows of all requests are of.
pub const ALL: &str = "all";
/// Fewer calls say nothing of a node.
const FEWEST: u64 = 100;

#[derive(Clone, Copy)]
struct Sides<'a> {
    simulated: &'a [Run],
    measured: &'a [Run],
}

impl Sides<'_> {
    /// The row of a figure; none where it was not measured.
    fn row(
        self,
        of: &str,
        figure: Aspect,
        analytic: Option<f64>,
        value: impl Fn(&Run) -> Option<Value>,
    ) -> Option<Agreement> {
        let (simulated, measured) = (median(self.simulated, &value), median(self.measured, &value)?);
        let error = |said: f64| figure.error(said, measured.value);
        Some(Agreement {
            of: of.to_owned(),
            figure,
            simulated,
            analytic,
            measured,
            simulated_error: simulated.and_then(|said| error(said.value)),
            analytic_error: analytic.and_then(error),
        })
    }
}

fn of_all(estimate: &Estimate, sides: Sides) -> Vec<Agreement> {
    let response = estimate.response;
    // An open loop carries what arrives, unless something is saturated: then the formulas do not say.
    let rate = response.map(|_| estimate.classes.iter().map(|class| class.rate).sum());
    let at = |quantile: f64, figure: Figure| {
        move |run: &Run| {
            let all = run.response();
            let interval = run.figures.get(&figure).and_then(|reading| reading.interval);
            (!all.is_empty()).then(|| Value { value: all.smooth_quantile(quantile), interval })
        }
    };
    let rows = [
        sides.row(ALL, Aspect::Throughput, rate, |run| {
            Some(Value { value: throughput(run)?, interval: None })
        }),
        sides.row(ALL, Aspect::P50, response.map(|r| r.p50), at(0.5, Figure::P50)),
        sides.row(ALL, Aspect::P90, response.map(|r| r.p90), at(0.9, Figure::P90)),
        sides.row(ALL, Aspect::P99, response.map(|r| r.p99), at(0.99, Figure::P99)),
    ];
    rows.into_iter().flatten().collect()
}

/// What ended well per second. A measured run counts what was *due* in it and lasts until the last of that was answered; so that a
/// slow last answer does not pass for a low rate, what *ended* in its whole seconds is counted instead, where there are any.
fn throughput(run: &Run) -> Option<f64> {
    let second = |span: Span| (span.0 / Span::SECOND.0) as usize;
    let (first, seconds) = (second(run.warm_up), second(run.duration));
    let whole = matches!(run.source, Source::Measured { .. }) && run.warm_up.0.is_multiple_of(Span::SECOND.0);
    if let Some(counted) =
        run.series.get(first..first + seconds).filter(|counted| whole && !counted.is_empty())
    {
        return Some(counted.iter().map(|second| second.outcomes.ok).sum::<u64>() as f64 / seconds as f64);
    }
    let seconds = run.duration.as_secs();
    (seconds > 0.0).then(|| run.outcomes().ok as f64 / seconds)
}

fn of_node(place: usize, id: &str, estimate: &Estimate, sides: Sides) -> Vec<Agreement> {
    let said: Option<&analytic::NodeEstimate> = estimate.nodes.get(place);
    let find = |run: &Run| -> Option<NodeRun> {
        run.nodes.iter().find(|node| node.id == id && node.response.count() >= FEWEST).cloned()
    };
    // Clients are the row of all requests; what has no workers has nothing else to say.
    if said.is_none_or(|said| said.utilization.is_none()) {
        return Vec::new();
    }
    let of = |figure: Option<Figure>, value: fn(&Histogram) -> f64| {
        move |run: &Run| {
            let node = find(run)?;
            let interval = figure.and_then(|figure| node.figures.get(&figure)?.interval);
            Some(Value { value: value(&node.response), interval })
        }
    };
    let share = |figure: Figure, value: fn(&NodeRun) -> Option<f64>| {
        move |run: &Run| {
            let node = find(run)?;
            let interval = node.figures.get(&figure).and_then(|reading| reading.interval);
            value(&node).map(|value| Value { value, interval })
        }
    };
    let rows = [
        sides.row(id, Aspect::P50, None, of(Some(Figure::P50), |all| all.smooth_quantile(0.5))),
        sides.row(id, Aspect::P90, None, of(Some(Figure::P90), |all| all.smooth_quantile(0.9))),
        sides.row(id, Aspect::P99, None, of(Some(Figure::P99), |all| all.smooth_quantile(0.99))),
        sides.row(id, Aspect::Mean, said.and_then(|s| s.response), of(None, |all| all.mean().as_secs())),
        sides.row(
            id,
            Aspect::HitRatio,
            said.and_then(|s| s.hit_ratio),
            share(Figure::HitRatio, |node| node.hit_ratio),
        ),
        sides.row(
            id,
            Aspect::Utilization,
            said.and_then(|s| s.utilization),
            share(Figure::Utilization, |node| node.utilization),
        ),
    ];
    rows.into_iter().flatten().collect()
}

/// The median over runs, between the least and the greatest; none where no run has the value.
fn median(runs: &[Run], value: &dyn Fn(&Run) -> Option<Value>) -> Option<Value> {
    let mut each: Vec<Value> = runs.iter().filter_map(value).collect();
    order::sort_by(&mut each, |a, b| a.value.total_cmp(&b.value));
    let (least, greatest) = (*each.first()?, *each.last()?);
    if each.len() == 1 {
        return Some(least);
    }
    let middle = each.len() / 2;
    let value = if each.len() % 2 == 1 {
        each[middle].value
    } else {
        f64::midpoint(each[middle - 1].value, each[middle].value)
    };
    Some(Value { value, interval: Some(Interval { low: least.value, high: greatest.value }) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::sim::simulate;
    use crate::topology::{check, three_tier};

    fn runs(seeds: std::ops::Range<u64>) -> Vec<Run> {
        let plan = check(&three_tier()).unwrap();
        let span = Span::from_millis;
        seeds.map(|seed| simulate(&plan, Seed(seed), span(5_000), span(20_000))).collect()
    }

    #[test]
    fn a_run_agrees_wholly_with_itself_and_the_formulas_nearly() {
        let plan = check(&three_tier()).unwrap();
        let (estimate, runs) = (analytic::solve(&plan), runs(1..4));
        let found = fidelity(&plan, &estimate, &runs, &runs);
        assert_eq!(found.simulated_score, Some(100.0));
        let analytic = found.analytic_score.unwrap();
        assert!((50.0..100.0).contains(&analytic), "{analytic}");
        let p99 = found.rows.iter().find(|row| row.figure == Aspect::P99).unwrap();
        assert!(p99.measured.interval.unwrap().holds(p99.measured.value));
        assert!(found.rows.iter().any(|row| row.of == "cache" && row.figure == Aspect::HitRatio));
    }

    #[test]
    fn an_error_at_the_tolerance_scores_half_and_at_twice_that_nothing() {
        let row = |of: &str, error: f64| Agreement {
            of: of.to_owned(),
            figure: Aspect::P50,
            simulated: None,
            analytic: None,
            measured: Value { value: 1.0, interval: None },
            simulated_error: Some(error),
            analytic_error: None,
        };
        let scored = |rows: &[Agreement]| score(rows, |row| row.simulated_error);
        assert_eq!(scored(&[row(ALL, 0.1)]), Some(50.0));
        assert_eq!(scored(&[row(ALL, -0.2)]), Some(0.0));
        // However many nodes agree, what users see is half of it.
        let mut rows = vec![row(ALL, 0.3)];
        rows.extend((0..50).map(|_| row("web", 0.0)));
        assert_eq!(scored(&rows), Some(50.0));
        assert_eq!(score(&rows, |row| row.analytic_error), None);
    }

    #[test]
    fn a_slow_last_answer_is_no_low_rate() {
        use crate::run::Second;
        let mut run = runs(1..2).remove(0);
        run.source = Source::Measured { target: "embedded".into(), by: "a test".into() };
        (run.warm_up, run.duration) = (Span::SECOND, Span::from_millis(2_700));
        let second = |ok: u64| {
            let mut second = Second::default();
            second.outcomes.ok = ok;
            second
        };
        run.series = vec![second(7), second(100), second(102), second(1)];
        assert_eq!(throughput(&run), Some(101.0));
        // Without whole seconds all that was due is counted.
        run.series.clear();
        let all = run.outcomes().ok as f64 / 2.7;
        assert_eq!(throughput(&run), Some(all));
    }

    #[test]
    fn nothing_measured_is_no_row_and_no_score() {
        let plan = check(&three_tier()).unwrap();
        let found = fidelity(&plan, &analytic::solve(&plan), &runs(1..2), &[]);
        assert!(found.rows.is_empty() && found.simulated_score.is_none());
    }
}
