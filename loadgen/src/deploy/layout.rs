//! What a design is made of when it comes up: its instances, and the order in which they are started.
use super::assignment::Assignment;
use super::deployment::DeployError;
use super::engine::path_of;
use super::growth::added_servers;
use super::host::Host;
use crate::entropy;
use loadpath_core::id::NodeIndex;
use loadpath_core::time::Span;
use loadpath_core::topology::{Action, Engine, NodeKind, Plan, PlanEdge, Topology};
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
    /// How long it takes to start when it was dead.
    pub(super) start_time: Span,
    /// Autoscaling starts it, if anybody does.
    pub(super) is_spare: bool,
}

/// Every instance of every node that has a process, in the document's order. Their addresses are filled in as they are started.
pub(super) fn instances(design: &Design) -> Result<Vec<Instance>, DeployError> {
    let plan = design.plan;
    let random = || entropy::hex(16).map_err(|e| DeployError(format!("no random numbers can be had: {e}")));
    let secret = random()?;
    let mut instances = Vec::new();
    for (place, node) in plan.nodes.iter().enumerate() {
        // Check bounds the number of nodes below a u16.
        let index = NodeIndex(place as u16);
        // All clients have one process at most.
        let count = match &node.kind {
            NodeKind::Clients(_) => u16::from(front(plan) == Some(index)),
            // The agent itself looks.
            NodeKind::Monitoring(_) => 0,
            kind => kind.most_instances() + added_servers(plan, index),
        };
        let program = match node.kind.engine() {
            Engine::Embedded => None,
            engine => {
                Some(path_of(engine).map_err(|why| DeployError(format!("node \"{}\": {why}", node.id)))?)
            }
        };
        for instance in 0..count {
            let nonce = random()?;
            let assignment = Assignment {
                run: design.run.to_owned(),
                document: design.document.clone(),
                node: node.id.clone(),
                instance,
                seed: design.seed,
                nonce,
                secret: secret.clone(),
                addresses: BTreeMap::new(),
                primaries: BTreeMap::new(),
                primary: None,
                entry_latency: entry_latency(plan, index),
                host: host_of(plan, index),
                engine: program.clone(),
                engine_port: None,
                behind_desk: matches!(node.kind, NodeKind::Queue(_)),
                supervisor: 0,
            };
            let start_time = match &node.kind {
                NodeKind::Service(service) => service.work.start_time,
                NodeKind::Workers(workers) => workers.work.start_time,
                _ => Span::ZERO,
            };
            let is_spare = !matches!(node.kind, NodeKind::Clients(_)) && instance >= node.kind.instances();
            instances.push(Instance { node: index, assignment, port: OnceLock::new(), start_time, is_spare });
        }
    }
    Ok(instances)
}

/// The host whose cores the instances of a node share. Neither clients nor DNS have work of their own.
fn host_of(plan: &Plan, node: NodeIndex) -> Option<Host> {
    let place = plan.node(node).host?;
    let host = &plan.hosts[usize::from(place)];
    let works = !matches!(plan.node(node).kind, NodeKind::Clients(_) | NodeKind::Dns(_));
    works.then_some(Host { place, cores: host.cores, speed: host.speed })
}

/// The node whose process does what clients do themselves; none where the attack can call the entry.
pub fn front(plan: &Plan) -> Option<NodeIndex> {
    let mut clients = (0..plan.nodes.len())
        .map(|place| NodeIndex(place as u16))
        .filter(|&index| matches!(plan.node(index).kind, NodeKind::Clients(_)));
    let first = clients.next()?;
    let keeps_sessions = plan.classes.iter().any(|class| class.session)
        && plan.nodes.iter().any(|node| match &node.kind {
            NodeKind::Service(service) => service.stateful,
            NodeKind::LoadBalancer(balancer) => balancer.sticky,
            _ => false,
        });
    let is_more_than_sent = |node: NodeIndex| {
        let NodeKind::Clients(spec) = &plan.node(node).kind else { return false };
        let edge = plan.edge(plan.node(node).out[0]);
        let callee = &plan.node(edge.to).kind;
        // A point of presence that is an engine adds no latency to what it has itself.
        let is_engine_that_answers =
            matches!(callee, NodeKind::Cdn(_)) && callee.engine() != Engine::Embedded;
        let has_one_address = !matches!(callee, NodeKind::Dns(_)) && callee.most_instances() == 1;
        spec.browser_cache > Span::ZERO || edge.has_policy() || !has_one_address || is_engine_that_answers
    };
    let needed = clients.next().is_some()
        || keeps_sessions
        || is_more_than_sent(first)
        || plan.timeline.iter().any(|(_, action)| cuts_off(plan, first, action));
    needed.then_some(first)
}

/// Whether packets of these clients are lost, which only a process that stands for them can do.
fn cuts_off(plan: &Plan, clients: NodeIndex, action: &Action) -> bool {
    match action {
        Action::Cut(edge) => plan.edge(*edge).from == clients,
        Action::Partition(zone, other) => {
            plan.node(clients).zone.is_some_and(|own| own == *zone || other.is_none_or(|other| other == own))
        }
        _ => false,
    }
}

/// The nodes whose addresses a node's process must know.
pub(super) fn called_by(plan: &Plan, node: NodeIndex) -> Vec<NodeIndex> {
    if !matches!(plan.node(node).kind, NodeKind::Clients(_)) {
        return plan.callees(node).collect();
    }
    // One process stands for all clients, who go where DNS leads.
    let sources = plan.edges.iter().filter(|edge| matches!(plan.node(edge.from).kind, NodeKind::Clients(_)));
    let callees: Vec<NodeIndex> = sources.map(|edge| edge.to).collect();
    let behind = callees.iter().filter(|&&node| matches!(plan.node(node).kind, NodeKind::Dns(_)));
    let behind: Vec<NodeIndex> = behind.flat_map(|&node| plan.callees(node)).collect();
    callees.into_iter().chain(behind).collect()
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
            left.iter().partition(|&&node| called_by(plan, node).iter().all(|callee| !left.contains(callee)));
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
    fn clients_have_a_process_where_they_do_more_than_send() {
        let front_after = |change: fn(&mut Topology)| {
            let mut document = three_tier();
            change(&mut document);
            let plan = check(&document).unwrap();
            front(&plan).map(|index| plan.node(index).id.clone())
        };
        assert_eq!(front_after(|_| {}), None);
        assert_eq!(
            front_after(|d| drop(d.edges[0].params.insert("retries".into(), 1.0.into()))).unwrap(),
            "users"
        );
        assert!(front_after(|d| drop(d.nodes[1].params.insert("instances".into(), 2.0.into()))).is_some());
        assert!(
            front_after(|d| drop(d.nodes[0].params.insert("browser_cache".into(), "1m".into()))).is_some()
        );
    }

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
