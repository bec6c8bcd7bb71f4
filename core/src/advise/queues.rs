//! Queues without a bound, without workers, with workers that are too slow; autoscaling that comes too late.
use super::finding::{Finding, FindingKind, Severity};
use super::load::{Load, patience};
use crate::topology::{Autoscaling, Bag, Edge, Edit, Node, NodeKind, Params, Place, Plan, Topology, Value};

/// A queue this long is in effect without a bound: nobody waits for a hundred thousand others.
const UNBOUNDED: u32 = 100_000;
/// What workers are brought to: the backlog of a peak is worked off.
const CALM: f64 = 0.7;
/// The most instances of a node.
const MOST: f64 = 512.0;

fn queue_of(kind: &NodeKind) -> Option<u32> {
    Some(match kind {
        NodeKind::Service(service) => service.work.queue,
        NodeKind::LoadBalancer(balancer) => balancer.queue,
        NodeKind::Cdn(cdn) => cdn.queue,
        NodeKind::Cache(cache) => cache.queue,
        NodeKind::Database(database) => database.queue,
        NodeKind::Queue(queue) => queue.queue,
        _ => return None,
    })
}

/// How many requests an instance works on at once.
fn workers_of(kind: &NodeKind) -> u32 {
    match kind {
        NodeKind::Service(service) => service.work.workers,
        NodeKind::LoadBalancer(balancer) => balancer.cores,
        NodeKind::Cdn(cdn) => cdn.workers,
        NodeKind::Cache(cache) => cache.workers,
        NodeKind::Database(database) => database.connections,
        NodeKind::Queue(queue) => queue.workers,
        _ => 1,
    }
}

pub(super) fn unbounded(plan: &Plan, load: &Load) -> Vec<Finding> {
    let patience = patience(plan).as_secs();
    let each = plan.nodes.iter().enumerate().filter_map(|(i, node)| {
        let queue = queue_of(&node.kind).filter(|&queue| queue >= UNBOUNDED)?;
        let busy = load.nodes[i].filter(|load| load.rate > 0.0)?;
        let wait = f64::from(queue) * busy.hold / f64::from(workers_of(&node.kind));
        let sentence = format!(
            "{queue} requests may wait at each instance of \"{}\": who is last waits {wait:.0} s, and users give up after {patience:.1} s",
            node.id
        );
        // Half of a user's patience; the other half is for the rest of the way.
        let bound = (0.5 * patience * f64::from(workers_of(&node.kind)) / busy.hold.max(1e-6)).clamp(1.0, 10_000.0);
        let found = Finding::new(FindingKind::UnboundedQueue, Place::Node(i), Severity::Warning, sentence)
            .with("queue", f64::from(queue), "")
            .with("longest wait", wait, "s")
            .with("patience", patience, "s");
        let bound = bound as u32;
        Some(found.mended(
            format!("Let {bound} requests wait: half of a user's patience"),
            vec![Edit::set(Bag::Node(node.id.clone()), "queue", &bound.to_string())],
        ))
    });
    each.collect()
}

/// Tiers that cannot hold twice the load until autoscaling has helped. In a closed loop the load does not double.
pub(super) fn slow_scaling(plan: &Plan, load: &Load) -> Vec<Finding> {
    if plan.think_time.is_some() {
        return Vec::new();
    }
    let each = plan.nodes.iter().enumerate().filter_map(|(i, node)| match &node.kind {
        NodeKind::Service(service) => {
            let scaling = service.autoscaling.as_ref()?;
            slow(plan, load, i, scaling, service.work.start_time.as_secs())
        }
        _ => None,
    });
    each.collect()
}

