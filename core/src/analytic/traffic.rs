//! What arrives where, class by class: the one flow that the estimate, the bill and the advice rest on.
use super::flow::{Asked, Memory, NodeFlow, Solver, by_class, flows};
use super::keys::{Keys, Placement, placements};
use super::wiring::Wiring;
use crate::run::Run;
use crate::topology::{NodeKind, Plan};

/// What arrives where, in calls per second. The meaning of the wiring is the simulator's. Retries, refusals and losses are not
/// counted: it is the load that is offered.
#[derive(Clone, Debug)]
pub struct Flow {
    /// By node and class: requests of their callers.
    pub nodes: Vec<Vec<f64>>,
    /// By edge and class: calls.
    pub edges: Vec<Vec<f64>>,
    /// By node: fills and deletes of a cache aside, all classes together.
    pub upkeep: Vec<f64>,
    /// By node and class: the share that is answered from memory; zero for what has none.
    pub hits: Vec<Vec<f64>>,
    arriving: Vec<NodeFlow>,
    wiring: Wiring,
    keys: Keys,
    placements: Vec<Placement>,
}

impl Flow {
    /// When all clients together send `rate` requests per second, > 0. Hit ratios are Che's approximation (Che, Tung & Wang 2002)
    /// with a time to live. Some 50 µs a cache, and a microsecond a node.
    pub fn at_rate(plan: &Plan, rate: f64) -> Self {
        Self::of(plan, &by_class(plan, rate), &[])
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
        let (wiring, keys) = (Wiring::of(plan), Keys::of(plan));
        let placements = placements(plan, &keys);
        let arriving = flows(plan, &wiring, &keys, &placements, &Asked { classes, known }, None);
        let none = || vec![0.0; plan.classes.len()];
        let mut edges = vec![none(); plan.edges.len()];
        for (edge, classes) in arriving.iter().flat_map(|flow| &flow.by_edge) {
            edges[edge.index()].clone_from(classes);
        }
        let hits =
            |flow: &NodeFlow| if flow.class_hits.is_empty() { none() } else { flow.class_hits.clone() };
        Self {
            nodes: arriving.iter().map(|flow| flow.classes.clone()).collect(),
            edges,
            upkeep: arriving.iter().map(|flow| flow.rates.upkeep).collect(),
            hits: arriving.iter().map(hits).collect(),
            arriving,
            wiring,
            keys,
            placements,
        }
    }

    /// All calls to a node per second, upkeep included.
    pub fn total(&self, node: usize) -> f64 {
        self.nodes[node].iter().sum::<f64>() + self.upkeep[node]
    }

    /// The share of lookups that hit, all classes together; none where nothing is looked up.
    pub fn hit_ratio(&self, plan: &Plan, node: usize) -> Option<f64> {
        self.over_lookups(plan, node, &self.hits[node])
    }

    /// The same if the node were such a cache or CDN and the same arrived. Some 50 µs.
    pub fn hit_ratio_if(&self, plan: &Plan, node: usize, kind: &NodeKind) -> Option<f64> {
        let solver = Solver { plan, wiring: &self.wiring, keys: &self.keys, placements: &self.placements };
        let mut flow = self.arriving[node].clone();
        solver.remember_as(&mut flow, node, kind, None);
        self.over_lookups(plan, node, &flow.class_hits)
    }

    fn over_lookups(&self, plan: &Plan, node: usize, hits: &[f64]) -> Option<f64> {
        let kind = &plan.nodes[node].kind;
        let lookups = plan.classes.iter().zip(&self.nodes[node]).zip(hits);
        let looked_up = lookups.filter(|((class, _), _)| Memory::looks_up(kind, class));
        let (all, hit) =
            looked_up.fold((0.0, 0.0), |(all, hit), ((_, rate), share)| (all + rate, hit + rate * share));
        (all > 0.0).then(|| hit / all)
    }
}

#[cfg(test)]
mod tests;
