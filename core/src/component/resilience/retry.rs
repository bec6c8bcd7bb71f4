//! Whether to try again, and when.
use super::{Backoff, RetryBudget};
use crate::rng::Rng;
use crate::time::{Span, Time};

/// How failed calls are tried again: a number of attempts, a wait between them, and a budget for all calls together.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// How often a call is tried, the first time included; 1 never retries.
    pub attempts: u32,
    /// The waits.
    pub backoff: Backoff,
    /// What all calls together may retry; without it, layers of retries multiply: a^k for k layers of a attempts (Site
    /// Reliability Engineering 2016, ch. 22).
    pub budget: Option<RetryBudget>,
}

impl RetryPolicy {
    /// One attempt, and no other.
    pub const fn never() -> Self {
        Self { attempts: 1, backoff: Backoff::constant(Span::ZERO), budget: None }
    }

    /// A call is tried for the first time.
    pub fn started(&mut self, now: Time) {
        if let Some(budget) = &mut self.budget {
            budget.deposit(now);
        }
    }

    /// The `attempt`th attempt of a call, counted from 1, has failed: after how long to try again, or not at all. O(1),
    /// but for decorrelated jitter (see [`Backoff::delay`]).
    pub fn after_failure(&mut self, now: Time, attempt: u32, rng: &mut Rng) -> Option<Span> {
        if attempt >= self.attempts || !self.budget.as_mut().is_none_or(|budget| budget.withdraw(now)) {
            return None;
        }
        Some(self.backoff.delay(attempt, rng))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    /// Attempts made by a call whose attempts fail with probability `p`, and whether it succeeded.
    fn call(policy: &mut RetryPolicy, p: f64, rng: &mut Rng) -> (u32, bool) {
        policy.started(Time::ZERO);
        let mut attempt = 1;
        while rng.unit() < p {
            if policy.after_failure(Time::ZERO, attempt, rng).is_none() {
                return (attempt, false);
            }
            attempt += 1;
        }
        (attempt, true)
    }

    #[test]
    fn independent_failures_take_a_geometric_number_of_attempts() {
        // Success 1 - p^(r+1), attempts (1 - p^(r+1)) / (1 - p), with p = 0.5 and r = 3 retries: 0.9375 and 1.875.
        let mut rng = Seed(4).stream("retry");
        let mut policy = RetryPolicy { attempts: 4, ..RetryPolicy::never() };
        let n = 100_000;
        let ends: Vec<(u32, bool)> = (0..n).map(|_| call(&mut policy, 0.5, &mut rng)).collect();
        let successes = ends.iter().filter(|end| end.1).count() as f64 / f64::from(n);
        let attempts = f64::from(ends.iter().map(|end| end.0).sum::<u32>()) / f64::from(n);
        // Standard deviations 0.24 and 1.05 over the root of n; four of them.
        assert!((successes - 0.9375).abs() < 4.0 * 0.2421 / f64::from(n).sqrt(), "{successes}");
        assert!((attempts - 1.875).abs() < 4.0 * 1.0533 / f64::from(n).sqrt(), "{attempts}");
    }

    /// Calls through `layers` of policies above a dead server: what reaches it.
    fn amplify(layers: &mut [RetryPolicy], now: Time, rng: &mut Rng) -> u32 {
        let Some((policy, below)) = layers.split_first_mut() else { return 1 };
        policy.started(now);
        let mut reached = 0;
        for attempt in 1.. {
            reached += amplify(below, now, rng);
            if policy.after_failure(now, attempt, rng).is_none() {
                break;
            }
        }
        reached
    }

    #[test]
    fn three_layers_of_four_attempts_make_sixty_four_and_budgets_keep_it_below_two() {
        // Site Reliability Engineering 2016, ch. 22: 4^3 = 64.
        let mut rng = Seed(4).stream("retry");
        let policy = RetryPolicy { attempts: 4, ..RetryPolicy::never() };
        let mut layers = vec![policy.clone(); 3];
        assert_eq!(amplify(&mut layers, Time::ZERO, &mut rng), 64);
        let budget = RetryBudget::new(0.2, 0.0, Span::SECOND);
        let mut layers = vec![RetryPolicy { budget: Some(budget), ..policy }; 3];
        let reached: u32 = (0..10_000).map(|_| amplify(&mut layers, Time::ZERO, &mut rng)).sum();
        // Each layer multiplies by 1.2 at most.
        assert!(reached <= 17_280 && reached > 17_000, "{reached}");
    }
}
