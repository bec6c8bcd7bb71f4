//! A histogram of lengths of time, in the buckets of HdrHistogram with fixed bounds, so that any two can be added without loss.
//!
//! From 1 µs to 10 minutes; longer is counted as 10 minutes, shorter is kept to half a microsecond. In JSON it is the
//! compressed HdrHistogram V2 format in base64 ("HISTF..."), which other tools read.
use super::counts::{self, Counts, HIGHEST};
use super::encoded;
use crate::time::Span;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Deserializer as HdrReader, Serializer as _, V2DeflateSerializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// What the format calls the lowest value told apart: 1 µs.
pub(super) const LOWEST_NS: u64 = 1_000;
/// An encoded histogram longer than this is refused before it is decoded.
const MAX_ENCODED: usize = 2 << 20;
/// One that says it counted more than a float can count is refused.
const MOST_COUNTED: u64 = 1 << 53;

/// How finely values are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Three significant digits, 0.1 %: 4 kB for each doubling between the least and the greatest value. For classes of
    /// requests.
    Fine,
    /// Two significant digits, 0.8 %: 0.5 kB for each doubling. For nodes, of which there are many.
    Coarse,
}

impl Precision {
    /// HdrHistogram's number of significant digits.
    const fn digits(self) -> u8 {
        match self {
            Self::Fine => 3,
            Self::Coarse => 2,
        }
    }

    const fn octave_bits(self) -> u32 {
        match self {
            Self::Fine => counts::FINE,
            Self::Coarse => counts::COARSE,
        }
    }
}

/// A histogram of lengths of time. Empty, it has no memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    precision: Precision,
    counts: Counts,
}

impl Histogram {
    /// An empty histogram.
    pub const fn new(precision: Precision) -> Self {
        Self { precision, counts: Counts::new(precision.octave_bits()) }
    }

    /// Counts one value. O(1), two nanoseconds; allocates only when the value is at least twice the greatest before, or at
    /// most half of the least.
    #[inline]
    pub fn record(&mut self, span: Span) {
        match self.precision {
            Precision::Fine => self.counts.record::<{ counts::FINE }>(span.0),
            Precision::Coarse => self.counts.record::<{ counts::COARSE }>(span.0),
        }
    }

    /// Counts `count` values that are alike: what another tool has told of a bucket.
    pub fn record_n(&mut self, span: Span, count: u64) {
        if count > 0 {
            self.counts.add(self.counts.bucket_of(span.0.min(HIGHEST)), count);
        }
    }

    /// How many bytes its counts take.
    pub const fn size(&self) -> usize {
        self.counts.size()
    }

    /// Takes as much memory as `other` has, so that recording what it has recorded will not allocate. Both must have the
    /// same precision, or nothing is taken.
    pub fn reserve_as(&mut self, other: &Self) {
        if self.precision == other.precision {
            self.counts.cover_as(&other.counts);
        }
    }

    /// How many values were counted.
    pub const fn count(&self) -> u64 {
        self.counts.total()
    }

    /// Whether nothing was counted.
    pub const fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// The value that a share `q` in [0, 1] of all values does not exceed; zero when empty. The upper end of its bucket.
    pub fn quantile(&self, q: f64) -> Span {
        self.find(q).map_or(Span::ZERO, |place| Span(self.end_of(place.bucket)))
    }

    /// As [`Histogram::quantile`], but in seconds and taking the values of a bucket as evenly spread over it: no step from
    /// bucket to bucket hides how much it varies.
    pub fn smooth_quantile(&self, q: f64) -> f64 {
        let Some(place) = self.find(q) else { return 0.0 };
        let (low, width) = self.counts.bounds(place.bucket);
        let share = ((q * self.count() as f64 - place.below as f64) / place.count as f64).clamp(0.0, 1.0);
        (low as f64 + width as f64 * share) / 1e9
    }

    /// The bucket of a quantile, from the nearer end.
    fn find(&self, q: f64) -> Option<Place> {
        let (total, wanted) = (self.count(), self.rank(q));
        if wanted <= total / 2 {
            let mut below = 0;
            for (bucket, count) in self.counts.counted() {
                if below + count >= wanted {
                    return Some(Place { bucket, below, count });
                }
                below += count;
            }
            return None;
        }
        let mut upto = total;
        for (bucket, count) in self.counts.counted().rev() {
            if upto.saturating_sub(count) < wanted {
                return Some(Place { bucket, below: upto.saturating_sub(count), count });
            }
            upto = upto.saturating_sub(count);
        }
        None
    }

    /// The highest value of a bucket.
    const fn end_of(&self, bucket: usize) -> u64 {
        let (low, width) = self.counts.bounds(bucket);
        low + width - 1
    }

