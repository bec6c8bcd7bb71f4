//! The key space that the classes share, and where its keys live.
use super::formula::{RankPoint, rank_points};
use crate::component::balance::Policy;
use crate::component::{Sharding, Shards};
use crate::id::EdgeIndex;
use crate::math::pow;
use crate::order;
use crate::topology::{NodeKind, Plan};
use std::rc::Rc;

/// Ranks whose home is looked up one by one; the rest is spread by the homes of samples.
const HEAD: usize = 256;

/// How many of the other keys are looked up to find the share of each home.
const SAMPLES: u64 = 1_024;

/// Weighted ranks over all classes' keys, and each class's share of a single key there.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub(super) points: Vec<RankPoint>,
    /// By class, then by point; a class's shares sum to one over its keys.
    pub(super) shares: Vec<Vec<f64>>,
    /// For each of the first ranks: the point at or after it, and how far it lies towards it from the one before.
    near: Vec<(usize, f64)>,
    /// How many keys there are.
    count: u64,
}

impl Keys {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut breaks: Vec<u64> = plan.classes.iter().map(|class| class.keys).collect();
        order::sort_by_key(&mut breaks, |&keys| keys);
        breaks.dedup();
        let count = breaks.last().copied().unwrap_or(1);
        let points = rank_points(count, &breaks, 2);
        let shares = plan.classes.iter().map(|class| {
            let last = class.keys as f64;
            let share =
                |point: &RankPoint| if point.rank > last { 0.0 } else { pow(point.rank, -class.skew) };
            let mut shares: Vec<f64> = points.iter().map(share).collect();
            let total: f64 = points.iter().zip(&shares).map(|(point, share)| point.keys * share).sum();
            shares.iter_mut().for_each(|share| *share /= total);
            shares
        });
        let shares = shares.collect();
        let near = (1..=count.min(HEAD as u64)).map(|rank| near(&points, rank as f64)).collect();
        Self { points, shares, near, count }
    }

    /// The sum over all keys of a value by point.
    pub(super) fn sum(&self, values: &[f64]) -> f64 {
        self.points.iter().zip(values).map(|(point, value)| point.keys * value).sum()
    }

    /// How a rate by point falls on the places where its keys live.
    pub(super) fn heat(&self, homes: &Homes, rates: &[f64]) -> Vec<f64> {
        let mut heat = vec![0.0; homes.tail.len()];
        let mut head = 0.0;
        for (&(point, part), &home) in self.near.iter().zip(&homes.head) {
            let before = rates[point.saturating_sub(1)];
            let rate = before + (rates[point] - before) * part;
            heat[usize::from(home)] += rate;
            head += rate;
        }
        let rest = (self.sum(rates) - head).max(0.0);
        heat.iter_mut().zip(&homes.tail).for_each(|(heat, share)| *heat += rest * share);
        heat
    }

    /// Where keys live under `home`, of `places` places.
    fn homes(&self, places: usize, home: impl Fn(u64) -> u16) -> Homes {
        let head: Vec<u16> = (0..self.near.len() as u64).map(&home).collect();
        let mut tail = vec![0.0; places];
        let rest = self.count - head.len() as u64;
        let samples = rest.min(SAMPLES);
        for i in 0..samples {
            let key = head.len() as u64 + i * rest / samples;
            tail[usize::from(home(key))] += 1.0 / samples as f64;
        }
        Homes { head, tail }
    }
}

fn near(points: &[RankPoint], rank: f64) -> (usize, f64) {
    let place = points.partition_point(|point| point.rank < rank).min(points.len() - 1);
    let before = points[place.saturating_sub(1)].rank;
    let width = points[place].rank - before;
    (place, if width > 0.0 { ((rank - before) / width).min(1.0) } else { 1.0 })
}

/// Where the keys live, of several places.
#[derive(Clone, Debug)]
pub(super) struct Homes {
    /// Of the most popular keys.
    head: Vec<u16>,
    /// The share of each place among the others.
    tail: Vec<f64>,
}

/// Every target is looked at.
pub(super) const ALL: u16 = u16::MAX;

/// How calls find their instance.
#[derive(Clone, Debug)]
pub(super) enum Placement {
    /// In turn: evenly, and at more regular gaps.
    Turn,
    /// By chance, or by the user: evenly.
    Chance,
    /// By what is in flight at so many that are looked at; `ALL` of them where there is no bound.
    InFlight(u16),
    /// By the key; the places of this edge's callee start at `first`.
    Key {
        /// The homes of all places that the caller picks from.
        homes: Rc<Homes>,
        /// Of those, the callee's first.
        first: usize,
    },
}

/// How each edge's calls find an instance of its callee. Rings are built once for all loads.
pub(super) fn placements(plan: &Plan, keys: &Keys) -> Vec<Placement> {
    let mut known = Known { keys, homes: Vec::new() };
    (0..plan.edges.len()).map(|i| known.placement(plan, EdgeIndex(i as u16))).collect()
}

