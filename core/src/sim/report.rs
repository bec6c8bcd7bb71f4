//! What a simulation shows of itself: a [`Snapshot`] while it runs, a [`Run`] of it all.
use super::meter::{ClassMeter, Ends};
use super::node::{Node, State};
use super::simulation::{Link, Simulation};
use super::snapshot::{ClassSnapshot, CurvePoint, EdgeSnapshot, NodeSnapshot, PoolSnapshot, Snapshot};
use super::station::{RECENT, Station};
use super::steadiness::{NodeValues, about};
use crate::id::{EdgeIndex, NodeIndex};
use crate::math;
use crate::run::{ClassRun, EdgeRun, Figure, Figures, NodeRun, Outcomes, Reading, Run, Second, Source};
use crate::stats::{Estimate, Histogram, Precision, Stretches, ratio, share};
use crate::time::{Span, Time};

/// How sure the intervals are.
const CONFIDENCE: f64 = 0.95;
/// How many seconds of the series a snapshot shows.
const SHOWN: usize = 120;
/// How many points the curve has for each factor of ten in 1/(1 - quantile).
const PER_DECADE: u32 = 16;

impl Simulation {
    /// What it looks like now. Costs a few microseconds a node.
    pub fn snapshot(&self) -> Snapshot {
        let window = self.recent_window().as_secs().max(1e-9);
        let mut outcomes = Outcomes::default();
        self.recent.iter().for_each(|second| outcomes.merge(second));
        let (mut total, mut response) = (Outcomes::default(), Histogram::new(Precision::Fine));
        for meter in &self.meters {
            total.merge(&meter.outcomes);
            response.merge(&meter.response);
        }
        let skipped = self.series.len().saturating_sub(SHOWN);
        Snapshot {
            now_ns: self.now.0,
            offered_rate: self.rate,
            achieved_rate: outcomes.total() as f64 / window,
            outcomes,
            total,
            p99: self.p99(&response),
            classes: (0..self.meters.len()).map(|i| self.class_snapshot(i)).collect(),
            nodes: self.nodes.iter().map(|node| self.node_snapshot(node, window)).collect(),
            edges: self.edges[..self.plan.edges.len()].iter().map(|e| edge_snapshot(e, window)).collect(),
            series: self.series.iter().skip(skipped).cloned().collect(),
            series_start: self.series_start + skipped as u64,
            curve: curve(&response),
            partitions: self.partitions(),
        }
    }

    /// How much time "recent" covers: the whole seconds that are remembered and the running one.
    fn recent_window(&self) -> Span {
        let whole = (self.next_tick.0 / Span::SECOND.0 - 1).min(RECENT as u64);
        let running = self.now.since(Time(self.next_tick.0 - Span::SECOND.0));
        Span(whole * Span::SECOND.0) + running
    }

    /// The 99th percentile of all classes. Its interval is known when there is one class, or when one has nearly all.
    fn p99(&self, response: &Histogram) -> Option<Estimate> {
        if response.is_empty() {
            return None;
        }
        let value = response.quantile(0.99).as_secs();
        // The half-widths of the classes, each weighted by its part: an upper bound of that of the mixture.
        let all = response.count() as f64;
        let parts: Option<Vec<f64>> = self
            .meters
            .iter()
            .filter(|meter| meter.response.count() as f64 > all / 1_000.0)
            .map(|m| Some(m.batches.quantile(0.99, CONFIDENCE)?.half_width * m.response.count() as f64 / all))
            .collect();
        Some(Estimate { value, half_width: parts?.iter().sum() })
    }

    fn class_snapshot(&self, i: usize) -> ClassSnapshot {
        let meter = &self.meters[i];
        ClassSnapshot {
            name: self.classes[i].name.clone(),
            outcomes: meter.outcomes,
            p50: meter.response.quantile(0.5).as_secs(),
            p90: meter.response.quantile(0.9).as_secs(),
            p99: meter.response.quantile(0.99).as_secs(),
            mean: meter.batches.mean(CONFIDENCE),
        }
    }

    fn node_snapshot(&self, node: &Node, window: f64) -> NodeSnapshot {
        let recent = node.meter.recent();
        let busy = |taken: u64, workers: u32| taken as f64 / 1e9 / window / f64::from(workers.max(1));
        let stations = &node.stations;
        let each: Vec<f64> = stations
            .iter()
            .map(|s| match s.processor {
                Some(place) => self.processors[place as usize].utilization_recently(self.now, window),
                None => busy(s.taken_recently(self.now), s.workers).min(1.0),
            })
            .collect();
        NodeSnapshot {
            id: node.id.clone(),
            rate: recent.outcomes.total() as f64 / window,
            utilization: mean(&in_service(stations, &each)),
            p99: (!recent.response.is_empty()).then(|| recent.response.quantile(0.99).as_secs()),
            wait: recent.mean_wait().as_secs(),
            work: recent.mean_work().as_secs(),
            hit_ratio: recent.hit_ratio(),
            error_share: recent.outcomes.error_share(),
            in_flight: node.in_flight,
            backlog: stations.iter().map(|s| s.waiting(self.now) as u64).sum::<u64>() + node.kept(),
            counters: node.counters.by_name(),
            up: stations.iter().map(|s| s.up).collect(),
            busy: each,
            slow: slow(stations),
            behind: match &node.state {
                State::Database(database) => database.behind(self.now),
                _ => Vec::new(),
            },
        }
    }

