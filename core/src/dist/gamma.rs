//! The gamma law with mean and variance `shape`: a sum of exponentials, drawn at once (Marsaglia & Tsang 2000, "A simple method
//! for generating gamma variables").
use super::ziggurat::normal;
use crate::math;
use crate::rng::Rng;

/// A gamma law with scale one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gamma {
    d: f64,
    c: f64,
}

impl Gamma {
    /// Of `shape` ≥ 1.
    pub(super) fn new(shape: f64) -> Self {
        let d = shape - 1.0 / 3.0;
        Self { d, c: 1.0 / (9.0 * d).sqrt() }
    }

    /// A draw: exact, by rejection of at most one in twenty.
    pub(super) fn sample(self, rng: &mut Rng) -> f64 {
        loop {
            let x = normal(rng);
            let root = 1.0 + self.c * x;
            if root <= 0.0 {
                continue;
            }
            let v = root * root * root;
            let u = rng.unit_positive();
            // The squeeze first: it spares the logarithms nearly always.
            if u < 1.0 - 0.0331 * (x * x) * (x * x)
                || math::ln(u) < 0.5 * x * x + self.d * (1.0 - v + math::ln(v))
            {
                return self.d * v;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn it_is_the_law_of_a_sum_of_exponentials() {
        const N: u32 = 500_000;
        for k in [4.0, 16.0, 64.0] {
            let gamma = Gamma::new(k);
            let mut rng = Seed(4).stream("gamma");
            let (mut sums, mut below) = ([0.0; 3], 0u32);
            for _ in 0..N {
                let x = gamma.sample(&mut rng);
                sums[0] += x;
                sums[1] += (x - k) * (x - k);
                sums[2] += (x - k) * (x - k) * (x - k);
                below += u32::from(x < 1.0);
            }
            let n = f64::from(N);
            // Central moments k, k, 2k; five standard errors by the moments up to the sixth: 3k² + 6k, and 15k³ + 130k² + 120k.
            let sixth = 15.0 * k * k * k + 130.0 * k * k + 120.0 * k;
            for (sum, exact, variance) in
                [(sums[0], k, k), (sums[1], k, 2.0 * k * k + 6.0 * k), (sums[2], 2.0 * k, sixth)]
            {
                let error = 5.0 * (variance / n).sqrt();
                assert!((sum / n - exact).abs() < error, "{k}: {} for {exact}", sum / n);
            }
            if k == 4.0 {
                // Of 4 arrivals at rate one within one unit: 1 - e^-1 (1 + 1 + 1/2 + 1/6).
                let exact = 1.0 - math::exp(-1.0) * (8.0 / 3.0);
                let error = 5.0 * (exact * (1.0 - exact) / n).sqrt();
                assert!((f64::from(below) / n - exact).abs() < error, "{below}");
            }
        }
    }
}
