//! The event loop: what there is, what happens next, and what is counted.
use super::agenda::Agenda;
use super::attempt::EdgePolicy;
use super::call::{Calls, Slot};
use super::ended::Ended;
use super::event::Event;
use super::lanes::Lane;
use super::meter::{ClassMeter, EdgeMeter};
use super::node::{Node, State};
use super::processors::SharedProcessor;
use super::rare::Rare;
use super::steadiness::{Steadiness, Stretch};
use super::trace::Tracer;
use crate::hash::Digest;
use crate::id::{ClassIndex, EdgeIndex, NodeIndex};
use crate::rng::Seed;
use crate::run::{Outcome, Outcomes, Second};
use crate::stats::{Histogram, Precision, Progress};
use crate::time::{Span, Time};
use crate::topology::Plan;
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
    /// The first of them, which is mostly the only one.
    pub(super) next: Option<Event>,
    pub(super) calls: Calls,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Link>,
    pub(super) classes: Vec<Class>,
    pub(super) meters: Vec<ClassMeter>,
    second: Second,
    /// The responses of all clients' requests since the reset, up to the running second; and their stretches.
    pub(super) responses: Histogram,
    pub(super) steadiness: Steadiness,
    /// How the mean response moves, from the start.
    pub(super) progress: Progress,
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
    /// Requests that were sent, ever: the number of the next one.
    pub(super) requests: u64,
    /// Cores that several instances or nodes share.
    pub(super) processors: Vec<SharedProcessor>,
    /// What is done rarely, by the number in its event.
    pub(super) rare: Vec<Option<Rare>>,
    /// Its free places, to be used again.
    pub(super) rare_free: Vec<u32>,
    /// The plan's zones, timeline and what else is looked at rarely.
    pub(super) plan: std::sync::Arc<Plan>,
    /// Which zones are cut off from which, row by row.
    pub(super) cuts: Vec<bool>,
    pub(super) tracer: Tracer,
    /// Requests that have ended, where anyone wants to know them.
    pub(super) ended: Option<Vec<Ended>>,
    /// Lists that are empty between events, kept for their memory.
    pub(super) dropped: Vec<Slot>,
    pub(super) due: Vec<Slot>,
    pub(super) parked: Vec<(Slot, u32)>,
    events: u64,
}

/// An edge at work.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) from: NodeIndex,
    pub(super) to: NodeIndex,
    pub(super) latency: Span,
    /// Where calls and answers stand in line that are under way on it.
    pub(super) lane: Option<Lane>,
    pub(super) meter: EdgeMeter,
    /// The edge of the document that its calls are counted on.
    pub(super) shown_as: EdgeIndex,
    /// Whose turn it is among the callee's instances, where callers take turns.
    pub(super) turn: u16,
    /// No packet passes.
    pub(super) cut: bool,
    /// Since when the edge itself is cut, whatever its zones are.
    pub(super) severed: Option<Time>,
    pub(super) policy: Option<Box<EdgePolicy>>,
}

impl Link {
    fn new(from: NodeIndex, to: NodeIndex, latency: Span, shown_as: EdgeIndex) -> Self {
        Self {
            from,
            to,
            latency,
            lane: None,
            meter: EdgeMeter::new(),
            shown_as,
            turn: 0,
            cut: false,
            severed: None,
            policy: None,
        }
    }
}

impl Simulation {
    /// At the start of time: everything is up, empty and idle.
    pub fn new(plan: &Plan, seed: Seed) -> Self {
        let drawn = plan.edges.iter().enumerate().map(|(i, edge)| {
            let link = Link::new(edge.from, edge.to, edge.latency, EdgeIndex(i as u16));
            Link { policy: EdgePolicy::new(plan, edge.from, edge, seed), ..link }
        });
        let resolved = plan.resolved_ways().map(|(from, shown_as)| {
            let edge = plan.edge(shown_as);
            let link = Link::new(from, edge.to, plan.resolved_latency(from, shown_as), shown_as);
            Link { policy: EdgePolicy::new(plan, from, edge, seed), ..link }
        });
        let mut simulation = Self {
            now: Time::ZERO,
            seed,
            agenda: Agenda::default(),
            at_once: VecDeque::new(),
            next: None,
            calls: Calls::default(),
            nodes: (0..plan.nodes.len()).map(|i| Node::new(plan, NodeIndex(i as u16), seed)).collect(),
            edges: drawn.chain(resolved).collect(),
            classes: plan.classes.clone(),
            meters: plan.classes.iter().map(|_| ClassMeter::new()).collect(),
            second: Second::default(),
            responses: Histogram::new(Precision::Coarse),
            steadiness: Steadiness::new(),
            progress: Progress::new(),
            series: VecDeque::new(),
            series_start: 0,
            next_tick: Time::ZERO + Span::SECOND,
            reset_at: Time::ZERO,
            rate: plan.arrivals.rate,
            recent: [Outcomes::default(); 3],
            requests: 0,
            processors: Vec::new(),
            rare: Vec::new(),
            rare_free: Vec::new(),
            cuts: vec![false; plan.zones.len() * plan.zones.len()],
            plan: std::sync::Arc::new(plan.clone()),
            tracer: Tracer::default(),
            ended: None,
            dropped: Vec::new(),
            due: Vec::new(),
            parked: Vec::new(),
            events: 0,
        };
        simulation.start();
        simulation
    }

