//! A [`Run`]: what a simulation, a formula and a measurement all yield, so that any two can be laid side by side.
mod breakdown;
mod figure;

pub use breakdown::Breakdown;
pub use figure::{Figure, Figures, Reading};

use crate::hash::{self, Digest};
use crate::stats::{Estimate, Histogram, Levels, Precision};
use crate::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The version of the run file that this code writes and reads.
pub const RUN_VERSION: u32 = 1;

/// How requests ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Outcomes {
    /// Answered in time and rightly.
    pub ok: u64,
    /// Turned away: a full queue, a closed port, no healthy instance.
    pub refused: u64,
    /// Broken: the instance died, the connection was reset, an error was answered.
    pub failed: u64,
    /// The client had given up before the answer.
    pub timed_out: u64,
}

/// How one request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered in time and rightly.
    Ok,
    /// Turned away.
    Refused,
    /// Broken.
    Failed,
    /// Given up.
    TimedOut,
}

impl Outcomes {
    /// Counts one.
    pub fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Ok => self.ok += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::TimedOut => self.timed_out += 1,
        }
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: &Self) {
        self.ok += other.ok;
        self.refused += other.refused;
        self.failed += other.failed;
        self.timed_out += other.timed_out;
    }

    /// All that ended.
    pub const fn total(&self) -> u64 {
        self.ok + self.errors()
    }

    /// All that did not end well.
    pub const fn errors(&self) -> u64 {
        self.refused + self.failed + self.timed_out
    }

    /// The share that did not end well, in [0, 1]; zero when nothing ended.
    pub fn error_share(&self) -> f64 {
        if self.total() == 0 { 0.0 } else { self.errors() as f64 / self.total() as f64 }
    }
}

/// Where a run comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// The simulator.
    Simulated {
        /// What its chance came from.
        seed: u64,
    },
    /// A load test.
    Measured {
        /// What was aimed at: an address, or "embedded" for a design brought up on loopback.
        target: String,
        /// The agent and its version.
        by: String,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulated { seed } => write!(f, "simulated, seed {seed}"),
            Self::Measured { target, by } => write!(f, "measured on {target} by {by}"),
        }
    }
}

/// What was seen of one class of requests by the clients that sent them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClassRun {
    /// The class's name in the document, or the path of a plain target.
    pub name: String,
    /// How its requests ended.
    pub outcomes: Outcomes,
    /// From the *planned* send to the whole answer, or to giving up: what a user waits.
    pub response: Histogram,
    /// From the *actual* send to the whole answer. In a simulation the two are the same.
    pub service: Histogram,
    /// What these two do not tell.
    #[serde(default, skip_serializing_if = "Breakdown::is_empty")]
    pub breakdown: Breakdown,
    /// The mean of `response` in seconds, with its 95 % interval, when the run is long enough to know.
    pub mean: Option<Estimate>,
    /// The 99th percentile of `response` in seconds, with its 95 % interval, when the run is long enough to know.
    pub p99: Option<Estimate>,
    /// Every figure that is told of it, with its interval.
    #[serde(default, skip_serializing_if = "Figures::is_empty")]
    pub figures: Figures,
}

impl ClassRun {
    /// Of a class of which nothing has been seen.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            outcomes: Outcomes::default(),
            response: Histogram::new(Precision::Fine),
            service: Histogram::new(Precision::Fine),
            breakdown: Breakdown::default(),
            mean: None,
            p99: None,
            figures: Figures::new(),
        }
    }

    /// Adds the counts of others of the class. Its intervals of confidence stay as they are.
    pub fn merge(&mut self, other: &Self) {
        self.outcomes.merge(&other.outcomes);
        self.response.merge(&other.response);
        self.service.merge(&other.service);
        self.breakdown.merge(&other.breakdown);
    }
}

