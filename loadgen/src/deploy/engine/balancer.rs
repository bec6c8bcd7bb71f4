//! What HAProxy and nginx must know to balance: their targets, and by what our callees know who called.
use super::super::assignment::Assignment;
use loadpath_core::id::NodeIndex;
use loadpath_core::time::Span;
use loadpath_core::topology::{LoadBalancerNode, Plan};
use std::net::{Ipv4Addr, SocketAddr};

/// How long a balancer waits where the design sets no limit.
const NO_LIMIT: Span = Span(3_600 * Span::SECOND.0);

/// A balancer as an engine.
#[derive(Clone, Debug)]
pub(super) struct Balancing<'p> {
    pub(super) spec: &'p LoadBalancerNode,
    /// The node's id: letters, digits and hyphens, as check makes sure.
    pub(super) id: &'p str,
    pub(super) port: u16,
    /// What its `/healthz` answers.
    pub(super) nonce: String,
    pub(super) targets: Vec<Target>,
    /// How long it waits for a target.
    pub(super) timeout: Span,
}

/// An instance that it may give requests to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The node's id and the instance, counted from one.
    pub(super) name: String,
    /// The node's id.
    pub(super) node: String,
    /// Where it is; none when it is not there.
    pub(super) address: Option<SocketAddr>,
    pub(super) weight: u32,
}

impl<'p> Balancing<'p> {
    /// As the plan and the assignment say.
    pub(super) fn new(
        plan: &'p Plan,
        index: NodeIndex,
        spec: &'p LoadBalancerNode,
        assignment: &Assignment,
        port: u16,
    ) -> Self {
        let (targets, timeout) = targets(plan, index, assignment);
        let id = &plan.node(index).id;
        Self { spec, id, port, nonce: assignment.nonce.clone(), targets, timeout }
    }

    /// The same without what is another in each run: what its configuration is known by.
    pub(super) fn anonymous(&self) -> Self {
        let mut same = self.clone();
        (same.port, same.nonce) = (0, String::new());
        forget_addresses(&mut same.targets);
        same
    }

    /// The instances of a node are elsewhere; whether any of them is a target.
    pub(super) fn move_to(&mut self, node: &str, addresses: &[Option<SocketAddr>]) -> bool {
        move_targets(&mut self.targets, node, addresses)
    }
}

/// The instances of a node are elsewhere; whether any of them is among these.
pub(super) fn move_targets(targets: &mut [Target], node: &str, addresses: &[Option<SocketAddr>]) -> bool {
    let own = targets.iter_mut().filter(|target| target.node == node);
    let moved: Vec<_> = own.zip(addresses).collect();
    let is_concerned = !moved.is_empty();
    moved.into_iter().for_each(|(target, &address)| target.address = address);
    is_concerned
}

/// The instances that a node calls, and how long it waits for one.
pub(super) fn targets(plan: &Plan, index: NodeIndex, assignment: &Assignment) -> (Vec<Target>, Span) {
    let node = plan.node(index);
    let mut targets = Vec::new();
    for &edge in &node.out {
        let edge = plan.edge(edge);
        let callee = plan.node(edge.to);
        let addresses = assignment.addresses.get(&callee.id);
        for place in 0..usize::from(callee.kind.most_instances()) {
            targets.push(Target {
                name: format!("{}-{}", callee.id, place + 1),
                node: callee.id.clone(),
                address: addresses.and_then(|addresses| addresses.get(place)).copied(),
                weight: edge.weight,
            });
        }
    }
    let timeouts = node.out.iter().filter_map(|&edge| plan.edge(edge).timeout);
    (targets, timeouts.max().unwrap_or(NO_LIMIT))
}

/// Leaves out where they are: that is another in each run.
pub(super) fn forget_addresses(targets: &mut [Target]) {
    for target in targets {
        target.address = target.address.map(|_| (Ipv4Addr::LOCALHOST, 0).into());
    }
}