    fn start(&mut self) {
        for edge in self.edges.iter_mut().filter(|edge| edge.latency > Span::ZERO) {
            edge.lane = self.agenda.lane(edge.latency);
        }
        for node in &mut self.nodes {
            let constant = node.state.constant_work().filter(|&span| span > Span::ZERO);
            node.constant_work = constant.and_then(|span| Some((span, self.agenda.lane(span)?)));
        }
        self.share_processors();
        for i in 0..self.nodes.len() {
            match &self.nodes[i].state {
                State::Clients(_) => self.start_clients(i),
                State::LoadBalancer(_) | State::Dns(_) => self.plan_probe(i),
                State::Service(_) => self.start_scaling(i),
                State::Workers(_) => {
                    self.start_scaling(i);
                    self.start_workers(i);
                }
                _ => {}
            }
            self.start_failing(i);
        }
        self.plan_timeline();
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
        let mut left = most_events;
        loop {
            let event = if let Some(event) = self.next {
                self.next = None;
                event
            } else if let Some(event) = self.at_once.pop_front() {
                event
            } else if left == 0 {
                return false;
            } else {
                left -= 1;
                let Some((at, event)) = self.agenda.pop(until) else {
                    self.tick_until(until);
                    self.now = self.now.max(until);
                    return true;
                };
                if at >= self.next_tick {
                    self.tick_until(at);
                }
                if self.agenda.has_filled_run() && self.calls.are_many() {
                    self.read_ahead();
                }
                self.now = at;
                event
            };
            self.handle(event);
        }
    }

    /// Has the calls of the next events brought near. A call that waited for long is far from the processor; here the ways of
    /// all of them pass side by side, where each event would wait for its own.
    #[inline(never)]
    fn read_ahead(&self) {
        let touched = self.agenda.run().map(|event| match event {
            Event::Deliver(slot) | Event::Finish(slot) | Event::Answer(slot) => self.calls.touch(slot),
            _ => 0,
        });
        std::hint::black_box(touched.fold(0, |all, one| all ^ one));
    }

    /// Called from one place alone, and so part of the loop.
    #[inline(always)]
    fn handle(&mut self, event: Event) {
        self.events += 1;
        match event {
            Event::Arrive(source) => self.request_due(source as usize),
            Event::Deliver(slot) => self.deliver(slot),
            Event::Finish(slot) => self.finish(slot),
            Event::Answer(slot) => self.answered(slot),
            Event::Deadline(source) => self.deadline(source as usize),
            Event::Probe(node) => self.probe(node as usize),
            Event::Wake(user) => self.user_wakes(user),
            Event::Retry(slot) => self.retry_due(slot),
            Event::Timeout(edge) => self.timeout(EdgeIndex(edge as u16)),
            Event::Hedge(edge) => self.hedge(EdgeIndex(edge as u16)),
            Event::Cpu(processor) => self.cpu_done(processor),
            Event::Rare(place) => self.do_rarely(place),
        }
    }

    /// A client's request has ended.
    pub(super) fn count_request(&mut self, class: u16, outcome: Outcome, response: Span) {
        self.meters[ClassIndex(class).index()].record(outcome, response);
        self.progress.add(self.now, response);
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
            self.second.outcomes = self.recent[0];
            self.second.p99_ns = self.second_p99().0;
            self.tick_meters(at);
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

    fn tick_meters(&mut self, at: Time) {
        let seconds = at.since(self.reset_at).min(Span::SECOND).as_secs();
        self.processors.iter_mut().for_each(|processor| processor.tick(at));
        let (mut ended, mut errors) = (0, 0);
        for node in &mut self.nodes {
            if let State::Clients(_) = node.state {
                let window = node.meter.running_second();
                self.responses.merge(&window.response);
                ended += window.outcomes.total();
                errors += window.outcomes.errors();
            }
            node.stations.iter_mut().for_each(|station| station.tick(at));
            let (taken, capacity) = node.taken_in_last_second(&self.processors);
            let (taken, capacity, kept) = (taken * seconds, capacity * seconds, node.kept() as f64 * seconds);
            node.meter.tick(Stretch { seconds, taken, capacity, kept, ..Stretch::default() });
        }
        let all = Stretch { seconds, ended, errors, ..Stretch::default() };
        self.steadiness.tick(all, &self.responses, &Histogram::new(Precision::Coarse));
        self.meters.iter_mut().for_each(|meter| meter.tick(seconds));
        self.edges.iter_mut().for_each(|edge| edge.meter.tick(seconds));
    }

    /// Starts counting anew: what came before was warm-up. The series by seconds goes on.
    pub fn reset_statistics(&mut self) {
        self.reset_at = self.now;
        self.meters.iter_mut().for_each(ClassMeter::reset);
        self.responses.clear();
        self.steadiness.reset();
        self.edges.iter_mut().for_each(|edge| edge.meter.reset());
        for node in &mut self.nodes {
            node.reset_statistics(self.now);
        }
        self.processors.iter_mut().for_each(|processor| processor.reset_statistics(self.now));
    }

    /// A number that two simulations share when they are in the same state, as far as anyone can see.
    pub fn digest(&self) -> u64 {
        let mut digest = Digest(self.run("").digest());
        digest.add(self.now.0);
        digest.add(self.calls.len() as u64);
        digest.0
    }
}
