//! A checked document: every reference resolved, every number in range. Only [`super::check`] makes one.
use super::kind::{NodeKind, Reliability};
use crate::component::resilience::Jitter;
use crate::dist::Law;
use crate::id::{EdgeIndex, NodeIndex};
use crate::time::{Span, Time};
use crate::workload::{Arrivals, Class};

/// What a document says, checked. Nothing after it can fail because of the document.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the design is called.
    pub name: String,
    /// The zones, in the document's order.
    pub zones: Vec<PlanZone>,
    /// How long the network takes one way from each zone to each, row by row.
    pub(super) one_way: Vec<Span>,
    /// The hosts, in the document's order.
    pub hosts: Vec<PlanHost>,
    /// The nodes, in the document's order.
    pub nodes: Vec<PlanNode>,
    /// The edges, in the document's order.
    pub edges: Vec<PlanEdge>,
    /// The classes of requests, in the document's order; at least one.
    pub classes: Vec<Class>,
    /// When requests arrive, all clients together, in an open loop.
    pub arrivals: Arrivals,
    /// How many users there are, ≥ 1.
    pub users: u32,
    /// How long a user thinks, in a closed loop; none in an open one.
    pub think_time: Option<Law>,
    /// What happens when, in order of time.
    pub timeline: Vec<(Time, Action)>,
    /// What it is meant to hold.
    pub objectives: Objectives,
    /// What things cost.
    pub prices: Prices,
    /// How often anyone looks; none without monitoring.
    pub monitoring: Option<Span>,
}

/// A zone.
#[derive(Clone, Debug)]
pub struct PlanZone {
    /// Its id in the document.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// Degrees north and east.
    pub position: (f64, f64),
}

/// A machine.
#[derive(Clone, Debug)]
pub struct PlanHost {
    /// Its id in the document.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// Cores that the nodes on it share, ≥ 1.
    pub cores: u32,
    /// How fast they are, > 0.
    pub speed: f64,
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
    /// How its instances fail by themselves; none where they do not.
    pub reliability: Option<Reliability>,
    /// Its zone's place in the plan's list.
    pub zone: Option<u16>,
    /// Its host's place in the plan's list.
    pub host: Option<u16>,
    /// The edges that leave it, in the document's order.
    pub out: Vec<EdgeIndex>,
}

/// An edge. See [`super::catalog::EDGE`] for the meaning of each field.
#[derive(Clone, Debug)]
pub struct PlanEdge {
    /// Who calls.
    pub from: NodeIndex,
    /// Who is called.
    pub to: NodeIndex,
    /// How long the network takes one way, the way between the zones included.
    pub latency: Span,
    /// Which classes pass: bit `i` for class `i`.
    pub classes: u64,
    /// Mean calls per request, in [0, 100].
    pub calls: f64,
    /// Whether the caller waits.
    pub mode: Mode,
    /// Open calls of each of the caller's instances at most.
    pub connections: Option<u32>,
    /// How long the caller waits.
    pub timeout: Option<Span>,
    /// How often a call that failed is sent again.
    pub retries: u32,
    /// The wait before the first retry; it doubles.
    pub backoff: Span,
    /// How chance spreads it.
    pub jitter: Jitter,
    /// Retries as a share of calls at most.
    pub retry_budget: Option<f64>,
    /// The share of failures at which calls stop, in (0, 1], and for how long.
    pub breaker: Option<(f64, Span)>,
    /// How long until a second call is made.
    pub hedge_after: Option<Span>,
    /// After which quantile of the response times it is made, in (0, 1).
    pub hedge_at: Option<f64>,
    /// How many second calls there are for a call at most, in [0, 1]; at 1 there is no bound.
    pub hedge_budget: f64,
    /// Its share where callees are weighted, ≥ 1.
    pub weight: u32,
    /// Which topics pass.
    pub binding: String,
}

/// Whether a caller waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// For one call after the other.
    Sequential,
    /// For several at once.
    Parallel,
    /// For none.
    Asynchronous,
}

/// What happens on a timeline. An instance of `None` is all of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Instances die.
    Kill(NodeIndex, Option<u16>),
    /// Dead instances start again.
    Restore(NodeIndex, Option<u16>),
    /// Instances work so many times more slowly.
    Slow(NodeIndex, Option<u16>, f64),
    /// All clients together send at this rate, per second.
    SetRate(f64),
    /// A cache forgets everything.
    Flush(NodeIndex),
    /// No packet passes between a zone and another, or all others.
    Partition(u16, Option<u16>),
    /// Packets pass again.
    Heal(u16, Option<u16>),
    /// No packet passes by an edge.
    Cut(EdgeIndex),
    /// Packets pass by it again.
    Join(EdgeIndex),
    /// Every instance in a zone dies.
    LoseZone(u16),
    /// Every instance in a zone starts again.
    RestoreZone(u16),
    /// The most advanced replica of a shard becomes its primary.
    Promote(NodeIndex, u16),
    /// A database gets another shard; so many keys move per second.
    AddShard(NodeIndex, f64),
    /// Instances are restarted one after the other, each down for so long.
    Deploy(NodeIndex, Span),
}

