//! The cache: entries and the policy by which they go.
use super::clock::Clock;
use super::entries::Entries;
use super::fifo::Fifo;
use super::lfu::Lfu;
use super::lru::Lru;
use super::order::Order;
use super::s3_fifo::S3Fifo;
use super::settings::{Capacity, Evicted, Eviction, Ttl};
use super::sieve::Sieve;
use super::tiny_lfu::TinyLfu;
use crate::hash;
use crate::rng::Rng;
use crate::time::Time;

/// A cache of keys; values are the caller's business. Operations are O(1), amortised where the policy's file says so.
#[derive(Clone, Debug)]
pub struct Cache {
    /// They never take more than `limit`, and are all in `policy`.
    entries: Entries,
    policy: Policy,
    capacity: Capacity,
    limit: u64,
    ttl: Ttl,
    /// How many entries are dirty.
    dirty: u64,
    /// Where the next flush goes on.
    flushed: u32,
    /// What the last insert pushed out.
    evicted: Vec<Evicted>,
    renewed_by_use: bool,
}

#[derive(Clone, Debug)]
enum Policy {
    Lru(Lru),
    Lfu(Lfu),
    Fifo(Fifo),
    Clock(Clock),
    Sieve(Sieve),
    S3Fifo(S3Fifo),
    TinyLfu(TinyLfu),
}

/// Does the same with whichever policy it is.
macro_rules! each {
    ($policy:expr, $order:ident => $do:expr) => {
        match $policy {
            Policy::Lru($order) => $do,
            Policy::Lfu($order) => $do,
            Policy::Fifo($order) => $do,
            Policy::Clock($order) => $do,
            Policy::Sieve($order) => $do,
            Policy::S3Fifo($order) => $do,
            Policy::TinyLfu($order) => $do,
        }
    };
}

impl Policy {
    fn new(eviction: Eviction, limit: u64) -> Self {
        match eviction {
            Eviction::Lru => Self::Lru(Lru::default()),
            Eviction::Lfu => Self::Lfu(Lfu::default()),
            Eviction::Fifo => Self::Fifo(Fifo::default()),
            Eviction::Clock => Self::Clock(Clock::default()),
            Eviction::Sieve => Self::Sieve(Sieve::default()),
            Eviction::S3Fifo => Self::S3Fifo(S3Fifo::new(limit)),
            Eviction::TinyLfu => Self::TinyLfu(TinyLfu::new(limit)),
        }
    }

    const fn eviction(&self) -> Eviction {
        match self {
            Self::Lru(_) => Eviction::Lru,
            Self::Lfu(_) => Eviction::Lfu,
            Self::Fifo(_) => Eviction::Fifo,
            Self::Clock(_) => Eviction::Clock,
            Self::Sieve(_) => Eviction::Sieve,
            Self::S3Fifo(_) => Eviction::S3Fifo,
            Self::TinyLfu(_) => Eviction::TinyLfu,
        }
    }
}

impl Cache {
    /// An empty cache.
    ///
    /// # Panics
    /// If the capacity is zero, or the jitter is outside [0, 1).
    pub fn new(eviction: Eviction, capacity: Capacity, ttl: Ttl) -> Self {
        let limit = match capacity {
            Capacity::Entries(entries) => u64::from(entries),
            Capacity::Bytes(bytes) => bytes,
        };
        assert!(limit > 0, "a cache needs room for an entry");
        assert!((0.0..1.0).contains(&ttl.jitter), "a jitter is in [0, 1), not {}", ttl.jitter);
        Self {
            entries: Entries::default(),
            policy: Policy::new(eviction, limit),
            capacity,
            limit,
            ttl,
            dirty: 0,
            flushed: 0,
            evicted: Vec::new(),
            renewed_by_use: false,
        }
    }

    /// Each use renews an entry: it lives for the mean time to live from its last use on, without jitter ("sliding expiration").
    #[must_use]
    pub const fn renewed_by_use(mut self) -> Self {
        self.renewed_by_use = true;
        self
    }

    /// As [`Self::new`], for the keys 0..`keys` alone: lookups are faster, for 4 bytes and a bit of memory for each key.
    ///
    /// # Panics
    /// As [`Self::new`]; and when another key is inserted.
    pub fn of_keys(eviction: Eviction, capacity: Capacity, ttl: Ttl, keys: usize) -> Self {
        Self { entries: Entries::direct(keys), ..Self::new(eviction, capacity, ttl) }
    }

    /// How many entries it holds; some may have expired: they go when they are asked for, or in their turn.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many entries are good at `now`. O(entries).
    pub fn live(&self, now: Time) -> usize {
        self.entries.count(|entry| entry.expires > now || entry.is_dirty())
    }

