//! Birth–death chains: states 0, 1, 2, ... with steps to the neighbours only. What most queueing formulas solve.
use crate::math::{exp, ln};

/// The stationary distribution over `states` ≥ 1 states: `birth(n)` leads from n to n + 1, `death(n)` from n to n - 1, per
/// second. Products of rates are kept as logarithms, so hundreds of thousands of states neither over- nor underflow.
/// What lies behind a birth rate of zero has probability zero.
pub fn stationary(states: usize, birth: impl Fn(usize) -> f64, death: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut logs = Vec::with_capacity(states);
    let mut log = 0.0;
    logs.push(log);
    for n in 1..states {
        log += ln(birth(n - 1)) - ln(death(n));
        logs.push(log);
    }
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|log| exp(log - largest)).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

/// The mean time from state 0 until state `end` is reached for the first time, in seconds (Karlin & Taylor 1975, §4.7).
pub fn mean_time_to(end: usize, birth: impl Fn(usize) -> f64, death: impl Fn(usize) -> f64) -> f64 {
    let (mut total, mut step) = (0.0, 0.0);
    for n in 0..end {
        let down = if n == 0 { 0.0 } else { death(n) };
        step = (1.0 + down * step) / birth(n);
        total += step;
    }
    total
}

/// The mean of `value` over a distribution.
pub fn expect(distribution: &[f64], value: impl Fn(usize) -> f64) -> f64 {
    distribution.iter().enumerate().map(|(n, p)| p * value(n)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_chain_is_the_geometric_law_of_a_single_server() {
        let p = stationary(100_000, |_| 0.9, |_| 1.0);
        assert!((p[0] - 0.1).abs() < 1e-12);
        assert!((expect(&p, |n| n as f64) - 9.0).abs() < 1e-9);
        let heavy = stationary(50_001, |_| 2.0, |_| 1.0);
        assert!((heavy[50_000] - 0.5).abs() < 1e-9);
    }

    #[test]
    fn two_steps_without_return_take_the_sum_of_their_means() {
        assert_eq!(mean_time_to(2, |_| 0.5, |_| 0.0), 4.0);
        // Back with rate 1: from 1 it takes (1 + 2) / 0.5 = 6 more.
        assert_eq!(mean_time_to(2, |_| 0.5, |_| 1.0), 8.0);
    }
}
