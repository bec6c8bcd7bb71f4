//! Two designs, or runs, side by side: each figure of both with its interval, and what can be said of the difference.
//!
//! Designs are simulated several times, both under the same arrivals (common random numbers; Law 2015, section 11.2), and what
//! is judged is the difference of each pair. A run that is there already is one run: its intervals are its own, and two figures
//! differ where their intervals do not meet.
use loadpath_core::analytic;
use loadpath_core::cost::cost;
use loadpath_core::rng::Seed;
use loadpath_core::run::{Run, Source};
use loadpath_core::sim::Simulation;
use loadpath_core::stats::{Estimate, Histogram, Moments, share_interval};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Plan, Topology, check};
use serde::{Deserialize, Serialize};

/// How often each design is simulated.
const REPLICATIONS: u64 = 5;
/// How sure the intervals are.
const CONFIDENCE: f64 = 0.95;
/// So many standard deviations of a normal law that is.
const NORMAL: f64 = 1.96;
/// How many requests a replication counts, at most about.
const REQUESTS: f64 = 40_000.0;
/// How long a replication counts, at least and at most, in seconds.
const SECONDS: (f64, f64) = (2.0, 60.0);

/// What is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compares {
    /// The first.
    pub before: Party,
    /// The second.
    pub after: Party,
}

/// One of two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// A design, to be simulated.
    Design(#[serde(with = "crate::run::document")] Box<Topology>),
    /// A run that is there already.
    Run(Box<Run>),
}

impl Party {
    /// The run, or one of the design.
    fn run(&self, seed: Seed) -> Result<Run, String> {
        match self {
            Self::Run(run) => Ok((**run).clone()),
            Self::Design(document) => {
                let plan = plan(document)?;
                Ok(merged(&replications(&plan, window(&[&plan]), seed)))
            }
        }
    }
}

/// What can be said of two figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The second is better, by more than chance.
    Better,
    /// The second is worse, by more than chance.
    Worse,
    /// The difference may be chance, or there is none.
    CannotTell,
}

impl Better {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// What a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// The mean response, in seconds.
    Mean,
    /// The median, in seconds.
    P50,
    /// The 99th percentile, in seconds.
    P99,
    /// The share that did not end well.
    Errors,
    /// Requests that ended well, per second.
    Goodput,
    /// Dollars a month.
    Cost,
}

impl Figure {
    const ALL: [Self; 5] = [Self::Mean, Self::P50, Self::P99, Self::Errors, Self::Goodput];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::Errors => "errors",
            Self::Goodput => "good/s",
            Self::Cost => "$/mo",
        }
    }

    const fn more_is_better(self) -> bool {
        matches!(self, Self::Goodput)
    }

    fn of(self, run: &Run) -> f64 {
        let response = run.response();
        match self {
            Self::Mean => response.mean().as_secs(),
            Self::P50 => response.quantile(0.5).as_secs(),
            Self::P99 => response.quantile(0.99).as_secs(),
            Self::Errors => run.outcomes().error_share(),
            Self::Goodput => run.outcomes().ok as f64 / run.duration.as_secs().max(1e-9),
            Self::Cost => 0.0,
        }
    }

    /// With the interval of one run, in which requests are taken as independent of one another.
    fn of_one(self, run: &Run) -> Estimate {
        let value = self.of(run);
        let response = run.response();
        let half_width = match self {
            Self::Mean => match &run.classes[..] {
                [only] => only.mean.map(|mean| mean.half_width),
                _ => None,
            }
            .unwrap_or_else(|| half_width_of_mean(&response)),
            Self::P50 => half_width_of_quantile(&response, 0.5),
            Self::P99 => half_width_of_quantile(&response, 0.99),
            Self::Errors => {
                let outcomes = run.outcomes();
                let interval = share_interval(outcomes.errors(), outcomes.total(), CONFIDENCE);
                (interval.high - interval.low) / 2.0
            }
            Self::Goodput => NORMAL * (run.outcomes().ok as f64).sqrt() / run.duration.as_secs().max(1e-9),
            Self::Cost => 0.0,
        };
        Estimate { value, half_width }
    }
}

/// The order statistics around a quantile hold it (David and Nagaraja 2003, section 7.1).
fn half_width_of_quantile(values: &Histogram, q: f64) -> f64 {
    let off = NORMAL * (q * (1.0 - q) / (values.count() as f64).max(1.0)).sqrt();
    let at = |q: f64| values.quantile(q.clamp(0.0, 1.0)).as_secs();
    (at(q + off) - at(q - off)) / 2.0
}

