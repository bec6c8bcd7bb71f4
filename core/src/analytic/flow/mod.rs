//! Rates through the wiring, from the clients down: by class, by key, and by instance.
mod memory;

pub(super) use memory::Memory;

use super::formula::cache::ttl_hit;
use super::keys::{Keys, Placement};
use super::wiring::Wiring;
use crate::id::EdgeIndex;
use crate::topology::{DatabaseNode, DnsPolicy, NodeKind, Plan, QueueMode, Reads};
use crate::workload::Operation;

/// Requests that share their keys: what a cache tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Read,
    /// Writes, and jobs, which are done as writes are.
    Write,
    Static,
}

const GROUPS: [Group; 3] = [Group::Read, Group::Write, Group::Static];

impl Group {
    const fn of(operation: Operation) -> Self {
        match operation {
            Operation::Read => Self::Read,
            Operation::Write | Operation::Job => Self::Write,
            Operation::Static => Self::Static,
        }
    }
}

/// Calls per second of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    /// Reads and static files.
    pub(super) reads: f64,
    /// Writes and jobs.
    pub(super) writes: f64,
    /// Fills, deletes and updates of a cache aside.
    pub(super) upkeep: f64,
}

impl Rates {
    pub(super) fn total(self) -> f64 {
        self.reads + self.writes + self.upkeep
    }

    fn plus(self, other: Self) -> Self {
        Self {
            reads: self.reads + other.reads,
            writes: self.writes + other.writes,
            upkeep: self.upkeep + other.upkeep,
        }
    }

    fn times(self, factor: f64) -> Self {
        Self { reads: self.reads * factor, writes: self.writes * factor, upkeep: self.upkeep * factor }
    }
}

/// Rates of a single key, by point: of each group, and of what keeps a cache aside up to date after a write.
#[derive(Clone, Debug, Default)]
struct ByKey {
    groups: [Vec<f64>; 3],
    upkeep: Vec<f64>,
}

impl ByKey {
    fn none(points: usize) -> Self {
        Self { groups: GROUPS.map(|_| vec![0.0; points]), upkeep: vec![0.0; points] }
    }

    fn rates(&self, keys: &Keys) -> Rates {
        let [reads, writes, statics] = &self.groups;
        Rates {
            reads: keys.sum(reads) + keys.sum(statics),
            writes: keys.sum(writes),
            upkeep: keys.sum(&self.upkeep),
        }
    }

    fn add(&mut self, other: &Self) {
        self.groups.iter_mut().zip(&other.groups).for_each(|(into, from)| add(into, from));
        add(&mut self.upkeep, &other.upkeep);
    }

    fn group(&self, group: Group) -> &[f64] {
        &self.groups[group as usize]
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
    by_key: ByKey,
    /// What is answered from memory: the share of a group's requests for a key, by point; empty where none is.
    hits: [Vec<f64>; 3],
    /// The same of each class.
    pub(super) class_hits: Vec<f64>,
    /// Of all lookups.
    pub(super) hit_ratio: Option<f64>,
    /// A cache's characteristic time in seconds.
    eviction: f64,
    /// The callers, each with its part of the calls.
    pub(super) parts: Vec<(EdgeIndex, f64)>,
    /// The same of each class, upkeep left out.
    pub(super) by_edge: Vec<(EdgeIndex, Vec<f64>)>,
}

/// What is asked of a design.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// Requests per second of each class, all clients together.
    pub(super) classes: &'a [f64],
    /// Hit ratios that were seen, by node; those of nodes beyond are not known.
    pub(super) known: &'a [Option<f64>],
}

impl Asked<'_> {
    fn rate(&self) -> f64 {
        self.classes.iter().sum()
    }
}

/// Requests per second of each class when there are `rate` in all.
pub(super) fn by_class(plan: &Plan, rate: f64) -> Vec<f64> {
    let weight: f64 = plan.classes.iter().map(|class| class.weight).sum();
    plan.classes.iter().map(|class| rate * class.weight / weight).collect()
}

