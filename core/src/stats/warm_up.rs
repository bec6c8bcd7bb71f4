//! Where the warm-up of a run ends: the rule MSER-5 (White 1997; White, Cobb & Spratt 2000).
//!
//! Dropping a biased beginning moves the mean towards the truth; dropping more only makes it less certain. The rule drops as
//! much as makes the standard error of the mean of the rest least. It needs no threshold, and finds nothing to drop in a run
//! that began in equilibrium but for chance.

/// How many of the first `means` belong to the warm-up; `None` when that would be more than half of them: the run is too
/// short to tell. O(n). For MSER-5 each of the means is that of five consecutive values, or of one short stretch of time.
pub fn warm_up(means: &[f64]) -> Option<usize> {
    let (mut mean, mut squares) = (0.0, 0.0);
    let mut best: Option<(f64, usize)> = None;
    // From the end, so that each step adds one value to the rest (Welford 1962).
    for (start, &value) in means.iter().enumerate().rev() {
        let rest = (means.len() - start) as f64;
        let distance = value - mean;
        mean += distance / rest;
        squares += distance * (value - mean);
        // The last few agree by chance: White leaves out the last five.
        if rest > 5.0 || means.len() <= 5 {
            let error = squares / (rest * rest);
            // Of equals the earliest: a constant series has no warm-up.
            if best.is_none_or(|(least, _)| error <= least) {
                best = Some((error, start));
            }
        }
    }
    best.map(|(_, start)| start).filter(|&start| 2 * start <= means.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    /// The rule as it is written down.
    fn twin(means: &[f64]) -> Option<usize> {
        let error = |start: usize| {
            let rest = &means[start..];
            let mean = rest.iter().sum::<f64>() / rest.len() as f64;
            rest.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (rest.len() * rest.len()) as f64
        };
        let starts = 0..means.len().saturating_sub(5).max(1);
        let best = starts.min_by(|&a, &b| error(a).total_cmp(&error(b)))?;
        (2 * best <= means.len()).then_some(best)
    }

    #[test]
    fn it_finds_what_the_formula_finds() {
        let mut rng = Seed(1).stream("warm-up");
        for n in 6..200 {
            let bias = rng.unit() * 20.0;
            let fade = 1.0 + rng.unit() * 20.0;
            let means: Vec<f64> =
                (0..n).map(|i| rng.unit() + bias * crate::math::exp(-f64::from(i) / fade)).collect();
            assert_eq!(warm_up(&means), twin(&means), "{means:?}");
        }
    }

    #[test]
    fn a_step_is_cut_where_it_is_and_a_constant_nowhere() {
        let mut rng = Seed(2).stream("step");
        let stepped: Vec<f64> = (0..1_000).map(|i| rng.unit() + if i < 200 { 10.0 } else { 0.0 }).collect();
        // What lies 35 standard deviations off costs more error than its length saves; the level part may lose a few more.
        let cut = warm_up(&stepped).unwrap();
        assert!((200..300).contains(&cut), "{cut}");
        assert_eq!(warm_up(&[3.0; 100]), Some(0));
    }

    #[test]
    fn a_run_that_is_still_rising_is_too_short() {
        let rising: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(warm_up(&rising), None);
        assert_eq!(warm_up(&[]), None);
    }
}