fn half_width_of_mean(values: &Histogram) -> f64 {
    let (mean, count) = (values.mean().as_secs(), values.count() as f64);
    let squares: f64 =
        values.buckets().map(|(span, count)| (span.as_secs() - mean).powi(2) * count as f64).sum();
    NORMAL * (squares / count.max(1.0)).sqrt() / count.max(1.0).sqrt()
}

/// A figure of both.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which.
    pub figure: Figure,
    /// Of the first.
    pub before: Estimate,
    /// Of the second.
    pub after: Estimate,
    /// The second less the first.
    pub difference: Estimate,
    /// What can be said of it.
    pub better: Better,
}

/// Two side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// What was seen of the first.
    pub before: Run,
    /// What was seen of the second.
    pub after: Run,
    /// Each figure.
    pub rows: Vec<Row>,
    /// How they were compared, in a sentence.
    pub how: String,
}

/// Compares.
///
/// # Errors
/// When a design has faults, in a sentence.
pub(super) fn compare(two: &Compares, seed: Seed) -> Result<Compared, String> {
    match (&two.before, &two.after) {
        (Party::Design(before), Party::Design(after)) => designs(before, after, seed),
        (before, after) => Ok(runs(before.run(seed)?, after.run(seed)?)),
    }
}

fn plan(document: &Topology) -> Result<Plan, String> {
    check(document).map_err(|faults| faults.first().map_or_else(String::new, ToString::to_string))
}

/// Warm-up and what counts after it: longer where fewer requests arrive, the same for all.
fn window(plans: &[&Plan]) -> (Span, Span) {
    let rate = |plan: &Plan| analytic::solve(plan).classes.iter().map(|class| class.rate).sum::<f64>();
    let most = plans.iter().map(|plan| rate(plan)).fold(1.0, f64::max);
    let counted = (REQUESTS / most).clamp(SECONDS.0, SECONDS.1);
    let millis = |seconds: f64| Span::from_millis((seconds * 1e3) as u64);
    (millis((counted / 4.0).max(1.0)), millis(counted))
}

fn replications(plan: &Plan, (warm_up, counted): (Span, Span), seed: Seed) -> Vec<Run> {
    let one = |i: u64| {
        let mut simulation = Simulation::new(plan, Seed(loadpath_core::hash::pair(seed.0, i)));
        simulation.run_until(Time::ZERO + warm_up);
        simulation.reset_statistics();
        simulation.run_until(Time::ZERO + warm_up + counted);
        simulation.run(&plan.name)
    };
    (0..REPLICATIONS).map(one).collect()
}

fn designs(before: &Topology, after: &Topology, seed: Seed) -> Result<Compared, String> {
    let (a, b) = (plan(before)?, plan(after)?);
    let window = window(&[&a, &b]);
    let (old, new) = (replications(&a, window, seed), replications(&b, window, seed));
    let mut rows: Vec<Row> = Figure::ALL.iter().map(|&figure| paired(figure, &old, &new)).collect();
    let dollars = |plan| Estimate { value: cost(plan, None).total(), half_width: 0.0 };
    rows.push(apart(Figure::Cost, dollars(&a), dollars(&b)));
    let how = format!(
        "Each design simulated {REPLICATIONS} times for {:.0} s after {:.0} s of warm-up, both under the same arrivals. 95 % intervals.",
        window.1.as_secs(),
        window.0.as_secs()
    );
    Ok(Compared { before: merged(&old), after: merged(&new), rows, how })
}

fn runs(before: Run, after: Run) -> Compared {
    let rows = Figure::ALL.iter().map(|f| apart(*f, f.of_one(&before), f.of_one(&after))).collect();
    let how = "Single runs: 95 % intervals as if requests were independent of one another; a difference counts where \
               the intervals do not meet.";
    Compared { before, after, rows, how: how.to_owned() }
}

/// A figure of replications that met the same arrivals, one by one.
fn paired(figure: Figure, old: &[Run], new: &[Run]) -> Row {
    let of = |runs: &[Run]| runs.iter().map(|run| figure.of(run)).collect::<Vec<f64>>();
    let (old, new) = (of(old), of(new));
    let differences: Vec<f64> = old.iter().zip(&new).map(|(a, b)| b - a).collect();
    let (before, after, difference) = (interval(&old), interval(&new), interval(&differences));
    Row { figure, before, after, difference, better: verdict(figure, difference) }
}

