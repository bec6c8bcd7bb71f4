//! How busy each node is when nothing waits: offered load against capacity.
use crate::analytic::Flow;
use crate::cost::{Wiring, shares};
use crate::id::EdgeIndex;
use crate::time::Span;
use crate::topology::{DatabaseNode, Mode, NodeKind, Plan, Reads, Work};
use crate::workload::Operation;

/// A closed loop's rate follows from response times, and those from hit ratios and so from the rate: so many rounds.
const ROUNDS: usize = 4;

/// The load of a design.
#[derive(Clone, Debug)]
pub(super) struct Load {
    /// Requests per second of all clients together. In a closed loop the most that its users could send: think time and the
    /// response without waits, the asymptotic bound of Muntz & Wong (1974).
    pub(super) rate: f64,
    pub(super) flow: Flow,
    pub(super) wiring: Wiring,
    /// By node; none for what has no workers.
    pub(super) nodes: Vec<Option<NodeLoad>>,
    /// By host: the share of its cores' time that is asked for.
    pub(super) hosts: Vec<f64>,
}

/// The load of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeLoad {
    /// Calls per second.
    pub(super) rate: f64,
    /// Mean seconds for which a call holds a worker, its own calls included.
    pub(super) hold: f64,
    /// The share of its workers' or cores' time that is asked for, with the instances that are drawn; above one when it is
    /// too much. Shards are taken as even.
    pub(super) utilization: f64,
    /// The same with all instances that autoscaling may start.
    pub(super) at_most: f64,
}

impl Load {
    pub(super) fn of(plan: &Plan) -> Self {
        let Some(think) = &plan.think_time else { return Self::at_rate(plan, plan.arrivals.rate) };
        let (users, think) = (f64::from(plan.users), think.mean().as_secs());
        let mut load = Self::at_rate(plan, users / (think + 0.001));
        for _ in 0..ROUNDS {
            let response = Times::of(plan, &load.wiring, &load.flow).of_clients(plan, &load.flow);
            // Users who neither think nor wait would send without end.
            load = Self::at_rate(plan, users / (think + response).max(1e-6));
        }
        load
    }

    fn at_rate(plan: &Plan, rate: f64) -> Self {
        let flow = Flow::at_rate(plan, rate);
        let wiring = Wiring::of(plan);
        let times = Times::of(plan, &wiring, &flow);
        let nodes: Vec<_> = (0..plan.nodes.len()).map(|node| node_load(plan, &flow, &times, node)).collect();
        let hosts = (0..plan.hosts.len()).map(|host| host_load(plan, &nodes, host)).collect();
        Self { rate, flow, wiring, nodes, hosts }
    }
}

/// The share of a host's cores that the nodes on it ask for.
fn host_load(plan: &Plan, nodes: &[Option<NodeLoad>], host: usize) -> f64 {
    let spec = &plan.hosts[host];
    let work = |i: usize| nodes[i].map_or(0.0, |load| load.rate) * own_time(&plan.nodes[i].kind);
    let here = (0..nodes.len()).filter(|&i| plan.nodes[i].host == Some(host as u16));
    here.map(work).sum::<f64>() / (f64::from(spec.cores) * spec.speed)
}

/// Mean seconds of a node's own work on a call.
pub(super) fn own_time(kind: &NodeKind) -> f64 {
    match kind {
        NodeKind::Service(service) => own(&service.work),
        NodeKind::Workers(workers) => own(&workers.work),
        NodeKind::LoadBalancer(balancer) => balancer.service_time.mean().as_secs(),
        NodeKind::Cache(cache) => cache.service_time.mean().as_secs(),
        NodeKind::Cdn(cdn) => cdn.service_time.mean().as_secs(),
        NodeKind::Queue(queue) => queue.service_time.mean().as_secs(),
        NodeKind::Database(database) => database.read_time.mean().as_secs(),
        NodeKind::ObjectStore(store) => store.service_time.mean().as_secs(),
        NodeKind::External(external) => external.service_time.mean().as_secs(),
        NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::Monitoring(_) => 0.0,
    }
}

fn own(work: &Work) -> f64 {
    work.service_time.mean().as_secs() / work.speed
}