/// What a design is meant to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Objectives {
    /// The longest 99th percentile.
    pub p99: Option<Span>,
    /// The largest share of requests that do not end well, in [0, 1].
    pub error_share: Option<f64>,
    /// The least availability, in [0, 1].
    pub availability: Option<f64>,
    /// The most dollars a month.
    pub cost: Option<f64>,
}

/// Dollars. See [`super::catalog::PRICES`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// For a core for an hour.
    pub core_hour: f64,
    /// For a GiB of cache for an hour.
    pub cache_gib_hour: f64,
    /// For a core of a managed database for an hour.
    pub database_core_hour: f64,
    /// For a GiB of disk for a month.
    pub storage_gib_month: f64,
    /// For a GiB that leaves to users.
    pub egress_gib: f64,
    /// For a GiB that a CDN delivers.
    pub cdn_gib: f64,
    /// For a GiB between zones.
    pub zone_gib: f64,
    /// For a million requests to managed parts.
    pub million_requests: f64,
    /// For a load balancer for an hour.
    pub balancer_hour: f64,
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

    /// The edges that lead to `node`, in the document's order.
    pub fn into(&self, node: NodeIndex) -> impl Iterator<Item = EdgeIndex> + '_ {
        let edges = self.edges.iter().enumerate().filter(move |(_, edge)| edge.to == node);
        edges.map(|(i, _)| EdgeIndex(i as u16))
    }

    /// The users of a clients node: all users, cut by the nodes' shares. Each node has at least one, and none is another's.
    pub fn users_of(&self, clients: NodeIndex) -> std::ops::Range<u32> {
        let (mut share, mut users) = (0.0, 0..0);
        for node in &self.nodes[..=clients.index()] {
            if let NodeKind::Clients(clients) = &node.kind {
                share += clients.share;
                let end = (share * f64::from(self.users)).round() as u32;
                users = users.end..end.max(users.end + 1);
            }
        }
        users
    }

    /// The ways that clients take when DNS has told them an address, each with the edge from DNS to it, clients by clients:
    /// DNS only tells, so that requests go from the clients' zone and not from where DNS stands.
    pub fn resolved_ways(&self) -> impl Iterator<Item = (NodeIndex, EdgeIndex)> + '_ {
        let is = |node: NodeIndex, wanted: fn(&NodeKind) -> bool| wanted(&self.node(node).kind);
        let asked = self.edges.iter().filter(move |edge| {
            is(edge.from, |kind| matches!(kind, NodeKind::Clients(_)))
                && is(edge.to, |kind| matches!(kind, NodeKind::Dns(_)))
        });
        asked.flat_map(|edge| self.node(edge.to).out.iter().map(|&way| (edge.from, way)))
    }

    /// How long the network takes one way from clients to an address that an edge from DNS leads to.
    pub fn resolved_latency(&self, clients: NodeIndex, edge: EdgeIndex) -> Span {
        let edge = self.edge(edge);
        let to = self.node(edge.to).zone;
        let own = edge.latency.0 - self.one_way(self.node(edge.from).zone, to).0;
        Span(own) + self.one_way(self.node(clients).zone, to)
    }

    /// How long the network takes one way between two zones; zero within one, or where a node stands in none.
    pub fn one_way(&self, from: Option<u16>, to: Option<u16>) -> Span {
        match (from, to) {
            (Some(from), Some(to)) => self.one_way[usize::from(from) * self.zones.len() + usize::from(to)],
            _ => Span::ZERO,
        }
    }
}

impl PlanEdge {
    /// Whether requests of this class pass by it.
    pub const fn passes(&self, class: u16) -> bool {
        self.classes >> class & 1 == 1
    }

    /// Whether a call by it is more than sent and answered: a timeout, a retry, a hedge, a pool or a breaker.
    pub const fn has_policy(&self) -> bool {
        self.timeout.is_some()
            || self.retries > 0
            || self.hedge_after.is_some()
            || self.hedge_at.is_some()
            || self.connections.is_some()
            || self.breaker.is_some()
    }
}
