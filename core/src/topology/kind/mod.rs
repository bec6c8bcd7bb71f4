//! The kinds of node: one file for each, with its row of the catalog, what a checked node of it holds, and how that is read.
pub(crate) mod cache;
pub(crate) mod cdn;
pub(crate) mod clients;
pub(crate) mod database;
pub(crate) mod dns;
mod engine;
pub(crate) mod external;
pub(crate) mod load_balancer;
pub(crate) mod monitoring;
pub(crate) mod object_store;
pub(crate) mod queue;
mod reliability;
mod rows;
pub(crate) mod service;
mod work;
pub(crate) mod workers;

pub use cache::{CacheNode, Writes};
pub use cdn::CdnNode;
pub use clients::ClientsNode;
pub use database::{DatabaseNode, Reads, Replication};
pub use dns::{DnsNode, DnsPolicy};
pub use engine::Engine;
pub use external::ExternalNode;
pub use load_balancer::LoadBalancerNode;
pub use monitoring::MonitoringNode;
pub use object_store::ObjectStoreNode;
pub use queue::{QueueMode, QueueNode};
pub use reliability::Reliability;
pub use service::ServiceNode;
pub use work::{Autoscaling, ScaleBy, Work};
pub use workers::WorkersNode;

use super::reader::Reader;
use crate::component::Sharding;
use crate::component::balance::Policy;
use crate::component::cache::Eviction;
use crate::component::queue::Discipline;
use crate::time::Span;

/// In the order of the choices in their rows; so for those below.
const EVICTIONS: [Eviction; 7] = [
    Eviction::Lru,
    Eviction::Lfu,
    Eviction::Fifo,
    Eviction::Clock,
    Eviction::Sieve,
    Eviction::S3Fifo,
    Eviction::TinyLfu,
];
const POLICIES: [Policy; 12] = [
    Policy::RoundRobin,
    Policy::LeastConnections,
    Policy::PowerOfTwo,
    Policy::HashRing,
    Policy::Weighted,
    Policy::Random,
    Policy::PeakEwma,
    Policy::IpHash,
    Policy::BoundedLoad,
    Policy::Maglev,
    Policy::Rendezvous,
    Policy::Jump,
];
/// CoDel's constants are those of RFC 8289, section 4: 5 ms and 100 ms.
const DISCIPLINES: [Discipline; 4] = [
    Discipline::Fifo,
    Discipline::Lifo,
    Discipline::Priority,
    Discipline::CoDel { target: Span::from_millis(5), interval: Span::from_millis(100) },
];
const SHARDINGS: [Sharding; 4] = [Sharding::Modulo, Sharding::Ring, Sharding::Range, Sharding::Directory];

/// What a node is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Sends requests.
    Clients(ClientsNode),
    /// Says whom clients call.
    Dns(DnsNode),
    /// Keeps files near the users.
    Cdn(CdnNode),
    /// Spreads requests.
    LoadBalancer(LoadBalancerNode),
    /// Works on them.
    Service(ServiceNode),
    /// Keeps work for later.
    Queue(QueueNode),
    /// Does it.
    Workers(WorkersNode),
    /// Remembers.
    Cache(CacheNode),
    /// Keeps the data.
    Database(DatabaseNode),
    /// Keeps files.
    ObjectStore(ObjectStoreNode),
    /// A third party.
    External(ExternalNode),
    /// Watches.
    Monitoring(MonitoringNode),
}

impl NodeKind {
    /// Reads the parameters of a node of the kind called `name`.
    pub(super) fn read(name: &str, r: &mut Reader) -> Self {
        match name {
            "clients" => Self::Clients(ClientsNode::read(r)),
            "dns" => Self::Dns(DnsNode::read(r)),
            "cdn" => Self::Cdn(CdnNode::read(r)),
            "load_balancer" => Self::LoadBalancer(LoadBalancerNode::read(r)),
            "service" => Self::Service(ServiceNode::read(r)),
            "queue" => Self::Queue(QueueNode::read(r)),
            "workers" => Self::Workers(WorkersNode::read(r)),
            "cache" => Self::Cache(CacheNode::read(r)),
            "database" => Self::Database(DatabaseNode::read(r)),
            "object_store" => Self::ObjectStore(ObjectStoreNode::read(r)),
            "external" => Self::External(ExternalNode::read(r)),
            "monitoring" => Self::Monitoring(MonitoringNode::read(r)),
            other => unreachable!("{other} is in the catalog but is not read"),
        }
    }

    /// The name of its kind in the catalog.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Clients(_) => "clients",
            Self::Dns(_) => "dns",
            Self::Cdn(_) => "cdn",
            Self::LoadBalancer(_) => "load_balancer",
            Self::Service(_) => "service",
            Self::Queue(_) => "queue",
            Self::Workers(_) => "workers",
            Self::Cache(_) => "cache",
            Self::Database(_) => "database",
            Self::ObjectStore(_) => "object_store",
            Self::External(_) => "external",
            Self::Monitoring(_) => "monitoring",
        }
    }

    /// How many instances it has at the start, ≥ 1. A database's stand shard by shard, the primary first.
    pub const fn instances(&self) -> u16 {
        match self {
            Self::Cdn(node) => node.instances,
            Self::LoadBalancer(node) => node.instances,
            Self::Service(node) => node.instances,
            Self::Workers(node) => node.instances,
            Self::Cache(node) => node.instances,
            Self::Database(node) => node.shards * node.copies(),
            Self::Clients(_)
            | Self::Dns(_)
            | Self::Queue(_)
            | Self::ObjectStore(_)
            | Self::External(_)
            | Self::Monitoring(_) => 1,
        }
    }

    /// Which program it is in a live run.
    pub const fn engine(&self) -> Engine {
        match self {
            Self::LoadBalancer(node) => node.engine,
            Self::Cdn(node) => node.engine,
            Self::Cache(node) => node.engine,
            Self::Database(node) => node.engine,
            Self::Queue(node) => node.engine,
            Self::Clients(_)
            | Self::Dns(_)
            | Self::Service(_)
            | Self::Workers(_)
            | Self::ObjectStore(_)
            | Self::External(_)
            | Self::Monitoring(_) => Engine::Embedded,
        }
    }

    /// How many instances it may come to have.
    pub const fn most_instances(&self) -> u16 {
        let autoscaling = match self {
            Self::Service(node) => &node.autoscaling,
            Self::Workers(node) => &node.autoscaling,
            _ => &None,
        };
        match autoscaling {
            Some(autoscaling) => autoscaling.max,
            None => self.instances(),
        }
    }
}
