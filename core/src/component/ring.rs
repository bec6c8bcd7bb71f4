//! Consistent hashing: a ring with virtual nodes (Karger et al. 1997).
//!
//! Each target stands at many points of a circle of 64-bit hashes; a key belongs to the first point at or after its own
//! hash. Adding or removing one of `n` targets moves about `1/n` of the keys, and none between the others. With `v` points
//! each, a target's share varies by about `1/sqrt(v)`.
use crate::hash;

/// Points of each target, unless stated: shares vary by about 9 %.
const VIRTUAL_NODES: u32 = 128;

/// A ring over targets 0..n.
#[derive(Clone, Debug)]
pub struct HashRing {
    /// In rising order.
    points: Vec<u64>,
    /// Whose each point is.
    owners: Vec<u16>,
    /// For each value of a hash's upper bits the first point that has no lower one: there are about as many values as
    /// points, so that a search begins next to its end.
    starts: Vec<u32>,
    /// How many bits of a hash are not upper ones.
    lower_bits: u32,
}

impl HashRing {
    /// A ring over `targets` targets with 128 points each.
    pub fn new(targets: u16) -> Self {
        Self::with_virtual_nodes(targets, VIRTUAL_NODES)
    }

    /// A ring over `targets` targets with `virtual_nodes` points each.
    pub fn with_virtual_nodes(targets: u16, virtual_nodes: u32) -> Self {
        Self::of(&vec![virtual_nodes; usize::from(targets)])
    }

    /// A ring over targets of these weights: with 128 points each in the mean, and each with as many as its weight says,
    /// at least one. Equal weights give the ring of [`Self::new`].
    pub fn weighted(weights: &[u32]) -> Self {
        let sum: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        let all = u64::from(VIRTUAL_NODES) * weights.len() as u64;
        // Rounded to the nearest; no more than all, and that fits.
        let points = |&weight: &u32| ((u64::from(weight) * all + sum / 2) / sum.max(1)).max(1) as u32;
        Self::of(&weights.iter().map(points).collect::<Vec<_>>())
    }

    /// A ring with so many points for each target.
    fn of(virtual_nodes: &[u32]) -> Self {
        let point = |target: u16, i: u32| (hash::pair(u64::from(target), u64::from(i)), target);
        let of_target = |(target, &count): (u16, &u32)| (0..count).map(move |i| point(target, i));
        let mut pairs: Vec<_> = (0..).zip(virtual_nodes).flat_map(of_target).collect();
        pairs.sort_unstable();
        let (points, owners): (Vec<u64>, Vec<u16>) = pairs.into_iter().unzip();
        let upper_bits = points.len().next_power_of_two().ilog2().max(1);
        let lower_bits = u64::BITS - upper_bits;
        let start = |upper: u64| points.partition_point(|&point| point >> lower_bits < upper) as u32;
        let starts = (0..1 << upper_bits).map(start).collect();
        Self { points, owners, starts, lower_bits }
    }

    /// The target of `key`, or the next one on the ring that `usable` accepts; `None` when none is. O(1) expected, and
    /// O(points) in the worst case where few targets are usable.
    pub fn pick(&self, key: u64, usable: impl Fn(u16) -> bool) -> Option<u16> {
        let hash = hash::mix(key);
        let mut start = self.starts[(hash >> self.lower_bits) as usize] as usize;
        while self.points.get(start).is_some_and(|&point| point < hash) {
            start += 1;
        }
        let (before, after) = self.owners.split_at(start);
        after.iter().chain(before).copied().find(|&target| usable(target))
    }

