//! Turns less important calls away first, before the queue is full.

/// Admits a call of priority p, 0 the most important, while the queue is filled to less than p's share (Site
/// Reliability Engineering 2016, ch. 21, "Criticality"; Zhou et al. 2018, "Overload Control for Scaling WeChat
/// Microservices").
///
/// A priority without a share of its own has that of the last one. O(1).
#[derive(Clone, Debug)]
pub struct LoadShedder {
    /// By priority, each in [0, 1] and not above the one before; not empty.
    shares: Vec<f64>,
}

impl LoadShedder {
    /// With these shares of the queue, by priority.
    ///
    /// # Panics
    /// If there are none, if one is outside [0, 1], or if a less important priority has a larger one.
    pub fn new(shares: Vec<f64>) -> Self {
        assert!(!shares.is_empty(), "a shedder needs a share for at least one priority");
        assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "a share of the queue is in [0, 1]");
        assert!(shares.is_sorted_by(|a, b| a >= b), "what matters less cannot have more of the queue");
        Self { shares }
    }

    /// With `priorities` ≥ 1 in even steps: of four, the last is turned away when a quarter of the queue is filled.
    ///
    /// # Panics
    /// If there are no priorities.
    pub fn even(priorities: u8) -> Self {
        let all = f64::from(priorities);
        Self::new((0..priorities).map(|p| f64::from(priorities - p) / all).collect())
    }

    /// Whether a call of `priority` may join a queue in which `waiting` of at most `bound` wait.
    pub fn admit(&self, priority: u8, waiting: usize, bound: usize) -> bool {
        let place = usize::from(priority).min(self.shares.len() - 1);
        (waiting as f64) < self.shares[place] * bound as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuller_the_queue_the_more_important_a_call_must_be() {
        let shedder = LoadShedder::even(4);
        let admitted = |waiting| (0..6).filter(|&p| shedder.admit(p, waiting, 100)).count();
        // Priorities from 3 on share the last quarter.
        assert_eq!([0, 24, 25, 49, 50, 74, 75, 99, 100].map(admitted), [6, 6, 3, 3, 2, 2, 1, 1, 0]);
        assert!(!shedder.admit(0, 0, 0));
    }
}
