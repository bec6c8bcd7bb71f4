//! Intervals of confidence for the mean and the quantiles of values that depend on one another.
//!
//! Response times in a queue are correlated, so their plain variance says too little. Values are gathered in consecutive
//! batches; once batches are long against the correlation, their means are nearly independent (Law 2015, §9.5.3). The
//! number of batches stays between 16 and 32: when full, neighbours are joined, so the run may be of any length.
use super::{Estimate, Histogram, Interval, Moments, Precision, quantile_interval};
use crate::time::Span;

const MOST: usize = 32;
const FIRST_SIZE: u64 = 512;
/// Batches an interval must have behind it.
const ENOUGH: usize = 16;

#[derive(Clone, Debug)]
struct Batch {
    count: u64,
    sum_ns: u128,
    histogram: Histogram,
}

impl Batch {
    fn new() -> Self {
        Self { count: 0, sum_ns: 0, histogram: Histogram::new(Precision::Coarse) }
    }

    fn clear(&mut self) {
        self.count = 0;
        self.sum_ns = 0;
        self.histogram.clear();
    }
}

/// Consecutive batches of a stream of values: some 4 kB each.
#[derive(Clone, Debug)]
pub struct Batches {
    /// All 32, of which the first `full` are complete and the next is being filled.
    batches: Vec<Batch>,
    full: usize,
    size: u64,
}

impl Batches {
    /// No values yet.
    pub fn new() -> Self {
        Self { batches: vec![Batch::new(); MOST], full: 0, size: FIRST_SIZE }
    }

    /// Adds the next value. O(1) amortised, a few nanoseconds; allocates only for values of a magnitude not seen before, and
    /// for the first 32 batches.
    pub fn add(&mut self, value: Span) {
        let batch = &mut self.batches[self.full];
        batch.count += 1;
        batch.sum_ns += u128::from(value.0);
        batch.histogram.record(value);
        if batch.count == self.size {
            self.full += 1;
            if self.full == MOST {
                self.join_neighbours();
            }
            // Each is as wide as those before, so that only what none of them has seen will ask for memory.
            let (before, next) = self.batches.split_at_mut(self.full);
            next[0].histogram.reserve_as(&before[self.full - 1].histogram);
        }
    }

    /// How many bytes the batches take.
    pub fn size(&self) -> usize {
        self.batches.iter().map(|batch| size_of::<Batch>() + batch.histogram.size()).sum()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.batches.iter_mut().for_each(Batch::clear);
        self.full = 0;
        self.size = FIRST_SIZE;
    }

    fn join_neighbours(&mut self) {
        for i in 0..MOST / 2 {
            let (left, right) = self.batches.split_at_mut(2 * i + 1);
            let (a, b) = (&mut left[2 * i], &right[0]);
            a.count += b.count;
            a.sum_ns += b.sum_ns;
            a.histogram.merge(&b.histogram);
            self.batches.swap(i, 2 * i);
        }
        self.batches[MOST / 2..].iter_mut().for_each(Batch::clear);
        self.full = MOST / 2;
        self.size *= 2;
    }

    /// The mean in seconds, with its interval at `confidence` in (0, 1); `None` before 16 batches are full.
    pub fn mean(&self, confidence: f64) -> Option<Estimate> {
        self.spread(|batch| batch.sum_ns as f64 / batch.count as f64 / 1e9)?.interval(confidence)
    }

    /// The quantile `q` in seconds of all full batches together, with its interval at `confidence` in (0, 1); `None` before 16
    /// are full. The batches' own quantiles give the width alone: their mean would carry the bias of small samples.
    pub fn quantile(&self, q: f64, confidence: f64) -> Option<Estimate> {
        let spread = self.spread(|batch| batch.histogram.smooth_quantile(q))?.interval(confidence)?;
        let mut all = Histogram::new(Precision::Coarse);
        self.batches[..self.full].iter().for_each(|batch| all.merge(&batch.histogram));
        Some(Estimate { value: all.smooth_quantile(q), ..spread })
    }

    /// Between which values the quantile `q` lies at `confidence` in (0, 1), in seconds: order statistics, the dependence measured by
    /// the batches (see [`quantile_interval`]). `None` before 16 batches are full, and where the values seen do not reach so far.
    pub fn quantile_interval(&self, q: f64, confidence: f64) -> Option<Interval> {
        let full = &self.batches[..self.full];
        let mut all = Histogram::new(Precision::Coarse);
        full.iter().for_each(|batch| all.merge(&batch.histogram));
        let mark = all.quantile(q);
        let parts = full.iter().map(|batch| (batch.histogram.count_within(mark), batch.count));
        quantile_interval(&all, q, parts, confidence)
    }

    fn spread(&self, of: impl Fn(&Batch) -> f64) -> Option<Moments> {
        let mut moments = Moments::default();
        self.batches[..self.full].iter().for_each(|batch| moments.add(of(batch)));
        (self.full >= ENOUGH).then_some(moments)
    }
}

impl Default for Batches {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_loses_no_value() {
        let mut batches = Batches::new();
        let n = FIRST_SIZE * 100;
        for i in 0..n {
            batches.add(Span(i * 1_000));
        }
        assert!((ENOUGH..MOST).contains(&batches.full));
        let counted: u64 = batches.batches.iter().map(|b| b.count).sum();
        let recorded: u64 = batches.batches.iter().map(|b| b.histogram.count()).sum();
        assert_eq!((counted, recorded), (n, n));
    }

    #[test]
    fn intervals_of_independent_values_cover_the_truth_as_often_as_they_say() {
        let mut covered = [0; 4];
        for seed in 0..200 {
            let mut rng = crate::rng::Seed(seed).stream("test");
            let mut batches = Batches::new();
            for _ in 0..FIRST_SIZE * 20 {
                batches.add(Span((rng.unit() * 2e6) as u64));
            }
            let mean = |confidence| batches.mean(confidence).unwrap().holds(1e-3);
            let p90 = |confidence| batches.quantile(0.9, confidence).unwrap().holds(1.8e-3);
            let held = [mean(0.95), p90(0.95), mean(0.99), p90(0.99)];
            covered.iter_mut().zip(held).for_each(|(n, held)| *n += u32::from(held));
        }
        // 190 and 198 expected; the binomial's standard deviations are 3.1 and 1.4, and four of them make 1 in 15,000.
        assert!(covered[..2].iter().all(|n| (178..=200).contains(n)), "{covered:?} of 200");
        assert!(covered[2..].iter().all(|n| (193..=200).contains(n)), "{covered:?} of 200");
    }
}
