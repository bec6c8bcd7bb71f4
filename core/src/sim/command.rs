//! What can be done to a running simulation.
use serde::{Deserialize, Serialize};
use std::fmt;

/// A change to a running simulation, at its present instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// An instance dies: what it worked on fails, what it remembered is gone.
    Kill {
        /// The node's id.
        node: String,
        /// Which instance, counted from zero.
        instance: u16,
    },
    /// A dead instance starts again, empty.
    Restore {
        /// The node's id.
        node: String,
        /// Which instance, counted from zero.
        instance: u16,
    },
    /// All clients together send at this rate from now on, per second.
    SetRate {
        /// Per second, above zero and at most ten million.
        rate: f64,
    },
}

/// Why a command was not carried out. The simulation is as before.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandFault {
    /// There is no node of this id.
    NoSuchNode(String),
    /// The node has fewer instances than that.
    NoSuchInstance(String, u16),
    /// Clients have no instances that could die.
    NotAnInstance(String),
    /// A rate must be above zero and at most ten million per second.
    BadRate(f64),
}

impl fmt::Display for CommandFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchNode(id) => write!(f, "there is no node \"{id}\" in this design"),
            Self::NoSuchInstance(id, instance) => {
                write!(f, "node \"{id}\" has no instance {}", u32::from(*instance) + 1)
            }
            Self::NotAnInstance(id) => write!(f, "node \"{id}\" has no instances that could be killed"),
            Self::BadRate(rate) => {
                write!(f, "{rate} per second is not a rate above zero and up to ten million")
            }
        }
    }
}

impl std::error::Error for CommandFault {}