/// The homes that were looked up before: many nodes are alike.
struct Known<'a> {
    keys: &'a Keys,
    homes: Vec<((Sharding, u16, u32), Rc<Homes>)>,
}

impl Known<'_> {
    fn placement(&mut self, plan: &Plan, edge: EdgeIndex) -> Placement {
        let callee = &plan.node(plan.edge(edge).to).kind;
        match (&plan.node(plan.edge(edge).from).kind, callee) {
            (NodeKind::LoadBalancer(balancer), _) => match balancer.policy {
                _ if balancer.sticky => Placement::Chance,
                Policy::RoundRobin | Policy::Weighted => Placement::Turn,
                Policy::Random | Policy::IpHash => Placement::Chance,
                Policy::PowerOfTwo if balancer.choices == 1 => Placement::Chance,
                Policy::PowerOfTwo => Placement::InFlight(balancer.choices),
                Policy::LeastConnections | Policy::PeakEwma => Placement::InFlight(ALL),
                Policy::HashRing
                | Policy::BoundedLoad
                | Policy::Maglev
                | Policy::Rendezvous
                | Policy::Jump => self.balanced_by_key(plan, edge),
            },
            // A message waits in one line for whoever is free.
            (NodeKind::Queue(_), _) => Placement::InFlight(ALL),
            (_, NodeKind::Cdn(_)) => Placement::Chance,
            (_, NodeKind::Cache(spec)) if spec.instances > 1 => {
                self.by_key(Sharding::Ring, spec.instances, 0, 0)
            }
            (_, NodeKind::Database(spec)) if spec.shards > 1 => {
                self.by_key(spec.sharding, spec.shards, spec.isolated_keys, 0)
            }
            _ => Placement::Turn,
        }
    }

    fn balanced_by_key(&mut self, plan: &Plan, edge: EdgeIndex) -> Placement {
        let out = &plan.node(plan.edge(edge).from).out;
        let instances = |edge: &EdgeIndex| usize::from(plan.node(plan.edge(*edge).to).kind.instances());
        let places: usize = out.iter().map(instances).sum();
        let first = out.iter().take_while(|&&other| other != edge).map(instances).sum();
        // Check bounds the instances of a whole plan below a u16.
        self.by_key(Sharding::Ring, places as u16, 0, first)
    }

    fn by_key(&mut self, sharding: Sharding, places: u16, isolated: u32, first: usize) -> Placement {
        let like = (sharding, places, isolated);
        let found = self.homes.iter().find(|(known, _)| *known == like).map(|(_, homes)| homes.clone());
        let homes = found.unwrap_or_else(|| {
            let shards = Shards::over(sharding, places, self.keys.count);
            let home = |key: u64| {
                if key < u64::from(isolated) { (key % u64::from(places)) as u16 } else { shards.shard(key) }
            };
            let mut homes = self.keys.homes(usize::from(places), home);
            if matches!(sharding, Sharding::Modulo | Sharding::Directory) {
                // Of many keys each place has its like part; a sample would only blur it.
                homes.tail.fill(1.0 / f64::from(places));
            }
            let homes = Rc::new(homes);
            self.homes.push((like, homes.clone()));
            homes
        });
        Placement::Key { homes, first }
    }
}

impl Homes {
    /// How many places there are.
    pub(super) fn places(&self) -> usize {
        self.tail.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::formula::zipf_sum;
    use super::*;
    use crate::topology::{check, three_tier};

    #[test]
    fn the_hottest_shard_is_as_hot_as_the_sum_over_all_keys_says() {
        let plan = check(&three_tier()).unwrap();
        let keys = Keys::of(&plan);
        assert!((keys.sum(&keys.shares[0]) - 1.0).abs() < 1e-5);
        let class = &plan.classes[0];
        let total = zipf_sum(class.keys, class.skew);
        for sharding in [Sharding::Modulo, Sharding::Ring] {
            let shards = Shards::over(sharding, 6, class.keys);
            let mut exact = [0.0; 6];
            for key in 0..class.keys {
                exact[usize::from(shards.shard(key))] += pow((key + 1) as f64, -class.skew) / total;
            }
            let mut known = Known { keys: &keys, homes: Vec::new() };
            let Placement::Key { homes, .. } = known.by_key(sharding, 6, 0, 0) else { panic!() };
            let heat = keys.heat(&homes, &keys.shares[0]);
            for (heat, exact) in heat.iter().zip(exact) {
                // Half of the requests are for the tail, whose shares come from 1,024 samples: each has a standard
                // deviation of 0.012, half of it 0.006; three of them. Of a modulo there is no sample, and little is off.
                let bound = if sharding == Sharding::Ring { 0.018 } else { 0.004 };
                assert!((heat - exact).abs() < bound, "{sharding:?}: {heat}, exactly {exact}");
            }
        }
    }
}
