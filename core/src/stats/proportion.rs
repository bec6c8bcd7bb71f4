//! An interval for a share: how many of all went wrong, and how sure that is.
use crate::math;
use serde::{Deserialize, Serialize};

/// From where to where a number may lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether `truth` lies inside, ends included.
    pub fn holds(&self, truth: f64) -> bool {
        (self.low..=self.high).contains(&truth)
    }
}

/// Wilson's interval (1927) at `confidence` in (0, 1) for a share of which `hits` of `all` independent trials were seen; from 0 to 1
/// when there were none. It says something sensible also where no trial hit, or all did. Requests of one run depend on one
/// another, so for them it is too narrow: take it for replications, or batches.
pub fn share_interval(hits: u64, all: u64, confidence: f64) -> Interval {
    if all == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    wilson(hits as f64 / all as f64, all as f64, confidence)
}

/// Wilson's interval for a `share` in [0, 1] that is known as well as from `n` > 0 independent trials, which need not be whole.
pub(super) fn wilson(share: f64, n: f64, confidence: f64) -> Interval {
    let z = math::normal_quantile(0.5 + confidence / 2.0);
    let z2 = z * z / n;
    let centre = (share + z2 / 2.0) / (1.0 + z2);
    let half = (share * (1.0 - share) * z2 + z2 * z2 / 4.0).sqrt() / (1.0 + z2);
    // Where none or all hit, the end is exactly theirs, but for rounding.
    let low = if share <= 0.0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if share >= 1.0 { 1.0 } else { (centre + half).min(1.0) };
    Interval { low, high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn it_agrees_with_published_values() {
        // Newcombe (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for (hits, all, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let found = share_interval(hits, all, 0.95);
            assert!(
                (found.low - low).abs() < 6e-5 && (found.high - high).abs() < 6e-5,
                "{hits}/{all}: {found:?}"
            );
        }
    }

    #[test]
    fn it_covers_as_often_as_it_says() {
        let mut rng = Seed(1).stream("wilson");
        let covered = (0..2_000)
            .filter(|_| {
                let hits = (0..500).filter(|_| rng.unit() < 0.02).count() as u64;
                share_interval(hits, 500, 0.95).holds(0.02)
            })
            .count();
        // Its coverage swings by a percent or two about 95 % (Brown, Cai, DasGupta 2001); four deviations are 39.
        assert!((1_820..=1_990).contains(&covered), "{covered} of 2,000");
    }
}
