//! The time by which an answer is of use, handed on from call to call.
use crate::time::{Span, Time};

/// The instant after which nobody waits for the answer.
///
/// Between processes it travels as what remains (gRPC's `grpc-timeout`), because clocks differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(pub Time);

/// The deadline comes before the work could be done: what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CannotMakeIt(pub Span);

impl Deadline {
    /// Nobody stops waiting.
    pub const NONE: Self = Self(Time::NEVER);

    /// `remaining` from now on.
    pub fn after(now: Time, remaining: Span) -> Self {
        Self(now + remaining)
    }

    /// What remains; zero when it has passed.
    pub fn remaining(self, now: Time) -> Span {
        self.0.since(now)
    }

    /// Whether it has passed.
    pub fn has_passed(self, now: Time) -> bool {
        self.0 <= now
    }

    /// The deadline of a call that is made on the way: `hop` earlier, for the way back, and no later than `timeout`
    /// from now. Never later than the caller's own, so an inner timeout cannot outlast the outer one.
    pub fn handed_on(self, now: Time, hop: Span, timeout: Span) -> Self {
        let own = if self == Self::NONE { self.0 } else { self.0 - hop };
        Self(own.min(now + timeout))
    }

    /// Refuses work that needs `needed` and could not be answered in time: doing it would take capacity from what can
    /// (Site Reliability Engineering 2016, ch. 22, "Latency and deadlines").
    ///
    /// # Errors
    /// When the time that remains is shorter: by how much, at least 1 ns.
    pub fn admit(self, now: Time, needed: Span) -> Result<(), CannotMakeIt> {
        let done = now + needed;
        if done <= self.0 && (!self.has_passed(now) || self == Self::NONE) {
            return Ok(());
        }
        Err(CannotMakeIt(Span(done.since(self.0).0.max(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hop_leaves_less_and_none_outlasts_its_caller() {
        let now = Time(1_000);
        let outer = Deadline::after(now, Span(100));
        let inner = outer.handed_on(now, Span(10), Span(500));
        assert_eq!(inner.remaining(now), Span(90));
        assert_eq!(inner.handed_on(now, Span(10), Span(30)).remaining(now), Span(30));
        assert_eq!(Deadline::NONE.handed_on(now, Span(10), Span(30)), Deadline(Time(1_030)));
        assert_eq!(Deadline::NONE.handed_on(now, Span(10), Span(u64::MAX)), Deadline::NONE);
    }

    #[test]
    fn what_cannot_be_answered_in_time_is_refused() {
        let deadline = Deadline(Time(100));
        assert_eq!(deadline.admit(Time(60), Span(40)), Ok(()));
        assert_eq!(deadline.admit(Time(61), Span(40)), Err(CannotMakeIt(Span(1))));
        assert_eq!(deadline.admit(Time(100), Span::ZERO), Err(CannotMakeIt(Span(1))));
        assert_eq!(Deadline::NONE.admit(Time(61), Span(40)), Ok(()));
    }
}
