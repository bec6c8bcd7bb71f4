//! What the page and the agent say to one another, as JSON.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /api/status` | | [`Status`] |
//! | `POST /api/session` | [`CodeExchange`] | [`Session`] |
//! | `GET /api/runs` | | list of [`RunSummary`], newest first |
//! | `POST /api/runs` | [`StartRun`] | [`Started`], 409 while another runs |
//! | `GET /api/runs/{id}` | | [`crate::run::Run`] |
//! | `POST /api/runs/{id}/stop` | | 204 |
//! | `POST /api/runs/{id}/kill` | [`KillInstance`] | 204 |
//! | `POST /api/runs/{id}/restore` | [`KillInstance`] | 204 |
//! | `POST /api/runs/{id}/command` | [`crate::sim::Command`] | 204 when it is done |
//! | `POST /api/runs/{id}/control` | | 204: the others watch from now on |
//! | `GET /api/openapi.json` | | this, for programs |
//! | `GET /api/runs/{id}/events` | | server-sent events, each an [`Event`]; resumes after `Last-Event-ID` |
//!
//! Whatever acts needs `Authorization: Bearer TOKEN`; every refusal is a [`Refusal`].
use crate::run::{Breakdown, ClassRun, Outcomes, Run};
use crate::stats::Histogram;
use crate::time::Span;
use crate::topology::{Fault, Topology};
use serde::{Deserialize, Serialize};

/// What the agent is and does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// The agent's version.
    pub version: String,
    /// The run that is under way.
    pub running: Option<String>,
    /// The most that a run may ask for.
    pub caps: Caps,
}

/// The most that a run may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// Requests per second.
    pub rate: f64,
    /// How long.
    pub duration: Span,
    /// Processes of a design.
    pub processes: usize,
}

/// The one-time code that the agent put into the fragment of the address that it opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CodeExchange {
    /// The code.
    pub code: String,
}

/// The right to act, for as long as the agent runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// To be sent as `Authorization: Bearer TOKEN`.
    pub token: String,
}

/// Bring a design up on loopback, drive it, measure it, take it down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StartRun {
    /// The design. Its workload says what is sent.
    pub document: Topology,
    /// How long load is driven.
    pub duration: Span,
    /// What its chance comes from.
    pub seed: u64,
}

/// A run has been started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Started {
    /// Its id.
    pub id: String,
}

/// An instance of the running design: kill sends SIGKILL to its process, restore starts it again where it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KillInstance {
    /// The node's id.
    pub node: String,
    /// Which instance, counted from zero.
    pub instance: u16,
}

/// A run that is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RunSummary {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// When it was started, in seconds since 1970.
    pub started_unix: u64,
    /// How long it was.
    pub duration: Span,
    /// The planned rate, per second.
    pub offered_rate: f64,
}

/// What happens in a run, as it happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// A new phase has begun.
    Phase {
        /// Which.
        phase: Phase,
        /// In words, with numbers: "3 of 7 processes are ready".
        text: String,
    },
    /// A second of load.
    Interval(Box<Interval>),
    /// The run has ended and is kept.
    Done(Box<Run>),
    /// The run could not go on.
    Failed {
        /// What and what to do.
        error: String,
    },
}

/// The phases of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Processes are being started.
    BringingUp,
    /// Connections are being opened, and requests sent that do not count.
    WarmingUp,
    /// Load is driven and counted.
    Driving,
    /// Processes are being stopped.
    TakingDown,
}

/// What was measured in one interval, about a second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Its number in the run, from zero, without gaps.
    pub number: u64,
    /// When it began, after the start of the load.
    pub start: Span,
    /// How long it was.
    pub length: Span,
    /// How many requests were due in it.
    pub offered: u64,
    /// What the clients saw, a class at a time, in the document's order.
    pub classes: Vec<ClassInterval>,
    /// What callers saw of each node, in the document's order.
    pub nodes: Vec<NodeInterval>,
    /// From the planned to the actual send.
    pub send_delay: Histogram,
    /// How long the connections took to open that were opened in it; in the first, those before the load too.
    #[serde(default, skip_serializing_if = "Histogram::is_empty")]
    pub connect: Histogram,
}

/// A class in an interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClassInterval {
    /// Its name.
    pub name: String,
    /// How its requests ended.
    pub outcomes: Outcomes,
    /// From the planned send.
    pub response: Histogram,
    /// From the actual send.
    pub service: Histogram,
    /// What these two do not tell.
    #[serde(default, skip_serializing_if = "Breakdown::is_empty")]
    pub breakdown: Breakdown,
}

impl ClassInterval {
    /// Adds another of the same class.
    pub fn merge(&mut self, other: &Self) {
        self.outcomes.merge(&other.outcomes);
        self.response.merge(&other.response);
        self.service.merge(&other.service);
        self.breakdown.merge(&other.breakdown);
    }

    /// Adds it to the class of a run.
    pub fn add_to(&self, run: &mut ClassRun) {
        run.outcomes.merge(&self.outcomes);
        run.response.merge(&self.response);
        run.service.merge(&self.service);
        run.breakdown.merge(&self.breakdown);
    }
}

/// A node in an interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NodeInterval {
    /// Its id.
    pub id: String,
    /// How calls to it ended.
    pub outcomes: Outcomes,
    /// From its caller's send to its answer.
    pub response: Histogram,
    /// The part of it that was spent in the node's queue.
    pub wait: Histogram,
    /// The share of its workers' time that was taken, in [0, 1].
    pub utilization: Option<f64>,
    /// The share of lookups answered from memory, in [0, 1].
    pub hit_ratio: Option<f64>,
    /// Which instances answer.
    pub up: Vec<bool>,
}

/// Why the agent did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// What is wrong and what to do: one sentence.
    pub error: String,
    /// The faults of the document, when that is what is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}
