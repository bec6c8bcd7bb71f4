//! One request, hop by hop: what was called when, where it waited, how long it was worked on, and how it ended.
use super::call::{Ask, Call, NO_CALL, Slot};
use super::command::Command;
use super::node::State;
use super::simulation::Simulation;
use crate::rng::Seed;
use crate::run::Outcome;
use crate::time::{Span, Time};
use crate::topology::Plan;
use serde::{Deserialize, Serialize};

/// A request and every call that was made for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The request's number: requests are numbered from zero in the order in which they are sent.
    pub request: u64,
    /// The hops in the order in which they were sent; the first is the request itself.
    pub hops: Vec<Hop>,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hop {
    /// The hop that it is part of, by its place in the list; none for the request itself.
    pub parent: Option<usize>,
    /// The id of the node that was called.
    pub node: String,
    /// Which of its instances, counted from zero.
    pub instance: u16,
    /// What was asked.
    pub ask: String,
    /// About which key.
    #[serde(default)]
    pub key: u64,
    /// How many attempts at the same call were made before.
    #[serde(default)]
    pub attempt: u16,
    /// Whether a cache had it; none for what is no cache, and until it is answered.
    #[serde(default)]
    pub hit: Option<bool>,
    /// When the caller sent it, in nanoseconds after the start.
    pub sent_ns: u64,
    /// When it reached the node, if it did.
    pub arrived_ns: Option<u64>,
    /// How long it waited there for a worker, in nanoseconds.
    pub wait_ns: u64,
    /// When the answer reached the caller; none while it is under way.
    pub answered_ns: Option<u64>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// What is written down of the request that is followed.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracer {
    /// The number of the request that is followed.
    wanted: Option<u64>,
    trace: Trace,
    /// The hops that are under way.
    open: Vec<(Slot, usize)>,
}

impl Tracer {
    pub(super) fn wants(&self, request: u64) -> bool {
        self.wanted == Some(request)
    }
}

/// A run that is run again, with what was done to it, until a request has been answered.
#[derive(Debug)]
pub struct Replay {
    simulation: Simulation,
    /// What was done when, and how much of it has been done again.
    commands: Vec<(Time, Command)>,
    done: usize,
    until: Time,
}

impl Replay {
    /// At the start of the run. Each command was given after everything up to its instant had happened; they are in order of
    /// time. A request that is not sent before `until` is not looked for any longer.
    pub fn new(plan: &Plan, seed: Seed, commands: Vec<(Time, Command)>, request: u64, until: Time) -> Self {
        let mut simulation = Simulation::new(plan, seed);
        simulation.follow(request);
        Self { simulation, commands, done: 0, until }
    }

    /// Runs on for about `most_events`; whether it is over: the request has been answered, or never will be.
    pub fn step(&mut self, most_events: u64) -> bool {
        if self.simulation.trace().is_some_and(|trace| !trace.is_open()) {
            return true;
        }
        let next = self.commands.get(self.done).filter(|(at, _)| *at <= self.until);
        let until = next.map_or(self.until, |(at, _)| *at);
        if !self.simulation.run_some(until, most_events) {
            return false;
        }
        let Some((_, command)) = next else { return true };
        // What was refused then is refused again.
        let _ = self.simulation.command(command);
        self.done += 1;
        false
    }

    /// How far it is.
    pub const fn now(&self) -> Time {
        self.simulation.now()
    }

    /// What happened to the request so far; none before it was sent.
    pub fn trace(&self) -> Option<&Trace> {
        self.simulation.trace()
    }
}

/// Replays a run until the request with this number has been answered, and gives what happened to it; `None` when no such
/// request is sent before `until`. The same plan, seed and commands give the same request. O(the run up to there).
pub fn trace(plan: &Plan, seed: Seed, request: u64, until: Time) -> Option<Trace> {
    let mut replay = Replay::new(plan, seed, Vec::new(), request, until);
    while !replay.step(10_000) {}
    replay.trace().cloned()
}

impl Trace {
    /// Whether part of it is still under way.
    pub fn is_open(&self) -> bool {
        self.hops.iter().any(|hop| hop.answered_ns.is_none())
    }

    /// How long the request took; none while it is under way.
    pub fn response(&self) -> Option<Span> {
        let first = self.hops.first()?;
        Some(Span(first.answered_ns? - first.sent_ns))
    }
}

impl Simulation {
    /// Writes down the request with this number, when it comes.
    pub fn follow(&mut self, request: u64) {
        self.tracer = Tracer { wanted: Some(request), ..Tracer::default() };
        self.tracer.trace.request = request;
    }

    /// What was written down of the request that is followed; none before it was sent.
    pub fn trace(&self) -> Option<&Trace> {
        (!self.tracer.trace.hops.is_empty()).then_some(&self.tracer.trace)
    }

    /// A call of the request that is followed was sent.
    pub(super) fn trace_sent(&mut self, slot: Slot) {
        let call = &self.calls[slot];
        let hop = Hop {
            parent: self.hop_of(call),
            node: self.nodes[call.node.index()].id.clone(),
            instance: call.instance,
            ask: format!("{:?}", call.ask).to_lowercase(),
            key: call.origin.key,
            attempt: self.attempts_before(call),
            hit: None,
            sent_ns: call.sent.0,
            arrived_ns: None,
            wait_ns: 0,
            answered_ns: None,
            outcome: None,
        };
        self.tracer.open.push((slot, self.tracer.trace.hops.len()));
        self.tracer.trace.hops.push(hop);
    }

    /// How many attempts were made before this one, where its edge has a policy.
    fn attempts_before(&self, call: &Call) -> u16 {
        if call.parent == NO_CALL {
            return 0;
        }
        let parent = &self.calls[call.parent];
        if parent.stage.is_of_a_policy() { parent.left } else { 0 }
    }

    /// The hop that a call is part of: its parent's, or its parent's parent's where that is only a policy.
    fn hop_of(&self, call: &Call) -> Option<usize> {
        let mut slot = call.parent;
        while slot != NO_CALL {
            if let Some(&(_, hop)) = self.tracer.open.iter().rev().find(|&&(open, _)| open == slot) {
                return Some(hop);
            }
            slot = self.calls[slot].parent;
        }
        None
    }

    /// A call of the request that is followed was answered.
    pub(super) fn trace_answered(&mut self, slot: Slot) {
        let Some(place) = self.tracer.open.iter().position(|&(open, _)| open == slot) else { return };
        let (_, hop) = self.tracer.open.swap_remove(place);
        let call = &self.calls[slot];
        let remembers = matches!(self.nodes[call.node.index()].state, State::Cache(_) | State::Cdn(_));
        let hop = &mut self.tracer.trace.hops[hop];
        hop.hit = (remembers && matches!(call.ask, Ask::Read | Ask::Static)).then_some(call.hit);
        hop.arrived_ns = (call.queued > Time::ZERO).then_some(call.queued.0);
        hop.wait_ns = call.wait.0;
        hop.answered_ns = Some(self.now.0);
        hop.outcome = Some(call.outcome);
    }

    /// What is left of a call whose instance died goes on under another slot.
    pub(super) fn trace_moved(&mut self, from: Slot, to: Slot) {
        self.tracer.open.iter_mut().filter(|(open, _)| *open == from).for_each(|open| open.0 = to);
    }
}
