//! Each healthy target in turn.
use super::Targets;

/// The policy: a turn that goes round. O(log n).
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundRobin {
    /// The smallest target that may come next.
    next: u16,
}

impl RoundRobin {
    /// The next healthy target.
    pub fn pick(&mut self, targets: &Targets) -> Option<u16> {
        let healthy = targets.healthy();
        let place = healthy.partition_point(|&target| target < self.next);
        let target = *healthy.get(place).or_else(|| healthy.first())?;
        self.next = target + 1;
        Some(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_gets_its_turn_and_a_missing_one_is_skipped() {
        let mut targets = Targets::new(3);
        let mut policy = RoundRobin::default();
        let mut picks =
            |targets: &Targets, n| (0..n).map(|_| policy.pick(targets).unwrap()).collect::<Vec<_>>();
        assert_eq!(picks(&targets, 4), [0, 1, 2, 0]);
        targets.set_healthy(1, false);
        assert_eq!(picks(&targets, 3), [2, 0, 2]);
    }
}
