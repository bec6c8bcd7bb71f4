//! A cache at work: real entries, per instance. Wired to a database it reads and writes through, or writes back later.
use super::super::call::{Ask, Call, NO_CALL, Origin, Slot, Stage};
use super::super::counter::Counter;
use super::super::rare::Rare;
use super::super::simulation::Simulation;
use super::State;
use crate::component::HashRing;
use crate::component::cache::{self, Capacity, Coalescer, Joined, Ttl};
use crate::dist::Sampler;
use crate::id::EdgeIndex;
use crate::rng::{Rng, Seed};
use crate::run::Outcome;
use crate::time::{Span, Time};
use crate::topology::{CacheNode, NodeKind, Plan, PlanNode, Writes};

/// For how long whoever missed a key first may fetch it. When the value has not come by then, the next who waits is told to fetch
/// it (the lease of Nishtala et al. 2013, "Scaling Memcache at Facebook", §3.2.1, here a second).
const LEASE: Span = Span::SECOND;

/// How many places for keys the caches of a design have together, at most: 32 MB.
const MOST_PLACES: u64 = 8 << 20;

/// What a cache knows.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Cache {
    pub(super) service_time: Sampler,
    /// Which instance has which keys.
    pub(super) ring: HashRing,
    /// What each instance remembers.
    entries: Vec<Memory>,
    /// What is behind it, when it reads through.
    behind: Option<EdgeIndex>,
    writes: Writes,
    flush_interval: Span,
    coalesce: bool,
}

/// What an instance remembers.
#[derive(Clone, Debug)]
struct Memory {
    cache: cache::Cache,
    rng: Rng,
    /// Lookups of keys that are being fetched.
    fetches: Coalescer<(Slot, u32)>,
    /// A write-back is on the agenda.
    planned: bool,
}

/// How many keys there are, where every cache can have a place for each.
fn few_keys(plan: &Plan) -> Option<usize> {
    let keys = plan.classes.iter().map(|class| class.keys).max()?;
    let instances = |node: &PlanNode| match &node.kind {
        NodeKind::Cache(cache) => u64::from(cache.instances),
        _ => 0,
    };
    let caches: u64 = plan.nodes.iter().map(instances).sum();
    (keys.saturating_mul(caches) <= MOST_PLACES).then_some(keys as usize)
}

impl Cache {
    pub(super) fn new(plan: &Plan, node: &PlanNode, spec: &CacheNode, seed: Seed) -> Self {
        let ttl = Ttl { span: spec.ttl, jitter: spec.ttl_jitter };
        let (eviction, capacity, keys) = (spec.eviction, Capacity::Entries(spec.capacity), few_keys(plan));
        let empty = match keys {
            Some(keys) => cache::Cache::of_keys(eviction, capacity, ttl, keys),
            None => cache::Cache::new(eviction, capacity, ttl),
        };
        let empty = if spec.renewed_by_use { empty.renewed_by_use() } else { empty };
        let memory = |i| Memory {
            cache: empty.clone(),
            rng: seed.stream(&format!("{}#{}/entries", node.id, i + 1)),
            fetches: Coalescer::default(),
            planned: false,
        };
        Self {
            service_time: spec.service_time.sampler(),
            ring: HashRing::new(spec.instances),
            entries: (0..spec.instances).map(memory).collect(),
            behind: node.out.first().copied(),
            writes: spec.writes,
            flush_interval: spec.flush_interval,
            coalesce: spec.coalesce,
        }
    }

    /// An instance has died, and its memory with it; gives how many values were nowhere else.
    pub(super) fn forget(&mut self, instance: u16) -> u64 {
        self.entries[usize::from(instance)].fetches.clear();
        self.flush(instance)
    }

    /// An instance's values are gone; gives how many were nowhere else.
    pub(super) fn flush(&mut self, instance: u16) -> u64 {
        self.entries[usize::from(instance)].cache.clear()
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.entries.iter().map(|memory| memory.cache.size()).sum::<usize>()
    }

    /// It stands beside its caller, who fills it.
    pub(super) const fn is_aside(&self) -> bool {
        self.behind.is_none()
    }
}

