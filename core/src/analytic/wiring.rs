//! Who calls whom, for what, and in what order the nodes can be worked out.
//!
//! The meaning of the wiring is the simulator's: a service beside a cache that calls nothing does cache-aside; a cache
//! before a database reads and writes through; balancers and DNS spread; jobs go to queues, static files come from object
//! stores.
use crate::component::queue::{Exchange, ExchangeKind};
use crate::id::{EdgeIndex, NodeIndex};
use crate::topology::{NodeKind, Plan, QueueMode};
use crate::workload::Operation;
use std::collections::VecDeque;

/// What a call by an edge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A service looks into a cache and fills it after a miss; after a write it deletes or replaces the entry.
    Aside,
    /// A service asks for data: after a miss in all its caches aside, or for a write.
    Data,
    /// A balancer or DNS spreads.
    Spread,
    /// A cache or a CDN passes on what it does not answer.
    Through,
    /// A queue hands a message out; nobody waits for it.
    Later,
    /// Any other call: always made.
    Always,
}

/// The wiring of a plan.
#[derive(Clone, Debug)]
pub(super) struct Wiring {
    /// By edge and operation: what the call is for; none where such requests do not go.
    roles: Vec<[Option<Role>; 4]>,
    /// By edge: the classes whose messages a topic exchange passes on, as bits; all for other edges.
    bound: Vec<u64>,
    /// The edges that reach each node.
    pub(super) incoming: Vec<Vec<EdgeIndex>>,
    /// The edges by which each node looks into caches aside, in order.
    pub(super) lookups: Vec<Vec<EdgeIndex>>,
    /// All nodes: callers before callees, and a cache before the data that is asked for after it.
    pub(super) order: Vec<usize>,
}

impl Wiring {
    pub(super) fn of(plan: &Plan) -> Self {
        let roles: Vec<_> = (0..plan.edges.len())
            .map(|i| {
                [Operation::Read, Operation::Write, Operation::Static, Operation::Job]
                    .map(|operation| role(plan, EdgeIndex(i as u16), operation))
            })
            .collect();
        let mut incoming = vec![Vec::new(); plan.nodes.len()];
        for (i, edge) in plan.edges.iter().enumerate() {
            incoming[edge.to.index()].push(EdgeIndex(i as u16));
        }
        let aside = |edge: &EdgeIndex| roles[edge.index()][0] == Some(Role::Aside);
        let lookups: Vec<Vec<EdgeIndex>> =
            plan.nodes.iter().map(|node| node.out.iter().copied().filter(aside).collect()).collect();
        let order = order(plan, &roles, &lookups);
        let bound = (0..plan.edges.len()).map(|i| bound(plan, EdgeIndex(i as u16))).collect();
        Self { roles, bound, incoming, lookups, order }
    }

    /// What a call by this edge is for; `None` where requests of this class do not go.
    pub(super) fn role(&self, plan: &Plan, edge: EdgeIndex, class: usize) -> Option<Role> {
        let link = plan.edge(edge);
        let role = self.roles[edge.index()][plan.classes[class].operation as usize];
        let bound = self.bound[edge.index()] >> class & 1 == 1;
        role.filter(|_| bound && link.passes(class as u16) && link.calls > 0.0)
    }

    /// Whether a service looks into a cache by this edge.
    pub(super) fn is_aside(&self, edge: EdgeIndex) -> bool {
        self.roles[edge.index()][0] == Some(Role::Aside)
    }

    /// The lookups that come before a read by this edge, by the same caller: all of them before data, those drawn earlier
    /// before a lookup, none before anything else.
    pub(super) fn before(&self, plan: &Plan, edge: EdgeIndex) -> &[EdgeIndex] {
        let lookups = &self.lookups[plan.edge(edge).from.index()];
        match self.roles[edge.index()][0] {
            Some(Role::Data) => lookups,
            Some(Role::Aside) => &lookups[..lookups.iter().position(|&other| other == edge).unwrap_or(0)],
            _ => &[],
        }
    }
}

/// The classes that a topic exchange passes on by an edge.
fn bound(plan: &Plan, edge: EdgeIndex) -> u64 {
    let link = plan.edge(edge);
    match &plan.node(link.from).kind {
        NodeKind::Queue(queue) if queue.mode == QueueMode::Topic => {}
        _ => return u64::MAX,
    }
    let mut exchange = Exchange::new(ExchangeKind::Topic);
    exchange.bind(&link.binding, 0);
    let mut lines = Vec::new();
    let mut passes = |topic: &str| {
        lines.clear();
        exchange.route(topic, &mut lines);
        !lines.is_empty()
    };
    plan.classes.iter().enumerate().fold(0, |bits, (i, class)| bits | u64::from(passes(&class.topic)) << i)
}

fn role(plan: &Plan, edge: EdgeIndex, operation: Operation) -> Option<Role> {
    let edge = plan.edge(edge);
    let (caller, callee) = (&plan.node(edge.from).kind, plan.node(edge.to));
    match caller {
        NodeKind::Service(_) => service_role(plan, edge.from, callee, operation),
        // Messages are done as writes are.
        NodeKind::Workers(_) => {
            let operation = if operation == Operation::Job { Operation::Write } else { operation };
            call(callee, operation)
        }
        NodeKind::LoadBalancer(_) | NodeKind::Dns(_) => Some(Role::Spread),
        NodeKind::Cache(_) | NodeKind::Cdn(_) => Some(Role::Through),
        NodeKind::Queue(_) => Some(Role::Later),
        _ => Some(Role::Always),
    }
}

fn service_role(
    plan: &Plan,
    service: NodeIndex,
    callee: &crate::topology::PlanNode,
    operation: Operation,
) -> Option<Role> {
    let publishes = plan.callees(service).any(|to| matches!(plan.node(to).kind, NodeKind::Queue(_)));
    // Without a queue jobs are done at once.
    let at_once = operation == Operation::Job && !publishes;
    call(callee, if at_once { Operation::Write } else { operation })
}

fn call(callee: &crate::topology::PlanNode, operation: Operation) -> Option<Role> {
    let data = matches!(operation, Operation::Read | Operation::Write);
    match &callee.kind {
        NodeKind::Cache(_) if callee.out.is_empty() => data.then_some(Role::Aside),
        NodeKind::Cache(_) | NodeKind::Database(_) => data.then_some(Role::Data),
        NodeKind::Queue(_) => (operation == Operation::Job).then_some(Role::Always),
        NodeKind::ObjectStore(_) => (operation == Operation::Static).then_some(Role::Always),
        // A job that is queued is the workers' business.
        _ => (operation != Operation::Job).then_some(Role::Always),
    }
}

/// Callers before callees; where possible, caches aside before what is asked for after a miss in them. Two services that look
/// into the same two caches in opposite order leave no such order: then the document's decides, and the cache that comes
/// later is taken to miss. O(nodes + edges · lookups).
fn order(plan: &Plan, roles: &[[Option<Role>; 4]], lookups: &[Vec<EdgeIndex>]) -> Vec<usize> {
    let n = plan.nodes.len();
    let (mut calls, mut waits) = (vec![0u32; n], vec![0u32; n]);
    let mut after: Vec<Vec<NodeIndex>> = vec![Vec::new(); n];
    for (i, edge) in plan.edges.iter().enumerate() {
        calls[edge.to.index()] += 1;
        if !matches!(roles[i][0], Some(Role::Data | Role::Aside)) {
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
