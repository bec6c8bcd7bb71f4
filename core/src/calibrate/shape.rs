//! Laws of time by mean and variation, in the forms that a document can write.
use crate::dist::Law;
use crate::math;
use crate::time::Span;

/// The standard normal's 99 % quantile.
const Z99: f64 = 2.326_347_874_040_841;
/// What varies less is written as a constant.
const LEAST_CV2: f64 = 1e-3;
/// The most that a lognormal with a p99 can vary: its sigma is that quantile then.
const MOST_CV2: f64 = 200.0;

/// The form of a law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Constant,
    Exponential,
    LogNormal,
    Uniform,
    Erlang,
    Hyperexponential,
}

impl Form {
    pub(super) const fn of(law: &Law) -> Self {
        match law {
            Law::Constant(_) => Self::Constant,
            Law::Exponential(_) => Self::Exponential,
            Law::LogNormal { .. } => Self::LogNormal,
            Law::Uniform { .. } => Self::Uniform,
            Law::Erlang { .. } => Self::Erlang,
            Law::Hyperexponential { .. } => Self::Hyperexponential,
        }
    }

    /// Whether it can vary so much: where several can, their tails tell them apart.
    pub(super) fn can(self, cv2: f64) -> bool {
        match self {
            Self::Constant => cv2 < 0.02,
            Self::Exponential => (0.85..1.15).contains(&cv2),
            Self::LogNormal => cv2 >= 0.02,
            Self::Uniform => cv2 < 1.0 / 3.0,
            Self::Erlang => (0.02..0.75).contains(&cv2),
            Self::Hyperexponential => cv2 > 1.2,
        }
    }

    pub(super) const ALL: [Self; 6] = [
        Self::Exponential,
        Self::LogNormal,
        Self::Erlang,
        Self::Hyperexponential,
        Self::Uniform,
        Self::Constant,
    ];

    /// The law of this form, or of the next one that can vary so much.
    pub(super) fn law(self, mean: f64, cv2: f64) -> Law {
        let span = |seconds: f64| rounded(seconds);
        let cv2 = cv2.clamp(0.0, MOST_CV2);
        match self {
            _ if cv2 < LEAST_CV2 => Law::Constant(span(mean)),
            Self::Constant => Law::Constant(span(mean)),
            Self::Exponential => Law::Exponential(span(mean)),
            Self::Uniform if cv2 <= 1.0 / 3.0 => {
                let half = mean * (3.0 * cv2).sqrt();
                Law::Uniform { low: span((mean - half).max(0.0)), high: span(mean + half) }
            }
            Self::Erlang if cv2 < 1.0 => {
                Law::Erlang { stages: (1.0 / cv2).clamp(1.0, 64.0).round() as u16, mean: span(mean) }
            }
            Self::Hyperexponential if cv2 >= 1.0 => {
                Law::Hyperexponential { mean: span(mean), cv2: (cv2 * 100.0).round() / 100.0 }
            }
            _ => {
                let sigma = math::ln_1p(cv2).sqrt().min(Z99);
                let p99 = mean * math::exp(Z99 * sigma - sigma * sigma / 2.0);
                let mean = span(mean);
                // Rounding must not leave what the law can be.
                Law::LogNormal { mean, p99: span(p99).max(mean).min(Span(mean.0.saturating_mul(14))) }
            }
        }
    }
}

/// To four digits: as a person would write it.
pub(super) fn rounded(seconds: f64) -> Span {
    let nanos = (seconds * 1e9).max(0.0);
    let mut unit = 1.0;
    while nanos / unit >= 10_000.0 {
        unit *= 10.0;
    }
    Span(((nanos / unit).round() * unit) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_law_has_the_mean_and_variation_that_it_was_made_for() {
        for (form, cv2) in [
            (Form::Constant, 0.0),
            (Form::Exponential, 1.0),
            (Form::LogNormal, 0.4),
            (Form::LogNormal, 9.0),
            (Form::Uniform, 0.2),
            (Form::Erlang, 0.25),
            (Form::Hyperexponential, 4.0),
            (Form::Uniform, 5.0),
            (Form::Erlang, 2.0),
        ] {
            let law = form.law(0.012_345_678, cv2);
            // Four digits: half a unit of the last is 0.04 % here; that of a lognormal's p99 moves its variation by up to ten times as much.
            assert!((law.mean().as_secs() / 0.012_345_678 - 1.0).abs() < 5e-4, "{law}");
            assert!((law.cv2() - cv2).abs() < 4e-3 * (1.0 + cv2), "{form:?}: {law} for {cv2}");
            assert_eq!(law.to_string().parse::<Law>().unwrap(), law);
        }
    }

    #[test]
    fn lengths_are_written_with_four_digits() {
        assert_eq!(rounded(0.012_345_678).to_string(), "12.35ms");
        assert_eq!(rounded(0.000_12).to_string(), "120us");
        assert_eq!(rounded(-1.0).to_string(), "0s");
    }
}
