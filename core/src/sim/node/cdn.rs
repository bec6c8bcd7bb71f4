//! A CDN at work: what it may keep it answers from memory, or pulls from the origin; everything else passes through.
use super::super::call::{Ask, Call, Slot, Stage};
use super::super::counter::Counter;
use super::super::simulation::Simulation;
use super::State;
use crate::component::cache::{Cache, Capacity, Coalescer, Joined, Ttl};
use crate::dist::Sampler;
use crate::hash;
use crate::id::EdgeIndex;
use crate::rng::{Rng, Seed};
use crate::run::Outcome;
use crate::topology::{CdnNode, PlanNode};

/// What a CDN knows.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Cdn {
    pub(super) service_time: Sampler,
    points: Vec<Point>,
    /// None where nobody asks it.
    origin: Option<EdgeIndex>,
    keeps_reads: bool,
    coalesce: bool,
}

/// A point of presence.
#[derive(Clone, Debug)]
struct Point {
    cache: Cache,
    rng: Rng,
    pulls: Coalescer<(Slot, u32)>,
}

impl Cdn {
    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.points.iter().map(|point| point.cache.size()).sum()
    }

    pub(super) fn new(node: &PlanNode, spec: &CdnNode, seed: Seed) -> Self {
        let ttl = Ttl { span: spec.ttl, jitter: spec.ttl_jitter };
        let point = |i| Point {
            cache: Cache::new(spec.eviction, Capacity::Entries(spec.capacity), ttl),
            rng: seed.stream(&format!("{}#{}/entries", node.id, i + 1)),
            pulls: Coalescer::default(),
        };
        Self {
            service_time: spec.service_time.sampler(),
            points: (0..spec.instances).map(point).collect(),
            origin: node.out.first().copied(),
            keeps_reads: spec.keeps_reads,
            coalesce: spec.coalesce,
        }
    }

    /// A point of presence has lost its memory.
    pub(super) fn forget(&mut self, instance: u16) {
        self.flush(instance);
        self.points[usize::from(instance)].pulls.clear();
    }

    /// A point of presence forgets its files.
    pub(super) fn flush(&mut self, instance: u16) {
        self.points[usize::from(instance)].cache.clear();
    }

    const fn keeps(&self, ask: Ask) -> bool {
        matches!(ask, Ask::Static) || self.keeps_reads && matches!(ask, Ask::Read)
    }
}

/// Files and values do not share keys.
fn name(ask: Ask, key: u64) -> u64 {
    if matches!(ask, Ask::Static) { hash::pair(key, 1) } else { key }
}

impl Simulation {
    fn cdn(&mut self, node: usize) -> &mut Cdn {
        match &mut self.nodes[node].state {
            State::Cdn(cdn) => cdn,
            _ => unreachable!("the node is a CDN"),
        }
    }

    /// A worker has looked at the request.
    pub(in crate::sim) fn cdn_finish(&mut self, slot: Slot) {
        self.release(slot);
        let (now, call) = (self.now, self.calls[slot]);
        let (node, key) = (call.node.index(), name(call.ask, call.origin.key));
        let cdn = self.cdn(node);
        let Some(edge) = cdn.origin else { return self.answer(slot, Outcome::Refused) };
        if cdn.keeps(call.ask) {
            let (coalesce, point) = (cdn.coalesce, &mut cdn.points[usize::from(call.instance)]);
            let hit = point.cache.get(now, key);
            let follows = !hit
                && coalesce
                && matches!(point.pulls.join(key, (slot, call.generation)), Joined::Follower);
            self.nodes[node].meter.looked_up(hit);
            self.calls[slot].hit = hit;
            if hit {
                return self.answer(slot, Outcome::Ok);
            }
            if follows {
                self.calls[slot].stage = Stage::Parked;
                return self.count(node, Counter::Coalesced);
            }
        }
        self.calls[slot].stage = Stage::Calling;
        self.call(slot, edge, call.ask, call.origin);
    }

    /// The origin has answered: what may be kept is kept, and whoever waits for it has it.
    pub(in crate::sim) fn cdn_answered(&mut self, slot: Slot, answer: &Call) {
        let (now, call) = (self.now, self.calls[slot]);
        let (node, key, size) =
            (call.node.index(), name(call.ask, call.origin.key), self.size_of(call.origin.class));
        let cdn = self.cdn(node);
        if cdn.keeps(call.ask) {
            let (coalesce, point) = (cdn.coalesce, &mut cdn.points[usize::from(call.instance)]);
            if answer.outcome == Outcome::Ok {
                point.cache.insert(now, key, size, &mut point.rng);
            }
            if coalesce {
                let mut parked = std::mem::take(&mut self.parked);
                self.cdn(node).points[usize::from(call.instance)].pulls.finish(key, &mut parked);
                for (waiting, generation) in parked.drain(..) {
                    if self.calls.is_open(waiting, generation) && self.calls[waiting].stage == Stage::Parked {
                        self.answer(waiting, answer.outcome);
                    }
                }
                self.parked = parked;
            }
        }
        self.answer(slot, answer.outcome);
    }
}