impl Simulation {
    fn cache(&mut self, node: usize) -> &mut Cache {
        match &mut self.nodes[node].state {
            State::Cache(cache) => cache,
            _ => unreachable!("the node is a cache"),
        }
    }

    /// A worker has done what was asked; what must go on to the database goes there.
    pub(in crate::sim) fn cache_finish(&mut self, slot: Slot) {
        self.release(slot);
        match self.calls[slot].ask {
            Ask::Read => self.look_up(slot),
            Ask::Fill => {
                self.remember(slot);
                self.answer(slot, Outcome::Ok);
            }
            Ask::Delete => {
                self.drop_entry(slot);
                self.answer(slot, Outcome::Ok);
            }
            Ask::Write | Ask::Static | Ask::Job => self.write_into(slot),
        }
    }

    fn look_up(&mut self, slot: Slot) {
        let (now, call) = (self.now, self.calls[slot]);
        let (node, key) = (call.node.index(), call.origin.key);
        let memory = &mut self.cache(node).entries[usize::from(call.instance)];
        let hit = memory.cache.get(now, key);
        self.nodes[node].meter.looked_up(hit);
        self.calls[slot].hit = hit;
        if hit {
            return self.answer(slot, Outcome::Ok);
        }
        let cache = self.cache(node);
        let behind = cache.behind;
        let (coalesce, fetches) = (cache.coalesce, &mut cache.entries[usize::from(call.instance)].fetches);
        if coalesce {
            if fetches.join(key, (slot, call.generation)) == Joined::Follower {
                self.calls[slot].stage = Stage::Parked;
                return self.count(node, Counter::Coalesced);
            }
            // What it asks for itself it will hear of; a caller's fetch may never come.
            if behind.is_none() {
                self.lease(node, call.instance, key);
            }
        }
        match behind {
            Some(edge) => self.go_behind(slot, edge),
            None => self.answer(slot, Outcome::Ok),
        }
    }

    fn go_behind(&mut self, slot: Slot, edge: EdgeIndex) {
        let call = &mut self.calls[slot];
        call.stage = Stage::Calling;
        let (ask, origin) = (call.ask, call.origin);
        self.call(slot, edge, ask, origin);
    }

    /// A write that goes through it: to the database first, or only later.
    fn write_into(&mut self, slot: Slot) {
        let node = self.calls[slot].node.index();
        let cache = self.cache(node);
        let (behind, writes) = (cache.behind, cache.writes);
        match behind {
            None => {
                self.remember(slot);
                self.answer(slot, Outcome::Ok);
            }
            Some(_) if writes == Writes::Back => {
                self.remember_dirty(slot);
                self.answer(slot, Outcome::Ok);
            }
            Some(edge) => self.go_behind(slot, edge),
        }
    }

    /// The value is in memory from now on; lookups that wait for it have it.
    fn remember(&mut self, slot: Slot) {
        let (now, call) = (self.now, self.calls[slot]);
        let (node, key, size) = (call.node.index(), call.origin.key, self.size_of(call.origin.class));
        let memory = &mut self.cache(node).entries[usize::from(call.instance)];
        let evicted = memory.cache.insert(now, key, size, &mut memory.rng);
        let dirty = evicted.iter().filter(|evicted| evicted.dirty).map(|evicted| evicted.key).collect();
        self.write_behind(node, call.origin, dirty);
        self.unpark_all(node, call.instance, key, Outcome::Ok, true);
    }

    fn remember_dirty(&mut self, slot: Slot) {
        let (now, call) = (self.now, self.calls[slot]);
        let (node, key, size) = (call.node.index(), call.origin.key, self.size_of(call.origin.class));
        let cache = self.cache(node);
        let interval = cache.flush_interval;
        let memory = &mut cache.entries[usize::from(call.instance)];
        let evicted = memory.cache.insert_dirty(now, key, size, &mut memory.rng);
        let dirty = evicted.iter().filter(|evicted| evicted.dirty).map(|evicted| evicted.key).collect();
        if !std::mem::replace(&mut memory.planned, true) {
            self.plan_rarely(now + interval, Rare::WriteBack { node, instance: call.instance });
        }
        self.write_behind(node, call.origin, dirty);
    }

