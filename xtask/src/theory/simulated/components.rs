//! The components by themselves: caches, rings, jump hash, the sampler of keys.

use anyhow::Result;
use loadpath_core::component::HashRing;
use loadpath_core::component::balance::{Balancer, Policy, Request, Settings, jump};
use loadpath_core::component::cache::{Cache, Capacity, Eviction, Ttl};
use loadpath_core::dist::{Law, Zipf};
use loadpath_core::rng::{Rng, Seed};
use loadpath_core::stats::Estimate;
use loadpath_core::time::{Span, Time};

use super::super::case::Case;
use super::super::measure::{Effort, Measured, repeat};

/// Draws of a repetition.
const DRAWS: u32 = 100_000;

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
    Ok(repeat(&heads.map(|(name, _)| name), f64::from(DRAWS), effort, once))
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

/// LRU and FIFO. The ideal LFU knows the keys' shares and is no policy; RANDOM is as FIFO.
pub(super) fn cache(case: &Case, effort: &Effort) -> Result<Measured> {
    let mut measured = hit_ratio(case, Eviction::Lru, "LRU_hit", effort);
    measured.append(&mut hit_ratio(case, Eviction::Fifo, "FIFO_RANDOM_hit", effort));
    Ok(measured)
}

/// Asks a cache with room for everything for `count` keys, `gap` apart; the share of hits.
fn with_ttl(
    cache: &mut Cache,
    now: &mut Time,
    gap: &Law,
    count: u32,
    rng: &mut Rng,
    mut key: impl FnMut(&mut Rng) -> u64,
) -> f64 {
    let sampler = gap.sampler();
    let mut hits = 0;
    for _ in 0..count {
        *now = *now + sampler.sample(rng);
        let key = key(rng);
        if cache.get(*now, key) {
            hits += 1;
        } else {
            cache.insert(*now, key, 1, rng);
        }
    }
    f64::from(hits) / f64::from(count)
}

fn room_for(keys: u32, ttl: f64) -> Cache {
    Cache::new(Eviction::Lru, Capacity::Entries(keys), Ttl::fixed(Span::from_secs(ttl)))
}

pub(super) fn one_key(case: &Case, effort: &Effort) -> Result<Measured> {
    let rate = case.number("lambda_");
    let (mut cache, mut now) = (room_for(1, case.number("T")), Time::ZERO);
    let gap = Law::Exponential(Span::from_secs(1.0 / rate));
    let once = |rng: &mut Rng| {
        let hit = with_ttl(&mut cache, &mut now, &gap, DRAWS, rng, |_| 0);
        vec![hit, rate * (1.0 - hit)]
    };
    Ok(repeat(&["hit_fixed_ttl", "origin_rate_fixed"], f64::from(DRAWS), effort, once))
}

/// Each is one request later than what is good at the very end, which the theory counts as a hit.
pub(super) fn periodic(case: &Case, effort: &Effort) -> Result<Measured> {
    let ttl = case.number("T") + 1e-6;
    let gap = Law::Constant(Span::from_secs(case.number("interval")));
    // Whole cycles of a miss and its hits, or the last would be cut.
    let cycle = (ttl / case.number("interval")) as u32 + 1;
    let once = |rng: &mut Rng| {
        let (mut cache, mut now) = (room_for(1, ttl), Time::ZERO);
        vec![with_ttl(&mut cache, &mut now, &gap, 1_000 * cycle, rng, |_| 0)]
    };
    Ok(repeat(&["hit_fixed_ttl"], f64::from(DRAWS), effort, once))
}

pub(super) fn many_keys(case: &Case, effort: &Effort) -> Result<Measured> {
    let (keys, rate, ttl) = (case.count("N"), case.number("total_rate"), case.number("T"));
    let zipf = Zipf::new(u64::from(keys), case.number("alpha"));
    let (mut cache, mut now) = (room_for(keys, ttl), Time::ZERO);
    let gap = Law::Exponential(Span::from_secs(1.0 / rate));
    let requests = DRAWS.max((4.0 * rate * ttl) as u32);
    with_ttl(&mut cache, &mut now, &gap, requests, &mut effort.seed.stream("warm-up"), |rng| {
        zipf.sample(rng)
    });
    let once =
        |rng: &mut Rng| vec![with_ttl(&mut cache, &mut now, &gap, requests, rng, |rng| zipf.sample(rng))];
    Ok(repeat(&["hit_fixed_ttl"], f64::from(requests), effort, once))
}

/// Each repetition needs a ring of its own, and a ring's points follow from the numbers of its targets: so it is a random few of
/// the targets of a much larger ring, the others being out of use.
struct Rings {
    all: HashRing,
    targets: u16,
    nodes: u16,
}

/// How many times larger: any two repetitions share this part of their targets.
const LARGER: u16 = 40;

impl Rings {
    fn new(nodes: u16, points: u32) -> Self {
        let targets = LARGER * (nodes + 1);
        Self { all: HashRing::with_virtual_nodes(targets, points), targets, nodes }
    }

    /// One node more than asked for, which is to come or to go: their numbers, and by target whether it is one of them.
    fn draw(&self, rng: &mut Rng) -> (Vec<u16>, Vec<bool>) {
        let (mut chosen, mut is_in) = (Vec::new(), vec![false; usize::from(self.targets)]);
        while chosen.len() <= usize::from(self.nodes) {
            let target = rng.below(u64::from(self.targets)) as u16;
            if !std::mem::replace(&mut is_in[usize::from(target)], true) {
                chosen.push(target);
            }
        }
        (chosen, is_in)
    }

    fn pick(&self, key: u64, usable: impl Fn(u16) -> bool) -> u16 {
        self.all.pick(key, usable).expect("some target is usable")
    }
}

