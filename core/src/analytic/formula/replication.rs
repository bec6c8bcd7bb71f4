//! What asynchronous replication can lose or show too late.
use super::InFlight;
use crate::math::exp;

/// Writes that were acknowledged and not yet copied when the primary dies: Poisson with mean w·E\[D\] (M/G/∞: whatever the law
/// of the lag D). `write_rate` in 1/s, `mean_lag` in seconds.
pub fn lost_writes(write_rate: f64, mean_lag: f64) -> InFlight {
    InFlight { mean: write_rate * mean_lag }
}

/// Mean and most writes lost when the log is shipped every `period` seconds and takes `delay` to arrive: the failure falls
/// evenly into a period.
pub fn lost_writes_of_batches(write_rate: f64, period: f64, delay: f64) -> (f64, f64) {
    (write_rate * (period / 2.0 + delay), write_rate * (period + delay))
}

/// The share of reads from a replica, `after` seconds after the write, that do not see it yet; exponential lag (for other
/// laws: Bailis et al. 2012).
pub fn stale_read(after: f64, mean_lag: f64) -> f64 {
    exp(-after / mean_lag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_of_ten_milliseconds_loses_fifty_of_five_thousand_writes_a_second() {
        let lost = lost_writes(5000.0, 0.01);
        assert!((lost.mean - 50.0).abs() < 1e-12 && (lost.none() / 1.928_749_85e-22 - 1.0).abs() < 1e-8);
        assert_eq!(lost_writes_of_batches(100.0, 1.0, 0.1), (60.0, 110.00000000000001));
        assert!((stale_read(0.02, 0.05) - 0.670_320_046).abs() < 1e-9);
    }
}
