//! The life of a call: sent, delivered, begun, worked on, answered, and whoever waits for it resumed.
use super::call::{Ask, Call, NO_CALL, NO_TARGET, Origin, Slot, Stage};
use super::counter::Counter;
use super::event::Event;
use super::lanes::Lane;
use super::node::State;
use super::simulation::Simulation;
use super::station::Offered;
use crate::id::{EdgeIndex, NodeIndex};
use crate::run::Outcome;
use crate::time::{Span, Time};

/// How long a caller tries to connect over a way that is cut, where its edge has no timeout: the first retransmission of a
/// connection's opening packet comes after a second (RFC 6298, section 2), and with it hope ends here.
pub(super) const CONNECT_TIMEOUT: Span = Span::SECOND;

/// Where a call goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) edge: EdgeIndex,
    pub(super) instance: u16,
    /// Which target of a balancer that is.
    pub(super) target: u16,
}

impl Simulation {
    /// A call by an edge for `parent`, to the instance that the caller picks or the edge's node has for the key.
    #[inline]
    pub(super) fn call(&mut self, parent: Slot, edge: EdgeIndex, ask: Ask, origin: Origin) -> Slot {
        if self.edges[edge.index()].policy.is_some() {
            return self.try_call(parent, edge, None, ask, origin, Span::ZERO);
        }
        let instance = self.instance_for(edge, ask, &origin);
        self.send(parent, Way { edge, instance, target: NO_TARGET }, ask, origin, Span::ZERO)
    }

    /// A call by an edge for `parent`, to an instance that the caller has picked.
    pub(super) fn call_at(&mut self, parent: Slot, way: Way, ask: Ask, origin: Origin) -> Slot {
        if self.edges[way.edge.index()].policy.is_some() {
            return self.try_call(parent, way.edge, Some(way), ask, origin, Span::ZERO);
        }
        self.send(parent, way, ask, origin, Span::ZERO)
    }

    /// Puts a call on its way, after a delay.
    pub(super) fn send(&mut self, parent: Slot, way: Way, ask: Ask, origin: Origin, delay: Span) -> Slot {
        let shown = self.edges[way.edge.index()].shown_as;
        self.edges[shown.index()].meter.seconds[0] += 1;
        self.put(parent, way, ask, origin, delay)
    }

    /// As `send`, for what a node asks of itself: it is no traffic of the edge.
    pub(super) fn put(&mut self, parent: Slot, way: Way, ask: Ask, origin: Origin, delay: Span) -> Slot {
        let link = &self.edges[way.edge.index()];
        let (node, cut, at) = (link.to, link.cut, self.now + delay + link.latency);
        let lane = link.lane.filter(|_| delay == Span::ZERO);
        let (parent_generation, caller, epoch) = self.of_parent(parent, way.target);
        let slot = self.calls.add(Call {
            parent,
            parent_generation,
            instance: way.instance,
            target: way.target,
            caller,
            epoch,
            sent: self.now,
            ..Call::new(node, way.edge, ask, origin)
        });
        self.nodes[node.index()].enter(self.now, way.instance);
        if origin.traced {
            self.trace_sent(slot);
        }
        if cut {
            self.give_up_connecting(slot);
        } else {
            self.schedule_in_line(lane, at, Event::Deliver(slot));
        }
        slot
    }

    /// What a call keeps of the one that it is made for: its generation, which instance makes the call, and how often that had
    /// been started, where it is a balancer's.
    #[inline]
    fn of_parent(&self, parent: Slot, target: u16) -> (u32, u16, u16) {
        if parent == NO_CALL {
            return (0, 0, 0);
        }
        let call = &self.calls[parent];
        let caller = if call.stage.is_of_a_policy() { call.caller } else { call.instance };
        (call.generation, caller, self.epoch_of(parent, target))
    }

    /// No packet passes: the caller learns it when it has waited long enough.
    fn give_up_connecting(&mut self, slot: Slot) {
        let call = &mut self.calls[slot];
        call.stage = Stage::Answered;
        call.outcome = Outcome::Failed;
        let timeout = self.edges[call.edge.index()].policy.as_ref().and_then(|policy| policy.timeout);
        self.schedule(self.now + timeout.unwrap_or(CONNECT_TIMEOUT), Event::Answer(slot));
    }

    #[inline]
    pub(super) fn schedule(&mut self, at: Time, event: Event) {
        if at > self.now {
            self.agenda.push(at, event);
        } else {
            self.do_at_once(event);
        }
    }

    /// As `schedule`, for what comes in the order in which it is scheduled.
    #[inline]
    fn schedule_in_line(&mut self, lane: Option<Lane>, at: Time, event: Event) {
        if at > self.now {
            self.agenda.push_in_line(lane, at, event);
        } else {
            self.do_at_once(event);
        }
    }