    /// The share of the circle that each of `targets` targets has when only those that `usable` accepts take part: what each gets
    /// of evenly spread keys. Zeros when none does. O(points).
    pub fn shares(&self, targets: u16, usable: impl Fn(u16) -> bool) -> Vec<f64> {
        let mut shares = vec![0.0; usize::from(targets)];
        let taking = || self.points.iter().zip(&self.owners).filter(|&(_, &owner)| usable(owner));
        let Some((&last, &owner)) = taking().last() else { return shares };
        let mut before = last;
        for (&point, &owner) in taking() {
            shares[usize::from(owner)] += point.wrapping_sub(before) as f64 / (1u128 << 64) as f64;
            before = point;
        }
        if taking().count() == 1 {
            // From one point round to itself is the whole circle, which a difference of zero does not tell.
            shares[usize::from(owner)] = 1.0;
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: u64 = 100_000;

    fn targets(ring: &HashRing) -> Vec<u16> {
        (0..KEYS).map(|key| ring.pick(key, |_| true).unwrap()).collect()
    }

    #[test]
    fn a_key_belongs_to_the_first_point_at_or_after_its_hash() {
        let ring = HashRing::with_virtual_nodes(7, 16);
        for key in 0..1_000 {
            let hash = hash::mix(key);
            let points = ring.points.iter().zip(&ring.owners);
            let after = points.clone().filter(|&(&point, _)| point >= hash).min();
            let twin = after.or_else(|| points.clone().min()).unwrap().1;
            assert_eq!(ring.pick(key, |_| true), Some(*twin));
        }
    }

    #[test]
    fn adding_a_target_moves_only_keys_that_it_takes() {
        let (before, after) = (targets(&HashRing::new(9)), targets(&HashRing::new(10)));
        let moved = before.iter().zip(&after).filter(|(b, a)| b != a).count();
        assert!(before.iter().zip(&after).all(|(b, a)| b == a || *a == 9));
        // A tenth is expected; the share of one target of ten varies by 8.9 %, and four of that is a bound.
        assert!((moved as f64 / KEYS as f64 - 0.1).abs() < 0.1 * 0.36, "{moved}");
    }

    #[test]
    fn an_unusable_target_is_passed_over_and_the_others_keep_their_keys() {
        let ring = HashRing::new(5);
        for key in 0..10_000 {
            let whole = ring.pick(key, |_| true).unwrap();
            let without = ring.pick(key, |target| target != 2).unwrap();
            assert!(without != 2 && (whole == 2 || whole == without));
        }
        assert_eq!(ring.pick(1, |_| false), None);
    }

    #[test]
    fn shares_vary_as_those_of_random_points_do() {
        // Shares of n targets with v points each are Dirichlet (Darling 1953), with a coefficient of variation of
        // sqrt((n - 1) / (n v + 1)). One estimated from n shares has a relative standard error of 1 / sqrt(2 (n - 1)).
        for (n, v, cv) in [
            (100, 1, 0.990049504),
            (100, 100, 0.0994937691),
            (100, 128, 0.0879418603),
            (1_000, 100, 0.099949),
        ] {
            let shares = HashRing::with_virtual_nodes(n, v).shares(n, |_| true);
            let mean = 1.0 / f64::from(n);
            let variance =
                shares.iter().map(|share| (share - mean) * (share - mean)).sum::<f64>() / f64::from(n - 1);
            // The shares of single points are exponential: their variance varies sqrt(8 / 2) = 2 times as much.
            let wider = if v == 1 { 2.0 } else { 1.0 };
            let bound = 4.0 * wider / (2.0 * f64::from(n - 1)).sqrt();
            assert!((variance.sqrt() / mean / cv - 1.0).abs() < bound, "{n} {v}: {}", variance.sqrt() / mean);
        }
    }

    #[test]
    fn a_weight_gives_its_share_and_equal_weights_change_nothing() {
        let weights = [1, 2, 3, 10];
        for (share, weight) in HashRing::weighted(&weights).shares(4, |_| true).iter().zip(weights) {
            // A share of p from k of N points varies by sqrt((1 - p) / k), which is 17.1 % for 32 points; four of that.
            let points = f64::from(weight) * 32.0;
            let bound = 4.0 * ((1.0 - f64::from(weight) / 16.0) / points).sqrt();
            assert!((share * 16.0 / f64::from(weight) - 1.0).abs() < bound, "{weight}: {share}");
        }
        assert_eq!(targets(&HashRing::weighted(&[3; 6])), targets(&HashRing::new(6)));
        assert_eq!(HashRing::weighted(&[]).pick(1, |_| true), None);
    }
}
