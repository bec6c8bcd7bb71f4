//! The key space that the classes share, and where its keys live.
use super::formula::{RankPoint, rank_points, zipf_sum};
use crate::component::balance::Policy;
use crate::component::{HashRing, Shards};
use crate::id::EdgeIndex;
use crate::math::pow;
use crate::topology::{NodeKind, Plan};

/// Ranks whose home is looked up one by one; the rest is spread by the homes of as many samples.
const HEAD: usize = 1_024;

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
        breaks.sort_unstable();
        breaks.dedup();
        let count = breaks.last().copied().unwrap_or(1);
        let points = rank_points(count, &breaks, 2);
        let shares = plan.classes.iter().map(|class| {
            let total = zipf_sum(class.keys, class.skew);
            let share = |point: &RankPoint| {
                if point.rank > class.keys as f64 { 0.0 } else { pow(point.rank, -class.skew) / total }
            };
            points.iter().map(share).collect()
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
        let samples = rest.min(HEAD as u64);
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

/// How calls find their instance.
#[derive(Clone, Debug)]
pub(super) enum Placement {
    /// In turn: evenly, and at more regular gaps.
    Turn,
    /// By what is in flight.
    InFlight(Policy),
    /// By the key; the places of this edge's callee start at `first`.
    Key {
        /// The homes of all places that the caller picks from.
        homes: Homes,
        /// Of those, the callee's first.
        first: usize,
    },
}

/// How each edge's calls find an instance of its callee. Rings are built once for all loads.
pub(super) fn placements(plan: &Plan, keys: &Keys) -> Vec<Placement> {
    let edges = plan.edges.iter().enumerate();
    edges.map(|(i, edge)| placement(plan, keys, EdgeIndex(i as u16), &plan.node(edge.to).kind)).collect()
}

fn placement(plan: &Plan, keys: &Keys, edge: EdgeIndex, callee: &NodeKind) -> Placement {
    let places = callee.instances();
    if let NodeKind::LoadBalancer(balancer) = &plan.node(plan.edge(edge).from).kind {
        return match balancer.policy {
            Policy::RoundRobin => Placement::Turn,
            Policy::HashRing => balanced_by_key(plan, keys, edge),
            policy => Placement::InFlight(policy),
        };
    }
    let homes = match callee {
        _ if places == 1 => return Placement::Turn,
        NodeKind::Cache(_) => {
            let ring = HashRing::new(places);
            keys.homes(usize::from(places), |key| ring_place(&ring, key))
        }
        NodeKind::Database(spec) => {
            let shards = Shards::new(spec.sharding, spec.shards);
            keys.homes(usize::from(places), |key| shards.shard(key))
        }
        _ => return Placement::Turn,
    };
    Placement::Key { homes, first: 0 }
}

fn balanced_by_key(plan: &Plan, keys: &Keys, edge: EdgeIndex) -> Placement {
    let out = &plan.node(plan.edge(edge).from).out;
    let instances = |edge: &EdgeIndex| usize::from(plan.node(plan.edge(*edge).to).kind.instances());
    let places: usize = out.iter().map(instances).sum();
    let first = out.iter().take_while(|&&other| other != edge).map(instances).sum();
    // Check bounds the instances of a whole plan below a u16.
    let ring = HashRing::new(places as u16);
    Placement::Key { homes: keys.homes(places, |key| ring_place(&ring, key)), first }
}

fn ring_place(ring: &HashRing, key: u64) -> u16 {
    ring.pick(key, |_| true).expect("a ring over at least one place has points")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::Sharding;
    use crate::topology::{check, three_tier};

    #[test]
    fn the_hottest_shard_is_as_hot_as_the_sum_over_all_keys_says() {
        let plan = check(&three_tier()).unwrap();
        let keys = Keys::of(&plan);
        assert!((keys.sum(&keys.shares[0]) - 1.0).abs() < 1e-5);
        let class = &plan.classes[0];
        let total = zipf_sum(class.keys, class.skew);
        for sharding in [Sharding::Modulo, Sharding::Ring] {
            let shards = Shards::new(sharding, 6);
            let mut exact = [0.0; 6];
            for key in 0..class.keys {
                exact[usize::from(shards.shard(key))] += pow((key + 1) as f64, -class.skew) / total;
            }
            let heat = keys.heat(&keys.homes(6, |key| shards.shard(key)), &keys.shares[0]);
            for (heat, exact) in heat.iter().zip(exact) {
                // A third of the requests are for the tail, whose shares come from 1,024 samples: each has a standard
                // deviation of 0.012, a third of it 0.004; three of them.
                assert!((heat - exact).abs() < 0.012, "{sharding:?}: {heat}, exactly {exact}");
            }
        }
    }
}
