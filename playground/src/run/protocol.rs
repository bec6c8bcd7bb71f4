//! What the page and the simulation's worker say to one another, as JSON.
use super::figures::{Figures, Subject};
use super::study::{Studied, Study};
use loadpath_core::advise::Finding;
use loadpath_core::run::Run;
use loadpath_core::sim::{Command, Snapshot};
use loadpath_core::time::Span;
use loadpath_core::topology::Topology;
use serde::{Deserialize, Serialize};

/// The seed of the page's simulations: the same design shows the same numbers to everyone who opens it.
pub const SEED: u64 = 1;

/// How much is run before anything counts: long enough for queues and caches to fill.
pub const WARM_UP: Span = Span(5_000_000_000);

/// From the page to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToWorker {
    /// Start over with this design.
    Load {
        /// The number of this load; what the worker says about it carries the number.
        load: u32,
        /// The design, without faults.
        document: Box<Topology>,
        /// Where chance comes from.
        seed: u64,
        /// How much simulated time is run, as fast as it goes, before anything counts.
        warm_up: Span,
    },
    /// Forget the design: there is nothing to simulate.
    Unload,
    /// Act on the running simulation.
    Command(Command),
    /// The last snapshot was taken in, and drawn.
    Seen,
    /// Count anew: what is shown is about the system as it is from now on.
    Reset,
    /// Tell the whole run so far.
    Report,
    /// From now on, this many simulated seconds per second; zero pauses.
    Speed(f64),
    /// Tell the figures of this, once a second.
    Watch(Subject),
    /// Answer this question.
    Study {
        /// The answer carries it.
        number: u32,
        /// The question.
        study: Box<Study>,
    },
}

/// From the worker to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromWorker {
    /// The simulation at an instant.
    Snapshot {
        /// Of which load.
        load: u32,
        /// The instant.
        snapshot: Box<Snapshot>,
        /// Simulated seconds per second that were reached lately.
        pace: f64,
    },
    /// The figures of what is watched, once something of it was answered.
    Figures {
        /// Of which load.
        load: u32,
        /// The figures.
        figures: Box<Figures>,
    },
    /// The run so far.
    Report {
        /// Of which load.
        load: u32,
        /// The run.
        run: Box<Run>,
    },
    /// What the run so far does not hold of the design's objectives.
    Findings {
        /// Of which load.
        load: u32,
        /// What was found.
        findings: Vec<Finding>,
    },
    /// The answer to a question.
    Studied {
        /// The question's number.
        number: u32,
        /// The answer.
        studied: Box<Studied>,
    },
    /// What was asked could not be done.
    Refused {
        /// Why: one sentence.
        error: String,
    },
}
