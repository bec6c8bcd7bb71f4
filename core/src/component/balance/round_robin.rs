//! Each usable target in turn.
use super::Targets;
use crate::rng::Rng;
use crate::time::Time;

/// The policy: a turn that goes round. O(1) while all are usable, else O(log n).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RoundRobin {
    /// The smallest target that may come next.
    next: u16,
}

impl RoundRobin {
    /// The next usable target. One that ramps takes its turn with the chance that its ramp says, unless all the others ramp
    /// too and had their turn.
    pub(super) fn pick(&mut self, now: Time, targets: &Targets, rng: &mut Rng) -> Option<u16> {
        let mut target = self.turn(targets)?;
        if targets.any_ramps(now) {
            for _ in 1..targets.usable().len() {
                let ramp = targets.ramp(now, target);
                if ramp == 1.0 || rng.unit() < ramp {
                    break;
                }
                target = self.turn(targets)?;
            }
        }
        Some(target)
    }

    fn turn(&mut self, targets: &Targets) -> Option<u16> {
        let usable = targets.usable();
        let all = usable.len() == targets.len();
        let place =
            if all { usize::from(self.next) } else { usable.partition_point(|&target| target < self.next) };
        let target = *usable.get(place).or_else(|| usable.first())?;
        self.next = target + 1;
        Some(target)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reason;
    use super::*;
    use crate::rng::Seed;
    use crate::time::Span;

    #[test]
    fn every_target_gets_its_turn_and_a_missing_one_is_skipped() {
        let mut rng = Seed(1).stream("test");
        let mut targets = Targets::new(vec![1; 3], Span::ZERO);
        let mut policy = RoundRobin::default();
        let mut picks = |targets: &Targets, n| {
            (0..n).map(|_| policy.pick(Time::ZERO, targets, &mut rng).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(picks(&targets, 4), [0, 1, 2, 0]);
        targets.set(Time::ZERO, 1, Reason::Unhealthy, true);
        assert_eq!(picks(&targets, 3), [2, 0, 2]);
    }
}
