//! The healthy target with the fewest requests in flight; among equals, each in turn.
use super::Targets;

/// The policy. O(n) a pick.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeastConnections {
    /// Where the search starts, so that equals take turns.
    start: u16,
}

impl LeastConnections {
    /// The least busy healthy target.
    pub fn pick(&mut self, targets: &Targets) -> Option<u16> {
        let healthy = targets.healthy();
        let place = healthy.partition_point(|&target| target < self.start);
        let (before, after) = healthy.split_at(place);
        let target = after.iter().chain(before).copied().min_by_key(|&target| targets.in_flight(target))?;
        self.start = target + 1;
        Some(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_joins_the_shortest_and_equals_take_turns() {
        let mut targets = Targets::new(3);
        let mut policy = LeastConnections::default();
        let picks: Vec<u16> = (0..3).map(|_| policy.pick(&targets).unwrap()).collect();
        assert_eq!(picks, [0, 1, 2], "all idle");
        targets.begin(0);
        targets.begin(1);
        targets.begin(1);
        assert_eq!(policy.pick(&targets), Some(2));
        targets.begin(2);
        targets.begin(2);
        assert_eq!(policy.pick(&targets), Some(0));
    }
}
