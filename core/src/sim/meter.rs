//! What is counted of a node or a class: since the reset, and in the last seconds.
use super::station::RECENT;
use super::steadiness::{Steadiness, Stretch};
use crate::run::{Breakdown, Outcome, Outcomes};
use crate::stats::{Batches, Histogram, Join, Precision, Stretches};
use crate::time::Span;

/// Calls to a node, as their callers saw them.
#[derive(Clone, Debug)]
pub(crate) struct NodeMeter {
    /// Since the reset, up to the running second.
    total: Window,
    /// Time in the queue since the reset, the running second included.
    pub(crate) wait: Histogram,
    /// How many calls waited at all since the reset.
    pub(crate) waited: u64,
    /// The running second, then the seconds before it, newest first.
    seconds: [Window; RECENT + 1],
    pub(super) steadiness: Steadiness,
}

/// Counts of some stretch of time.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) outcomes: Outcomes,
    pub(crate) response: Histogram,
    /// The sum of the times in the queue.
    wait_ns: u64,
    /// The sum of the times that workers were given.
    work_ns: u64,
    hits: u64,
    lookups: u64,
}

impl Window {
    fn new() -> Self {
        let response = Histogram::new(Precision::Coarse);
        Self { outcomes: Outcomes::default(), response, wait_ns: 0, work_ns: 0, hits: 0, lookups: 0 }
    }

    fn clear(&mut self) {
        self.outcomes = Outcomes::default();
        self.response.clear();
        self.wait_ns = 0;
        self.work_ns = 0;
        self.hits = 0;
        self.lookups = 0;
    }

    fn merge(&mut self, other: &Self) {
        if other.outcomes.total() > 0 {
            self.outcomes.merge(&other.outcomes);
            self.response.merge(&other.response);
        }
        self.wait_ns += other.wait_ns;
        self.work_ns += other.work_ns;
        self.hits += other.hits;
        self.lookups += other.lookups;
    }

    /// The share of lookups that were answered from memory.
    pub(crate) fn hit_ratio(&self) -> Option<f64> {
        (self.lookups > 0).then(|| self.hits as f64 / self.lookups as f64)
    }

    /// The times in the queue together, in seconds.
    pub(crate) const fn waited(&self) -> f64 {
        self.wait_ns as f64 / 1e9
    }

    /// Mean time that a worker was given for a call; zero when nothing was answered.
    pub(crate) fn mean_work(&self) -> Span {
        Span(self.work_ns / self.outcomes.total().max(1))
    }

    /// Mean time in the queue; zero when nothing was answered.
    pub(crate) fn mean_wait(&self) -> Span {
        Span(self.wait_ns / self.outcomes.total().max(1))
    }
}

impl NodeMeter {
    pub(crate) fn new() -> Self {
        Self {
            total: Window::new(),
            wait: Histogram::new(Precision::Coarse),
            waited: 0,
            seconds: std::array::from_fn(|_| Window::new()),
            steadiness: Steadiness::new(),
        }
    }

    /// A call has been answered after it had waited in the node's queue.
    pub(crate) fn record(&mut self, outcome: Outcome, response: Span, wait: Span) {
        self.record_request(outcome, response);
        self.seconds[0].wait_ns += wait.0;
        self.waited += u64::from(wait > Span::ZERO);
        self.wait.record(wait);
    }

    /// A client's request has ended; clients have no queue.
    pub(crate) fn record_request(&mut self, outcome: Outcome, response: Span) {
        self.seconds[0].outcomes.add(outcome);
        self.seconds[0].response.record(response);
    }

    /// A worker was given a call that takes it so long.
    pub(crate) const fn given(&mut self, work: Span) {
        self.seconds[0].work_ns += work.0;
    }

    /// The last whole second.
    pub(crate) const fn last_second(&self) -> &Window {
        &self.seconds[1]
    }

    /// What the running second has seen so far.
    pub(crate) const fn running_second(&self) -> &Window {
        &self.seconds[0]
    }

    /// A cache was looked into.
    pub(crate) fn looked_up(&mut self, hit: bool) {
        self.seconds[0].lookups += 1;
        self.seconds[0].hits += u64::from(hit);
    }

    /// A second has passed since the last, or since the reset; what is not counted here is in `second`.
    pub(super) fn tick(&mut self, second: Stretch) {
        let window = &self.seconds[0];
        self.total.merge(window);
        let second = Stretch {
            ended: window.outcomes.total(),
            errors: window.outcomes.errors(),
            hits: window.hits,
            lookups: window.lookups,
            waited: window.wait_ns as f64 / 1e9,
            ..second
        };
        self.steadiness.tick(second, &self.total.response, &self.wait);
        self.seconds.rotate_right(1);
        self.seconds[0].clear();
        // So that the second records what any before it did without asking for memory.
        self.seconds[0].response.reserve_as(&self.total.response);
    }

