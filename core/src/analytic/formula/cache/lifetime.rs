//! LRU with a time to live and with writes, as the caches here are: Che's characteristic time for the eviction, and for
//! each key the mean number of hits that an entry sees before it is evicted, expires, or is written over.
//!
//! An expired entry is dropped when it is next asked for, so the time to live changes nothing about what is evicted: the
//! characteristic time follows from the uses alone. An entry's hits follow a renewal argument: gaps between reads shorter
//! than the characteristic time carry it on, until its time to live ends. The renewal function is exact up to the
//! characteristic time and at infinity; between, it is joined by an exponential (its slope is exact where it begins).
use crate::math::{exp, exp_m1};

/// What a write does to the entry of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Takes it out: cache-aside.
    Delete,
    /// Puts the new value in, good anew: write-through.
    Replace,
}

/// One key's requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Keyed {
    /// Reads per second, ≥ 0.
    pub reads: f64,
    /// Writes per second, ≥ 0.
    pub writes: f64,
}

impl Keyed {
    /// The probability that the key is in the cache, and its slope in the characteristic time `eviction` (seconds; may be
    /// infinite).
    fn held(&self, eviction: f64, refresh: Refresh) -> (f64, f64) {
        let total = self.reads + self.writes;
        if total <= 0.0 {
            return (0.0, 0.0);
        }
        let gone = exp(-total * eviction);
        match refresh {
            Refresh::Delete => (self.reads / total * (1.0 - gone), self.reads * gone),
            Refresh::Replace => (1.0 - gone, total * gone),
        }
    }

    /// The share of its reads that hit, for a characteristic time and a time to live in seconds; both may be infinite.
    pub fn hit_ratio(&self, eviction: f64, ttl: f64, refresh: Refresh) -> f64 {
        if self.reads <= 0.0 {
            return 0.0;
        }
        let hits = self.hits_of_an_entry(eviction, ttl);
        if hits.is_infinite() {
            return 1.0;
        }
        match refresh {
            Refresh::Delete => hits / (1.0 + hits),
            // An entry begins with a miss or with a write: λh = (w + λ(1-h))·hits.
            Refresh::Replace => hits * (self.reads + self.writes) / (self.reads * (1.0 + hits)),
        }
    }

    /// Mean number of hits between an insertion and the eviction, expiry or write that ends it.
    fn hits_of_an_entry(&self, eviction: f64, ttl: f64) -> f64 {
        let (reads, writes) = (self.reads, self.writes);
        // Up to the first characteristic time no gap can be too long: only a write ends it.
        let undisturbed = |time: f64| {
            let seen = writes * time;
            if writes == 0.0 || seen < 1e-9 { reads * time } else { -reads / writes * exp_m1(-seen) }
        };
        if ttl <= eviction {
            return undisturbed(ttl);
        }
        let total = reads + writes;
        let next = -reads / total * exp_m1(-total * eviction);
        let forever = next / (1.0 - next);
        if ttl.is_infinite() || forever.is_infinite() {
            return if ttl.is_infinite() { forever } else { undisturbed(ttl) };
        }
        let sure = undisturbed(eviction);
        let rest = (forever - sure).max(0.0);
        if rest <= 1e-12 * forever {
            return forever;
        }
        let slope = reads * (exp(-writes * eviction) - exp(-total * eviction)).max(0.0);
        sure - rest * exp_m1(-slope * (ttl - eviction) / rest)
    }
}

/// The characteristic time in seconds of an LRU cache of `capacity` entries over keys that come in groups of (how many, what
/// each is asked); infinite when all fit. `guess` > 0 speeds it up where a similar cache was solved before. O(groups) a
/// round of Newton's method.
pub fn characteristic_time(
    keys: &[(f64, Keyed)],
    capacity: f64,
    refresh: Refresh,
    guess: Option<f64>,
) -> f64 {
    let held = |time: f64| {
        keys.iter().fold((0.0, 0.0), |(sum, slope), (count, key)| {
            let (p, by) = key.held(time, refresh);
            (sum + count * p, slope + count * by)
        })
    };
    if held(f64::INFINITY).0 <= capacity {
        return f64::INFINITY;
    }
    // Every use fills at most one entry: the root is to the right of this, and Newton rises to it, the filling being
    // concave. A guess may lie on the other side: one step brings it to the left.
    let uses: f64 = keys.iter().map(|(count, key)| count * (key.reads + key.writes)).sum();
    let floor = capacity / uses;
    let mut time = guess.filter(|guess| guess.is_finite()).unwrap_or(floor).max(floor);
    for _ in 0..100 {
        let (full, slope) = held(time);
        let step = (capacity - full) / slope;
        if !step.is_finite() {
            time = floor;
            continue;
        }
        time = (time + step).max(floor);
        if step.abs() <= 1e-9 * time {
            break;
        }
    }
    time
}

