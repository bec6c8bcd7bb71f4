//! Counts of values in buckets that widen with the value: the layout of HdrHistogram (Tene 2012), our own memory.
//!
//! A value of up to twice the resolution has a bucket of its own unit; from there on each doubling of the value (an octave) has
//! equally many buckets. The bucket of a value is found by counting its leading zeros. Only the octaves from the lowest to
//! the highest that was ever counted take memory, 32 bits a bucket, so that an idle node costs nothing and a busy one a few kB.
use std::collections::BTreeMap;

/// The width of the smallest bucket, 2^9 ns: HdrHistogram's unit for a lowest value of 1 µs.
const UNIT_BITS: u32 = 9;
/// No count lies beyond the octave of this value: 10 minutes.
pub(super) const HIGHEST: u64 = 600_000_000_000;
/// Buckets of an octave, as a power of two, for three significant digits: twice 10^3, rounded up to a power of two, buckets
/// must be of one unit, and the upper half of them is an octave.
pub(super) const FINE: u32 = 10;
/// As [`FINE`], for two digits.
pub(super) const COARSE: u32 = 7;

/// Counts by bucket.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    /// Each octave has 2^`octave_bits` buckets: [`FINE`] or [`COARSE`].
    octave_bits: u32,
    /// The bucket of `window[0]`, at the start of an octave. Buckets outside of the window count zero.
    first: usize,
    /// The low 32 bits of the counts.
    window: Vec<u32>,
    /// The high 32 bits of the counts that have any, above zero, by bucket. Nearly always empty.
    high: BTreeMap<usize, u32>,
    /// The sum of all counts.
    total: u64,
}

impl Counts {
    /// None yet, in octaves of 2^`octave_bits` buckets.
    pub(super) const fn new(octave_bits: u32) -> Self {
        Self { octave_bits, first: 0, window: Vec::new(), high: BTreeMap::new(), total: 0 }
    }

    /// How many bytes the window takes.
    pub(super) const fn size(&self) -> usize {
        self.window.capacity() * size_of::<u32>()
    }

    /// The sum of all counts.
    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    /// The bucket of a value.
    #[inline]
    pub(super) const fn bucket_of(&self, value: u64) -> usize {
        // Shifts by constants take half the time of shifts by what has to be read first.
        match self.octave_bits {
            FINE => bucket_of::<FINE>(value),
            _ => bucket_of::<COARSE>(value),
        }
    }

    /// The lowest value of a bucket, and how many values it takes.
    pub(super) const fn bounds(&self, bucket: usize) -> (u64, u64) {
        let doublings = (bucket >> self.octave_bits).saturating_sub(1);
        let units = (bucket - (doublings << self.octave_bits)) as u64;
        (units << (doublings as u32 + UNIT_BITS), 1 << (doublings as u32 + UNIT_BITS))
    }

    /// Counts a value, one above [`HIGHEST`] as that; `BITS` are its `octave_bits`, so that shifts are by constants. Allocates
    /// only when the value lies in an octave beyond all before.
    #[inline]
    pub(super) fn record<const BITS: u32>(&mut self, value: u64) {
        debug_assert_eq!(self.octave_bits, BITS, "the buckets are others");
        let bucket = bucket_of::<BITS>(value.min(HIGHEST));
        self.total += 1;
        // A bucket before the window wraps around to a place far behind it.
        if let Some(count) = self.window.get_mut(bucket.wrapping_sub(self.first))
            && *count < u32::MAX
        {
            *count += 1;
            return;
        }
        self.record_beyond(bucket);
    }

    #[cold]
    #[inline(never)]
    fn record_beyond(&mut self, bucket: usize) {
        self.total -= 1;
        self.add(bucket, 1);
    }

    /// Counts `n` values in a bucket, which stays at most `u64::MAX`.
    pub(super) fn add(&mut self, bucket: usize, n: u64) {
        self.cover(bucket, bucket + 1);
        let sum = self.at(bucket).saturating_add(n);
        self.window[bucket - self.first] = sum as u32;
        if sum >> 32 > 0 {
            self.high.insert(bucket, (sum >> 32) as u32);
        }
        self.total = self.total.saturating_add(n);
    }

