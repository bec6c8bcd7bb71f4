//! A service at work: its own time first, then its calls, with the worker held throughout. Workers do the same with messages.
use super::super::call::{Ask, Call, NO_CALL, NO_TARGET, Slot, Stage};
use super::super::counter::Counter;
use super::super::event::Event;
use super::super::rare::Rare;
use super::super::simulation::Simulation;
use super::super::transport::Way;
use super::{Refusal, State};
use crate::component::resilience::{ConcurrencyLimit, LoadShedder};
use crate::dist::{Law, Sampler};
use crate::id::NodeIndex;
use crate::run::Outcome;
use crate::time::Span;
use crate::topology::{Mode, NodeKind, Plan, Role, ServiceNode, Step, Steps, Work, WorkersNode};
use crate::workload::Operation;

/// Classes have a priority from 0 to 9.
const PRIORITIES: u8 = 10;

/// What a service knows.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Service {
    pub(super) service_time: Sampler,
    /// Waiting of its own, when there is any.
    pause: Option<Sampler>,
    pub(super) start_time: Span,
    /// How long who waits stays, if not for ever.
    pub(in crate::sim) patience: Option<Sampler>,
    steps: Steps,
    error_share: f64,
    /// Whom a filling queue turns away, if anybody.
    shedder: Option<LoadShedder>,
    pub(super) deadlines: bool,
    /// What bounds the requests that each instance has at once; empty without, as for what follows of each.
    limits: Vec<ConcurrencyLimit>,
    /// A limit as it is at the start.
    fresh: Option<ConcurrencyLimit>,
    /// Somebody looks at requests before they may queue.
    pub(super) guarded: bool,
    /// Which instance has each user's session, counted from one; `NO_HOME` before the first, `LOST` when it died with its
    /// instance. Empty when sessions are not kept here.
    homes: Vec<u16>,
}

/// A user who has not been here yet.
const NO_HOME: u16 = 0;
/// A session that no instance has any more.
const LOST: u16 = u16::MAX;

impl Service {
    pub(super) fn of_service(plan: &Plan, index: NodeIndex, spec: &ServiceNode) -> Self {
        let homes = if spec.stateful { vec![NO_HOME; plan.users as usize] } else { Vec::new() };
        let guarded = spec.shedding || spec.stateful || spec.deadlines || spec.limit.is_some();
        // The last tenth of the queue is for the most important class alone, and so on.
        let shedder = spec.shedding.then(|| LoadShedder::even(PRIORITIES));
        let deadlines = spec.deadlines;
        let fresh = spec.limit.clone();
        let limits = vec![fresh.clone(); usize::from(plan.node(index).kind.most_instances())];
        let limits = limits.into_iter().flatten().collect();
        Self { shedder, deadlines, limits, fresh, guarded, homes, ..Self::new(plan, index, &spec.work) }
    }

    /// Whether it makes no calls, waits for nothing, and looks at nobody's deadline.
    pub(super) fn is_plain(&self) -> bool {
        self.steps.is_empty()
            && self.pause.is_none()
            && !self.deadlines
            && self.shedder.is_none()
            && self.patience.is_none()
            && self.limits.is_empty()
    }

    /// About how many bytes it takes.
    pub(super) const fn size(&self) -> usize {
        self.homes.len() * size_of::<u16>()
    }

    pub(super) fn never_fails(&self) -> bool {
        self.error_share == 0.0
    }

    pub(super) fn of_workers(plan: &Plan, index: NodeIndex, spec: &WorkersNode) -> Self {
        Self::new(plan, index, &spec.work)
    }

    /// An instance has died, and the sessions in its memory with it. O(users).
    pub(super) fn forget(&mut self, instance: u16) {
        self.homes.iter_mut().filter(|home| **home == instance + 1).for_each(|home| *home = LOST);
        if let (Some(limit), Some(fresh)) = (self.limits.get_mut(usize::from(instance)), &self.fresh) {
            limit.clone_from(fresh);
        }
    }

