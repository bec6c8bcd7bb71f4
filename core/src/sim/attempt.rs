//! Calls with a policy: connections from a pool, a timeout, retries with backoff and a budget, hedging, a circuit breaker.
//!
//! Such a call has a slot of its own, and each attempt is a plain call whose parent it is. It ends once, with the first good
//! answer, or when nothing is left to try.
use super::call::{Ask, Call, NO_CALL, NO_TARGET, Origin, Slot, Stage};
use super::counter::Counter;
use super::event::Event;
use super::node::State;
use super::simulation::Simulation;
use super::transport::Way;
use crate::component::resilience::{CircuitBreaker, Deadline, Hedge, Pass, RetryPolicy};
use crate::id::{EdgeIndex, NodeIndex};
use crate::rng::{Rng, Seed};
use crate::run::Outcome;
use crate::time::{Span, Time};
use crate::topology::{Plan, PlanEdge};
use std::collections::VecDeque;

/// An instance that refused a connection is left alone for so long: the first backoff of a gRPC channel (connection-backoff.md).
const RECONNECT: Span = Span::SECOND;

/// How calls by an edge are made.
#[derive(Clone, Debug)]
pub(super) struct EdgePolicy {
    pub(super) timeout: Option<Span>,
    pub(super) retry: RetryPolicy,
    pub(super) hedge: Option<Hedge>,
    /// What each instance of the caller has of its own.
    callers: Vec<Caller>,
    connections: Option<u32>,
    /// Attempts by deadline, and calls by the time at which they are hedged: all wait equally long, so the first sent is the
    /// first due, and one event for the head is enough. A slot may have been used again since: the generation tells.
    timeouts: VecDeque<(Time, Slot, u32)>,
    hedges: VecDeque<(Time, Slot, u32)>,
    pub(super) rng: Rng,
}

/// What an instance of the caller has of its own.
#[derive(Clone, Debug)]
struct Caller {
    breaker: Option<CircuitBreaker>,
    open: u32,
    waiting: VecDeque<(Slot, u32)>,
    /// Until when each instance of the callee is left alone; empty before any has refused a connection.
    refused: Vec<Time>,
}

impl EdgePolicy {
    /// Connections that are taken, how many there are at most, and calls that wait for one; none where there is no pool.
    pub(super) fn pool(&self) -> Option<(u32, u32, u32)> {
        let most = self.connections?.saturating_mul(self.callers.len() as u32);
        let waiting = self.callers.iter().map(|caller| caller.waiting.len() as u32).sum();
        Some((self.callers.iter().map(|caller| caller.open).sum(), most, waiting))
    }

    /// Of calls that `from` makes as an edge says: the node that the edge leaves, or clients that DNS has told its address.
    pub(super) fn new(plan: &Plan, from: NodeIndex, edge: &PlanEdge, seed: Seed) -> Option<Box<Self>> {
        if !edge.has_policy() {
            return None;
        }
        let caller = Caller {
            breaker: edge.circuit_breaker(),
            open: 0,
            waiting: VecDeque::new(),
            refused: Vec::new(),
        };
        let (from, to) = (plan.node(from), plan.node(edge.to));
        Some(Box::new(Self {
            timeout: edge.timeout,
            retry: edge.retry_policy(),
            hedge: edge.hedge(),
            callers: vec![caller; usize::from(from.kind.most_instances())],
            connections: edge.connections,
            timeouts: VecDeque::new(),
            hedges: VecDeque::new(),
            rng: seed.stream(&format!("{}>{}/retries", from.id, to.id)),
        }))
    }
}

impl Caller {
    fn avoids(&self, now: Time, instance: u16) -> bool {
        self.refused.get(usize::from(instance)).is_some_and(|&until| now < until)
    }
}

impl EdgePolicy {
    /// Whether the caller has as many calls open as it may have connections.
    pub(super) fn is_full(&self) -> bool {
        self.connections.is_some_and(|bound| self.callers[0].open >= bound)
    }

    /// A message is on its way to workers; it is due to be acknowledged at the time that is given back.
    pub(super) fn delivered(&mut self, now: Time, slot: Slot, generation: u32) -> Option<Time> {
        self.callers[0].open += 1;
        let due = now + self.timeout?;
        self.timeouts.push_back((due, slot, generation));
        (self.timeouts.len() == 1).then_some(due)
    }

    /// A message is acknowledged, or was not in time.
    pub(super) fn settled(&mut self) {
        self.callers[0].open -= 1;
    }
}

impl Simulation {
    fn policy(&mut self, edge: EdgeIndex) -> &mut EdgePolicy {
        self.edges[edge.index()].policy.as_deref_mut().expect("only edges with a policy have attempts")
    }

