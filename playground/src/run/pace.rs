//! How far a simulation should be: simulated time follows real time, at a speed, and gives up what it cannot catch up.
use loadpath_core::time::{Span, Time};

/// A simulation that falls behind by more than this much real time lets it go.
const MOST_DEBT_S: f64 = 0.25;
/// Over how much real time the reached pace is averaged.
const AVERAGE_MS: f64 = 1_000.0;

/// A simulation's clock. Real time is an argument, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Simulated seconds per real second, ≥ 0; zero is paused.
    pub(super) speed: f64,
    /// An instant of the real clock and the simulated instant that belongs to it.
    anchor: (f64, Time),
    /// Where the average began, and what it was then.
    since: (f64, Time),
    reached: f64,
}

impl Pace {
    /// A clock that starts at a simulated instant.
    pub(super) fn new(speed: f64, now_ms: f64, simulated: Time) -> Self {
        Self { speed, anchor: (now_ms, simulated), since: (now_ms, simulated), reached: speed }
    }

    /// Goes on at another speed from where the simulation is.
    pub(super) fn set_speed(&mut self, speed: f64, now_ms: f64, simulated: Time) {
        *self = Self::new(speed, now_ms, simulated);
    }

    /// Until when the simulation should have run.
    pub(super) fn target(&self, now_ms: f64) -> Time {
        let real = (now_ms - self.anchor.0).max(0.0) / 1e3;
        self.anchor.1 + Span::from_secs(real * self.speed)
    }

    /// Takes note of where the simulation is, and forgets a debt that is too large to catch up.
    pub(super) fn reached(&mut self, now_ms: f64, simulated: Time) {
        let debt = self.target(now_ms).since(simulated).as_secs();
        if debt > MOST_DEBT_S * self.speed {
            self.anchor = (now_ms, simulated);
        }
        let real = now_ms - self.since.0;
        if real >= AVERAGE_MS {
            self.reached = simulated.since(self.since.1).as_secs() / (real / 1e3);
            self.since = (now_ms, simulated);
        }
    }

    /// Simulated seconds per real second, over the last second or two.
    pub(super) const fn average(&self) -> f64 {
        self.reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_time_follows_real_time_at_its_speed() {
        let pace = Pace::new(5.0, 1_000.0, Time::ZERO + Span::SECOND);
        assert_eq!(pace.target(1_200.0), Time(2_000_000_000));
        assert_eq!(Pace::new(0.0, 0.0, Time(7)).target(9_999.0), Time(7));
    }

    #[test]
    fn a_debt_that_cannot_be_caught_up_is_forgotten_and_told() {
        let mut pace = Pace::new(20.0, 0.0, Time::ZERO);
        // The simulation reaches only 8 seconds a second.
        for step in 1..=30 {
            let now = f64::from(step) * 100.0;
            let simulated = Time(step as u64 * 800_000_000);
            pace.reached(now, simulated);
            assert!(pace.target(now).since(simulated).as_secs() <= 0.25 * 20.0);
        }
        assert!((pace.average() - 8.0).abs() < 0.1, "{}", pace.average());
    }
}