    #[inline]
    fn do_at_once(&mut self, event: Event) {
        if self.next.is_none() && self.at_once.is_empty() {
            self.next = Some(event);
        } else {
            self.at_once.push_back(event);
        }
    }

    /// A call has reached its node.
    pub(super) fn deliver(&mut self, slot: Slot) {
        let call = &mut self.calls[slot];
        call.queued = self.now;
        let (node, instance, class) = (call.node.index(), usize::from(call.instance), call.origin.class);
        let place = &self.nodes[node];
        if !place.stations[instance].up {
            return self.answer(slot, Outcome::Refused);
        }
        if place.guarded && !self.admits(slot, class) {
            return;
        }
        let station = &mut self.nodes[node].stations[instance];
        if station.line.is_some() {
            return self.line_up(slot, node, instance);
        }
        match station.offer(self.now, slot, self.classes[usize::from(class)].priority) {
            Offered::Started => self.begin_at_once(slot),
            Offered::Queued => self.queue_up(slot),
            Offered::QueuedInstead(other) => {
                self.queue_up(slot);
                self.count(node, Counter::Shed);
                self.answer(other, Outcome::Refused);
            }
            Offered::Refused => self.answer(slot, Outcome::Refused),
        }
    }

    /// The call takes its place before workers whose every departure is known.
    fn line_up(&mut self, slot: Slot, node: usize, instance: usize) {
        let now = self.now;
        let place = &mut self.nodes[node];
        let station = &mut place.stations[instance];
        let Some(start) = station.line.as_mut().and_then(|line| line.place(now)) else {
            return self.answer(slot, Outcome::Refused);
        };
        let call = &mut self.calls[slot];
        let work = station.draw(place.state.law(call.ask));
        place.meter.given(work);
        call.stage = Stage::Working;
        call.wait = start.since(now);
        let Some(line) = &mut station.line else { return };
        let done = line.take(now, start, work);
        if place.only_answers {
            call.leaves = done;
            let at = done + self.edges[call.edge.index()].latency;
            return self.schedule(at, Event::Answer(slot));
        }
        if done == now {
            // Nobody waits whom that would set off, and so chains do not grow.
            return self.worked(slot);
        }
        let lane = place.constant_work.filter(|&(span, _)| done == now + span).map(|(_, lane)| lane);
        self.schedule_in_line(lane, done, Event::Finish(slot));
    }

    /// The call waits, perhaps not for ever.
    fn queue_up(&mut self, slot: Slot) {
        let call = &mut self.calls[slot];
        call.stage = Stage::Queued;
        if matches!(&self.nodes[call.node.index()].state, State::Service(service) if service.patience.is_some())
        {
            self.lose_patience(slot);
        }
    }

    /// A worker was free. Work that takes no time is done here and needs no event; nobody waits whom that would set off, and
    /// so chains do not grow.
    fn begin_at_once(&mut self, slot: Slot) {
        self.begin(slot);
        if self.next == Some(Event::Finish(slot)) {
            self.next = None;
            self.worked(slot);
        }
    }

    /// A worker has taken the call.
    pub(super) fn begin(&mut self, slot: Slot) {
        let now = self.now;
        let call = &mut self.calls[slot];
        call.stage = Stage::Working;
        call.wait = now.since(call.queued);
        let place = &mut self.nodes[call.node.index()];
        let station = &mut place.stations[usize::from(call.instance)];
        let span = station.draw(place.state.law(call.ask));
        place.meter.given(span);
        if let Some(processor) = station.processor {
            return self.start_on_cpu(processor, slot, span);
        }
        self.schedule(now + span, Event::Finish(slot));
    }

    /// The node's own work on a call is done.
    pub(super) fn finish(&mut self, slot: Slot) {
        if self.calls[slot].orphan {
            return self.calls.remove(slot);
        }
        self.worked(slot);
    }

    /// What a node does after its own work.
    pub(super) fn worked(&mut self, slot: Slot) {
        match self.nodes[self.calls[slot].node.index()].state {
            State::LoadBalancer(_) => self.balancer_finish(slot),
            State::Service(_) | State::Workers(_) => self.service_worked(slot),
            State::Cache(_) => self.cache_finish(slot),
            State::Cdn(_) => self.cdn_finish(slot),
            State::Database(_) => self.database_finish(slot),
            State::Queue(_) => self.queue_finish(slot),
            State::Remote(_) => self.remote_finish(slot),
            State::Clients(_) | State::Dns(_) | State::Monitoring => unreachable!("nobody calls such a node"),
        }
    }

