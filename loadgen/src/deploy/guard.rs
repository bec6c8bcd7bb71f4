//! Who looks at requests before they may queue at a service: deadlines, shedding, sessions, a concurrency limit.
use super::node::{Ask, Instance};
use super::timing::Timing;
use loadpath_core::component::resilience::{ConcurrencyLimit, Deadline, LoadShedder};
use loadpath_core::run::Outcome;
use loadpath_core::time::Time;
use loadpath_core::topology::{Plan, ServiceNode};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Classes have a priority from 0 to 9.
const PRIORITIES: u8 = 10;

/// What an instance of a service lets in.
pub(super) struct Guard {
    /// Requests that nobody waits for any more are dropped.
    deadlines: bool,
    shedder: Option<LoadShedder>,
    limit: Option<RefCell<ConcurrencyLimit>>,
    /// The priority of each class, and whether it belongs to sessions.
    classes: Vec<(u8, bool)>,
    /// The users whose sessions are in this process's memory; none when sessions are not kept here.
    sessions: Option<RefCell<BTreeSet<u32>>>,
}

impl Guard {
    /// As the service's parameters say.
    pub(super) fn new(plan: &Plan, spec: &ServiceNode) -> Self {
        Self {
            deadlines: spec.deadlines,
            // The last tenth of the queue is for the most important class alone, and so on.
            shedder: spec.shedding.then(|| LoadShedder::even(PRIORITIES)),
            limit: spec.limit.clone().map(RefCell::new),
            classes: plan.classes.iter().map(|class| (class.priority, class.session)).collect(),
            sessions: spec.stateful.then(RefCell::default),
        }
    }

    /// How important a request is.
    pub(super) fn priority(&self, ask: &Ask) -> u8 {
        self.class(ask).0
    }

    fn class(&self, ask: &Ask) -> (u8, bool) {
        self.classes.get(usize::from(ask.origin.class)).copied().unwrap_or_default()
    }

    /// Looks for the session that a request needs, and begins one where there is none; whether one was lost.
    fn is_session_lost(&self, ask: &Ask, instance: &Instance, timing: &mut Timing) -> bool {
        let Some(sessions) = self.sessions.as_ref().filter(|_| self.class(ask).1) else { return false };
        timing.cookies.set(&instance.id, instance.number);
        let is_new = sessions.borrow_mut().insert(ask.origin.user);
        // It is elsewhere, or was in the memory of who died.
        ask.cookies.get(&instance.id).is_some_and(|home| home != instance.number || is_new)
    }

    /// Lets a request queue.
    ///
    /// # Errors
    /// How it ends instead.
    pub(super) fn admit(
        &self,
        ask: &Ask,
        now: Time,
        instance: &Instance,
        timing: &mut Timing,
    ) -> Result<(), Outcome> {
        if self.is_too_late(ask, now) {
            instance.counts.add("shed");
            return Err(Outcome::TimedOut);
        }
        let (waiting, bound) = instance.station.line();
        // A class of priority 9 comes first, which a shedder calls 0. Without a queue there is nothing to keep free.
        let rank = (PRIORITIES - 1).saturating_sub(self.priority(ask));
        if bound > 0 && self.shedder.as_ref().is_some_and(|shedder| !shedder.admit(rank, waiting, bound)) {
            instance.counts.add("shed");
            return Err(Outcome::Refused);
        }
        if self.is_session_lost(ask, instance, timing) {
            instance.counts.add("lost_sessions");
            return Err(Outcome::Failed);
        }
        if self.limit.as_ref().is_some_and(|limit| !limit.borrow_mut().admit()) {
            instance.counts.add("shed");
            return Err(Outcome::Refused);
        }
        Ok(())
    }

    /// Whether nobody waits any more for what a worker could do now.
    pub(super) fn is_too_late(&self, ask: &Ask, now: Time) -> bool {
        // The answer has its way to go.
        self.deadlines && Deadline(ask.origin.deadline).admit(now, ask.origin.way).is_err()
    }

    /// A request that was let in has ended.
    pub(super) fn ended(&self, now: Time, arrived: Time, outcome: Outcome) {
        if let Some(limit) = &self.limit {
            limit.borrow_mut().ended(now, now.since(arrived), outcome == Outcome::Ok);
        }
    }
}
