//! What a run says of each node, in the few numbers that parameters are fitted to. The same numbers are taken of a measured and
//! of a simulated run, so that what they do not catch drops out of the difference.
use crate::analytic::Flow;
use crate::run::{NodeRun, Run};
use crate::topology::{Mode, NodeKind, Plan, PlanNode};

/// Fewer calls say nothing of a node.
const FEWEST: u64 = 100;

/// A node in a run. Times in seconds.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(Default))]
pub(super) struct Moments {
    /// Calls to it that it worked on.
    pub(super) calls: f64,
    /// Its own time per call: what its workers were taken for, less what it waited for others meanwhile. Where nobody has looked
    /// at the workers: the response without wait and calls, network included.
    pub(super) own: f64,
    /// How many calls an instance worked on at the same time, on average.
    pub(super) in_work: f64,
    /// Whether `own` is from its workers' utilization, and so without the network.
    pub(super) from_workers: bool,
    /// The median response as its callers see it; from the planned send where clients call it.
    pub(super) median: f64,
    /// The tenth to the seventieth percentile, in tens: where a node answers in two ways, as a cache does, one of them may jump.
    pub(super) tenths: [f64; 7],
    /// From the median to the 90th percentile: how widely responses are spread, with little said by the stalls of a machine.
    pub(super) spread: f64,
    /// The 99th percentile.
    pub(super) tail: f64,
    /// Variance of the response.
    pub(super) variance: f64,
    /// Mean time in its queue.
    pub(super) wait: f64,
    /// The share of its workers' time that was taken.
    pub(super) utilization: Option<f64>,
    /// The share of lookups that were answered from memory.
    pub(super) hit_ratio: Option<f64>,
}

/// Each node of the plan; none for clients, for what has no workers, and for what has hardly been called.
pub(super) fn moments(plan: &Plan, run: &Run) -> Vec<Option<Moments>> {
    let found: Vec<Option<&NodeRun>> =
        plan.nodes.iter().map(|node| run.nodes.iter().find(|found| found.id == node.id)).collect();
    let flow = Flow::of_run(plan, run);
    (0..plan.nodes.len()).map(|place| of_node(plan, run, &flow, &found, place)).collect()
}

fn of_node(plan: &Plan, run: &Run, flow: &Flow, found: &[Option<&NodeRun>], place: usize) -> Option<Moments> {
    let (node, seen) = (&plan.nodes[place], found[place]?);
    let calls = seen.outcomes.total() - seen.outcomes.refused;
    let servers = servers(&node.kind)?;
    if calls < FEWEST || seen.response.is_empty() {
        return None;
    }
    let wait = seen.mean_wait.unwrap_or_else(|| seen.wait.mean().as_secs());
    let called = callees(plan, flow, found, place);
    // Workers that share cores are busy by what their cores do; on a host other nodes use them too.
    let cores = cores(node);
    let busy = seen.utilization.filter(|_| node.host.is_none()).map(|share| {
        let all = f64::from(cores.unwrap_or(servers)) * f64::from(node.kind.instances());
        share * all * run.duration.as_secs() / calls as f64
    });
    let holds = cores.is_none() && holds_worker(&node.kind);
    let own = match busy {
        Some(busy) => busy - if holds { called } else { 0.0 },
        None => seen.response.mean().as_secs() - wait - called,
    };
    let response = clients_of(plan, place).and_then(|at| found[at]).map_or(&seen.response, |at| &at.response);
    let at = |q: f64| response.smooth_quantile(q);
    let own = own.max(0.0);
    let instances = f64::from(node.kind.instances());
    Some(Moments {
        calls: calls as f64,
        in_work: calls as f64 * own / instances / run.duration.as_secs().max(1e-9),
        own,
        from_workers: busy.is_some(),
        median: at(0.5),
        tenths: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7].map(at),
        spread: at(0.9) - at(0.5),
        tail: at(0.99),
        variance: response.variance(),
        wait,
        utilization: seen.utilization,
        hit_ratio: seen.hit_ratio,
    })
}

/// The mean time that a call to a node waits for the calls that it makes itself, one after the other.
fn callees(plan: &Plan, flow: &Flow, found: &[Option<&NodeRun>], place: usize) -> f64 {
    let rate: f64 = flow.nodes[place].iter().sum();
    let each = plan.nodes[place].out.iter().filter(|&&edge| plan.edge(edge).mode != Mode::Asynchronous);
    let times = each.filter_map(|edge| {
        let callee = found[plan.edge(*edge).to.index()]?;
        let calls: f64 = flow.edges[edge.index()].iter().sum();
        Some(calls / rate.max(1e-9) * callee.response.mean().as_secs())
    });
    times.sum()
}

/// The clients, where they alone call a node: they see it from the planned send.
fn clients_of(plan: &Plan, place: usize) -> Option<usize> {
    let mut callers = plan.edges.iter().filter(|edge| edge.to.index() == place).map(|edge| edge.from.index());
    let first = callers.next()?;
    let alone = callers.next().is_none() && plan.nodes[first].out.len() == 1;
    (alone && matches!(plan.nodes[first].kind, NodeKind::Clients(_))).then_some(first)
}

/// Workers of each instance; none for what has none.
pub(super) const fn servers(kind: &NodeKind) -> Option<u32> {
    match kind {
        NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::Monitoring(_) => None,
        NodeKind::Cdn(spec) => Some(spec.workers),
        NodeKind::LoadBalancer(spec) => Some(spec.cores),
        NodeKind::Cache(spec) => Some(spec.workers),
        NodeKind::Queue(spec) => Some(spec.workers),
        NodeKind::Database(spec) => Some(spec.connections),
        NodeKind::ObjectStore(spec) => Some(spec.concurrency),
        NodeKind::External(spec) => Some(spec.concurrency),
        NodeKind::Service(spec) => Some(spec.work.workers),
        NodeKind::Workers(spec) => Some(spec.work.workers),
    }
}

/// What the parameter of that is called.
pub(super) const fn servers_param(kind: &NodeKind) -> &'static str {
    match kind {
        NodeKind::LoadBalancer(_) => "cores",
        NodeKind::Database(_) => "connections",
        NodeKind::ObjectStore(_) | NodeKind::External(_) => "concurrency",
        _ => "workers",
    }
}

/// The cores that an instance's workers share; none where each has its own.
fn cores(node: &PlanNode) -> Option<u32> {
    match &node.kind {
        NodeKind::Service(spec) if spec.work.cores > 0 => Some(spec.work.cores),
        NodeKind::Workers(spec) if spec.work.cores > 0 => Some(spec.work.cores),
        _ => None,
    }
}

/// Whether a worker is taken while the node's own calls are under way.
const fn holds_worker(kind: &NodeKind) -> bool {
    matches!(kind, NodeKind::Service(_) | NodeKind::Workers(_) | NodeKind::Database(_))
}
