//! Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2018): a key's target on the ring, unless it has
//! more than `c` times its share of what is in flight; then the next on the ring that has not.
//!
//! A hot key thus spills over instead of drowning its target; with a large `c` it is the plain ring.
use super::Targets;
use crate::component::HashRing;

/// The policy. O(1) expected, more often the nearer `c` is to one.
#[derive(Clone, Debug)]
pub(super) struct BoundedLoad {
    ring: HashRing,
    c: f64,
}

impl BoundedLoad {
    /// On a ring of these weights, with `c` > 1.
    pub(super) fn new(weights: &[u32], c: f64) -> Self {
        assert!(c > 1.0, "a bounded load is above the mean, not {c} of it");
        Self { ring: HashRing::weighted(weights), c }
    }

    /// The target of `key`: there is always one below the bound, since bounds sum up to more than there will be in flight.
    pub(super) fn pick(&self, key: u64, targets: &Targets) -> Option<u16> {
        let weight: u64 = match targets.are_equal() {
            true => targets.usable().len() as u64 * u64::from(*targets.weights().first()?),
            false => {
                targets.usable().iter().map(|&target| u64::from(targets.weights()[usize::from(target)])).sum()
            }
        };
        let each = self.c * (targets.load() + 1) as f64 / weight as f64;
        self.ring.pick(key, |target| {
            let bound = (each * f64::from(targets.weights()[usize::from(target)])).ceil();
            targets.is_usable(target) && f64::from(targets.in_flight(target)) < bound
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    #[test]
    fn no_target_gets_more_than_its_bound_even_of_one_hot_key() {
        // The bounds ceil(c m / n) of the paper: 10 servers, 1,000 balls, c = 1.1; 50, 5,000, 2.
        for (servers, balls, c, bound) in [(10, 1_000, 1.1, 110), (50, 5_000, 2.0, 200)] {
            for hot in [false, true] {
                let mut targets = Targets::new(vec![1; servers], Span::ZERO);
                let policy = BoundedLoad::new(targets.weights(), c);
                for ball in 0..balls {
                    let target = policy.pick(if hot { 0 } else { ball }, &targets).unwrap();
                    targets.begin(target);
                }
                let most = targets.usable().iter().map(|&target| targets.in_flight(target)).max().unwrap();
                assert!(most <= bound, "{most} of {servers}");
                // A hot key fills its targets one after another.
                assert!(!hot || most == bound, "{most}");
            }
        }
    }

    #[test]
    fn below_the_bound_it_is_the_ring() {
        let targets = Targets::new(vec![1; 8], Span::ZERO);
        let policy = BoundedLoad::new(targets.weights(), 1.25);
        let ring = HashRing::new(8);
        assert!((0..1_000).all(|key| policy.pick(key, &targets) == ring.pick(key, |_| true)));
    }
}
