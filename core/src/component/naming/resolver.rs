//! Which target a name stands for.
use crate::rng::Rng;
use crate::time::Span;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The target.
    pub target: u16,
    /// For how long it may be kept.
    pub ttl: Span,
}

/// How a name is answered (the names are those of Amazon Route 53's routing policies).
#[derive(Clone, Debug, PartialEq)]
pub enum NamingPolicy {
    /// Each target in turn (Brisco 1995, RFC 1794).
    Simple,
    /// By chance, each target as often as its weight says. By target; a weight of zero is never answered.
    Weighted(Vec<u32>),
    /// The one nearest to where the question comes from, by round-trip time: by zone of the question, then by target.
    /// Of equally near ones the first.
    Geo(Vec<Vec<Span>>),
    /// The first in order.
    Failover,
}

/// Answers for one name, which stands for targets 0, 1, 2 ...
///
/// Only healthy targets are answered, unless none is: then all count as healthy, because the health checks may be what
/// has failed (Route 53 developer guide, "How Route 53 chooses records when health checking is configured").
/// O(targets).
#[derive(Clone, Debug)]
pub struct Resolver {
    policy: NamingPolicy,
    targets: u16,
    ttl: Span,
    /// Simple: where the next turn begins.
    turn: u16,
}

impl Resolver {
    /// For `targets` ≥ 1 targets; answers may be kept for `ttl`.
    ///
    /// # Panics
    /// If there are no targets, all weights are zero, or a table does not have a place for each target.
    pub fn new(policy: NamingPolicy, targets: u16, ttl: Span) -> Self {
        assert!(targets > 0, "a name stands for something");
        let each = usize::from(targets);
        match &policy {
            NamingPolicy::Weighted(weights) => {
                assert!(
                    weights.len() == each && weights.iter().any(|&weight| weight > 0),
                    "each target has a weight, not all zero"
                );
            }
            NamingPolicy::Geo(trips) => {
                assert!(
                    trips.iter().all(|row| row.len() == each),
                    "each zone has a round-trip time to each target"
                );
            }
            NamingPolicy::Simple | NamingPolicy::Failover => {}
        }
        Self { policy, targets, ttl, turn: 0 }
    }

    /// What the name stands for when it is asked from `zone`. `healthy` says which targets answer their health checks.
    ///
    /// # Panics
    /// If the policy is by distance and has no row for `zone`.
    pub fn resolve(&mut self, zone: u16, healthy: impl Fn(u16) -> bool, rng: &mut Rng) -> Answer {
        let target = self.pick(zone, &healthy, rng).or_else(|| self.pick(zone, &|_| true, rng));
        Answer { target: target.expect("there is a target, and not all weights are zero"), ttl: self.ttl }
    }

    fn pick(&mut self, zone: u16, healthy: &dyn Fn(u16) -> bool, rng: &mut Rng) -> Option<u16> {
        let targets = self.targets;
        match &self.policy {
            NamingPolicy::Simple => {
                let turn = self.turn;
                let target = (0..targets).map(|i| (turn + i) % targets).find(|&target| healthy(target))?;
                self.turn = (target + 1) % targets;
                Some(target)
            }
            NamingPolicy::Weighted(weights) => weighted(weights, healthy, rng),
            NamingPolicy::Geo(trips) => {
                let row = &trips[usize::from(zone)];
                (0..targets).filter(|&target| healthy(target)).min_by_key(|&target| row[usize::from(target)])
            }
            NamingPolicy::Failover => (0..targets).find(|&target| healthy(target)),
        }
    }
}

/// A healthy target by weight; one draw.
fn weighted(weights: &[u32], healthy: &dyn Fn(u16) -> bool, rng: &mut Rng) -> Option<u16> {
    let candidates = || (0u16..).zip(weights).filter(|&(target, _)| healthy(target));
    let all: u64 = candidates().map(|(_, &weight)| u64::from(weight)).sum();
    if all == 0 {
        return None;
    }
    let mut left = rng.below(all);
    candidates()
        .find(|&(_, &weight)| {
            let here = left < u64::from(weight);
            left = left.saturating_sub(u64::from(weight));
            here
        })
        .map(|(target, _)| target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    fn resolver(policy: NamingPolicy, targets: u16) -> impl FnMut(u16, &[u16]) -> u16 {
        let mut resolver = Resolver::new(policy, targets, Span::SECOND);
        let mut rng = Seed(1).stream("naming");
        move |zone, down| resolver.resolve(zone, |target| !down.contains(&target), &mut rng).target
    }

    #[test]
    fn simple_answers_each_healthy_target_in_turn() {
        let mut resolve = resolver(NamingPolicy::Simple, 3);
        assert_eq!([(); 4].map(|()| resolve(0, &[])), [0, 1, 2, 0]);
        assert_eq!([(); 4].map(|()| resolve(0, &[1])), [2, 0, 2, 0]);
        assert_eq!([(); 3].map(|()| resolve(0, &[0, 1, 2])), [1, 2, 0]);
    }

    #[test]
    fn weighted_answers_each_target_as_often_as_its_weight_says() {
        let mut resolve = resolver(NamingPolicy::Weighted(vec![1, 0, 2, 7]), 4);
        let mut count = |down: &[u16]| {
            let mut counts = [0u32; 4];
            (0..10_000).for_each(|_| counts[usize::from(resolve(0, down))] += 1);
            counts
        };
        let near = |count: u32, share: f64| {
            let deviation = (10_000.0 * share * (1.0 - share)).sqrt();
            (f64::from(count) - 10_000.0 * share).abs() < 4.0 * deviation
        };
        let all = count(&[]);
        assert!(all[1] == 0 && near(all[0], 0.1) && near(all[2], 0.2) && near(all[3], 0.7), "{all:?}");
        let some = count(&[3]);
        assert!(some[1] + some[3] == 0 && near(some[0], 1.0 / 3.0), "{some:?}");
        // Only the one without weight is healthy: as if all were.
        assert!(near(count(&[0, 2, 3])[3], 0.7));
    }

    #[test]
    fn geo_answers_the_nearest_that_is_healthy() {
        let trips = [[5, 80, 80], [80, 90, 6]].map(|row| row.map(Span::from_millis).to_vec());
        let mut resolve = resolver(NamingPolicy::Geo(trips.to_vec()), 3);
        assert_eq!((resolve(0, &[]), resolve(1, &[])), (0, 2));
        assert_eq!((resolve(0, &[0]), resolve(1, &[2])), (1, 0));
        assert_eq!(resolve(1, &[0, 1, 2]), 2);
    }

    #[test]
    fn failover_answers_the_first_that_is_healthy_and_the_first_when_none_is() {
        let mut resolve = resolver(NamingPolicy::Failover, 3);
        assert_eq!(
            [resolve(0, &[]), resolve(0, &[0]), resolve(0, &[0, 1]), resolve(0, &[0, 1, 2])],
            [0, 1, 2, 0]
        );
    }
}
