//! What the agent tells a process that is up, besides requests: faults, and who is primary now.
use super::key_map::Growth;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Where a process hears it, by POST.
pub(super) const CONTROL: &str = "/__control";
/// In which header the agent shows that it is the one who started this process.
pub(super) const NONCE: &str = "loadpath-nonce";
/// Where a server of a database hears from its primary, by POST.
pub(super) const LOG: &str = "/__log";

/// An order to a process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Control {
    /// The instances of a node are elsewhere from now on.
    Moved {
        /// The node's id.
        node: String,
        /// Where each instance is; none for those that get nothing new.
        addresses: Vec<Option<SocketAddr>>,
    },
    /// Work takes so many times longer from now on.
    Slow {
        /// How many times.
        factor: f64,
    },
    /// Forget everything.
    Flush,
    /// Say to health checks that nothing new should come.
    Drain,
    /// Packets to this node are lost from now on, or pass again.
    Cut {
        /// The caller's id: one process stands for all clients.
        from: String,
        /// The callee's id.
        to: String,
        /// Whether they are lost.
        cut: bool,
    },
    /// Another server takes the writes of a shard.
    Primary {
        /// The database's id.
        node: String,
        /// Which shard.
        shard: u16,
        /// Which of its members.
        member: u16,
    },
    /// A database has a shard more, to which keys move.
    Grow {
        /// The database's id.
        node: String,
        /// How.
        growth: Growth,
        /// Where all of its servers are, shard by shard.
        addresses: Vec<SocketAddr>,
    },
    /// To a server of a database: where all of its servers are, shard by shard.
    Servers {
        /// Their addresses.
        addresses: Vec<SocketAddr>,
    },
    /// To a server of a database: how far its log has come? Answered with a [`Place`].
    Tell,
    /// To a server of a database: take writes, in the term after this one.
    Promote {
        /// The term that ends.
        term: u64,
    },
    /// To a primary: take no more writes. Answered with a [`Place`].
    StepDown,
}

/// How far a server of a database has come with its log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// How many promotions it knows of.
    pub(super) term: u64,
    /// How many writes it has heard of.
    pub(super) head: u64,
    /// How many of them it has.
    pub(super) applied: u64,
}
