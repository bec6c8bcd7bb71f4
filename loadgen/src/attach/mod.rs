//! An existing deployment, mapped onto a design: which node answers where, and what it tells of itself.
//!
//! The load goes to the entry as `attack` drives it; hops behind it are known by `Server-Timing`, by a page of Prometheus' histograms that
//! is read before, while and after the load counts (`scrape`), or by a file of OTLP traces that the deployment wrote (`spans`).
mod buckets;
mod mapping;
mod scrape;
mod spans;

pub use buckets::{Buckets, spread};
pub use mapping::{Metrics, Where, way_in};
pub use scrape::{Scraper, Unread};
pub use spans::{Seen, Spans};

use loadpath_core::run::{Outcome, Outcomes, Run};
use loadpath_core::stats::Histogram;

/// What was found out about a node beside what the load itself saw.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// How its calls ended.
    pub outcomes: Outcomes,
    /// How long they took.
    pub response: Histogram,
    /// What of that was spent outside of the node: on the way, and before it began. Empty where nobody knows.
    pub wait: Histogram,
}

impl Told {
    fn add(&mut self, outcome: Outcome, count: u64) {
        match outcome {
            Outcome::Ok => self.outcomes.ok += count,
            Outcome::Refused => self.outcomes.refused += count,
            Outcome::Failed => self.outcomes.failed += count,
            Outcome::TimedOut => self.outcomes.timed_out += count,
        }
    }
}

/// Puts what was told of a node into the run, unless hops of the requests themselves told of it: these are of exactly the requests
/// that count. True when it was put in.
pub fn complete(run: &mut Run, node: &str, told: Told) -> bool {
    let Some(known) = run.nodes.iter_mut().find(|known| known.id == node) else { return false };
    if known.outcomes.total() > 0 || told.outcomes.total() == 0 {
        return false;
    }
    known.outcomes = told.outcomes;
    known.response = told.response;
    known.wait = told.wait;
    true
}
