//! Intervals from consecutive stretches of one run, whose values depend on one another: for ratios of sums, for shares, and for
//! quantiles.
//!
//! A rate, a utilization, a hit ratio and a mean are all a sum over a sum. Stretches that are long against the correlation are
//! nearly independent, and so the spread of what each adds says how far the ratio may be off (batch means; Law 2015, §9.5.3). What
//! correlation is left between neighbours widens the interval as in an autoregressive process of order one (Fishman 1978).
use super::proportion::wilson;
use super::{Estimate, Histogram, Interval, student_quantile};
use crate::math;

/// Stretches that an interval must have behind it.
const ENOUGH: usize = 16;
/// A correlation of neighbours beyond this many standard deviations, which are 1/sqrt(n), is taken as real: one in twenty would
/// be so by chance.
const REAL: f64 = 1.645;
/// More correlation than this cannot be told from a trend.
const MOST_CORRELATED: f64 = 0.95;

/// The sum of the first values over the sum of the second, ≥ 0, with its interval at `confidence` in (0, 1): the ratio estimator
/// (Cochran 1977, §2.11). Stretches without a second value count for nothing; `None` with fewer than 16 others.
pub fn ratio(stretches: impl Iterator<Item = (f64, f64)> + Clone, confidence: f64) -> Option<Estimate> {
    let seen = stretches.filter(|&(_, below)| below > 0.0);
    let (mut count, mut above, mut below) = (0usize, 0.0, 0.0);
    seen.clone().for_each(|(a, b)| {
        count += 1;
        above += a;
        below += b;
    });
    if count < ENOUGH {
        return None;
    }
    let (n, value) = (count as f64, above / below);
    let (mut squares, mut products, mut before) = (0.0, 0.0, 0.0);
    for (a, b) in seen {
        let off = a - value * b;
        squares += off * off;
        products += off * before;
        before = off;
    }
    let correlation = if squares > 0.0 { (products / squares).min(MOST_CORRELATED) } else { 0.0 };
    let wider = if correlation > REAL / n.sqrt() { (1.0 + correlation) / (1.0 - correlation) } else { 1.0 };
    let deviation = (wider * squares * n / (n - 1.0)).sqrt() / below;
    let half_width = student_quantile(0.5 + confidence / 2.0, count as u32 - 1) * deviation;
    Some(Estimate { value, half_width })
}

/// A share of dependent trials, as hits and trials of each stretch: its value and interval at `confidence` in (0, 1); `None` with
/// fewer than 16 stretches that have trials.
///
/// Wilson's interval (1927) for as many independent trials as would make the share vary as much as it does from stretch to
/// stretch (the effective sample size of Korn & Graubard 1998), and so it says something sensible where nothing or all hit.
pub fn share(
    stretches: impl Iterator<Item = (u64, u64)> + Clone,
    confidence: f64,
) -> Option<(f64, Interval)> {
    let spread = ratio(stretches.clone().map(|(hits, all)| (hits as f64, all as f64)), confidence)?;
    let all: u64 = stretches.map(|(_, all)| all).sum();
    Some((spread.value, wilson(spread.value, as_many(spread, all as f64, confidence), confidence)))
}

/// The interval of the quantile `q` in (0, 1) of all values, which are in `all`, at `confidence` in (0, 1). Of each stretch is told
/// how many values were at most a mark near the quantile, and how many there were.
///
/// The order statistics between which the quantile lies, as for independent values (David & Nagaraja 2003, §7.1), but for as many
/// values as the shares below the mark are worth. `None` with fewer than 16 stretches, or where an end would lie beyond all values
/// that were seen: the run is too short then.
pub fn quantile_interval(
    all: &Histogram,
    q: f64,
    stretches: impl Iterator<Item = (u64, u64)> + Clone,
    confidence: f64,
) -> Option<Interval> {
    let spread = ratio(stretches.map(|(below, all)| (below as f64, all as f64)), confidence)?;
    let count = all.count() as f64;
    let ends = wilson(q, as_many(spread, count, confidence), confidence);
    let seen = ends.low * count >= 1.0 && (1.0 - ends.high) * count >= 1.0;
    seen.then(|| Interval { low: all.smooth_quantile(ends.low), high: all.smooth_quantile(ends.high) })
}

