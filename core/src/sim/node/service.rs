//! A service at work: its own time first, then its calls, one after the other, with the worker held throughout.
//!
//! Wired to caches and databases it does cache-aside: a read looks into the caches, and only where all miss it asks the
//! databases and fills the caches, which nobody waits for; a write goes to the databases and then deletes from the caches.
use super::super::call::{Ask, Call, NO_CALL, Slot, Stage};
use super::super::simulation::Simulation;
use super::State;
use crate::dist::Sampler;
use crate::id::{EdgeIndex, NodeIndex};
use crate::run::Outcome;
use crate::topology::{NodeKind, Plan, ServiceNode};

/// What a service knows.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Service {
    pub(super) service_time: Sampler,
    /// Its calls for a read, then those for a write, each in order.
    reads: Vec<Step>,
    writes: Vec<Step>,
}

/// A call that a service makes.
#[derive(Clone, Copy, Debug)]
struct Step {
    edge: EdgeIndex,
    role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Look into a cache; when it has the value, the databases are not asked.
    Lookup,
    /// Ask a database: skipped after a hit.
    Data,
    /// Call whatever else there is.
    Other,
    /// Put the value into a cache; nobody waits for it. Skipped after a hit.
    Fill,
    /// Take the old value out of a cache.
    Delete,
}

impl Service {
    pub(super) fn new(plan: &Plan, index: NodeIndex, spec: &ServiceNode) -> Self {
        let out = &plan.node(index).out;
        let is_aside = |edge: &EdgeIndex| {
            let callee = plan.node(plan.edge(*edge).to);
            matches!(callee.kind, NodeKind::Cache(_)) && callee.out.is_empty()
        };
        let asides = |role| out.iter().copied().filter(is_aside).map(move |edge| Step { edge, role });
        let main = || {
            out.iter().copied().filter(|edge| !is_aside(edge)).map(|edge| {
                let callee = &plan.node(plan.edge(edge).to).kind;
                let data = matches!(callee, NodeKind::Database(_) | NodeKind::Cache(_));
                Step { edge, role: if data { Role::Data } else { Role::Other } }
            })
        };
        Self {
            service_time: spec.service_time.sampler(),
            reads: asides(Role::Lookup).chain(main()).chain(asides(Role::Fill)).collect(),
            writes: main().chain(asides(Role::Delete)).collect(),
        }
    }
}

impl Simulation {
    fn step(&self, slot: Slot) -> Option<Step> {
        let call = &self.calls[slot];
        let State::Service(service) = &self.nodes[call.node.index()].state else {
            unreachable!("the node is a service")
        };
        let steps = if call.ask == Ask::Read { &service.reads } else { &service.writes };
        steps.get(usize::from(call.step)).copied()
    }

    /// Its own time is over, or a call has come back: the next call, or the answer.
    pub(in crate::sim) fn service_next(&mut self, slot: Slot) {
        while let Some(Step { edge, role }) = self.step(slot) {
            let call = &mut self.calls[slot];
            call.stage = Stage::Calling;
            let (hit, ask, origin) = (call.hit, call.ask, (call.class, call.key));
            if hit && role != Role::Other {
                call.step += 1;
                continue;
            }
            let instance = self.instance_for(edge, origin.1);
            if role == Role::Fill {
                self.calls[slot].step += 1;
                self.call(NO_CALL, edge, instance, Ask::Fill, origin);
                continue;
            }
            let ask = if role == Role::Delete { Ask::Delete } else { ask };
            self.call(slot, edge, instance, ask, origin);
            return;
        }
        self.release(slot);
        self.answer(slot, Outcome::Ok);
    }

    /// A call of the service has come back.
    pub(in crate::sim) fn service_answered(&mut self, slot: Slot, answer: &Call) {
        let role = self.step(slot).map(|step| step.role);
        let lost = answer.outcome != Outcome::Ok;
        match role {
            // A cache that does not answer is a miss; what it should have forgotten went with it.
            Some(Role::Lookup) => self.calls[slot].hit = !lost && answer.hit,
            Some(Role::Data | Role::Other) if lost => {
                self.release(slot);
                return self.answer(slot, Outcome::Failed);
            }
            _ => {}
        }
        self.calls[slot].step += 1;
        self.service_next(slot);
    }
}