/// Mean number of entries of such a cache.
pub fn occupancy(keys: &[(f64, Keyed)], eviction: f64, refresh: Refresh) -> f64 {
    keys.iter().map(|(count, key)| count * key.held(eviction, refresh).0).sum()
}

#[cfg(test)]
mod tests {
    use super::super::super::popularity::Popularity;
    use super::super::che::lru_hit;
    use super::*;
    use crate::component::cache::{Cache, Capacity, Eviction, Ttl};
    use crate::dist::Zipf;
    use crate::rng::Seed;
    use crate::time::{Span, Time};

    #[test]
    fn without_time_to_live_and_writes_it_is_ches_approximation() {
        let popularity = Popularity::zipf(100_000, 0.9);
        let keys: Vec<_> =
            popularity.points.iter().map(|&(n, p)| (n, Keyed { reads: 500.0 * p, writes: 0.0 })).collect();
        let time = characteristic_time(&keys, 8_000.0, Refresh::Delete, None);
        let che = lru_hit(&popularity, 8_000.0).unwrap();
        assert!((time * 500.0 / che.time - 1.0).abs() < 1e-8);
        assert!((occupancy(&keys, time, Refresh::Delete) - 8_000.0).abs() < 1e-4);
        let again = characteristic_time(&keys, 8_000.0, Refresh::Delete, Some(10.0 * time));
        assert!((again / time - 1.0).abs() < 1e-8);
    }

    #[test]
    fn with_room_for_all_it_is_a_cache_that_forgets_by_time() {
        let key = Keyed { reads: 5.0, writes: 0.0 };
        assert!((key.hit_ratio(f64::INFINITY, 1.0, Refresh::Delete) - 5.0 / 6.0).abs() < 1e-12);
        assert_eq!(key.hit_ratio(f64::INFINITY, f64::INFINITY, Refresh::Delete), 1.0);
        // Deleted by as many writes as there are reads: every second read finds it.
        let written = Keyed { reads: 1.0, writes: 1.0 };
        assert!((written.hit_ratio(f64::INFINITY, f64::INFINITY, Refresh::Delete) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_real_cache_with_time_to_live_and_writes_hits_as_often() {
        const KEYS: u64 = 5_000;
        const REQUESTS: u32 = 600_000;
        let zipf = Zipf::new(KEYS, 0.9);
        for (capacity, ttl_ms, write_share, refresh) in [
            (500, 1e9, 0.0, Refresh::Delete),
            (500, 2_000.0, 0.0, Refresh::Delete),
            (500, 600.0, 0.0, Refresh::Delete),
            (4_000, 3_000.0, 0.2, Refresh::Delete),
            (500, 2_000.0, 0.2, Refresh::Delete),
            (500, 2_000.0, 0.2, Refresh::Replace),
        ] {
            // A thousand requests a second.
            let rate = |share: f64| 1_000.0 * share;
            let popularity = Popularity::zipf(KEYS, 0.9);
            let keys: Vec<_> = popularity
                .points
                .iter()
                .map(|&(n, p)| {
                    (n, Keyed { reads: rate(p) * (1.0 - write_share), writes: rate(p) * write_share })
                })
                .collect();
            let eviction = characteristic_time(&keys, f64::from(capacity), refresh, None);
            let reads: f64 = keys.iter().map(|(n, key)| n * key.reads).sum();
            let hits =
                keys.iter().map(|(n, key)| n * key.reads * key.hit_ratio(eviction, ttl_ms / 1e3, refresh));
            let expected = hits.sum::<f64>() / reads;

            let mut rng = Seed(11).stream("lifetime");
            let ttl = Ttl::fixed(Span::from_secs(ttl_ms / 1e3));
            let mut cache = Cache::new(Eviction::Lru, Capacity::Entries(capacity), ttl);
            let (mut now, mut asked, mut hit) = (Time::ZERO, 0u32, 0u32);
            let gap = "exp 1ms".parse::<crate::dist::Law>().unwrap().sampler();
            for i in 0..REQUESTS {
                now = now + gap.sample(&mut rng);
                let key = zipf.sample(&mut rng);
                let write = rng.unit() < write_share;
                if write && refresh == Refresh::Delete {
                    cache.remove(key);
                } else if write {
                    cache.insert(now, key, 1, &mut rng);
                } else {
                    let found = cache.get(now, key);
                    asked += u32::from(i > REQUESTS / 10);
                    hit += u32::from(found && i > REQUESTS / 10);
                    if !found {
                        cache.insert(now, key, 1, &mut rng);
                    }
                }
            }
            let measured = f64::from(hit) / f64::from(asked);
            // Half a per cent for Che's approximation and the joined renewal function, and four standard errors.
            let bound = 0.005 + 4.0 * (expected * (1.0 - expected) / f64::from(asked)).sqrt();
            let off = (measured - expected).abs();
            assert!(
                off < bound,
                "{capacity} {ttl_ms} {write_share} {refresh:?}: {measured}, expected {expected}"
            );
        }
    }
}