/// As how many independent trials a share with this spread is worth, of `all` that there were.
fn as_many(spread: Estimate, all: f64, confidence: f64) -> f64 {
    let varies = spread.half_width / math::normal_quantile(0.5 + confidence / 2.0);
    let alike = spread.value * (1.0 - spread.value) / (varies * varies);
    if alike > 0.0 && alike.is_finite() { alike.clamp(1.0, all.max(1.0)) } else { all.max(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Rng, Seed};
    use crate::stats::Precision;
    use crate::time::Span;

    /// How many of 400 intervals hold the truth.
    fn covered(mut holds: impl FnMut(&mut Rng) -> bool) -> u32 {
        (0..400).map(|seed| u32::from(holds(&mut Seed(seed).stream("coverage")))).sum()
    }

    /// Exponential values of mean one, each correlated with the one before.
    fn series(rng: &mut Rng, n: usize, correlation: f64) -> Vec<f64> {
        let mut last = -math::ln(rng.unit_positive());
        let mut next = || {
            if rng.unit() >= correlation {
                last = -math::ln(rng.unit_positive());
            }
            last
        };
        (0..n).map(|_| next()).collect()
    }

    #[test]
    fn intervals_of_dependent_values_cover_the_truth_as_often_as_they_say() {
        // 380 of 400 expected with a deviation of 4.4. Short stretches of correlated values cover a little less often.
        for (correlation, least) in [(0.0, 363), (0.9, 355), (0.99, 340)] {
            let mean = covered(|rng| {
                let values = series(rng, 20_000, correlation);
                let parts = values.chunks(1_000).map(|part| (part.iter().sum::<f64>(), part.len() as f64));
                ratio(parts, 0.95).unwrap().holds(1.0)
            });
            let below = covered(|rng| {
                let values = series(rng, 20_000, correlation);
                let count = |part: &[f64]| part.iter().filter(|&&v| v > 3.0).count() as u64;
                let parts = values.chunks(1_000).map(|part| (count(part), part.len() as u64));
                share(parts, 0.95).unwrap().1.holds(0.049_787)
            });
            assert!(mean >= least && below >= least, "{correlation}: {mean}, {below}");
        }
    }

    #[test]
    fn a_quantile_lies_between_its_order_statistics_as_often_as_they_say() {
        for (q, correlation, least) in [(0.5, 0.0, 363), (0.99, 0.0, 363), (0.9, 0.9, 350)] {
            let held = covered(|rng| {
                let values = series(rng, 20_000, correlation);
                let mut all = Histogram::new(Precision::Fine);
                values.iter().for_each(|v| all.record(Span::from_secs(*v)));
                let mark = all.smooth_quantile(q);
                let below = |part: &[f64]| part.iter().filter(|&&v| v <= mark).count() as u64;
                let parts = values.chunks(1_000).map(|part| (below(part), part.len() as u64));
                quantile_interval(&all, q, parts, 0.95).unwrap().holds(-math::ln(1.0 - q))
            });
            assert!(held >= least, "{q}, {correlation}: {held}");
        }
    }

    #[test]
    fn where_nothing_went_wrong_the_share_is_at_most_what_so_many_trials_allow() {
        let parts = [(0, 100); 20];
        let (value, interval) = share(parts.iter().copied(), 0.95).unwrap();
        // The upper end of Wilson's interval for none of 2,000: z² / (n + z²).
        assert!(
            value == 0.0 && interval.low == 0.0 && (interval.high - 3.841_459 / 2_003.841_459).abs() < 1e-6
        );
    }

    #[test]
    fn too_few_stretches_or_values_have_no_interval() {
        assert_eq!(ratio([(1.0, 1.0); 15].into_iter(), 0.95), None);
        let mut all = Histogram::new(Precision::Fine);
        (0..160).for_each(|i| all.record(Span::from_millis(i)));
        let parts = [(9, 10); 16];
        assert!(quantile_interval(&all, 0.9, parts.iter().copied(), 0.95).is_some());
        // Nobody has seen what one of a thousand takes.
        assert_eq!(quantile_interval(&all, 0.999, parts.iter().copied(), 0.95), None);
    }
}
