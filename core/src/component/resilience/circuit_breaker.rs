//! Stops calling what fails, and tries now and then whether it works again.
use crate::time::{Span, Time};

/// What opens a breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trip {
    /// So many failures in a row, ≥ 1.
    Consecutive(u32),
    /// A share of failures, in (0, 1], among the last calls.
    Share {
        /// Of how many calls at most, 1 to 1,024.
        calls: u16,
        /// With fewer calls than this it stays closed; at most `calls`.
        at_least: u16,
        /// The share.
        share: f64,
    },
}

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// It admits all.
    Closed,
    /// It admits none before this time.
    Open(Time),
    /// It admits a few, to see how they end.
    HalfOpen,
}

/// What an admitted call hands back when it ends, so that a call from before the breaker changed says nothing about
/// after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a breaker waits for the end of every call that it admitted"]
pub struct Pass(u32);

/// A circuit breaker (Nygard 2007, "Release It!", ch. 5): closed, open for a while after failures, then half open for
/// probes.
///
/// All probes must succeed to close it; one that fails opens it again. The end of a call that was admitted in an
/// earlier state is ignored. O(1).
#[derive(Clone, Debug)]
pub struct CircuitBreaker {
    trip: Trip,
    open_for: Span,
    probes: u16,
    state: BreakerState,
    /// Counts the changes of state.
    period: u32,
    /// Half open: probes admitted and probes that have succeeded.
    admitted: u16,
    passed: u16,
    /// Closed: the last ends.
    recent: Recent,
}

/// The last ends of calls, as bits.
#[derive(Clone, Debug)]
struct Recent {
    /// Whether each of the last calls failed; a ring of as many bits as calls are looked at.
    failed: Vec<bool>,
    /// Where the next end goes.
    at: usize,
    seen: usize,
    failures: usize,
    in_a_row: u32,
}

impl Recent {
    fn clear(&mut self) {
        self.failed.fill(false);
        (self.at, self.seen, self.failures, self.in_a_row) = (0, 0, 0, 0);
    }

    fn add(&mut self, failed: bool) {
        self.in_a_row = if failed { self.in_a_row + 1 } else { 0 };
        if let Some(place) = self.failed.get_mut(self.at) {
            self.failures -= usize::from(std::mem::replace(place, failed));
            self.failures += usize::from(failed);
            self.at = (self.at + 1) % self.failed.len();
            self.seen = (self.seen + 1).min(self.failed.len());
        }
    }
}

impl CircuitBreaker {
    /// A closed breaker that `trip` opens for `open_for`, and that closes after `probes` ≥ 1 have succeeded.
    ///
    /// # Panics
    /// If a number is outside the range that is written at it.
    pub fn new(trip: Trip, open_for: Span, probes: u16) -> Self {
        assert!(probes > 0, "a breaker without probes never closes");
        let calls = match trip {
            Trip::Consecutive(failures) => {
                assert!(failures > 0, "a breaker opens after a failure at the earliest");
                0
            }
            Trip::Share { calls, at_least, share } => {
                assert!((1..=1_024).contains(&calls) && at_least <= calls, "it looks at 1 to 1,024 calls");
                assert!(share > 0.0 && share <= 1.0, "a share of failures is in (0, 1], not {share}");
                calls
            }
        };
        let failed = vec![false; usize::from(calls)];
        let recent = Recent { failed, at: 0, seen: 0, failures: 0, in_a_row: 0 };
        let state = BreakerState::Closed;
        Self { trip, open_for, probes, state, period: 0, admitted: 0, passed: 0, recent }
    }

    /// Whether a call may be made; if so, its end must be told to [`Self::ended`].
    pub fn admit(&mut self, now: Time) -> Option<Pass> {
        match self.state(now) {
            BreakerState::Closed => {}
            BreakerState::Open(_) => return None,
            BreakerState::HalfOpen => {
                if matches!(self.state, BreakerState::Open(_)) {
                    self.change(BreakerState::HalfOpen);
                }
                if self.admitted == self.probes {
                    return None;
                }
                self.admitted += 1;
            }
        }
        Some(Pass(self.period))
    }

