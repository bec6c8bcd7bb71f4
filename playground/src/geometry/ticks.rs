//! Round numbers along an axis.

/// Round numbers from zero that reach `max`, about `count` steps of them; the last one is at least `max`.
///
/// The steps are 1, 2, 2.5 or 5 times a power of ten. A `max` that is not above zero is taken as one.
pub fn ticks(max: f64, count: usize) -> Vec<f64> {
    let max = if max.is_finite() && max > 0.0 { max } else { 1.0 };
    let rough = max / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough * (1.0 - 1e-9))
        .unwrap_or(10.0 * power);
    let steps = (max / step - 1e-9).ceil().max(1.0) as usize;
    (0..=steps).map(|i| i as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_reach_the_largest_value_and_are_not_many() {
        for max in [1e-9, 0.07, 1.0, 99.0, 100.0, 101.0, 412.0, 98_400.0, 3e6] {
            let ticks = ticks(max, 4);
            let last = ticks[ticks.len() - 1];
            assert!(last >= max * (1.0 - 1e-6) && last <= max * 2.6, "{max}: {ticks:?}");
            assert!((3..=6).contains(&ticks.len()), "{max}: {ticks:?}");
        }
    }

    #[test]
    fn nothing_to_show_still_gives_an_axis() {
        for max in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(ticks(max, 4).len() >= 2);
        }
    }
}