    /// How many of a node's instances serve now.
    ///
    /// # Panics
    /// If the node is of another plan.
    pub fn up(&self, node: NodeIndex) -> u32 {
        self.nodes[node.index()].up()
    }

    /// How many calls, or messages, wait at a node now. O(instances).
    ///
    /// # Panics
    /// If the node is of another plan.
    pub fn backlog(&self, node: NodeIndex) -> u64 {
        let node = &self.nodes[node.index()];
        let waiting = node.stations.iter().map(|station| station.waiting(self.now) as u64).sum::<u64>();
        waiting + node.kept()
    }

    /// How many calls to a node were answered since statistics were last reset, and how long they waited in its queue in all.
    /// O(1), where [`Simulation::run`] gathers everything.
    ///
    /// # Panics
    /// If the node is of another plan.
    pub fn waits(&self, node: NodeIndex) -> (u64, Span) {
        self.nodes[node.index()].meter.waits()
    }

    /// Pairs of zones that are cut off from one another, in the document's order.
    fn partitions(&self) -> Vec<(String, String)> {
        let zones = &self.plan.zones;
        let pairs = (0..zones.len()).flat_map(|i| (i + 1..zones.len()).map(move |j| (i, j)));
        let cut = pairs.filter(|(i, j)| self.cuts[i * zones.len() + j]);
        cut.map(|(i, j)| (zones[i].id.clone(), zones[j].id.clone())).collect()
    }

    /// How calls to a node ended in the last whole second, and how long they took; of clients, their requests. None for a node
    /// that is not there.
    pub fn last_second(&self, node: &str) -> Option<(Outcomes, &Histogram)> {
        let place = self.plan.find(node)?;
        let second = self.nodes[place.index()].meter.last_second();
        Some((second.outcomes, &second.response))
    }

    /// The record since statistics were last reset.
    pub fn run(&self, name: &str) -> Run {
        let mut run = Run::new(name, Source::Simulated { seed: self.seed.0 }, self.rate);
        run.warm_up = self.reset_at.since(Time::ZERO);
        run.duration = self.now.since(self.reset_at);
        let class = |i: usize| {
            let meter = &self.meters[i];
            ClassRun {
                name: self.classes[i].name.clone(),
                outcomes: meter.outcomes,
                response: meter.response.clone(),
                service: meter.response.clone(),
                breakdown: meter.breakdown.clone(),
                mean: meter.batches.mean(CONFIDENCE),
                p99: meter.batches.quantile(0.99, CONFIDENCE),
                figures: class_figures(meter, run.duration.as_secs()),
            }
        };
        run.classes = (0..self.meters.len()).map(class).collect();
        run.nodes = self.nodes.iter().map(|node| self.node_run(node, run.duration)).collect();
        run.edges = (0..self.plan.edges.len()).map(|i| self.edge_run(i, run.duration)).collect();
        run.figures = self.steadiness.of_calls(&run.outcomes(), &run.response(), run.duration.as_secs());
        // Stretches of time tell sooner than batches of requests, but only of all classes together.
        if let [class] = run.classes.as_mut_slice() {
            class.figures.clone_from(&run.figures);
        }
        run.series = self.series.iter().cloned().collect::<Vec<Second>>();
        run
    }

