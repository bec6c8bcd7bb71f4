//! How long to wait before trying again.
use crate::math;
use crate::rng::Rng;
use crate::time::Span;

/// How much of a wait is chance, so that those who failed together do not come back together (Brooker 2015,
/// "Exponential Backoff And Jitter", AWS Architecture Blog; the names are its).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jitter {
    /// Nothing: the whole wait, always.
    None,
    /// All: evenly from zero to the wait. The least work and nearly the least time in Brooker's comparison.
    #[default]
    Full,
    /// Half: evenly from half the wait to the wait.
    Equal,
    /// Evenly from the base to three times the last wait, which replaces the growth.
    Decorrelated,
}

/// Waits that grow: `base · factor^(attempt - 1)`, at most `cap`, with jitter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The wait before the first retry, without jitter.
    pub base: Span,
    /// By what each wait is longer than the one before, ≥ 1: 1 is a constant wait, 2 is usual.
    pub factor: f64,
    /// No wait is longer.
    pub cap: Span,
    /// How much of it is chance.
    pub jitter: Jitter,
}

impl Backoff {
    /// Always `wait`, without jitter.
    pub const fn constant(wait: Span) -> Self {
        Self { base: wait, factor: 1.0, cap: wait, jitter: Jitter::None }
    }

    /// Doubling from `base` up to `cap`.
    pub const fn exponential(base: Span, cap: Span, jitter: Jitter) -> Self {
        Self { base, factor: 2.0, cap, jitter }
    }

    /// The wait after the `attempt`th failure of a call, counted from 1, without jitter.
    pub fn ceiling(&self, attempt: u32) -> Span {
        let growth = math::pow(self.factor.max(1.0), f64::from(attempt.saturating_sub(1)));
        Span((self.base.0 as f64 * growth) as u64).min(self.cap)
    }

    /// How long to wait after the `attempt`th failure of a call, counted from 1.
    ///
    /// Decorrelated jitter depends on the wait before, which is not kept but drawn again: each wait has the law of its
    /// place in the chain, and the waits of one call are independent. O(`attempt`) then, and O(1) otherwise.
    pub fn delay(&self, attempt: u32, rng: &mut Rng) -> Span {
        let whole = self.ceiling(attempt);
        match self.jitter {
            Jitter::None => whole,
            Jitter::Full => between(Span::ZERO, whole, rng),
            Jitter::Equal => between(Span(whole.0.div_ceil(2)), whole, rng),
            Jitter::Decorrelated => (0..attempt.clamp(1, 64)).fold(self.base, |last, _| {
                let high = Span(last.0.saturating_mul(3));
                between(self.base, high.max(self.base), rng).min(self.cap)
            }),
        }
    }
}

/// Evenly from `low` to `high`, both included.
fn between(low: Span, high: Span, rng: &mut Rng) -> Span {
    Span(low.0 + rng.below((high.0 - low.0).saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::stats::Moments;

    const BASE: Span = Span(100_000);
    const CAP: Span = Span(1_000_000);

    /// Whether the mean of `attempt`'s waits is `expected`, with a chance of 1 in 10,000 that it is and seems not to
    /// be.
    fn has_mean(jitter: Jitter, attempt: u32, expected: f64, low: u64, high: u64) {
        let mut rng = Seed(u64::from(attempt)).stream("backoff");
        let backoff = Backoff::exponential(BASE, CAP, jitter);
        let mut moments = Moments::default();
        for _ in 0..20_000 {
            let wait = backoff.delay(attempt, &mut rng);
            assert!((low..=high).contains(&wait.0), "{wait:?}");
            moments.add(wait.0 as f64);
        }
        let mean = moments.interval(0.9999).unwrap();
        assert!(mean.holds(expected), "{jitter:?} {attempt}: {mean:?}, not {expected}");
    }

    #[test]
    fn the_wait_doubles_up_to_its_cap_and_no_further() {
        let backoff = Backoff::exponential(BASE, CAP, Jitter::None);
        let waits: Vec<u64> = [1, 2, 3, 4, 5, 5_000].map(|attempt| backoff.ceiling(attempt).0).to_vec();
        assert_eq!(waits, [100_000, 200_000, 400_000, 800_000, 1_000_000, 1_000_000]);
        assert_eq!(Backoff::constant(BASE).ceiling(9), BASE);
    }

    #[test]
    fn full_jitter_takes_half_the_wait_on_average_and_equal_jitter_three_quarters() {
        has_mean(Jitter::Full, 3, 200_000.0, 0, 400_000);
        has_mean(Jitter::Equal, 3, 300_000.0, 200_000, 400_000);
        has_mean(Jitter::Full, 9, 500_000.0, 0, 1_000_000);
    }

    #[test]
    fn decorrelated_jitter_follows_its_chain() {
        // E[w1] = (b + 3b) / 2 = 2b; E[w2] = (b + 3 E[w1]) / 2 = 3.5b, as three times w1 ≤ 3b stays below the cap of
        // 10b.
        has_mean(Jitter::Decorrelated, 1, 200_000.0, 100_000, 300_000);
        has_mean(Jitter::Decorrelated, 2, 350_000.0, 100_000, 900_000);
        has_mean(Jitter::Decorrelated, 9, decorrelated_ninth(), 100_000, 1_000_000);
    }

    /// The mean of the ninth wait by a chain over 1,000 equal cells of the law.
    fn decorrelated_ninth() -> f64 {
        let mut law = vec![0.0; 1_001];
        law[100] = 1.0;
        for _ in 0..9 {
            let mut next = vec![0.0; 1_001];
            for (last, share) in law.iter().enumerate().filter(|(_, share)| **share > 0.0) {
                let each = share / (3 * last - 100 + 1) as f64;
                (100..=3 * last).for_each(|wait| next[wait.min(1_000)] += each);
            }
            law = next;
        }
        law.iter().enumerate().map(|(wait, share)| wait as f64 * 1_000.0 * share).sum()
    }
}
