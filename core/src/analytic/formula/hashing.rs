//! How evenly hashing spreads keys, and how many move when a server comes or goes.
use super::root::integral;
use super::special::{gamma_cdf, normal_cdf};
use crate::math::pow;

/// A ring of `nodes` with `points` virtual nodes each, under an ideal hash: a node's share of the circle is Dirichlet(v, ..., v)
/// (Karger et al. 1997; Darling 1953). Load by many keys comes on top with its binomial noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RingSpread {
    /// n ≥ 1.
    pub nodes: u32,
    /// v ≥ 1.
    pub points: u32,
}

impl RingSpread {
    /// Standard deviation over mean of a node's share: √((n-1)/(nv+1)).
    pub fn cv(&self) -> f64 {
        let n = f64::from(self.nodes);
        ((n - 1.0) / (n * f64::from(self.points) + 1.0)).sqrt()
    }

    /// The mean of the largest share over the mean share. By numerical integration over Gamma(v) spacings: seven digits.
    pub fn max_over_mean(&self) -> f64 {
        self.extreme(|cdf, n| 1.0 - pow(cdf, n))
    }

    /// The mean of the smallest share over the mean share.
    pub fn min_over_mean(&self) -> f64 {
        self.extreme(|cdf, n| pow(1.0 - cdf, n))
    }

    fn extreme(&self, above: impl Fn(f64, f64) -> f64) -> f64 {
        let (v, n) = (f64::from(self.points), f64::from(self.nodes));
        // Twelve deviations and the exponential tail of a single point.
        let high = v + 12.0 * v.sqrt() + 40.0;
        // In the cube root of the share: the smallest of many lies close to zero.
        integral(0.0, 1.0, 2_000, |u| 3.0 * u * u * high * above(gamma_cdf(v, high * u * u * u), n)) / v
    }
}

/// The share of keys that move when a ring or a jump hash goes from `n` to `n + 1` nodes: only what the new one takes.
pub fn moved_by_adding(nodes: u32) -> f64 {
    1.0 / (f64::from(nodes) + 1.0)
}

/// The share that moves when one of `n` nodes leaves: only what it had.
pub fn moved_by_removing(nodes: u32) -> f64 {
    1.0 / f64::from(nodes)
}

/// The share that moves under hash modulo n when one is added: all but one in n + 1.
pub fn moved_by_modulo(nodes: u32) -> f64 {
    1.0 - moved_by_adding(nodes)
}

/// Standard deviation over mean of the load of one of `buckets` when each of `keys` picks one independently: modulo and jump
/// hash (Lamping & Veach 2014).
pub fn bucket_cv(buckets: u32, keys: f64) -> f64 {
    ((f64::from(buckets) - 1.0) / keys).sqrt()
}

/// The mean of the fullest bucket over the mean bucket, taking the loads as normal: many keys in each.
pub fn fullest_bucket(buckets: u32, keys: f64) -> f64 {
    let n = f64::from(buckets);
    let largest = integral(0.0, 12.0, 2_000, |x| 1.0 - pow(normal_cdf(x), n))
        - integral(-12.0, 0.0, 2_000, |x| pow(normal_cdf(x), n));
    1.0 + bucket_cv(buckets, keys) * largest
}

/// The most that a bounded-load ring puts on one of `servers` for `balls`, with the factor `c` > 1: ⌈c·m/n⌉ (Mirrokni, Thorup,
/// Zadimoghaddam 2018).
pub fn bounded_load(servers: u32, balls: u32, c: f64) -> f64 {
    // A product that is whole but for rounding is whole.
    (c * f64::from(balls) / f64::from(servers) - 1e-9).ceil()
}

/// The order of the balls that move per ball or server that comes or goes: 2/ε² with ε = c - 1 (same source; not tight).
pub fn bounded_load_moves(c: f64) -> f64 {
    2.0 / ((c - 1.0) * (c - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_ring_have_the_exact_figures() {
        // Computed with 30 digits: n, v, max/mean, min/mean, cv.
        for (nodes, points, max, min, cv) in [
            (10, 1, 2.928_968_25, 0.1, 0.904_534_034),
            (100, 128, 1.235_874_27, 0.792_602_185, 0.087_941_860_3),
            (10, 1000, 1.049_225_5, 0.951_915_813, 0.029_998_500_1),
        ] {
            let ring = RingSpread { nodes, points };
            assert!(
                (ring.max_over_mean() / max - 1.0).abs() < 1e-7,
                "{nodes} {points}: {}",
                ring.max_over_mean()
            );
            assert!(
                (ring.min_over_mean() / min - 1.0).abs() < 1e-7,
                "{nodes} {points}: {}",
                ring.min_over_mean()
            );
            assert!((ring.cv() / cv - 1.0).abs() < 1e-8, "{}", ring.cv());
        }
    }

    #[test]
    fn buckets_and_bounded_loads_have_theirs() {
        assert!((fullest_bucket(100, 1e6) - 1.024_950_24).abs() < 1e-8);
        assert!((bucket_cv(10, 1e6) - 0.003).abs() < 1e-12);
        assert_eq!((bounded_load(50, 5_000, 2.0), bounded_load(10, 1_000, 1.1)), (200.0, 110.0));
        assert!((moved_by_adding(9) + moved_by_modulo(9) - 1.0).abs() < 1e-15);
    }
}
