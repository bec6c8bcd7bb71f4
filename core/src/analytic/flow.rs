//! Rates through the wiring, from the clients down: by class, by key, and by instance.
use super::formula::cache::{Keyed, Refresh, characteristic_time};
use super::keys::{Keys, Placement};
use super::wiring::{Role, Wiring};
use crate::id::EdgeIndex;
use crate::topology::{CacheNode, NodeKind, Plan};
use crate::workload::Operation;

/// Calls per second of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    pub(super) reads: f64,
    pub(super) writes: f64,
    /// Fills and deletes of a cache aside.
    pub(super) upkeep: f64,
}

impl Rates {
    pub(super) fn total(self) -> f64 {
        self.reads + self.writes + self.upkeep
    }
}

/// What arrives at a node.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeFlow {
    /// Requests per second of each class.
    pub(super) classes: Vec<f64>,
    /// All calls.
    pub(super) rates: Rates,
    /// By instance, where they differ; else empty.
    pub(super) instances: Vec<Rates>,
    /// Reads, writes, deletes per second of a single key, by point.
    reads: Vec<f64>,
    writes: Vec<f64>,
    deletes: Vec<f64>,
    /// A cache: the share of reads of a key that hit, by point, and of each class.
    hits: Vec<f64>,
    pub(super) class_hits: Vec<f64>,
    pub(super) hit_ratio: Option<f64>,
    /// A cache's characteristic time in seconds.
    pub(super) eviction: f64,
    /// The callers, each with its part of the calls.
    pub(super) parts: Vec<(EdgeIndex, f64)>,
}

/// What arrives at every node when all clients together send `rate` per second. `before` is a solution for another rate, from
/// which the caches' characteristic times are guessed.
pub(super) fn flows(
    plan: &Plan,
    wiring: &Wiring,
    keys: &Keys,
    placements: &[Placement],
    rate: f64,
    before: Option<&(f64, Vec<NodeFlow>)>,
) -> Vec<NodeFlow> {
    let solver = Solver { plan, wiring, keys, placements };
    let mut flows = vec![NodeFlow::default(); plan.nodes.len()];
    for &node in &wiring.order {
        let mut flow = solver.arriving(node, rate, &flows);
        if let NodeKind::Cache(spec) = &plan.nodes[node].kind {
            // Without a time to live all times go with the inverse of the rate.
            let guess = before.map(|(other, flows)| flows[node].eviction * other / rate);
            solver.look_up(&mut flow, spec, guess.filter(|guess| *guess > 0.0));
        }
        flows[node] = flow;
    }
    // Only now is it known what all the caches of a service missed.
    (0..plan.edges.len()).for_each(|edge| solver.fill(EdgeIndex(edge as u16), &mut flows));
    flows
}

struct Solver<'a> {
    plan: &'a Plan,
    wiring: &'a Wiring,
    keys: &'a Keys,
    placements: &'a [Placement],
}

