//! Finds the model under which the simulator shows what was measured.
//!
//! Each parameter has a number of its own in a run (see [`Moments`]) that it moves almost one to one: a node's mean time its
//! workers' time per call, the network the median response, the shape the spread, the skew the hit ratio. The measured run and a
//! simulation of it, from the same seed, give these numbers; each parameter moves by their difference; a few rounds suffice.
//! That is indirect inference (Gouriéroux, Monfort & Renault 1993) with a diagonal step: what the numbers themselves get wrong,
//! they get wrong in both worlds alike.
use super::Observed;
use super::model::{Model, laws};
use super::moments::{Moments, moments};
use super::shape::Form;
use crate::sim::simulate;
use crate::time::Span;
use crate::topology::{Plan, Topology, Value, check};

/// Rounds at most; they end when nothing moves by more than `SETTLED`.
const ROUNDS: u32 = 8;
const SETTLED: f64 = 0.003;
/// A node's own variation must be this share of its responses' variance, or its shape cannot be seen in them.
const SEEN: f64 = 0.25;
/// How far a median or spread may be off by chance, in units of 1/sqrt(calls): three standard errors of an exponential's.
const CHANCE: f64 = 4.0;
/// By how much the skew is moved to see what that does to hit ratios.
const SKEW_STEP: f64 = 0.05;

/// What is fitted, to what.
pub(super) struct Fitting<'a> {
    pub(super) base: &'a Topology,
    pub(super) plan: Plan,
    pub(super) observed: &'a [Observed<'a>],
    /// By run and node, with the document's numbers of workers.
    pub(super) measured: Vec<Vec<Option<Moments>>>,
}

/// What the measured and the simulated run say of each node.
pub(super) type Seen = Vec<Option<(Moments, Moments)>>;