fn node_load(plan: &Plan, flow: &Flow, times: &Times, node: usize) -> Option<NodeLoad> {
    let kind = &plan.nodes[node].kind;
    let (rate, own) = (flow.total(node), own_time(kind));
    // A load balancer, a cache and a CDN give their worker back before they call.
    let hold = match kind {
        NodeKind::Service(_) | NodeKind::Workers(_) => times.mean(flow, node),
        NodeKind::Database(_) => times.mean(flow, node),
        _ => own,
    };
    let of = |servers: f64| rate * hold / servers;
    let (drawn, most) = (f64::from(kind.instances()), f64::from(kind.most_instances()));
    let utilization = match kind {
        NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::Monitoring(_) => return None,
        NodeKind::LoadBalancer(balancer) => {
            let limited = balancer.rate_limit.map_or(0.0, |limit| rate / limit / drawn);
            of(drawn * f64::from(balancer.cores)).max(limited)
        }
        NodeKind::Service(service) => {
            busy(&service.work, rate, hold, own, drawn, plan.nodes[node].host.is_some())
        }
        NodeKind::Workers(workers) => {
            busy(&workers.work, rate, hold, own, drawn, plan.nodes[node].host.is_some())
        }
        NodeKind::Cache(cache) => of(drawn * f64::from(cache.workers)),
        NodeKind::Cdn(cdn) => of(drawn * f64::from(cdn.workers)),
        NodeKind::Queue(queue) => of(f64::from(queue.workers)),
        NodeKind::Database(database) => database_busy(plan, flow, node, database),
        NodeKind::ObjectStore(store) => of(f64::from(store.concurrency)),
        NodeKind::External(external) => {
            of(f64::from(external.concurrency)).max(external.rate_limit.map_or(0.0, |limit| rate / limit))
        }
    };
    Some(NodeLoad { rate, hold, utilization, at_most: utilization * drawn / most })
}

/// The busier of workers and cores. On a host the cores are the host's.
fn busy(work: &Work, rate: f64, hold: f64, own: f64, instances: f64, hosted: bool) -> f64 {
    let workers = rate * hold / (instances * f64::from(work.workers));
    let cores =
        if work.cores > 0 && !hosted { rate * own / (instances * f64::from(work.cores)) } else { 0.0 };
    workers.max(cores)
}

/// The busier of primaries and replicas.
fn database_busy(plan: &Plan, flow: &Flow, node: usize, spec: &DatabaseNode) -> f64 {
    let (reads, writes) = queries(plan, flow, node);
    let servers = f64::from(spec.shards) * f64::from(spec.connections);
    let reads = reads * (1.0 + spec.joins * f64::from(spec.shards - 1)) * spec.read_time.mean().as_secs();
    let writes = writes * spec.write_time.mean().as_secs();
    let copies = f64::from(spec.copies());
    let writes = if spec.multi_primary { writes / copies } else { writes };
    match spec.reads {
        Reads::All if spec.replicas > 0 => (writes + reads / copies) / servers,
        Reads::Replicas if spec.replicas > 0 => {
            (writes / servers).max(reads / servers / f64::from(spec.replicas))
        }
        _ => (reads + writes) / servers,
    }
}

/// Reads and writes per second that reach a database.
pub(super) fn queries(plan: &Plan, flow: &Flow, node: usize) -> (f64, f64) {
    let rates = flow.nodes[node].iter().zip(&plan.classes);
    rates.fold((0.0, 0.0), |(reads, writes), (rate, class)| {
        if class.operation == Operation::Read { (reads + rate, writes) } else { (reads, writes + rate) }
    })
}

/// How long each node takes for a request of each class in seconds when nothing waits, the network to it not counted.
pub(super) struct Times(Vec<Vec<f64>>);

impl Times {
    fn of(plan: &Plan, wiring: &Wiring, flow: &Flow) -> Self {
        let mut times = Self(vec![vec![0.0; plan.classes.len()]; plan.nodes.len()]);
        for &node in wiring.order.iter().rev() {
            for class in 0..plan.classes.len() {
                times.0[node][class] = times.take(plan, wiring, flow, node, class);
            }
        }
        times
    }