    /// A call by an edge with a policy, which begins after a delay: before it, nobody knows whom to call.
    pub(super) fn try_call(
        &mut self,
        parent: Slot,
        edge: EdgeIndex,
        way: Option<Way>,
        ask: Ask,
        origin: Origin,
        delay: Span,
    ) -> Slot {
        let (parent_generation, instance) = match parent {
            NO_CALL => (0, 0),
            _ => (self.calls[parent].generation, self.calls[parent].instance),
        };
        let target = way.map_or(NO_TARGET, |way| way.target);
        let slot = self.calls.add(Call {
            parent,
            parent_generation,
            instance: way.map_or(0, |way| way.instance),
            target,
            caller: instance,
            epoch: self.epoch_of(parent, target),
            stage: Stage::Trying,
            pinned: way.is_some_and(|way| way.target == NO_TARGET),
            sent: self.now,
            ..Call::new(self.edges[edge.index()].to, edge, ask, origin)
        });
        if delay > Span::ZERO {
            self.calls[slot].stage = Stage::Resolving;
            self.schedule(self.now + delay, Event::Retry(slot));
            return slot;
        }
        self.connect(slot, way);
        slot
    }

    /// The call waits for a connection, or has one at once.
    fn connect(&mut self, slot: Slot, way: Option<Way>) {
        let Call { edge, generation, caller: instance, .. } = self.calls[slot];
        let policy = self.policy(edge);
        let (bound, caller) = (policy.connections, &mut policy.callers[usize::from(instance)]);
        if bound.is_some_and(|bound| caller.open >= bound) {
            caller.waiting.push_back((slot, generation));
            self.calls[slot].stage = Stage::Pooling;
            let from = self.caller(edge).index();
            return self.count(from, Counter::Pooled);
        }
        caller.open += 1;
        self.first_attempt(slot, way);
    }

    /// The call has its connection.
    fn first_attempt(&mut self, slot: Slot, way: Option<Way>) {
        let (now, edge, generation) = (self.now, self.calls[slot].edge, self.calls[slot].generation);
        self.calls[slot].stage = Stage::Trying;
        self.calls[slot].queued = now;
        let policy = self.policy(edge);
        policy.retry.started(now);
        if let Some(after) = policy.hedge.as_mut().and_then(|hedge| hedge.started(now)) {
            // Where the delay has just become shorter, who waits longer by the old one keeps his place before the others.
            let due = policy.hedges.back().map_or(now + after, |&(last, ..)| last.max(now + after));
            policy.hedges.push_back((due, slot, generation));
            if policy.hedges.len() == 1 {
                self.agenda.push(due, Event::Hedge(u32::from(edge.0)));
            }
        }
        self.attempt(slot, way);
    }

    /// Makes an attempt, unless the breaker forbids it or nobody is there to be asked.
    fn attempt(&mut self, slot: Slot, way: Option<Way>) {
        let now = self.now;
        let call = self.calls[slot];
        let Some(way) = way.or_else(|| self.way_again(&call)) else {
            if call.open == 0 {
                self.lose(slot, Outcome::Refused);
            }
            return;
        };
        // A balancer's next attempt may go by another edge than the first: the breaker is that of the way that is taken.
        let taken = self.edges[way.edge.index()].policy.as_deref_mut();
        let breaker = taken.and_then(|policy| policy.callers[usize::from(call.caller)].breaker.as_mut());
        let pass = breaker.map(|breaker| breaker.admit(now));
        if pass == Some(None) {
            if way.target != NO_TARGET {
                self.untried(&Call { edge: way.edge, target: way.target, ..call });
            }
            if call.open > 0 {
                return;
            }
            let from = self.caller(call.edge).index();
            self.count(from, Counter::BrokenCircuit);
            return self.lose(slot, Outcome::Refused);
        }
        self.calls[slot].open += 1;
        // Whoever is asked is told how long that is of use, as far as there is a timeout.
        let timeout = self.policy(call.edge).timeout.unwrap_or(Span(u64::MAX));
        let deadline = Deadline(call.origin.deadline).handed_on(now, Span::ZERO, timeout).0;
        let attempt = self.send(slot, way, call.ask, Origin { deadline, ..call.origin }, Span::ZERO);
        self.calls[attempt].pass = pass.flatten();
        let generation = self.calls[attempt].generation;
        let policy = self.policy(call.edge);
        if let Some(timeout) = policy.timeout {
            policy.timeouts.push_back((now + timeout, attempt, generation));
            if policy.timeouts.len() == 1 {
                self.agenda.push(now + timeout, Event::Timeout(u32::from(call.edge.0)));
            }
        }
    }

