//! What caches and CDNs answer from memory, and what is left for whoever is behind them.
use super::{GROUPS, Group, NodeFlow, Solver};
use crate::analytic::formula::RankPoint;
use crate::analytic::formula::cache::{Keyed, Refresh, characteristic_time};
use crate::math::exp_m1;
use crate::topology::{CacheNode, CdnNode, NodeKind, Writes};
use crate::workload::{Class, Operation};

/// What remembers.
pub(in crate::analytic) struct Memory;

impl Memory {
    /// Whether nodes of this kind do.
    pub(in crate::analytic) const fn is(kind: &NodeKind) -> bool {
        matches!(kind, NodeKind::Cache(_) | NodeKind::Cdn(_))
    }

    /// Whether it looks requests of a class up.
    pub(in crate::analytic) fn looks_up(kind: &NodeKind, class: &Class) -> bool {
        match kind {
            NodeKind::Cache(_) => class.operation == Operation::Read,
            NodeKind::Cdn(cdn) => {
                class.operation == Operation::Static || cdn.keeps_reads && class.operation == Operation::Read
            }
            _ => false,
        }
    }
}

impl Solver<'_> {
    /// What a node answers from memory of what arrives there, if it is such a cache or CDN.
    pub(in crate::analytic) fn remember_as(
        &self,
        flow: &mut NodeFlow,
        node: usize,
        kind: &NodeKind,
        guess: Option<f64>,
    ) {
        match kind {
            NodeKind::Cache(spec) => {
                self.look_up(flow, spec, !self.plan.nodes[node].out.is_empty(), guess);
            }
            NodeKind::Cdn(spec) => self.pull_from_origin(flow, spec, guess),
            _ => {}
        }
    }

    /// A hit ratio that was seen takes the place of the estimated one, for all keys alike.
    pub(super) fn set_hits(&self, flow: &mut NodeFlow, known: f64) {
        for group in [Group::Read, Group::Static] {
            flow.hits[group as usize].iter_mut().for_each(|hit| *hit = known);
        }
        flow.hit_ratio = Some(known);
        flow.class_hits = self.class_hits(flow);
    }

    /// How much earlier caches have left of a group's requests for a key, of all classes alike, by point.
    pub(super) fn thin(&self, flow: &NodeFlow, group: Group) -> Vec<f64> {
        let mut asked = vec![0.0; self.keys.points.len()];
        for (c, class) in self.plan.classes.iter().enumerate() {
            if Group::of(class.operation) == group && flow.classes[c] > 0.0 {
                let shares = &self.keys.shares[c];
                asked.iter_mut().zip(shares).for_each(|(asked, share)| *asked += flow.classes[c] * share);
            }
        }
        let left = |(asked, rate): (&f64, &f64)| if *asked > 0.0 { rate / asked } else { 0.0 };
        asked.iter().zip(flow.by_key.group(group)).map(left).collect()
    }

    /// The share of a class's requests that `share` by point leaves, where earlier caches have left `thin` of them.
    pub(super) fn class_share(&self, class: usize, thin: &[f64], share: &[f64]) -> f64 {
        let (mut all, mut left) = (0.0, 0.0);
        let shares = self.keys.shares[class].iter().zip(thin).zip(share);
        for (point, ((own, thin), share)) in self.keys.points.iter().zip(shares) {
            let weight = point.keys * own * thin;
            all += weight;
            left += weight * share;
        }
        if all > 0.0 { left / all } else { 1.0 }
    }

    pub(super) fn class_hits(&self, flow: &NodeFlow) -> Vec<f64> {
        let thin = GROUPS.map(|group| {
            if flow.hits[group as usize].is_empty() { Vec::new() } else { self.thin(flow, group) }
        });
        let of = |(c, class): (usize, &Class)| {
            let group = Group::of(class.operation) as usize;
            if thin[group].is_empty() { 0.0 } else { self.class_share(c, &thin[group], &flow.hits[group]) }
        };
        self.plan.classes.iter().enumerate().map(of).collect()
    }

    /// What a cache answers from memory. Its instances are taken as one cache of their common size.
    pub(super) fn look_up(&self, flow: &mut NodeFlow, spec: &CacheNode, through: bool, guess: Option<f64>) {
        let replaces =
            matches!(spec.writes, Writes::Through | Writes::Back) || through && spec.writes == Writes::Auto;
        let refresh = if replaces { Refresh::Replace } else { Refresh::Delete };
        let writes = if through { flow.by_key.group(Group::Write) } else { &flow.by_key.upkeep };
        let reads = flow.by_key.group(Group::Read);
        let keyed =
            |(j, point): (usize, &RankPoint)| (point.keys, Keyed { reads: reads[j], writes: writes[j] });
        let keyed: Vec<(f64, Keyed)> = self.keys.points.iter().enumerate().map(keyed).collect();
        let capacity = f64::from(spec.capacity) * f64::from(spec.instances);
        let eviction = characteristic_time(&keyed, capacity, refresh, guess);
        // Where a use renews an entry, it goes after a gap that is longer than the one or the other.
        let (gap, ttl) = match spec.ttl.as_secs() {
            ttl if spec.renewed_by_use => (eviction.min(ttl), f64::INFINITY),
            ttl => (eviction, ttl),
        };
        let hits: Vec<f64> = keyed.iter().map(|(_, key)| key.hit_ratio(gap, ttl, refresh)).collect();
        if through && spec.writes == Writes::Back {
            // Of the writes of a key in an interval one goes on.
            let interval = spec.flush_interval.as_secs();
            let stay = |&rate: &f64| {
                let seen = rate * interval;
                if seen > 0.0 { 1.0 + exp_m1(-seen) / seen } else { 0.0 }
            };
            flow.hits[Group::Write as usize] = writes.iter().map(stay).collect();
        }
        flow.hits[Group::Read as usize] = hits;
        self.remember(flow, eviction, &[Group::Read]);
    }

    /// What a CDN answers from memory. Each point of presence has a like part of the users, who ask for the same.
    pub(super) fn pull_from_origin(&self, flow: &mut NodeFlow, spec: &CdnNode, guess: Option<f64>) {
        let kept: &[Group] = if spec.keeps_reads { &[Group::Read, Group::Static] } else { &[Group::Static] };
        let n = f64::from(spec.instances);
        let keyed: Vec<(f64, Keyed)> = kept
            .iter()
            .flat_map(|&group| self.keys.points.iter().zip(flow.by_key.group(group)))
            .map(|(point, rate)| (point.keys, Keyed { reads: rate / n, writes: 0.0 }))
            .collect();
        let eviction = characteristic_time(&keyed, f64::from(spec.capacity), Refresh::Delete, guess);
        let ttl = spec.ttl.as_secs();
        let hits: Vec<f64> =
            keyed.iter().map(|(_, key)| key.hit_ratio(eviction, ttl, Refresh::Delete)).collect();
        for (&group, hits) in kept.iter().zip(hits.chunks(self.keys.points.len())) {
            flow.hits[group as usize] = hits.to_vec();
        }
        self.remember(flow, eviction, kept);
    }

    fn remember(&self, flow: &mut NodeFlow, eviction: f64, kept: &[Group]) {
        let (mut asked, mut hit) = (0.0, 0.0);
        for &group in kept {
            let rates = flow.by_key.group(group);
            asked += self.keys.sum(rates);
            let hits: Vec<f64> =
                rates.iter().zip(&flow.hits[group as usize]).map(|(rate, hit)| rate * hit).collect();
            hit += self.keys.sum(&hits);
        }
        flow.hit_ratio = Some(if asked > 0.0 { hit / asked } else { 0.0 });
        flow.class_hits = self.class_hits(flow);
        flow.eviction = eviction;
    }
}
