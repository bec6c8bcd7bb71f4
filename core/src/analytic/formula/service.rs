//! The first three moments of a service time: all that Pollaczek and Khinchine ask for.
use crate::dist::Law;
use crate::math::pow;

/// Moments about zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServiceTime {
    /// E\[S\] in seconds.
    pub mean: f64,
    /// E\[S²\] in s².
    pub second: f64,
    /// E\[S³\] in s³.
    pub third: f64,
}

impl ServiceTime {
    /// Always `mean` ≥ 0 seconds.
    pub fn constant(mean: f64) -> Self {
        Self { mean, second: mean * mean, third: mean * mean * mean }
    }

    /// Exponential.
    pub fn exponential(mean: f64) -> Self {
        Self::erlang(1, mean)
    }

    /// The sum of `stages` ≥ 1 exponentials with `mean` in all.
    pub fn erlang(stages: u32, mean: f64) -> Self {
        let k = f64::from(stages);
        let (second, third) = ((k + 1.0) / k, (k + 1.0) * (k + 2.0) / (k * k));
        Self { mean, second: second * mean * mean, third: third * mean * mean * mean }
    }

    /// Lognormal, by mean and squared coefficient of variation.
    pub fn lognormal(mean: f64, cv2: f64) -> Self {
        let spread = 1.0 + cv2;
        Self { mean, second: spread * mean * mean, third: pow(spread, 3.0) * mean * mean * mean }
    }

    /// With probability `p` exponential of the first rate, else of the second.
    pub fn hyperexponential(p: f64, rates: [f64; 2]) -> Self {
        let moment = |k: i32, factor: f64| {
            factor * (p / pow(rates[0], f64::from(k)) + (1.0 - p) / pow(rates[1], f64::from(k)))
        };
        Self { mean: moment(1, 1.0), second: moment(2, 2.0), third: moment(3, 6.0) }
    }

    /// Evenly between two ends.
    pub fn uniform(low: f64, high: f64) -> Self {
        // (b^k+1 - a^k+1) / (k+1) / (b - a) without the quotient, which a narrow law would make inexact.
        let (a, b) = (low, high);
        Self {
            mean: (a + b) / 2.0,
            second: (a * a + a * b + b * b) / 3.0,
            third: (a + b) * (a * a + b * b) / 4.0,
        }
    }

    /// Of a document's law.
    pub fn of(law: &Law) -> Self {
        let mean = law.mean().as_secs();
        match *law {
            Law::Constant(_) => Self::constant(mean),
            Law::Exponential(_) => Self::exponential(mean),
            Law::LogNormal { .. } => Self::lognormal(mean, law.cv2()),
            Law::Uniform { low, high } => Self::uniform(low.as_secs(), high.as_secs()),
            Law::Erlang { stages, .. } => Self::erlang(u32::from(stages), mean),
            Law::Hyperexponential { cv2, .. } => {
                // Balanced means (Morse 1958), as the sampler draws it.
                let p = (1.0 + ((cv2 - 1.0) / (cv2 + 1.0)).sqrt()) / 2.0;
                Self::hyperexponential(p, [2.0 * p / mean, 2.0 * (1.0 - p) / mean])
            }
        }
    }

    /// Variance over the squared mean; zero for a mean of zero.
    pub fn cv2(&self) -> f64 {
        if self.mean > 0.0 { (self.second / (self.mean * self.mean) - 1.0).max(0.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn moments_agree_with_the_laws_and_with_draws() {
        for text in [
            "2ms",
            "exp 8ms",
            "lognormal 2ms p99 5ms",
            "uniform 1ms..3ms",
            "erlang 4 2ms",
            "hyperexp 2ms cv2 4",
        ] {
            let law: Law = text.parse().unwrap();
            let moments = ServiceTime::of(&law);
            assert!((moments.cv2() - law.cv2()).abs() < 1e-9, "{text}");
            let (mut rng, sampler) = (Seed(1).stream(text), law.sampler());
            let (mut sum, mut squares) = (0.0, 0.0);
            const N: u32 = 400_000;
            for _ in 0..N {
                let x = sampler.sample(&mut rng).as_secs() / moments.mean;
                sum += x * x * x;
                squares += x * x * x * x * x * x;
            }
            let (mean, n) = (sum / f64::from(N), f64::from(N));
            let error = ((squares / n - mean * mean) / n).sqrt();
            let third = moments.third / (moments.mean * moments.mean * moments.mean);
            // Five standard errors, and the nanosecond of rounding.
            assert!((mean - third).abs() <= 5.0 * error + 1e-5 * third, "{text}: {mean}, exactly {third}");
        }
    }
}
