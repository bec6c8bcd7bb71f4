//! Who calls whom, when, and in what order the nodes can be worked out.
//!
//! The meaning of the wiring is the simulator's: a service beside a cache that calls nothing does cache-aside; a cache
//! before a database reads and writes through; a balancer spreads.
use crate::id::{EdgeIndex, NodeIndex};
use crate::topology::{NodeKind, Plan};
use std::collections::VecDeque;

/// What a call by an edge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A service looks into a cache, fills it after a miss, deletes from it after a write.
    Aside,
    /// A service asks for data: after a miss in all its caches aside, or for a write.
    Data,
    /// A balancer spreads, its worker free again.
    Spread,
    /// A cache passes on what it misses, and writes.
    Through,
    /// Any other call: always made.
    Always,
}

/// The wiring of a plan.
#[derive(Clone, Debug)]
pub(super) struct Wiring {
    /// The role of each edge.
    pub(super) roles: Vec<Role>,
    /// The edges that reach each node.
    pub(super) incoming: Vec<Vec<EdgeIndex>>,
    /// The edges by which each node looks into caches aside, in order.
    pub(super) lookups: Vec<Vec<EdgeIndex>>,
    /// All nodes: callers before callees, and a cache before the data that is asked for after it.
    pub(super) order: Vec<usize>,
}

impl Wiring {
    pub(super) fn of(plan: &Plan) -> Self {
        let roles: Vec<Role> = (0..plan.edges.len()).map(|i| role(plan, EdgeIndex(i as u16))).collect();
        let mut incoming = vec![Vec::new(); plan.nodes.len()];
        for (i, edge) in plan.edges.iter().enumerate() {
            incoming[edge.to.index()].push(EdgeIndex(i as u16));
        }
        let lookups: Vec<Vec<EdgeIndex>> = plan
            .nodes
            .iter()
            .map(|node| node.out.iter().copied().filter(|edge| roles[edge.index()] == Role::Aside).collect())
            .collect();
        let order = order(plan, &roles, &lookups);
        Self { roles, incoming, lookups, order }
    }

    /// The lookups that come before this call, by the same caller: all of them before data, those drawn earlier before a
    /// lookup, none before anything else.
    pub(super) fn before(&self, plan: &Plan, edge: EdgeIndex) -> &[EdgeIndex] {
        let lookups = &self.lookups[plan.edge(edge).from.index()];
        match self.roles[edge.index()] {
            Role::Data => lookups,
            Role::Aside => &lookups[..lookups.iter().position(|&other| other == edge).unwrap_or(0)],
            Role::Spread | Role::Through | Role::Always => &[],
        }
    }
}

fn role(plan: &Plan, edge: EdgeIndex) -> Role {
    let edge = plan.edge(edge);
    let callee = plan.node(edge.to);
    match (&plan.node(edge.from).kind, &callee.kind) {
        (NodeKind::LoadBalancer(_), _) => Role::Spread,
        (NodeKind::Cache(_), _) => Role::Through,
        (NodeKind::Service(_), NodeKind::Cache(_)) if callee.out.is_empty() => Role::Aside,
        (NodeKind::Service(_), NodeKind::Cache(_) | NodeKind::Database(_)) => Role::Data,
        _ => Role::Always,
    }
}

/// Callers before callees; where possible, caches aside before what is asked for after a miss in them. Two services that look
/// into the same two caches in opposite order leave no such order: then the document's decides, and the cache that comes
/// later is taken to miss. O(nodes + edges · lookups).
fn order(plan: &Plan, roles: &[Role], lookups: &[Vec<EdgeIndex>]) -> Vec<usize> {
    let n = plan.nodes.len();
    let (mut calls, mut waits) = (vec![0u32; n], vec![0u32; n]);
    let mut after: Vec<Vec<NodeIndex>> = vec![Vec::new(); n];
    for (i, edge) in plan.edges.iter().enumerate() {
        calls[edge.to.index()] += 1;
        if !matches!(roles[i], Role::Data | Role::Aside) {
            continue;
        }
        let earlier = lookups[edge.from.index()].iter().take_while(|&&lookup| lookup.index() != i);
        for &lookup in earlier {
            after[plan.edge(lookup).to.index()].push(edge.to);
            waits[edge.to.index()] += 1;
        }
    }
    let mut ready: VecDeque<usize> = (0..n).filter(|&i| calls[i] == 0 && waits[i] == 0).collect();
    let (mut done, mut order) = (vec![false; n], Vec::with_capacity(n));
    while order.len() < n {
        let next = ready.pop_front().or_else(|| (0..n).find(|&i| !done[i] && calls[i] == 0));
        let next = next.expect("check refuses calls that go round");
        if std::mem::replace(&mut done[next], true) {
            continue;
        }
        order.push(next);
        for callee in plan.callees(NodeIndex(next as u16)).map(NodeIndex::index) {
            calls[callee] -= 1;
            if calls[callee] == 0 && waits[callee] == 0 {
                ready.push_back(callee);
            }
        }
        for later in after[next].iter().map(|later| later.index()) {
            waits[later] -= 1;
            if calls[later] == 0 && waits[later] == 0 {
                ready.push_back(later);
            }
        }
    }
    order
}
