//! A random length of time, known by two moments: what is added up along the path of a request.
use crate::dist::Law;
use std::ops::Add;

/// Mean and variance. Sums take the parts as independent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Length {
    /// In seconds; infinite behind a saturated node.
    pub(super) mean: f64,
    /// In s².
    pub(super) variance: f64,
}

impl Length {
    pub(super) const ENDLESS: Self = Self { mean: f64::INFINITY, variance: f64::INFINITY };

    pub(super) const fn constant(mean: f64) -> Self {
        Self { mean, variance: 0.0 }
    }

    pub(super) fn of(law: &Law) -> Self {
        let mean = law.mean().as_secs();
        Self { mean, variance: law.cv2() * mean * mean }
    }

    /// Of the same shape, at `speed` > 0 times the speed.
    pub(super) fn faster(self, speed: f64) -> Self {
        if self.mean.is_infinite() || speed == 0.0 {
            return Self::ENDLESS;
        }
        Self { mean: self.mean / speed, variance: self.variance / (speed * speed) }
    }

    pub(super) fn second_moment(self) -> f64 {
        self.variance + self.mean * self.mean
    }

    /// Variance over the squared mean; zero for a mean of zero, one where it is endless.
    pub(super) fn cv2(self) -> f64 {
        match self.mean {
            mean if mean.is_infinite() => 1.0,
            mean if mean > 0.0 => self.variance / (mean * mean),
            _ => 0.0,
        }
    }

    /// This with probability `p` in \[0, 1\], else nothing.
    pub(super) fn sometimes(self, p: f64) -> Self {
        mixture([(p, self), (1.0 - p, Self::default())])
    }
}

impl Add for Length {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        if self.mean.is_infinite() || other.mean.is_infinite() {
            return Self::ENDLESS;
        }
        Self { mean: self.mean + other.mean, variance: self.variance + other.variance }
    }
}

/// One of several, each with its weight ≥ 0; nothing when all weights are zero.
pub(super) fn mixture(parts: impl IntoIterator<Item = (f64, Length)>) -> Length {
    let (mut weight, mut mean, mut second) = (0.0, 0.0, 0.0);
    for (share, part) in parts {
        // Zero times endless would be no number.
        if share <= 0.0 {
            continue;
        }
        if part.mean.is_infinite() {
            return Length::ENDLESS;
        }
        weight += share;
        mean += share * part.mean;
        second += share * part.second_moment();
    }
    if weight == 0.0 {
        return Length::default();
    }
    let mean = mean / weight;
    Length { mean, variance: (second / weight - mean * mean).max(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixture_varies_between_its_parts_too() {
        let mixed = mixture([(1.0, Length::constant(0.0)), (1.0, Length::constant(2.0))]);
        assert_eq!(mixed, Length { mean: 1.0, variance: 1.0 });
        assert_eq!(Length::constant(2.0).sometimes(0.5), mixed);
        assert_eq!(mixture([(0.0, Length::ENDLESS), (1.0, Length::constant(3.0))]), Length::constant(3.0));
        assert_eq!(Length::ENDLESS + Length::constant(1.0), Length::ENDLESS);
    }
}