    /// A call has ended, well or not.
    pub fn ended(&mut self, now: Time, pass: Pass, ok: bool) {
        if pass.0 != self.period {
            return;
        }
        match (self.state, ok) {
            (BreakerState::Closed, _) => {
                self.recent.add(!ok);
                if !ok && self.trips() {
                    self.change(BreakerState::Open(now + self.open_for));
                }
            }
            (BreakerState::HalfOpen, true) => {
                self.passed += 1;
                if self.passed == self.probes {
                    self.change(BreakerState::Closed);
                }
            }
            (BreakerState::HalfOpen, false) => self.change(BreakerState::Open(now + self.open_for)),
            (BreakerState::Open(_), _) => {
                unreachable!("an open breaker admits no call, so no call of its period ends")
            }
        }
    }

    /// What it does with calls at `now`.
    pub fn state(&self, now: Time) -> BreakerState {
        match self.state {
            BreakerState::Open(until) if until <= now => BreakerState::HalfOpen,
            state => state,
        }
    }

    fn trips(&self) -> bool {
        match self.trip {
            Trip::Consecutive(failures) => self.recent.in_a_row >= failures,
            Trip::Share { at_least, share, .. } => {
                self.recent.seen >= usize::from(at_least)
                    && self.recent.failures as f64 >= share * self.recent.seen as f64
            }
        }
    }

    fn change(&mut self, state: BreakerState) {
        self.state = state;
        self.period = self.period.wrapping_add(1);
        (self.admitted, self.passed) = (0, 0);
        self.recent.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    fn call(breaker: &mut CircuitBreaker, now: u64, ok: bool) -> bool {
        let pass = breaker.admit(Time(now));
        pass.map(|pass| breaker.ended(Time(now), pass, ok)).is_some()
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_after_probes() {
        let mut breaker = CircuitBreaker::new(Trip::Consecutive(3), Span(100), 2);
        for ok in [false, false, true, false, false, false] {
            assert!(call(&mut breaker, 10, ok));
        }
        assert_eq!(breaker.state(Time(10)), BreakerState::Open(Time(110)));
        assert!(!call(&mut breaker, 109, true));
        // Two probes and no third; the second fails, and it opens again.
        let (first, second) = (breaker.admit(Time(110)).unwrap(), breaker.admit(Time(110)).unwrap());
        assert_eq!(breaker.admit(Time(110)), None);
        breaker.ended(Time(120), first, true);
        breaker.ended(Time(130), second, false);
        assert_eq!(breaker.state(Time(130)), BreakerState::Open(Time(230)));
        assert!(call(&mut breaker, 230, true) && call(&mut breaker, 231, true));
        assert_eq!(breaker.state(Time(231)), BreakerState::Closed);
    }

    #[test]
    fn a_call_from_before_says_nothing_about_after() {
        let mut breaker = CircuitBreaker::new(Trip::Consecutive(1), Span(100), 1);
        let (slow, slower) = (breaker.admit(Time(0)).unwrap(), breaker.admit(Time(0)).unwrap());
        assert!(call(&mut breaker, 1, false));
        breaker.ended(Time(50), slow, false);
        assert_eq!(breaker.state(Time(50)), BreakerState::Open(Time(101)));
        let probe = breaker.admit(Time(101)).unwrap();
        breaker.ended(Time(102), slower, false);
        breaker.ended(Time(103), probe, true);
        assert_eq!(breaker.state(Time(103)), BreakerState::Closed);
    }

    #[test]
    fn it_opens_at_the_share_that_a_list_of_the_last_calls_has() {
        let trip = Trip::Share { calls: 20, at_least: 5, share: 0.5 };
        let mut rng = Seed(6).stream("breaker");
        let mut breaker = CircuitBreaker::new(trip, Span(10), 1);
        let (mut twin, mut opened, mut slid) = (Vec::new(), 0, 0);
        for step in 0..20_000 {
            let ok = rng.unit() < 0.7;
            let now = Time(step * 10);
            if breaker.state(now) == BreakerState::HalfOpen {
                assert!(call(&mut breaker, now.0, true) && twin.is_empty());
                continue;
            }
            assert!(call(&mut breaker, now.0, ok));
            twin.push(!ok);
            slid += usize::from(twin.len() > 20);
            let last = &twin[twin.len().saturating_sub(20)..];
            let failures = last.iter().filter(|&&failed| failed).count();
            let open = !ok && last.len() >= 5 && 2 * failures >= last.len();
            assert_eq!(breaker.state(now) != BreakerState::Closed, open, "step {step}");
            if open {
                twin.clear();
                opened += 1;
            }
        }
        assert!(opened > 100 && slid > 100, "{opened} {slid}");
    }
}
