//! The event loop, and what can be done to it from outside.
use super::agenda::{Agenda, Event};
use super::call::{Ask, Call, Calls, NO_CALL, Slot, Stage};
use super::command::{Command, CommandFault};
use super::meter::{ClassMeter, EdgeMeter};
use super::node::{Node, State};
use super::station::Offered;
use crate::hash::Digest;
use crate::id::{ClassIndex, EdgeIndex, NodeIndex};
use crate::rng::Seed;
use crate::run::{Outcome, Outcomes, Run, Second};
use crate::time::{Span, Time};
use crate::topology::{Plan, catalog};
use crate::workload::{Class, Operation};
use std::collections::VecDeque;

/// How many seconds of the series are kept: a day.
const SERIES: usize = 86_400;

/// A design at work.
#[derive(Clone, Debug)]
pub struct Simulation {
    pub(super) now: Time,
    pub(super) seed: Seed,
    pub(super) agenda: Agenda,
    /// Events of this instant, to be handled before the agenda is asked again: calls and answers over links without
    /// latency. A queue and not recursion, since a chain of nodes may be long.
    pub(super) at_once: VecDeque<Event>,
    pub(super) calls: Calls,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Link>,
    pub(super) classes: Vec<Class>,
    pub(super) meters: Vec<ClassMeter>,
    second: Second,
    /// Whole seconds, oldest first.
    pub(super) series: VecDeque<Second>,
    /// The number of the first second of `series`.
    pub(super) series_start: u64,
    pub(super) next_tick: Time,
    /// When statistics were last reset.
    pub(super) reset_at: Time,
    /// The rate of all clients together, per second.
    pub(super) rate: f64,
    /// Outcomes of the running second and the whole ones before it, newest first.
    pub(super) recent: [Outcomes; 3],
    events: u64,
}

/// An edge at work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) to: NodeIndex,
    pub(super) latency: Span,
    pub(super) meter: EdgeMeter,
    /// Whose turn it is among the callee's instances, where callers take turns.
    pub(super) turn: u16,
}

/// Simulates a plan from cold: `warm_up` that does not count, then `duration` that does.
pub fn simulate(plan: &Plan, seed: Seed, warm_up: Span, duration: Span) -> Run {
    let mut simulation = Simulation::new(plan, seed);
    simulation.run_until(Time::ZERO + warm_up);
    simulation.reset_statistics();
    simulation.run_until(Time::ZERO + warm_up + duration);
    simulation.run(&plan.name)
}

impl Simulation {
    /// At the start of time: everything is up, empty and idle.
    pub fn new(plan: &Plan, seed: Seed) -> Self {
        let edges = plan.edges.iter().map(|edge| Link {
            to: edge.to,
            latency: edge.latency,
            meter: EdgeMeter::default(),
            turn: 0,
        });
        let mut simulation = Self {
            now: Time::ZERO,
            seed,
            agenda: Agenda::default(),
            at_once: VecDeque::new(),
            calls: Calls::default(),
            nodes: (0..plan.nodes.len()).map(|i| Node::new(plan, NodeIndex(i as u16), seed)).collect(),
            edges: edges.collect(),
            classes: plan.classes.clone(),
            meters: plan.classes.iter().map(|_| ClassMeter::new()).collect(),
            second: Second::default(),
            series: VecDeque::new(),
            series_start: 0,
            next_tick: Time::ZERO + Span::SECOND,
            reset_at: Time::ZERO,
            rate: plan.arrivals.rate,
            recent: [Outcomes::default(); 3],
            events: 0,
        };
        simulation.start();
        simulation
    }

    fn start(&mut self) {
        for i in 0..self.nodes.len() {
            match &self.nodes[i].state {
                State::Clients(_) => self.plan_arrival(i),
                State::LoadBalancer(_) => self.plan_probe(i),
                _ => {}
            }
        }
    }

    /// The present instant.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// How many events have been handled.
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// Handles everything that happens up to and at `until`.
    pub fn run_until(&mut self, until: Time) {
        self.run_some(until, u64::MAX);
    }

    /// As [`Simulation::run_until`], but gives up after about `most_events`; whether `until` was reached.
    pub fn run_some(&mut self, until: Time, most_events: u64) -> bool {
        self.settle();
        for _ in 0..most_events {
            let Some((at, event)) = self.agenda.pop(until) else {
                self.tick_until(until);
                self.now = self.now.max(until);
                return true;
            };
            if at >= self.next_tick {
                self.tick_until(at);
            }
            self.now = at;
            self.handle(event);
            self.settle();
        }
        false
    }

    /// Handles what else happens at this instant over links without latency.
    fn settle(&mut self) {
        while let Some(event) = self.at_once.pop_front() {
            self.handle(event);
        }
    }

