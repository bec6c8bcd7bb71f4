//! What is too much, or missing, only when all nodes are looked at together.
use super::super::fault::{Fault, Place};
use super::super::kind::NodeKind;
use super::super::plan::PlanNode;
use super::super::spec::Topology;
use super::{LIMITS, at, node_called, of_document};

pub(super) fn check(
    document: &Topology,
    nodes: &[Option<PlanNode>],
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
