//! Zipf's law over keys: key `k` of `n`, counted from zero, is asked for in proportion to `1 / (k + 1)^skew`.
//!
//! The first 1,024 keys are drawn from a table; the rest lie in blocks that grow geometrically. Key or block is found by
//! inversion, from a guide table (Chen & Asau 1974) that says where to begin to look; a key in a block evenly, and then kept
//! with the ratio of its weight to the block's largest, which is above 0.9. About 13 kB and 8 ns, whatever the number of
//! keys, and as quickly made: the weight of a block is an integral and its corrections.
use crate::math;
use crate::rng::Rng;

const HEAD: u64 = 1_024;
/// Cells of the guide table: about as many as there are keys and blocks to find.
const GUIDES: usize = 1_024;

/// A sampler of keys.
#[derive(Clone, Debug)]
pub struct Zipf {
    keys: u64,
    skew: f64,
    /// Cumulated share up to and with each head key, then each block; the last is 1.
    cumulated: Vec<f64>,
    /// First rank (from 1) of each block, and one past the last.
    blocks: Vec<u64>,
    /// By the first bits of a draw in [0, 1): how many cumulated shares lie at or below all draws with these bits.
    guide: Vec<u16>,
}

impl Zipf {
    /// How many bytes its tables take.
    pub const fn size(&self) -> usize {
        (self.cumulated.len() + self.blocks.len()) * 8 + self.guide.len() * 2
    }

    /// Over `keys` ≥ 1 keys with `skew` in [0, 4]; a skew of zero is uniform. Costs some 50 µs, once.
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
            total += block_weight(start, end, skew);
            cumulated.push(total);
            blocks.push(end);
            start = end;
        }
        cumulated.iter_mut().for_each(|share| *share /= total);
        let begin = |cell: usize| {
            let least = cell as f64 / GUIDES as f64;
            cumulated.partition_point(|&share| share <= least) as u16
        };
        let guide = (0..GUIDES).map(begin).collect();
        Self { keys, skew, cumulated, blocks, guide }
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
        if self.keys == 1 {
            return 0;
        }
        let head = self.keys.min(HEAD);
        let place = self.place(rng.unit()) as u64;
        if place < head {
            return place;
        }
        let block = ((place - head) as usize).min(self.blocks.len() - 2);
        let (start, end) = (self.blocks[block], self.blocks[block + 1]);
        // Rejection stays inside the block, whose weight is exact.
        loop {
            let rank = start + rng.below(end - start);
            if self.keeps(start as f64, rank as f64, rng.unit()) {
                return rank - 1;
            }
        }
    }

    /// How many cumulated shares lie at or below `u` in [0, 1), but not all.
    #[inline]
    fn place(&self, u: f64) -> usize {
        let mut place = usize::from(self.guide[(u * GUIDES as f64) as usize]);
        while place + 1 < self.cumulated.len() && self.cumulated[place] <= u {
            place += 1;
        }
        place
    }

    /// Whether `u` lies at or below (start / rank)^skew. The power lies between the ratio itself and the line that touches
    /// it at one (Bernoulli's inequality), so that it is rarely needed; both are compared without dividing.
    fn keeps(&self, start: f64, rank: f64, u: f64) -> bool {
        let line = self.skew * start + (1.0 - self.skew) * rank;
        let (lower, upper) = if self.skew <= 1.0 { (start, line) } else { (line, start) };
        let scaled = u * rank;
        scaled <= lower || (scaled <= upper && u <= math::pow(start / rank, self.skew))
    }
}

/// The weight of the ranks `start..end`, for `start` above 1,000: Euler and Maclaurin's formula at midpoints, whose next
/// term is below 10^-15 of the first.
fn block_weight(start: u64, end: u64, skew: f64) -> f64 {
    let (a, b) = (start as f64 - 0.5, end as f64 - 0.5);
    let span = math::ln(b / a);
    let exponent = (1.0 - skew) * span;
    // The integral of x^-skew from a to b, without the difference of two powers that nearly cancel at a skew of one.
    let ratio = if exponent == 0.0 { 1.0 } else { math::exp_m1(exponent) / exponent };
    let integral = a * math::pow(a, -skew) * span * ratio;
    let slope = |x: f64| -skew * math::pow(x, -skew - 1.0);
    let third = |x: f64| -skew * (skew + 1.0) * (skew + 2.0) * math::pow(x, -skew - 3.0);
    integral - (slope(b) - slope(a)) / 24.0 + 7.0 * (third(b) - third(a)) / 5760.0
}

fn weight(rank: u64, skew: f64) -> f64 {
    math::pow(rank as f64, -skew)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn a_block_weighs_what_its_ranks_weigh() {
        for skew in [0.0, 0.5, 0.999_999, 1.0, 1.000_001, 2.0, 4.0] {
            for (start, end) in [(1_025, 1_026), (1_025, 1_089), (20_000, 21_250), (1_000_000, 1_062_500)] {
                let sum: f64 = (start..end).map(|rank| weight(rank, skew)).sum();
                let off = block_weight(start, end, skew) / sum - 1.0;
                // The sum itself rounds a few thousand times.
                assert!(off.abs() < 1e-12, "skew {skew}, {start}..{end}: {off}");
            }
        }
    }

    #[test]
    fn the_guide_leads_to_where_a_search_of_everything_does() {
        for (keys, skew) in [(2, 1.0), (10, 0.0), (1_500, 0.8), (1_000_000, 0.99), (1_000_000_000, 3.0)] {
            let zipf = Zipf::new(keys, skew);
            let mut rng = Seed(6).stream("guide");
            let draws = std::iter::repeat_with(|| rng.unit()).take(20_000);
            for u in draws.chain(zipf.cumulated.iter().copied().filter(|&share| share < 1.0)) {
                let found = zipf.cumulated.partition_point(|&share| share <= u);
                assert_eq!(
                    zipf.place(u),
                    found.min(zipf.cumulated.len() - 1),
                    "{keys} keys, skew {skew}, {u}"
                );
            }
        }
    }

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
