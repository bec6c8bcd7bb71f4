//! How often was a key asked for lately? A count-min sketch (Cormode & Muthukrishnan 2005) of 4-bit counters that are all
//! halved now and then (Einziger, Friedman, Manes 2017, §3).
//!
//! The four counters of a key lie in one cache line, as in Caffeine. Half a byte a counter, 16 counters an entry.

/// Words of 16 counters in a block; a key's counters are in one block.
const BLOCK: usize = 8;
/// The largest count.
const FULL: u64 = 15;
/// How many keys are counted, in multiples of the capacity, before all counts are halved.
const SAMPLE: u64 = 10;

/// The sketch.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    /// A power of two of blocks.
    words: Vec<u64>,
    counted: u64,
}

impl Sketch {
    /// For one entry or a few; it grows.
    pub(super) fn new() -> Self {
        Self { words: vec![0; BLOCK], counted: 0 }
    }

    /// Grows until there is a word for each of `entries`. What was counted is kept: a block's keys divide among its copies.
    pub(super) fn fit(&mut self, entries: usize) {
        while self.words.len() < entries {
            self.words.extend_from_within(..);
        }
    }

    /// Counts a key by its hash. Amortised O(1).
    pub(super) fn count(&mut self, hash: u64) {
        for (word, shift) in self.places(hash) {
            if (self.words[word] >> shift) & FULL < FULL {
                self.words[word] += 1 << shift;
            }
        }
        self.counted += 1;
        if self.counted >= SAMPLE * self.words.len() as u64 {
            self.halve();
        }
    }

    /// How often a key was counted, at least; more, where others share all its counters. At most 15.
    pub(super) fn estimate(&self, hash: u64) -> u64 {
        let counters = self.places(hash).map(|(word, shift)| (self.words[word] >> shift) & FULL);
        counters.into_iter().min().unwrap_or(0)
    }

    fn halve(&mut self) {
        self.words.iter_mut().for_each(|word| *word = (*word >> 1) & 0x7777_7777_7777_7777);
        self.counted /= 2;
    }

    /// Each of the key's four counters: its word, and its place in that.
    fn places(&self, hash: u64) -> [(usize, u32); 4] {
        let blocks = self.words.len() / BLOCK;
        let block = (hash as usize & (blocks - 1)) * BLOCK;
        std::array::from_fn(|row| {
            // The upper half of the hash, a byte a row: one bit for the word, four for the counter.
            let byte = (hash >> (32 + 8 * row)) as usize & 0xff;
            (block + 2 * row + (byte & 1), 4 * ((byte >> 1) & 15) as u32)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash;

    #[test]
    fn it_never_counts_too_few_and_seldom_too_many() {
        let mut sketch = Sketch::new();
        sketch.fit(1_000);
        // Key k is counted k % 10 times, 4,500 in all: no halving before 10,240.
        (0..1_000u64).for_each(|key| (0..key % 10).for_each(|_| sketch.count(hash::mix(key))));
        let over: Vec<u64> = (0..1_000u64).map(|key| sketch.estimate(hash::mix(key)) - key % 10).collect();
        // A block has 32 counters a row for 8 keys: another one shares a given counter with 1 - (31/32)^7 = 20 %, all four
        // with 0.2 % at a fixed load, somewhat more as loads vary. Ten times that is a bound.
        assert!(over.iter().filter(|&&over| over > 0).count() < 20, "{over:?}");
    }

    #[test]
    fn it_forgets_by_halves_and_keeps_its_counts_as_it_grows() {
        let mut sketch = Sketch::new();
        (0..9).for_each(|_| sketch.count(hash::mix(7)));
        sketch.fit(4_000);
        assert_eq!(sketch.estimate(hash::mix(7)), 9);
        sketch.halve();
        assert_eq!(sketch.estimate(hash::mix(7)), 4);
        (0..100).for_each(|_| sketch.count(hash::mix(7)));
        assert_eq!(sketch.estimate(hash::mix(7)), 15);
    }
}
