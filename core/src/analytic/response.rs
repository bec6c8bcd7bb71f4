//! Response times through the wiring, from the leaves up: a service's workers are held while it calls, so its service time
//! holds its callees' responses.
use super::flow::NodeFlow;
use super::keys::Placement;
use super::length::{Length, mixture};
use super::station::Station;
use super::wait::{Arriving, Holding, Spread, Waiting, waiting};
use super::wiring::{Role, Wiring};
use crate::component::balance::Policy;
use crate::id::EdgeIndex;
use crate::topology::Plan;
use crate::workload::Operation;

/// What a node takes.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeTimes {
    pub(super) waiting: Waiting,
    /// How long its servers are taken by a call, its own and its callees' time.
    pub(super) held: Length,
    /// Response to each class, as the node's callers see it.
    pub(super) classes: Vec<Length>,
    /// Response to a delete or a fill.
    upkeep: Length,
}

/// A plan with what arrives at each node.
pub(super) struct Loaded<'a> {
    pub(super) plan: &'a Plan,
    pub(super) wiring: &'a Wiring,
    pub(super) placements: &'a [Placement],
    pub(super) stations: &'a [Option<Station>],
    pub(super) flows: &'a [NodeFlow],
}

impl Loaded<'_> {
    /// Each node's times, for arrivals with these squared coefficients of variation.
    pub(super) fn times(&self, gaps: &[f64]) -> Vec<NodeTimes> {
        self.times_met(|node| Arriving { gaps: gaps[node], spread: self.spread(node), met: 1.0 })
    }

    /// Each node's times where all workers of its callers are taken: a caller's own workers are then the population that
    /// waits at its callees, and no more of them can wait than there are.
    pub(super) fn times_when_all_call(&self) -> Vec<NodeTimes> {
        let mut callers = vec![f64::INFINITY; self.plan.nodes.len()];
        for &node in &self.wiring.order {
            if self.stations[node].is_none() {
                continue;
            }
            let incoming = self.wiring.incoming[node].iter().map(|&edge| self.plan.edge(edge).from.index());
            callers[node] = incoming
                .map(|caller| match &self.stations[caller] {
                    Some(station) if station.held => {
                        f64::from(station.servers) * f64::from(station.instances)
                    }
                    _ => callers[caller],
                })
                .sum();
        }
        // One alone meets nobody, but the formula wants a load.
        let met = |node: usize| (1.0 - 1.0 / callers[node]).max(1e-3);
        // Where all saturate together, one shared queue is what any picking by what is in flight comes to.
        self.times_met(|node| Arriving { gaps: 1.0, spread: self.shared(node), met: met(node) })
    }

    /// Each node's times for Poisson arrivals, and quickly: from which the gaps follow.
    pub(super) fn times_at_first(&self) -> Vec<NodeTimes> {
        self.times_met(|node| Arriving { gaps: 1.0, spread: self.shared(node), met: 1.0 })
    }

    fn shared(&self, node: usize) -> Spread {
        match self.spread(node) {
            Spread::InFlight(_) => Spread::InFlight(Policy::LeastConnections),
            other => other,
        }
    }

    fn times_met(&self, arriving: impl Fn(usize) -> Arriving) -> Vec<NodeTimes> {
        let mut times = vec![NodeTimes::default(); self.plan.nodes.len()];
        for &node in self.wiring.order.iter().rev() {
            times[node] = self.node(node, arriving(node), &times);
        }
        times
    }

    /// How the gaps between arrivals vary at each node, when departures vary as `times` says (Whitt 1983, §4: a part of a
    /// stream is thinned by chance, streams that meet are averaged by their rates).
    pub(super) fn gaps(&self, times: &[NodeTimes], source: f64) -> Vec<f64> {
        let mut gaps = vec![1.0; self.plan.nodes.len()];
        for &node in &self.wiring.order {
            let total = self.flows[node].rates.total();
            if self.stations[node].is_none() {
                gaps[node] = source;
            } else if total > 0.0 {
                let parts = self.flows[node].parts.iter();
                gaps[node] =
                    parts.map(|&(edge, rate)| rate / total * self.part(edge, rate, times, source)).sum();
            }
        }
        gaps
    }

    fn part(&self, edge: EdgeIndex, rate: f64, times: &[NodeTimes], source: f64) -> f64 {
        let caller = self.plan.edge(edge).from.index();
        let departures =
            if self.stations[caller].is_none() { source } else { times[caller].waiting.departures };
        let whole = self.flows[caller].rates.total();
        let share = if whole > 0.0 { (rate / whole).min(1.0) } else { 1.0 };
        1.0 + share * (departures - 1.0)
    }

    fn node(&self, node: usize, arriving: Arriving, times: &[NodeTimes]) -> NodeTimes {
        let flow = &self.flows[node];
        let calls: Vec<Length> =
            (0..self.plan.classes.len()).map(|class| self.calls(node, class, times)).collect();
        let Some(station) = &self.stations[node] else {
            return NodeTimes { classes: calls, ..NodeTimes::default() };
        };
        let own = |class: usize| if self.is_read(class) { station.read } else { station.write };
        let held = |class: usize| if station.held { own(class) + calls[class] } else { own(class) };
        let of = |reads: bool| {
            mixture(
                (0..calls.len()).filter(|&c| self.is_read(c) == reads).map(|c| (flow.classes[c], held(c))),
            )
        };
        let holding = Holding { read: of(true), write: of(false), upkeep: station.read };
        let waiting = waiting(station, flow, holding, arriving);
        let rates = flow.rates;
        NodeTimes {
            waiting,
            held: mixture([
                (rates.reads, holding.read),
                (rates.writes, holding.write),
                (rates.upkeep, holding.upkeep),
            ]),
            classes: (0..calls.len()).map(|class| waiting.wait + own(class) + calls[class]).collect(),
            upkeep: waiting.wait + station.read,
        }
    }

    pub(super) fn is_read(&self, class: usize) -> bool {
        self.plan.classes[class].operation == Operation::Read
    }

    /// How the busiest caller finds an instance.
    fn spread(&self, node: usize) -> Spread {
        let parts = self.flows[node].parts.iter();
        let busiest = parts.max_by(|a, b| a.1.total_cmp(&b.1));
        busiest.map_or(Spread::Turn, |(edge, _)| Spread::from(&self.placements[edge.index()]))
    }

    /// The time that a node's calls take for a request of a class, one after the other.
    fn calls(&self, node: usize, class: usize, times: &[NodeTimes]) -> Length {
        let read = self.is_read(class);
        let out = &self.plan.nodes[node].out;
        let role = |edge: EdgeIndex| self.wiring.roles[edge.index()];
        let there = |edge: EdgeIndex| &times[self.plan.edge(edge).to.index()];
        let network = |edge: EdgeIndex| Length::constant(2.0 * self.plan.edge(edge).latency.as_secs());
        let answer = |edge: EdgeIndex| network(edge) + there(edge).classes[class];
        let (mut always, mut data) = (Length::default(), Length::default());
        let mut spread = Vec::new();
        for &edge in out {
            match role(edge) {
                Role::Always => always = always + answer(edge),
                Role::Data => data = data + answer(edge),
                Role::Through => always = always + answer(edge).sometimes(self.missed(node, class)),
                Role::Spread => spread.push((self.rate_by(edge), answer(edge))),
                Role::Aside if !read => always = always + network(edge) + there(edge).upkeep,
                Role::Aside => {}
            }
        }
        if !read {
            return always + data + mixture(spread);
        }
        // Each lookup is made when all before it missed, and the data is asked for when all did.
        let after = |later: Length, edge: &EdgeIndex| {
            let cache = self.plan.edge(*edge).to.index();
            answer(*edge) + later.sometimes(self.missed(cache, class))
        };
        always + mixture(spread) + self.wiring.lookups[node].iter().rev().fold(data, after)
    }

    /// The share of a class's calls to a cache that it cannot answer.
    fn missed(&self, cache: usize, class: usize) -> f64 {
        if !self.is_read(class) {
            return 1.0;
        }
        1.0 - self.flows[cache].class_hits.get(class).copied().unwrap_or(0.0)
    }

    fn rate_by(&self, edge: EdgeIndex) -> f64 {
        let parts = &self.flows[self.plan.edge(edge).to.index()].parts;
        parts.iter().find(|(by, _)| *by == edge).map_or(0.0, |(_, rate)| *rate)
    }
}
