//! Least recently used, with a time to live.
//!
//! A table from key to slot, and a list through the slots in order of use. Every operation is O(1); memory is 24 bytes a
//! slot and 5 to 10 in the table.
use crate::hash;
use crate::time::{Span, Time};
use hashbrown::HashTable;

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: u64,
    /// From this instant on the entry is no longer good.
    expires: Time,
    /// The slot that was used next before this one.
    older: u32,
    /// The slot that was used next after this one.
    newer: u32,
}

/// A cache of keys; values are the caller's business.
#[derive(Clone, Debug)]
pub struct LruCache {
    capacity: usize,
    ttl: Span,
    /// Slots by key. Found by a fixed hash and never iterated, so the same on every machine.
    table: HashTable<u32>,
    slots: Vec<Slot>,
    /// Slots that were removed, to be used again.
    free: Vec<u32>,
    oldest: u32,
    newest: u32,
}

impl LruCache {
    /// An empty cache for `capacity` ≥ 1 entries, each good for `ttl`.
    ///
    /// # Panics
    /// If the capacity is zero.
    pub fn new(capacity: u32, ttl: Span) -> Self {
        assert!(capacity > 0, "a cache needs room for an entry");
        Self {
            capacity: capacity as usize,
            ttl,
            table: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            oldest: NONE,
            newest: NONE,
        }
    }

    /// How many entries it holds; some may have expired.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Whether `key` is in it and good; if so it is now the most recently used. An expired entry is dropped.
    pub fn get(&mut self, now: Time, key: u64) -> bool {
        let Some(slot) = self.find(key) else { return false };
        if self.slots[slot as usize].expires <= now {
            self.remove(key);
            return false;
        }
        self.unlink(slot);
        self.link_newest(slot);
        true
    }

    /// Remembers `key` as the most recently used, good from `now` on; gives the key that it had to forget for it.
    pub fn insert(&mut self, now: Time, key: u64) -> Option<u64> {
        let expires = now + self.ttl;
        if let Some(slot) = self.find(key) {
            self.slots[slot as usize].expires = expires;
            self.unlink(slot);
            self.link_newest(slot);
            return None;
        }
        let evicted = (self.table.len() >= self.capacity).then(|| self.slots[self.oldest as usize].key);
        if let Some(old) = evicted {
            self.remove(old);
        }
        let entry = Slot { key, expires, older: NONE, newer: NONE };
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        match self.slots.get_mut(slot as usize) {
            Some(place) => *place = entry,
            None => self.slots.push(entry),
        }
        let slots = &self.slots;
        self.table.insert_unique(hash::mix(key), slot, |&slot| hash::mix(slots[slot as usize].key));
        self.link_newest(slot);
        evicted
    }

    /// Forgets `key`; whether it was there, expired or not.
    pub fn remove(&mut self, key: u64) -> bool {
        let slots = &self.slots;
        let Ok(entry) = self.table.find_entry(hash::mix(key), |&slot| slots[slot as usize].key == key) else {
            return false;
        };
        let (slot, _) = entry.remove();
        self.unlink(slot);
        self.free.push(slot);
        true
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.table.clear();
        self.slots.clear();
        self.free.clear();
        self.oldest = NONE;
        self.newest = NONE;
    }

    fn find(&self, key: u64) -> Option<u32> {
        self.table.find(hash::mix(key), |&slot| self.slots[slot as usize].key == key).copied()
    }

    fn unlink(&mut self, slot: u32) {
        let Slot { older, newer, .. } = self.slots[slot as usize];
        match older {
            NONE => self.oldest = newer,
            _ => self.slots[older as usize].newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            _ => self.slots[newer as usize].older = older,
        }
    }

    fn link_newest(&mut self, slot: u32) {
        let newest = self.newest;
        self.slots[slot as usize].older = newest;
        self.slots[slot as usize].newer = NONE;
        match newest {
            NONE => self.oldest = slot,
            _ => self.slots[newest as usize].newer = slot,
        }
        self.newest = slot;
    }

    /// Panics where the structure contradicts itself: every entry is in the list once, and the list ends where it says.
    pub fn check(&self) {
        let (mut slot, mut before, mut count) = (self.oldest, NONE, 0);
        while slot != NONE {
            let entry = self.slots[slot as usize];
            assert!(entry.older == before, "the list's links disagree");
            assert!(self.find(entry.key) == Some(slot), "a listed key is not in the table");
            (before, slot, count) = (slot, entry.newer, count + 1);
        }
        assert!(self.newest == before && count == self.table.len(), "the list misses an entry");
        assert!(count <= self.capacity, "there are more entries than there is room for");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    /// The twin: a vector, least recently used first.
    struct Twin {
        capacity: usize,
        ttl: Span,
        entries: Vec<(u64, Time)>,
    }

    impl Twin {
        fn get(&mut self, now: Time, key: u64) -> bool {
            let Some(place) = self.entries.iter().position(|&(k, _)| k == key) else { return false };
            let entry = self.entries.remove(place);
            let good = entry.1 > now;
            if good {
                self.entries.push(entry);
            }
            good
        }

        fn insert(&mut self, now: Time, key: u64) -> Option<u64> {
            let known = self.remove(key);
            let evicted = (!known && self.entries.len() == self.capacity).then(|| self.entries.remove(0).0);
            self.entries.push((key, now + self.ttl));
            evicted
        }

        fn remove(&mut self, key: u64) -> bool {
            let before = self.entries.len();
            self.entries.retain(|&(k, _)| k != key);
            self.entries.len() < before
        }
    }

    #[test]
    fn it_does_what_a_list_in_order_of_use_does() {
        for (capacity, ttl) in [(1, 10), (5, 7), (20, 1_000)] {
            let mut rng = Seed(u64::from(capacity)).stream("test");
            let mut cache = LruCache::new(capacity, Span(ttl));
            let mut twin = Twin { capacity: capacity as usize, ttl: Span(ttl), entries: Vec::new() };
            for step in 0..20_000 {
                let (now, key) = (Time(step), rng.below(30));
                match rng.below(10) {
                    0 => assert_eq!(cache.remove(key), twin.remove(key), "step {step}"),
                    1..=4 => assert_eq!(cache.insert(now, key), twin.insert(now, key), "step {step}"),
                    _ => assert_eq!(cache.get(now, key), twin.get(now, key), "step {step}"),
                }
                assert_eq!(cache.len(), twin.entries.len());
                cache.check();
            }
        }
    }
}