fn slow(plan: &Plan, load: &Load, i: usize, scaling: &Autoscaling, start: f64) -> Option<Finding> {
    let (busy, node) = (load.nodes[i]?, &plan.nodes[i]);
    let reaction = plan.monitoring?.as_secs() + start;
    let capacity = busy.rate / busy.utilization.max(1e-9);
    let surplus = 2.0 * busy.rate - capacity;
    if surplus <= 0.0 {
        return None;
    }
    let slots = f64::from(queue_of(&node.kind)?) * f64::from(node.kind.instances());
    // Late is as bad as refused.
    let holds = slots.min(capacity * patience(plan).as_secs()) / surplus;
    if reaction <= holds {
        return None;
    }
    let sentence = format!(
        "Autoscaling of \"{}\" helps after {reaction:.0} s; at twice the load its queue is too long after {holds:.1} s",
        node.id
    );
    let found = Finding::new(FindingKind::SlowScaling, Place::Node(i), Severity::Warning, sentence)
        .with("reaction", reaction, "s")
        .with("time until answers are late", holds, "s");
    let wanted = (f64::from(node.kind.instances()) * busy.utilization * 2.0 / 0.9).ceil();
    if wanted > MOST {
        return Some(found);
    }
    let of = || Bag::Node(node.id.clone());
    let mut edits = vec![Edit::set(of(), "instances", &wanted.to_string())];
    if wanted > f64::from(scaling.max) {
        edits.push(Edit::set(of(), "max_instances", &wanted.to_string()));
    }
    let sentence =
        format!("Draw {wanted:.0} instances, so that twice the load is held until more have started");
    Some(found.mended(sentence, edits))
}

/// Queues that nobody takes from, and workers that are slower than what is published to them.
pub(super) fn workers(plan: &Plan, document: &Topology, load: &Load) -> Vec<Finding> {
    let each = plan.nodes.iter().enumerate().filter_map(|(i, node)| match &node.kind {
        NodeKind::Queue(_) if node.out.is_empty() => no_workers(plan, document, i, load.flow.total(i)),
        NodeKind::Workers(_) => slow_workers(plan, load, i),
        _ => None,
    });
    each.collect()
}

fn no_workers(plan: &Plan, document: &Topology, i: usize, rate: f64) -> Option<Finding> {
    if rate == 0.0 {
        return None;
    }
    let queue = &plan.nodes[i].id;
    let id = (1u32..)
        .map(|n| if n == 1 { "workers".to_owned() } else { format!("workers-{n}") })
        .find(|id| plan.find(id).is_none())?;
    // The catalog's defaults: four at once, 20 ms each.
    let instances = (rate * 0.02 / 4.0 / CALM).ceil().clamp(1.0, MOST);
    let mut params = Params::new();
    params.insert("instances".to_owned(), Value::Number(instances));
    let at = document.node(queue).and_then(|node| node.at).map(|[x, y]| [x + 220.0, y]);
    let node = Node { id: id.clone(), kind: "workers".to_owned(), at, params, ..Node::default() };
    let edge = Edge { from: queue.clone(), to: id, params: Params::new() };
    let sentence = format!("{rate:.0} messages per second go into \"{queue}\", and nobody takes them out");
    Some(
        Finding::new(FindingKind::NoWorkers, Place::Node(i), Severity::Critical, sentence)
            .with("published", rate, "1/s")
            .mended(
                format!("Add {instances:.0} instances of workers to \"{queue}\""),
                vec![Edit::AddNode { place: None, node }, Edit::AddEdge { place: None, edge }],
            ),
    )
}

fn slow_workers(plan: &Plan, load: &Load, i: usize) -> Option<Finding> {
    let (busy, node) = (load.nodes[i]?, &plan.nodes[i]);
    if busy.at_most < 1.0 {
        return None;
    }
    let capacity = busy.rate / busy.at_most;
    let sentence = format!(
        "\"{}\" gets {:.0} messages per second and can do {capacity:.0}: the backlog grows without end",
        node.id, busy.rate
    );
    let found = Finding::new(FindingKind::SlowWorkers, Place::Node(i), Severity::Critical, sentence)
        .with("published", busy.rate, "1/s")
        .with("capacity", capacity, "1/s");
    let most = node.kind.most_instances();
    let wanted = (f64::from(most) * busy.at_most / CALM).ceil();
    if wanted > MOST || node.host.is_some() {
        return Some(found);
    }
    let name = if most > node.kind.instances() { "max_instances" } else { "instances" };
    let edit = Edit::set(Bag::Node(node.id.clone()), name, &wanted.to_string());
    Some(found.mended(format!("Give \"{}\" {wanted:.0} instances in place of {most}", node.id), vec![edit]))
}