    fn new(plan: &Plan, index: NodeIndex, work: &Work) -> Self {
        // On a host, cores have the host's speed besides.
        let faster = |law: &Law| law.scaled(1.0 / work.speed);
        Self {
            service_time: faster(&work.service_time).sampler(),
            pause: (work.pause.mean() > Span::ZERO).then(|| work.pause.sampler()),
            start_time: work.start_time,
            patience: work.patience.as_ref().map(Law::sampler),
            steps: Steps::new(plan, index),
            error_share: work.error_share,
            shedder: None,
            deadlines: false,
            limits: Vec::new(),
            fresh: None,
            guarded: false,
            homes: Vec::new(),
        }
    }
}

/// What a call's `step` is while its own pause lasts: steps are numbered from one after it.
const PAUSING: u16 = u16::MAX;

impl Simulation {
    fn service(&mut self, node: usize) -> &mut Service {
        match &mut self.nodes[node].state {
            State::Service(service) | State::Workers(service) => service,
            _ => unreachable!("the node is a service or workers"),
        }
    }

    /// Why a service does not let a request queue.
    pub(super) fn service_refuses(&mut self, slot: Slot, priority: u8, session: bool) -> Refusal {
        let call = &self.calls[slot];
        let (node, instance, user) = (call.node.index(), call.instance, call.origin.user);
        if self.is_too_late(node, slot) {
            return Some((Counter::Shed, Outcome::TimedOut));
        }
        let queue = &self.nodes[node].stations[usize::from(instance)].queue;
        let (waiting, bound) = (queue.len(), queue.bound());
        let service = self.service(node);
        // A class of priority 9 comes first, which a shedder calls 0. Without a queue there is nothing to keep free.
        let sheds = |shedder: &LoadShedder| !shedder.admit(PRIORITIES - 1 - priority, waiting, bound);
        if bound > 0 && service.shedder.as_ref().is_some_and(sheds) {
            return Some((Counter::Shed, Outcome::Refused));
        }
        if session && let Some(home) = service.homes.get_mut(user as usize) {
            let before = std::mem::replace(home, instance + 1);
            if before != NO_HOME && before != instance + 1 {
                return Some((Counter::LostSessions, Outcome::Failed));
            }
        }
        if let Some(limit) = self.service(node).limits.get_mut(usize::from(instance)) {
            if !limit.admit() {
                return Some((Counter::Shed, Outcome::Refused));
            }
            self.calls[slot].limited = true;
        }
        None
    }

    /// Draws how long a call that waits will stay.
    pub(in crate::sim) fn lose_patience(&mut self, slot: Slot) {
        let call = &self.calls[slot];
        let generation = call.generation;
        let place = &mut self.nodes[call.node.index()];
        let State::Service(Service { patience: Some(patience), .. }) = &place.state else { return };
        let stays = patience.sample(&mut place.stations[usize::from(call.instance)].rng);
        self.plan_rarely(self.now + stays, Rare::Leave { slot, generation });
    }

    /// A caller gives up and leaves the queue, if the call still waits in it. O(waiting).
    pub(in crate::sim) fn leave_queue(&mut self, slot: Slot, generation: u32) {
        if !self.calls.is_open(slot, generation) || self.calls[slot].stage != Stage::Queued {
            return;
        }
        let call = &mut self.calls[slot];
        call.wait = self.now.since(call.queued);
        let (node, instance) = (call.node.index(), usize::from(call.instance));
        if self.nodes[node].stations[instance].queue.remove(&slot) {
            self.count(node, Counter::Abandoned);
            self.answer(slot, Outcome::TimedOut);
        }
    }

    /// A request that a limit let in has ended.
    pub(in crate::sim) fn limit_hears(&mut self, slot: Slot, outcome: Outcome) {
        let (now, call) = (self.now, &mut self.calls[slot]);
        call.limited = false;
        let (node, instance, response) = (call.node.index(), call.instance, now.since(call.queued));
        let limit = self.service(node).limits.get_mut(usize::from(instance));
        // One that was started anew meanwhile knows nothing of it.
        if let Some(limit) = limit.filter(|limit| limit.in_flight() > 0) {
            limit.ended(now, response, outcome == Outcome::Ok);
        }
    }

