//! Of two targets at random, the one with the lower cost: how long it took lately, times what it has in flight.
//!
//! The moving average follows a slower answer at once and forgets it slowly, so a target that stalls is left alone after the
//! first slow answer (finagle's `PeakEwma`, Twitter 2013; tower's `load::PeakEwma`, where time is not an argument). An idle
//! target's estimate decays towards zero, so that it is tried again.
use super::Targets;
use super::power_of_two::two;
use crate::math;
use crate::rng::Rng;
use crate::time::{Span, Time};

/// How fast estimates are forgotten: to 1/e in this time (finagle's default).
const DECAY: Span = Span(10 * Span::SECOND.0);

/// The cost of a target that is at its first request and has not answered yet: more than any that has (finagle).
const PENALTY: f64 = 1e18;

#[derive(Clone, Copy, Debug, Default)]
struct Estimate {
    /// Nanoseconds; zero before the first answer.
    latency: f64,
    updated: Time,
}

impl Estimate {
    /// The share of it that is left at `now`.
    fn left(self, now: Time) -> f64 {
        math::exp(-now.since(self.updated).as_secs() / DECAY.as_secs())
    }
}

/// The policy. O(1).
#[derive(Clone, Debug)]
pub(super) struct PeakEwma {
    estimates: Vec<Estimate>,
}

impl PeakEwma {
    pub(super) fn new(targets: u16) -> Self {
        Self { estimates: vec![Estimate::default(); usize::from(targets)] }
    }

    /// Of two usable targets the one with the lower cost for its weight; the first drawn, where they are equal.
    pub(super) fn pick(&self, now: Time, targets: &Targets, rng: &mut Rng) -> Option<u16> {
        let (a, b) = two(targets, rng)?;
        Some(if a != b && self.cost(now, targets, b) < self.cost(now, targets, a) { b } else { a })
    }

    fn cost(&self, now: Time, targets: &Targets, target: u16) -> f64 {
        let in_flight = f64::from(targets.in_flight(target));
        let estimate = self.estimates[usize::from(target)];
        if estimate.latency == 0.0 && in_flight > 0.0 {
            return PENALTY + in_flight;
        }
        estimate.latency * estimate.left(now) * (in_flight + 1.0) / targets.weight(now, target)
    }

    /// An answer of `target` took so long. A failure teaches only when it is slower than was thought: who fails at once is
    /// not fast.
    pub(super) fn ended(&mut self, now: Time, target: u16, took: Span, ok: bool) {
        let estimate = &mut self.estimates[usize::from(target)];
        let new = took.0 as f64;
        let latency = if new > estimate.latency {
            new
        } else if ok {
            let left = estimate.left(now);
            estimate.latency * left + new * (1.0 - left)
        } else {
            return;
        };
        *estimate = Estimate { latency, updated: now };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    fn picks_of(policy: &PeakEwma, now: Time, targets: &Targets) -> [u32; 2] {
        let mut rng = Seed(1).stream("test");
        let mut counts = [0; 2];
        for _ in 0..1_000 {
            counts[usize::from(policy.pick(now, targets, &mut rng).unwrap())] += 1;
        }
        counts
    }

    #[test]
    fn one_slow_answer_turns_it_away_and_quick_failures_do_not_bring_it_back() {
        let targets = Targets::new(vec![1; 2], Span::ZERO);
        let mut policy = PeakEwma::new(2);
        let mut now = Time::ZERO;
        for _ in 0..10 {
            now = now + Span::from_millis(10);
            (0..2).for_each(|target| policy.ended(now, target, Span::from_millis(5), true));
        }
        policy.ended(now, 0, Span::from_millis(500), true);
        assert_eq!(picks_of(&policy, now, &targets), [0, 1_000]);
        (0..10).for_each(|_| policy.ended(now, 0, Span::from_micros(1), false));
        assert_eq!(picks_of(&policy, now, &targets), [0, 1_000]);
        // 500 ms fall below 5 ms, which are renewed, after ln(100) = 4.6 decays.
        for seconds in [45, 47] {
            let later = now + Span(seconds * Span::SECOND.0);
            policy.ended(later, 1, Span::from_millis(5), true);
            assert_eq!(picks_of(&policy, later, &targets)[0] == 1_000, seconds == 47);
        }
    }

    #[test]
    fn a_target_that_has_not_answered_yet_gets_one_request_and_no_more() {
        let mut targets = Targets::new(vec![1; 2], Span::ZERO);
        let mut policy = PeakEwma::new(2);
        policy.ended(Time::ZERO, 0, Span::SECOND, true);
        assert_eq!(picks_of(&policy, Time::ZERO, &targets), [0, 1_000]);
        targets.begin(1);
        assert_eq!(picks_of(&policy, Time::ZERO, &targets), [1_000, 0]);
    }
}