/// A figure of two that have nothing in common.
fn apart(figure: Figure, before: Estimate, after: Estimate) -> Row {
    let half_width = before.half_width + after.half_width;
    let difference = Estimate { value: after.value - before.value, half_width };
    Row { figure, before, after, difference, better: verdict(figure, difference) }
}

fn interval(values: &[f64]) -> Estimate {
    let mut moments = Moments::default();
    values.iter().for_each(|&value| moments.add(value));
    moments.interval(CONFIDENCE).expect("there are several replications")
}

/// Better or worse where the whole interval of the difference lies on one side of zero.
fn verdict(figure: Figure, difference: Estimate) -> Better {
    let more = if figure.more_is_better() { Better::Better } else { Better::Worse };
    let less = if figure.more_is_better() { Better::Worse } else { Better::Better };
    match difference {
        Estimate { value, half_width } if value - half_width > 0.0 => more,
        Estimate { value, half_width } if value + half_width < 0.0 => less,
        _ => Better::CannotTell,
    }
}

/// All replications as one run.
fn merged(runs: &[Run]) -> Run {
    let mut all = runs.first().cloned().unwrap_or_else(|| Run::new("", Source::Simulated { seed: 0 }, 0.0));
    all.series.clear();
    for run in runs.iter().skip(1) {
        all.duration += run.duration;
        for (whole, part) in all.classes.iter_mut().zip(&run.classes) {
            whole.merge(part);
        }
        for (whole, part) in all.nodes.iter_mut().zip(&run.nodes) {
            whole.outcomes.merge(&part.outcomes);
            whole.response.merge(&part.response);
            whole.wait.merge(&part.wait);
        }
    }
    // The intervals were those of the first alone.
    all.classes.iter_mut().for_each(|class| (class.mean, class.p99) = (None, None));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::three_tier;

    fn with(name: &str, value: &str) -> Topology {
        let mut document = three_tier();
        let web = document.nodes.iter_mut().find(|node| node.id == "web").unwrap();
        web.params.insert(name.to_owned(), value.into());
        document
    }

    fn designs_of(before: Topology, after: Topology) -> Compares {
        let party = |document| Party::Design(Box::new(document));
        Compares { before: party(before), after: party(after) }
    }

    fn better(compared: &Compared, figure: Figure) -> Better {
        compared.rows.iter().find(|row| row.figure == figure).unwrap().better
    }

    #[test]
    fn a_design_is_not_better_than_itself_and_a_faster_one_is() {
        let two = |after| designs_of(three_tier(), after);
        let same = compare(&two(three_tier()), Seed(1)).unwrap();
        assert!(same.rows.iter().all(|row| row.better == Better::CannotTell), "{:?}", same.rows);
        let faster = compare(&two(with("service_time", "exp 2ms")), Seed(1)).unwrap();
        assert_eq!(better(&faster, Figure::Mean), Better::Better);
        assert_eq!(better(&faster, Figure::Cost), Better::CannotTell);
        let dearer = compare(&two(with("instances", "4")), Seed(1)).unwrap();
        assert_eq!(better(&dearer, Figure::Cost), Better::Worse);
    }

    #[test]
    fn two_runs_of_one_design_cannot_be_told_apart_by_their_medians() {
        let plan = check(&three_tier()).unwrap();
        let run = |seed| {
            let (warm_up, counted) = (Span::from_millis(2_000), Span::from_millis(20_000));
            loadpath_core::sim::simulate(&plan, Seed(seed), warm_up, counted)
        };
        let party = || Party::Run(Box::new(run(1)));
        let two = Compares { before: party(), after: party() };
        let compared = compare(&two, Seed(1)).unwrap();
        assert!(compared.rows.iter().all(|row| row.better == Better::CannotTell));
        assert!(compared.rows.iter().all(|row| row.before.half_width > 0.0 || row.before.value == 0.0));
    }

    #[test]
    fn a_design_with_faults_is_told_and_not_compared() {
        let two = designs_of(three_tier(), with("workers", "many"));
        assert!(compare(&two, Seed(1)).unwrap_err().contains("is not a number"));
    }
}
