//! What the wiring means, worked out once for a plan. The meaning is the simulator's.
use crate::component::queue::{Exchange, ExchangeKind};
use crate::id::{EdgeIndex, NodeIndex};
use crate::topology::{NodeKind, Plan, QueueMode};
use crate::workload::Operation;

/// Who calls whom for what.
#[derive(Clone, Debug)]
pub struct Wiring {
    /// All nodes, callers before callees.
    pub order: Vec<usize>,
    /// By node: the edges that lead to it, in the document's order.
    pub incoming: Vec<Vec<EdgeIndex>>,
    /// By edge: its callee is a cache beside a service, which looks into it and fills it.
    aside: Vec<bool>,
    /// By edge: the classes that pass by it, as bits: calls of services and workers, caches aside left out, and deliveries.
    called: Vec<u64>,
    /// By node: a service that queues jobs.
    queues: Vec<bool>,
}

impl Wiring {
    /// Of a plan. O(nodes + edges × classes).
    pub fn of(plan: &Plan) -> Self {
        let mut incoming = vec![Vec::new(); plan.nodes.len()];
        for (i, edge) in plan.edges.iter().enumerate() {
            incoming[edge.to.index()].push(EdgeIndex(i as u16));
        }
        let queues = (0..plan.nodes.len()).map(|node| {
            matches!(plan.nodes[node].kind, NodeKind::Service(_))
                && plan
                    .callees(NodeIndex(node as u16))
                    .any(|to| matches!(plan.node(to).kind, NodeKind::Queue(_)))
        });
        let aside = plan.edges.iter().map(|edge| {
            let (from, to) = (plan.node(edge.from), plan.node(edge.to));
            let caller = matches!(from.kind, NodeKind::Service(_) | NodeKind::Workers(_));
            caller && matches!(to.kind, NodeKind::Cache(_)) && to.out.is_empty()
        });
        let mut wiring = Self {
            order: order(plan),
            incoming,
            aside: aside.collect(),
            called: vec![0; plan.edges.len()],
            queues: queues.collect(),
        };
        for (i, edge) in plan.edges.iter().enumerate() {
            if matches!(plan.node(edge.from).kind, NodeKind::Service(_) | NodeKind::Workers(_))
                && !wiring.aside[i]
            {
                let passes = |&class: &usize| {
                    edge.passes(class as u16) && wiring.goes(plan, EdgeIndex(i as u16), class)
                };
                wiring.called[i] =
                    (0..plan.classes.len()).filter(passes).fold(0, |bits, class| bits | 1 << class);
            }
        }
        (0..plan.nodes.len()).for_each(|node| wiring.route(plan, node));
        wiring
    }

    /// Whether the callee is a cache beside its caller.
    pub fn is_aside(&self, edge: EdgeIndex) -> bool {
        self.aside[edge.index()]
    }

    /// The classes for which a service or workers make calls by this edge, or a queue delivers, as bits; none for caches aside.
    pub fn called_for(&self, edge: EdgeIndex) -> u64 {
        self.called[edge.index()]
    }

    /// Whether this class is one of them.
    pub fn is_called_for(&self, edge: EdgeIndex, class: usize) -> bool {
        self.called[edge.index()] >> class & 1 == 1
    }

    /// What a service or workers do for a class: jobs are queued where there is a queue, and else done at once, as writes; so
    /// where the queue's workers do them.
    pub fn done_as(&self, plan: &Plan, node: usize, class: usize) -> Operation {
        match plan.classes[class].operation {
            Operation::Job if !self.queues[node] => Operation::Write,
            other => other,
        }
    }

    fn goes(&self, plan: &Plan, edge: EdgeIndex, class: usize) -> bool {
        let link = plan.edge(edge);
        let operation = self.done_as(plan, link.from.index(), class);
        match &plan.node(link.to).kind {
            NodeKind::Database(_) | NodeKind::Cache(_) => {
                matches!(operation, Operation::Read | Operation::Write)
            }
            NodeKind::Queue(_) => operation == Operation::Job,
            NodeKind::ObjectStore(_) => operation == Operation::Static,
            _ => operation != Operation::Job,
        }
    }

    /// Which workers get a queue's messages of each class.
    fn route(&mut self, plan: &Plan, node: usize) {
        let NodeKind::Queue(queue) = &plan.nodes[node].kind else { return };
        let out = &plan.nodes[node].out;
        if queue.mode != QueueMode::Topic {
            out.iter().for_each(|edge| self.called[edge.index()] = u64::MAX);
            return;
        }
        let mut exchange = Exchange::new(ExchangeKind::Topic);
        for (line, &edge) in out.iter().enumerate() {
            exchange.bind(&plan.edge(edge).binding, line as u16);
        }
        let mut lines = Vec::new();
        for (class, spec) in plan.classes.iter().enumerate() {
            exchange.route(&spec.topic, &mut lines);
            lines.iter().for_each(|&line| self.called[out[usize::from(line)].index()] |= 1 << class);
        }
    }
}

/// Callers before callees. A plan has no cycles.
fn order(plan: &Plan) -> Vec<usize> {
    let mut calls = vec![0u32; plan.nodes.len()];
    plan.edges.iter().for_each(|edge| calls[edge.to.index()] += 1);
    let mut order: Vec<usize> = (0..calls.len()).filter(|&node| calls[node] == 0).collect();
    let mut next = 0;
    while next < order.len() {
        for callee in plan.callees(NodeIndex(order[next] as u16)) {
            calls[callee.index()] -= 1;
            if calls[callee.index()] == 0 {
                order.push(callee.index());
            }
        }
        next += 1;
    }
    order
}

/// The edges of a balancer, each with its part of the requests: by instances, and by weight where it weighs.
pub fn shares(plan: &Plan, balancer: usize) -> Vec<(EdgeIndex, f64)> {
    let node = &plan.nodes[balancer];
    let weighs = matches!(&node.kind, NodeKind::LoadBalancer(spec)
        if spec.policy == crate::component::balance::Policy::Weighted);
    let part = |edge: EdgeIndex| {
        instances(plan, edge) * if weighs { f64::from(plan.edge(edge).weight) } else { 1.0 }
    };
    let all: f64 = node.out.iter().map(|&edge| part(edge)).sum();
    node.out.iter().map(|&edge| (edge, part(edge) / all)).collect()
}

/// The instances of an edge's callee.
pub(super) fn instances(plan: &Plan, edge: EdgeIndex) -> f64 {
    f64::from(plan.node(plan.edge(edge).to).kind.instances())
}
