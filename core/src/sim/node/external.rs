//! External services and object stores at work: a law of latency, errors without cause, perhaps a limit.
use super::super::call::Slot;
use super::super::counter::Counter;
use super::super::simulation::Simulation;
use super::{Refusal, State};
use crate::component::resilience::TokenBucket;
use crate::dist::Sampler;
use crate::run::Outcome;
use crate::topology::ExternalNode;

/// What is somewhere else, and nobody here can mend.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Remote {
    pub(super) service_time: Sampler,
    pub(super) error_share: f64,
    pub(super) limit: Option<TokenBucket>,
}

/// An external service.
pub(super) fn new(spec: &ExternalNode) -> Remote {
    Remote { service_time: spec.service_time.sampler(), error_share: spec.error_share, limit: spec.limit() }
}

impl Remote {
    pub(super) const fn is_limited(&self) -> bool {
        self.limit.is_some()
    }
}

impl Simulation {
    pub(super) fn remote_refuses(&mut self, slot: Slot) -> Refusal {
        let now = self.now;
        let State::Remote(remote) = &mut self.nodes[self.calls[slot].node.index()].state else { return None };
        let limit = remote.limit.as_mut()?;
        limit.admit(now).is_err().then_some((Counter::Shed, Outcome::Refused))
    }

    /// The request is done, well or with an error.
    pub(in crate::sim) fn remote_finish(&mut self, slot: Slot) {
        self.release(slot);
        let call = &self.calls[slot];
        let node = &mut self.nodes[call.node.index()];
        let State::Remote(remote) = &node.state else { unreachable!("the node is somewhere else") };
        let share = remote.error_share;
        let failed = share > 0.0 && node.stations[usize::from(call.instance)].rng.unit() < share;
        self.answer(slot, if failed { Outcome::Failed } else { Outcome::Ok });
    }
}
