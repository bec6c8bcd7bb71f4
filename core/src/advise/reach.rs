//! Single points of failure, proved on the graph: what is taken away, and which classes cannot be answered then.
//!
//! Calls branch both ways: a balancer needs any one of its targets, a service all that it calls. Dominators answer that only
//! for the first kind, so each candidate is taken away in turn and the whole design is asked again.
use super::finding::{Finding, FindingKind, Severity};
use super::load::Load;
use crate::cost::Wiring;
use crate::id::{EdgeIndex, NodeIndex};
use crate::topology::{Bag, Edit, Mode, NodeKind, Place, Plan, PlanNode};

/// Which classes a node can answer, as bits, when the nodes marked in `dead` are gone.
fn answered(plan: &Plan, wiring: &Wiring, dead: &[bool]) -> Vec<u64> {
    let all = u64::MAX >> (64 - plan.classes.len().clamp(1, 64));
    let mut can = vec![0u64; plan.nodes.len()];
    for &node in wiring.order.iter().rev() {
        if dead[node] {
            continue;
        }
        let out = &plan.nodes[node].out;
        let to = |edge: &EdgeIndex| can[plan.edge(*edge).to.index()];
        can[node] = match &plan.nodes[node].kind {
            // Any of its callees will do.
            NodeKind::Dns(_) | NodeKind::LoadBalancer(_) => out.iter().fold(0, |any, edge| any | to(edge)),
            NodeKind::Clients(_) | NodeKind::Cdn(_) | NodeKind::Cache(_) => {
                out.iter().fold(all, |every, edge| every & to(edge))
            }
            NodeKind::Service(_) | NodeKind::Workers(_) => {
                out.iter().fold(all, |every, &edge| every & (to(&edge) | !needed(plan, wiring, edge)))
            }
            // Whoever published has its answer; the work waits.
            NodeKind::Queue(_)
            | NodeKind::Database(_)
            | NodeKind::ObjectStore(_)
            | NodeKind::External(_)
            | NodeKind::Monitoring(_) => all,
        };
    }
    can
}

/// For which classes a service cannot do without a call: not where nobody waits, and not a cache aside, which only saves time.
fn needed(plan: &Plan, wiring: &Wiring, edge: EdgeIndex) -> u64 {
    let link = plan.edge(edge);
    if link.mode == Mode::Asynchronous || link.calls == 0.0 { 0 } else { wiring.called_for(edge) }
}

/// The share of requests that cannot be answered, in [0, 1], and their classes as bits.
fn lost(plan: &Plan, wiring: &Wiring, dead: &[bool]) -> (f64, u64) {
    let can = answered(plan, wiring, dead);
    let weight: f64 = plan.classes.iter().map(|class| class.weight).sum();
    let (mut share, mut bits) = (0.0, 0);
    for (i, node) in plan.nodes.iter().enumerate() {
        let NodeKind::Clients(clients) = &node.kind else { continue };
        for (c, class) in plan.classes.iter().enumerate().filter(|(c, _)| can[i] >> c & 1 == 0) {
            share += clients.share * class.weight / weight;
            bits |= 1 << c;
        }
    }
    (share, bits)
}

/// What cannot be lost: instances of which there is one, hosts, zones. DNS and object stores are taken as redundant inside.
pub(super) fn single_points(plan: &Plan, load: &Load) -> Vec<Finding> {
    let wiring = &load.wiring;
    let none = vec![false; plan.nodes.len()];
    let before = lost(plan, wiring, &none).0;
    let lost_with = |dead: &[bool]| {
        let (share, bits) = lost(plan, wiring, dead);
        (share > before + 1e-12).then_some((share - before, bits))
    };
    let mut findings = Vec::new();
    for node in (0..plan.nodes.len()).filter(|&node| load.flow.total(node) > 0.0) {
        let Some(part) = alone(&plan.nodes[node].kind) else { continue };
        let mut dead = none.clone();
        dead[node] = true;
        if let Some((share, bits)) = lost_with(&dead) {
            findings.push(of_node(plan, node, share * part, bits));
        }
    }
    let places = (0..plan.hosts.len()).map(|i| (Place::Host(i), "host", plan.hosts[i].id.as_str()));
    let zones = (0..plan.zones.len()).map(|i| (Place::Zone(i), "zone", plan.zones[i].id.as_str()));
    for (place, what, id) in places.chain(zones) {
        let dies = |node: &PlanNode| stands(&place, node.zone, node.host) && is_mortal(&node.kind);
        let dead: Vec<bool> = plan.nodes.iter().map(dies).collect();
        if let Some((share, bits)) = lost_with(&dead) {
            let sentence = format!("Without {what} \"{id}\" {} can be answered", no_request(plan, bits));
            findings.push(
                Finding::new(FindingKind::SinglePoint, place, Severity::Warning, sentence)
                    .with("requests lost", share * 100.0, "%")
                    .with("nodes in it", dead.iter().filter(|dead| **dead).count() as f64, ""),
            );
        }
    }
    findings
}

