//! From a plan to an [`Estimate`].
use super::estimate::{Assumption, Bottleneck, ClassEstimate, Estimate, NodeEstimate, ResponseEstimate};
use super::flow::{NodeFlow, flows};
use super::formula::special::{gamma_cdf, gamma_quantile};
use super::keys::{Keys, Placement, placements};
use super::length::{Length, mixture};
use super::response::{Loaded, NodeTimes};
use super::station::Station;
use super::wiring::Wiring;
use crate::topology::{NodeKind, Plan};
use crate::workload::Spacing;

/// A departure from an assumption that touches fewer than this share of requests is not worth a word.
const RARE: f64 = 1e-3;
/// How closely the load that saturates is found, relative to it, and after how many rounds the search ends.
const PRECISION: f64 = 5e-4;
const ROUNDS: u32 = 40;
/// A callee this close to saturation is why its callers' workers are all taken.
const NEAR: f64 = 0.9;

/// Estimates a design under open arrivals: rates through the wiring with hit ratios by Che's approximation, waits by Allen
/// and Cunneen's formula with the variation of gaps after Whitt (1983), responses added up along the way, and the load at
/// which something saturates. About a microsecond a node and 50 µs a cache; the same on every machine.
pub fn solve(plan: &Plan) -> Estimate {
    let solver = Solver::of(plan);
    let rate = plan.arrivals.rate;
    let flows = solver.flows(rate, None);
    let loaded = solver.loaded(&flows);
    let source = if plan.arrivals.spacing == Spacing::Constant { 0.0 } else { 1.0 };
    let gaps = loaded.gaps(&loaded.times_at_first(), source);
    let times = loaded.times(&gaps);
    let nodes: Vec<NodeEstimate> =
        (0..plan.nodes.len()).map(|node| solver.node(node, &flows[node], &times[node], gaps[node])).collect();
    let classes = (0..plan.classes.len()).map(|class| solver.class(class, &flows, &times, &nodes)).collect();
    let bottleneck = solver.bottleneck(&(rate, flows));
    Estimate { classes, nodes, bottleneck }
}

struct Solver<'a> {
    plan: &'a Plan,
    wiring: Wiring,
    keys: Keys,
    placements: Vec<Placement>,
    stations: Vec<Option<Station>>,
}

impl<'a> Solver<'a> {
    fn of(plan: &'a Plan) -> Self {
        let (wiring, keys) = (Wiring::of(plan), Keys::of(plan));
        let placements = placements(plan, &keys);
        let stations = plan.nodes.iter().map(|node| Station::of(&node.kind)).collect();
        Self { plan, wiring, keys, placements, stations }
    }

    fn flows(&self, rate: f64, before: Option<&(f64, Vec<NodeFlow>)>) -> Vec<NodeFlow> {
        flows(self.plan, &self.wiring, &self.keys, &self.placements, rate, before)
    }

    fn loaded<'b>(&'b self, flows: &'b [NodeFlow]) -> Loaded<'b> {
        Loaded {
            plan: self.plan,
            wiring: &self.wiring,
            placements: &self.placements,
            stations: &self.stations,
            flows,
        }
    }

    fn node(&self, node: usize, flow: &NodeFlow, times: &NodeTimes, gaps: f64) -> NodeEstimate {
        let finite = |length: Length| length.mean.is_finite().then_some(length.mean);
        let Some(station) = &self.stations[node] else {
            return NodeEstimate {
                rate: flow.rates.total(),
                utilization: None,
                hottest: None,
                wait: None,
                response: None,
                hit_ratio: None,
                assumptions: Vec::new(),
            };
        };
        let response = mixture(flow.classes.iter().copied().zip(times.classes.iter().copied()));
        NodeEstimate {
            rate: flow.rates.total(),
            utilization: Some(times.waiting.utilization),
            hottest: Some(times.waiting.hottest),
            wait: finite(times.waiting.wait),
            response: finite(response),
            hit_ratio: flow.hit_ratio,
            assumptions: self.assumptions(node, station, flow, times, gaps),
        }
    }

    fn assumptions(
        &self,
        node: usize,
        station: &Station,
        flow: &NodeFlow,
        times: &NodeTimes,
        gaps: f64,
    ) -> Vec<Assumption> {
        let waits = times.waiting.wait.mean > 0.0;
        let in_flight = flow
            .parts
            .iter()
            .any(|(edge, _)| matches!(self.placements[edge.index()], Placement::InFlight(_)));
        let calls = !self.plan.nodes[node].out.is_empty();
        let shaped = (gaps - 1.0).abs() > 1e-6
            || (times.held.cv2() - 1.0).abs() > 1e-6 && station.servers > 1
            || station.instances > 1 && !in_flight;
        let saturated = !times.waiting.wait.mean.is_finite();
        let found = [
            (shaped && waits && !saturated, Assumption::TwoMoments),
            (times.waiting.refused > RARE && !saturated, Assumption::EndlessQueue),
            (station.held && calls, Assumption::Independence),
            (in_flight && station.instances > 1, Assumption::RandomBalancing),
            (flow.hit_ratio.is_some(), Assumption::IndependentKeys),
            (!flow.instances.is_empty(), Assumption::EvenTail),
            (saturated, Assumption::Stability),
        ];
        found.iter().filter(|(departs, _)| *departs).map(|(_, assumption)| *assumption).collect()
    }

