//! What can be done to a running simulation.
use serde::{Deserialize, Serialize};
use std::fmt;

/// A change to a running simulation, at its present instant; the agent takes the same words for running processes. Instances and shards are counted from zero; where an instance
/// may be left out, all are meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// An instance dies: what it worked on fails, what it remembered is gone.
    Kill {
        /// The node's id.
        node: String,
        /// Which instance.
        instance: u16,
    },
    /// A dead instance starts again, empty.
    Restore {
        /// The node's id.
        node: String,
        /// Which instance.
        instance: u16,
    },
    /// All clients together send at this rate from now on, per second.
    SetRate {
        /// Per second, above zero and at most ten million.
        rate: f64,
    },
    /// Work takes so many times longer.
    Slow {
        /// The node's id.
        node: String,
        /// Which instance.
        instance: Option<u16>,
        /// How many times, in [0.01, 1000]; 1 mends it.
        factor: f64,
    },
    /// A cache or CDN forgets everything.
    Flush {
        /// The node's id.
        node: String,
    },
    /// No packet passes between a zone and another, or all others.
    Partition {
        /// The zone's id.
        zone: String,
        /// The other's.
        other: Option<String>,
    },
    /// Packets pass again.
    Heal {
        /// The zone's id.
        zone: String,
        /// The other's.
        other: Option<String>,
    },
    /// No packet passes between two nodes by the edge from one to the other.
    Cut {
        /// The caller's id.
        from: String,
        /// The callee's id.
        to: String,
    },
    /// Packets pass by the edge again.
    Join {
        /// The caller's id.
        from: String,
        /// The callee's id.
        to: String,
    },
    /// Every instance in a zone dies.
    LoseZone {
        /// The zone's id.
        zone: String,
    },
    /// Every dead instance in a zone starts again.
    RestoreZone {
        /// The zone's id.
        zone: String,
    },
    /// The most advanced replica of a shard becomes its primary.
    Promote {
        /// The database's id.
        node: String,
        /// Which shard.
        shard: u16,
    },
    /// A database gets another shard.
    AddShard {
        /// The database's id.
        node: String,
        /// Keys moved per second, above zero.
        rate: f64,
    },
    /// Instances are restarted one after the other.
    Deploy {
        /// The node's id.
        node: String,
        /// How long each is down, in nanoseconds.
        pause_ns: u64,
    },
}

/// Why a command was not carried out. The simulation is as before.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandFault {
    /// There is no node of this id.
    NoSuchNode(String),
    /// There is no zone of this id.
    NoSuchZone(String),
    /// The first node does not call the second.
    NoSuchEdge(String, String),
    /// The node has fewer instances than that.
    NoSuchInstance(String, u16),
    /// Such a node has no instances that could die.
    NotAnInstance(String),
    /// A rate must be above zero and at most ten million per second.
    BadRate(f64),
    /// A factor must be between 0.01 and 1000.
    BadFactor(f64),
    /// That does not happen to a node of this kind: the node, and what it should be.
    WrongKind(String, &'static str),
}

impl fmt::Display for CommandFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchNode(id) => write!(f, "there is no node \"{id}\" in this design"),
            Self::NoSuchZone(id) => write!(f, "there is no zone \"{id}\" in this design"),
            Self::NoSuchEdge(from, to) => write!(f, "node \"{from}\" does not call node \"{to}\""),
            Self::NoSuchInstance(id, instance) => {
                write!(f, "node \"{id}\" has no instance {}", u32::from(*instance) + 1)
            }
            Self::NotAnInstance(id) => write!(f, "node \"{id}\" has no instances that could be killed"),
            Self::BadRate(rate) => {
                write!(f, "{rate} per second is not a rate above zero and up to ten million")
            }
            Self::BadFactor(factor) => write!(f, "{factor} is not a factor between 0.01 and 1000"),
            Self::WrongKind(id, wanted) => write!(f, "this happens to {wanted}, and node \"{id}\" is none"),
        }
    }
}

impl std::error::Error for CommandFault {}
