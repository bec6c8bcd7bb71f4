//! What it takes to go from one map of keys to another.
use super::{Migration, Shards};
use crate::time::{Span, Time};
use std::collections::BTreeMap;

/// A key that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyMove {
    /// Which key.
    pub key: u64,
    /// Where it lives before.
    pub from: u16,
    /// Where it lives after; not `from`.
    pub to: u16,
}

/// How many keys go from one shard to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The shard that they leave.
    pub from: u16,
    /// The shard that they come to.
    pub to: u16,
    /// How many.
    pub keys: u64,
}

/// The keys 0..n under two maps, and which of them move.
#[derive(Clone, Debug)]
pub struct ReshardPlan {
    before: Shards,
    after: Shards,
    keys: u64,
    /// By `from`, then `to`; each with at least one key.
    routes: Vec<Route>,
}

impl ReshardPlan {
    /// Compares the two maps for each key in 0..`keys`: O(keys), about 5 ns each by modulo and 30 on rings,
    /// and as much again for one that moves.
    pub fn between(before: Shards, after: Shards, keys: u64) -> Self {
        let mut counts = BTreeMap::new();
        for KeyMove { from, to, .. } in moves(&before, &after, keys) {
            *counts.entry((from, to)).or_insert(0u64) += 1;
        }
        let routes = counts.into_iter().map(|((from, to), keys)| Route { from, to, keys }).collect();
        Self { before, after, keys, routes }
    }

    /// How many keys move.
    pub fn moved(&self) -> u64 {
        self.routes.iter().map(|route| route.keys).sum()
    }

    /// How many keys move of all, in [0, 1]; zero if there are no keys.
    pub fn share(&self) -> f64 {
        self.moved() as f64 / self.keys.max(1) as f64
    }

    /// How many keys go from which shard to which, by `from` and then `to`; pairs without keys are left out.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// How long it takes at `rate` > 0 keys per second over all shards.
    pub fn takes(&self, rate: f64) -> Span {
        Span::from_secs(self.moved() as f64 / rate)
    }

    /// The keys that move, in rising order. O(keys) in all.
    pub fn moves(&self) -> impl Iterator<Item = KeyMove> + '_ {
        moves(&self.before, &self.after, self.keys)
    }

    /// Begins to carry it out at `rate` keys per second over all shards, in rising order of keys.
    ///
    /// # Panics
    /// If the rate is not above zero.
    pub fn start(self, now: Time, rate: f64) -> Migration {
        let moved = self.moved();
        Migration::new(self.before, self.after, self.keys, moved, now, rate)
    }
}

fn moves<'a>(before: &'a Shards, after: &'a Shards, keys: u64) -> impl Iterator<Item = KeyMove> + 'a {
    (0..keys)
        .map(|key| KeyMove { key, from: before.shard(key), to: after.shard(key) })
        .filter(|step| step.from != step.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::Sharding;

    const KEYS: u64 = 100_000;

    fn add_one(sharding: Sharding, count: u16) -> ReshardPlan {
        let before = Shards::over(sharding, count, KEYS);
        let mut after = before.clone();
        after.grow();
        ReshardPlan::between(before, after, KEYS)
    }

    /// tests/data/theory.json, ring_n10_*: of 11 shards a modulo moves 10/11 and a ring 1/11 (Karger et al. 1997).
    #[test]
    fn modulo_moves_nearly_all_keys_and_a_ring_few() {
        let modulo = add_one(Sharding::Modulo, 10);
        // Binomial: a standard deviation of 0.00091.
        assert!((modulo.share() - 0.909090909).abs() < 4.0 * 0.00091, "{}", modulo.share());
        let ring = add_one(Sharding::Ring, 10);
        // The new shard's share is Beta(128, 1280): mean 1/11, standard deviation 0.00766.
        assert!((ring.share() - 0.0909090909).abs() < 4.0 * 0.00766, "{}", ring.share());
        assert!(ring.routes().iter().all(|route| route.to == 10));
    }

    #[test]
    fn a_split_moves_the_upper_part_of_one_range_and_a_celebrity_one_key() {
        let plan = add_one(Sharding::Range, 10);
        assert_eq!(plan.routes(), [Route { from: 0, to: 10, keys: 5_000 }]);
        let before = Shards::new(Sharding::Ring, 10);
        let mut after = before.clone();
        after.isolate(7);
        let plan = ReshardPlan::between(before.clone(), after, KEYS);
        assert_eq!(plan.moves().collect::<Vec<_>>(), [KeyMove { key: 7, from: before.shard(7), to: 10 }]);
        assert_eq!(plan.takes(0.5), Span::from_secs(2.0));
    }

    #[test]
    fn routes_count_the_keys_that_move() {
        let plan = add_one(Sharding::Modulo, 3);
        for route in plan.routes() {
            let twin = plan.moves().filter(|step| (step.from, step.to) == (route.from, route.to)).count();
            assert_eq!(route.keys, twin as u64);
        }
        assert_eq!(plan.moved(), plan.moves().count() as u64);
        let empty = ReshardPlan::between(Shards::new(Sharding::Ring, 1), Shards::new(Sharding::Ring, 2), 0);
        assert!(empty.moved() == 0 && empty.share() == 0.0);
    }
}