fn stands(place: &Place, zone: Option<u16>, host: Option<u16>) -> bool {
    match place {
        Place::Host(i) => host.map(usize::from) == Some(*i),
        Place::Zone(i) => zone.map(usize::from) == Some(*i),
        _ => false,
    }
}

const fn is_mortal(kind: &NodeKind) -> bool {
    !matches!(kind, NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::Monitoring(_))
}

/// Which part of a node's requests goes with one instance of which there is no other; none where there is another.
fn alone(kind: &NodeKind) -> Option<f64> {
    match kind {
        NodeKind::Database(database) => (database.replicas == 0).then(|| 1.0 / f64::from(database.shards)),
        NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::ObjectStore(_) | NodeKind::Monitoring(_) => None,
        other => (other.instances() == 1).then_some(1.0),
    }
}

/// "no request", or "no request of class read, write".
fn no_request(plan: &Plan, bits: u64) -> String {
    let classes = || (0..plan.classes.len()).filter(|class| bits >> class & 1 == 1);
    if classes().count() == plan.classes.len() {
        return "no request".to_owned();
    }
    let names: Vec<&str> = classes().map(|class| plan.classes[class].name.as_str()).collect();
    format!("no request of class {}", names.join(", "))
}

fn of_node(plan: &Plan, node: usize, share: f64, bits: u64) -> Finding {
    let id = &plan.nodes[node].id;
    let kind = &plan.nodes[node].kind;
    let balancer = matches!(kind, NodeKind::LoadBalancer(_));
    let (finding, what) = match kind {
        NodeKind::LoadBalancer(_) => (FindingKind::OneBalancer, "There is one load balancer"),
        NodeKind::Database(_) => (FindingKind::SinglePoint, "A shard has no replica"),
        NodeKind::External(_) => (FindingKind::SinglePoint, "It is a third party"),
        _ => (FindingKind::SinglePoint, "There is one instance"),
    };
    let severity = match kind {
        NodeKind::External(_) => Severity::Note,
        _ if balancer || share > 0.5 => Severity::Critical,
        _ => Severity::Warning,
    };
    let sentence = format!("{what}: without \"{id}\" {} can be answered", no_request(plan, bits));
    let found = Finding::new(finding, Place::Node(node), severity, sentence).with(
        "requests lost",
        share * 100.0,
        "%",
    );
    match mend(plan, node) {
        Some((sentence, edits)) => found.mended(sentence, edits),
        None => found,
    }
}

fn mend(plan: &Plan, node: usize) -> Option<(String, Vec<Edit>)> {
    let id = &plan.nodes[node].id;
    let of = || Bag::Node(id.clone());
    match &plan.nodes[node].kind {
        NodeKind::Database(database) => {
            let mut edits = vec![Edit::set(of(), "replicas", "1")];
            if database.failover.0 == 0 {
                edits.push(Edit::set(of(), "failover", "10s"));
            }
            Some((format!("Give each shard of \"{id}\" a replica that takes its primary's place"), edits))
        }
        NodeKind::Service(_) | NodeKind::LoadBalancer(_) | NodeKind::Cache(_) | NodeKind::Cdn(_) => {
            let mut edits = vec![Edit::set(of(), "instances", "2")];
            // Balancers know who is alive; other callers take turns, and may find the other by asking again.
            let blind = plan.into(NodeIndex(node as u16)).map(|edge| plan.edge(edge)).filter(|edge| {
                edge.retries == 0
                    && !matches!(plan.node(edge.from).kind, NodeKind::LoadBalancer(_) | NodeKind::Dns(_))
            });
            let turns = !matches!(plan.nodes[node].kind, NodeKind::Cache(_) | NodeKind::Cdn(_));
            let retried: Vec<Edit> = blind
                .filter(|_| turns)
                .map(|edge| {
                    let ends = Bag::Edge(plan.node(edge.from).id.clone(), id.clone());
                    Edit::set(ends, "retries", "1")
                })
                .collect();
            let again =
                if retried.is_empty() { "" } else { ", and let callers ask again when it does not answer" };
            edits.extend(retried);
            Some((format!("Give \"{id}\" a second instance{again}"), edits))
        }
        _ => None,
    }
}