    /// Widens the window to hold the buckets `start..end`, by whole octaves.
    fn cover(&mut self, start: usize, end: usize) {
        let octave = 1 << self.octave_bits;
        let (mut first, mut last) = (start & !(octave - 1), end.next_multiple_of(octave));
        if !self.window.is_empty() {
            first = first.min(self.first);
            last = last.max(self.first + self.window.len());
        }
        let before = if self.window.is_empty() { 0 } else { self.first - first };
        if before > 0 {
            self.window.splice(..0, std::iter::repeat_n(0, before));
        }
        self.first = first;
        self.window.resize(last - first, 0);
    }

    /// Widens the window to that of `other`, so that counting what `other` has counted will not allocate.
    pub(super) fn cover_as(&mut self, other: &Self) {
        if !other.window.is_empty() {
            self.cover(other.first, other.first + other.window.len());
        }
    }

    pub(super) fn at(&self, bucket: usize) -> u64 {
        let low = self.window.get(bucket.wrapping_sub(self.first)).copied().unwrap_or(0);
        self.whole(bucket, low)
    }

    /// The count of a bucket, from its low bits.
    fn whole(&self, bucket: usize, low: u32) -> u64 {
        let high = self.high.get(&bucket).copied().unwrap_or(0);
        u64::from(high) << 32 | u64::from(low)
    }

    /// How many values lie in each of `buckets`, which rise, or below it. One pass.
    pub(super) fn upto<const N: usize>(&self, buckets: [usize; N]) -> [u64; N] {
        let (mut done, mut sum) = (0, 0);
        buckets.map(|bucket| {
            let end = (bucket + 1).saturating_sub(self.first).clamp(done, self.window.len());
            sum += self.window[done..end].iter().map(|&low| u64::from(low)).sum::<u64>();
            done = end;
            let high = self.high.range(..=bucket).map(|(_, &high)| u64::from(high) << 32);
            sum + high.sum::<u64>()
        })
    }

    /// The bucket of the value that comes in place `wanted`, from 1 to the total, when all are in order, and how many values lie
    /// in it or below; found from any other such pair, and so at once when it is near.
    pub(super) fn seek(&self, (mut bucket, mut upto): (usize, u64), wanted: u64) -> (usize, u64) {
        while upto < wanted {
            bucket = (bucket + 1).max(self.first);
            upto += self.at(bucket);
        }
        while upto - self.at(bucket) >= wanted {
            upto -= self.at(bucket);
            bucket -= 1;
        }
        (bucket, upto)
    }

    /// The sum of all values, each taken as the middle of its bucket.
    pub(super) fn sum(&self) -> u128 {
        let octave = 1 << self.octave_bits;
        let mut sum = 0;
        for (i, counts) in self.window.chunks(octave).enumerate() {
            // From the octave's first middle on, each is one width further.
            let (low, width) = self.bounds(self.first + i * octave);
            let (mut all, mut widths) = (0, 0);
            for (place, &count) in (0_u64..).zip(counts) {
                all += u64::from(count);
                widths += u64::from(count) * place;
            }
            sum += u128::from(low + width / 2) * u128::from(all) + u128::from(width) * u128::from(widths);
        }
        let middle = |bucket| {
            let (low, width) = self.bounds(bucket);
            u128::from(low + width / 2)
        };
        sum + self.high.iter().map(|(&bucket, &high)| middle(bucket) * (u128::from(high) << 32)).sum::<u128>()
    }

    /// The buckets that count something, in rising order, with their counts; from both ends.
    pub(super) fn counted(&self) -> impl DoubleEndedIterator<Item = (usize, u64)> + '_ {
        let place = |(i, &low)| (self.first + i, self.whole(self.first + i, low));
        self.window.iter().enumerate().map(place).filter(|&(_, count)| count > 0)
    }

    /// Adds the counts of another with as wide octaves. Costs what its window has buckets.
    pub(super) fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.octave_bits, other.octave_bits, "the buckets are not the same");
        if other.total == 0 {
            return;
        }
        self.cover_as(other);
        let from = other.first - self.first;
        let mine = &mut self.window[from..from + other.window.len()];
        // Without a branch, and so several at once: a sum below what was added has wrapped around.
        let mut carry = false;
        for (a, b) in mine.iter_mut().zip(&other.window) {
            *a = a.wrapping_add(*b);
            carry |= *a < *b;
        }
        self.total = self.total.saturating_add(other.total);
        if carry || !other.high.is_empty() {
            self.carry(other);
        }
    }

    /// After the low bits of `other` were added: adds what they carried, and its high bits.
    #[cold]
    fn carry(&mut self, other: &Self) {
        for (i, &added) in other.window.iter().enumerate() {
            let bucket = other.first + i;
            let low = self.window[bucket - self.first];
            let mine = self.whole(bucket, 0) >> 32;
            let theirs = other.whole(bucket, 0) >> 32;
            // A sum below what was added has wrapped around.
            let high = mine + theirs + u64::from(low < added);
            if high > mine {
                self.high.insert(bucket, u32::try_from(high).unwrap_or(u32::MAX));
            }
        }
    }

    /// Forgets all counts, but keeps the memory.
    pub(super) fn clear(&mut self) {
        if self.total > 0 {
            self.window.fill(0);
            self.high.clear();
            self.total = 0;
        }
    }

    /// Whether the total is the sum and the window whole octaves.
    #[cfg(test)]
    fn check(&self) {
        let octave = 1 << self.octave_bits;
        assert_eq!((self.first % octave, self.window.len() % octave), (0, 0));
        assert_eq!(self.counted().map(|(_, count)| count).sum::<u64>(), self.total);
        assert!(self.high.iter().all(|(&bucket, &high)| high > 0 && bucket - self.first < self.window.len()));
    }
}