    /// The largest value, within the precision; zero when empty.
    pub fn max(&self) -> Span {
        Span(self.counts.counted().next_back().map_or(0, |(bucket, _)| self.end_of(bucket)))
    }

    /// The mean, from the buckets' middles; zero when empty.
    pub fn mean(&self) -> Span {
        let count = u128::from(self.count().max(1));
        Span(((self.counts.sum() + count / 2) / count) as u64)
    }

    /// The variance in square seconds, from the buckets' middles; zero when empty.
    pub fn variance(&self) -> f64 {
        let middle = |bucket| {
            let (low, width) = self.counts.bounds(bucket);
            (low as f64 + width as f64 / 2.0) / 1e9
        };
        let count = self.count().max(1) as f64;
        let over = |of: &dyn Fn(f64) -> f64| {
            self.counts.counted().map(|(bucket, n)| of(middle(bucket)) * n as f64).sum::<f64>() / count
        };
        let mean = over(&|value| value);
        over(&|value| (value - mean) * (value - mean))
    }

    /// The share of values at or below `span`, in [0, 1]; one when empty.
    pub fn share_within(&self, span: Span) -> f64 {
        if self.is_empty() {
            return 1.0;
        }
        self.count_within(span) as f64 / self.count() as f64
    }

    /// How many values lie at or below `span`, within the precision.
    pub fn count_within(&self, span: Span) -> u64 {
        let [count] = self.counts.upto([self.counts.bucket_of(span.0.min(HIGHEST))]);
        count
    }

    /// Looks again at quantiles that were looked at before: gives how many values now lie at or below each mark's old place, and
    /// moves the marks to where the quantiles `qs`, which rise, are now. Nothing was taken away since. One pass over the buckets
    /// at most.
    pub(crate) fn follow<const N: usize>(&self, qs: [f64; N], marks: &mut [Mark; N]) -> [u64; N] {
        let within = self.counts.upto(marks.map(|mark| mark.bucket));
        if !self.is_empty() {
            for ((mark, q), upto) in marks.iter_mut().zip(qs).zip(within) {
                let (bucket, upto) = self.counts.seek((mark.bucket, upto), self.rank(q));
                *mark = Mark { bucket, upto };
            }
        }
        within
    }

    /// The place of a quantile when all values are in order, counted from one.
    fn rank(&self, q: f64) -> u64 {
        let total = self.count();
        ((q * total as f64).ceil() as u64).clamp(1, total.max(1))
    }

    /// Adds what another counted. Lossless where both have the same precision; costs what the other's memory has buckets.
    pub fn merge(&mut self, other: &Self) {
        if self.precision == other.precision {
            return self.counts.merge(&other.counts);
        }
        for (bucket, count) in other.counts.counted() {
            let (low, _) = other.counts.bounds(bucket);
            self.counts.add(self.counts.bucket_of(low), count);
        }
    }

    /// What this counts beyond the other; where the other counts more, nothing.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut taken = Self::new(self.precision);
        taken.merge(other);
        let mut left = Self::new(self.precision);
        for (bucket, count) in self.counts.counted() {
            left.counts.add(bucket, count.saturating_sub(taken.counts.at(bucket)));
        }
        left
    }

    /// Forgets everything but keeps the memory.
    pub fn clear(&mut self) {
        self.counts.clear();
    }

    /// Every non-empty bucket, in rising order: its upper end and its count.
    pub fn buckets(&self) -> impl Iterator<Item = (Span, u64)> + '_ {
        self.counts.counted().map(|(bucket, count)| (Span(self.end_of(bucket)), count))
    }

    /// The compressed HdrHistogram V2 format in base64.
    pub fn to_base64(&self) -> String {
        let mut hdr =
            hdrhistogram::Histogram::<u64>::new_with_bounds(LOWEST_NS, HIGHEST, self.precision.digits())
                .expect("the bounds are constants, and they are in order");
        for (bucket, count) in self.counts.counted() {
            hdr.record_n(self.counts.bounds(bucket).0, count).expect("both have the same buckets");
        }
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&hdr, &mut bytes)
            .expect("a vector takes every byte, and the histogram's size fits the format");
        STANDARD.encode(bytes)
    }

    /// Reads what [`Histogram::to_base64`] or another HdrHistogram tool wrote.
    ///
    /// # Errors
    /// When the text is too long, is not base64, is not a V2 histogram, or has other bounds than ours.
    pub fn from_base64(text: &str) -> Result<Self, BadHistogram> {
        if text.len() > MAX_ENCODED {
            return Err(BadHistogram("it is longer than any histogram of ours"));
        }
        let bytes = STANDARD.decode(text).map_err(|_| BadHistogram("it is not base64"))?;
        let (plain, precision) = encoded::plain(&bytes)?;
        let read: hdrhistogram::Histogram<u64> = HdrReader::new()
            .deserialize(&mut plain.as_slice())
            .map_err(|_| BadHistogram("its counts are not those of a histogram"))?;
        if read.len() > MOST_COUNTED {
            return Err(BadHistogram("it counts more values than anyone could have seen"));
        }
        let mut histogram = Self::new(precision);
        for bucket in read.iter_recorded() {
            let counts = &mut histogram.counts;
            counts.add(counts.bucket_of(bucket.value_iterated_to()), bucket.count_at_value());
        }
        Ok(histogram)
    }
}

