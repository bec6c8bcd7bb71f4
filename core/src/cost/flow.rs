//! Rates through the wiring, class by class: what arrives where, with hit ratios estimated.
//!
//! The meaning of the wiring is the simulator's. Retries, refusals and losses are not counted: it is the load that is offered.
use super::recall::{Recall, looks_up};
use super::wiring::{instances, shares};
use crate::id::EdgeIndex;
use crate::run::Run;
use crate::topology::{DnsPolicy, NodeKind, Plan, QueueMode};
use crate::workload::Operation;

/// Hit ratios depend on what arrives, which depends on the hit ratios of caches before: so many rounds settle a chain of
/// as many caches, and few designs have more than three.
const ROUNDS: usize = 6;
/// Hit ratios that move less than this from one round to the next have settled.
const SETTLED: f64 = 1e-4;

/// What arrives where, in calls per second.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// By node and class: requests of their callers.
    pub nodes: Vec<Vec<f64>>,
    /// By edge and class: calls.
    pub edges: Vec<Vec<f64>>,
    /// By node: fills and deletes of a cache aside, all classes together.
    pub upkeep: Vec<f64>,
    /// By node and class: the share of lookups that hit; zero for what is not a cache.
    pub hits: Vec<Vec<f64>>,
}

impl Flow {
    /// When all clients together send `rate` requests per second. Hit ratios are Che's approximation (Che, Tung & Wang
    /// 2002) cut by the time to live. O(rounds × (nodes + edges) × classes), and some 50 µs a cache and round.
    pub fn at_rate(plan: &Plan, rate: f64) -> Self {
        let weight: f64 = plan.classes.iter().map(|class| class.weight).sum();
        let classes: Vec<f64> = plan.classes.iter().map(|class| rate * class.weight / weight).collect();
        Self::of(plan, &classes, &[])
    }

    /// As a run saw it: its rates of the classes and its hit ratios.
    pub fn of_run(plan: &Plan, run: &Run) -> Self {
        let seconds = run.duration.as_secs().max(1e-9);
        let rate = |name: &str| {
            let class = run.classes.iter().find(|class| class.name == name);
            class.map_or(0.0, |class| class.outcomes.total() as f64 / seconds)
        };
        let classes: Vec<f64> = plan.classes.iter().map(|class| rate(&class.name)).collect();
        let known = |id: &str| run.nodes.iter().find(|node| node.id == id)?.hit_ratio;
        let hits: Vec<Option<f64>> = plan.nodes.iter().map(|node| known(&node.id)).collect();
        Self::of(plan, &classes, &hits)
    }

    fn of(plan: &Plan, classes: &[f64], known: &[Option<f64>]) -> Self {
        let solver = Solver { plan, classes, known, recall: Recall::of(plan) };
        let mut flow = solver.pass(vec![vec![0.0; plan.classes.len()]; plan.nodes.len()]);
        for _ in 0..ROUNDS {
            let hits = solver.hits(&flow);
            let pairs = hits.iter().flatten().zip(flow.hits.iter().flatten());
            if pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) < SETTLED {
                break;
            }
            flow = solver.pass(hits);
        }
        flow
    }

    /// All calls to a node per second, upkeep included.
    pub fn total(&self, node: usize) -> f64 {
        self.nodes[node].iter().sum::<f64>() + self.upkeep[node]
    }

    /// The share of lookups that hit, all classes together; none where nothing is looked up.
    pub fn hit_ratio(&self, plan: &Plan, node: usize) -> Option<f64> {
        let lookups: Vec<usize> = (0..plan.classes.len()).filter(|&c| looks_up(plan, node, c)).collect();
        let all: f64 = lookups.iter().map(|&c| self.nodes[node][c]).sum();
        let hit: f64 = lookups.iter().map(|&c| self.nodes[node][c] * self.hits[node][c]).sum();
        (all > 0.0).then(|| hit / all)
    }
}

struct Solver<'a> {
    plan: &'a Plan,
    /// Requests per second of each class, all clients together.
    classes: &'a [f64],
    /// Hit ratios that were seen, by node; shorter where none were.
    known: &'a [Option<f64>],
    recall: Recall<'a>,
}

