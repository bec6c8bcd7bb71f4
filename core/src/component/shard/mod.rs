//! Which shard a key lives on, and what it costs to change that.
//!
//! A map places all keys: by hash modulo the number of shards, on a ring, or by range. A table over it places single keys
//! elsewhere (a directory), which is also how a celebrity gets a shard of its own. A [`ReshardPlan`] says which keys move from
//! one map to another, and a [`Migration`] where they are while they move.
//!
//! ```
//! use loadpath_core::component::{ReshardPlan, Sharding, Shards};
//! let before = Shards::new(Sharding::Ring, 4);
//! let mut after = before.clone();
//! assert_eq!(after.grow(), 4);
//! let plan = ReshardPlan::between(before, after, 10_000);
//! assert!(plan.share() < 0.3 && plan.moves().all(|step| step.to == 4));
//! ```
mod directory;
mod migration;
mod range;
mod reshard;

pub use migration::Migration;
pub use reshard::{KeyMove, ReshardPlan, Route};

use super::HashRing;
use crate::hash;
use directory::Directory;
use range::Ranges;

/// How a key finds its shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharding {
    /// Hash modulo the number of shards: even, but a new shard moves nearly every key.
    Modulo,
    /// A ring with virtual nodes: a new shard moves few keys.
    Ring,
    /// Ranges of keys in their natural order: neighbours live together, so a popular range is a hot shard.
    Range,
    /// A table of single keys over a modulo: any key can be moved alone, and the table must be asked.
    Directory,
}

/// The map from keys to shards, which are numbered from zero in the order in which they came.
#[derive(Clone, Debug)]
pub struct Shards {
    /// How many shards there are, isolated ones included.
    count: u16,
    map: Map,
    /// Keys that live elsewhere than the map says.
    placed: Directory,
}

/// Where a key lives that the table does not name. Numbers are those of the shards, in the order in which the map knows them:
/// they are not 0..n when a key was isolated before the map grew.
#[derive(Clone, Debug)]
enum Map {
    Modulo { numbers: Vec<u16> },
    Ring { ring: HashRing, numbers: Vec<u16> },
    Range(Ranges),
}

impl Shards {
    /// Over `count` ≥ 1 shards. Ranges divide all of u64 evenly: where the keys are known, [`Shards::over`] divides them.
    ///
    /// # Panics
    /// If there is no shard.
    pub fn new(sharding: Sharding, count: u16) -> Self {
        Self::over(sharding, count, u64::MAX)
    }

    /// Over `count` ≥ 1 shards of the keys 0..`keys`; only ranges depend on how many keys there are.
    ///
    /// # Panics
    /// If there is no shard.
    pub fn over(sharding: Sharding, count: u16, keys: u64) -> Self {
        assert!(count > 0, "a key needs a shard to live on");
        let numbers: Vec<u16> = (0..count).collect();
        let map = match sharding {
            Sharding::Modulo | Sharding::Directory => Map::Modulo { numbers },
            Sharding::Ring => Map::Ring { ring: HashRing::new(count), numbers },
            Sharding::Range => Map::Range(Ranges::even(count, keys)),
        };
        Self { count, map, placed: Directory::default() }
    }

    /// By ranges that begin at zero and at each of `splits`, which may come in any order.
    ///
    /// # Panics
    /// If there are 65,535 splits or more.
    pub fn split_at(splits: &[u64]) -> Self {
        let ranges = Ranges::split_at(splits);
        Self { count: ranges.count(), map: Map::Range(ranges), placed: Directory::default() }
    }

    /// How many shards there are, isolated ones included; they are numbered 0..count.
    pub const fn count(&self) -> u16 {
        self.count
    }

    /// The shard of `key`. A few ns by modulo; a bisection on a ring and among ranges; a look into the table if keys were placed.
    pub fn shard(&self, key: u64) -> u16 {
        match self.placed.get(key) {
            Some(shard) => shard,
            None => self.map.shard(key),
        }
    }

    /// Moves `key` alone to `shard`, whatever the map says; gives where it lived.
    ///
    /// # Panics
    /// If there is no such shard.
    pub fn place(&mut self, key: u64, shard: u16) -> u16 {
        assert!(shard < self.count, "shard {shard} of {} does not exist", self.count);
        let before = self.shard(key);
        if self.map.shard(key) == shard {
            self.placed.remove(key);
        } else {
            self.placed.insert(key, shard);
        }
        before
    }

    /// Gives `key` a new shard of its own, and says which: for celebrities, whose load would otherwise be their neighbours'.
    ///
    /// # Panics
    /// If there are 65,535 shards already.
    pub fn isolate(&mut self, key: u64) -> u16 {
        let shard = self.add();
        self.placed.insert(key, shard);
        shard
    }