impl NodeFlow {
    fn missed(&self, group: Group) -> Option<Vec<f64>> {
        let hits = &self.hits[group as usize];
        (!hits.is_empty()).then(|| hits.iter().map(|hit| 1.0 - hit).collect())
    }
}

/// What arrives at every node when this is asked. `before` is a solution for another rate, from which the caches' characteristic
/// times are guessed.
pub(super) fn flows(
    plan: &Plan,
    wiring: &Wiring,
    keys: &Keys,
    placements: &[Placement],
    asked: &Asked,
    before: Option<&(f64, Vec<NodeFlow>)>,
) -> Vec<NodeFlow> {
    let (solver, rate) = (Solver { plan, wiring, keys, placements }, asked.rate());
    let mut flows = vec![NodeFlow::default(); plan.nodes.len()];
    for &node in &wiring.order {
        let mut flow = solver.arriving(node, asked, &flows);
        // Without a time to live all times go with the inverse of the rate.
        let guess =
            before.map(|(other, flows)| flows[node].eviction * other / rate).filter(|guess| *guess > 0.0);
        match &plan.nodes[node].kind {
            kind if Memory::is(kind) => solver.remember_as(&mut flow, node, kind, guess),
            _ => {}
        }
        if let Some(Some(known)) = asked.known.get(node) {
            solver.set_hits(&mut flow, *known);
        }
        flows[node] = flow;
    }
    // Only now is it known what all the caches of a service missed.
    (0..plan.edges.len()).for_each(|edge| solver.fill(EdgeIndex(edge as u16), &mut flows));
    flows
}

pub(super) struct Solver<'a> {
    pub(super) plan: &'a Plan,
    pub(super) wiring: &'a Wiring,
    pub(super) keys: &'a Keys,
    pub(super) placements: &'a [Placement],
}

