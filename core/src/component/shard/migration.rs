//! Keys on the move: who answers for which while a reshard is under way.
use super::{KeyMove, Shards};
use crate::time::{Span, Time};

/// A reshard in progress. Keys move one after the other, in rising order, at a constant rate; whoever asks is sent to where the
/// key is now. Its state is one number: the key below which all have moved.
#[derive(Clone, Debug)]
pub struct Migration {
    before: Shards,
    after: Shards,
    keys: u64,
    /// How many keys move in all.
    moving: u64,
    started: Time,
    /// Keys per second, > 0.
    rate: f64,
    /// All keys below it that move have moved.
    reached: u64,
    /// How many have moved: those that move and are below `reached`.
    moved: u64,
}

impl Migration {
    pub(super) fn new(before: Shards, after: Shards, keys: u64, moving: u64, now: Time, rate: f64) -> Self {
        assert!(rate > 0.0, "a migration at {rate} keys per second never ends");
        Self { before, after, keys, moving, started: now, rate, reached: 0, moved: 0 }
    }

    /// As [`ReshardPlan::start`](super::ReshardPlan::start), where nobody needs the plan: it only counts. O(keys).
    pub fn begin(before: Shards, after: Shards, keys: u64, now: Time, rate: f64) -> Self {
        let moving = (0..keys).filter(|&key| before.shard(key) != after.shard(key)).count() as u64;
        Self::new(before, after, keys, moving, now, rate)
    }

    /// Where `key` lives as of the last [`Migration::advance`]. Costs as much as [`Shards::shard`].
    pub fn shard(&self, key: u64) -> u16 {
        if key < self.reached || self.is_done() { self.after.shard(key) } else { self.before.shard(key) }
    }

    /// Moves the keys that are due by `now` and tells `moved` of each, so that the caller charges both shards for it. Over the
    /// whole migration O(keys).
    pub fn advance(&mut self, now: Time, mut moved: impl FnMut(KeyMove)) {
        while self.next_at() <= now {
            let key = self.reached;
            let (from, to) = (self.before.shard(key), self.after.shard(key));
            self.reached += 1;
            if from != to {
                self.moved += 1;
                moved(KeyMove { key, from, to });
            }
        }
    }

    /// When the next key will have moved; [`Time::NEVER`] when all have.
    pub fn next_at(&self) -> Time {
        if self.is_done() { Time::NEVER } else { self.moved_at(self.moved + 1) }
    }

    /// When the last key will have moved; the start if none moves.
    pub fn ends_at(&self) -> Time {
        self.moved_at(self.moving)
    }

    /// How many keys have moved, and how many will have in the end.
    pub const fn progress(&self) -> (u64, u64) {
        (self.moved, self.moving)
    }

    /// Whether every key is where it belongs.
    pub const fn is_done(&self) -> bool {
        self.moved == self.moving
    }

    /// The map that holds when it is done.
    pub fn into_after(self) -> Shards {
        self.after
    }

    fn moved_at(&self, count: u64) -> Time {
        self.started + Span::from_secs(count as f64 / self.rate)
    }

    /// Panics where the structure contradicts itself. O(keys).
    pub fn check(&self) {
        let moves = |key: &u64| self.before.shard(*key) != self.after.shard(*key);
        assert!(self.moved == (0..self.reached).filter(moves).count() as u64, "a moved key was not counted");
        assert!(self.reached <= self.keys && self.moved <= self.moving, "more has moved than there is");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::{ReshardPlan, Sharding};

    #[test]
    fn a_key_is_looked_up_where_it_is_at_that_time() {
        let (before, after) = (Shards::new(Sharding::Ring, 3), Shards::new(Sharding::Ring, 4));
        let plan = ReshardPlan::between(before.clone(), after.clone(), 500);
        let order: Vec<_> = plan.moves().collect();
        let start = Time(1_000_000_000);
        let counted = Migration::begin(before.clone(), after.clone(), 500, start, 10.0);
        let mut migration = plan.start(start, 10.0);
        assert_eq!((counted.progress(), counted.next_at()), (migration.progress(), migration.next_at()));
        assert_eq!(migration.ends_at(), start + Span::from_millis(100 * order.len() as u64));
        let mut told = Vec::new();
        for tenth in 0..=order.len() + 2 {
            let now = start + Span::from_millis(100 * tenth as u64);
            migration.advance(now, |step| told.push(step));
            migration.check();
            assert_eq!(told, order[..tenth.min(order.len())]);
            for key in 0..500 {
                let moved = told.iter().any(|step| step.key == key);
                let twin = if moved { after.shard(key) } else { before.shard(key) };
                assert_eq!(migration.shard(key), twin);
            }
        }
        assert!(migration.is_done() && migration.next_at() == Time::NEVER);
        assert_eq!(migration.into_after().count(), 4);
    }
}