    /// Its own work on a call is over: it waits besides, or goes on to its calls.
    pub(in crate::sim) fn service_worked(&mut self, slot: Slot) {
        let call = &self.calls[slot];
        let (node, instance, step) = (call.node.index(), usize::from(call.instance), call.step);
        let place = &mut self.nodes[node];
        let (State::Service(service) | State::Workers(service)) = &place.state else {
            unreachable!("the node is a service or workers")
        };
        let rng = &mut place.stations[instance].rng;
        if step != PAUSING
            && let Some(pause) = &service.pause
        {
            let at = self.now + pause.sample(rng);
            self.calls[slot].step = PAUSING;
            return self.schedule(at, Event::Finish(slot));
        }
        if service.error_share > 0.0 && rng.unit() < service.error_share {
            self.release(slot);
            return self.answer(slot, Outcome::Failed);
        }
        let call = &mut self.calls[slot];
        call.step = 0;
        call.stage = Stage::Calling;
        self.service_next(slot);
    }

    fn step(&self, slot: Slot) -> Option<Step> {
        let call = &self.calls[slot];
        let (State::Service(service) | State::Workers(service)) = &self.nodes[call.node.index()].state else {
            unreachable!("the node is a service or workers")
        };
        service.steps.of(operation_of(call.ask)).get(usize::from(call.step)).copied()
    }

    /// The next step that this request may make; those before it are passed over.
    fn next_step(&mut self, slot: Slot) -> Option<Step> {
        let call = &mut self.calls[slot];
        let (State::Service(service) | State::Workers(service)) = &self.nodes[call.node.index()].state else {
            unreachable!("the node is a service or workers")
        };
        let steps = service.steps.of(operation_of(call.ask));
        while let Some(step) = steps.get(usize::from(call.step)) {
            if is_made(step, call) {
                return Some(*step);
            }
            call.step += 1;
        }
        None
    }

    /// Makes the next calls, or answers.
    fn service_next(&mut self, slot: Slot) {
        loop {
            if self.calls[slot].left > 0 {
                // More calls of this step, one after the other.
                let step = self.step(slot).expect("a step that is repeated is there");
                self.calls[slot].left -= 1;
                return self.make(slot, &step);
            }
            let Some(step) = self.next_step(slot) else {
                self.release(slot);
                return self.answer(slot, Outcome::Ok);
            };
            let count = self.count_of(slot, &step);
            if self.set_out(slot, &step, count) {
                return;
            }
            self.calls[slot].step += 1;
        }
    }

    /// Makes the calls of a step; whether any of them is waited for now.
    fn set_out(&mut self, slot: Slot, step: &Step, count: u16) -> bool {
        if step.role == Role::Join && count > 0 && self.is_join(slot, step) {
            self.ask_all_shards(slot, step);
            return true;
        }
        match step.mode {
            _ if count == 0 => false,
            Mode::Asynchronous => {
                (0..count).for_each(|_| self.let_go(slot, step));
                false
            }
            _ if step.role == Role::Fill => {
                (0..count).for_each(|_| self.let_go(slot, step));
                false
            }
            Mode::Sequential => {
                self.calls[slot].left = count - 1;
                self.make(slot, step);
                true
            }
            Mode::Parallel => {
                (0..count).for_each(|_| self.make(slot, step));
                // Neighbours that are parallel too set out together.
                while let Some(next) = self.next_parallel(slot) {
                    self.calls[slot].step += 1;
                    let count = self.count_of(slot, &next);
                    (0..count).for_each(|_| self.make(slot, &next));
                }
                true
            }
        }
    }

    fn next_parallel(&mut self, slot: Slot) -> Option<Step> {
        self.calls[slot].step += 1;
        let next = self.step(slot);
        self.calls[slot].step -= 1;
        next.filter(|step| step.mode == Mode::Parallel && step.role != Role::Fill && step.role != Role::Join)
    }

