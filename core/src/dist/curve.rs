//! A law as a curve: how likely it is to be at most so long.
use super::Law;
use super::law::lognormal_sigma;
use crate::math;
use crate::time::Span;

/// How often an interval is halved to find a quantile: to a part in 2^48 of its length.
const HALVINGS: u32 = 48;

impl Law {
    /// How likely a length of time is to be at most `at`, in [0, 1]. O(stages) for an Erlang law, else O(1).
    pub fn share_within(&self, at: Span) -> f64 {
        let x = at.as_secs();
        match *self {
            Self::Constant(span) => f64::from(at >= span),
            _ if self.mean() == Span::ZERO => 1.0,
            _ if x <= 0.0 => 0.0,
            Self::Exponential(mean) => -math::exp_m1(-x / mean.as_secs()),
            Self::LogNormal { mean, p99 } => {
                let sigma = lognormal_sigma(mean, p99);
                if sigma <= 0.0 {
                    return f64::from(at >= mean);
                }
                let mu = math::ln(mean.as_secs()) - sigma * sigma / 2.0;
                math::normal_share_below((math::ln(x) - mu) / sigma)
            }
            Self::Uniform { low, high } if low == high => f64::from(at >= low),
            Self::Uniform { low, high } => {
                ((x - low.as_secs()) / (high.as_secs() - low.as_secs())).clamp(0.0, 1.0)
            }
            Self::Erlang { stages, mean } => {
                // 1 - the first `stages` terms of a Poisson law with the mean number of stages by then.
                let passed = x * f64::from(stages) / mean.as_secs();
                let mut term = math::exp(-passed);
                let mut missing = term;
                for stage in 1..stages {
                    term *= passed / f64::from(stage);
                    missing += term;
                }
                (1.0 - missing).clamp(0.0, 1.0)
            }
            Self::Hyperexponential { mean, cv2 } => {
                // Balanced means: each branch contributes half of the mean.
                let share = (1.0 + ((cv2 - 1.0) / (cv2 + 1.0)).sqrt()) / 2.0;
                let branch = |share: f64| -share * math::exp_m1(-2.0 * share * x / mean.as_secs());
                branch(share) + branch(1.0 - share)
            }
        }
    }

    /// The length of time that is not passed with probability `share` in (0, 1): its quantile, by halving intervals.
    pub fn quantile(&self, share: f64) -> Span {
        let mut high = self.mean().max(Span(1));
        while self.share_within(high) < share && high.0 < u64::MAX / 4 {
            high = Span(high.0 * 2);
        }
        let mut low = Span::ZERO;
        for _ in 0..HALVINGS {
            let middle = Span(low.0 + (high.0 - low.0) / 2);
            if self.share_within(middle) < share { low = middle } else { high = middle }
        }
        high
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    const ALL: [&str; 6] =
        ["2ms", "exp 8ms", "lognormal 2ms p99 9ms", "uniform 1ms..3ms", "erlang 4 2ms", "hyperexp 2ms cv2 4"];

    #[test]
    fn as_many_draws_as_the_curve_says_are_at_most_so_long() {
        const N: u32 = 20_000;
        for text in ALL {
            let law: Law = text.parse().unwrap();
            let mut rng = Seed(5).stream(text);
            let sampler = law.sampler();
            let draws: Vec<Span> = (0..N).map(|_| sampler.sample(&mut rng)).collect();
            for factor in [0.3, 0.7, 1.0, 1.4, 3.0] {
                let at = Span((law.mean().0 as f64 * factor) as u64);
                let share = law.share_within(at);
                let drawn = draws.iter().filter(|draw| **draw <= at).count() as f64 / f64::from(N);
                // Five standard errors of a share.
                let error = 5.0 * (share * (1.0 - share) / f64::from(N)).sqrt() + 1e-9;
                assert!((drawn - share).abs() <= error, "{text} at {at}: {drawn} for {share}");
            }
        }
    }

    #[test]
    fn a_quantile_is_where_the_curve_reaches_its_share() {
        let lognormal: Law = "lognormal 2ms p99 9ms".parse().unwrap();
        let p99 = lognormal.quantile(0.99).as_secs();
        assert!((p99 / 9e-3 - 1.0).abs() < 1e-3, "{p99}");
        let exponential: Law = "exp 8ms".parse().unwrap();
        assert!((exponential.quantile(0.5).as_secs() / (8e-3 * math::ln(2.0)) - 1.0).abs() < 1e-6);
        assert_eq!("2ms".parse::<Law>().unwrap().quantile(0.5), Span(2_000_000));
        assert_eq!("0s".parse::<Law>().unwrap().quantile(0.99), Span::ZERO);
    }
}