impl<'a> Fitting<'a> {
    pub(super) fn new(base: &'a Topology, plan: Plan, observed: &'a [Observed<'a>]) -> Self {
        let measured = observed.iter().map(|one| moments(&plan, one.run)).collect();
        Self { base, plan, observed, measured }
    }

    /// What the observed runs and their simulations say under a model; a sentence when it is beyond what a document can say.
    pub(super) fn simulated(&self, model: &Model) -> Result<Vec<Seen>, String> {
        let document = model.on(&self.plan, self.base);
        let each = self.observed.iter().map(|one| {
            let plan = plan_at(&document, one.run.offered_rate)?;
            let simulated = simulate(&plan, one.seed, one.run.warm_up, whole(one.run.duration));
            // The time that workers were taken is a share of as many as the model has.
            let (measured, simulated) = (moments(&plan, one.run), moments(&plan, &simulated));
            Ok(measured.into_iter().zip(simulated).map(|(m, s)| m.zip(s)).collect())
        });
        each.collect()
    }

    /// Moves everything until it has settled, and keeps what came nearest on the way: near saturation a step can go too far.
    pub(super) fn settle(&self, model: &mut Model) -> Result<(), String> {
        let slope = self.skew_slope(model)?;
        let mut nearest = (f64::INFINITY, model.clone());
        for _ in 0..ROUNDS {
            let simulated = self.simulated(model)?;
            let nodes = 0..self.plan.nodes.len();
            let distance = nodes.map(|node| squared_distance(&Self::pairs(node, &simulated))).sum();
            if distance < nearest.0 {
                nearest = (distance, model.clone());
            }
            let moved = (0..self.plan.nodes.len()).map(|node| self.step(model, node, &simulated));
            let moved = moved.fold(0.0, f64::max).max(self.step_skew(model, slope, &simulated));
            if moved < SETTLED {
                break;
            }
        }
        *model = nearest.1;
        Ok(())
    }

    /// Moves one node alone for some rounds.
    pub(super) fn settle_node(&self, model: &mut Model, node: usize, rounds: u32) -> Result<(), String> {
        for _ in 0..rounds {
            let simulated = self.simulated(model)?;
            if self.step(model, node, &simulated) < SETTLED {
                break;
            }
        }
        Ok(())
    }

    /// One step of a node's parameters; how far they moved, relative to themselves.
    fn step(&self, model: &mut Model, node: usize, simulated: &[Seen]) -> f64 {
        let pairs = Self::pairs(node, simulated);
        if pairs.is_empty() || laws(&self.plan.nodes[node].kind).is_empty() {
            return 0.0;
        }
        let chance = CHANCE / pairs.iter().map(|(m, _)| m.calls).sum::<f64>().sqrt();
        let shape = self.step_shape(model, node, &pairs, chance);
        let network = self.step_network(model, node, &pairs);
        let factor = self.step_factor(model, node, &pairs);
        shape.max(network).max(factor)
    }

    fn step_factor(&self, model: &mut Model, node: usize, pairs: &[(Moments, Moments)]) -> f64 {
        let own = if pairs.iter().all(|(m, _)| m.from_workers) {
            mean_of(pairs, |_, s| s.own)
        } else {
            self.own_mean(model, node)
        };
        let off = mean_of(pairs, |m, s| m.own - s.own);
        if own < 1e-9 {
            return 0.0;
        }
        let by = ((own + off) / own).clamp(0.25, 4.0);
        model.nodes[node].factor *= by;
        (by - 1.0).abs()
    }

    /// Where the workers' time is not known, the network is in it already.
    fn step_network(&self, model: &mut Model, node: usize, pairs: &[(Moments, Moments)]) -> f64 {
        if pairs.iter().any(|(m, _)| !m.from_workers) {
            return 0.0;
        }
        let off = mean_of(pairs, shift);
        let before = model.nodes[node].network;
        let after = (before + off / 2.0).max(-self.least_latency(node));
        model.nodes[node].network = after;
        2.0 * (after - before).abs() / mean_of(pairs, |m, _| m.median).max(1e-9)
    }

    fn step_shape(&self, model: &mut Model, node: usize, pairs: &[(Moments, Moments)], chance: f64) -> f64 {
        let (own, cv2) = (self.own_mean(model, node), self.cv2(model, node));
        let variance = mean_of(pairs, |_, s| s.variance);
        let wider = mean_of(pairs, |m, s| crate::math::ln(m.spread.max(1e-9) / s.spread.max(1e-9)));
        let seen = cv2 * own * own >= SEEN * variance || model.nodes[node].shape.is_some();
        if !seen || own <= 0.0 || wider.abs() <= chance {
            return 0.0;
        }
        let by = crate::math::exp(2.0 * wider).clamp(0.4, 2.5);
        let next = (cv2 + variance * (by - 1.0) / (own * own)).clamp(cv2 * 0.2, cv2 * 4.0 + 0.01);
        let form = model.nodes[node].shape.map_or_else(|| self.form(node), |(form, _)| form);
        model.nodes[node].shape = Some((form, next));
        wider.abs()
    }

    fn step_skew(&self, model: &mut Model, slope: Option<f64>, simulated: &[Seen]) -> f64 {
        let Some(slope) = slope else { return 0.0 };
        let by = (Self::hits_off(simulated) / slope).clamp(-0.3, 0.3);
        // Half a percent of lookups is what chance does to a cache that is still filling.
        if (by * slope).abs() < 0.005 {
            return 0.0;
        }
        model.skew += by;
        by.abs()
    }

    /// What one of skew does to the mean hit ratio; none where it does nothing that can be seen.
    fn skew_slope(&self, model: &Model) -> Result<Option<f64>, String> {
        let seen = self.measured.iter().flatten().flatten().filter_map(|m| m.hit_ratio);
        if !seen.into_iter().any(|hits| (0.02..0.98).contains(&hits)) {
            return Ok(None);
        }
        let moved = Model { skew: model.skew + SKEW_STEP, ..model.clone() };
        let (here, there) = (self.simulated(model)?, self.simulated(&moved)?);
        let slope = (Self::hits_off(&here) - Self::hits_off(&there)) / SKEW_STEP;
        Ok((slope > 0.02).then_some(slope))
    }

    /// By how much measured hit ratios are above simulated ones, all caches together, each by its calls.
    fn hits_off(simulated: &[Seen]) -> f64 {
        let pairs = simulated.iter().flatten().flatten();
        let each = pairs.filter_map(|(m, s)| Some((m.calls, m.hit_ratio? - s.hit_ratio?)));
        let (calls, off) = each.fold((0.0, 0.0), |sum, (calls, off)| (sum.0 + calls, sum.1 + calls * off));
        if calls > 0.0 { off / calls } else { 0.0 }
    }

    /// A node in both worlds, run by run.
    pub(super) fn pairs(node: usize, simulated: &[Seen]) -> Vec<(Moments, Moments)> {
        simulated.iter().filter_map(|run| run[node]).collect()
    }

    /// Tries the forms that can vary as much as a node's times seem to, and keeps that whose percentiles are nearest.
    pub(super) fn choose_form(&self, model: &mut Model, node: usize) -> Result<(), String> {
        let Some((own, cv2)) = model.nodes[node].shape else { return Ok(()) };
        let mut best = (0.8 * self.distance(model, node)?, model.clone());
        for form in Form::ALL.into_iter().filter(|&form| form != own && form.can(cv2)) {
            let mut trial = model.clone();
            trial.nodes[node].shape = Some((form, cv2));
            self.settle_node(&mut trial, node, 4)?;
            let distance = self.distance(&trial, node)?;
            if distance < best.0 {
                best = (distance, trial);
            }
        }
        *model = best.1;
        Ok(())
    }

    /// How far the percentiles of a node's responses are apart in both worlds: the root of the mean squared logarithm of their
    /// ratios, besides its waits and its workers' time.
    pub(super) fn distance(&self, model: &Model, node: usize) -> Result<f64, String> {
        Ok(squared_distance(&Self::pairs(node, &self.simulated(model)?)).sqrt())
    }

    /// The mean of a node's own time under a model, reads and writes taken as equally many.
    pub(super) fn own_mean(&self, model: &Model, node: usize) -> f64 {
        self.mean_over_laws(model, node, |law| law.mean().as_secs())
    }

    pub(super) fn cv2(&self, model: &Model, node: usize) -> f64 {
        self.mean_over_laws(model, node, crate::dist::Law::cv2)
    }

    fn mean_over_laws(&self, model: &Model, node: usize, of: impl Fn(&crate::dist::Law) -> f64) -> f64 {
        let laws = laws(&self.plan.nodes[node].kind);
        laws.iter().map(|(_, law)| of(&model.nodes[node].law(law))).sum::<f64>() / laws.len().max(1) as f64
    }

    fn form(&self, node: usize) -> Form {
        laws(&self.plan.nodes[node].kind).first().map_or(Form::LogNormal, |(_, law)| Form::of(law))
    }

    /// The least latency of the edges to a node, in seconds, zones not counted.
    pub(super) fn least_latency(&self, node: usize) -> f64 {
        let to = self.plan.edges.iter().filter(|edge| edge.to.index() == node);
        let own = to.map(|edge| {
            let zones = (self.plan.node(edge.from).zone, self.plan.node(edge.to).zone);
            edge.latency.as_secs() - self.plan.one_way(zones.0, zones.1).as_secs()
        });
        own.reduce(f64::min).unwrap_or(0.0)
    }
}

/// The plan of a document at an arrival rate, per second; a sentence when it is faulty.
pub(super) fn plan_at(document: &Topology, rate: f64) -> Result<Plan, String> {
    let mut document = document.clone();
    document.workload.params.insert("rate".to_owned(), Value::Text(format!("{rate}/s")));
    check(&document).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        format!("what was fitted cannot be written down: {}", faults.join("; "))
    })
}

