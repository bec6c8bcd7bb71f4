//! Simulated quantities with an interval of 99 %, by runs that grow until the interval is narrow enough.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use loadpath_core::rng::{Rng, Seed};
use loadpath_core::run::Run;
use loadpath_core::sim::Simulation;
use loadpath_core::stats::{Estimate, Moments};
use loadpath_core::time::Span;
use loadpath_core::topology::{Plan, Topology, check};

const CONFIDENCE: f64 = 0.99;
/// An interval rests on so many batches at least; it is looked at again after so many more, each time a run has grown by an
/// eighth to a quarter; and at so many they are joined in pairs, and the next ones are twice as long.
const BATCHES: usize = 32;
const MORE: usize = 8;
const MOST_BATCHES: usize = 64;
/// As much is a run longer at each look, and a repetition more often made.
const GROWTH: f64 = 1.2;

/// How exactly, and at what cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// The chance of everything.
    pub(crate) seed: Seed,
    /// The widest half of an interval, relative to the value, of a mean, and of a percentile or a variance: a variance is a
    /// square, and twice as wide where its root is as wide.
    pub(crate) mean: f64,
    pub(crate) percentile: f64,
    /// Requests, or draws, at most.
    pub(crate) most: f64,
}

/// As the cases ask: 1 % of a mean, 2 % of a percentile.
pub(crate) const FULL: Effort = Effort { seed: Seed(1), mean: 0.01, percentile: 0.02, most: 1e9 };
/// Rough intervals, in seconds.
pub(crate) const QUICK: Effort = Effort { seed: Seed(1), mean: 0.1, percentile: 0.2, most: 1e6 };

impl Effort {
    /// How wide half an interval of this quantity may be, relative to it.
    pub(crate) fn limit(&self, name: &str) -> f64 {
        if is_percentile(name) || is_variance(name) { self.percentile } else { self.mean }
    }

    /// As exact with other chance, and more of it.
    pub(crate) fn again(&self) -> Self {
        Self { seed: Seed(self.seed.0 + 1_000), most: 4.0 * self.most, ..*self }
    }

    pub(crate) fn suffices(&self, name: &str, estimate: &Estimate) -> bool {
        estimate.half_width <= self.limit(name) * estimate.value.abs()
    }
}

/// Whether it scales as the square of a time.
fn is_variance(name: &str) -> bool {
    name.ends_with("_var") || name == "n_times_var_mean_Wq" || name == "n_for_1pct_95ci"
}

/// Whether a short batch gives too little on average, so that all of them together must be asked.
fn is_of_all(name: &str) -> bool {
    is_percentile(name) || is_variance(name) || name.ends_with("std")
}

fn is_percentile(name: &str) -> bool {
    name.contains("_p9") || name.contains("_p5") || name.starts_with("p9") || name.starts_with("p5")
}

/// Quantities by name.
pub(crate) type Measured = BTreeMap<String, Estimate>;

/// A quantity of a run.
pub(crate) struct Probe {
    pub(crate) name: String,
    pub(crate) of: Box<dyn Fn(&Run) -> f64>,
}

/// A probe.
pub(crate) fn probe(name: &str, of: impl Fn(&Run) -> f64 + 'static) -> Probe {
    Probe { name: name.to_owned(), of: Box::new(of) }
}

