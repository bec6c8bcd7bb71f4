//! Mean and variance of a stream, and an estimate with its half-width.
use super::student_quantile;
use serde::{Deserialize, Serialize};

/// Count, mean and variance of what was added (Welford 1962). O(1) per value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many values were added.
    pub count: u64,
    mean: f64,
    /// Sum of squared distances from the mean.
    squares: f64,
}

impl Moments {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let distance = value - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value - self.mean);
    }

    /// The mean; zero when nothing was added.
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// The unbiased variance; zero for fewer than two values.
    pub fn variance(&self) -> f64 {
        if self.count < 2 { 0.0 } else { self.squares / (self.count - 1) as f64 }
    }

    /// The mean with the half-width of Student's interval at `confidence` in (0, 1), taking the values as independent;
    /// `None` for
    /// fewer than two. So it is the interval for the mean of that many replications.
    pub fn interval(&self, confidence: f64) -> Option<Estimate> {
        if self.count < 2 {
            return None;
        }
        let freedom = u32::try_from(self.count - 1).unwrap_or(u32::MAX);
        let t = student_quantile(0.5 + confidence / 2.0, freedom);
        Some(Estimate { value: self.mean, half_width: t * (self.variance() / self.count as f64).sqrt() })
    }
}

/// A number and how far off it may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The best guess.
    pub value: f64,
    /// Half the width of the interval, in the unit of `value`.
    pub half_width: f64,
}

impl Estimate {
    /// Whether `truth` lies inside the interval.
    pub fn holds(&self, truth: f64) -> bool {
        (self.value - truth).abs() <= self.half_width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_variance_agree_with_the_two_pass_formula() {
        let values = [3.0, 1.5, 4.25, -2.0, 9.0];
        let mut moments = Moments::default();
        values.iter().for_each(|&v| moments.add(v));
        let mean = values.iter().sum::<f64>() / 5.0;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 4.0;
        assert!((moments.mean() - mean).abs() < 1e-12);
        assert!((moments.variance() - variance).abs() < 1e-12);
    }

    #[test]
    fn an_interval_of_a_few_replications_covers_the_mean_as_often_as_it_says() {
        let mut rng = crate::rng::Seed(8).stream("replications");
        // The sum of twelve even draws is nearly normal.
        let mut draw = || (0..12).map(|_| rng.unit()).sum::<f64>() - 6.0;
        for (n, confidence) in [(2, 0.95), (3, 0.99), (5, 0.95), (10, 0.99)] {
            let mut covered = 0;
            for _ in 0..4_000 {
                let mut moments = Moments::default();
                (0..n).for_each(|_| moments.add(draw()));
                covered += u32::from(moments.interval(confidence).unwrap().holds(0.0));
            }
            // Four standard deviations of a binomial count.
            let expected = 4_000.0 * confidence;
            let bound = 4.0 * (expected * (1.0 - confidence)).sqrt();
            assert!((f64::from(covered) - expected).abs() <= bound, "{n}, {confidence}: {covered}");
        }
    }
}
