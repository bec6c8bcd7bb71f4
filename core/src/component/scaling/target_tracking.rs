//! As many instances as keep a mean at its target.

/// Keeps the mean of something that is shared out among the instances, like utilization or requests per second each, at
/// a target (the horizontal pod autoscaler's rule: Kubernetes documentation, "Algorithm details"; AWS target tracking
/// scaling).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetTracking {
    /// What the mean should be, > 0.
    pub target: f64,
    /// A mean that is off by no more than this share of the target changes nothing, ≥ 0; 0.1 is usual.
    pub tolerance: f64,
}

impl TargetTracking {
    /// How many instances bring the mean to its target, when `instances` have the mean `value`; `present` when it is
    /// near enough.
    pub fn needed(&self, instances: u16, value: f64, present: u16) -> u16 {
        if (value / self.target - 1.0).abs() <= self.tolerance {
            return present;
        }
        // A millionth off, so that a ratio that is whole but for rounding is taken as whole.
        (f64::from(instances) * value / self.target - 1e-6).ceil().clamp(0.0, f64::from(u16::MAX)) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shares_the_load_out_so_that_nobody_has_more_than_the_target() {
        let policy = TargetTracking { target: 0.6, tolerance: 0.1 };
        assert_eq!(policy.needed(10, 0.9, 10), 15);
        assert_eq!(policy.needed(10, 0.91, 10), 16);
        assert_eq!(policy.needed(10, 0.3, 10), 5);
        assert_eq!(policy.needed(10, 0.0, 10), 0);
        // Within a tenth of the target.
        assert_eq!((policy.needed(10, 0.65, 12), policy.needed(10, 0.55, 12)), (12, 12));
    }
}
