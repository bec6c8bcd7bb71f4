//! Waiting for several at once: fan-out to all, a quorum of some, a hedge that runs beside (David & Nagaraja 2003; Dean &
//! Barroso, "The tail at scale", 2013). The parts are independent; a shared slow cause makes all of these worse.
use super::special::{at_least_inverse, harmonic};
use crate::math::{exp, ln, pow};

/// The share of requests to `n` leaves that meet at least one slow one, each slow with probability `p`.
pub fn any_slow(p: f64, n: u32) -> f64 {
    1.0 - pow(1.0 - p, f64::from(n))
}

/// Which quantile of a leaf makes the quantile `q` of the slowest of `n`.
pub fn leaf_quantile(q: f64, n: u32) -> f64 {
    pow(q, 1.0 / f64::from(n))
}

/// Mean time until `k` of `n` exponential answers of mean one have come: H(n) - H(n-k). All of them for k = n.
pub fn quorum_mean(k: u32, n: u32) -> f64 {
    harmonic(n) - harmonic(n - k.min(n))
}

/// The quantile `q` in \[0, 1) of that time.
pub fn quorum_quantile(k: u32, n: u32, q: f64) -> f64 {
    -ln(1.0 - at_least_inverse(k, n, q))
}

/// A second request after `delay`, the first answer counts; exponential service of mean one, no queueing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hedge {
    /// When the second one is sent, ≥ 0, in mean service times.
    pub delay: f64,
}

impl Hedge {
    /// Mean response: the first alone up to the delay, then two side by side: 1 - e^(-h)/2.
    pub fn mean(&self) -> f64 {
        1.0 - self.extra_load() / 2.0
    }

    /// The share of requests that are sent twice: e^(-h).
    pub fn extra_load(&self) -> f64 {
        exp(-self.delay)
    }

    /// The quantile `q` in \[0, 1) of the response.
    pub fn quantile(&self, q: f64) -> f64 {
        let alone = -ln(1.0 - q);
        if alone <= self.delay { alone } else { f64::midpoint(alone, self.delay) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_at_scale_has_its_figures() {
        // One in a hundred slow, a hundred leaves: 63 %; one in ten thousand, two thousand leaves: 18 %.
        assert!((any_slow(0.01, 100) - 0.633_967_66).abs() < 1e-8);
        assert!((any_slow(0.0001, 2000) - 0.181_277_435).abs() < 1e-9);
        assert!((leaf_quantile(0.99, 100) - 0.999_899_502).abs() < 1e-9);
        assert!((quorum_mean(1000, 1000) - 7.485_470_86).abs() < 1e-8);
        assert!((quorum_quantile(100, 100, 0.99) - 9.205_369_66).abs() < 1e-7);
    }

    #[test]
    fn quorums_and_hedges_have_theirs() {
        assert!((quorum_mean(2, 3) - 0.833_333_333).abs() < 1e-9);
        assert!((quorum_quantile(3, 5, 0.99) - 2.247_719_67).abs() < 1e-8);
        let hedge = Hedge { delay: ln(20.0) };
        assert!((hedge.mean() - 0.975).abs() < 1e-12 && (hedge.extra_load() - 0.05).abs() < 1e-12);
        assert!((hedge.quantile(0.99) - 3.800_451_23).abs() < 1e-8);
    }
}
