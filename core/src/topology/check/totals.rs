//! What is too much, or missing, only when all nodes are looked at together.
use super::super::fault::{Fault, Place};
use super::super::kind::NodeKind;
use super::super::plan::{Action, PlanEdge, PlanNode};
use super::super::spec::Topology;
use super::{LIMITS, at, node_called, of_document};
use crate::id::NodeIndex;
use crate::time::Time;
use crate::workload::Class;

/// What is asked of the design, as far as it takes memory and time.
pub(super) struct Asked<'a> {
    pub(super) users: u32,
    pub(super) classes: &'a [Class],
    pub(super) timeline: &'a [(Time, Action)],
}

pub(super) fn check(
    document: &Topology,
    nodes: &[Option<PlanNode>],
    edges: &[Option<PlanEdge>],
    asked: &Asked,
    monitored: bool,
    faults: &mut Vec<Fault>,
) {
    let kinds = || nodes.iter().flatten().map(|node| &node.kind);
    let instances: usize = kinds().map(|kind| usize::from(kind.most_instances())).sum();
    if instances > LIMITS.instances {
        let most = LIMITS.instances;
        faults.push(of_document(format!("{instances} instances in all; at most {most} can be simulated")));
    }
    let entries: u64 = kinds().map(entries).sum();
    if entries > LIMITS.cache_entries {
        let most = LIMITS.cache_entries;
        faults.push(of_document(format!("{entries} cache entries in all; at most {most} fit into memory")));
    }
    let ways = ways(edges, nodes);
    if ways > LIMITS.edges {
        let most = LIMITS.edges;
        faults.push(of_document(format!(
            "{ways} ways from clients to addresses of DNS; at most {most} can be handled"
        )));
    }
    check_keys_and_users(asked, nodes, faults);
    for (i, node) in nodes.iter().enumerate() {
        let scales = match node.as_ref().map(|node| &node.kind) {
            Some(NodeKind::Service(service)) => service.autoscaling.is_some(),
            Some(NodeKind::Workers(workers)) => workers.autoscaling.is_some(),
            _ => false,
        };
        if scales && !monitored {
            let what = "nobody sees when to scale; add monitoring to the design, or turn autoscaling off";
            let called = node_called(&document.nodes[i]);
            faults.push(at(Place::Node(i), called, Some("autoscale"), what.to_owned()));
        }
    }
}

/// Ways from clients to what DNS leads them to.
fn ways(edges: &[Option<PlanEdge>], nodes: &[Option<PlanNode>]) -> usize {
    let kind = |node: NodeIndex| nodes[node.index()].as_ref().map(|node| &node.kind);
    let mut addresses = vec![0; nodes.len()];
    edges.iter().flatten().for_each(|edge| addresses[edge.from.index()] += 1);
    let asked = edges.iter().flatten().filter(|edge| {
        matches!((kind(edge.from), kind(edge.to)), (Some(NodeKind::Clients(_)), Some(NodeKind::Dns(_))))
    });
    asked.map(|edge| addresses[edge.to.index()]).sum()
}

/// Sessions take memory by user, and adding a shard takes time by key.
fn check_keys_and_users(asked: &Asked, nodes: &[Option<PlanNode>], faults: &mut Vec<Fault>) {
    let added = |i: usize| {
        let adds = |action: &Action| matches!(action, Action::AddShard(node, _) if node.index() == i);
        asked.timeline.iter().filter(|(_, action)| adds(action)).count() as u64
    };
    let keepers = nodes.iter().enumerate().map(|(i, node)| match node.as_ref().map(|node| &node.kind) {
        Some(NodeKind::Service(service)) => u64::from(service.stateful),
        Some(NodeKind::Database(database)) if database.own_writes => u64::from(database.shards) + added(i),
        _ => 0,
    });
    let sessions = keepers.sum::<u64>() * u64::from(asked.users);
    if sessions > LIMITS.sessions {
        let most = LIMITS.sessions;
        let what =
            format!("{sessions} sessions of users at instances and shards; at most {most} fit into memory");
        faults.push(of_document(what));
    }
    let keys = asked.classes.iter().map(|class| class.keys).max().unwrap_or(0);
    let looked_at = (0..nodes.len()).map(added).sum::<u64>() * keys;
    if looked_at > LIMITS.resharded_keys {
        let most = LIMITS.resharded_keys;
        let what =
            format!("{looked_at} keys to look at for all shards that are added; at most {most} can be");
        faults.push(of_document(what));
    }
}

fn entries(kind: &NodeKind) -> u64 {
    match kind {
        NodeKind::Cache(cache) => u64::from(cache.capacity) * u64::from(cache.instances),
        NodeKind::Cdn(cdn) => u64::from(cdn.capacity) * u64::from(cdn.instances),
        _ => 0,
    }
}

/// Makes the clients' shares sum to one.
pub(super) fn share_out(nodes: &mut [Option<PlanNode>]) {
    let share =
        |node: &PlanNode| if let NodeKind::Clients(clients) = &node.kind { clients.share } else { 0.0 };
    let total: f64 = nodes.iter().flatten().map(share).sum();
    for node in nodes.iter_mut().flatten() {
        if let NodeKind::Clients(clients) = &mut node.kind {
            clients.share /= total;
        }
    }
}
