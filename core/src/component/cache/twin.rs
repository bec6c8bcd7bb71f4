//! The obvious twin of a cache, and the random operations under which both must give the same answers.
use super::{Cache, Capacity, Evicted, Eviction, Ttl};
use crate::rng::Seed;
use crate::time::{Span, Time};
use std::collections::BTreeMap;

/// What a policy does, on vectors.
pub(super) trait Twin {
    fn hit(&mut self, key: u64);
    fn add(&mut self, key: u64, size: u64);
    fn victim(&mut self, incoming: u64) -> u64;
    fn remove(&mut self, key: u64);
}

#[derive(Clone, Copy)]
struct Known {
    expires: Time,
    size: u64,
    dirty: bool,
}

/// A cache around a twin's policy.
struct Obvious<T> {
    policy: T,
    known: BTreeMap<u64, Known>,
    limit: u64,
    ttl: Span,
}

impl<T: Twin> Obvious<T> {
    fn used(&self) -> u64 {
        self.known.values().map(|known| known.size).sum()
    }

    fn get(&mut self, now: Time, key: u64) -> bool {
        let Some(&known) = self.known.get(&key) else { return false };
        if known.expires <= now && !known.dirty {
            self.remove(key);
            return false;
        }
        self.policy.hit(key);
        true
    }

    fn remove(&mut self, key: u64) -> bool {
        if self.known.remove(&key).is_some() {
            self.policy.remove(key);
            return true;
        }
        false
    }

    fn insert(&mut self, now: Time, key: u64, size: u64, dirty: bool) -> Vec<Evicted> {
        let old = self.known.get(&key).copied();
        let dirty = dirty || old.is_some_and(|known| known.dirty);
        let entry = Known { expires: now + self.ttl, size, dirty };
        if old.is_some_and(|known| known.size == size) {
            self.known.insert(key, entry);
            self.policy.hit(key);
            return Vec::new();
        }
        self.remove(key);
        if size > self.limit {
            return vec![Evicted { key, dirty }];
        }
        let mut evicted = Vec::new();
        while self.used() + size > self.limit {
            let key = self.policy.victim(size);
            let known = self.known.remove(&key).expect("a victim is known");
            evicted.push(Evicted { key, dirty: known.dirty });
        }
        self.known.insert(key, entry);
        self.policy.add(key, size);
        evicted
    }
}

/// Random operations on a cache and its twin, `twin(limit)`, by entries and by bytes, small and somewhat larger.
pub(super) fn agrees<T: Twin>(eviction: Eviction, twin: impl Fn(u64) -> T) {
    let capacities = [
        (Capacity::Entries(1), 10),
        (Capacity::Entries(5), 7),
        (Capacity::Entries(20), 1_000),
        (Capacity::Entries(150), 10_000),
        (Capacity::Bytes(60), 100),
        (Capacity::Bytes(1_000), 1_000),
    ];
    for (capacity, ttl) in capacities {
        let (limit, keys, by_bytes) = match capacity {
            Capacity::Entries(n) => (u64::from(n), u64::from(n) * 3 / 2 + 9, false),
            Capacity::Bytes(n) => (n, n / 8, true),
        };
        let cache = Cache::new(eviction, capacity, Ttl::fixed(Span(ttl)));
        let direct = Cache::of_keys(eviction, capacity, Ttl::fixed(Span(ttl)), keys as usize);
        let new = || Obvious { policy: twin(limit), known: BTreeMap::new(), limit, ttl: Span(ttl) };
        beside(cache, new(), keys, by_bytes);
        beside(direct, new(), keys, by_bytes);
    }
}

/// Random operations on a cache and its twin, about `keys` keys.
fn beside<T: Twin>(mut cache: Cache, mut obvious: Obvious<T>, keys: u64, by_bytes: bool) {
    let mut rng = Seed(obvious.limit).stream("test");
    for step in 0..6_000 {
        // Small keys are asked for more often, so that counts differ.
        let (now, key) = (Time(step), rng.below(keys).min(rng.below(keys)));
        let bytes = 1 + (key % 7) as u32 * 4 + u32::from(rng.below(20) == 0);
        let size = if by_bytes { u64::from(bytes) } else { 1 };
        match rng.below(20) {
            0 => assert_eq!(cache.remove(key), obvious.remove(key), "step {step}"),
            1 => {
                let gone = obvious.insert(now, key, size, true);
                assert_eq!(cache.insert_dirty(now, key, bytes, &mut rng), gone, "step {step}");
            }
            2..=9 => {
                let gone = obvious.insert(now, key, size, false);
                assert_eq!(cache.insert(now, key, bytes, &mut rng), gone, "step {step}");
            }
            _ => assert_eq!(cache.get(now, key), obvious.get(now, key), "step {step}"),
        }
        assert_eq!((cache.len(), cache.used()), (obvious.known.len(), obvious.used()));
        if step % 8 == 0 {
            cache.check();
        }
    }
}
