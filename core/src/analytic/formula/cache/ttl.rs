//! Caches that forget by time alone (Jung, Berger, Balakrishnan 2003; Fofack, Nain, Neglia, Towsley 2012).
use crate::math::exp_m1;

/// The hit ratio of a key asked for by a Poisson stream of `rate` per second, whose entry is good for `ttl` seconds from its
/// insertion, hits or not: λT / (1 + λT).
pub fn ttl_hit(rate: f64, ttl: f64) -> f64 {
    renewal_hit(rate * ttl)
}

/// The same for a time to live that starts anew at each hit: 1 - e^(-λT).
pub fn sliding_ttl_hit(rate: f64, ttl: f64) -> f64 {
    -exp_m1(-rate * ttl)
}

/// The hit ratio for any renewal stream, from the mean number of requests in a time to live after a miss: E\[N\] / (1 + E\[N\]).
pub fn renewal_hit(requests_in_ttl: f64) -> f64 {
    requests_in_ttl / (1.0 + requests_in_ttl)
}

/// Requests per second that go on to the origin: λ / (1 + λT).
pub fn ttl_origin_rate(rate: f64, ttl: f64) -> f64 {
    rate / (1.0 + rate * ttl)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_has_the_exact_figures() {
        assert!((ttl_hit(5.0, 1.0) - 5.0 / 6.0).abs() < 1e-15);
        assert!((sliding_ttl_hit(5.0, 1.0) - 0.993_262_053).abs() < 1e-9);
        assert!((ttl_origin_rate(0.1, 10.0) - 0.05).abs() < 1e-15);
        // Every third second, good for ten: three hits after each miss.
        assert!((renewal_hit(3.0) - 0.75).abs() < 1e-15);
    }
}
