//! What a node, or all clients, did in consecutive stretches of time, so that each of its figures has an interval.
use crate::run::{Figure, Figures, Outcomes, Reading};
use crate::stats::{Estimate, Histogram, Interval, Join, Mark, Stretches, quantile_interval, ratio, share};

/// How sure the intervals are.
const CONFIDENCE: f64 = 0.95;
const QUANTILES: usize = Figure::RESPONSE.len();

/// What was counted in a stretch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stretch {
    pub(super) seconds: f64,
    pub(super) ended: u64,
    pub(super) errors: u64,
    pub(super) hits: u64,
    pub(super) lookups: u64,
    /// The sum of the times in the queue, in seconds.
    pub(super) waited: f64,
    /// Worker-seconds that were taken, and that there were.
    pub(super) taken: f64,
    pub(super) capacity: f64,
    /// Messages kept, times seconds.
    pub(super) kept: f64,
    pub(super) response: Seen,
    pub(super) wait: Seen,
}

/// Values of a histogram that a stretch has added.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    count: u64,
    /// Their sum, in seconds.
    sum: f64,
    /// How many of them are at most the mark of each quantile.
    below: [u64; QUANTILES],
}

impl Seen {
    fn join(&mut self, next: &Self) {
        self.count += next.count;
        self.sum += next.sum;
        self.below.iter_mut().zip(next.below).for_each(|(mine, next)| *mine += next);
    }
}

impl Join for Stretch {
    fn join(&mut self, next: &Self) {
        self.seconds += next.seconds;
        self.ended += next.ended;
        self.errors += next.errors;
        self.hits += next.hits;
        self.lookups += next.lookups;
        self.waited += next.waited;
        self.taken += next.taken;
        self.capacity += next.capacity;
        self.kept += next.kept;
        self.response.join(&next.response);
        self.wait.join(&next.wait);
    }
}

/// The quantiles as far as they are known at the start of a second, and what lay below them then. That they move from second to
/// second only adds to the spread, and less and less.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    at: [Mark; QUANTILES],
    count: u64,
    sum: f64,
}

impl Marks {
    /// What `all` has more than at the last call; then the marks are set anew.
    fn pass(&mut self, all: &Histogram) -> Seen {
        if all.count() == self.count {
            return Seen::default();
        }
        let quantiles = Figure::RESPONSE.map(|(_, q)| q);
        if self.count == 0 {
            all.follow(quantiles, &mut self.at);
            self.at.iter_mut().for_each(|mark| mark.upto = 0);
        }
        let sum = all.mean().as_secs() * all.count() as f64;
        let before = self.at.map(|mark| mark.upto);
        let mut below = all.follow(quantiles, &mut self.at);
        below.iter_mut().zip(before).for_each(|(now, before)| *now -= before);
        let seen = Seen { count: all.count() - self.count, sum: sum - self.sum, below };
        (self.count, self.sum) = (all.count(), sum);
        seen
    }
}

/// The stretches since the reset, of a second each at first.
#[derive(Clone, Debug)]
pub(crate) struct Steadiness {
    stretches: Stretches<Stretch>,
    response: Marks,
    wait: Marks,
}

impl Steadiness {
    pub(super) fn new() -> Self {
        let marks = Marks::default();
        Self { stretches: Stretches::new(Stretch::default()), response: marks, wait: marks }
    }

    pub(super) fn reset(&mut self) {
        self.stretches.clear();
        (self.response, self.wait) = (Marks::default(), Marks::default());
    }

    /// A second, or what of it came after the reset, has passed. `response` and `wait` hold all values since the reset.
    pub(super) fn tick(&mut self, second: Stretch, response: &Histogram, wait: &Histogram) {
        let (response, wait) = (self.response.pass(response), self.wait.pass(wait));
        self.stretches.add(&Stretch { response, wait, ..second });
    }

