//! What a balancer knows of its targets: who is usable, how many requests each has in flight, and what it weighs.
use crate::time::{Span, Time};

/// What a target weighs at the least while it ramps, of its full weight (Envoy's `min_weight_percent`).
const LEAST_RAMP: f64 = 0.1;

/// Why a target gets no requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Unhealthy = 1,
    Ejected = 2,
}

/// Targets 0..n. A target is usable when it is healthy, as its probes say, and not ejected as an outlier.
#[derive(Clone, Debug)]
pub struct Targets {
    in_flight: Vec<u32>,
    /// The usable ones, in rising order: those without a reason not to be.
    usable: Vec<u16>,
    /// The reasons of each target, as bits.
    reasons: Vec<u8>,
    /// The sum of `in_flight` over the usable.
    load: u64,
    weights: Vec<u32>,
    /// Whether all weights are the same.
    equal: bool,
    slow_start: Span,
    /// When each returned, if ever.
    returned: Vec<Option<Time>>,
    /// From here on none ramps.
    ramps_until: Time,
    /// Rises whenever `usable` changes.
    generation: u64,
}

impl Targets {
    /// Usable and idle targets of these weights.
    pub(super) fn new(weights: Vec<u32>, slow_start: Span) -> Self {
        let count = weights.len();
        Self {
            in_flight: vec![0; count],
            // The caller has counted them in a u16.
            usable: (0..count as u16).collect(),
            reasons: vec![0; count],
            load: 0,
            equal: weights.windows(2).all(|pair| pair[0] == pair[1]),
            weights,
            slow_start,
            returned: vec![None; count],
            ramps_until: Time::ZERO,
            generation: 0,
        }
    }

    /// How many there are, usable or not.
    pub fn len(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// The usable ones, in rising order.
    pub fn usable(&self) -> &[u16] {
        &self.usable
    }

    /// Whether `target` is healthy and not ejected.
    pub fn is_usable(&self, target: u16) -> bool {
        self.reasons[usize::from(target)] == 0
    }

    /// Requests in flight at `target`.
    pub fn in_flight(&self, target: u16) -> u32 {
        self.in_flight[usize::from(target)]
    }

    /// Requests in flight at all usable targets.
    pub const fn load(&self) -> u64 {
        self.load
    }

    /// The share of its weight, in [0.1, 1], that `target` has while it ramps.
    pub fn ramp(&self, now: Time, target: u16) -> f64 {
        match self.returned[usize::from(target)] {
            Some(returned) if now < returned + self.slow_start => {
                (now.since(returned).as_secs() / self.slow_start.as_secs()).max(LEAST_RAMP)
            }
            _ => 1.0,
        }
    }

    /// The weight of `target`, less while it ramps. Above zero.
    pub fn weight(&self, now: Time, target: u16) -> f64 {
        f64::from(self.weights[usize::from(target)]) * self.ramp(now, target)
    }

    /// The weights without ramps.
    pub(super) fn weights(&self) -> &[u32] {
        &self.weights
    }

    /// Whether all have the same weight when none ramps.
    pub(super) const fn are_equal(&self) -> bool {
        self.equal
    }

    /// Whether some target may ramp now.
    pub(super) fn any_ramps(&self, now: Time) -> bool {
        now < self.ramps_until
    }

    /// Whether all have the same weight now.
    pub(super) fn are_even(&self, now: Time) -> bool {
        self.equal && !self.any_ramps(now)
    }

    /// Another number whenever the usable targets are others.
    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    /// Gives or takes a reason not to be used; whether `target` has become usable, or has ceased to be. One that returns
    /// begins to ramp. O(n).
    pub(super) fn set(&mut self, now: Time, target: u16, reason: Reason, holds: bool) -> bool {
        let index = usize::from(target);
        let before = self.reasons[index];
        let after = before & !(reason as u8) | if holds { reason as u8 } else { 0 };
        self.reasons[index] = after;
        if (before == 0) == (after == 0) {
            return false;
        }
        let load = u64::from(self.in_flight[index]);
        let place = self.usable.partition_point(|&other| other < target);
        if after == 0 {
            self.usable.insert(place, target);
            self.load += load;
            self.returned[index] = Some(now);
            self.ramps_until = self.ramps_until.max(now + self.slow_start);
        } else {
            self.usable.remove(place);
            self.load -= load;
        }
        self.generation += 1;
        true
    }

    /// Whether this reason keeps `target` from being used.
    pub(super) fn has(&self, target: u16, reason: Reason) -> bool {
        self.reasons[usize::from(target)] & reason as u8 != 0
    }

    /// A request was sent to `target`.
    pub(super) fn begin(&mut self, target: u16) {
        self.in_flight[usize::from(target)] += 1;
        self.load += u64::from(self.is_usable(target));
    }

    /// A request to `target` has ended, well or not.
    pub(super) fn end(&mut self, target: u16) {
        let count = &mut self.in_flight[usize::from(target)];
        debug_assert!(*count > 0, "a request ended that had not begun");
        if *count > 0 {
            *count -= 1;
            self.load -= u64::from(self.is_usable(target));
        }
    }

    /// Panics where the structure contradicts itself.
    pub(super) fn check(&self) {
        let all = 0..self.len() as u16;
        assert!(
            self.usable.iter().copied().eq(all.filter(|&target| self.is_usable(target))),
            "the usable are others"
        );
        let load: u64 = self.usable.iter().map(|&target| u64::from(self.in_flight(target))).sum();
        assert!(load == self.load, "the sum in flight is wrong");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_with_two_reasons_needs_both_taken_away_and_then_ramps() {
        let mut targets = Targets::new(vec![4, 4], Span(100));
        assert!(targets.set(Time(0), 1, Reason::Unhealthy, true));
        assert!(!targets.set(Time(0), 1, Reason::Ejected, true));
        assert!(!targets.set(Time(0), 1, Reason::Unhealthy, false));
        assert!(targets.are_even(Time(1_000)) && targets.usable() == [0]);
        assert!(targets.set(Time(1_000), 1, Reason::Ejected, false));
        let weights = [1_000, 1_010, 1_050, 1_100].map(|now| targets.weight(Time(now), 1));
        assert_eq!(weights, [0.4, 0.4, 2.0, 4.0]);
        assert!(!targets.are_even(Time(1_099)) && targets.are_even(Time(1_100)));
        targets.check();
    }
}