    /// Where another attempt goes: a balancer picks again, others as for a new call.
    fn way_again(&mut self, call: &Call) -> Option<Way> {
        if call.pinned {
            return Some(Way { edge: call.edge, instance: call.instance, target: NO_TARGET });
        }
        let from = self.caller(call.edge);
        if matches!(self.nodes[from.index()].state, State::LoadBalancer(_)) {
            return self.pick_target(from.index(), call.caller, &call.origin);
        }
        let mut instance = self.instance_for(call.edge, call.ask, &call.origin);
        let callee = &self.nodes[call.node.index()];
        if callee.is_asked_in_turn() {
            let now = self.now;
            // Where all are left alone, whoever's turn it is gets it.
            for _ in 1..callee.stations.len() {
                if !self.policy(call.edge).callers[usize::from(call.caller)].avoids(now, instance) {
                    break;
                }
                instance = self.instance_for(call.edge, call.ask, &call.origin);
            }
        }
        Some(Way { edge: call.edge, instance, target: NO_TARGET })
    }

    /// Nobody was there: the caller's instance asks others for a while.
    fn leave_alone(&mut self, answer: &Call) {
        let (until, count) = (self.now + RECONNECT, self.nodes[answer.node.index()].stations.len());
        let refused = &mut self.policy(answer.edge).callers[usize::from(answer.caller)].refused;
        refused.resize(count, Time::ZERO);
        refused[usize::from(answer.instance)] = until;
    }

    /// Ends a call at this instant, not by calling back but by an event: chains of calls may be long.
    fn lose(&mut self, slot: Slot, outcome: Outcome) {
        let call = &mut self.calls[slot];
        call.stage = Stage::Lost;
        call.outcome = outcome;
        self.at_once.push_back(Event::Retry(slot));
    }

    /// A backoff is over, or a lost call is to be ended.
    pub(super) fn retry_due(&mut self, slot: Slot) {
        match self.calls[slot].stage {
            Stage::Backoff if self.is_awaited(&self.calls[slot]) => {
                self.calls[slot].stage = Stage::Trying;
                self.attempt(slot, None);
            }
            Stage::Resolving if self.is_awaited(&self.calls[slot]) => self.connect(slot, None),
            // It has no connection yet, or never will.
            Stage::Resolving | Stage::Unresolved => {
                let call = self.calls[slot];
                self.calls.remove(slot);
                self.resume(&call);
            }
            _ => self.end_trying(slot),
        }
    }

    /// An attempt has been answered, or has timed out.
    pub(super) fn attempt_answered(&mut self, slot: Slot, answer: &Call) {
        if answer.given_up {
            return;
        }
        let (now, good) = (self.now, answer.outcome == Outcome::Ok);
        let call = &mut self.calls[slot];
        call.open -= 1;
        call.outcome = answer.outcome;
        call.hit = answer.hit;
        let call = self.calls[slot];
        let edge = call.edge;
        if good {
            let first = call.left == 0;
            if let Some(hedge) = self.policy(edge).hedge.as_mut().filter(|_| first) {
                hedge.answered(now.since(call.queued));
            }
            return self.end_trying(slot);
        }
        let station = &self.nodes[answer.node.index()].stations[usize::from(answer.instance)];
        if answer.outcome == Outcome::Refused && !station.up && call.edge == answer.edge {
            self.leave_alone(answer);
        }
        if call.open > 0 {
            return;
        }
        if !self.is_awaited(&call) {
            return self.end_trying(slot);
        }
        let policy = self.policy(edge);
        let Some(wait) = policy.retry.after_failure(now, u32::from(call.left) + 1, &mut policy.rng) else {
            return self.end_trying(slot);
        };
        let call = &mut self.calls[slot];
        call.left += 1;
        call.stage = Stage::Backoff;
        let from = self.caller(edge).index();
        self.count(from, Counter::Retries);
        self.schedule(now + wait, Event::Retry(slot));
    }

    /// The breaker of an attempt's edge learns how it ended.
    fn breaker_hears(&mut self, call: &Call, pass: Pass, good: bool) {
        let now = self.now;
        if let Some(breaker) = &mut self.policy(call.edge).callers[usize::from(call.caller)].breaker {
            breaker.ended(now, pass, good);
        }
    }

    /// Whether a call with a policy is still wanted: its user has not given it up, its caller is alive and waits for it, or it
    /// was never meant to be waited for. Nobody tries again what is not.
    fn is_awaited(&self, call: &Call) -> bool {
        match call.parent {
            NO_CALL => !call.given_up,
            parent => {
                self.calls.is_open(parent, call.parent_generation)
                    && self.calls[parent].stage == Stage::Calling
            }
        }
    }