/// What was seen of one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NodeRun {
    /// The node's id in the document.
    pub id: String,
    /// How the calls to it ended, as its caller saw them.
    pub outcomes: Outcomes,
    /// From the caller's send to its answer, network included.
    pub response: Histogram,
    /// The part of `response` that was spent in the node's queue.
    pub wait: Histogram,
    /// The share of its workers' time that was taken, in [0, 1]; none for what has no workers, or was not measured.
    pub utilization: Option<f64>,
    /// The share of lookups that were answered from memory, in [0, 1]; none for what is not a cache.
    pub hit_ratio: Option<f64>,
    /// The mean of `wait` in seconds, not rounded to its buckets; none where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_wait: Option<f64>,
    /// How many of its calls waited in the queue at all; none where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited: Option<u64>,
    /// How long an instance had how many calls, sent to it and not answered yet: of all instances together. Empty where
    /// nobody looked.
    #[serde(default, skip_serializing_if = "Levels::is_empty")]
    pub in_flight: Levels,
    /// How long how many of its instances served. Empty where nobody looked.
    #[serde(default, skip_serializing_if = "Levels::is_empty")]
    pub up: Levels,
    /// What else was counted, by name: retries, stale reads, lost writes and the like; what did not happen is left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counters: BTreeMap<String, u64>,
    /// Every figure that is told of it, with its interval.
    #[serde(default, skip_serializing_if = "Figures::is_empty")]
    pub figures: Figures,
}

impl NodeRun {
    /// Of a node of which nothing has been seen.
    pub fn named(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            outcomes: Outcomes::default(),
            response: Histogram::new(Precision::Coarse),
            wait: Histogram::new(Precision::Coarse),
            utilization: None,
            hit_ratio: None,
            mean_wait: None,
            waited: None,
            in_flight: Levels::default(),
            up: Levels::default(),
            counters: BTreeMap::new(),
            figures: Figures::new(),
        }
    }
}

/// What was seen of one edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EdgeRun {
    /// The id of the node that calls.
    pub from: String,
    /// The id of the node that is called.
    pub to: String,
    /// Calls that were sent by it, retries and hedges included.
    pub calls: u64,
    /// Calls per second.
    pub rate: Reading,
}

/// One second of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Second {
    /// How the requests that ended in it ended.
    pub outcomes: Outcomes,
    /// How many requests were due in it.
    pub offered: u64,
    /// The 99th percentile of their response, in nanoseconds.
    pub p99_ns: u64,
}

/// The record of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The version of this format; see [`RUN_VERSION`].
    pub loadpath_run: u32,
    /// What the run is called.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// When it was started, in seconds since 1970; zero in a simulation, which has no date.
    pub started_unix: u64,
    /// The planned arrival rate, per second.
    pub offered_rate: f64,
    /// How much of the run was counted, after warm-up.
    pub duration: Span,
    /// How much was cut at the start.
    pub warm_up: Span,
    /// What the clients saw, a class at a time.
    pub classes: Vec<ClassRun>,
    /// What callers saw of each node, in the document's order.
    pub nodes: Vec<NodeRun>,
    /// What was sent by each edge, in the document's order; empty when it was not measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<EdgeRun>,
    /// Every figure that is told of all classes together, with its interval.
    #[serde(default, skip_serializing_if = "Figures::is_empty")]
    pub figures: Figures,
    /// What happened second by second, warm-up included.
    pub series: Vec<Second>,
    /// From the planned send to the actual one: how late the generator itself was. Empty in a simulation.
    pub send_delay: Histogram,
    /// How long connections took to open, TLS included, each that came about, those before the load too. Empty in a simulation.
    #[serde(default, skip_serializing_if = "Histogram::is_empty")]
    pub connect: Histogram,
    /// What a reader must know: what was uncertain, what went wrong.
    pub notes: Vec<String>,
}

impl Run {
    /// A run in which nothing has happened yet.
    pub fn new(name: &str, source: Source, offered_rate: f64) -> Self {
        Self {
            loadpath_run: RUN_VERSION,
            name: name.to_owned(),
            source,
            started_unix: 0,
            offered_rate,
            duration: Span::ZERO,
            warm_up: Span::ZERO,
            classes: Vec::new(),
            nodes: Vec::new(),
            edges: Vec::new(),
            figures: Figures::new(),
            series: Vec::new(),
            send_delay: Histogram::new(Precision::Fine),
            connect: Histogram::new(Precision::Fine),
            notes: Vec::new(),
        }
    }

