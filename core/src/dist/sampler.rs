//! A law made ready to be drawn from often.
use super::law::{Law, lognormal_sigma};
use super::ziggurat::{exponential, normal};
use super::{gamma::Gamma, power::Power};
use crate::math;
use crate::rng::Rng;
use crate::time::Span;

/// A law with what does not change from draw to draw worked out beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Sampler(Shape);

#[derive(Clone, Copy, Debug)]
enum Shape {
    Constant(Span),
    Exponential {
        mean_ns: f64,
    },
    LogNormal(Power),
    Uniform {
        low: u64,
        width: u64,
    },
    Erlang {
        stages: u16,
        stage_ns: f64,
    },
    /// Of so many stages that a draw of their sum costs less than one of each.
    Gamma {
        sum: Gamma,
        stage_ns: f64,
    },
    /// With probability `p` the first mean, else the second.
    Hyperexponential {
        p: f64,
        means_ns: [f64; 2],
    },
}

impl Law {
    /// Made ready to be drawn from.
    pub fn sampler(&self) -> Sampler {
        let ns = |span: Span| span.0 as f64;
        Sampler(match *self {
            Self::Constant(span) => Shape::Constant(span),
            Self::LogNormal { mean, .. } if mean == Span::ZERO => Shape::Constant(mean),
            Self::Exponential(mean) => Shape::Exponential { mean_ns: ns(mean) },
            Self::LogNormal { mean, p99 } => {
                let sigma = lognormal_sigma(mean, p99);
                Shape::LogNormal(Power::new(math::ln(ns(mean)) - sigma * sigma / 2.0, sigma))
            }
            Self::Uniform { low, high } => Shape::Uniform { low: low.0, width: high.0 - low.0 + 1 },
            Self::Erlang { stages, mean } if stages > 3 => {
                Shape::Gamma { sum: Gamma::new(f64::from(stages)), stage_ns: ns(mean) / f64::from(stages) }
            }
            Self::Erlang { stages, mean } => Shape::Erlang { stages, stage_ns: ns(mean) / f64::from(stages) },
            Self::Hyperexponential { mean, cv2 } => return Sampler::hyperexponential(ns(mean), cv2),
        })
    }
}

impl Sampler {
    /// Exponential, of a mean that need not be whole nanoseconds.
    pub(crate) const fn exponential(mean_ns: f64) -> Self {
        Self(Shape::Exponential { mean_ns })
    }

    /// Hyperexponential, of such a mean and a squared coefficient of variation ≥ 1.
    pub(crate) fn hyperexponential(mean_ns: f64, cv2: f64) -> Self {
        // Balanced means: each branch brings half of the mean (Morse 1958; Whitt 1982, §3).
        let p = (1.0 + ((cv2 - 1.0) / (cv2 + 1.0)).sqrt()) / 2.0;
        Self(Shape::Hyperexponential { p, means_ns: [mean_ns / (2.0 * p), mean_ns / (2.0 * (1.0 - p))] })
    }

    /// What every draw gives, where that is always the same.
    pub const fn constant(&self) -> Option<Span> {
        if let Shape::Constant(span) = self.0 { Some(span) } else { None }
    }

    /// A draw.
    #[inline]
    pub fn sample(&self, rng: &mut Rng) -> Span {
        // The most common laws, of which all is inlined.
        match self.0 {
            Shape::Exponential { mean_ns } => rounded(mean_ns * exponential(rng)),
            Shape::Constant(span) => span,
            _ => self.sample_other(rng),
        }
    }

    #[inline(never)]
    fn sample_other(&self, rng: &mut Rng) -> Span {
        let ns = match self.0 {
            Shape::Constant(span) => return span,
            Shape::Uniform { low, width } => return Span(low + rng.below(width)),
            Shape::Exponential { mean_ns } => mean_ns * exponential(rng),
            Shape::LogNormal(power) => power.at(normal(rng)),
            Shape::Gamma { sum, stage_ns } => stage_ns * sum.sample(rng),
            Shape::Erlang { stages, stage_ns } => {
                stage_ns * (0..stages).map(|_| exponential(rng)).sum::<f64>()
            }
            Shape::Hyperexponential { p, means_ns } => {
                means_ns[usize::from(rng.unit() >= p)] * exponential(rng)
            }
        };
        rounded(ns)
    }
}

/// To the nearest nanosecond. By way of a signed number, which is one instruction; 292 years are enough.
#[inline]
const fn rounded(ns: f64) -> Span {
    Span((ns + 0.5) as i64 as u64)
}
