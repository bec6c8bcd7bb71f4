//! How often each key is asked for, in a form that is quick to sum over.
//!
//! A sum over a million ranks is replaced by one over some 250 weighted ranks: the first ones singly, the rest in blocks
//! that grow geometrically, each by the three-point Gauss rule for a sum over consecutive integers (Gram polynomials): exact
//! for polynomials of degree five on the block, and so to about 1e-8 for what is smooth in the logarithm of the rank.
use crate::math::pow;

/// Ranks that stand for themselves.
const HEAD: u64 = 32;

/// The fineness of the formulas here: eight digits.
const FINE: u64 = 6;

/// A rank and how many keys it stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankPoint {
    /// From one; between whole numbers where it stands for several.
    pub rank: f64,
    /// How many keys, > 0.
    pub keys: f64,
}

/// Weighted ranks for sums over 1..=`keys`. `breaks` are ranks after which the summand may jump, such as the number of keys
/// of another class: no block reaches across one. A block is longer than its first rank by a `fineness`-th of it: six gives
/// 250 points and eight digits for a million keys, two gives 110 points and five digits.
pub fn rank_points(keys: u64, breaks: &[u64], fineness: u64) -> Vec<RankPoint> {
    let mut points: Vec<RankPoint> =
        (1..=keys.min(HEAD)).map(|rank| RankPoint { rank: rank as f64, keys: 1.0 }).collect();
    let mut start = HEAD + 1;
    while start <= keys {
        let grown = start + (start / fineness).max(1);
        let end = breaks.iter().map(|&last| last + 1).filter(|&end| end > start && end < grown).min();
        let end = end.unwrap_or(grown).min(keys + 1);
        push_block(&mut points, start, end);
        start = end;
    }
    points
}

/// The ranks `start..end`.
fn push_block(points: &mut Vec<RankPoint>, start: u64, end: u64) {
    let n = (end - start) as f64;
    let middle = start as f64 + (n - 1.0) / 2.0;
    if end - start < 3 {
        points.extend((start..end).map(|rank| RankPoint { rank: rank as f64, keys: 1.0 }));
        return;
    }
    // Mean second and fourth powers of the distance from the middle.
    let (second, fourth) = ((n * n - 1.0) / 12.0, (n * n - 1.0) * (3.0 * n * n - 7.0) / 240.0);
    let (away, side) = ((fourth / second).sqrt(), n * second * second / (2.0 * fourth));
    points.push(RankPoint { rank: middle - away, keys: side });
    points.push(RankPoint { rank: middle, keys: n - 2.0 * side });
    points.push(RankPoint { rank: middle + away, keys: side });
}

/// Σ 1/k^skew over k = 1..=`keys`: the generalised harmonic number. Relative error below 1e-8.
pub fn zipf_sum(keys: u64, skew: f64) -> f64 {
    // Small terms first.
    rank_points(keys, &[], FINE).iter().rev().map(|point| point.keys * pow(point.rank, -skew)).sum()
}

/// The share of requests for the `top` most popular of `keys` keys under Zipf's law, in \[0, 1\]: also what an ideal LFU cache
/// of `top` entries answers.
pub fn zipf_head(keys: u64, skew: f64, top: u64) -> f64 {
    zipf_sum(top.min(keys), skew) / zipf_sum(keys, skew)
}

/// A key space: points, each with the share or rate of a single key there.
#[derive(Clone, Debug, PartialEq)]
pub struct Popularity {
    /// How many keys a point stands for, and the share of requests for each of them.
    pub points: Vec<(f64, f64)>,
}

impl Popularity {
    /// Zipf's law over `keys` ≥ 1 keys, `skew` ≥ 0.
    pub fn zipf(keys: u64, skew: f64) -> Self {
        let total = zipf_sum(keys, skew);
        let point = |point: &RankPoint| (point.keys, pow(point.rank, -skew) / total);
        Self { points: rank_points(keys, &[], FINE).iter().map(point).collect() }
    }

    /// Each key with its own share.
    pub fn of(shares: &[f64]) -> Self {
        Self { points: shares.iter().map(|&share| (1.0, share)).collect() }
    }

    /// How many keys there are.
    pub fn keys(&self) -> f64 {
        self.points.iter().map(|(keys, _)| keys).sum()
    }

    /// Σ over all keys of what `of` gives for a key's share.
    pub fn sum(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.points.iter().map(|&(keys, share)| keys * of(share)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_points_sum_like_all_the_ranks() {
        for (keys, skew) in
            [(1, 1.0), (33, 0.9), (1_000, 0.0), (10_000, 1.0), (1_000_000, 0.8), (300_000, 2.5)]
        {
            let direct: f64 = (1..=keys).rev().map(|k| pow(k as f64, -skew)).sum();
            let quick = zipf_sum(keys, skew);
            assert!((quick / direct - 1.0).abs() < 1e-8, "{keys} {skew}: {quick}, exactly {direct}");
        }
        assert!(rank_points(1_000_000, &[], FINE).len() < 260);
    }

    #[test]
    fn no_block_reaches_across_a_break_and_every_key_counts_once() {
        let points = rank_points(100_000, &[5_000, 70_001], 2);
        for last in [5_000.0, 70_001.0, 100_000.0] {
            let keys: f64 = points.iter().filter(|point| point.rank <= last).map(|point| point.keys).sum();
            assert!((keys - last).abs() < 1e-6, "{keys}");
        }
    }

    #[test]
    fn the_head_has_the_exact_share() {
        // Computed with 30 digits.
        assert!((zipf_head(1_000_000, 0.99, 100_000) / 0.830_201_585 - 1.0).abs() < 1e-8);
        assert!((zipf_head(10_000, 1.0, 10) / 0.299_252_774 - 1.0).abs() < 1e-8);
    }
}
