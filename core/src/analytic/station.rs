//! What each kind of node is to a formula: a number of alike stations, each with servers, a queue and a law of time.
//!
//! A new kind is an arm here; how its calls are made is a [`super::wiring::Role`].
use super::length::Length;
use crate::topology::NodeKind;

/// A node's stations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Station {
    /// How many.
    pub(super) instances: u16,
    /// Servers of each.
    pub(super) servers: u32,
    /// How many may wait at each.
    pub(super) queue: u32,
    /// Its own time for a read, and for whatever is no write.
    pub(super) read: Length,
    /// Its own time for a write.
    pub(super) write: Length,
    /// Whether a server is held while the node's own calls are under way.
    pub(super) held: bool,
}

impl Station {
    /// `None` for what has no servers.
    pub(super) fn of(kind: &NodeKind) -> Option<Self> {
        let (servers, queue, law, held) = match kind {
            NodeKind::Clients(_) => return None,
            NodeKind::LoadBalancer(node) => (node.cores, node.queue, &node.service_time, false),
            NodeKind::Service(node) => (node.workers, node.queue, &node.service_time, true),
            NodeKind::Cache(node) => (node.workers, node.queue, &node.service_time, false),
            NodeKind::Database(node) => (node.connections, node.queue, &node.read_time, true),
        };
        let read = Length::of(law);
        let write = if let NodeKind::Database(node) = kind { Length::of(&node.write_time) } else { read };
        Some(Self { instances: kind.instances(), servers, queue, read, write, held })
    }
}
