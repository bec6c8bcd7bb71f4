//! What a design is made of when it comes up: its instances, and the order in which they are started.
use super::assignment::Assignment;
use super::deployment::DeployError;
use crate::entropy;
use loadpath_core::id::NodeIndex;
use loadpath_core::time::Span;
use loadpath_core::topology::{NodeKind, Plan, PlanEdge, Topology};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

/// What is to be brought up.
#[derive(Clone, Copy, Debug)]
pub struct Design<'a> {
    /// The program that becomes the supervisor: [`THIS_PROGRAM`](super::THIS_PROGRAM), unless another one brings it up.
    pub program: &'a Path,
    /// The run's id.
    pub run: &'a str,
    /// The design as it is written.
    pub document: &'a Topology,
    /// The same, checked.
    pub plan: &'a Plan,
    /// What its chance comes from.
    pub seed: u64,
}

/// An instance of a node.
pub(super) struct Instance {
    pub(super) node: NodeIndex,
    pub(super) assignment: Assignment,
    /// Where it listened first: its callers know no other place, so it is restored there.
    pub(super) port: OnceLock<u16>,
}

/// Every instance of every node but clients, in the document's order. Their addresses are filled in as they are started.
pub(super) fn instances(design: &Design) -> Result<Vec<Instance>, DeployError> {
    let plan = design.plan;
    let mut instances = Vec::new();
    for (place, node) in plan.nodes.iter().enumerate() {
        // Check bounds the number of nodes below a u16.
        let index = NodeIndex(place as u16);
        if matches!(node.kind, NodeKind::Clients(_)) {
            continue;
        }
        for instance in 0..node.kind.instances() {
            let nonce =
                entropy::hex(16).map_err(|e| DeployError(format!("no random numbers can be had: {e}")))?;
            let assignment = Assignment {
                run: design.run.to_owned(),
                document: design.document.clone(),
                node: node.id.clone(),
                instance,
                seed: design.seed,
                nonce,
                addresses: BTreeMap::new(),
                primaries: BTreeMap::new(),
                entry_latency: entry_latency(plan, index),
                supervisor: 0,
            };
            instances.push(Instance { node: index, assignment, port: OnceLock::new() });
        }
    }
    Ok(instances)
}

/// The longest one-way latency of an edge by which clients call this node; zero when none do.
fn entry_latency(plan: &Plan, node: NodeIndex) -> Span {
    let from_clients = |edge: &&PlanEdge| matches!(plan.node(edge.from).kind, NodeKind::Clients(_));
    let latencies =
        plan.edges.iter().filter(|edge| edge.to == node).filter(from_clients).map(|edge| edge.latency);
    latencies.max().unwrap_or(Span::ZERO)
}

/// The nodes in the order in which they can be started: what a level calls stands in those before it.
pub(super) fn levels(plan: &Plan) -> Vec<Vec<NodeIndex>> {
    let mut left: Vec<NodeIndex> = (0..plan.nodes.len()).map(|place| NodeIndex(place as u16)).collect();
    let mut levels: Vec<Vec<NodeIndex>> = Vec::new();
    while !left.is_empty() {
        let (level, rest): (Vec<_>, Vec<_>) =
            left.iter().partition(|&&node| plan.callees(node).all(|callee| !left.contains(&callee)));
        assert!(!level.is_empty(), "check refuses calls that go round");
        levels.push(level);
        left = rest;
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{check, three_tier};

    #[test]
    fn callees_are_started_before_their_callers() {
        let plan = check(&three_tier()).unwrap();
        let names: Vec<Vec<&str>> = levels(&plan)
            .iter()
            .map(|level| level.iter().map(|&node| plan.node(node).id.as_str()).collect())
            .collect();
        assert_eq!(names, [vec!["cache", "db"], vec!["web"], vec!["lb"], vec!["users"]]);
    }
}