    /// The sum of one thing over the sum of another.
    fn over(&self, above: fn(&Stretch) -> f64, below: fn(&Stretch) -> f64) -> Option<Estimate> {
        ratio(self.stretches.all().iter().map(|s| (above(s), below(s))), CONFIDENCE)
    }

    fn share(&self, hits: fn(&Stretch) -> (u64, u64)) -> Option<Interval> {
        Some(share(self.stretches.all().iter().map(hits), CONFIDENCE)?.1)
    }

    /// The figures that calls have: rate, errors, percentiles of the response. `seconds` have passed since the reset.
    pub(super) fn of_calls(&self, outcomes: &Outcomes, response: &Histogram, seconds: f64) -> Figures {
        let mut figures = Figures::new();
        let ended = outcomes.total() as f64 / seconds.max(1e-9);
        let rate = self.over(|s| s.ended as f64, |s| s.seconds);
        figures.insert(Figure::Rate, about(ended, rate));
        let errors = self.share(|s| (s.errors, s.ended));
        if outcomes.total() > 0 {
            figures.insert(Figure::ErrorShare, Reading { value: outcomes.error_share(), interval: errors });
        }
        self.quantiles(&mut figures, response, Figure::Mean, &Figure::RESPONSE, |s| &s.response);
        figures
    }

    /// Messages that were kept, on average.
    pub(super) fn kept(&self) -> f64 {
        let sums = self.stretches.all().iter().fold((0.0, 0.0), |sum, s| (sum.0 + s.kept, sum.1 + s.seconds));
        if sums.1 > 0.0 { sums.0 / sums.1 } else { 0.0 }
    }

    /// Adds those that a node with instances has besides.
    pub(super) fn of_node(&self, figures: &mut Figures, wait: &Histogram, node: &NodeValues) {
        if let Some(value) = node.utilization {
            let spread = self.over(|s| s.taken, |s| s.capacity);
            figures.insert(Figure::Utilization, within(about(value, spread), 1.0));
        }
        if let Some(value) = node.hit_ratio {
            let interval = self.share(|s| (s.hits, s.lookups));
            figures.insert(Figure::HitRatio, Reading { value, interval });
        }
        let waiting = self.over(|s| s.waited + s.kept, |s| s.seconds);
        figures.insert(Figure::Backlog, about(node.backlog, waiting));
        self.quantiles(figures, wait, Figure::WaitMean, &Figure::WAIT, |s| &s.wait);
    }

    fn quantiles(
        &self,
        figures: &mut Figures,
        all: &Histogram,
        mean: Figure,
        quantiles: &[(Figure, f64); QUANTILES],
        seen: fn(&Stretch) -> &Seen,
    ) {
        if all.is_empty() {
            return;
        }
        let stretches = self.stretches.all().iter();
        let sums = stretches.clone().map(|s| (seen(s).sum, seen(s).count as f64));
        figures.insert(mean, about(all.mean().as_secs(), ratio(sums, CONFIDENCE)));
        for (i, &(figure, q)) in quantiles.iter().enumerate() {
            let below = stretches.clone().map(|s| (seen(s).below[i], seen(s).count));
            let interval = quantile_interval(all, q, below, CONFIDENCE);
            figures.insert(figure, Reading { value: all.smooth_quantile(q), interval });
        }
    }
}

/// The values of a node that are not told by its calls.
pub(super) struct NodeValues {
    pub(super) utilization: Option<f64>,
    pub(super) hit_ratio: Option<f64>,
    pub(super) backlog: f64,
}

/// A value with the half-width of an estimate that leaves out the running stretch. What is told here is never negative.
pub(super) fn about(value: f64, spread: Option<Estimate>) -> Reading {
    let around = |e: Estimate| Interval { low: (value - e.half_width).max(0.0), high: value + e.half_width };
    Reading { value, interval: spread.map(around) }
}

fn within(reading: Reading, most: f64) -> Reading {
    let cut = |i: Interval| Interval { low: i.low.min(most), high: i.high.min(most) };
    Reading { interval: reading.interval.map(cut), ..reading }
}
