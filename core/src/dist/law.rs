//! Laws of lengths of time: how long a service takes, how long until the next arrival.
use crate::math;
use crate::time::Span;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The standard normal's 99 % quantile.
const Z99: f64 = 2.326_347_874_040_841;

/// A law of lengths of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Always the same: `2ms`.
    Constant(Span),
    /// Exponential, by its mean: `exp 8ms`.
    Exponential(Span),
    /// Lognormal, by its mean and 99th percentile: `lognormal 2.1ms p99 9ms`.
    LogNormal {
        /// The mean.
        mean: Span,
        /// The 99th percentile, at least the mean and at most 14 times it, where the law ends.
        p99: Span,
    },
    /// Evenly between two ends: `uniform 1ms..3ms`.
    Uniform {
        /// The lower end.
        low: Span,
        /// The upper end.
        high: Span,
    },
    /// The sum of `stages` exponentials, by the mean of the sum: `erlang 4 2ms`.
    Erlang {
        /// How many, 1 to 64.
        stages: u16,
        /// The mean of the sum.
        mean: Span,
    },
    /// Two exponentials with balanced means, by mean and squared coefficient of variation: `hyperexp 2ms cv2 4`.
    Hyperexponential {
        /// The mean.
        mean: Span,
        /// The squared coefficient of variation, 1 to 1000.
        cv2: f64,
    },
}

impl Law {
    /// The mean.
    pub fn mean(&self) -> Span {
        match *self {
            Self::Constant(span) => span,
            Self::Exponential(mean)
            | Self::LogNormal { mean, .. }
            | Self::Erlang { mean, .. }
            | Self::Hyperexponential { mean, .. } => mean,
            Self::Uniform { low, high } => Span(low.0 / 2 + high.0 / 2 + (low.0 & high.0 & 1)),
        }
    }

    /// The squared coefficient of variation: variance over the squared mean; zero for a constant and for a mean of zero.
    pub fn cv2(&self) -> f64 {
        match *self {
            Self::Constant(_) => 0.0,
            Self::Exponential(_) => 1.0,
            Self::LogNormal { mean, p99 } => {
                let sigma = lognormal_sigma(mean, p99);
                math::exp_m1(sigma * sigma)
            }
            Self::Uniform { low, high } => {
                let (a, b) = (low.as_secs(), high.as_secs());
                if b == 0.0 { 0.0 } else { (b - a) * (b - a) / 3.0 / ((a + b) * (a + b)) }
            }
            Self::Erlang { stages, .. } => 1.0 / f64::from(stages),
            Self::Hyperexponential { cv2, .. } => cv2,
        }
    }

    /// The same law, `factor` > 0 times as long.
    pub fn scaled(&self, factor: f64) -> Self {
        let times = |span: Span| Span((span.0 as f64 * factor) as u64);
        match *self {
            _ if factor == 1.0 => *self,
            Self::Constant(span) => Self::Constant(times(span)),
            Self::Exponential(mean) => Self::Exponential(times(mean)),
            Self::LogNormal { mean, p99 } => Self::LogNormal { mean: times(mean), p99: times(p99) },
            Self::Uniform { low, high } => Self::Uniform { low: times(low), high: times(high) },
            Self::Erlang { stages, mean } => Self::Erlang { stages, mean: times(mean) },
            Self::Hyperexponential { mean, cv2 } => Self::Hyperexponential { mean: times(mean), cv2 },
        }
    }

    fn is_sound(&self) -> Result<(), &'static str> {
        match *self {
            Self::LogNormal { mean, p99 } if p99 < mean || p99.as_secs() > 14.0 * mean.as_secs() => {
                Err("a lognormal's p99 lies between its mean and 14 times its mean")
            }
            Self::Uniform { low, high } if low > high => {
                Err("a uniform law goes from the lower to the higher end")
            }
            Self::Erlang { stages, .. } if !(1..=64).contains(&stages) => {
                Err("an erlang law has 1 to 64 stages")
            }
            Self::Hyperexponential { cv2, .. } if !(1.0..=1000.0).contains(&cv2) => {
                Err("a hyperexponential law has a cv2 between 1 and 1000")
            }
            _ => Ok(()),
        }
    }
}

/// The sigma of the lognormal with this mean and 99th percentile: the smaller root of s²/2 - z·s + ln(p99/mean) = 0.
pub(super) fn lognormal_sigma(mean: Span, p99: Span) -> f64 {
    if mean == Span::ZERO {
        return 0.0;
    }
    let ratio = math::ln(p99.as_secs() / mean.as_secs());
    Z99 - (Z99 * Z99 - 2.0 * ratio).max(0.0).sqrt()
}

/// Why a text is not a law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotALaw {
    text: String,
    why: String,
}

impl fmt::Display for NotALaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\"{}\" is not a law of time: {}; write it like 2ms, exp 8ms, lognormal 2ms p99 9ms, uniform 1ms..3ms, \
             erlang 4 2ms or hyperexp 2ms cv2 4",
            self.text, self.why
        )
    }
}