/// The bucket of a value in octaves of 2^`BITS` buckets.
#[inline]
const fn bucket_of<const BITS: u32>(value: u64) -> usize {
    // The first two octaves share their unit.
    let linear = (2 << (BITS + UNIT_BITS)) - 1;
    let doublings = (63 - BITS - UNIT_BITS) - (value | linear).leading_zeros();
    ((doublings as usize) << BITS) + (value >> (doublings + UNIT_BITS)) as usize
}

impl PartialEq for Counts {
    /// Whether both count the same, whatever memory they have.
    fn eq(&self, other: &Self) -> bool {
        (self.octave_bits, self.total) == (other.octave_bits, other.total)
            && self.counted().eq(other.counted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use std::collections::BTreeMap;

    /// A value of any magnitude.
    fn any(rng: &mut crate::rng::Rng) -> u64 {
        let width = rng.below(41);
        rng.bits() >> (63 - width)
    }

    #[test]
    fn every_value_lies_in_its_bucket_and_the_buckets_leave_no_gap() {
        for bits in [COARSE, FINE] {
            let counts = Counts::new(bits);
            let last = counts.bucket_of(HIGHEST);
            let mut end = 0;
            for bucket in 0..=last {
                let (low, width) = counts.bounds(bucket);
                assert_eq!(low, end, "bucket {bucket}");
                end = low + width;
                assert_eq!((counts.bucket_of(low), counts.bucket_of(end - 1)), (bucket, bucket));
                // Two or three digits: no bucket is wider than that share of its values, or it is as wide as the unit.
                assert!(width <= 1 << UNIT_BITS || width << bits <= low, "bucket {bucket}");
            }
        }
    }

    #[test]
    fn it_counts_as_a_map_of_buckets_does() {
        let mut rng = Seed(1).stream("counts");
        let (mut counts, mut twin) = (Counts::new(COARSE), BTreeMap::<usize, u64>::new());
        for step in 0..20_000 {
            let (value, n) = (any(&mut rng), rng.below(3) * rng.below(1 << 33));
            let bucket = counts.bucket_of(value.min(HIGHEST));
            match rng.below(2_000) {
                0 => {
                    counts.clear();
                    twin.clear();
                }
                1..100 => {
                    let mut other = Counts::new(COARSE);
                    other.add(bucket, n + 1);
                    other.record::<COARSE>(value);
                    counts.merge(&other);
                    *twin.entry(bucket).or_default() += n + 2;
                }
                _ => {
                    counts.record::<COARSE>(value);
                    *twin.entry(bucket).or_default() += 1;
                }
            }
            if step % 50 == 0 {
                counts.check();
                assert!(counts.counted().eq(twin.iter().map(|(&bucket, &count)| (bucket, count))));
            }
        }
    }

    #[test]
    fn a_count_goes_on_beyond_32_bits() {
        let mut counts = Counts::new(COARSE);
        counts.add(5, u64::from(u32::MAX));
        counts.record::<COARSE>(5 << UNIT_BITS);
        counts.record::<COARSE>(5 << UNIT_BITS);
        let twice = counts.clone();
        counts.merge(&twice);
        counts.check();
        assert!(counts.counted().eq([(5, 2 * (u64::from(u32::MAX) + 2))]));
    }
}
