//! What the page and the simulation's worker say to one another, as JSON.
use super::figures::{Figures, Subject};
use super::study::{Studied, Study};
use loadpath_core::advise::Finding;
use loadpath_core::run::{Outcome, Run};
use loadpath_core::sim::{Command, Snapshot, Trace};
use loadpath_core::time::Span;
use loadpath_core::topology::Topology;
use serde::{Deserialize, Serialize};

/// The seed of the page's simulations: the same design shows the same numbers to everyone who opens it.
pub const SEED: u64 = 1;

/// How much is run before anything counts: long enough for queues and caches to fill.
pub const WARM_UP: Span = Span(5_000_000_000);

/// The speed that asks for as much as the machine gives.
pub const FASTEST: f64 = 1e6;

/// How much simulated time a step of a paused simulation is.
pub const STEP: Span = Span(100_000_000);

/// A second's response times, as a column of a heat map. See [`super::record`] for its cells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its number, counted from the start of the run.
    pub second: u64,
    /// Requests that did not end well.
    pub errors: u32,
    /// The first cell that is not empty.
    pub low: u16,
    /// How many ended in each cell from that one on, up to the last that is not empty.
    pub counts: Vec<u32>,
}

impl Column {
    /// From the counts of all cells.
    pub fn new(second: u64, errors: u32, cells: &[u32]) -> Self {
        let low = cells.iter().position(|&count| count > 0).unwrap_or(0);
        let end = cells.iter().rposition(|&count| count > 0).map_or(low, |last| last + 1);
        Self { second, errors, low: low as u16, counts: cells[low..end].to_vec() }
    }
}

/// Which requests are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// They ended in this second or later,
    pub from: u64,
    /// and in this one or before,
    pub to: u64,
    /// and were in this cell or a higher one,
    pub low: u16,
    /// and in this one or a lower one.
    pub high: u16,
    /// Of this class only.
    pub class: Option<String>,
    /// Only those that did not end well.
    pub only_errors: bool,
}

impl Default for Query {
    fn default() -> Self {
        Self { from: 0, to: u64::MAX, low: 0, high: u16::MAX, class: None, only_errors: false }
    }
}

/// A request that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its number.
    pub request: u64,
    /// When it ended, in nanoseconds after the start.
    pub at_ns: u64,
    /// How long it took, in nanoseconds.
    pub response_ns: u64,
    /// The name of its class.
    pub class: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// From the page to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToWorker {
    /// Start over with this design.
    Load {
        /// The number of this load; what the worker says about it carries the number.
        load: u32,
        /// The design, without faults.
        #[serde(with = "crate::run::document")]
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
    /// Run on for [`STEP`], although it is paused.
    Step,
    /// Look for requests that ended.
    Find(Query),
    /// Replay the run up to this request, and tell it hop by hop.
    Trace {
        /// Its number.
        request: u64,
    },
    /// Replay no longer.
    EndTrace,
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
    /// More seconds of what is watched.
    Columns {
        /// Of which load.
        load: u32,
        /// What they are of.
        subject: Subject,
        /// In order of time.
        columns: Vec<Column>,
    },
    /// A command was carried out.
    Did {
        /// In which load.
        load: u32,
        /// When, in nanoseconds after the start.
        at_ns: u64,
        /// Which.
        command: Command,
    },
    /// Requests that were asked for.
    Found {
        /// Of which load.
        load: u32,
        /// What was asked.
        query: Query,
        /// Slowest first.
        found: Vec<Found>,
    },
    /// How far the replay of a request is.
    Traced {
        /// Of which load.
        load: u32,
        /// Which request.
        request: u64,
        /// How far the replay is, in nanoseconds after the start.
        reached_ns: u64,
        /// Whether it is over.
        done: bool,
        /// What happened to the request; none before it was sent, or when there is no such request.
        trace: Option<Box<Trace>>,
        /// The commands that were done again, with their instants in nanoseconds.
        log: Vec<(u64, Command)>,
    },
    /// What was asked could not be done.
    Refused {
        /// Why: one sentence.
        error: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::advise::findings;
    use loadpath_core::json;
    use loadpath_core::rng::Seed;
    use loadpath_core::sim::{Simulation, trace};
    use loadpath_core::time::Time;
    use loadpath_core::topology::{check, lessons};

    /// Each lesson has kinds, faults and findings that the others have not.
    #[test]
    fn what_is_said_of_any_lesson_is_understood() {
        for lesson in lessons::all() {
            let (document, seed, load) = (lesson.document(), Seed(SEED), 1);
            let plan = check(&document).expect("lessons are sound");
            let until = Time(1_000_000_000);
            let mut simulation = Simulation::new(&plan, seed);
            simulation.run_until(until);
            let trace = trace(&plan, seed, 3, until).map(Box::new);
            let told = [
                FromWorker::Snapshot { load, snapshot: Box::new(simulation.snapshot()), pace: 1.5 },
                FromWorker::Report { load, run: Box::new(simulation.run(lesson.id)) },
                FromWorker::Findings { load, findings: findings(&plan, &document) },
                FromWorker::Traced { load, request: 3, reached_ns: 1, done: true, trace, log: Vec::new() },
            ];
            for message in told {
                let text = serde_json::to_string(&message).unwrap();
                assert_eq!(json::read::<FromWorker>(&text).unwrap(), message, "{}", lesson.id);
            }
            let asked = ToWorker::Load { load, document: Box::new(document), seed: SEED, warm_up: WARM_UP };
            let text = serde_json::to_string(&asked).unwrap();
            assert_eq!(json::read::<ToWorker>(&text).unwrap(), asked, "{}", lesson.id);
        }
    }
}
