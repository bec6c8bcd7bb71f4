//! A second request when the first is late.
use super::RetryBudget;
use crate::time::{Span, Time};

/// How many response times a percentile is taken from.
const WINDOW: usize = 1_000;

/// After how long a request is late.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HedgeDelay {
    /// Always after this time.
    After(Span),
    /// After this quantile of the response times, in (0, 1): of the last thousand, found anew for each thousand. No
    /// hedges before the first thousand.
    Quantile(f64),
}

/// Sends a request once more when it has not been answered for a while, and takes the first answer (Dean & Barroso
/// 2013, "The Tail at Scale": hedging after the 95th percentile adds 5 % load at most).
///
/// The quantile may be observed on hedged requests: until the hedge is sent their law is that of the others. O(1)
/// amortised.
#[derive(Clone, Debug)]
pub struct Hedge {
    delay: HedgeDelay,
    /// What the hedges may add; when everything is late, hedging everything would double the load.
    budget: RetryBudget,
    /// The response times since the quantile was last found; fewer than [`WINDOW`].
    observed: Vec<Span>,
    /// The present delay, if there is one.
    late: Option<Span>,
}

impl Hedge {
    /// Hedges after `delay`, within `budget`.
    ///
    /// # Panics
    /// If the delay is a quantile outside (0, 1).
    pub fn new(delay: HedgeDelay, budget: RetryBudget) -> Self {
        let (late, room) = match delay {
            HedgeDelay::After(span) => (Some(span), 0),
            HedgeDelay::Quantile(q) => {
                assert!(q > 0.0 && q < 1.0, "a quantile lies between 0 and 1, not at {q}");
                (None, WINDOW)
            }
        };
        Self { delay, budget, observed: Vec::with_capacity(room), late }
    }

    /// A request is sent for the first time: after how long to ask [`Self::hedge`], unless it is answered before.
    pub fn started(&mut self, now: Time) -> Option<Span> {
        self.budget.deposit(now);
        self.late
    }

    /// The request is late: whether to send it once more. False when the budget is used up.
    pub fn hedge(&mut self, now: Time) -> bool {
        self.budget.withdraw(now)
    }

    /// The first answer to a request came after `response`, from the first sending.
    pub fn answered(&mut self, response: Span) {
        let HedgeDelay::Quantile(q) = self.delay else { return };
        self.observed.push(response);
        if self.observed.len() == WINDOW {
            let rank = ((q * WINDOW as f64).ceil() as usize).clamp(1, WINDOW);
            self.late = Some(*self.observed.select_nth_unstable(rank - 1).1);
            self.observed.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math;
    use crate::rng::{Rng, Seed};

    const MEAN: f64 = 1e6;

    /// The response times of `n` requests that each take an exponential time, whether sent first or again; and the
    /// hedges.
    fn respond(hedge: &mut Hedge, n: u64, rng: &mut Rng) -> (Vec<u64>, u64) {
        let draw = |rng: &mut Rng| (-math::ln(rng.unit_positive()) * MEAN) as u64;
        let (mut responses, mut hedges) = (Vec::new(), 0);
        for i in 0..n {
            let mut response = draw(rng);
            let late = hedge.started(Time(i));
            if let Some(late) = late.filter(|late| late.0 < response)
                && hedge.hedge(Time(i))
            {
                hedges += 1;
                response = response.min(late.0 + draw(rng));
            }
            hedge.answered(Span(response));
            responses.push(response);
        }
        responses.sort_unstable();
        (responses, hedges)
    }

    #[test]
    fn the_first_of_two_answers_has_the_law_that_theory_gives() {
        // T = min(X, h + Y) with h = 2 means: mean 0.932332, extra load e^-2, p99 = 3.302585 means (order statistics).
        let mut hedge =
            Hedge::new(HedgeDelay::After(Span(2_000_000)), RetryBudget::new(1.0, 0.0, Span::SECOND));
        let n = 200_000;
        let (responses, hedges) = respond(&mut hedge, n, &mut Seed(1).stream("hedge"));
        let root = (n as f64).sqrt();
        let mean = responses.iter().sum::<u64>() as f64 / n as f64 / MEAN;
        // The variance of T is below that of X, which is 1; four standard deviations.
        assert!((mean - 0.932_332).abs() < 4.0 / root, "{mean}");
        let share = hedges as f64 / n as f64;
        assert!((share - 0.135_335).abs() < 4.0 * (0.135_335f64 * 0.864_665).sqrt() / root, "{share}");
        // A quantile's deviation is sqrt(q (1 - q) / n) over the density there, which is 2 · 0.01.
        let p99 = responses[(n as usize * 99) / 100] as f64 / MEAN;
        assert!((p99 - 3.302_585).abs() < 4.0 * (0.01f64 * 0.99).sqrt() / root / 0.02, "{p99}");
    }

    #[test]
    fn at_the_95th_percentile_it_hedges_a_twentieth() {
        let mut hedge = Hedge::new(HedgeDelay::Quantile(0.95), RetryBudget::new(1.0, 0.0, Span::SECOND));
        assert_eq!(hedge.started(Time::ZERO), None);
        let (_, hedges) = respond(&mut hedge, 101_000, &mut Seed(2).stream("hedge"));
        // 100 thresholds, each the 950th of 1,000: the share beyond it is Beta(51, 950), mean 51/1001 and deviation
        // 0.0069; over 100 of them, with the binomial's own 0.0007: 0.001. Four of these.
        let share = hedges as f64 / 100_000.0;
        assert!((share - 51.0 / 1_001.0).abs() < 0.004, "{share}");
    }

    #[test]
    fn when_all_are_late_the_budget_keeps_the_load_from_doubling() {
        let mut hedge = Hedge::new(HedgeDelay::After(Span(1)), RetryBudget::new(0.05, 0.0, Span::SECOND));
        let (_, hedges) = respond(&mut hedge, 10_000, &mut Seed(3).stream("hedge"));
        assert_eq!(hedges, 500);
    }
}
