//! Caches and the sampler of keys by themselves.

use anyhow::Result;
use loadpath_core::component::cache::{Cache, Capacity, Eviction, Ttl};
use loadpath_core::dist::Zipf;
use loadpath_core::rng::Rng;
use loadpath_core::stats::Estimate;
use loadpath_core::time::Time;

use super::super::case::Case;
use super::super::measure::{Effort, Measured, repeat};

/// Draws of a repetition.
pub(super) const DRAWS: u32 = 100_000;

/// The sampler of keys.
pub(super) fn zipf(case: &Case, effort: &Effort) -> Result<Measured> {
    let keys = u64::from(case.count("N"));
    let zipf = Zipf::new(keys, case.number("alpha"));
    let heads = [
        ("p1", 1),
        ("top10", 10),
        ("top100", 100),
        ("top1000", 1_000),
        ("top1pct", keys / 100),
        ("top10pct", keys / 10),
    ];
    let once = |rng: &mut Rng| {
        let mut counts = [0u32; 6];
        for _ in 0..DRAWS {
            let key = zipf.sample(rng);
            counts.iter_mut().zip(&heads).for_each(|(count, (_, top))| *count += u32::from(key < *top));
        }
        counts.iter().map(|&count| f64::from(count) / f64::from(DRAWS)).collect()
    };
    let mut measured = repeat(&heads.map(|(name, _)| name), f64::from(DRAWS), effort, once);
    // The most popular key's share is one over the harmonic number.
    if let Some(first) = measured.get("p1").copied() {
        let value = 1.0 / first.value;
        measured.insert("H".to_owned(), Estimate { value, half_width: first.half_width * value * value });
    }
    Ok(measured)
}

/// The share of requests for the keys below `top`, and for each of the first few.
fn heads(case: &Case, top: u64, effort: &Effort) -> Measured {
    let zipf = Zipf::new(u64::from(case.count("N")), case.number("alpha"));
    let listed = (0..).take_while(|i| case.expect.contains_key(&format!("p[{i}]"))).count();
    let mut names = vec!["LFU_ideal_hit".to_owned()];
    names.extend((0..listed).map(|i| format!("p[{i}]")));
    let once = |rng: &mut Rng| {
        let (mut kept, mut counts) = (0u32, vec![0u32; listed]);
        for _ in 0..DRAWS {
            let key = zipf.sample(rng);
            kept += u32::from(key < top);
            if let Some(count) = counts.get_mut(key as usize) {
                *count += 1;
            }
        }
        std::iter::once(kept).chain(counts).map(|count| f64::from(count) / f64::from(DRAWS)).collect()
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    repeat(&names, f64::from(DRAWS), effort, once)
}

/// The hit ratio of a real cache under independent requests, each miss filled. It goes on from repetition to repetition.
fn hit_ratio(case: &Case, eviction: Eviction, name: &'static str, effort: &Effort) -> Measured {
    let zipf = Zipf::new(u64::from(case.count("N")), case.number("alpha"));
    let capacity = case.count("C");
    let mut cache = Cache::new(eviction, Capacity::Entries(capacity), Ttl::FOREVER);
    let mut ask = |rng: &mut Rng, count: u32| {
        let mut hits = 0;
        for _ in 0..count {
            let key = zipf.sample(rng);
            if cache.get(Time::ZERO, key) {
                hits += 1;
            } else {
                cache.insert(Time::ZERO, key, 1, rng);
            }
        }
        f64::from(hits) / f64::from(count)
    };
    // Until it is full of what is asked for, twenty times its size.
    ask(&mut effort.seed.stream("warm-up"), 20 * capacity + DRAWS);
    // Long against what the cache remembers.
    let requests = DRAWS.max(4 * capacity);
    repeat(&[name], f64::from(requests), effort, |rng| vec![ask(rng, requests)])
}

/// LRU and FIFO; RANDOM is as FIFO. The ideal LFU knows the keys' shares and holds the most popular for ever.
pub(super) fn cache(case: &Case, effort: &Effort) -> Result<Measured> {
    let mut measured = hit_ratio(case, Eviction::Lru, "LRU_hit", effort);
    measured.append(&mut hit_ratio(case, Eviction::Fifo, "FIFO_RANDOM_hit", effort));
    measured.append(&mut heads(case, u64::from(case.count("C")), effort));
    Ok(measured)
}
