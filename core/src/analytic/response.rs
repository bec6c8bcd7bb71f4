//! Response times through the wiring, from the leaves up: a service's workers are held while it calls, so its service time
//! holds its callees' responses.
use super::flow::NodeFlow;
use super::formula::special::gamma_quantile;
use super::keys::{ALL, Placement};
use super::length::{Length, mixture};
use super::station::Station;
use super::wait::{Arriving, Holding, Spread, Waiting, waiting};
use super::wiring::{Role, Wiring};
use crate::id::EdgeIndex;
use crate::topology::{Mode, NodeKind, Plan, Replication};
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
        self.times_in_a_crowd(&self.crowd(f64::INFINITY, true))
    }

    /// Each node's times when no more than so many users wait at once.
    pub(super) fn times_for(&self, users: f64) -> Vec<NodeTimes> {
        self.times_in_a_crowd(&self.crowd(users, false))
    }

    fn times_in_a_crowd(&self, crowd: &[f64]) -> Vec<NodeTimes> {
        // One alone meets nobody, but the formula wants a load.
        let met = |node: usize| (1.0 - 1.0 / crowd[node]).max(1e-3);
        // Where all saturate together, one shared queue is what any picking by what is in flight comes to.
        self.times_met(|node| Arriving { gaps: 1.0, spread: self.shared(node), met: met(node) })
    }

    /// How many can wait at a node: all users, or where `pools`, as many as its callers have workers.
    fn crowd(&self, users: f64, pools: bool) -> Vec<f64> {
        let mut crowd = vec![f64::INFINITY; self.plan.nodes.len()];
        for &node in &self.wiring.order {
            if let NodeKind::Clients(spec) = &self.plan.nodes[node].kind {
                crowd[node] = users * spec.share;
            }
            if self.wiring.incoming[node].is_empty() {
                continue;
            }
            let callers = self.wiring.incoming[node].iter().map(|&edge| self.plan.edge(edge).from.index());
            let of = |caller: usize| match &self.stations[caller] {
                Some(station) if station.held && pools => {
                    f64::from(station.servers) * f64::from(station.instances)
                }
                _ => crowd[caller],
            };
            crowd[node] = callers.map(of).sum();
        }
        crowd
    }

    /// Each node's times for Poisson arrivals, and quickly: from which the gaps follow.
    pub(super) fn times_at_first(&self) -> Vec<NodeTimes> {
        self.times_met(|node| Arriving { gaps: 1.0, spread: self.shared(node), met: 1.0 })
    }

    fn shared(&self, node: usize) -> Spread {
        match self.spread(node) {
            Spread::InFlight(_) => Spread::InFlight(ALL),
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
        let load = self.core_load(node, station);
        let stretch = station.stretch(load);
        let own = |reads: bool| {
            if reads { station.read } else { station.write }.faster(1.0 / stretch) + station.pause
        };
        let held = |class: usize| {
            let own = own(self.is_read(class));
            if station.held { own + calls[class] } else { own }
        };
        let of = |reads: bool| {
            mixture(
                (0..calls.len()).filter(|&c| self.is_read(c) == reads).map(|c| (flow.classes[c], held(c))),
            )
        };
        let holding = Holding { read: of(true), write: of(false), upkeep: own(true) };
        let mut waiting = waiting(station, flow, holding, arriving);
        if let Some(cores) = station.cores {
            // Shared cores are what is busy; its workers only wait for them.
            waiting.utilization = load / f64::from(cores);
            waiting.hottest = waiting.hottest.max(waiting.utilization);
        }
        let rates = flow.rates;
        let after = |class: usize| own(self.is_read(class)) + calls[class] + self.copies(node, class);
        NodeTimes {
            waiting,
            held: mixture([
                (rates.reads, holding.read),
                (rates.writes, holding.write),
                (rates.upkeep, holding.upkeep),
            ]),
            classes: (0..calls.len())
                .map(|class| self.joined(node, class, waiting.wait + after(class)))
                .collect(),
            upkeep: waiting.wait + own(true),
        }
    }

    /// How many cores are asked for, of those that an instance of a node works on: its own, or a host's with all that is on it.
    fn core_load(&self, node: usize, station: &Station) -> f64 {
        let of = |node: usize, station: &Station| {
            let rates = self.flows[node].rates;
            (rates.reads + rates.upkeep) * station.read.mean + rates.writes * station.write.mean
        };
        match self.plan.nodes[node].host {
            _ if station.cores.is_none() => 0.0,
            None => of(node, station) / f64::from(station.instances),
            Some(host) => self
                .plan
                .nodes
                .iter()
                .zip(self.stations)
                .enumerate()
                .filter(|(_, (other, _))| other.host == Some(host))
                .filter_map(|(i, (_, station))| Some(of(i, station.as_ref()?)))
                .sum(),
        }
    }

    /// How long a write waits for a database's replicas: the first of them, or the last.
    fn copies(&self, node: usize, class: usize) -> Length {
        let NodeKind::Database(spec) = &self.plan.nodes[node].kind else { return Length::default() };
        if self.is_read(class) || spec.replicas == 0 || spec.multi_primary {
            return Length::default();
        }
        let lag = Length::of(&spec.replica_lag);
        match spec.replication {
            Replication::Async => Length::default(),
            Replication::SemiSync => extreme(lag, 1.0 / (f64::from(spec.replicas) + 1.0)),
            Replication::Sync => slowest(lag, f64::from(spec.replicas)),
            Replication::Quorum(1) => Length::default(),
            // The k-th of n lies near the quantile k/(n+1) (David & Nagaraja 2003, §4.5).
            Replication::Quorum(quorum) => {
                extreme(lag, f64::from(quorum - 1) / (f64::from(spec.replicas) + 1.0))
            }
        }
    }

    /// A database's answer to a read that in some cases needs all shards.
    fn joined(&self, node: usize, class: usize, answer: Length) -> Length {
        match &self.plan.nodes[node].kind {
            NodeKind::Database(spec) if spec.joins > 0.0 && self.is_read(class) => {
                mixture([(1.0 - spec.joins, answer), (spec.joins, slowest(answer, spec.shards.into()))])
            }
            _ => answer,
        }
    }

    /// Whether a class is worked on as reads are: what is no write and no job.
    pub(super) fn is_read(&self, class: usize) -> bool {
        matches!(self.plan.classes[class].operation, Operation::Read | Operation::Static)
    }

    /// How the busiest caller finds an instance.
    fn spread(&self, node: usize) -> Spread {
        let parts = self.flows[node].parts.iter();
        let busiest = parts.max_by(|a, b| a.1.total_cmp(&b.1));
        busiest.map_or(Spread::Turn, |(edge, _)| Spread::from(&self.placements[edge.index()]))
    }

    /// The time that a node's calls take for a request of a class: one after the other, or at once where they are parallel.
    fn calls(&self, node: usize, class: usize, times: &[NodeTimes]) -> Length {
        let there = |edge: EdgeIndex| &times[self.plan.edge(edge).to.index()];
        let network = |edge: EdgeIndex| Length::constant(2.0 * self.plan.edge(edge).latency.as_secs());
        let answer = |edge: EdgeIndex| self.made(edge, network(edge) + there(edge).classes[class]);
        let (mut always, mut data, mut spread) = (Length::default(), Length::default(), Vec::new());
        let (mut at_once, mut data_at_once) = (Vec::new(), Vec::new());
        for &edge in &self.plan.nodes[node].out {
            let link = self.plan.edge(edge);
            let Some(role) = self.wiring.role(self.plan, edge, class) else { continue };
            let parallel = link.mode == Mode::Parallel;
            match role {
                Role::Later => {}
                Role::Spread => spread.push((self.rate_by(edge), network(edge) + there(edge).classes[class])),
                Role::Through => always = always + answer(edge).sometimes(self.missed(node, class)),
                _ if link.mode == Mode::Asynchronous => {}
                Role::Aside if self.is_lookup(class) => {}
                Role::Aside => always = always + self.made(edge, network(edge) + there(edge).upkeep),
                Role::Always if parallel => at_once.push(answer(edge)),
                Role::Data if parallel => data_at_once.push(answer(edge)),
                // A browser that has the file asks nobody.
                Role::Always => always = always + answer(edge).sometimes(self.missed(node, class)),
                Role::Data => data = data + answer(edge),
            }
        }
        always = always + last_of(&at_once) + mixture(spread);
        data = data + last_of(&data_at_once);
        if !self.is_lookup(class) {
            return always + data;
        }
        // Each lookup is made when all before it missed, and the data is asked for when all did.
        let after = |later: Length, edge: &EdgeIndex| {
            let cache = self.plan.edge(*edge).to.index();
            answer(*edge) + later.sometimes(self.missed(cache, class))
        };
        let asked = |edge: &&EdgeIndex| self.wiring.role(self.plan, **edge, class).is_some();
        always + self.wiring.lookups[node].iter().filter(asked).rev().fold(data, after)
    }

    /// Whether requests of a class look into caches.
    fn is_lookup(&self, class: usize) -> bool {
        self.plan.classes[class].operation == Operation::Read
    }

    /// The time that an edge's calls take in all, of which there are several or sometimes none.
    fn made(&self, edge: EdgeIndex, once: Length) -> Length {
        let link = self.plan.edge(edge);
        let (whole, rest) = (link.calls.trunc(), link.calls.fract());
        if link.calls == 1.0 {
            return once;
        }
        if once.mean.is_infinite() {
            return if link.calls > 0.0 { once } else { Length::default() };
        }
        let several = match link.mode {
            Mode::Parallel if whole > 1.0 => slowest(once, whole),
            _ => Length { mean: once.mean * whole, variance: once.variance * whole },
        };
        several + once.sometimes(rest)
    }

    /// The share of a class's requests that a cache, a CDN or a browser cannot answer.
    fn missed(&self, cache: usize, class: usize) -> f64 {
        1.0 - self.flows[cache].class_hits.get(class).copied().unwrap_or(0.0)
    }

    fn rate_by(&self, edge: EdgeIndex) -> f64 {
        let parts = &self.flows[self.plan.edge(edge).to.index()].parts;
        parts.iter().find(|(by, _)| *by == edge).map_or(0.0, |(_, rate)| *rate)
    }
}

/// The quantile of the gamma law with these two moments, as a length of the same variation.
fn extreme(one: Length, q: f64) -> Length {
    if one.mean.is_infinite() {
        return one;
    }
    let mean = gamma_quantile(one.mean, one.cv2(), q);
    Length { mean, variance: one.variance.min(mean * mean) }
}

/// The last of `n` alike: near the quantile n/(n+1) (David & Nagaraja 2003, §4.5).
fn slowest(one: Length, n: f64) -> Length {
    if n > 1.0 { extreme(one, n / (n + 1.0)) } else { one }
}

/// The last of several: the longest of them, as the last of as many alike.
fn last_of(parts: &[Length]) -> Length {
    let longest = parts.iter().copied().max_by(|a, b| a.mean.total_cmp(&b.mean));
    longest.map_or(Length::default(), |longest| slowest(longest, parts.len() as f64))
}