    fn node_run(&self, node: &Node, duration: Span) -> NodeRun {
        let total = node.meter.total();
        let (in_flight, up) = node.levels(self.now);
        let (answered, waits) = node.meter.waits();
        let has_queue = answered > 0 && !node.stations.is_empty();
        let mean_wait = has_queue.then(|| waits.as_secs() / answered as f64);
        let busy =
            |taken: u64, workers: u32| taken as f64 / f64::from(workers.max(1)) / duration.0.max(1) as f64;
        let each: Vec<f64> = node
            .stations
            .iter()
            .map(|s| match s.processor {
                Some(place) => self.processors[place as usize].utilization_since_reset(self.now, duration),
                None => busy(s.taken_since_reset(self.now), s.workers),
            })
            .collect();
        let remembers = matches!(node.state, State::Cache(_) | State::Cdn(_));
        let hit_ratio = total.hit_ratio().filter(|_| remembers);
        let utilization = match &node.scaling {
            // Of what there was: an instance that came late was not idle before.
            Some(scaling) => {
                let there = scaling.mean_in_service(self.now, duration);
                (there > 0.0).then(|| (each.iter().sum::<f64>() / there).min(1.0))
            }
            None => mean(&in_service(&node.stations, &each)),
        };
        let (steadiness, seconds) = (&node.meter.steadiness, duration.as_secs());
        let mut figures = steadiness.of_calls(&total.outcomes, &total.response, seconds);
        if !node.stations.is_empty() {
            let backlog = total.waited() / seconds.max(1e-9) + steadiness.kept();
            steadiness.of_node(
                &mut figures,
                &node.meter.wait,
                &NodeValues { utilization, hit_ratio, backlog },
            );
        }
        NodeRun {
            id: node.id.clone(),
            outcomes: total.outcomes,
            hit_ratio,
            counters: node.counters.by_name(),
            response: total.response,
            mean_wait,
            waited: (!node.stations.is_empty()).then_some(node.meter.waited),
            in_flight,
            up,
            wait: node.meter.wait.clone(),
            utilization,
            figures,
        }
    }

    fn edge_run(&self, i: usize, duration: Span) -> EdgeRun {
        let (edge, meter) = (self.plan.edge(EdgeIndex(i as u16)), &self.edges[i].meter);
        let calls = meter.since_reset();
        EdgeRun {
            from: self.plan.node(edge.from).id.clone(),
            to: self.plan.node(edge.to).id.clone(),
            calls,
            rate: rate(calls, &meter.calls, duration.as_secs()),
        }
    }
}

/// Ends per second.
fn rate(count: u64, ends: &Stretches<Ends>, seconds: f64) -> Reading {
    let stretches = ends.all().iter().map(|ends| (ends.ended as f64, ends.seconds));
    about(count as f64 / seconds.max(1e-9), ratio(stretches, CONFIDENCE))
}

/// The figures of a class: latency from its batches of requests, the rest from stretches of time.
fn class_figures(meter: &ClassMeter, seconds: f64) -> Figures {
    let outcomes = meter.outcomes;
    let mut figures = Figures::from([(Figure::Rate, rate(outcomes.total(), &meter.ends, seconds))]);
    if outcomes.total() == 0 {
        return figures;
    }
    let errors = share(meter.ends.all().iter().map(|ends| (ends.errors, ends.ended)), CONFIDENCE);
    let errors = errors.map(|(_, interval)| interval);
    figures.insert(Figure::ErrorShare, Reading { value: outcomes.error_share(), interval: errors });
    let mean = meter.response.mean().as_secs();
    figures.insert(Figure::Mean, about(mean, meter.batches.mean(CONFIDENCE)));
    for (figure, q) in Figure::RESPONSE {
        let interval = meter.batches.quantile_interval(q, CONFIDENCE);
        figures.insert(figure, Reading { value: meter.response.smooth_quantile(q), interval });
    }
    figures
}

fn edge_snapshot(edge: &Link, window: f64) -> EdgeSnapshot {
    let pool = edge.policy.as_ref().and_then(|policy| policy.pool());
    EdgeSnapshot {
        rate: edge.meter.recent() as f64 / window,
        error_share: edge.meter.error_share(),
        cut: edge.cut,
        pool: pool.map(|(open, most, waiting)| PoolSnapshot { open, most, waiting }),
    }
}

/// The slowness of each station; empty when none is slow.
fn slow(stations: &[Station]) -> Vec<f64> {
    let is_slow = stations.iter().any(|station| station.slowness != 1.0);
    if is_slow { stations.iter().map(|station| station.slowness).collect() } else { Vec::new() }
}

/// The values of the stations that are meant to be there.
fn in_service(stations: &[Station], values: &[f64]) -> Vec<f64> {
    stations.iter().zip(values).filter(|(station, _)| station.in_service).map(|(_, &value)| value).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The curve of latency by percentile, evenly spaced in the logarithm of 1/(1 - quantile), as far as the counts carry it.
pub(super) fn curve(response: &Histogram) -> Vec<CurvePoint> {
    let count = response.count() as f64;
    if count < 1.0 {
        return Vec::new();
    }
    let steps = (0..=5 * PER_DECADE).map(|i| 1.0 - math::pow(10.0, -f64::from(i) / f64::from(PER_DECADE)));
    steps
        // Beyond this a point would rest on less than one request.
        .take_while(|quantile| (1.0 - quantile) * count >= 1.0)
        .map(|quantile| CurvePoint { quantile, seconds: response.quantile(quantile).as_secs() })
        .collect()
}
