//! The less busy of two different targets at random (Mitzenmacher 2001): nearly as good as the least busy of all, without
//! looking at all.
use super::Targets;
use crate::rng::Rng;
use crate::time::Time;

/// The policy. O(1).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PowerOfTwo;

impl PowerOfTwo {
    /// Of two usable targets the one that has fewer in flight; for its weight, where weights differ, counting the request to
    /// come. The first drawn, where they are equal.
    pub(super) fn pick(self, now: Time, targets: &Targets, rng: &mut Rng) -> Option<u16> {
        let (a, b) = two(targets, rng)?;
        if targets.are_even(now) {
            return Some(if targets.in_flight(b) < targets.in_flight(a) { b } else { a });
        }
        let load = |target| (f64::from(targets.in_flight(target)) + 1.0) / targets.weight(now, target);
        Some(if load(b) < load(a) { b } else { a })
    }
}

/// Two different usable targets at random; twice the same when there is only one.
pub(super) fn two(targets: &Targets, rng: &mut Rng) -> Option<(u16, u16)> {
    let usable = targets.usable();
    let n = usable.len() as u64;
    if n < 2 {
        return usable.first().map(|&target| (target, target));
    }
    let first = rng.below(n);
    // Evenly among the others.
    let second = (first + 1 + rng.below(n - 1)) % n;
    Some((usable[first as usize], usable[second as usize]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::time::Span;

    #[test]
    fn it_never_picks_the_single_busiest() {
        let mut targets = Targets::new(vec![1; 4], Span::ZERO);
        targets.begin(2);
        let mut rng = Seed(9).stream("test");
        let mut counts = [0u32; 4];
        for _ in 0..30_000 {
            counts[usize::from(PowerOfTwo.pick(Time::ZERO, &targets, &mut rng).unwrap())] += 1;
        }
        assert_eq!(counts[2], 0);
        // The other three evenly: 10,000 each with a standard deviation of 82.
        assert!([counts[0], counts[1], counts[3]].iter().all(|c| (9_590..=10_410).contains(c)), "{counts:?}");
    }
}