    /// Gives the call's worker back; the next in the queue takes it. Those of a line need nobody's word.
    #[inline(always)]
    pub(super) fn release(&mut self, slot: Slot) {
        let call = &self.calls[slot];
        let (node, instance) = (call.node.index(), usize::from(call.instance));
        if self.nodes[node].stations[instance].line.is_none() {
            self.release_worker(node, instance);
        }
    }

    #[inline(never)]
    fn release_worker(&mut self, node: usize, instance: usize) {
        loop {
            let mut dropped = std::mem::take(&mut self.dropped);
            let next = self.nodes[node].stations[instance].release(self.now, &mut dropped);
            for late in dropped.drain(..) {
                self.count(node, Counter::Shed);
                self.answer(late, Outcome::Refused);
            }
            self.dropped = dropped;
            let Some(next) = next else { break };
            if !self.is_too_late(node, next) {
                self.begin(next);
                break;
            }
            self.count(node, Counter::Shed);
            self.answer(next, Outcome::TimedOut);
        }
    }

    /// The node has ended the call; its answer goes back.
    pub(super) fn answer(&mut self, slot: Slot, outcome: Outcome) {
        let call = &mut self.calls[slot];
        call.stage = Stage::Answered;
        call.outcome = outcome;
        if call.limited {
            self.limit_hears(slot, outcome);
        }
        let link = &self.edges[self.calls[slot].edge.index()];
        if link.cut {
            return self.give_up_connecting(slot);
        }
        let (lane, at) = (link.lane, self.now + link.latency);
        self.schedule_in_line(lane, at, Event::Answer(slot));
    }

    /// An answer has reached its caller.
    pub(super) fn answered(&mut self, slot: Slot) {
        let call = self.calls[slot];
        if call.orphan {
            return self.calls.remove(slot);
        }
        if call.leaves < Time::NEVER && self.was_severed(&call) {
            self.calls[slot].leaves = Time::NEVER;
            return self.give_up_connecting(slot);
        }
        let node = &mut self.nodes[call.node.index()];
        node.leave(self.now, call.instance);
        node.meter.record(call.outcome, self.now.since(call.sent), call.wait);
        if call.outcome != Outcome::Ok {
            let shown = self.edges[call.edge.index()].shown_as;
            self.edges[shown.index()].meter.errors[0] += 1;
        }
        if call.origin.traced {
            self.trace_answered(slot);
        }
        self.attempt_ended(&call);
        self.calls.remove(slot);
        self.resume(&call);
    }

    /// Whether the edge of a call was cut before its answer left, which was put on the agenda when the call arrived.
    fn was_severed(&self, call: &Call) -> bool {
        self.edges[call.edge.index()].severed.is_some_and(|since| since <= call.leaves)
    }

    /// Whoever waits for a call that has ended goes on.
    pub(super) fn resume(&mut self, call: &Call) {
        if call.source > 0 {
            return self.request_answered(call);
        }
        let parent = call.parent;
        if !self.calls.is_open(parent, call.parent_generation) {
            return self.nobody_waited(call);
        }
        match self.calls[parent].stage {
            Stage::Trying => return self.attempt_answered(parent, call),
            Stage::Calling => {}
            // Its instance died meanwhile.
            _ => return,
        }
        match self.nodes[self.calls[parent].node.index()].state {
            State::LoadBalancer(_) => self.answer(parent, call.outcome),
            State::Service(_) | State::Workers(_) => self.service_answered(parent, call),
            State::Cache(_) => self.cache_answered(parent, call),
            State::Cdn(_) => self.cdn_answered(parent, call),
            _ => unreachable!("such a node makes no calls that it waits for"),
        }
    }

    /// A call has ended that nobody waited for; a queue, and a cache that writes back, want to know it all the same.
    fn nobody_waited(&mut self, call: &Call) {
        let from = self.edges[call.edge.index()].from;
        match self.nodes[from.index()].state {
            // It has been delivered again meanwhile; but now its worker is free.
            State::Queue(_) if call.given_up => self.workers_free(call.node.index()),
            State::Queue(_) => self.message_done(call),
            // It was only in memory, and is nowhere now.
            State::Cache(_) if call.parent == NO_CALL && call.outcome != Outcome::Ok => {
                self.count(from.index(), Counter::LostWrites);
            }
            _ => {}
        }
    }

    /// Counts something of a node.
    pub(super) fn count(&mut self, node: usize, counter: Counter) {
        self.nodes[node].counters.add(counter, 1);
    }

    /// The node that makes calls by this edge.
    pub(super) fn caller(&self, edge: EdgeIndex) -> NodeIndex {
        self.edges[edge.index()].from
    }
}
