//! A cache at work: real entries, per instance. Wired to a database it reads and writes through.
use super::super::call::{Ask, Call, Slot, Stage};
use super::super::simulation::Simulation;
use super::State;
use crate::component::HashRing;
use crate::component::cache::{self, Capacity, Eviction, Ttl};
use crate::dist::Sampler;
use crate::id::EdgeIndex;
use crate::run::Outcome;
use crate::topology::{CacheNode, PlanNode};

/// What a cache knows.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Cache {
    pub(super) service_time: Sampler,
    /// Which instance has which keys.
    pub(super) ring: HashRing,
    /// What each instance remembers.
    entries: Vec<cache::Cache>,
    /// The database behind it, when it reads through.
    behind: Option<EdgeIndex>,
}

impl Cache {
    pub(super) fn new(node: &PlanNode, spec: &CacheNode) -> Self {
        let entries =
            cache::Cache::new(Eviction::Lru, Capacity::Entries(spec.capacity), Ttl::fixed(spec.ttl));
        Self {
            service_time: spec.service_time.sampler(),
            ring: HashRing::new(spec.instances),
            entries: vec![entries; usize::from(spec.instances)],
            behind: node.out.first().copied(),
        }
    }

    /// An instance has died, and its memory with it.
    pub(super) fn forget(&mut self, instance: u16) {
        self.entries[usize::from(instance)].clear();
    }
}

impl Simulation {
    fn cache(&mut self, slot: Slot) -> (&mut Cache, usize) {
        let call = &self.calls[slot];
        match &mut self.nodes[call.node.index()].state {
            State::Cache(cache) => (cache, usize::from(call.instance)),
            _ => unreachable!("the node is a cache"),
        }
    }

    /// The call's instance remembers the call's key.
    fn remember(&mut self, slot: Slot) {
        let (now, call) = (self.now, self.calls[slot]);
        let (place, instance) = (&mut self.nodes[call.node.index()], usize::from(call.instance));
        let State::Cache(cache) = &mut place.state else { unreachable!("the node is a cache") };
        cache.entries[instance].insert(now, call.key, 1, &mut place.stations[instance].rng);
    }

    /// A worker has done what was asked; a read or write that must go on to the database goes there.
    pub(in crate::sim) fn cache_finish(&mut self, slot: Slot) {
        self.release(slot);
        let (now, call) = (self.now, self.calls[slot]);
        let (cache, instance) = self.cache(slot);
        let (entries, behind) = (&mut cache.entries[instance], cache.behind);
        match call.ask {
            Ask::Read => {
                let hit = entries.get(now, call.key);
                self.nodes[call.node.index()].meter.looked_up(hit);
                self.calls[slot].hit = hit;
                if hit {
                    return self.answer(slot, Outcome::Ok);
                }
            }
            Ask::Fill => {
                self.remember(slot);
                return self.answer(slot, Outcome::Ok);
            }
            Ask::Delete => {
                entries.remove(call.key);
                return self.answer(slot, Outcome::Ok);
            }
            Ask::Write => {}
        }
        let Some(edge) = behind else {
            return self.answer(slot, Outcome::Ok);
        };
        let instance = self.instance_for(edge, call.key);
        self.calls[slot].stage = Stage::Calling;
        self.call(slot, edge, instance, call.ask, (call.class, call.key));
    }

    /// The database behind it has answered: the value is remembered and passed on.
    pub(in crate::sim) fn cache_answered(&mut self, slot: Slot, answer: &Call) {
        if answer.outcome != Outcome::Ok {
            return self.answer(slot, Outcome::Failed);
        }
        self.remember(slot);
        self.answer(slot, Outcome::Ok);
    }
}
