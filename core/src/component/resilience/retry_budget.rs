//! How many retries all calls together may make.
use super::window::Window;
use crate::time::{Span, Time};

const REQUESTS: usize = 0;
const RETRIES: usize = 1;

/// Retries as a share of requests, plus a floor per second, over a sliding window (Finagle's `RetryBudget`, 2016; Site
/// Reliability Engineering 2016, ch. 21: a tenth of requests per client).
///
/// However many calls fail, and however often each may be tried, the load is at most `1 + share` times the requests,
/// plus the floor. The window slides in tenths. O(1).
#[derive(Clone, Debug)]
pub struct RetryBudget {
    share: f64,
    /// What the window allows to those who hardly call.
    reserve: f64,
    window: Window,
}

impl RetryBudget {
    /// Retries up to `share` ≥ 0 of the requests (0.2 is usual) plus `floor_per_second` ≥ 0 (usually 10), over `window`
    /// (usually 10 s).
    pub fn new(share: f64, floor_per_second: f64, window: Span) -> Self {
        Self { share, reserve: floor_per_second * window.as_secs(), window: Window::new(window) }
    }

    /// A request was made: the first attempt, not a retry.
    pub fn deposit(&mut self, now: Time) {
        self.window.add(now, REQUESTS);
    }

    /// Takes a retry out of the budget; false when it is used up.
    pub fn withdraw(&mut self, now: Time) -> bool {
        let [requests, retries] = self.window.sums(now);
        let left = (retries + 1) as f64 <= requests as f64 * self.share + self.reserve;
        if left {
            self.window.add(now, RETRIES);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_an_outage_the_load_is_the_share_and_the_floor_and_not_a_retry_more() {
        // 1,000 requests a second for 60 s, all failing, each tried up to 4 times: 200 + 10 retries a second.
        let mut budget = RetryBudget::new(0.2, 10.0, Span(10_000_000_000));
        let mut retries = 0;
        for i in 0..60_000u64 {
            let now = Time(i * 1_000_000);
            budget.deposit(now);
            retries += (0..3).filter(|_| budget.withdraw(now)).count();
        }
        // Of the floor, a window's worth is there at once, and comes back as the window's oldest tenth leaves.
        assert!((60 * 210 - 100..=60 * 210 + 100).contains(&retries), "{retries}");
    }

    #[test]
    fn without_requests_only_the_floor_is_left_and_old_retries_are_forgiven() {
        let mut budget = RetryBudget::new(0.2, 0.5, Span(10_000_000_000));
        let mut at = |second: u64| budget.withdraw(Time(second * 1_000_000_000));
        assert_eq!([at(0), at(0), at(0), at(0), at(0), at(0)], [true, true, true, true, true, false]);
        assert_eq!((at(9), at(10)), (false, true));
    }
}
