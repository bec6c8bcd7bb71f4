//! Load balancing: which target takes the next request.
mod health;
mod least_connections;
mod power_of_two;
mod round_robin;
mod targets;

pub use health::{Health, Transition};
pub use least_connections::LeastConnections;
pub use power_of_two::PowerOfTwo;
pub use round_robin::RoundRobin;
pub use targets::Targets;

use super::HashRing;
use crate::rng::Rng;

/// How a target is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Each in turn.
    RoundRobin,
    /// The fewest in flight.
    LeastConnections,
    /// The less busy of two at random.
    PowerOfTwo,
    /// By key, on a ring with virtual nodes.
    HashRing,
}

/// A balancer: a policy and what it knows of its targets.
#[derive(Clone, Debug)]
pub struct Balancer {
    /// What is known of the targets.
    pub targets: Targets,
    picker: Picker,
}

#[derive(Clone, Debug)]
enum Picker {
    RoundRobin(RoundRobin),
    LeastConnections(LeastConnections),
    PowerOfTwo(PowerOfTwo),
    HashRing(HashRing),
}

impl Balancer {
    /// Over `targets` healthy and idle targets.
    pub fn new(policy: Policy, targets: u16) -> Self {
        let picker = match policy {
            Policy::RoundRobin => Picker::RoundRobin(RoundRobin::default()),
            Policy::LeastConnections => Picker::LeastConnections(LeastConnections::default()),
            Policy::PowerOfTwo => Picker::PowerOfTwo(PowerOfTwo),
            Policy::HashRing => Picker::HashRing(HashRing::new(targets)),
        };
        Self { targets: Targets::new(targets), picker }
    }

    /// Picks a healthy target for a request about `key` and counts it as in flight there; `None` when none is healthy.
    /// The caller says [`Targets::end`] when the request has ended.
    pub fn pick(&mut self, key: u64, rng: &mut Rng) -> Option<u16> {
        let target = match &mut self.picker {
            Picker::RoundRobin(policy) => policy.pick(&self.targets),
            Picker::LeastConnections(policy) => policy.pick(&self.targets),
            Picker::PowerOfTwo(policy) => policy.pick(&self.targets, rng),
            Picker::HashRing(ring) => ring.pick(key, |target| self.targets.is_healthy(target)),
        }?;
        self.targets.begin(target);
        Some(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    const ALL: [Policy; 4] =
        [Policy::RoundRobin, Policy::LeastConnections, Policy::PowerOfTwo, Policy::HashRing];

    #[test]
    fn no_policy_ever_picks_an_unhealthy_target_and_all_say_so_when_none_is_left() {
        let mut rng = Seed(1).stream("test");
        for policy in ALL {
            let mut balancer = Balancer::new(policy, 5);
            balancer.targets.set_healthy(1, false);
            balancer.targets.set_healthy(4, false);
            for key in 0..1_000 {
                let target = balancer.pick(key, &mut rng).unwrap();
                assert!(target != 1 && target != 4, "{policy:?}");
            }
            (0..5).for_each(|target| balancer.targets.set_healthy(target, false));
            assert_eq!(balancer.pick(0, &mut rng), None, "{policy:?}");
            balancer.targets.set_healthy(4, true);
            assert_eq!(balancer.pick(0, &mut rng), Some(4), "{policy:?}");
        }
    }
}
