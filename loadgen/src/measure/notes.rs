//! What a reader of a measured run must know: what was uncertain, what went wrong.
use super::{Ending, Sample, Told};
use loadpath_core::run::{Outcome, Run};
use loadpath_core::stats::{Histogram, Precision};
use std::collections::BTreeMap;

/// A send delay above this share of the response means that the generator shows in the figures.
const DELAY_SHARE: f64 = 0.1;
/// Fewer answers than this share of what was offered means that the target, or the generator, did not keep up.
const RATE_SHARE: f64 = 0.99;
/// More requests than this share waiting for a connection is worth saying.
const WAITED_SHARE: f64 = 0.01;

/// What the notes are drawn from, beside the run itself.
#[derive(Debug)]
pub(super) struct Evidence {
    /// How often each bad ending was seen.
    endings: BTreeMap<Ending, u64>,
    /// Send delays of the requests that found a free connection: how late the generator itself was.
    own_delay: Histogram,
    /// How many found no free connection.
    waited: u64,
    all: u64,
}

impl Evidence {
    pub(super) fn new() -> Self {
        Self { endings: BTreeMap::new(), own_delay: Histogram::new(Precision::Fine), waited: 0, all: 0 }
    }

    pub(super) fn add(&mut self, sample: &Sample) {
        self.all += 1;
        if sample.waited {
            self.waited += 1;
        } else {
            self.own_delay.record(sample.sent.since(sample.due));
        }
        if sample.ending.outcome() != Outcome::Ok {
            *self.endings.entry(sample.ending).or_default() += 1;
        }
    }
}

pub(super) fn notes(run: &Run, evidence: &Evidence, told: &Told) -> Vec<String> {
    let mut notes = Vec::new();
    if evidence.all == 0 {
        notes.push("no request was due after the warm-up: there is nothing to judge".to_owned());
        return notes;
    }
    notes.extend(late(run, evidence));
    notes.extend(waited(evidence, told));
    notes.extend(slow(run, told));
    for (ending, count) in &evidence.endings {
        let outcome = match ending.outcome() {
            Outcome::Ok => continue,
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
            Outcome::TimedOut => "timed out",
        };
        let check =
            if let Ending::CheckFailed(check) = ending { told.checks.get(usize::from(*check)) } else { None };
        notes.push(match check {
            Some(check) => format!("{count} {outcome}: the check \"{check}\" did not hold"),
            None => format!("{count} {outcome}: {ending}"),
        });
    }
    notes
}

fn late(run: &Run, evidence: &Evidence) -> Option<String> {
    let (delay, response) = (evidence.own_delay.quantile(0.99), run.response().quantile(0.99));
    (delay.as_secs() > DELAY_SHARE * response.as_secs()).then(|| {
        format!(
            "the generator itself was late: the p99 of its send delay is {:.3} ms, more than {:.0} % of the response's \
             p99 of {:.3} ms; compare the service time, which counts from the actual send",
            delay.as_millis(),
            DELAY_SHARE * 100.0,
            response.as_millis()
        )
    })
}

fn waited(evidence: &Evidence, told: &Told) -> Option<String> {
    let share = evidence.waited as f64 / evidence.all as f64;
    (share > WAITED_SHARE).then(|| {
        let each =
            if told.streams > 1 { format!(" with {} requests each", told.streams) } else { String::new() };
        format!(
            "{:.1} % of the requests found all {} connections busy{each} and waited for one; the response time counts this, \
             the service time does not",
            share * 100.0,
            told.connections
        )
    })
}

fn slow(run: &Run, told: &Told) -> Option<String> {
    // What was really due: a random plan's rate differs from its mean.
    let planned = run.outcomes().total() as f64 / told.duration.as_secs().max(1e-9);
    let achieved = run.achieved_rate();
    (achieved < RATE_SHARE * planned).then(|| {
        format!(
            "the target did not keep up: requests ended at {achieved:.1}/s, below {:.0} % of the {planned:.1}/s that were due",
            RATE_SHARE * 100.0
        )
    })
}