impl Solver<'_> {
    fn arriving(&self, node: usize, asked: &Asked, flows: &[NodeFlow]) -> NodeFlow {
        let mut flow = NodeFlow {
            classes: vec![0.0; self.plan.classes.len()],
            by_key: ByKey::none(self.keys.points.len()),
            ..NodeFlow::default()
        };
        let kind = &self.plan.nodes[node].kind;
        if let NodeKind::Clients(clients) = kind {
            let users = f64::from(self.plan.users) * clients.share;
            let rates: Vec<f64> = asked.classes.iter().map(|rate| rate * clients.share).collect();
            self.send(&mut flow, &rates, clients.browser_cache.as_secs(), users.max(1.0));
            return flow;
        }
        let places = usize::from(kind.instances());
        let mut by_instance = vec![Rates::default(); places];
        let mut evenly = Rates::default();
        for &edge in &self.wiring.incoming[node] {
            let added = self.pull(&mut flow, edge, flows);
            let rates = added.rates(self.keys);
            flow.parts.push((edge, rates.total()));
            match &self.placements[edge.index()] {
                Placement::Key { .. } => self.place(edge, &added, &mut by_instance),
                Placement::Turn | Placement::Chance | Placement::InFlight(_) => evenly = evenly.plus(rates),
            }
            flow.rates = flow.rates.plus(rates);
        }
        if let NodeKind::Database(spec) = kind {
            serve(&mut flow, spec, &mut by_instance, evenly);
        } else if by_instance.iter().any(|rates| rates.total() > 0.0) {
            let share = evenly.times(1.0 / places as f64);
            flow.instances = by_instance.into_iter().map(|rates| rates.plus(share)).collect();
        }
        flow
    }

    /// The clients' own requests. A browser keeps a file for `kept` seconds, and asks for it again only then.
    fn send(&self, flow: &mut NodeFlow, rates: &[f64], kept: f64, users: f64) {
        let points = self.keys.points.len();
        for ((c, class), &rate) in self.plan.classes.iter().enumerate().zip(rates) {
            flow.classes[c] = rate;
            let into = &mut flow.by_key.groups[Group::of(class.operation) as usize];
            into.iter_mut().zip(&self.keys.shares[c]).for_each(|(into, share)| *into += rate * share);
        }
        flow.class_hits = vec![0.0; flow.classes.len()];
        if kept > 0.0 {
            let statics = flow.by_key.group(Group::Static);
            let hits: Vec<f64> = statics.iter().map(|rate| ttl_hit(rate / users, kept)).collect();
            flow.hits[Group::Static as usize] = hits;
            flow.class_hits = self.class_hits(flow);
        }
        debug_assert_eq!(points, flow.by_key.upkeep.len());
        flow.rates = flow.by_key.rates(self.keys);
    }

    /// Adds what comes by an edge to a node's flow; gives what that was.
    fn pull(&self, flow: &mut NodeFlow, edge: EdgeIndex, flows: &[NodeFlow]) -> ByKey {
        let caller = &flows[self.plan.edge(edge).from.index()];
        let part = self.part(edge, caller) * self.plan.edge(edge).calls;
        let mut added = ByKey::none(self.keys.points.len());
        flow.by_edge.push((edge, vec![0.0; self.plan.classes.len()]));
        for group in GROUPS {
            let missed = self.missed(edge, group, caller, flows);
            let mut rates = self.passing(edge, group, caller);
            rates.iter_mut().for_each(|rate| *rate *= part);
            if let Some(missed) = &missed {
                rates.iter_mut().zip(missed).for_each(|(rate, missed)| *rate *= missed);
            }
            // What a write takes out of a cache aside, or puts into it, is upkeep and no request to it.
            let upkeep = group == Group::Write && self.wiring.is_aside(edge);
            if !upkeep {
                self.add_classes(flow, edge, group, caller, missed.as_deref(), part);
            }
            *if upkeep { &mut added.upkeep } else { &mut added.groups[group as usize] } = rates;
        }
        flow.by_key.add(&added);
        added
    }

    /// Adds the caller's classes of a group that pass an edge.
    fn add_classes(
        &self,
        flow: &mut NodeFlow,
        edge: EdgeIndex,
        group: Group,
        caller: &NodeFlow,
        missed: Option<&[f64]>,
        part: f64,
    ) {
        let thin = missed.map(|missed| (self.thin(caller, group), missed));
        for (c, class) in self.plan.classes.iter().enumerate() {
            let asks = Group::of(class.operation) == group && self.wiring.role(self.plan, edge, c).is_some();
            if asks && caller.classes[c] > 0.0 {
                let stays = thin.as_ref().map_or(1.0, |(thin, missed)| self.class_share(c, thin, missed));
                let rate = caller.classes[c] * stays * part;
                flow.classes[c] += rate;
                if let Some((_, classes)) = flow.by_edge.last_mut() {
                    classes[c] += rate;
                }
            }
        }
    }

    /// The rates of a group that pass an edge, by point: all of the caller's, or those of the classes that go there.
    fn passing(&self, edge: EdgeIndex, group: Group, caller: &NodeFlow) -> Vec<f64> {
        let all = caller.by_key.group(group);
        let of_group =
            |c: &usize| Group::of(self.plan.classes[*c].operation) == group && caller.classes[*c] > 0.0;
        let classes: Vec<usize> = (0..self.plan.classes.len()).filter(of_group).collect();
        let goes: Vec<usize> =
            classes.iter().copied().filter(|&c| self.wiring.role(self.plan, edge, c).is_some()).collect();
        if goes.is_empty() {
            return vec![0.0; all.len()];
        }
        if goes.len() == classes.len() {
            return all.to_vec();
        }
        let asked = |classes: &[usize], j: usize| -> f64 {
            classes.iter().map(|&c| caller.classes[c] * self.keys.shares[c][j]).sum()
        };
        let share = |j: usize| {
            let whole = asked(&classes, j);
            if whole > 0.0 { asked(&goes, j) / whole } else { 0.0 }
        };
        all.iter().enumerate().map(|(j, rate)| rate * share(j)).collect()
    }

    /// Adds the fills of a cache aside: what all of its caller's lookups missed.
    fn fill(&self, edge: EdgeIndex, flows: &mut [NodeFlow]) {
        if !self.wiring.is_aside(edge) {
            return;
        }
        let (from, to) = (self.plan.edge(edge).from.index(), self.plan.edge(edge).to.index());
        let left = self.left_by(&self.wiring.lookups[from], flows);
        let reads = self.passing(edge, Group::Read, &flows[from]);
        let fills: Vec<f64> = reads.iter().zip(&left).map(|(reads, left)| reads * left).collect();
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

    /// The share of a group's requests for a key that is left for this call, by point; `None` for all.
    fn missed(
        &self,
        edge: EdgeIndex,
        group: Group,
        caller: &NodeFlow,
        flows: &[NodeFlow],
    ) -> Option<Vec<f64>> {
        match &self.plan.node(self.plan.edge(edge).from).kind {
            NodeKind::Clients(_) | NodeKind::Cache(_) | NodeKind::Cdn(_) => caller.missed(group),
            _ if group == Group::Read => {
                let before = self.wiring.before(self.plan, edge);
                (!before.is_empty()).then(|| self.left_by(before, flows))
            }
            _ => None,
        }
    }

    fn left_by(&self, lookups: &[EdgeIndex], flows: &[NodeFlow]) -> Vec<f64> {
        let mut left = vec![1.0; self.keys.points.len()];
        for &lookup in lookups {
            let hits = &flows[self.plan.edge(lookup).to.index()].hits[Group::Read as usize];
            left.iter_mut().zip(hits).for_each(|(left, hit)| *left *= 1.0 - hit);
        }
        left
    }

    /// The part of what a node spreads that goes by this edge.
    fn part(&self, edge: EdgeIndex, caller: &NodeFlow) -> f64 {
        let from = self.plan.node(self.plan.edge(edge).from);
        let out = &from.out;
        let instances = |edge: EdgeIndex| f64::from(self.plan.node(self.plan.edge(edge).to).kind.instances());
        let weight = |edge: EdgeIndex| f64::from(self.plan.edge(edge).weight);
        let of =
            |size: &dyn Fn(EdgeIndex) -> f64| size(edge) / out.iter().map(|&edge| size(edge)).sum::<f64>();
        match (&from.kind, &self.placements[edge.index()]) {
            (NodeKind::LoadBalancer(_), Placement::Key { homes, first }) => {
                let mut all = caller.by_key.group(Group::Read).to_vec();
                GROUPS[1..].iter().for_each(|&group| add(&mut all, caller.by_key.group(group)));
                let heat = self.keys.heat(homes, &all);
                let own: f64 = heat[*first..*first + instances(edge) as usize].iter().sum();
                let total: f64 = heat.iter().sum();
                if total > 0.0 { own / total } else { 0.0 }
            }
            (NodeKind::LoadBalancer(spec), _)
                if spec.policy == crate::component::balance::Policy::Weighted =>
            {
                of(&|edge| weight(edge) * instances(edge))
            }
            (NodeKind::LoadBalancer(_), _) => of(&instances),
            (NodeKind::Queue(spec), _) if spec.mode == QueueMode::Direct => of(&instances),
            (NodeKind::Dns(spec), _) => match spec.policy {
                DnsPolicy::Weighted => of(&weight),
                DnsPolicy::Failover => f64::from(u8::from(out[0] == edge)),
                DnsPolicy::Simple => 1.0 / out.len() as f64,
                DnsPolicy::Geo => self.nearest(edge, caller),
            },
            _ => 1.0,
        }
    }

    /// The part of what DNS is asked by clients to whom this edge's address is the nearest, the first of equals.
    fn nearest(&self, edge: EdgeIndex, dns: &NodeFlow) -> f64 {
        let zone = |node: crate::id::NodeIndex| self.plan.node(node).zone;
        let out = &self.plan.node(self.plan.edge(edge).from).out;
        let (mut own, mut all) = (0.0, 0.0);
        for &(asked, rate) in &dns.parts {
            let from = zone(self.plan.edge(asked).from);
            let far = |edge: &&EdgeIndex| self.plan.one_way(from, zone(self.plan.edge(**edge).to));
            own += if out.iter().min_by_key(far) == Some(&edge) { rate } else { 0.0 };
            all += rate;
        }
        if all > 0.0 { own / all } else { 1.0 / out.len() as f64 }
    }

    /// Spreads what came by an edge over the instances, or shards, where its keys live.
    fn place(&self, edge: EdgeIndex, added: &ByKey, by_instance: &mut [Rates]) {
        let Placement::Key { homes, first } = &self.placements[edge.index()] else { return };
        let places = homes.places().min(by_instance.len());
        // A balancer's other targets have taken their part already: what is left is scaled to the whole.
        let spread = |rates: &[f64]| {
            let heat = self.keys.heat(homes, rates);
            let own: f64 = heat.iter().skip(*first).take(places).sum();
            let scale = if own > 0.0 { self.keys.sum(rates) / own } else { 0.0 };
            heat.into_iter().skip(*first).take(places).map(move |heat| heat * scale)
        };
        let [reads, writes, statics] = &added.groups;
        let into = |by_instance: &mut [Rates], rates: &[f64], field: fn(&mut Rates) -> &mut f64| {
            // Many of these are empty: there is nothing to look up then.
            if rates.iter().any(|&rate| rate > 0.0) {
                by_instance.iter_mut().zip(spread(rates)).for_each(|(into, heat)| *field(into) += heat);
            }
        };
        into(by_instance, reads, |rates| &mut rates.reads);
        into(by_instance, statics, |rates| &mut rates.reads);
        into(by_instance, writes, |rates| &mut rates.writes);
        into(by_instance, &added.upkeep, |rates| &mut rates.upkeep);
    }
}