    /// Adds a shard for keys in general and says which. Among ranges the widest is halved, the first of equals; placed keys
    /// stay where they are.
    ///
    /// # Panics
    /// If there are 65,535 shards already.
    pub fn grow(&mut self) -> u16 {
        let shard = self.add();
        match &mut self.map {
            Map::Modulo { numbers } => numbers.push(shard),
            Map::Ring { ring, numbers } => {
                numbers.push(shard);
                *ring = HashRing::new(numbers.len() as u16);
            }
            Map::Range(ranges) => ranges.halve_widest(shard),
        }
        shard
    }

    /// Splits the range around `at`: keys from there to its end move to a new shard. `None`, and nothing changes, where keys are
    /// not sharded by range or a range begins at `at` already.
    ///
    /// # Panics
    /// If there are 65,535 shards already.
    pub fn split(&mut self, at: u64) -> Option<u16> {
        let next = self.count;
        let Map::Range(ranges) = &mut self.map else { return None };
        ranges.split(at, next).then(|| self.add())
    }

    fn add(&mut self) -> u16 {
        let shard = self.count;
        self.count = self.count.checked_add(1).expect("a document has fewer than 65,535 shards");
        shard
    }

    /// Panics where the structure contradicts itself: a key would find a shard that does not exist.
    pub fn check(&self) {
        match &self.map {
            Map::Modulo { numbers } | Map::Ring { numbers, .. } => {
                assert!(numbers.is_sorted() && numbers.last().is_some_and(|&last| last < self.count));
            }
            Map::Range(ranges) => ranges.check(self.count),
        }
        self.placed.check(self.count);
    }
}

impl Map {
    fn shard(&self, key: u64) -> u16 {
        match self {
            Self::Modulo { numbers } => numbers[(hash::mix(key) % numbers.len() as u64) as usize],
            Self::Ring { ring, numbers } => {
                let target = ring.pick(key, |_| true).expect("a ring over at least one shard has points");
                numbers[usize::from(target)]
            }
            Self::Range(ranges) => ranges.shard(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use std::collections::BTreeMap;

    #[test]
    fn modulo_is_even() {
        let shards = Shards::new(Sharding::Modulo, 8);
        let mut counts = [0u32; 8];
        (0..80_000u64).for_each(|key| counts[usize::from(shards.shard(key))] += 1);
        // A binomial count of 10,000 has a standard deviation of 93.5.
        assert!(counts.iter().all(|&count| (9_530..=10_470).contains(&count)), "{counts:?}");
    }

    #[test]
    fn a_hot_range_is_a_hot_shard_and_a_split_halves_it() {
        let mut shards = Shards::over(Sharding::Range, 4, 1_000);
        assert!((0..250).all(|key| shards.shard(key) == 0) && shards.shard(250) == 1);
        assert_eq!(shards.split(125), Some(4));
        assert_eq!((shards.shard(124), shards.shard(125), shards.shard(250)), (0, 4, 1));
        assert_eq!((shards.split(125), shards.split(0)), (None, None));
        assert_eq!(Shards::new(Sharding::Ring, 4).split(125), None);
    }

    #[test]
    fn a_celebrity_moves_alone_and_stays_when_shards_are_added() {
        for sharding in [Sharding::Modulo, Sharding::Ring, Sharding::Range, Sharding::Directory] {
            let mut shards = Shards::over(sharding, 4, 10_000);
            let before: Vec<_> = (0..10_000).map(|key| shards.shard(key)).collect();
            assert_eq!(shards.isolate(42), 4);
            assert!(
                (0..10_000).all(|key| shards.shard(key) == if key == 42 { 4 } else { before[key as usize] })
            );
            assert_eq!(shards.grow(), 5);
            shards.check();
            // The shard of its own stays its own.
            assert!((0..10_000).all(|key| (shards.shard(key) == 4) == (key == 42)), "{sharding:?}");
            assert!((0..10_000).any(|key| shards.shard(key) == 5), "{sharding:?}");
        }
    }

    #[test]
    fn a_directory_does_what_a_map_of_all_keys_does() {
        let mut rng = Seed(3).stream("test");
        let mut shards = Shards::new(Sharding::Directory, 5);
        let mut twin: BTreeMap<u64, u16> = (0..200).map(|key| (key, shards.shard(key))).collect();
        for _ in 0..5_000 {
            let (key, to) = (rng.below(200), rng.below(5) as u16);
            assert_eq!(shards.place(key, to), twin.insert(key, to).unwrap());
            assert!(twin.iter().all(|(&key, &shard)| shards.shard(key) == shard));
            shards.check();
        }
    }
}