impl std::error::Error for NotALaw {}

impl FromStr for Law {
    type Err = NotALaw;

    /// # Errors
    /// When the name is unknown, a length of time cannot be read, or the numbers make no such law.
    fn from_str(text: &str) -> Result<Self, NotALaw> {
        let fault = |why: String| NotALaw { text: text.to_owned(), why };
        let span = |word: &str| word.parse::<Span>().map_err(|e| fault(e.to_string()));
        let words: Vec<&str> = text.split_whitespace().collect();
        let law = match words.as_slice() {
            [one] | ["const", one] => Self::Constant(span(one)?),
            ["exp", mean] => Self::Exponential(span(mean)?),
            ["lognormal", mean, "p99", p99] => Self::LogNormal { mean: span(mean)?, p99: span(p99)? },
            ["uniform", range] => {
                let (low, high) = range
                    .split_once("..")
                    .ok_or_else(|| fault("a uniform law needs two ends, like 1ms..3ms".to_owned()))?;
                Self::Uniform { low: span(low)?, high: span(high)? }
            }
            ["erlang", stages, mean] => {
                let stages =
                    stages.parse().map_err(|_| fault(format!("\"{stages}\" is not a number of stages")))?;
                Self::Erlang { stages, mean: span(mean)? }
            }
            ["hyperexp", mean, "cv2", cv2] => {
                let cv2 = cv2.parse().map_err(|_| fault(format!("\"{cv2}\" is not a number")))?;
                Self::Hyperexponential { mean: span(mean)?, cv2 }
            }
            _ => return Err(fault("there is no law of this form".to_owned())),
        };
        law.is_sound().map_err(|why| fault(why.to_owned()))?;
        Ok(law)
    }
}

impl fmt::Display for Law {
    /// Reading it back gives the same law.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(span) => write!(f, "{span}"),
            Self::Exponential(mean) => write!(f, "exp {mean}"),
            Self::LogNormal { mean, p99 } => write!(f, "lognormal {mean} p99 {p99}"),
            Self::Uniform { low, high } => write!(f, "uniform {low}..{high}"),
            Self::Erlang { stages, mean } => write!(f, "erlang {stages} {mean}"),
            Self::Hyperexponential { mean, cv2 } => write!(f, "hyperexp {mean} cv2 {cv2}"),
        }
    }
}

impl Serialize for Law {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Law {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::stats::Moments;

    const ALL: [&str; 6] =
        ["2ms", "exp 8ms", "lognormal 2ms p99 9ms", "uniform 1ms..3ms", "erlang 4 2ms", "hyperexp 2ms cv2 4"];

    #[test]
    fn a_law_reads_back_what_it_wrote() {
        for text in ALL {
            let law: Law = text.parse().unwrap();
            assert_eq!(law.to_string().parse::<Law>().unwrap(), law, "{text}");
        }
    }

    #[test]
    fn draws_have_the_mean_and_the_variation_that_the_law_says() {
        const N: u32 = 400_000;
        for text in ALL {
            let law: Law = text.parse().unwrap();
            let mut rng = Seed(3).stream(text);
            let mut moments = Moments::default();
            (0..N).for_each(|_| moments.add(law.sampler().sample(&mut rng).as_secs()));
            let mean = law.mean().as_secs();
            // Five standard errors of the mean; the nanosecond of rounding.
            let error = 5.0 * (law.cv2() / f64::from(N)).sqrt() * mean + 1e-9;
            assert!((moments.mean() - mean).abs() <= error, "{text}: {} for {mean}", moments.mean());
            let cv2 = moments.variance() / (mean * mean);
            // The variance of a sample variance grows with the fourth moment; hyperexp and lognormal are the worst.
            assert!((cv2 - law.cv2()).abs() <= 0.05 * law.cv2() + 1e-9, "{text}: {cv2} for {}", law.cv2());
        }
    }

    #[test]
    fn the_lognormal_has_its_99th_percentile() {
        let law: Law = "lognormal 2ms p99 9ms".parse().unwrap();
        let mut rng = Seed(3).stream("p99");
        let above = (0..1_000_000).filter(|_| law.sampler().sample(&mut rng) > Span::from_millis(9)).count();
        // 10,000 expected with a standard deviation of 99.5.
        assert!((9_500..=10_500).contains(&above), "{above}");
    }

    #[test]
    fn what_is_not_a_law_is_refused_with_a_sentence() {
        for text in [
            "",
            "exp",
            "exp 8",
            "exp -1ms",
            "lognormal 2ms p99 1ms",
            "lognormal 1ms p99 1s",
            "uniform 3ms..1ms",
            "erlang 0 2ms",
            "hyperexp 2ms cv2 0.5",
            "gauss 2ms",
            "exp 8ms 9ms",
        ] {
            let fault = text.parse::<Law>().unwrap_err().to_string();
            assert!(fault.contains("is not a law of time"), "{fault}");
        }
    }
}