/// The servers of a database: reads and writes of each shard go to its primary, or to its copies in turn; a join asks all
/// shards.
fn serve(flow: &mut NodeFlow, spec: &DatabaseNode, by_shard: &mut Vec<Rates>, evenly: Rates) {
    let (shards, copies) = (usize::from(spec.shards), usize::from(spec.copies()));
    if shards * copies == 1 {
        return;
    }
    by_shard.truncate(shards);
    let share = evenly.times(1.0 / shards as f64);
    by_shard.iter_mut().for_each(|rates| *rates = rates.plus(share));
    let joined = flow.rates.reads * spec.joins;
    for rates in by_shard.iter_mut() {
        rates.reads = rates.reads * (1.0 - spec.joins) + joined;
    }
    flow.rates.reads += joined * (shards - 1) as f64;
    let n = copies as f64;
    let server = |rates: &Rates, copy: usize| {
        let first = f64::from(u8::from(copy == 0));
        let reads = match spec.reads {
            Reads::All => 1.0 / n,
            Reads::Replicas if copies > 1 => (1.0 - first) / (n - 1.0),
            Reads::Primary if spec.multi_primary => 1.0 / n,
            Reads::Primary | Reads::Replicas => first,
        };
        let writes = if spec.multi_primary { 1.0 / n } else { first };
        Rates { reads: rates.reads * reads, writes: rates.writes * writes, upkeep: rates.upkeep * writes }
    };
    flow.instances =
        by_shard.iter().flat_map(|rates| (0..copies).map(move |copy| server(rates, copy))).collect();
}

fn add(into: &mut [f64], from: &[f64]) {
    into.iter_mut().zip(from).for_each(|(into, from)| *into += from);
}