    pub(crate) fn reset(&mut self) {
        self.total.clear();
        self.wait.clear();
        self.waited = 0;
        // What the running second has seen so far belongs to the time before the reset.
        self.seconds[0].clear();
        self.steadiness.reset();
    }

    /// How many bytes its histograms take.
    pub(crate) fn size(&self) -> usize {
        let seconds = self.seconds.iter().map(|second| second.response.size());
        self.total.response.size() + self.wait.size() + seconds.sum::<usize>()
    }

    /// Since the reset.
    pub(crate) fn total(&self) -> Window {
        let mut total = self.total.clone();
        total.merge(&self.seconds[0]);
        total
    }

    /// Answers since the reset, and the sum of their times in the queue.
    pub(crate) const fn waits(&self) -> (u64, Span) {
        let answered = self.total.outcomes.total() + self.seconds[0].outcomes.total();
        (answered, Span(self.total.wait_ns + self.seconds[0].wait_ns))
    }

    /// The running second and the whole ones before it.
    pub(crate) fn recent(&self) -> Window {
        let mut recent = self.seconds[0].clone();
        self.seconds[1..].iter().for_each(|second| recent.merge(second));
        recent
    }
}

/// Requests of a class, as clients saw them, since the reset.
#[derive(Clone, Debug)]
pub(crate) struct ClassMeter {
    pub(crate) outcomes: Outcomes,
    pub(crate) response: Histogram,
    pub(crate) breakdown: Breakdown,
    pub(crate) batches: Batches,
    /// What ended in stretches of time.
    pub(crate) ends: Stretches<Ends>,
    /// What had ended when the running second began.
    before: Outcomes,
}

/// What ended in a stretch of time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ends {
    pub(crate) seconds: f64,
    pub(crate) ended: u64,
    pub(crate) errors: u64,
}

impl Join for Ends {
    fn join(&mut self, next: &Self) {
        self.seconds += next.seconds;
        self.ended += next.ended;
        self.errors += next.errors;
    }
}

impl ClassMeter {
    pub(crate) fn new() -> Self {
        Self {
            outcomes: Outcomes::default(),
            response: Histogram::new(Precision::Fine),
            breakdown: Breakdown::default(),
            batches: Batches::new(),
            ends: Stretches::new(Ends::default()),
            before: Outcomes::default(),
        }
    }

    pub(crate) fn record(&mut self, outcome: Outcome, response: Span) {
        self.outcomes.add(outcome);
        self.response.record(response);
        self.breakdown.record(outcome, response);
        self.batches.add(response);
    }

    pub(crate) fn reset(&mut self) {
        self.outcomes = Outcomes::default();
        self.response.clear();
        self.breakdown.clear();
        self.batches.clear();
        self.ends.clear();
        self.before = Outcomes::default();
    }

    /// So many seconds have passed since the last tick or the reset.
    pub(crate) fn tick(&mut self, seconds: f64) {
        let (ended, errors) = (self.outcomes.total(), self.outcomes.errors());
        let (ended, errors) = (ended - self.before.total(), errors - self.before.errors());
        self.ends.add(&Ends { seconds, ended, errors });
        self.before = self.outcomes;
    }
}

/// Calls by an edge: in the running second and the whole ones before it, and since the reset.
#[derive(Clone, Debug)]
pub(crate) struct EdgeMeter {
    pub(crate) seconds: [u64; RECENT + 1],
    /// Since the reset, up to the running second.
    total: u64,
    /// What of the running second came before the reset.
    before_reset: u64,
    /// Those that did not end well, as `seconds`.
    pub(crate) errors: [u64; RECENT + 1],
    pub(crate) calls: Stretches<Ends>,
}

impl EdgeMeter {
    pub(crate) const fn new() -> Self {
        let nothing = Ends { seconds: 0.0, ended: 0, errors: 0 };
        Self {
            seconds: [0; RECENT + 1],
            errors: [0; RECENT + 1],
            total: 0,
            before_reset: 0,
            calls: Stretches::new(nothing),
        }
    }

    pub(crate) fn reset(&mut self) {
        self.total = 0;
        self.before_reset = self.seconds[0];
        self.calls.clear();
    }

    /// Calls since the reset.
    pub(crate) const fn since_reset(&self) -> u64 {
        self.total + self.seconds[0] - self.before_reset
    }

    pub(crate) fn tick(&mut self, seconds: f64) {
        let ended = self.seconds[0] - std::mem::take(&mut self.before_reset);
        self.calls.add(&Ends { seconds, ended, errors: 0 });
        self.total += ended;
        self.seconds.rotate_right(1);
        self.seconds[0] = 0;
        self.errors.rotate_right(1);
        self.errors[0] = 0;
    }

    pub(crate) fn recent(&self) -> u64 {
        self.seconds.iter().sum()
    }

    /// The share of calls that did not end well, in [0, 1].
    pub(crate) fn error_share(&self) -> f64 {
        let errors: u64 = self.errors.iter().sum();
        // A call may end in a later second than it was made in.
        errors as f64 / self.recent().max(errors).max(1) as f64
    }
}
