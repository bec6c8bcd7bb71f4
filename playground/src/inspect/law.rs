//! Laws of time: which there are, from one to another of the same mean, and each as a curve.
use loadpath_core::dist::Law;
use loadpath_core::time::Span;

/// The laws that can be chosen, each with what it means.
pub const LAWS: [(&str, &str); 6] = [
    ("constant", "always the same"),
    ("exponential", "most are short, a few long"),
    ("lognormal", "a typical time and a long tail, by its mean and p99"),
    ("uniform", "anywhere between two ends"),
    ("erlang", "the sum of stages: more even than exponential"),
    ("hyperexponential", "two sorts of work: mostly short, at times very long"),
];

/// Which of [`LAWS`] it is.
pub fn place(law: &Law) -> usize {
    match law {
        Law::Constant(_) => 0,
        Law::Exponential(_) => 1,
        Law::LogNormal { .. } => 2,
        Law::Uniform { .. } => 3,
        Law::Erlang { .. } => 4,
        Law::Hyperexponential { .. } => 5,
    }
}

/// The law at a place in [`LAWS`] that has the mean of this one, and its tail where it can have it.
pub fn turned(law: &Law, to: usize) -> Law {
    if place(law) == to {
        return *law;
    }
    let mean = law.mean();
    let times = |factor: f64| Span((mean.0 as f64 * factor) as u64);
    let turned = match to {
        0 => Law::Constant(mean),
        1 => Law::Exponential(mean),
        2 => {
            let tail = law.quantile(0.99).0 as f64 / (mean.0 as f64).max(1.0);
            // A law without a tail becomes one with a common one.
            let tail = if tail < 1.2 { 4.0 } else { tail.min(13.0) };
            Law::LogNormal { mean, p99: times(tail) }
        }
        3 => Law::Uniform { low: times(0.5), high: times(1.5) },
        4 => Law::Erlang { stages: 4, mean },
        _ => Law::Hyperexponential { mean, cv2: law.cv2().max(4.0) },
    };
    rounded(&turned)
}

/// The same law with its times in three digits, as a person would write them.
pub fn rounded(law: &Law) -> Law {
    let round = |span: Span| {
        let digits = span.0.checked_ilog10().unwrap_or(0).saturating_sub(2);
        let unit = 10u64.pow(digits);
        Span((span.0 + unit / 2) / unit * unit)
    };
    match *law {
        Law::Constant(span) => Law::Constant(round(span)),
        Law::Exponential(mean) => Law::Exponential(round(mean)),
        Law::LogNormal { mean, p99 } => Law::LogNormal { mean: round(mean), p99: round(p99) },
        Law::Uniform { low, high } => Law::Uniform { low: round(low), high: round(high) },
        Law::Erlang { stages, mean } => Law::Erlang { stages, mean: round(mean) },
        Law::Hyperexponential { mean, cv2 } => Law::Hyperexponential { mean: round(mean), cv2 },
    }
}

/// A law as a picture: how dense it is along time, and where its mean and its 99th percentile are.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The density in bins of equal width, in [0, 1] of the highest.
    pub bins: Vec<f64>,
    /// Where the last bin ends, in seconds.
    pub end: f64,
    /// The mean, in seconds.
    pub mean: f64,
    /// The 99th percentile, in seconds.
    pub p99: f64,
}

/// How many bins a curve has.
const BINS: u32 = 48;

impl Curve {
    /// The law's curve, to a little beyond its 99th percentile; none for what takes no time or always the same.
    pub fn of(law: &Law) -> Option<Self> {
        let (mean, p99) = (law.mean(), law.quantile(0.99));
        if matches!(law, Law::Constant(_)) || mean == Span::ZERO {
            return None;
        }
        let end = Span((p99.0.max(mean.0) as f64 * 1.12) as u64);
        let within = |i: u32| law.share_within(Span((end.0 as f64 * f64::from(i) / f64::from(BINS)) as u64));
        let shares: Vec<f64> = (0..BINS).map(|i| (within(i + 1) - within(i)).max(0.0)).collect();
        let most = shares.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let bins = shares.iter().map(|share| share / most).collect();
        Some(Self { bins, end: end.as_secs(), mean: mean.as_secs(), p99: p99.as_secs() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_law_turned_into_another_keeps_its_mean_and_can_be_written() {
        for text in [
            "8ms",
            "exp 8ms",
            "lognormal 8ms p99 36ms",
            "uniform 4ms..12ms",
            "erlang 4 8ms",
            "hyperexp 8ms cv2 4",
        ] {
            let law: Law = text.parse().unwrap();
            for (to, (name, ..)) in LAWS.iter().enumerate() {
                let turned = turned(&law, to);
                assert_eq!((place(&turned), turned.mean()), (to, law.mean()), "{text} to {name}");
                let written = turned.to_string();
                assert_eq!(written.parse(), Ok(turned), "{written}");
            }
        }
    }

    #[test]
    fn the_tail_is_kept_where_the_law_can_have_it() {
        let law: Law = "exp 8ms".parse().unwrap();
        let Law::LogNormal { p99, .. } = turned(&law, 2) else { panic!() };
        // The exponential's 99th percentile is ln(100) means; three digits are kept.
        assert!((p99.as_secs() / (8e-3 * 100f64.ln()) - 1.0).abs() < 0.005, "{p99}");
    }

    #[test]
    fn a_curve_is_as_high_as_its_picture_and_its_marks_lie_in_it() {
        let curve = Curve::of(&"lognormal 2ms p99 9ms".parse().unwrap()).unwrap();
        assert_eq!(curve.bins.iter().copied().fold(0.0, f64::max), 1.0);
        assert!(curve.mean < curve.p99 && curve.p99 < curve.end);
        // A lognormal rises before it falls; an exponential only falls.
        assert!(curve.bins[0] < 1.0);
        let falls = Curve::of(&"exp 2ms".parse().unwrap()).unwrap().bins;
        assert!(falls.is_sorted_by(|a, b| a >= b));
        assert_eq!(Curve::of(&"2ms".parse().unwrap()), None);
    }
}
