//! A histogram of lengths of time: `hdrhistogram` with fixed bounds, so that any two can be added without loss.
//!
//! From 1 µs to 10 minutes; longer is counted as 10 minutes, shorter is kept to half a microsecond. In JSON it is the
//! compressed HdrHistogram V2 format in base64 ("HISTF..."), which other tools read.
use crate::time::Span;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Deserializer as HdrReader, Serializer as _, V2DeflateSerializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Lowest value told apart: 1 µs.
const LOWEST_NS: u64 = 1_000;
/// Highest value kept: 10 minutes.
const HIGHEST_NS: u64 = 600_000_000_000;
/// An encoded histogram longer than this is refused before it is decoded.
const MAX_ENCODED: usize = 2 << 20;

/// How finely values are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Three significant digits, 0.1 %: 200 KiB. For classes of requests.
    Fine,
    /// Two significant digits, 1 %: 26 KiB. For nodes, of which there are many.
    Coarse,
}

/// A histogram of lengths of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    counts: hdrhistogram::Histogram<u64>,
}

impl Histogram {
    /// An empty histogram.
    pub fn new(precision: Precision) -> Self {
        let digits = match precision {
            Precision::Fine => 3,
            Precision::Coarse => 2,
        };
        let counts = hdrhistogram::Histogram::new_with_bounds(LOWEST_NS, HIGHEST_NS, digits)
            .expect("the bounds are constants, and they are in order");
        Self { counts }
    }

    /// Counts one value. O(1), a few nanoseconds, allocates nothing.
    pub fn record(&mut self, span: Span) {
        self.counts.saturating_record(span.0);
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.counts.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The value that a share `q` in [0, 1] of all values does not exceed; zero when empty.
    pub fn quantile(&self, q: f64) -> Span {
        Span(if self.is_empty() { 0 } else { self.counts.value_at_quantile(q).min(self.counts.max()) })
    }

    /// The largest value, within the precision; zero when empty.
    pub fn max(&self) -> Span {
        Span(self.counts.max())
    }

    /// The mean, from the buckets' middles; zero when empty.
    pub fn mean(&self) -> Span {
        Span((self.counts.mean() + 0.5) as u64)
    }

    /// The share of values at or below `span`, in [0, 1]; one when empty.
    pub fn share_within(&self, span: Span) -> f64 {
        if self.is_empty() { 1.0 } else { self.counts.quantile_below(span.0) }
    }

    /// Adds what another counted. Lossless where both have the same precision.
    pub fn merge(&mut self, other: &Self) {
        self.counts.add(&other.counts).expect("all histograms have the same bounds");
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.counts.reset();
    }

    /// Every non-empty bucket, in rising order: its upper end and its count.
    pub fn buckets(&self) -> impl Iterator<Item = (Span, u64)> + '_ {
        self.counts.iter_recorded().map(|bucket| (Span(bucket.value_iterated_to()), bucket.count_at_value()))
    }

    /// The compressed HdrHistogram V2 format in base64.
    pub fn to_base64(&self) -> String {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.counts, &mut bytes)
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
        let read: hdrhistogram::Histogram<u64> = HdrReader::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|_| BadHistogram("it is not in the compressed HdrHistogram V2 format"))?;
        if read.low() != LOWEST_NS || read.high() != HIGHEST_NS || !(2..=3).contains(&read.sigfig()) {
            return Err(BadHistogram("its bounds are not 1 us to 10 minutes with two or three digits"));
        }
        Ok(Self { counts: read })
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new(Precision::Fine)
    }
}

/// Why a text is not a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadHistogram(&'static str);

impl fmt::Display for BadHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this histogram cannot be read: {}", self.0)
    }
}

impl std::error::Error for BadHistogram {}

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
