//! What each kind of node is to a formula: a number of alike stations, each with servers, a queue and a law of time.
//!
//! A new kind is an arm here; what its calls are for is a [`super::wiring::Role`].
use super::length::Length;
use crate::topology::{NodeKind, PlanHost, PlanNode, Work};

/// A queue that is never full.
const ENDLESS: u32 = u32::MAX;

/// A node's stations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Station {
    /// How many.
    pub(super) instances: u16,
    /// Servers of each.
    pub(super) servers: u32,
    /// How many may wait at each.
    pub(super) queue: u32,
    /// Mean time after which who waits leaves, in seconds; none where nobody does.
    pub(super) patience: Option<f64>,
    /// Its own time for a read, and for whatever is no write.
    pub(super) read: Length,
    /// Its own time for a write.
    pub(super) write: Length,
    /// Waiting of its own, with a server held and no core taken.
    pub(super) pause: Length,
    /// Cores that the servers of an instance share; none where each has its own.
    pub(super) cores: Option<u32>,
    /// Whether a server is held while the node's own calls are under way.
    pub(super) held: bool,
}

impl Station {
    /// `None` for what has no servers.
    pub(super) fn of(node: &PlanNode, hosts: &[PlanHost]) -> Option<Self> {
        let (servers, queue, law) = match &node.kind {
            NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::Monitoring(_) => return None,
            NodeKind::Cdn(spec) => (spec.workers, spec.queue, &spec.service_time),
            NodeKind::LoadBalancer(spec) => (spec.cores, spec.queue, &spec.service_time),
            NodeKind::Cache(spec) => (spec.workers, spec.queue, &spec.service_time),
            NodeKind::Queue(spec) => (spec.workers, spec.queue, &spec.service_time),
            NodeKind::Database(spec) => (spec.connections, spec.queue, &spec.read_time),
            NodeKind::ObjectStore(spec) => (spec.concurrency, 0, &spec.service_time),
            NodeKind::External(spec) => (spec.concurrency, 0, &spec.service_time),
            NodeKind::Service(spec) => (spec.work.workers, spec.work.queue, &spec.work.service_time),
            NodeKind::Workers(spec) => (spec.work.workers, ENDLESS, &spec.work.service_time),
        };
        let host = node.host.map(|host| &hosts[usize::from(host)]);
        let work = work(&node.kind);
        let speed = work.map_or(1.0, |work| work.speed) * host.map_or(1.0, |host| host.speed);
        let read = Length::of(law).faster(speed);
        let write = match &node.kind {
            NodeKind::Database(spec) => Length::of(&spec.write_time).faster(speed),
            _ => read,
        };
        let own = work.map(|work| work.cores).filter(|&cores| cores > 0);
        Some(Self {
            instances: node.kind.instances(),
            servers,
            queue,
            patience: work.and_then(|work| work.patience.as_ref()).map(|law| law.mean().as_secs()),
            read,
            write,
            pause: work.map(|work| Length::of(&work.pause)).unwrap_or_default(),
            cores: host.map(|host| host.cores).or(own),
            held: matches!(node.kind, NodeKind::Service(_) | NodeKind::Workers(_) | NodeKind::Database(_)),
        })
    }

    /// How much longer its own work takes than on an idle core, when `load` cores of an instance are asked for: processor
    /// sharing, by the response of M/M/c over its service time.
    pub(super) fn stretch(&self, load: f64) -> f64 {
        let Some(cores) = self.cores else { return 1.0 };
        super::formula::Mmc::new(load, 1.0, cores)
            .map_or(if load > 0.0 { f64::INFINITY } else { 1.0 }, |shared| shared.response())
    }
}

fn work(kind: &NodeKind) -> Option<&Work> {
    match kind {
        NodeKind::Service(spec) => Some(&spec.work),
        NodeKind::Workers(spec) => Some(&spec.work),
        _ => None,
    }
}
