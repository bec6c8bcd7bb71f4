//! Caches whose entries expire, counted from when they were filled or from when they were last used.

use anyhow::Result;
use loadpath_core::component::cache::{Cache, Capacity, Eviction, Ttl};
use loadpath_core::dist::{Law, Zipf};
use loadpath_core::rng::Rng;
use loadpath_core::time::{Span, Time};

use super::super::case::Case;
use super::super::measure::{Effort, Measured, repeat};
use super::components::DRAWS;

/// A cache with room for everything, and the time there.
struct Clocked {
    cache: Cache,
    now: Time,
    gap: Law,
}

impl Clocked {
    fn new(keys: u32, ttl: f64, gap: Law, renewed: bool) -> Self {
        let ttl = Ttl::fixed(Span::from_secs(ttl));
        let cache = Cache::new(Eviction::Lru, Capacity::Entries(keys), ttl);
        Self { cache: if renewed { cache.renewed_by_use() } else { cache }, now: Time::ZERO, gap }
    }

    /// Asks for `count` keys, each miss filled; the share of hits.
    fn ask(&mut self, count: u32, rng: &mut Rng, mut key: impl FnMut(&mut Rng) -> u64) -> f64 {
        let sampler = self.gap.sampler();
        let mut hits = 0;
        for _ in 0..count {
            self.now = self.now + sampler.sample(rng);
            let key = key(rng);
            if self.cache.get(self.now, key) {
                hits += 1;
            } else {
                self.cache.insert(self.now, key, 1, rng);
            }
        }
        f64::from(hits) / f64::from(count)
    }
}

fn poisson(rate: f64) -> Law {
    Law::Exponential(Span::from_secs(1.0 / rate))
}

pub(super) fn one_key(case: &Case, effort: &Effort) -> Result<Measured> {
    let rate = case.number("lambda_");
    let mut fixed = Clocked::new(1, case.number("T"), poisson(rate), false);
    let mut sliding = Clocked::new(1, case.number("T"), poisson(rate), true);
    let once = |rng: &mut Rng| {
        let hit = fixed.ask(DRAWS, rng, |_| 0);
        vec![hit, rate * (1.0 - hit), sliding.ask(DRAWS, rng, |_| 0)]
    };
    let names = ["hit_fixed_ttl", "origin_rate_fixed", "hit_sliding_ttl"];
    Ok(repeat(&names, f64::from(DRAWS), effort, once))
}

/// Each is one request later than what is good at the very end, which the theory counts as a hit.
pub(super) fn periodic(case: &Case, effort: &Effort) -> Result<Measured> {
    let ttl = case.number("T") + 1e-6;
    let gap = Law::Constant(Span::from_secs(case.number("interval")));
    // Whole cycles of a miss and its hits, or the last would be cut.
    let cycle = (ttl / case.number("interval")) as u32 + 1;
    let once = |rng: &mut Rng| vec![Clocked::new(1, ttl, gap, false).ask(1_000 * cycle, rng, |_| 0)];
    Ok(repeat(&["hit_fixed_ttl"], f64::from(DRAWS), effort, once))
}

pub(super) fn many_keys(case: &Case, effort: &Effort) -> Result<Measured> {
    let (keys, rate, ttl) = (case.count("N"), case.number("total_rate"), case.number("T"));
    let zipf = Zipf::new(u64::from(keys), case.number("alpha"));
    let requests = DRAWS.max((4.0 * rate * ttl) as u32);
    let mut caches = [false, true].map(|renewed| Clocked::new(keys, ttl, poisson(rate), renewed));
    let mut chance = effort.seed.stream("warm-up");
    for cache in &mut caches {
        cache.ask(requests, &mut chance, |rng| zipf.sample(rng));
    }
    let once = |rng: &mut Rng| {
        let of = |cache: &mut Clocked| {
            let hit = cache.ask(requests, rng, |rng| zipf.sample(rng));
            [hit, cache.cache.live(cache.now) as f64]
        };
        caches.iter_mut().flat_map(of).collect()
    };
    let names = ["hit_fixed_ttl", "mean_items_fixed", "hit_sliding_ttl", "mean_items_sliding"];
    Ok(repeat(&names, f64::from(requests), effort, once))
}