    fn class(
        &self,
        class: usize,
        flows: &[NodeFlow],
        times: &[NodeTimes],
        nodes: &[NodeEstimate],
    ) -> ClassEstimate {
        let clients = || {
            self.plan.nodes.iter().enumerate().filter_map(|(i, node)| match &node.kind {
                NodeKind::Clients(spec) => Some((i, spec)),
                _ => None,
            })
        };
        let rate: f64 = clients().map(|(i, _)| flows[i].classes[class]).sum();
        let response = mixture(clients().map(|(i, _)| (flows[i].classes[class], times[i].classes[class])));
        let late = |(i, spec): (usize, &crate::topology::ClientsNode)| {
            later_than(times[i].classes[class], spec.timeout.as_secs()) > RARE
        };
        let mut assumptions: Vec<Assumption> = nodes
            .iter()
            .zip(flows)
            .filter(|(_, flow)| flow.classes[class] > 0.0)
            .flat_map(|(node, _)| node.assumptions.iter().copied())
            .collect();
        if self.plan.arrivals.spacing == Spacing::Constant {
            assumptions.push(Assumption::PoissonArrivals);
        }
        if clients().any(late) {
            assumptions.push(Assumption::Patience);
        }
        assumptions.sort_unstable();
        assumptions.dedup();
        ClassEstimate { rate, response: estimate(response), assumptions }
    }

    /// The busiest node at `rate`: its place and utilization, and what all nodes have.
    fn busiest(&self, rate: f64, before: &(f64, Vec<NodeFlow>)) -> (f64, Vec<f64>) {
        let flows = self.flows(rate, Some(before));
        let times = self.loaded(&flows).times_when_all_call();
        let each: Vec<f64> = times.iter().map(|node| node.waiting.hottest).collect();
        (each.iter().copied().fold(0.0, f64::max), each)
    }

    /// By false position after Illinois (Dowell & Jarratt 1971): utilization grows about as the load does.
    fn bottleneck(&self, solved: &(f64, Vec<NodeFlow>)) -> Option<Bottleneck> {
        let busy = |scale: f64| self.busiest(scale * solved.0, solved).0;
        let now = busy(1.0);
        if now <= 0.0 {
            return None;
        }
        let over = |busy: f64| (busy - 1.0).min(1.0);
        let (mut low, mut below, mut high, mut above) = (0.0, -1.0, 1.0, over(now));
        while above < 0.0 {
            (low, below) = (high, above);
            // A little beyond where a straight line would end.
            high = 1.001 * high / (1.0 + above);
            above = over(busy(high));
            if high > 1e9 {
                return None;
            }
        }
        for _ in 0..ROUNDS {
            if high - low <= PRECISION * high {
                break;
            }
            let next = (low * above - high * below) / (above - below);
            let at = over(busy(next));
            if at < 0.0 {
                (low, below, above) = (next, at, above / 2.0);
            } else {
                (high, above, below) = (next, at, below / 2.0);
            }
            // Close enough from one side: one step to the other ends it.
            if at.abs() <= PRECISION {
                (low, high) = (next, next);
            }
        }
        let scale = f64::midpoint(low, high);
        let each = self.busiest(scale * (1.0 - PRECISION) * solved.0, solved).1;
        Some(Bottleneck { node: self.deepest(&each), scale, rate: scale * solved.0 })
    }

    /// Of the nodes that are nearly saturated, the one that the others wait for: the last in calling order.
    fn deepest(&self, utilizations: &[f64]) -> usize {
        let highest = utilizations.iter().copied().fold(0.0, f64::max);
        let near = |node: &&usize| utilizations[**node] >= NEAR * highest;
        self.wiring.order.iter().rev().find(near).copied().unwrap_or(0)
    }
}

fn estimate(response: Length) -> Option<ResponseEstimate> {
    let quantile = |q: f64| gamma_quantile(response.mean, response.cv2(), q);
    response.mean.is_finite().then(|| ResponseEstimate {
        mean: response.mean,
        p50: quantile(0.5),
        p99: quantile(0.99),
    })
}

/// The share of responses longer than `limit` seconds, by the gamma law of the same two moments.
fn later_than(response: Length, limit: f64) -> f64 {
    if !response.mean.is_finite() {
        return 1.0;
    }
    let cv2 = response.cv2();
    if cv2 < 1e-9 {
        return if response.mean > limit { 1.0 } else { 0.0 };
    }
    1.0 - gamma_cdf(1.0 / cv2, limit / (response.mean * cv2))
}