    /// About how many bytes it takes: those of its entries, their places in the table, and what the policy notes of each.
    pub fn size(&self) -> usize {
        const ENTRY: usize = 56;
        self.len() * ENTRY
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How much of its capacity is taken: entries or bytes, as that was given.
    pub const fn used(&self) -> u64 {
        self.entries.used
    }

    /// How many entries wait to be written back.
    pub const fn dirty(&self) -> u64 {
        self.dirty
    }

    /// Whether `key` is in it and good; if so the policy counts a use. An expired entry is dropped, unless it is dirty: then
    /// it is the only copy, and good until it is flushed.
    pub fn get(&mut self, now: Time, key: u64) -> bool {
        let hash = hash::mix(key);
        let Some(slot) = self.entries.find(hash, key) else { return false };
        let entry = &self.entries[slot];
        if entry.expires <= now && !entry.is_dirty() {
            self.forget(slot);
            return false;
        }
        if self.renewed_by_use {
            self.entries[slot].expires = now + self.ttl.span;
        }
        each!(&mut self.policy, order => order.hit(&mut self.entries, slot, hash));
        true
    }

    /// Remembers a value of `bytes` for `key`, good from `now` on, and gives what had to go for it. One that is known is
    /// renewed, which counts as a use; with another size it counts as new. A dirty entry stays dirty. A value larger than the
    /// whole cache is itself what goes.
    pub fn insert(&mut self, now: Time, key: u64, bytes: u32, rng: &mut Rng) -> &[Evicted] {
        self.put(now, key, bytes, false, rng)
    }

    /// As [`Self::insert`]; and the value must be written back before it is forgotten.
    pub fn insert_dirty(&mut self, now: Time, key: u64, bytes: u32, rng: &mut Rng) -> &[Evicted] {
        self.put(now, key, bytes, true, rng)
    }

    fn put(&mut self, now: Time, key: u64, bytes: u32, mut dirty: bool, rng: &mut Rng) -> &[Evicted] {
        self.evicted.clear();
        let expires = self.ttl.expiry(now, rng);
        let size = match self.capacity {
            Capacity::Entries(_) => 1,
            Capacity::Bytes(_) => bytes.max(1),
        };
        let hash = hash::mix(key);
        if let Some(slot) = self.entries.find(hash, key) {
            let entry = &mut self.entries[slot];
            if entry.size == size {
                entry.expires = expires;
                self.soil(slot, dirty);
                each!(&mut self.policy, order => order.hit(&mut self.entries, slot, hash));
                return &self.evicted;
            }
            dirty |= entry.is_dirty();
            self.forget(slot);
        }
        if u64::from(size) > self.limit {
            self.evicted.push(Evicted { key, dirty });
            return &self.evicted;
        }
        while self.entries.used + u64::from(size) > self.limit {
            self.evict(size);
        }
        let slot = self.entries.add(hash, key, size, expires);
        self.soil(slot, dirty);
        each!(&mut self.policy, order => order.add(&mut self.entries, slot, hash));
        &self.evicted
    }

    /// Forgets `key`; whether it was there, expired or not. What waited to be written back is lost.
    pub fn remove(&mut self, key: u64) -> bool {
        let Some(slot) = self.entries.find(hash::mix(key), key) else { return false };
        self.forget(slot);
        true
    }

    /// Forgets everything, as a restart does; gives how many entries were dirty, whose values are lost.
    pub fn clear(&mut self) -> u64 {
        self.entries.clear();
        self.policy = Policy::new(self.policy.eviction(), self.limit);
        self.flushed = 0;
        std::mem::take(&mut self.dirty)
    }

    /// Gives up to `limit` dirty keys to `write`; they are then clean. Goes on where the last flush stopped, so that each gets
    /// its turn. O(entries), however few are dirty; O(1) when none is.
    pub fn flush(&mut self, limit: u64, mut write: impl FnMut(u64)) {
        let mut left = limit.min(self.dirty);
        while left > 0 {
            let slot = self.flushed;
            self.flushed = if slot + 1 < self.entries.slots() { slot + 1 } else { 0 };
            let entry = &mut self.entries[slot];
            if entry.is_dirty() {
                entry.set_dirty(false);
                self.dirty -= 1;
                left -= 1;
                write(entry.key);
            }
        }
    }

    /// Panics where the structure contradicts itself.
    pub fn check(&self) {
        self.entries.check();
        each!(&self.policy, order => order.check(&self.entries));
        assert!(self.entries.used <= self.limit, "there is more than there is room for");
        let dirty = (0..self.entries.slots()).filter(|&slot| self.entries[slot].is_dirty()).count();
        assert!(dirty as u64 == self.dirty, "the number of dirty entries is wrong");
    }

    /// Marks an entry as dirty, if it is.
    fn soil(&mut self, slot: u32, dirty: bool) {
        if dirty && !self.entries[slot].is_dirty() {
            self.entries[slot].set_dirty(true);
            self.dirty += 1;
        }
    }

    fn forget(&mut self, slot: u32) {
        each!(&mut self.policy, order => order.remove(&mut self.entries, slot));
        self.dirty -= u64::from(self.entries.release(slot).is_dirty());
    }

    fn evict(&mut self, incoming: u32) {
        let slot = each!(&mut self.policy, order => order.victim(&mut self.entries, incoming));
        let entry = self.entries.release(slot);
        self.dirty -= u64::from(entry.is_dirty());
        self.evicted.push(Evicted { key: entry.key, dirty: entry.is_dirty() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::time::Span;

    #[test]
    fn a_dirty_entry_outlives_its_time_and_says_so_when_it_goes() {
        let mut rng = Seed(1).stream("test");
        for eviction in Eviction::ALL {
            let mut cache = Cache::new(eviction, Capacity::Entries(3), Ttl::fixed(Span(10)));
            cache.insert_dirty(Time(0), 1, 1, &mut rng);
            cache.insert(Time(0), 2, 1, &mut rng);
            cache.insert(Time(0), 1, 1, &mut rng);
            assert!(cache.get(Time(10), 1) && !cache.get(Time(10), 2), "{eviction:?}");
            let mut gone = Vec::new();
            for key in 10..20 {
                gone.extend_from_slice(cache.insert_dirty(Time(10), key, 1, &mut rng));
                cache.check();
            }
            assert!(gone.len() == 8 && gone.iter().all(|evicted| evicted.dirty), "{eviction:?}: {gone:?}");
            let mut written = Vec::new();
            cache.flush(2, |key| written.push(key));
            cache.check();
            assert_eq!((written.len(), cache.dirty()), (2, 1), "{eviction:?}");
            cache.flush(2, |key| written.push(key));
            // Every dirty write is either evicted or flushed, once.
            written.extend(gone.iter().map(|evicted| evicted.key));
            written.sort_unstable();
            let all: Vec<u64> = std::iter::once(1).chain(10..20).collect();
            assert_eq!(written, all, "{eviction:?}");
            cache.insert_dirty(Time(10), 5, 1, &mut rng);
            assert_eq!((cache.clear(), cache.len()), (1, 0));
            cache.check();
        }
    }

    #[test]
    fn bytes_are_bytes_and_what_is_larger_than_the_cache_passes_through() {
        let mut rng = Seed(1).stream("test");
        for eviction in Eviction::ALL {
            let mut cache = Cache::new(eviction, Capacity::Bytes(100), Ttl::FOREVER);
            for key in 0..10 {
                assert!(cache.insert(Time(0), key, 10, &mut rng).is_empty());
            }
            assert_eq!(cache.insert(Time(0), 50, 25, &mut rng).len(), 3, "{eviction:?}");
            assert_eq!(cache.used(), 95);
            let whole = cache.insert_dirty(Time(0), 51, 101, &mut rng);
            assert_eq!(whole, [Evicted { key: 51, dirty: true }], "{eviction:?}");
            assert!(!cache.get(Time(0), 51));
            cache.insert(Time(0), 50, 100, &mut rng);
            assert_eq!((cache.used(), cache.len()), (100, 1), "{eviction:?}");
            cache.check();
        }
    }

    #[test]
    fn jitter_spreads_expiry_evenly_around_the_mean() {
        const N: u64 = 10_000;
        let mut rng = Seed(1).stream("test");
        let ttl = Ttl { span: Span(1_000_000), jitter: 0.2 };
        let mut cache = Cache::new(Eviction::Lru, Capacity::Entries(N as u32), ttl);
        for key in 0..N {
            cache.insert(Time(0), key, 1, &mut rng);
        }
        let alive = |now| (0..N).filter(|&key| cache.clone().get(Time(now), key)).count();
        assert_eq!((alive(799_999), alive(1_200_000)), (10_000, 0));
        // A quarter and three quarters of the range: binomial counts with a standard deviation of 43.
        assert!((7_327..=7_673).contains(&alive(900_000)));
        assert!((2_327..=2_673).contains(&alive(1_100_000)));
    }
}