    fn handle(&mut self, event: Event) {
        self.events += 1;
        match event {
            Event::Arrive(source) => self.request_due(source as usize),
            Event::Deliver(slot) => self.deliver(slot),
            Event::Finish(slot) => self.finish(slot),
            Event::Answer(slot) => self.answered(slot),
            Event::Deadline(source) => self.deadline(source as usize),
            Event::Probe(balancer) => self.probe(balancer as usize),
        }
    }

    /// A call by an edge, to an instance that the caller has picked.
    pub(super) fn call(
        &mut self,
        parent: Slot,
        edge: EdgeIndex,
        instance: u16,
        ask: Ask,
        origin: (u16, u64),
    ) -> Slot {
        let link = &mut self.edges[edge.index()];
        link.meter.seconds[0] += 1;
        let (node, at) = (link.to, self.now + link.latency);
        let (class, key) = origin;
        let slot = self.calls.add(Call {
            parent,
            node,
            instance,
            edge,
            source: 0,
            class,
            ask,
            stage: Stage::Sent,
            outcome: Outcome::Ok,
            hit: false,
            orphan: false,
            given_up: false,
            step: 0,
            target: 0,
            generation: 0,
            key,
            sent: self.now,
            queued: Time::ZERO,
            wait: Span::ZERO,
        });
        self.nodes[node.index()].in_flight += 1;
        self.schedule(at, Event::Deliver(slot));
        slot
    }

    fn schedule(&mut self, at: Time, event: Event) {
        if at == self.now {
            self.at_once.push_back(event);
        } else {
            self.agenda.push(at, event);
        }
    }

    fn deliver(&mut self, slot: Slot) {
        let call = self.calls[slot];
        let station = &mut self.nodes[call.node.index()].stations[usize::from(call.instance)];
        if !station.up {
            return self.answer(slot, Outcome::Refused);
        }
        self.calls[slot].queued = self.now;
        match station.offer(self.now, slot) {
            Offered::Started => self.begin(slot),
            Offered::Queued => self.calls[slot].stage = Stage::Queued,
            Offered::Refused => self.answer(slot, Outcome::Refused),
        }
    }

    /// A worker has taken the call.
    pub(super) fn begin(&mut self, slot: Slot) {
        let now = self.now;
        let call = &mut self.calls[slot];
        call.stage = Stage::Working;
        call.wait = now.since(call.queued);
        let (node, instance, ask) = (call.node.index(), usize::from(call.instance), call.ask);
        let span = self.nodes[node].own_time(instance, ask);
        self.schedule(now + span, Event::Finish(slot));
    }

    fn finish(&mut self, slot: Slot) {
        let call = self.calls[slot];
        if call.orphan {
            return self.calls.remove(slot);
        }
        match self.nodes[call.node.index()].state {
            State::Clients(_) => unreachable!("nobody calls clients"),
            State::LoadBalancer(_) => self.balancer_finish(slot),
            State::Service(_) => self.service_next(slot),
            State::Cache(_) => self.cache_finish(slot),
            State::Database(_) => {
                self.release(slot);
                self.answer(slot, Outcome::Ok);
            }
        }
    }

    /// Gives the call's worker back; the next in the queue takes it.
    pub(super) fn release(&mut self, slot: Slot) {
        let call = self.calls[slot];
        let station = &mut self.nodes[call.node.index()].stations[usize::from(call.instance)];
        if let Some(next) = station.release(self.now) {
            self.begin(next);
        }
    }

    /// The node has ended the call; its answer goes back.
    pub(super) fn answer(&mut self, slot: Slot, outcome: Outcome) {
        let call = &mut self.calls[slot];
        call.stage = Stage::Answered;
        call.outcome = outcome;
        let at = self.now + self.edges[call.edge.index()].latency;
        self.schedule(at, Event::Answer(slot));
    }

    /// An answer has reached its caller.
    fn answered(&mut self, slot: Slot) {
        let call = self.calls[slot];
        let response = self.now.since(call.sent);
        let node = &mut self.nodes[call.node.index()];
        node.in_flight -= 1;
        node.meter.record(call.outcome, response, call.wait);
        if call.source > 0 {
            return self.request_answered(slot);
        }
        self.calls.remove(slot);
        if call.parent == NO_CALL {
            return;
        }
        let parent = self.calls[call.parent];
        if parent.orphan {
            // Its instance died meanwhile; this was all that kept it.
            return self.calls.remove(call.parent);
        }
        match self.nodes[parent.node.index()].state {
            State::LoadBalancer(_) => self.balancer_answered(call.parent, &call),
            State::Service(_) => self.service_answered(call.parent, &call),
            State::Cache(_) => self.cache_answered(call.parent, &call),
            State::Clients(_) | State::Database(_) => unreachable!("such a node makes no calls"),
        }
    }

    /// A client's request has ended.
    pub(super) fn count_request(&mut self, class: u16, outcome: Outcome, response: Span) {
        self.meters[ClassIndex(class).index()].record(outcome, response);
        self.second.outcomes.add(outcome);
        self.recent[0].add(outcome);
    }

