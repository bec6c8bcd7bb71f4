//! The less busy of two different targets at random (Mitzenmacher 2001): nearly as good as the least busy of all, without
//! looking at all.
use super::Targets;
use crate::rng::Rng;

/// The policy. O(1).
#[derive(Clone, Copy, Debug, Default)]
pub struct PowerOfTwo;

impl PowerOfTwo {
    /// The less busy of two healthy targets; the first drawn, where they are equal.
    pub fn pick(self, targets: &Targets, rng: &mut Rng) -> Option<u16> {
        let healthy = targets.healthy();
        let n = healthy.len() as u64;
        if n < 2 {
            return healthy.first().copied();
        }
        let first = rng.below(n);
        // Evenly among the others.
        let second = (first + 1 + rng.below(n - 1)) % n;
        let (a, b) = (healthy[first as usize], healthy[second as usize]);
        Some(if targets.in_flight(b) < targets.in_flight(a) { b } else { a })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn it_never_picks_the_single_busiest() {
        let mut targets = Targets::new(4);
        targets.begin(2);
        let mut rng = Seed(9).stream("test");
        let mut counts = [0u32; 4];
        for _ in 0..30_000 {
            counts[usize::from(PowerOfTwo.pick(&targets, &mut rng).unwrap())] += 1;
        }
        assert_eq!(counts[2], 0);
        // The other three evenly: 10,000 each with a standard deviation of 82.
        assert!([counts[0], counts[1], counts[3]].iter().all(|c| (9_590..=10_410).contains(c)), "{counts:?}");
    }
}
