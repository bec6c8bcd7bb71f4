//! A checked document: every reference resolved, every number in range. Only [`super::check`] makes one.
use crate::component::Sharding;
use crate::component::balance::Policy;
use crate::dist::Law;
use crate::id::{EdgeIndex, NodeIndex};
use crate::time::Span;
use crate::workload::{Arrivals, Class};

/// What a document says, checked. Nothing after it can fail because of the document.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the design is called.
    pub name: String,
    /// The nodes, in the document's order.
    pub nodes: Vec<PlanNode>,
    /// The edges, in the document's order.
    pub edges: Vec<PlanEdge>,
    /// The classes of requests, in the document's order; at least one.
    pub classes: Vec<Class>,
    /// When requests arrive, all clients together.
    pub arrivals: Arrivals,
}

/// A node.
#[derive(Clone, Debug)]
pub struct PlanNode {
    /// Its id in the document.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// What it is.
    pub kind: NodeKind,
    /// The edges that leave it, in the document's order.
    pub out: Vec<EdgeIndex>,
}

/// An edge.
#[derive(Clone, Copy, Debug)]
pub struct PlanEdge {
    /// Who calls.
    pub from: NodeIndex,
    /// Who is called.
    pub to: NodeIndex,
    /// How long the network takes one way.
    pub latency: Span,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Sends requests.
    Clients(ClientsNode),
    /// Spreads them.
    LoadBalancer(LoadBalancerNode),
    /// Works on them.
    Service(ServiceNode),
    /// Remembers.
    Cache(CacheNode),
    /// Keeps the data.
    Database(DatabaseNode),
}

/// Clients. See `clients` in [`super::catalog::KINDS`] for the meaning of each field, here and below.
#[derive(Clone, Debug)]
pub struct ClientsNode {
    /// Its part of the arrival rate, in (0, 1].
    pub share: f64,
    /// How long a user waits.
    pub timeout: Span,
}

/// A load balancer.
#[derive(Clone, Debug)]
pub struct LoadBalancerNode {
    /// How an instance is picked.
    pub policy: Policy,
    /// How many balancers there are, ≥ 1.
    pub instances: u16,
    /// Cores of each, ≥ 1.
    pub cores: u32,
    /// How long a core is taken by a request.
    pub service_time: Law,
    /// How many may wait at each.
    pub queue: u32,
    /// How often each target is probed, > 0.
    pub check_interval: Span,
    /// Failed probes in a row until a target is left out, ≥ 1.
    pub fall: u32,
    /// Passed probes in a row until it is back, ≥ 1.
    pub rise: u32,
}

/// A service.
#[derive(Clone, Debug)]
pub struct ServiceNode {
    /// How many there are, ≥ 1.
    pub instances: u16,
    /// Workers of each, ≥ 1.
    pub workers: u32,
    /// Its own time for a request.
    pub service_time: Law,
    /// How many may wait at each.
    pub queue: u32,
}

/// A cache.
#[derive(Clone, Debug)]
pub struct CacheNode {
    /// How many there are, ≥ 1; keys are spread over them on a ring.
    pub instances: u16,
    /// Entries of each, ≥ 1.
    pub capacity: u32,
    /// How long an entry is good, > 0.
    pub ttl: Span,
    /// Workers of each, ≥ 1.
    pub workers: u32,
    /// How long a worker is taken by a lookup.
    pub service_time: Law,
    /// How many may wait at each.
    pub queue: u32,
}

/// A database.
#[derive(Clone, Debug)]
pub struct DatabaseNode {
    /// How many shards, ≥ 1.
    pub shards: u16,
    /// How a key finds its shard.
    pub sharding: Sharding,
    /// How many queries each works on at once, ≥ 1.
    pub connections: u32,
    /// How long a read takes.
    pub read_time: Law,
    /// How long a write takes.
    pub write_time: Law,
    /// How many may wait at each.
    pub queue: u32,
}

impl Plan {
    /// The node at this index.
    pub fn node(&self, index: NodeIndex) -> &PlanNode {
        &self.nodes[index.index()]
    }

    /// The edge at this index.
    pub fn edge(&self, index: EdgeIndex) -> &PlanEdge {
        &self.edges[index.index()]
    }

    /// The index of the node of this id.
    pub fn find(&self, id: &str) -> Option<NodeIndex> {
        let place = self.nodes.iter().position(|node| node.id == id)?;
        Some(NodeIndex(u16::try_from(place).expect("check bounds the number of nodes")))
    }

    /// The nodes that `node` calls, in the document's order.
    pub fn callees(&self, node: NodeIndex) -> impl Iterator<Item = NodeIndex> + '_ {
        self.node(node).out.iter().map(|&edge| self.edge(edge).to)
    }
}

impl NodeKind {
    /// The name of its kind in the catalog.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Clients(_) => "clients",
            Self::LoadBalancer(_) => "load_balancer",
            Self::Service(_) => "service",
            Self::Cache(_) => "cache",
            Self::Database(_) => "database",
        }
    }

    /// How many instances it has, ≥ 1.
    pub const fn instances(&self) -> u16 {
        match self {
            Self::Clients(_) => 1,
            Self::LoadBalancer(node) => node.instances,
            Self::Service(node) => node.instances,
            Self::Cache(node) => node.instances,
            Self::Database(node) => node.shards,
        }
    }
}
