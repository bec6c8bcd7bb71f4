//! What an agent asks of its supervisor and what it hears back: a line of JSON each.
use super::assignment::Assignment;
use serde::{Deserialize, Serialize};

/// Names a process of a deployment for as long as the deployment lives; a restored instance keeps it.
pub(super) type ProcessNumber = u32;

/// What the agent asks. Closing the pipe asks for everything to be taken down.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    /// Start a node's instance.
    Start {
        /// Which process.
        process: ProcessNumber,
        /// The port that it must have, when others know it already.
        port: Option<u16>,
        /// What it is to do.
        assignment: Box<Assignment>,
    },
    /// SIGKILL it.
    Kill {
        /// Which process.
        process: ProcessNumber,
    },
    /// SIGSTOP it, or SIGCONT.
    Hang {
        /// Which process.
        process: ProcessNumber,
        /// Whether it is to stop.
        hangs: bool,
    },
}

/// What the supervisor says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Report {
    /// It has a port and a process id. It need not be ready yet.
    Started {
        /// Which process.
        process: ProcessNumber,
        /// Its process id.
        pid: u32,
        /// Where it listens on loopback.
        port: u16,
        /// Where the agent asks and tells it things: there too, unless it is an engine.
        desk: u16,
    },
    /// It could not be started, or it has ended.
    Ended {
        /// Which process.
        process: ProcessNumber,
        /// How, in words.
        how: String,
        /// The last line that it wrote; empty when it wrote nothing.
        last_words: String,
    },
}
