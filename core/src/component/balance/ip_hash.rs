//! By client: its requests go to one target, as long as that is usable (nginx's `ip_hash`).
//!
//! A client of a target that is not usable is hashed again, so that its clients spread over all the others and return with it.
//! A target more or less moves nearly every client.
use super::Targets;
use crate::hash;

/// How often a client is hashed again before the usable targets are taken in order (nginx).
const TRIES: u64 = 20;

/// The policy. O(log n).
#[derive(Clone, Debug)]
pub(super) struct IpHash {
    /// The weights, cumulated.
    cumulated: Vec<u64>,
}

impl IpHash {
    pub(super) fn new(weights: &[u32]) -> Self {
        let add = |sum: &mut u64, &weight: &u32| {
            *sum += u64::from(weight);
            Some(*sum)
        };
        Self { cumulated: weights.iter().scan(0, add).collect() }
    }

    /// The target of `client`.
    pub(super) fn pick(&self, client: u64, targets: &Targets) -> Option<u16> {
        let total = *self.cumulated.last()?;
        for attempt in 0..TRIES {
            let place = hash::pair(client, attempt) % total;
            let target = self.cumulated.partition_point(|&sum| sum <= place) as u16;
            if targets.is_usable(target) {
                return Some(target);
            }
        }
        let usable = targets.usable();
        let place = hash::mix(client).checked_rem(usable.len() as u64)?;
        Some(usable[place as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reason;
    use super::*;
    use crate::time::{Span, Time};

    #[test]
    fn only_the_clients_of_a_lost_target_move_and_weights_count() {
        let mut targets = Targets::new(vec![1, 2, 1], Span::ZERO);
        let policy = IpHash::new(targets.weights());
        let all =
            |targets: &Targets| (0..40_000).map(|c| policy.pick(c, targets).unwrap()).collect::<Vec<_>>();
        let before = all(&targets);
        let share = before.iter().filter(|&&target| target == 1).count();
        // Half, with a standard deviation of 100.
        assert!((19_600..=20_400).contains(&share), "{share}");
        targets.set(Time::ZERO, 2, Reason::Unhealthy, true);
        let after = all(&targets);
        assert!(before.iter().zip(&after).all(|(b, a)| *a != 2 && (*b == 2 || a == b)));
        targets.set(Time::ZERO, 2, Reason::Unhealthy, false);
        assert_eq!(all(&targets), before);
    }
}
