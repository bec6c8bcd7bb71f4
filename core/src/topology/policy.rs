//! What calls by an edge are made with: the components that its parameters stand for, each as it is at the start.
use super::PlanEdge;
use crate::component::resilience::{
    Backoff, CircuitBreaker, Hedge, HedgeDelay, RetryBudget, RetryPolicy, Trip,
};
use crate::time::Span;

/// A breaker looks at so many calls, once half of them have been made, and lets so many probes out before it closes.
const BREAKER_CALLS: u16 = 100;
const BREAKER_PROBES: u16 = 5;
/// A backoff does not grow beyond this.
const LONGEST_BACKOFF: Span = Span::from_millis(60_000);
/// The floor and the window of retry budgets, as in Finagle.
const BUDGET_FLOOR: f64 = 10.0;
const BUDGET_WINDOW: Span = Span::from_millis(10_000);
/// As many hedges as there are calls is no bound.
const NO_BOUND: f64 = 1e9;

impl PlanEdge {
    /// How often a call is tried, and when.
    pub fn retry_policy(&self) -> RetryPolicy {
        RetryPolicy {
            attempts: self.retries + 1,
            backoff: Backoff::exponential(self.backoff, LONGEST_BACKOFF, self.jitter),
            budget: self.retry_budget.map(|share| RetryBudget::new(share, BUDGET_FLOOR, BUDGET_WINDOW)),
        }
    }

    /// What stops calls while too many of them fail, if anything does.
    pub fn circuit_breaker(&self) -> Option<CircuitBreaker> {
        let (share, open) = self.breaker?;
        let trip = Trip::Share { calls: BREAKER_CALLS, at_least: BREAKER_CALLS / 2, share };
        Some(CircuitBreaker::new(trip, open, BREAKER_PROBES))
    }

    /// When a second call is made, if ever.
    pub fn hedge(&self) -> Option<Hedge> {
        let after = self.hedge_after.map(HedgeDelay::After);
        let delay = after.or(self.hedge_at.map(HedgeDelay::Quantile))?;
        let budget = if self.hedge_budget < 1.0 {
            RetryBudget::new(self.hedge_budget, 0.0, BUDGET_WINDOW)
        } else {
            RetryBudget::new(NO_BOUND, BUDGET_FLOOR, BUDGET_WINDOW)
        };
        Some(Hedge::new(delay, budget))
    }
}
