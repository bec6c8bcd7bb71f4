//! Keys in their natural order, cut into ranges.
use std::cmp::Reverse;

/// Ranges and the shard of each.
#[derive(Clone, Debug)]
pub(super) struct Ranges {
    /// Where each range begins, in rising order, and its shard; the first begins at zero.
    starts: Vec<(u64, u16)>,
    /// One past the last key, as far as is known: where the last range ends when its width is asked for.
    end: u64,
}

impl Ranges {
    /// `count` ranges of the keys 0..`keys`, as even as whole numbers allow.
    pub(super) fn even(count: u16, keys: u64) -> Self {
        // Below `keys`, so it fits.
        let start = |shard: u16| (u128::from(keys) * u128::from(shard) / u128::from(count)) as u64;
        let mut starts: Vec<_> = (0..count).map(|shard| (start(shard), shard)).collect();
        // With fewer keys than shards some ranges are empty, and their shards too.
        starts.dedup_by_key(|&mut (start, _)| start);
        Self { starts, end: keys }
    }

    pub(super) fn split_at(splits: &[u64]) -> Self {
        let mut starts: Vec<u64> = std::iter::once(0).chain(splits.iter().copied()).collect();
        starts.sort_unstable();
        starts.dedup();
        assert!(starts.len() <= usize::from(u16::MAX), "a document has fewer than 65,535 shards");
        Self { starts: starts.into_iter().zip(0..).collect(), end: u64::MAX }
    }

    pub(super) fn count(&self) -> u16 {
        self.starts.len() as u16
    }

    pub(super) fn shard(&self, key: u64) -> u16 {
        self.starts[self.starts.partition_point(|&(start, _)| start <= key) - 1].1
    }

    /// Gives the keys from `at` to the end of its range to `shard`; whether there was something to give.
    pub(super) fn split(&mut self, at: u64, shard: u16) -> bool {
        let place = self.starts.partition_point(|&(start, _)| start < at);
        let fresh = self.starts.get(place).is_none_or(|&(start, _)| start != at);
        if fresh {
            self.starts.insert(place, (at, shard));
        }
        fresh
    }

    /// Gives the upper half of the widest range to `shard`; nothing if no range has two keys.
    pub(super) fn halve_widest(&mut self, shard: u16) {
        let ends = self.starts.iter().skip(1).map(|&(start, _)| start).chain([self.end]);
        let widths =
            self.starts.iter().zip(ends).map(|(&(start, _), end)| (start, end.saturating_sub(start)));
        // The smallest of the reversed widths, because of equals it is the first.
        let widest = widths.min_by_key(|&(_, width)| Reverse(width));
        if let Some((start, width)) = widest.filter(|&(_, width)| width > 1) {
            self.split(start + width.div_ceil(2), shard);
        }
    }

    /// Panics where the ranges contradict themselves.
    pub(super) fn check(&self, count: u16) {
        assert!(self.starts.first().is_some_and(|&(start, _)| start == 0), "the first range begins at zero");
        assert!(self.starts.is_sorted_by(|a, b| a.0 < b.0), "ranges are in order");
        assert!(self.starts.iter().all(|&(_, shard)| shard < count), "a range is on no shard");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn a_key_lives_in_the_last_range_that_begins_at_or_before_it() {
        let mut rng = Seed(5).stream("test");
        let mut ranges = Ranges::even(3, 1_000);
        for shard in 3..60 {
            match rng.below(4) {
                0 => ranges.halve_widest(shard),
                _ => {
                    ranges.split(rng.below(1_100), shard);
                }
            }
            ranges.check(shard + 1);
            for key in 0..1_100 {
                let twin = ranges.starts.iter().filter(|&&(start, _)| start <= key).max_by_key(|r| r.0);
                assert_eq!(ranges.shard(key), twin.unwrap().1);
            }
        }
    }

    #[test]
    fn even_ranges_differ_by_one_key_and_the_widest_is_halved() {
        let mut ranges = Ranges::even(3, 10);
        let shards = |ranges: &Ranges| (0..10).map(|key| ranges.shard(key)).collect::<Vec<_>>();
        assert_eq!(shards(&ranges), [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]);
        ranges.halve_widest(3);
        assert_eq!(shards(&ranges), [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]);
        // More shards than keys: some stay without, and each key has one of its own.
        let few = Ranges::even(5, 2);
        few.check(5);
        assert!(few.shard(0) != few.shard(1));
    }
}