    fn drop_entry(&mut self, slot: Slot) {
        let call = &self.calls[slot];
        let (node, instance, key) = (call.node.index(), usize::from(call.instance), call.origin.key);
        self.cache(node).entries[instance].cache.remove(key);
    }

    /// Values that were only in memory go to the database; nobody waits for it.
    fn write_behind(&mut self, node: usize, origin: Origin, keys: Vec<u64>) {
        let Some(edge) = self.cache(node).behind else { return };
        for key in keys {
            self.count(node, Counter::WrittenBack);
            self.call(
                NO_CALL,
                edge,
                Ask::Write,
                Origin { key, deadline: Time::NEVER, traced: false, ..origin },
            );
        }
    }

    /// The time has come to write back what is only in memory.
    pub(in crate::sim) fn write_back(&mut self, node: usize, instance: u16) {
        let memory = &mut self.cache(node).entries[usize::from(instance)];
        memory.planned = false;
        let mut keys = Vec::new();
        memory.cache.flush(u64::MAX, |key| keys.push(key));
        let origin = Origin { class: 0, user: 0, key: 0, deadline: Time::NEVER, traced: false };
        self.write_behind(node, origin, keys);
    }

    /// The lookups that wait for a key's fetch are answered.
    fn unpark_all(&mut self, node: usize, instance: u16, key: u64, outcome: Outcome, hit: bool) {
        if !self.cache(node).coalesce {
            return;
        }
        let mut parked = std::mem::take(&mut self.parked);
        self.cache(node).entries[usize::from(instance)].fetches.finish(key, &mut parked);
        for (slot, generation) in parked.drain(..) {
            if self.calls.is_open(slot, generation) && self.calls[slot].stage == Stage::Parked {
                self.calls[slot].hit = hit;
                self.answer(slot, outcome);
            }
        }
        self.parked = parked;
    }

    /// Somebody may fetch a key from now on, and for a while nobody else.
    fn lease(&mut self, node: usize, instance: u16, key: u64) {
        let memory = &mut self.cache(node).entries[usize::from(instance)];
        let Some(fetch) = memory.fetches.flight(key) else { return };
        self.plan_rarely(self.now + LEASE, Rare::Lease { node, instance, key, fetch });
    }

    /// A lease is over: if the value has not come, the first who waits for it is a miss and fetches it, and the others wait on.
    pub(in crate::sim) fn lease_over(&mut self, node: usize, instance: u16, key: u64, fetch: u64) {
        let fetches = &mut self.cache(node).entries[usize::from(instance)].fetches;
        if fetches.flight(key) != Some(fetch) {
            return;
        }
        let mut parked = std::mem::take(&mut self.parked);
        self.cache(node).entries[usize::from(instance)].fetches.finish(key, &mut parked);
        for (slot, generation) in parked.drain(..) {
            if !self.calls.is_open(slot, generation) || self.calls[slot].stage != Stage::Parked {
                continue;
            }
            let fetches = &mut self.cache(node).entries[usize::from(instance)].fetches;
            if fetches.join(key, (slot, generation)) == Joined::Leader {
                self.answer(slot, Outcome::Ok);
                self.lease(node, instance, key);
            }
        }
        self.parked = parked;
    }

    /// What is behind it has answered: the value is remembered and passed on.
    pub(in crate::sim) fn cache_answered(&mut self, slot: Slot, answer: &Call) {
        let call = self.calls[slot];
        if answer.outcome != Outcome::Ok {
            self.unpark_all(call.node.index(), call.instance, call.origin.key, Outcome::Failed, false);
            return self.answer(slot, Outcome::Failed);
        }
        let around = self.cache(call.node.index()).writes == Writes::Around;
        if around && call.ask != Ask::Read {
            self.drop_entry(slot);
        } else {
            self.remember(slot);
        }
        self.answer(slot, Outcome::Ok);
    }

    /// The bytes of a class's answers.
    pub(super) fn size_of(&self, class: u16) -> u32 {
        self.classes[usize::from(class)].size
    }
}