    fn take(&self, plan: &Plan, wiring: &Wiring, flow: &Flow, node: usize, class: usize) -> f64 {
        let (kind, out) = (&plan.nodes[node].kind, &plan.nodes[node].out);
        let way = |edge: EdgeIndex| {
            let link = plan.edge(edge);
            2.0 * link.latency.as_secs() + self.0[link.to.index()][class]
        };
        let own = own_time(kind);
        match kind {
            NodeKind::Service(service) => {
                own + service.work.pause.mean().as_secs() + self.calls(plan, wiring, flow, node, class)
            }
            NodeKind::Workers(workers) => {
                own + workers.work.pause.mean().as_secs() + self.calls(plan, wiring, flow, node, class)
            }
            NodeKind::LoadBalancer(_) => {
                own + shares(plan, node).into_iter().map(|(edge, share)| share * way(edge)).sum::<f64>()
            }
            NodeKind::Cache(_) | NodeKind::Cdn(_) => {
                let missed = 1.0 - flow.hits[node][class];
                own + missed * out.iter().map(|&edge| way(edge)).sum::<f64>()
            }
            NodeKind::Database(spec) if plan.classes[class].operation != Operation::Read => {
                spec.write_time.mean().as_secs()
            }
            NodeKind::Dns(_) => out.iter().map(|&edge| way(edge)).sum::<f64>() / (out.len().max(1) as f64),
            _ => own,
        }
    }

    /// A service's calls: one after the other, those that are parallel together as long as the longest.
    fn calls(&self, plan: &Plan, wiring: &Wiring, flow: &Flow, node: usize, class: usize) -> f64 {
        let (mut sum, mut longest, mut left) = (0.0, 0.0f64, 1.0);
        let is_read = plan.classes[class].operation == Operation::Read;
        let out = &plan.nodes[node].out;
        let lookups =
            |edge: &&EdgeIndex| is_read && wiring.is_aside(**edge) && plan.edge(**edge).passes(class as u16);
        for &edge in out.iter().filter(lookups) {
            let link = plan.edge(edge);
            sum += left * (2.0 * link.latency.as_secs() + self.0[link.to.index()][class]);
            left *= 1.0 - flow.hits[link.to.index()][class];
        }
        for &edge in out.iter().filter(|&&edge| wiring.is_called_for(edge, class)) {
            let link = plan.edge(edge);
            let data = matches!(plan.node(link.to).kind, NodeKind::Database(_) | NodeKind::Cache(_));
            let made = link.calls * if is_read && data { left } else { 1.0 };
            let took = made * (2.0 * link.latency.as_secs() + self.0[link.to.index()][class]);
            match link.mode {
                Mode::Sequential => sum += took,
                Mode::Parallel => longest = longest.max(took),
                Mode::Asynchronous => {}
            }
        }
        sum + longest
    }

    /// The mean over the classes that arrive.
    fn mean(&self, flow: &Flow, node: usize) -> f64 {
        let all: f64 = flow.nodes[node].iter().sum();
        let taken: f64 = flow.nodes[node].iter().zip(&self.0[node]).map(|(rate, time)| rate * time).sum();
        if all > 0.0 { taken / all } else { self.0[node].iter().sum::<f64>() / self.0[node].len() as f64 }
    }

    /// The mean response of all clients' requests.
    fn of_clients(&self, plan: &Plan, flow: &Flow) -> f64 {
        let (mut taken, mut all) = (0.0, 0.0);
        for (i, node) in plan.nodes.iter().enumerate().filter(|(_, n)| matches!(n.kind, NodeKind::Clients(_)))
        {
            let link = plan.edge(node.out[0]);
            for (class, rate) in flow.nodes[i].iter().enumerate() {
                taken += rate * (2.0 * link.latency.as_secs() + self.0[link.to.index()][class]);
                all += rate;
            }
        }
        if all > 0.0 { taken / all } else { 0.0 }
    }
}

/// The shortest time for which a user waits.
pub(super) fn patience(plan: &Plan) -> Span {
    let waits = plan.nodes.iter().filter_map(|node| match &node.kind {
        NodeKind::Clients(clients) => Some(clients.timeout),
        _ => None,
    });
    waits.min().unwrap_or(Span::SECOND)
}