/// The spread of a ring's shares, and what moves when a node comes or goes: each node in turn.
pub(super) fn ring(case: &Case, effort: &Effort) -> Result<Measured> {
    let (nodes, points) = (case.count("nodes") as u16, case.count("vnodes"));
    let rings = Rings::new(nodes, points);
    // Enough keys that their own noise adds less than a thousandth to the largest share.
    let keys = u32::from(nodes) * if points == 1 { 1_000 } else { 20_000 };
    let mut measured = repeat(&["max_over_mean", "min_over_mean", "cv2"], f64::from(keys), effort, |rng| {
        shares(&rings, keys, rng)
    });
    if points == 1 {
        // So small a share needs more keys than can be asked for.
        measured.remove("min_over_mean");
    }
    root_of(&mut measured, "cv2", "cv");
    measured.append(&mut moves(&rings, effort));
    Ok(measured)
}

/// Largest and smallest share over the mean, and the squared variation, less what the keys' own chance adds.
fn shares(rings: &Rings, keys: u32, rng: &mut Rng) -> Vec<f64> {
    let (chosen, mut is_in) = rings.draw(rng);
    is_in[usize::from(chosen[0])] = false;
    let mut counts = vec![0u32; usize::from(rings.targets)];
    for _ in 0..keys {
        counts[usize::from(rings.pick(rng.bits(), |target| is_in[usize::from(target)]))] += 1;
    }
    let mean = f64::from(keys) / f64::from(rings.nodes);
    let own: Vec<f64> =
        chosen[1..].iter().map(|&target| f64::from(counts[usize::from(target)]) / mean).collect();
    let variance = own.iter().map(|share| (share - 1.0) * (share - 1.0)).sum::<f64>() / own.len() as f64;
    let (most, least) =
        (own.iter().copied().fold(0.0, f64::max), own.iter().copied().fold(f64::MAX, f64::min));
    vec![most, least, variance - 1.0 / mean]
}

fn moves(rings: &Rings, effort: &Effort) -> Measured {
    let n = u64::from(rings.nodes);
    let once = |rng: &mut Rng| {
        let (chosen, is_in) = rings.draw(rng);
        let [mut added, mut removed, mut modulo] = [0u32; 3];
        for i in 0..u64::from(DRAWS) {
            let key = rng.bits();
            let without = |gone: u16| rings.pick(key, |t| is_in[usize::from(t)] && t != gone);
            let comes = chosen[(i % (n + 1)) as usize];
            let with = rings.pick(key, |t| is_in[usize::from(t)]);
            added += u32::from(without(comes) != with);
            // One of n goes: the extra one is not there from the beginning.
            let (extra, goes) = (chosen[0], chosen[1 + (i % n) as usize]);
            let after = rings.pick(key, |t| is_in[usize::from(t)] && t != extra && t != goes);
            removed += u32::from(without(extra) != after);
            let hash = loadpath_core::hash::mix(key);
            modulo += u32::from(hash % n != hash % (n + 1));
        }
        [added, removed, modulo].map(|count| f64::from(count) / f64::from(DRAWS)).to_vec()
    };
    repeat(&["moved_on_add", "moved_on_remove", "moved_mod_hash_add"], f64::from(DRAWS), effort, once)
}

/// Takes the root of a mean square: the root of a mean is not the mean of roots.
fn root_of(measured: &mut Measured, square: &str, name: &str) {
    if let Some(square) = measured.remove(square) {
        let value = square.value.max(0.0).sqrt();
        let root = Estimate { value, half_width: square.half_width / (2.0 * value) };
        measured.insert(name.to_owned(), root);
    }
}

pub(super) fn jump_hash(case: &Case, effort: &Effort) -> Result<Measured> {
    let (buckets, keys) = (case.count("buckets") as u16, case.count("keys"));
    let once = |rng: &mut Rng| {
        let (mut counts, mut moved) = (vec![0u32; usize::from(buckets)], 0u32);
        for _ in 0..keys {
            let key = rng.bits();
            let bucket = jump(key, buckets);
            counts[usize::from(bucket)] += 1;
            moved += u32::from(jump(key, buckets + 1) != bucket);
        }
        let mean = f64::from(keys) / f64::from(buckets);
        let variance =
            counts.iter().map(|&count| (f64::from(count) - mean) * (f64::from(count) - mean)).sum::<f64>();
        let most = counts.iter().copied().max().unwrap_or(0);
        vec![
            f64::from(moved) / f64::from(keys),
            variance / f64::from(buckets) / (mean * mean),
            f64::from(most) / mean,
        ]
    };
    let names = ["moved_on_add", "cv2", "expected_max_over_mean_gauss"];
    let mut measured = repeat(&names, f64::from(keys), effort, once);
    root_of(&mut measured, "cv2", "cv_of_bucket_load");
    Ok(measured)
}

/// Balls on a bounded ring, one hot key: nobody may ever hold more than the bound, and somebody must reach it.
pub(super) fn bounded_loads(case: &Case, effort: &Effort) -> Result<Measured> {
    let (servers, balls) = (case.count("servers") as u16, case.count("balls"));
    let once = |rng: &mut Rng| {
        let settings = Settings { bounded_load: case.number("c"), ..Settings::from(Policy::BoundedLoad) };
        let mut balancer = Balancer::new(settings, servers);
        let request = Request { key: rng.bits(), ..Request::default() };
        let mut chance = Seed(rng.bits()).stream("pick");
        for _ in 0..balls {
            balancer.pick(Time::ZERO, &request, &mut chance);
        }
        let most = (0..servers).map(|server| balancer.targets.in_flight(server)).max().unwrap_or(0);
        vec![f64::from(most)]
    };
    Ok(repeat(&["max_load"], f64::from(balls), effort, once))
}