/// Simulates a document until each probe's interval is narrow enough. The first batches have `batch` requests: it must be
/// long against the time in which the system forgets.
pub(crate) fn simulate(document: &str, batch: f64, effort: &Effort, probes: &[Probe]) -> Result<Measured> {
    let plan = plan_of(document)?;
    let mut simulation = Simulation::new(&plan, effort.seed);
    let rate = rate_of(&plan);
    let mut length = batch.min(effort.most / BATCHES as f64) / rate;
    let (mut batches, mut whole): (Vec<Vec<f64>>, Option<Run>) = (Vec::new(), None);
    let mut until = simulation.now() + Span::from_secs(length);
    simulation.run_until(until);
    let mut spent = length * rate;
    loop {
        let goal = if batches.len() < BATCHES { BATCHES } else { batches.len() + MORE };
        while batches.len() < goal {
            simulation.reset_statistics();
            until = until + Span::from_secs(length);
            simulation.run_until(until);
            let run = simulation.run("");
            batches.push(probes.iter().map(|probe| (probe.of)(&run)).collect());
            whole = Some(whole.map_or_else(|| run.clone(), |whole| joined(whole, &run)));
            spent += length * rate;
        }
        let mut measured = estimates(probes, &batches);
        for probe in probes.iter().filter(|probe| is_of_all(&probe.name)) {
            if let (Some(estimate), Some(whole)) = (measured.get_mut(&probe.name), &whole) {
                estimate.value = (probe.of)(whole);
            }
        }
        let enough = measured.iter().all(|(name, estimate)| effort.suffices(name, estimate));
        if enough || GROWTH * spent > effort.most {
            return Ok(measured);
        }
        if batches.len() == MOST_BATCHES {
            batches = batches.chunks(2).map(|pair| mean_of(&pair[0], &pair[1])).collect();
            length *= 2.0;
        }
    }
}

/// The plan of a document.
pub(crate) fn plan_of(document: &str) -> Result<Plan> {
    check(&Topology::from_json(document)?).map_err(|faults| {
        anyhow!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })
}

/// The histograms of two runs together.
fn joined(mut whole: Run, run: &Run) -> Run {
    whole.classes.iter_mut().zip(&run.classes).for_each(|(into, class)| into.response.merge(&class.response));
    whole.nodes.iter_mut().zip(&run.nodes).for_each(|(into, node)| {
        into.wait.merge(&node.wait);
        into.response.merge(&node.response);
        into.in_flight.merge(&node.in_flight);
    });
    whole
}

/// Requests per second, about, where the loop is closed.
fn rate_of(plan: &Plan) -> f64 {
    plan.think_time.map_or(plan.arrivals.rate, |_| {
        loadpath_core::analytic::solve(plan).classes.iter().map(|class| class.rate).sum()
    })
}

fn mean_of(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| f64::midpoint(*a, *b)).collect()
}

fn estimates(probes: &[Probe], batches: &[Vec<f64>]) -> Measured {
    let of = |(i, probe): (usize, &Probe)| {
        let mut moments = Moments::default();
        batches.iter().for_each(|batch| moments.add(batch[i]));
        let estimate = moments.interval(CONFIDENCE).expect("there are more than four batches");
        (probe.name.clone(), estimate)
    };
    probes.iter().enumerate().map(of).collect()
}

/// Repeats `once` with streams of its own, until each of the named quantities that it gives is known well enough; `cost` is
/// what one repetition takes of the effort.
pub(crate) fn repeat(
    names: &[&str],
    cost: f64,
    effort: &Effort,
    mut once: impl FnMut(&mut Rng) -> Vec<f64>,
) -> Measured {
    const FEWEST: u64 = 32;
    let mut moments = vec![Moments::default(); names.len()];
    let (mut spent, mut look) = (0.0, FEWEST);
    for i in 0.. {
        let mut rng = effort.seed.stream(&format!("repetition {i}"));
        once(&mut rng).into_iter().zip(&mut moments).for_each(|(value, moments)| moments.add(value));
        spent += cost;
        // Looking at every one and stopping at the first that pleases would make the interval too narrow.
        let few = i + 1 < FEWEST && (spent < effort.most || i + 1 < 4);
        if few || i + 1 < look && spent < effort.most {
            continue;
        }
        look = (GROWTH * look as f64) as u64;
        let measured: Measured = names
            .iter()
            .zip(&moments)
            .map(|(name, moments)| {
                let estimate = moments.interval(CONFIDENCE).expect("there are more than four repetitions");
                ((*name).to_owned(), estimate)
            })
            .collect();
        let enough = measured.iter().all(|(name, estimate)| effort.suffices(name, estimate));
        if enough || GROWTH * spent > effort.most {
            return measured;
        }
    }
    unreachable!("the effort has an end")
}
