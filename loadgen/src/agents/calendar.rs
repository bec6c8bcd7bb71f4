//! What time it is here and there.
use crate::clock::{self, Clock};
use loadpath_core::time::{Span, Time};

/// A clock that reads nanoseconds since 1970, set once and never stepped: between two of its readings lies what really passed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    clock: Clock,
    zero_ns: u64,
}

impl Calendar {
    pub(super) fn start() -> Self {
        Self { clock: Clock::start(), zero_ns: clock::unix_nanos() }
    }

    /// Nanoseconds since 1970.
    pub(super) fn now_ns(self) -> u64 {
        self.zero_ns + self.clock.now().0
    }

    /// The instant of another clock of this process at which this one reads `at_ns`.
    pub(super) fn on(self, other: Clock, at_ns: u64) -> Time {
        other.now() + Span(at_ns.saturating_sub(self.now_ns()))
    }
}

/// What is known of another's clock, from questions and their answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// How far it is ahead of ours, in nanoseconds; negative when it is behind.
    pub ahead_ns: i64,
    /// By how much this may be wrong, either way: half of the quickest round trip (Cristian 1989).
    pub within: Span,
}

impl Offset {
    /// From the other's reading between two of ours, all in nanoseconds.
    pub(super) fn of(asked: u64, theirs: u64, answered: u64) -> Self {
        let trip = answered.saturating_sub(asked);
        let middle = asked.saturating_add(trip / 2);
        Self { ahead_ns: theirs.wrapping_sub(middle) as i64, within: Span(trip.div_ceil(2)) }
    }

    /// The surer of two.
    pub(super) fn better(self, other: Option<Self>) -> Self {
        other.filter(|other| other.within < self.within).unwrap_or(self)
    }

    /// What the other's clock reads when ours reads this.
    pub(super) const fn theirs(self, ours_ns: u64) -> u64 {
        ours_ns.saturating_add_signed(self.ahead_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_ways_there_and_back_take_the_clock_lies_within_what_is_said() {
        let skew = -5_000_000_i64;
        for (there, back) in [(10, 10), (900, 100), (0, 1_000), (70_000, 3)] {
            let asked = 1_000_000_000_000_u64;
            let theirs = (asked + there).saturating_add_signed(skew);
            let offset = Offset::of(asked, theirs, asked + there + back);
            assert!(offset.ahead_ns.abs_diff(skew) <= offset.within.0, "{there} {back}: {offset:?}");
            let off = offset.theirs(asked).abs_diff(asked.saturating_add_signed(skew));
            assert!(off <= offset.within.0);
        }
        let (quick, slow) = (Offset::of(0, 7, 10), Offset::of(0, 70, 100));
        assert_eq!((quick.better(Some(slow)), slow.better(Some(quick))), (quick, quick));
    }
}