    pub(super) fn count_offered(&mut self) {
        self.second.offered += 1;
    }

    pub(super) fn operation(&self, class: u16) -> Operation {
        self.classes[ClassIndex(class).index()].operation
    }

    /// The 99th percentile of the requests that ended in the running second, as their clients' meters have it.
    fn second_p99(&self) -> Span {
        let clients = self.nodes.iter().filter(|node| matches!(node.state, State::Clients(_)));
        let mut windows = clients.map(|node| &node.meter.running_second().response);
        let Some(first) = windows.next() else { return Span::ZERO };
        let Some(second) = windows.next() else { return first.quantile(0.99) };
        let mut all = first.clone();
        std::iter::once(second).chain(windows).for_each(|window| all.merge(window));
        all.quantile(0.99)
    }

    fn tick_until(&mut self, until: Time) {
        while self.next_tick <= until {
            let at = self.next_tick;
            self.second.p99_ns = self.second_p99().0;
            for node in &mut self.nodes {
                node.meter.tick();
                node.stations.iter_mut().for_each(|station| station.tick(at));
            }
            self.edges.iter_mut().for_each(|edge| edge.meter.tick());
            self.series.push_back(std::mem::take(&mut self.second));
            self.recent.rotate_right(1);
            self.recent[0] = Outcomes::default();
            if self.series.len() > SERIES {
                self.series.pop_front();
                self.series_start += 1;
            }
            self.next_tick = at + Span::SECOND;
        }
    }

    /// Starts counting anew: what came before was warm-up. The series by seconds goes on.
    pub fn reset_statistics(&mut self) {
        self.reset_at = self.now;
        self.meters.iter_mut().for_each(ClassMeter::reset);
        for node in &mut self.nodes {
            node.meter.reset();
            node.stations.iter_mut().for_each(|station| station.reset_statistics(self.now));
        }
    }

    /// Does something to the design, now.
    ///
    /// # Errors
    /// When there is no such node or instance, or the rate is out of range; nothing has changed then.
    pub fn command(&mut self, command: &Command) -> Result<(), CommandFault> {
        match command {
            Command::Kill { node, instance } => {
                let place = self.find_instance(node, *instance)?;
                self.kill(place, *instance);
            }
            Command::Restore { node, instance } => {
                let place = self.find_instance(node, *instance)?;
                self.nodes[place].stations[usize::from(*instance)].up = true;
            }
            Command::SetRate { rate } => {
                if !(*rate > 0.0 && *rate <= catalog::MAX_RATE) {
                    return Err(CommandFault::BadRate(*rate));
                }
                self.set_rate(*rate);
            }
        }
        Ok(())
    }

    fn find_instance(&self, id: &str, instance: u16) -> Result<usize, CommandFault> {
        let place = self.nodes.iter().position(|node| node.id == id);
        let place = place.ok_or_else(|| CommandFault::NoSuchNode(id.to_owned()))?;
        let stations = &self.nodes[place].stations;
        if stations.is_empty() {
            return Err(CommandFault::NotAnInstance(id.to_owned()));
        }
        if usize::from(instance) >= stations.len() {
            return Err(CommandFault::NoSuchInstance(id.to_owned(), instance));
        }
        Ok(place)
    }

    fn kill(&mut self, place: usize, instance: u16) {
        if !self.nodes[place].stations[usize::from(instance)].up {
            return;
        }
        self.nodes[place].stations[usize::from(instance)].kill(self.now);
        self.nodes[place].forget(instance);
        let at_work = |call: &Call| {
            call.node.index() == place
                && call.instance == instance
                && !call.orphan
                && matches!(call.stage, Stage::Queued | Stage::Working | Stage::Calling)
        };
        for slot in self.calls.find(at_work) {
            self.break_off(slot);
        }
        // What waited was broken off with the rest.
        self.nodes[place].stations[usize::from(instance)].queue.drain().for_each(drop);
    }

    /// The instance that worked on a call has died: the caller learns it, and what is left of the call is an orphan until
    /// its event or its own call comes back.
    fn break_off(&mut self, slot: Slot) {
        let call = self.calls[slot];
        if call.stage == Stage::Queued {
            // Nothing else refers to it: the call itself carries the news.
            return self.answer(slot, Outcome::Failed);
        }
        let news = self.calls.add(call);
        let left = &mut self.calls[slot];
        left.orphan = true;
        left.source = 0;
        left.parent = NO_CALL;
        self.answer(news, Outcome::Failed);
    }

    /// A number that two simulations share when they are in the same state, as far as anyone can see.
    pub fn digest(&self) -> u64 {
        let mut digest = Digest(self.run("").digest());
        digest.add(self.now.0);
        digest.add(self.calls.len() as u64);
        digest.0
    }
}
