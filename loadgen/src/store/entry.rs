//! What a journal tells, an entry a frame.
use loadpath_core::run::{Run, Source};
use loadpath_core::time::Span;
use loadpath_core::wire::Interval;
use serde::{Deserialize, Serialize};

/// One thing that happened in a run, or was said of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Entry {
    /// The load has begun.
    Begun(Begun),
    /// A second of load.
    Interval(Box<Interval>),
    /// The agent itself stood still.
    Stalled {
        /// When, after the start of the load.
        after: Span,
        /// For how long.
        length: Span,
    },
    /// The calendar was set, or the machine slept.
    ClockJumped {
        /// When, after the start of the load, by the clock that measures.
        after: Span,
        /// By how much, in milliseconds; negative is backwards.
        by_ms: i64,
    },
    /// The disk did not take what was written; it has been kept in memory until now.
    NotWritten {
        /// When that began, after the start of the load.
        after: Span,
        /// What the system said.
        why: String,
    },
    /// The load has ended, and this is its run.
    Ended(Box<Run>),
    /// Somebody gave the run a name or tags; the last says what holds.
    Label(Label),
}

/// What is known of a run when its load begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begun {
    /// What the run is called.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// When the load began, in seconds since 1970.
    pub started_unix: u64,
    /// The planned rate, per second.
    pub offered_rate: f64,
    /// How long the load runs before it counts.
    pub warm_up: Span,
    /// How long it is to count.
    pub duration: Span,
}

/// What people call a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Its new name; none when it keeps the one that it has.
    pub name: Option<String>,
    /// Its tags, all of them, in order.
    pub tags: Vec<String>,
}

impl Entry {
    /// As a note, when it is something that a reader must know.
    pub(super) fn note(&self) -> Option<String> {
        match self {
            Self::Stalled { after, length } => Some(format!(
                "stalled: the agent itself stood still for {:.1} s at {:.1} s after the start (suspended, or without a \
                 processor); requests due in this gap were sent after it, and their response times count the wait",
                length.as_secs(),
                after.as_secs()
            )),
            Self::ClockJumped { after, by_ms } => Some(format!(
                "the calendar jumped by {:+.1} s at {:.1} s after the start (set, or the machine slept); latencies and \
                 intervals are from the monotonic clock and do not count it",
                *by_ms as f64 / 1e3,
                after.as_secs()
            )),
            Self::NotWritten { after, why } => Some(format!(
                "from {:.1} s after the start on, the run could not be written for a while ({why}); it was kept in memory",
                after.as_secs()
            )),
            Self::Begun(_) | Self::Interval(_) | Self::Ended(_) | Self::Label(_) => None,
        }
    }
}