    /// Reads a run file.
    ///
    /// # Errors
    /// When the text is not JSON, is not a run, or is a run of a version that this code does not know.
    // Compiled by who calls it: in the page for size, elsewhere for speed.
    #[inline]
    pub fn from_json(text: &str) -> Result<Self, NotARun> {
        #[derive(Deserialize)]
        struct Version {
            loadpath_run: Option<u32>,
        }
        let version: Version =
            serde_json::from_str(text).map_err(|e| NotARun(format!("it is not JSON: {e}")))?;
        match version.loadpath_run {
            None => Err(NotARun("it has no \"loadpath_run\" version; is it a topology?".to_owned())),
            Some(RUN_VERSION) => serde_json::from_str(text).map_err(|e| NotARun(e.to_string())),
            Some(other) => {
                Err(NotARun(format!("it has version {other}, and this program reads version {RUN_VERSION}")))
            }
        }
    }

    /// As a run file.
    // Compiled by who calls it: in the page for size, elsewhere for speed.
    #[inline]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a run holds only what JSON can say")
    }

    /// The responses of all classes together.
    pub fn response(&self) -> Histogram {
        let mut all = Histogram::new(Precision::Fine);
        self.classes.iter().for_each(|class| all.merge(&class.response));
        all
    }

    /// What these do not tell, of all classes together.
    pub fn breakdown(&self) -> Breakdown {
        let mut all = Breakdown::default();
        self.classes.iter().for_each(|class| all.merge(&class.breakdown));
        all
    }

    /// The outcomes of all classes together.
    pub fn outcomes(&self) -> Outcomes {
        let mut all = Outcomes::default();
        self.classes.iter().for_each(|class| all.merge(&class.outcomes));
        all
    }

    /// Completed requests per second, good and bad.
    pub fn achieved_rate(&self) -> f64 {
        if self.duration == Span::ZERO {
            0.0
        } else {
            self.outcomes().total() as f64 / self.duration.as_secs()
        }
    }

    /// A number that two runs share when all their counts and buckets are the same.
    pub fn digest(&self) -> u64 {
        let mut digest = Digest(hash::text(&self.name));
        let mut add_outcomes = |o: &Outcomes, h: &Histogram| {
            [o.ok, o.refused, o.failed, o.timed_out].iter().for_each(|&n| digest.add(n));
            h.buckets().for_each(|(value, count)| {
                digest.add(value.0);
                digest.add(count);
            });
        };
        self.classes.iter().for_each(|class| add_outcomes(&class.outcomes, &class.response));
        for node in &self.nodes {
            add_outcomes(&node.outcomes, &node.response);
            add_outcomes(&node.outcomes, &node.wait);
        }
        for second in &self.series {
            digest.add(second.offered);
            digest.add(second.outcomes.ok);
            digest.add(second.p99_ns);
        }
        let floats = self.nodes.iter().flat_map(|node| [node.utilization, node.hit_ratio]).flatten();
        floats.for_each(|value| digest.add(value.to_bits()));
        digest.0
    }
}

/// Why a text is not a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotARun(pub String);

impl fmt::Display for NotARun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is not a Loadpath run: {}", self.0)
    }
}

impl std::error::Error for NotARun {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topology_a_stranger_and_a_newer_run_are_refused_with_a_sentence() {
        for (text, says) in [
            ("{\"loadpath\":1}", "is it a topology"),
            ("hello", "not JSON"),
            ("{\"loadpath_run\":99}", "version 99"),
            ("{\"loadpath_run\":1}", "missing field"),
        ] {
            let fault = Run::from_json(text).unwrap_err().to_string();
            assert!(fault.contains(says), "{text}: {fault}");
        }
    }

    #[test]
    fn a_run_reads_back_what_it_wrote() {
        let mut run = Run::new("test", Source::Simulated { seed: 7 }, 100.0);
        run.send_delay.record(Span::from_micros(50));
        assert_eq!(Run::from_json(&run.to_json()).unwrap(), run);
    }
}