/// The mean squared logarithm of the ratios of percentiles and waits, the median's doubled; over runs.
fn squared_distance(pairs: &[(Moments, Moments)]) -> f64 {
    let log = |m: f64, s: f64| crate::math::ln((m + 1e-7) / (s + 1e-7));
    mean_of(pairs, |m, s| {
        let small = 0.05 * m.median;
        let each = [
            2.0 * log(m.median, s.median),
            log(m.median + m.spread, s.median + s.spread),
            log(m.tail, s.tail),
            log(m.wait + small, s.wait + small),
        ];
        each.iter().map(|off| off * off).sum()
    })
}

/// By how much responses are longer in the middle: the median of the differences of percentiles.
fn shift(measured: &Moments, simulated: &Moments) -> f64 {
    let mut each: [f64; 7] = std::array::from_fn(|i| measured.tenths[i] - simulated.tenths[i]);
    each.sort_by(f64::total_cmp);
    each[3]
}

/// Over runs, each by its calls; zero for none.
pub(super) fn mean_of(pairs: &[(Moments, Moments)], of: impl Fn(&Moments, &Moments) -> f64) -> f64 {
    let calls: f64 = pairs.iter().map(|(m, _)| m.calls).sum();
    pairs.iter().map(|(m, s)| m.calls * of(m, s)).sum::<f64>() / calls.max(1.0)
}

/// What was planned of a measured length: a run that waited for its last answers is a little longer.
fn whole(measured: Span) -> Span {
    let tenth = Span::SECOND.0 / 10;
    if measured.0 < 10 * tenth { measured } else { Span(measured.0 / tenth * tenth) }
}