impl Solver<'_> {
    fn arriving(&self, node: usize, rate: f64, flows: &[NodeFlow]) -> NodeFlow {
        let points = self.keys.points.len();
        let mut flow = NodeFlow {
            classes: vec![0.0; self.plan.classes.len()],
            reads: vec![0.0; points],
            writes: vec![0.0; points],
            deletes: vec![0.0; points],
            ..NodeFlow::default()
        };
        if let NodeKind::Clients(clients) = &self.plan.nodes[node].kind {
            self.send(&mut flow, rate * clients.share);
            return flow;
        }
        let places = usize::from(self.plan.nodes[node].kind.instances());
        let mut by_key = vec![Rates::default(); places];
        let mut evenly = Rates::default();
        for &edge in &self.wiring.incoming[node] {
            let added = self.pull(&mut flow, edge, flows);
            let rates = added.rates(self.keys);
            flow.parts.push((edge, rates.total()));
            match &self.placements[edge.index()] {
                Placement::Key { .. } => self.place(edge, &added, &mut by_key),
                Placement::Turn | Placement::InFlight(_) => evenly = sum(evenly, rates),
            }
            flow.rates = sum(flow.rates, rates);
        }
        if by_key.iter().any(|rates| rates.total() > 0.0) {
            let n = places as f64;
            let share =
                Rates { reads: evenly.reads / n, writes: evenly.writes / n, upkeep: evenly.upkeep / n };
            flow.instances = by_key.into_iter().map(|rates| sum(rates, share)).collect();
        }
        flow
    }

    /// The clients' own requests.
    fn send(&self, flow: &mut NodeFlow, rate: f64) {
        let weight: f64 = self.plan.classes.iter().map(|class| class.weight).sum();
        for (c, class) in self.plan.classes.iter().enumerate() {
            let rate = rate * class.weight / weight;
            flow.classes[c] = rate;
            let into = if class.operation == Operation::Read { &mut flow.reads } else { &mut flow.writes };
            into.iter_mut().zip(&self.keys.shares[c]).for_each(|(into, share)| *into += rate * share);
        }
        flow.rates = Added::of(flow).rates(self.keys);
    }

    /// Adds what comes by an edge to a node's flow; gives what that was.
    fn pull(&self, flow: &mut NodeFlow, edge: EdgeIndex, flows: &[NodeFlow]) -> Added {
        let caller = &flows[self.plan.edge(edge).from.index()];
        let role = self.wiring.roles[edge.index()];
        let missed = self.missed(edge, caller, flows);
        let part = self.part(edge, caller);
        let thinned = |rates: &[f64], by: &[f64]| rates.iter().zip(by).map(|(r, m)| r * m * part).collect();
        let scaled = |rates: &[f64]| -> Vec<f64> { rates.iter().map(|rate| rate * part).collect() };
        let reads: Vec<f64> = match &missed {
            Some(missed) => thinned(&caller.reads, missed),
            None => scaled(&caller.reads),
        };
        let mut added = Added { reads, ..Added::default() };
        if role == Role::Aside {
            added.deletes.clone_from(&caller.writes);
        } else {
            added.writes = scaled(&caller.writes);
        }
        let thin = missed.as_ref().map(|_| self.thin(caller)).unwrap_or_default();
        for (c, class) in self.plan.classes.iter().enumerate() {
            // What a write deletes is upkeep of the cache, and no request to it.
            let asks = class.operation == Operation::Read || role != Role::Aside;
            let stays = match &missed {
                Some(missed) if class.operation == Operation::Read => self.class_share(c, &thin, missed),
                _ => 1.0,
            };
            flow.classes[c] += if asks { caller.classes[c] * stays * part } else { 0.0 };
        }
        add(&mut flow.reads, &added.reads);
        add(&mut flow.writes, &added.writes);
        add(&mut flow.deletes, &added.deletes);
        added
    }

    /// Adds the fills of a cache aside: what all of its caller's lookups missed.
    fn fill(&self, edge: EdgeIndex, flows: &mut [NodeFlow]) {
        if self.wiring.roles[edge.index()] != Role::Aside {
            return;
        }
        let (from, to) = (self.plan.edge(edge).from.index(), self.plan.edge(edge).to.index());
        let left = self.left_by(&self.wiring.lookups[from], flows);
        let fills: Vec<f64> = flows[from].reads.iter().zip(&left).map(|(reads, left)| reads * left).collect();
        let rate = self.keys.sum(&fills);
        let flow = &mut flows[to];
        flow.rates.upkeep += rate;
        flow.parts.iter_mut().filter(|(by, _)| *by == edge).for_each(|(_, part)| *part += rate);
        if let (Placement::Key { homes, .. }, false) =
            (&self.placements[edge.index()], flow.instances.is_empty())
        {
            let heat = self.keys.heat(homes, &fills);
            flow.instances.iter_mut().zip(heat).for_each(|(rates, heat)| rates.upkeep += heat);
        }
    }

    /// The share of reads of a key that is left for this call, by point; `None` for all.
    fn missed(&self, edge: EdgeIndex, caller: &NodeFlow, flows: &[NodeFlow]) -> Option<Vec<f64>> {
        if self.wiring.roles[edge.index()] == Role::Through {
            return Some(caller.hits.iter().map(|hit| 1.0 - hit).collect());
        }
        let before = self.wiring.before(self.plan, edge);
        (!before.is_empty()).then(|| self.left_by(before, flows))
    }

    fn left_by(&self, lookups: &[EdgeIndex], flows: &[NodeFlow]) -> Vec<f64> {
        let mut left = vec![1.0; self.keys.points.len()];
        for &lookup in lookups {
            let hits = &flows[self.plan.edge(lookup).to.index()].hits;
            left.iter_mut().zip(hits).for_each(|(left, hit)| *left *= 1.0 - hit);
        }
        left
    }

    /// The part of a balancer's calls that goes by this edge: by the number of instances behind it, or by their keys.
    fn part(&self, edge: EdgeIndex, caller: &NodeFlow) -> f64 {
        if self.wiring.roles[edge.index()] != Role::Spread {
            return 1.0;
        }
        let instances =
            |edge: EdgeIndex| usize::from(self.plan.node(self.plan.edge(edge).to).kind.instances());
        if let Placement::Key { homes, first } = &self.placements[edge.index()] {
            let all = Added::of(caller).all();
            let heat = self.keys.heat(homes, &all);
            let (own, total): (f64, f64) =
                (heat[*first..*first + instances(edge)].iter().sum(), heat.iter().sum());
            return if total > 0.0 { own / total } else { 0.0 };
        }
        let out = &self.plan.node(self.plan.edge(edge).from).out;
        let all: usize = out.iter().map(|&edge| instances(edge)).sum();
        instances(edge) as f64 / all as f64
    }

    /// Spreads what came by an edge over the instances where its keys live.
    fn place(&self, edge: EdgeIndex, added: &Added, by_key: &mut [Rates]) {
        let Placement::Key { homes, first } = &self.placements[edge.index()] else { return };
        let heat = |rates: &[f64]| if rates.is_empty() { Vec::new() } else { self.keys.heat(homes, rates) };
        let of = |heat: &[f64], place: usize| heat.get(first + place).copied().unwrap_or(0.0);
        let (reads, writes) = (heat(&added.reads), heat(&added.writes));
        let deletes = heat(&added.deletes);
        // A balancer's other targets have taken their part already: what is left is scaled to the whole.
        let places = by_key.len();
        let scale = |heat: &[f64], rates: &[f64]| {
            let own: f64 = (0..places).map(|place| of(heat, place)).sum();
            if own > 0.0 { self.keys.sum(rates) / own } else { 0.0 }
        };
        let scales = [scale(&reads, &added.reads), scale(&writes, &added.writes)];
        for (place, rates) in by_key.iter_mut().enumerate() {
            rates.reads += of(&reads, place) * scales[0];
            rates.writes += of(&writes, place) * scales[1];
            rates.upkeep += of(&deletes, place);
        }
    }

    /// How much earlier caches have left of the reads of a key, of all classes alike, by point.
    fn thin(&self, flow: &NodeFlow) -> Vec<f64> {
        let mut asked = vec![0.0; self.keys.points.len()];
        for (c, class) in self.plan.classes.iter().enumerate() {
            if class.operation == Operation::Read && flow.classes[c] > 0.0 {
                let shares = &self.keys.shares[c];
                asked.iter_mut().zip(shares).for_each(|(asked, share)| *asked += flow.classes[c] * share);
            }
        }
        let left = |(asked, reads): (&f64, &f64)| if *asked > 0.0 { reads / asked } else { 0.0 };
        asked.iter().zip(&flow.reads).map(left).collect()
    }

    /// The share of a class's reads that `share` by point leaves, where earlier caches have left `thin` of them.
    fn class_share(&self, class: usize, thin: &[f64], share: &[f64]) -> f64 {
        let (mut all, mut left) = (0.0, 0.0);
        let shares = self.keys.shares[class].iter().zip(thin).zip(share);
        for (point, ((own, thin), share)) in self.keys.points.iter().zip(shares) {
            let weight = point.keys * own * thin;
            all += weight;
            left += weight * share;
        }
        if all > 0.0 { left / all } else { 1.0 }
    }

    /// What a cache answers from memory. Its instances are taken as one cache of their common size.
    fn look_up(&self, flow: &mut NodeFlow, spec: &CacheNode, guess: Option<f64>) {
        // Written through, an entry is replaced; aside, it is deleted.
        let through = flow.writes.iter().any(|&rate| rate > 0.0);
        let (refresh, writes) =
            if through { (Refresh::Replace, &flow.writes) } else { (Refresh::Delete, &flow.deletes) };
        let keyed: Vec<(f64, Keyed)> = self
            .keys
            .points
            .iter()
            .enumerate()
            .map(|(j, point)| (point.keys, Keyed { reads: flow.reads[j], writes: writes[j] }))
            .collect();
        let capacity = f64::from(spec.capacity) * f64::from(spec.instances);
        let eviction = characteristic_time(&keyed, capacity, refresh, guess);
        let ttl = spec.ttl.as_secs();
        let hits: Vec<f64> = keyed.iter().map(|(_, key)| key.hit_ratio(eviction, ttl, refresh)).collect();
        let asked = self.keys.sum(&flow.reads);
        let hit: f64 = keyed.iter().zip(&hits).map(|((keys, key), hit)| keys * key.reads * hit).sum();
        flow.hit_ratio = Some(if asked > 0.0 { hit / asked } else { 0.0 });
        let thin = self.thin(flow);
        flow.class_hits = (0..flow.classes.len()).map(|c| self.class_share(c, &thin, &hits)).collect();
        flow.hits = hits;
        flow.eviction = eviction;
    }
}

/// Rates by point that come by one edge.
#[derive(Default)]
struct Added {
    reads: Vec<f64>,
    writes: Vec<f64>,
    deletes: Vec<f64>,
}

impl Added {
    fn of(flow: &NodeFlow) -> Self {
        Self { reads: flow.reads.clone(), writes: flow.writes.clone(), ..Self::default() }
    }

    fn rates(&self, keys: &Keys) -> Rates {
        Rates {
            reads: keys.sum(&self.reads),
            writes: keys.sum(&self.writes),
            upkeep: keys.sum(&self.deletes),
        }
    }

    fn all(mut self) -> Vec<f64> {
        add(&mut self.reads, &self.writes);
        self.reads
    }
}

fn add(into: &mut [f64], from: &[f64]) {
    into.iter_mut().zip(from).for_each(|(into, from)| *into += from);
}

fn sum(a: Rates, b: Rates) -> Rates {
    Rates { reads: a.reads + b.reads, writes: a.writes + b.writes, upkeep: a.upkeep + b.upkeep }
}