    /// The call is over: its connection is free, and whoever waits for it goes on.
    fn end_trying(&mut self, slot: Slot) {
        let call = self.calls[slot];
        self.calls.remove(slot);
        self.free_connection(&call);
        self.resume(&call);
    }

    fn free_connection(&mut self, call: &Call) {
        let caller = &mut self.policy(call.edge).callers[usize::from(call.caller)];
        caller.open -= 1;
        while let Some((next, generation)) =
            self.policy(call.edge).callers[usize::from(call.caller)].waiting.pop_front()
        {
            if !self.calls.is_open(next, generation) {
                continue;
            }
            let waiting = self.calls[next];
            if !self.is_awaited(&waiting) {
                if waiting.target != NO_TARGET {
                    self.untried(&waiting);
                }
                self.calls.remove(next);
                continue;
            }
            self.policy(call.edge).callers[usize::from(call.caller)].open += 1;
            let way = (waiting.pinned || waiting.target != NO_TARGET).then_some(Way {
                edge: waiting.edge,
                instance: waiting.instance,
                target: waiting.target,
            });
            return self.first_attempt(next, way);
        }
    }

    /// The first timeout of an edge is reached.
    pub(super) fn timeout(&mut self, edge: EdgeIndex) {
        let due = self.take_due(edge, |policy| &mut policy.timeouts, Event::Timeout(u32::from(edge.0)));
        for &slot in &due {
            // An attempt whose instance died lives on as its own news; this is only what is left of it.
            if !self.calls[slot].given_up && !self.calls[slot].orphan {
                self.time_out(edge, slot);
            }
        }
        self.keep(due);
    }

    /// The calls that are due in a line by time, and the next event for its head.
    fn take_due(
        &mut self,
        edge: EdgeIndex,
        line: impl Fn(&mut EdgePolicy) -> &mut VecDeque<(Time, Slot, u32)>,
        event: Event,
    ) -> Vec<Slot> {
        let mut due = std::mem::take(&mut self.due);
        while let Some(&(at, slot, generation)) = line(self.policy(edge)).front() {
            let open = self.calls.is_open(slot, generation);
            if open && at > self.now {
                self.agenda.push(at, event);
                break;
            }
            line(self.policy(edge)).pop_front();
            if open {
                due.push(slot);
            }
        }
        due
    }

    /// Gives a list back, so that the next needs no memory.
    fn keep(&mut self, mut due: Vec<Slot>) {
        due.clear();
        self.due = due;
    }

    /// An attempt has had its time, and nobody listens any more: for its caller it has failed, whatever becomes of it.
    fn time_out(&mut self, edge: EdgeIndex, slot: Slot) {
        let from = self.caller(edge).index();
        if matches!(self.nodes[from].state, State::Queue(_)) {
            self.calls[slot].given_up = true;
            self.count(from, Counter::TimedOut);
            return self.message_done(&Call { outcome: Outcome::TimedOut, ..self.calls[slot] });
        }
        let answer = Call { outcome: Outcome::TimedOut, ..self.calls[slot] };
        // Of two attempts, the other has been answered before.
        if !self.calls.is_open(answer.parent, answer.parent_generation) {
            return;
        }
        self.calls[slot].given_up = true;
        self.count(from, Counter::TimedOut);
        self.attempt_ended(&answer);
        self.calls[slot].target = NO_TARGET;
        self.calls[slot].pass = None;
        self.attempt_answered(answer.parent, &answer);
    }

    /// Balancer and breaker learn how an attempt, or a call to a target, has ended.
    #[inline]
    pub(super) fn attempt_ended(&mut self, call: &Call) {
        if call.target != NO_TARGET {
            self.target_ended(call);
        }
        if let Some(pass) = call.pass {
            self.breaker_hears(call, pass, call.outcome == Outcome::Ok);
        }
    }

    /// The first hedge of an edge is due: what has no answer yet is asked for once more.
    pub(super) fn hedge(&mut self, edge: EdgeIndex) {
        let due = self.take_due(edge, |policy| &mut policy.hedges, Event::Hedge(u32::from(edge.0)));
        for &slot in &due {
            let call = &self.calls[slot];
            let late = call.stage == Stage::Trying && call.open > 0 && self.is_awaited(call);
            let now = self.now;
            if late && self.policy(edge).hedge.as_mut().is_some_and(|hedge| hedge.hedge(now)) {
                let from = self.caller(edge).index();
                self.count(from, Counter::Hedges);
                self.attempt(slot, None);
            }
        }
        self.keep(due);
    }
}
