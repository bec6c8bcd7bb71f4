//! A usable target at random, as often as its weight says.
use super::Targets;
use crate::rng::Rng;
use crate::time::Time;

/// The policy. O(1) over equals, O(n) over weights.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Random;

impl Random {
    /// A usable target.
    pub(super) fn pick(self, now: Time, targets: &Targets, rng: &mut Rng) -> Option<u16> {
        let usable = targets.usable();
        let last = *usable.last()?;
        if targets.are_even(now) {
            return Some(usable[rng.below(usable.len() as u64) as usize]);
        }
        let total: f64 = usable.iter().map(|&target| targets.weight(now, target)).sum();
        let mut left = rng.unit() * total;
        let found = usable.iter().find(|&&target| {
            left -= targets.weight(now, target);
            left < 0.0
        });
        // Rounding may leave a trace of the total after the last.
        Some(found.copied().unwrap_or(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::time::Span;

    #[test]
    fn each_gets_its_share() {
        let mut rng = Seed(1).stream("test");
        for weights in [[1, 1, 1, 1], [1, 2, 3, 4]] {
            let targets = Targets::new(weights.to_vec(), Span::ZERO);
            let mut counts = [0.0; 4];
            for _ in 0..100_000 {
                counts[usize::from(Random.pick(Time::ZERO, &targets, &mut rng).unwrap())] += 1.0;
            }
            let sum: u32 = weights.iter().sum();
            let chi: f64 = (0..4)
                .map(|i| (counts[i], 100_000.0 * f64::from(weights[i]) / f64::from(sum)))
                .map(|(count, mean): (f64, f64)| (count - mean) * (count - mean) / mean)
                .sum();
            // Chi-squared with 3 degrees of freedom: 16.3 is its 99.9 % quantile.
            assert!(chi < 16.3, "{counts:?}");
        }
    }
}