impl Solver<'_> {
    fn pass(&self, hits: Vec<Vec<f64>>) -> Flow {
        let blank = |n: usize| vec![vec![0.0; self.classes.len()]; n];
        let nodes = self.plan.nodes.len();
        let mut flow =
            Flow { nodes: blank(nodes), edges: blank(self.plan.edges.len()), upkeep: vec![0.0; nodes], hits };
        for &node in &self.recall.wiring.order {
            for class in 0..self.classes.len() {
                self.leave(&mut flow, node, class);
            }
        }
        flow
    }

    /// What of a class leaves a node.
    fn leave(&self, flow: &mut Flow, node: usize, class: usize) {
        let rate = flow.nodes[node][class];
        let out = &self.plan.nodes[node].out;
        match &self.plan.nodes[node].kind {
            NodeKind::Clients(clients) => {
                let rate = self.classes[class] * clients.share;
                flow.nodes[node][class] = rate;
                self.send(flow, out[0], class, rate);
            }
            NodeKind::Dns(_) => self.answer_names(flow, node, class),
            NodeKind::LoadBalancer(_) => {
                for (edge, share) in shares(self.plan, node) {
                    self.send(flow, edge, class, rate * share);
                }
            }
            NodeKind::Service(_) | NodeKind::Workers(_) => self.call(flow, node, class),
            NodeKind::Cdn(_) | NodeKind::Cache(_) => {
                let missed = 1.0 - flow.hits[node][class];
                out.iter().for_each(|&edge| self.send(flow, edge, class, rate * missed));
            }
            NodeKind::Queue(queue) => self.hand_out(flow, node, class, queue.mode),
            NodeKind::Database(_)
            | NodeKind::ObjectStore(_)
            | NodeKind::External(_)
            | NodeKind::Monitoring(_) => {}
        }
    }

    fn send(&self, flow: &mut Flow, edge: EdgeIndex, class: usize, rate: f64) {
        flow.edges[edge.index()][class] += rate;
        flow.nodes[self.plan.edge(edge).to.index()][class] += rate;
    }

    /// A service's calls: lookups aside, each of what those before it missed; then the rest, data after misses alone.
    fn call(&self, flow: &mut Flow, node: usize, class: usize) {
        let (rate, out) = (flow.nodes[node][class], &self.plan.nodes[node].out);
        let reads = self.plan.classes[class].operation == Operation::Read;
        let wiring = &self.recall.wiring;
        let passes = |edge: &EdgeIndex| wiring.is_aside(*edge) && self.plan.edge(*edge).passes(class as u16);
        let asides = || out.iter().copied().filter(passes);
        let mut left = rate;
        if reads {
            for edge in asides() {
                let (link, to) = (self.plan.edge(edge), self.plan.edge(edge).to.index());
                self.send(flow, edge, class, left * link.calls);
                left *= 1.0 - flow.hits[to][class];
            }
        }
        for &edge in out.iter().filter(|&&edge| wiring.is_called_for(edge, class)) {
            let link = self.plan.edge(edge);
            let data = matches!(self.plan.node(link.to).kind, NodeKind::Database(_) | NodeKind::Cache(_));
            self.send(flow, edge, class, link.calls * if reads && data { left } else { rate });
        }
        let done = wiring.done_as(self.plan, node, class);
        if matches!(done, Operation::Read | Operation::Write) {
            // Misses are filled, and what is written is deleted.
            for edge in asides() {
                flow.upkeep[self.plan.edge(edge).to.index()] += self.plan.edge(edge).calls * left;
            }
        }
    }

    fn answer_names(&self, flow: &mut Flow, node: usize, class: usize) {
        let NodeKind::Dns(dns) = &self.plan.nodes[node].kind else { return };
        let out = &self.plan.nodes[node].out;
        if out.is_empty() {
            return;
        }
        for asked in &self.recall.wiring.incoming[node] {
            let rate = flow.edges[asked.index()][class];
            let from = self.plan.node(self.plan.edge(*asked).from).zone;
            let far = |edge: EdgeIndex| self.plan.one_way(from, self.plan.node(self.plan.edge(edge).to).zone);
            match dns.policy {
                DnsPolicy::Simple => {
                    out.iter().for_each(|&edge| self.send(flow, edge, class, rate / out.len() as f64));
                }
                DnsPolicy::Weighted => {
                    let weight = |edge: EdgeIndex| f64::from(self.plan.edge(edge).weight);
                    let all: f64 = out.iter().map(|&edge| weight(edge)).sum();
                    out.iter().for_each(|&edge| self.send(flow, edge, class, rate * weight(edge) / all));
                }
                DnsPolicy::Geo => {
                    let nearest = out.iter().copied().min_by_key(|&edge| far(edge)).unwrap_or(out[0]);
                    self.send(flow, nearest, class, rate);
                }
                DnsPolicy::Failover => self.send(flow, out[0], class, rate),
            }
        }
    }

    fn hand_out(&self, flow: &mut Flow, node: usize, class: usize, mode: QueueMode) {
        let (rate, out) = (flow.nodes[node][class], &self.plan.nodes[node].out);
        match mode {
            QueueMode::Direct => {
                let all: f64 = out.iter().map(|&edge| instances(self.plan, edge)).sum();
                out.iter().for_each(|&edge| {
                    self.send(flow, edge, class, rate * instances(self.plan, edge) / all);
                });
            }
            QueueMode::FanOut | QueueMode::Log | QueueMode::Topic => {
                let bound = |edge: &&EdgeIndex| self.recall.wiring.is_called_for(**edge, class);
                out.iter().filter(bound).for_each(|&edge| self.send(flow, edge, class, rate));
            }
        }
    }

    /// The hit ratios that follow from what arrives.
    fn hits(&self, flow: &Flow) -> Vec<Vec<f64>> {
        let of = |node: usize| -> Vec<f64> {
            if let Some(Some(known)) = self.known.get(node) {
                let share = |class| if looks_up(self.plan, node, class) { *known } else { 0.0 };
                return (0..self.classes.len()).map(share).collect();
            }
            self.recall.hits(flow, node, &self.plan.nodes[node].kind)
        };
        (0..self.plan.nodes.len()).map(of).collect()
    }
}

#[cfg(test)]
mod tests;
