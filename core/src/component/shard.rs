//! Which shard a key lives on.
use super::HashRing;
use crate::hash;

/// How a key finds its shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharding {
    /// Hash modulo the number of shards: even, but a new shard moves nearly every key.
    Modulo,
    /// A ring with virtual nodes: a new shard moves few keys.
    Ring,
}

/// The map from keys to shards.
#[derive(Clone, Debug)]
pub enum Shards {
    /// Over this many.
    Modulo(u16),
    /// By a ring.
    Ring(HashRing),
}

impl Shards {
    /// Over `count` ≥ 1 shards.
    pub fn new(sharding: Sharding, count: u16) -> Self {
        match sharding {
            Sharding::Modulo => Self::Modulo(count),
            Sharding::Ring => Self::Ring(HashRing::new(count)),
        }
    }

    /// The shard of `key`.
    pub fn shard(&self, key: u64) -> u16 {
        match self {
            // The remainder is below a u16.
            Self::Modulo(count) => (hash::mix(key) % u64::from(*count)) as u16,
            Self::Ring(ring) => ring.pick(key, |_| true).expect("a ring over at least one shard has points"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modulo_moves_nearly_all_keys_and_a_ring_few() {
        let moved = |sharding| {
            let (before, after) = (Shards::new(sharding, 4), Shards::new(sharding, 5));
            (0..100_000u64).filter(|&key| before.shard(key) != after.shard(key)).count()
        };
        // Of n + 1 shards a modulo moves n/(n+1): 80,000 of 100,000, with a standard deviation of 126.
        assert!((79_400..=80_600).contains(&moved(Sharding::Modulo)));
        // A ring moves 1/(n+1) = 20,000, within four times the 8.9 % by which a share varies.
        assert!((13_000..=27_200).contains(&moved(Sharding::Ring)));
    }

    #[test]
    fn modulo_is_even() {
        let shards = Shards::new(Sharding::Modulo, 8);
        let mut counts = [0u32; 8];
        (0..80_000u64).for_each(|key| counts[usize::from(shards.shard(key))] += 1);
        // A binomial count of 10,000 has a standard deviation of 93.5.
        assert!(counts.iter().all(|&count| (9_530..=10_470).contains(&count)), "{counts:?}");
    }
}