    /// How many calls this request makes by a step's edge: the whole part of the mean, and one more by chance.
    fn count_of(&mut self, slot: Slot, step: &Step) -> u16 {
        let call = &self.calls[slot];
        if !is_made(step, call) {
            return 0;
        }
        // There are at most a hundred.
        let whole = step.calls as u16;
        let rest = step.calls - f64::from(whole);
        if rest == 0.0 {
            return whole;
        }
        let rng = &mut self.nodes[call.node.index()].stations[usize::from(call.instance)].rng;
        whole + u16::from(rng.unit() < rest)
    }

    /// A call that the request waits for.
    fn make(&mut self, slot: Slot, step: &Step) {
        let call = &mut self.calls[slot];
        call.open += 1;
        let (ask, origin) = (ask_of(call.ask, step.role), call.origin);
        self.call(slot, step.edge, ask, origin);
    }

    /// A call that nobody waits for.
    fn let_go(&mut self, slot: Slot, step: &Step) {
        let call = &self.calls[slot];
        let (ask, origin) = (ask_of(call.ask, step.role), call.origin);
        self.call(NO_CALL, step.edge, ask, origin);
    }

    fn is_join(&mut self, slot: Slot, step: &Step) -> bool {
        let callee = self.edges[step.edge.index()].to.index();
        let NodeKind::Database(spec) = &self.plan.nodes[callee].kind else { return false };
        let joins = spec.joins;
        let call = &self.calls[slot];
        let rng = &mut self.nodes[call.node.index()].stations[usize::from(call.instance)].rng;
        rng.unit() < joins
    }

    /// Asks every shard at once; the slowest is waited for.
    fn ask_all_shards(&mut self, slot: Slot, step: &Step) {
        let callee = self.edges[step.edge.index()].to.index();
        let (ask, origin) = (self.calls[slot].ask, self.calls[slot].origin);
        for instance in self.shard_servers(callee, ask, &origin) {
            self.calls[slot].open += 1;
            self.call_at(slot, Way { edge: step.edge, instance, target: NO_TARGET }, ask, origin);
        }
    }

    /// A call of the service has come back.
    pub(in crate::sim) fn service_answered(&mut self, slot: Slot, answer: &Call) {
        let node = self.edges[answer.edge.index()].to.index();
        let lost = answer.outcome != Outcome::Ok;
        let cache = matches!(answer.ask, Ask::Fill | Ask::Delete)
            || matches!(self.nodes[node].state, State::Cache(ref cache) if cache.is_aside());
        let call = &mut self.calls[slot];
        call.open -= 1;
        // A cache that does not answer is a miss; what it should have forgotten went with it.
        if cache && answer.ask == Ask::Read {
            call.hit |= !lost && answer.hit;
        }
        call.lost |= lost && !cache;
        if call.open > 0 {
            return;
        }
        if call.lost {
            self.release(slot);
            return self.answer(slot, Outcome::Failed);
        }
        if call.left == 0 {
            call.step += 1;
        }
        self.service_next(slot);
    }
}

/// Whether requests of this class make a step at all, and this one does after what its caches have said.
#[inline]
fn is_made(step: &Step, call: &Call) -> bool {
    step.classes >> call.origin.class & 1 == 1 && !(call.hit && step.role != Role::Other)
}

const fn operation_of(ask: Ask) -> Operation {
    match ask {
        Ask::Read => Operation::Read,
        Ask::Write | Ask::Fill | Ask::Delete => Operation::Write,
        Ask::Static => Operation::Static,
        Ask::Job => Operation::Job,
    }
}

const fn ask_of(ask: Ask, role: Role) -> Ask {
    match role {
        Role::Fill | Role::Update => Ask::Fill,
        Role::Delete => Ask::Delete,
        Role::Lookup => Ask::Read,
        Role::Data | Role::Join | Role::Other => ask,
    }
}
