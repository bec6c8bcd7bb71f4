//! Availability: one component, several in series, in parallel, k of n; time until a quorum is lost (Barlow & Proschan 1975).
//!
//! Failures and repairs are independent of one another: a shared cause (a rack, a deploy, a bad document) breaks all of these.
use super::markov::mean_time_to;
use super::special::at_least;
use crate::math::pow;

/// The share of time a component is up: MTBF / (MTBF + MTTR), for any laws. Both in the same unit, > 0.
pub fn availability(time_between_failures: f64, time_to_repair: f64) -> f64 {
    time_between_failures / (time_between_failures + time_to_repair)
}

/// Minutes of downtime in a year of 365 days.
pub fn downtime_minutes_per_year(availability: f64) -> f64 {
    (1.0 - availability) * 365.0 * 24.0 * 60.0
}

/// All of them are needed.
pub fn in_series(parts: &[f64]) -> f64 {
    parts.iter().product()
}

/// One of them is enough.
pub fn in_parallel(parts: &[f64]) -> f64 {
    1.0 - parts.iter().map(|part| 1.0 - part).product::<f64>()
}

/// `k` of `n` like parts are needed.
pub fn k_of_n(k: u32, n: u32, part: f64) -> f64 {
    at_least(k, n, part)
}

/// Mean time until fewer than `k` of `n` are up, all up at first; each fails at `failure_rate` and each of `repairers` mends
/// one at `repair_rate`. In the unit of the rates.
pub fn time_to_quorum_loss(n: u32, k: u32, failure_rate: f64, repair_rate: f64, repairers: u32) -> f64 {
    let birth = |down: usize| f64::from(n - down as u32) * failure_rate;
    let death = |down: usize| f64::from((down as u32).min(repairers)) * repair_rate;
    mean_time_to((n + 1).saturating_sub(k) as usize, birth, death)
}

/// `nines` of availability as a share: three are 0.999.
pub fn nines(nines: f64) -> f64 {
    1.0 - pow(10.0, -nines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_a_whole() {
        assert!((availability(720.0, 0.5) - 0.999_306_037).abs() < 1e-9);
        assert!((downtime_minutes_per_year(availability(1000.0, 1.0)) - 525.074_925).abs() < 1e-5);
        assert!((k_of_n(2, 3, 0.99) - 0.999_702).abs() < 1e-12);
        assert!((k_of_n(3, 5, 0.99) - 0.999_990_149).abs() < 1e-9);
        assert!((k_of_n(8, 10, 0.95) - 0.988_496_443).abs() < 1e-9);
        assert!((in_series(&[0.99; 3]) - 0.970_299).abs() < 1e-12);
        assert!((in_parallel(&[0.99; 3]) - 0.999_999).abs() < 1e-12);
        assert!((in_parallel(&[0.9, nines(3.0)]) - 0.9999).abs() < 1e-12);
    }

    #[test]
    fn a_quorum_lasts_as_long_as_the_chain_says() {
        assert!((time_to_quorum_loss(3, 2, 0.001, 1.0, 1) - 167_500.0).abs() < 1e-6);
        assert!((time_to_quorum_loss(2, 1, 1.0 / 720.0, 2.0, 2) - 519_480.0).abs() < 1e-6);
    }
}