/// A quantile that is looked at again and again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    /// The bucket that it was in when last looked at.
    bucket: usize,
    /// How many values lay in that bucket or below.
    pub(crate) upto: u64,
}

/// Where a quantile lies.
struct Place {
    bucket: usize,
    /// How many values lie in the buckets before.
    below: u64,
    /// How many lie in this one.
    count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new(Precision::Fine)
    }
}

/// Why a text is not a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadHistogram(pub(super) &'static str);

impl fmt::Display for BadHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this histogram cannot be read: {}", self.0)
    }
}

impl std::error::Error for BadHistogram {}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Histogram {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Histogram".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "Nanoseconds, as an HdrHistogram V2 in base64." })
    }
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base64())
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_base64(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_the_precision_of_the_sorted_values() {
        let mut histogram = Histogram::new(Precision::Fine);
        let mut values: Vec<u64> =
            (1..=10_000u64).map(|i| 1_000 + crate::hash::mix(i) % 50_000_000).collect();
        values.iter().for_each(|&v| histogram.record(Span(v)));
        values.sort_unstable();
        for q in [0.5, 0.9, 0.99, 0.999] {
            let exact = values[(q * 10_000.0) as usize - 1] as f64;
            let told = histogram.quantile(q).0 as f64;
            assert!((told - exact).abs() <= exact * 0.001 + 1_000.0, "{q}: {told} for {exact}");
        }
    }

    #[test]
    fn many_that_are_alike_count_as_each_of_them_alone() {
        for precision in [Precision::Fine, Precision::Coarse] {
            let (mut once, mut each) = (Histogram::new(precision), Histogram::new(precision));
            for (nanos, count) in [(0, 3), (1_500, 0), (85_249, 7), (HIGHEST + 1, 2)] {
                once.record_n(Span(nanos), count);
                (0..count).for_each(|_| each.record(Span(nanos)));
            }
            assert_eq!(once, each);
        }
    }

    /// The same values in ours and in the crate that defines the layout.
    fn beside_hdr(precision: Precision) -> (Histogram, hdrhistogram::Histogram<u64>) {
        let mut ours = Histogram::new(precision);
        let mut hdr =
            hdrhistogram::Histogram::new_with_bounds(LOWEST_NS, HIGHEST, precision.digits()).unwrap();
        let mut rng = crate::rng::Seed(2).stream("beside");
        for _ in 0..30_000 {
            // Of every magnitude from nothing to 10 minutes.
            let value = (rng.bits() >> (24 + rng.below(40))).min(HIGHEST);
            ours.record(Span(value));
            hdr.record(value).unwrap();
        }
        (ours, hdr)
    }

    #[test]
    fn it_answers_as_hdrhistogram_does() {
        for precision in [Precision::Fine, Precision::Coarse] {
            let (ours, hdr) = beside_hdr(precision);
            assert_eq!((ours.count(), ours.max().0), (hdr.len(), hdr.max()));
            for i in 1..=1_000 {
                let q = f64::from(i) / 1_000.0;
                assert_eq!(ours.quantile(q).0, hdr.value_at_quantile(q), "{precision:?} {q}");
                let span = hdr.value_at_quantile(q) / 2;
                assert_eq!(ours.share_within(Span(span)).to_bits(), hdr.quantile_below(span).to_bits());
            }
            let theirs = hdr.iter_recorded().map(|b| (Span(b.value_iterated_to()), b.count_at_value()));
            assert!(ours.buckets().eq(theirs));
            assert!((ours.mean().0 as f64 - hdr.mean()).abs() <= hdr.mean() * 1e-9 + 1.0);
        }
    }

    #[test]
    fn marks_that_follow_are_where_a_search_finds_the_quantiles() {
        const QS: [f64; 4] = [0.1, 0.5, 0.99, 1.0];
        for precision in [Precision::Fine, Precision::Coarse] {
            let mut rng = crate::rng::Seed(3).stream("marks");
            let mut all = Histogram::new(precision);
            let mut marks = [Mark::default(); 4];
            assert_eq!((all.follow(QS, &mut marks), marks[3].upto), ([0; 4], 0));
            for round in 0..200 {
                let old = marks.map(|mark| Span(all.end_of(mark.bucket)));
                // The quantiles wander down and up again, by several magnitudes.
                let most = 1_000_u64 << (20 - 15 * u32::from(round % 40 < 20));
                (0..=rng.below(400)).for_each(|_| all.record(Span(rng.below(most))));
                if round == 150 {
                    all.record_n(Span(85_249), 1 << 40);
                }
                let within = all.follow(QS, &mut marks);
                assert_eq!(within, old.map(|mark| all.count_within(mark)));
                for (mark, q) in marks.iter().zip(QS) {
                    let found = all.quantile(q);
                    assert_eq!((Span(all.end_of(mark.bucket)), mark.upto), (found, all.count_within(found)));
                }
            }
        }
    }

    #[test]
    fn the_mean_is_that_of_the_middles_and_a_count_within_that_of_the_buckets() {
        for precision in [Precision::Fine, Precision::Coarse] {
            let (mut ours, _) = beside_hdr(precision);
            ours.record_n(Span(85_249), 5 << 32);
            let (mut sum, mut within) = (0, 0);
            for (bucket, count) in ours.counts.counted() {
                let (low, width) = ours.counts.bounds(bucket);
                sum += u128::from(low + width / 2) * u128::from(count);
                within += count;
                assert_eq!(ours.count_within(Span(low)), within);
            }
            assert_eq!(ours.counts.sum(), sum);
        }
    }

    #[test]
    fn it_is_written_as_hdrhistogram_writes_it() {
        for precision in [Precision::Fine, Precision::Coarse] {
            let (ours, hdr) = beside_hdr(precision);
            let mut bytes = Vec::new();
            V2DeflateSerializer::new().serialize(&hdr, &mut bytes).unwrap();
            let text = STANDARD.encode(bytes);
            assert_eq!(ours.to_base64(), text);
            assert_eq!(Histogram::from_base64(&text).unwrap(), ours);
        }
    }

    #[test]
    fn more_values_than_anyone_could_have_seen_are_refused() {
        let mut hdr = hdrhistogram::Histogram::<u64>::new_with_bounds(LOWEST_NS, HIGHEST, 3).unwrap();
        hdr.record_n(5_000_000, MOST_COUNTED + 1).unwrap();
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&hdr, &mut bytes).unwrap();
        let fault = Histogram::from_base64(&STANDARD.encode(bytes)).unwrap_err().to_string();
        assert!(fault.contains("than anyone could have seen"), "{fault}");
    }

    #[test]
    fn coarse_counts_go_into_fine_ones_at_the_start_of_their_bucket() {
        let (coarse, hdr) = beside_hdr(Precision::Coarse);
        let mut fine = Histogram::new(Precision::Fine);
        fine.merge(&coarse);
        let mut twin = hdrhistogram::Histogram::<u64>::new_with_bounds(LOWEST_NS, HIGHEST, 3).unwrap();
        twin.add(&hdr).unwrap();
        let theirs = twin.iter_recorded().map(|b| (Span(b.value_iterated_to()), b.count_at_value()));
        assert!(fine.buckets().eq(theirs));
    }

    #[test]
    fn an_hour_counts_as_ten_minutes() {
        let mut histogram = Histogram::new(Precision::Fine);
        histogram.record("1h".parse().unwrap());
        let off = histogram.max().0 - HIGHEST;
        assert!(off < HIGHEST / 1_000, "{off}");
    }

    #[test]
    fn a_smooth_quantile_lies_in_the_bucket_and_grows_with_the_share() {
        let (histogram, _) = beside_hdr(Precision::Coarse);
        let mut before = 0.0;
        for i in 1..=2_000 {
            let q = f64::from(i) / 2_000.0;
            let (smooth, end) = (histogram.smooth_quantile(q), histogram.quantile(q).as_secs());
            assert!(
                smooth >= before && smooth <= end + 1.5e-9 && smooth >= end * 0.99 - 1e-6,
                "{q}: {smooth}, {end}"
            );
            before = smooth;
        }
    }

    #[test]
    fn it_survives_the_journey_through_text() {
        let mut histogram = Histogram::new(Precision::Coarse);
        for ms in [1, 2, 3, 500] {
            histogram.record(Span::from_millis(ms));
        }
        let text = serde_json::to_string(&histogram).unwrap();
        assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), histogram);
    }

    #[test]
    fn what_is_not_a_histogram_is_refused_with_a_sentence() {
        for text in ["", "AAAA", "not base64!", "HISTFAAAAAAAAAA="] {
            assert!(Histogram::from_base64(text).is_err(), "{text}");
        }
    }
}
