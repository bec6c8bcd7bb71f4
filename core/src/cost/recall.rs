//! What caches recall: hit ratios from what arrives and what is written.
use super::flow::Flow;
use super::keys::{Keys, Memory};
use super::wiring::Wiring;
use crate::topology::{NodeKind, Plan};
use crate::workload::Operation;

/// What caches recall of what they are asked for.
#[derive(Clone, Debug)]
pub struct Recall<'a> {
    plan: &'a Plan,
    /// The plan's wiring.
    pub wiring: Wiring,
    keys: Keys,
}

impl<'a> Recall<'a> {
    /// For the caches of a plan.
    pub fn of(plan: &'a Plan) -> Self {
        Self { plan, wiring: Wiring::of(plan), keys: Keys::of(plan) }
    }

    /// The hit ratio of a node under a flow if it were such a cache; none where nothing is looked up. Some 50 µs.
    pub fn hit_ratio(&self, flow: &Flow, node: usize, kind: &NodeKind) -> Option<f64> {
        let hits = self.hits(flow, node, kind);
        let lookups = || (0..hits.len()).filter(|&class| looks_up(self.plan, node, class));
        let all: f64 = lookups().map(|class| flow.nodes[node][class]).sum();
        let hit: f64 = lookups().map(|class| flow.nodes[node][class] * hits[class]).sum();
        (all > 0.0).then(|| hit / all)
    }

    /// The share of lookups of each class that hit.
    pub(super) fn hits(&self, flow: &Flow, node: usize, kind: &NodeKind) -> Vec<f64> {
        let Some(memory) = Memory::of(kind) else { return vec![0.0; self.plan.classes.len()] };
        self.keys.hits(self.plan, node, &flow.nodes[node], &self.deletes(flow, node), memory)
    }

    /// How often a cache aside forgets values of each class because they are written.
    fn deletes(&self, flow: &Flow, node: usize) -> Vec<f64> {
        let mut deletes = vec![0.0; self.plan.classes.len()];
        for &edge in self.wiring.incoming[node].iter().filter(|&&edge| self.wiring.is_aside(edge)) {
            let from = self.plan.edge(edge).from.index();
            for (class, rate) in deletes.iter_mut().enumerate() {
                if self.wiring.done_as(self.plan, from, class) == Operation::Write {
                    *rate += flow.nodes[from][class];
                }
            }
        }
        deletes
    }
}

/// Whether requests of a class are looked up in the memory of a node.
pub(super) fn looks_up(plan: &Plan, node: usize, class: usize) -> bool {
    let operation = plan.classes[class].operation;
    match &plan.nodes[node].kind {
        NodeKind::Cache(_) => operation == Operation::Read,
        NodeKind::Cdn(cdn) => {
            operation == Operation::Static || cdn.keeps_reads && operation == Operation::Read
        }
        _ => false,
    }
}
