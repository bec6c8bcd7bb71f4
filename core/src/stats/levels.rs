//! How long something that is counted stood at each of its values: calls in flight, instances that are up.
use crate::time::Span;
use serde::{Deserialize, Serialize};

/// Values from here on are kept together.
const MOST: usize = 255;

/// Time by value: the exact distribution of a count over time, and not a sample of it. Values from 255 on are kept
/// together. In JSON a list of nanoseconds, that of zero first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(into = "Vec<u64>", from = "Vec<u64>")]
pub struct Levels {
    /// Nanoseconds at each value; the last one is that of `MOST` and more.
    at: Vec<u64>,
}

impl Levels {
    /// No time has passed. Takes 2 kB, so that adding needs no memory.
    pub fn new() -> Self {
        Self { at: vec![0; MOST + 1] }
    }

    /// It stood at `value` for so long. O(1), a nanosecond.
    #[inline]
    pub fn add(&mut self, value: u32, span: Span) {
        let place = (value as usize).min(MOST);
        if self.at.len() <= place {
            self.at.resize(MOST + 1, 0);
        }
        self.at[place] += span.0;
    }

    /// Adds what another saw.
    pub fn merge(&mut self, other: &Self) {
        if self.at.len() < other.at.len() {
            self.at.resize(other.at.len(), 0);
        }
        self.at.iter_mut().zip(&other.at).for_each(|(into, ns)| *into += ns);
    }

    /// Forgets everything but keeps the memory.
    pub fn clear(&mut self) {
        self.at.fill(0);
    }

    /// Whether no time was seen.
    pub fn is_empty(&self) -> bool {
        self.at.iter().all(|&ns| ns == 0)
    }

    /// The share of the time at exactly `value`, in [0, 1]; zero when empty, and from 255 on, where values are not told
    /// apart.
    pub fn share(&self, value: u32) -> f64 {
        let place = value as usize;
        if place < MOST { self.at.get(place).copied().unwrap_or(0) as f64 / self.total() } else { 0.0 }
    }

    /// The share of the time at `value` ≤ 255 or above, in [0, 1]; zero when empty.
    pub fn share_from(&self, value: u32) -> f64 {
        let above: u64 = self.at.iter().skip((value as usize).min(MOST)).sum();
        above as f64 / self.total()
    }

    /// The mean over time; none when empty, or when it reached 255, from which on it is not known.
    pub fn mean(&self) -> Option<f64> {
        self.moment(|value| value)
    }

    /// The variance over time; none where there is no mean.
    pub fn variance(&self) -> Option<f64> {
        let mean = self.mean()?;
        self.moment(|value| (value - mean) * (value - mean))
    }

    /// The least value that is not exceeded for a share `q` in [0, 1] of the time; zero when empty.
    pub fn quantile(&self, q: f64) -> u32 {
        let (wanted, mut below) = (q * self.total(), 0.0);
        for (value, &ns) in (0..).zip(&self.at) {
            below += ns as f64;
            if below >= wanted && ns > 0 {
                return value;
            }
        }
        0
    }

    fn moment(&self, of: impl Fn(f64) -> f64) -> Option<f64> {
        if self.is_empty() || self.at.get(MOST).is_some_and(|&ns| ns > 0) {
            return None;
        }
        Some(
            self.at.iter().enumerate().map(|(value, &ns)| of(value as f64) * ns as f64).sum::<f64>()
                / self.total(),
        )
    }

    /// At least one, so that shares of nothing are zero.
    fn total(&self) -> f64 {
        (self.at.iter().sum::<u64>() as f64).max(1.0)
    }
}

/// Whatever room they have for values that did not occur.
impl PartialEq for Levels {
    fn eq(&self, other: &Self) -> bool {
        let seen = |levels: &Self| levels.at.iter().rposition(|&ns| ns > 0).map_or(0, |last| last + 1);
        self.at[..seen(self)] == other.at[..seen(other)]
    }
}

impl Eq for Levels {}

impl From<Levels> for Vec<u64> {
    fn from(levels: Levels) -> Self {
        let mut at = levels.at;
        at.truncate(at.iter().rposition(|&ns| ns > 0).map_or(0, |last| last + 1));
        at
    }
}

impl From<Vec<u64>> for Levels {
    fn from(mut at: Vec<u64>) -> Self {
        let beyond: u64 = at.iter().skip(MOST + 1).fold(0, |sum, &ns| sum.saturating_add(ns));
        at.truncate(MOST + 1);
        if let Some(last) = at.get_mut(MOST) {
            *last = last.saturating_add(beyond);
        }
        Self { at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_moments_and_quantiles_are_of_time() {
        let mut levels = Levels::new();
        [(0, 50), (1, 30), (2, 20)].into_iter().for_each(|(value, ns)| levels.add(value, Span(ns)));
        assert_eq!((levels.share(0), levels.share_from(1), levels.share(3)), (0.5, 0.5, 0.0));
        assert!((levels.mean().unwrap() - 0.7).abs() < 1e-12);
        assert!((levels.variance().unwrap() - (0.3 + 0.8 - 0.49)).abs() < 1e-12);
        assert_eq!((levels.quantile(0.5), levels.quantile(0.51), levels.quantile(1.0)), (0, 1, 2));
    }

    #[test]
    fn nothing_has_no_mean_nor_has_what_went_out_of_sight() {
        let mut levels = Levels::new();
        assert_eq!((levels.mean(), levels.share(0), levels.is_empty()), (None, 0.0, true));
        levels.add(300, Span(1));
        levels.add(1, Span(1));
        assert_eq!((levels.mean(), levels.share_from(255), levels.share(300)), (None, 0.5, 0.0));
    }

    #[test]
    fn json_is_a_short_list() {
        let mut levels = Levels::new();
        levels.add(1, Span(7));
        let text = serde_json::to_string(&levels).unwrap();
        assert_eq!(text, "[0,7]");
        let mut back: Levels = serde_json::from_str(&text).unwrap();
        assert_eq!(back, levels);
        back.merge(&levels);
        back.add(2, Span(14));
        assert_eq!((back.share(1), back.share(2)), (0.5, 0.5));
    }
}
