//! Hash rings, jump hash, and rings with bounded loads by themselves.

use anyhow::Result;
use loadpath_core::component::HashRing;
use loadpath_core::component::balance::{Balancer, Policy, Request, Settings, jump};
use loadpath_core::rng::{Rng, Seed};
use loadpath_core::stats::Estimate;
use loadpath_core::time::Time;

use super::super::case::Case;
use super::super::measure::{Effort, Measured, repeat};
use super::components::DRAWS;

/// Each repetition needs a ring of its own, and a ring's points follow from the numbers of its targets: so it is a random few of
/// the targets of a much larger ring, the others being out of use.
struct Rings {
    all: HashRing,
    targets: u16,
    nodes: u16,
}

/// How many times larger at least: any two repetitions share this part of their targets.
const LARGER: u16 = 40;
/// How many points the larger ring has at least, as far as targets have numbers: repetitions tell of its points alone, whose own
/// chance does not go away by repeating.
const POINTS: u32 = 650_000;
const MOST_TARGETS: u32 = 65_000;

impl Rings {
    fn new(nodes: u16, points: u32) -> Self {
        let enough = (POINTS / points.max(1)).min(MOST_TARGETS) as u16;
        let targets = enough.max(LARGER * (nodes + 1));
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
    // As cheap as it is to go once round the ring.
    let cost = f64::from(rings.targets) * f64::from(points) / 50.0;
    let mut measured =
        repeat(&["max_over_mean", "min_over_mean", "cv2"], cost, effort, |rng| shares(&rings, rng));
    root_of(&mut measured, "cv2", "cv");
    measured.append(&mut moves(&rings, effort));
    Ok(measured)
}

/// Largest and smallest share over the mean, and the squared variation.
fn shares(rings: &Rings, rng: &mut Rng) -> Vec<f64> {
    let (chosen, mut is_in) = rings.draw(rng);
    is_in[usize::from(chosen[0])] = false;
    let shares = rings.all.shares(rings.targets, |target| is_in[usize::from(target)]);
    let own: Vec<f64> =
        chosen[1..].iter().map(|&target| shares[usize::from(target)] * f64::from(rings.nodes)).collect();
    let variance = own.iter().map(|share| (share - 1.0) * (share - 1.0)).sum::<f64>() / own.len() as f64;
    let (most, least) =
        (own.iter().copied().fold(0.0, f64::max), own.iter().copied().fold(f64::MAX, f64::min));
    vec![most, least, variance]
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

/// Keys are cheap, and few buckets take many of them to tell how evenly they are filled.
pub(super) fn jump_hash(case: &Case, effort: &Effort) -> Result<Measured> {
    let (buckets, keys) = (case.count("buckets") as u16, case.count("keys"));
    let fills = |rng: &mut Rng| {
        let mut counts = vec![0u32; usize::from(buckets)];
        for _ in 0..keys {
            counts[usize::from(jump(rng.bits(), buckets))] += 1;
        }
        let mean = f64::from(keys) / f64::from(buckets);
        let off = |count: u32| f64::from(count) - mean;
        let variance = counts.iter().map(|&count| off(count) * off(count)).sum::<f64>();
        let most = counts.iter().copied().max().unwrap_or(0);
        vec![variance / f64::from(buckets) / (mean * mean), f64::from(most) / mean]
    };
    let moves = |rng: &mut Rng| {
        let moved = |key: u64| u32::from(jump(key, buckets + 1) != jump(key, buckets));
        let count: u32 = (0..DRAWS).map(|_| moved(rng.bits())).sum();
        vec![f64::from(count) / f64::from(DRAWS)]
    };
    let mut measured = repeat(&["moved_on_add"], f64::from(DRAWS), effort, moves);
    let names = ["cv2", "expected_max_over_mean_gauss"];
    measured.append(&mut repeat(&names, f64::from(keys) / 10.0, effort, fills));
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
