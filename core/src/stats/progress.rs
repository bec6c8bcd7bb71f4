//! How a mean moves in the course of a run, so that one can say where its warm-up ends.
use super::warm_up;
use crate::time::{Span, Time};

const MOST: usize = 1_024;
/// Consecutive values of a mean at first: the five of MSER-5.
const FIRST_SIZE: u32 = 5;
/// Fewer means say nothing about a warm-up.
const ENOUGH: usize = 20;

/// Means of consecutive values, in order of time: up to 1,024; then neighbours are joined.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The mean in nanoseconds, and when its last value was seen.
    means: Vec<(f64, Time)>,
    size: u32,
    sum: u64,
    count: u32,
}

impl Progress {
    /// No values yet.
    pub const fn new() -> Self {
        Self { means: Vec::new(), size: FIRST_SIZE, sum: 0, count: 0 }
    }

    /// Adds a value that was seen at `now`. O(1) amortised; allocates once.
    #[inline]
    pub fn add(&mut self, now: Time, value: Span) {
        self.sum = self.sum.saturating_add(value.0);
        self.count += 1;
        if self.count == self.size {
            self.close(now);
        }
    }

    fn close(&mut self, now: Time) {
        self.means.reserve_exact(MOST - self.means.len());
        self.means.push((self.sum as f64 / f64::from(self.count), now));
        (self.sum, self.count) = (0, 0);
        if self.means.len() == MOST {
            for i in 0..MOST / 2 {
                let ((a, _), (b, end)) = (self.means[2 * i], self.means[2 * i + 1]);
                self.means[i] = ((a + b) / 2.0, end);
            }
            self.means.truncate(MOST / 2);
            self.size *= 2;
        }
    }

    /// Where the warm-up ends by the rule MSER-5 (see [`warm_up`]), of what was seen before `until`; `None` when it takes more than
    /// half of it, or there are too few values to tell. O(means).
    pub fn warm_up(&self, until: Time) -> Option<Time> {
        let seen: Vec<f64> =
            self.means.iter().filter(|(_, end)| *end < until).map(|(mean, _)| *mean).collect();
        if seen.len() < ENOUGH {
            return None;
        }
        let cut = warm_up(&seen)?;
        Some(if cut == 0 { Time::ZERO } else { self.means[cut - 1].1 })
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn a_warm_up_is_found_at_its_time_however_long_the_run() {
        for n in [1_000u64, 10_000, 1_000_000] {
            let mut rng = Seed(1).stream("progress");
            let mut progress = Progress::new();
            // A value each millisecond; the first fifth lies ten times as high.
            for i in 0..n {
                let high = if i < n / 5 { 10.0 } else { 1.0 };
                progress.add(Time(i * 1_000_000), Span((high * rng.unit() * 1e6) as u64));
            }
            let cut = progress.warm_up(Time::NEVER).unwrap().0 as f64 / 1e6 / n as f64;
            // The rule may cut a little more of what is level, and no less than the step but for one mean.
            assert!((0.19..0.3).contains(&cut), "{n}: {cut}");
        }
    }

    #[test]
    fn too_few_values_say_nothing() {
        let mut progress = Progress::new();
        (0..99).for_each(|i| progress.add(Time(i), Span(1)));
        assert_eq!(progress.warm_up(Time::NEVER), None);
        progress.add(Time(99), Span(1));
        assert_eq!(progress.warm_up(Time::NEVER), Some(Time::ZERO));
        assert_eq!(progress.warm_up(Time(50)), None);
    }
}
