//! Clients at work: requests in an open loop, each with a deadline after which nobody waits for it.
use super::super::agenda::Event;
use super::super::call::{Ask, Slot};
use super::super::simulation::Simulation;
use super::State;
use crate::id::{EdgeIndex, NodeIndex};
use crate::rng::Seed;
use crate::run::Outcome;
use crate::time::{Span, Time};
use crate::topology::{ClientsNode, Plan};
use crate::workload::{Arrivals, Operation, Planned, Schedule};
use std::collections::VecDeque;

/// What clients know.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Clients {
    /// Their share of the workload's rate.
    share: f64,
    timeout: Span,
    schedule: Schedule,
    /// The request that is due next.
    next: Option<Planned>,
    /// The edge that they call by.
    edge: EdgeIndex,
    /// Requests by deadline. All wait equally long, so the first sent has the first deadline, and one event for the head
    /// is enough. A slot may have been used again since: the generation tells.
    deadlines: VecDeque<(Time, Slot, u32)>,
}

impl Clients {
    pub(super) fn new(plan: &Plan, index: NodeIndex, spec: &ClientsNode, seed: Seed) -> Self {
        let arrivals = Arrivals { rate: plan.arrivals.rate * spec.share, ..plan.arrivals };
        Self {
            share: spec.share,
            timeout: spec.timeout,
            schedule: Schedule::new(arrivals, &plan.classes, seed, &plan.node(index).id),
            next: None,
            edge: plan.node(index).out[0],
            deadlines: VecDeque::new(),
        }
    }
}

impl Simulation {
    fn clients(&mut self, source: usize) -> &mut Clients {
        match &mut self.nodes[source].state {
            State::Clients(clients) => clients,
            _ => unreachable!("a source is a clients node"),
        }
    }

    /// Puts the next request of a source on the agenda.
    pub(in crate::sim) fn plan_arrival(&mut self, source: usize) {
        let clients = self.clients(source);
        clients.next = clients.schedule.next();
        if let Some(next) = clients.next {
            self.agenda.push(next.due, Event::Arrive(source as u32));
        }
    }

    /// A request is due: it is sent, and the next one is planned.
    pub(in crate::sim) fn request_due(&mut self, source: usize) {
        let clients = self.clients(source);
        let Some(planned) = clients.next else { return };
        let (edge, timeout) = (clients.edge, clients.timeout);
        self.count_offered();
        let ask = match self.operation(planned.class) {
            Operation::Read => Ask::Read,
            Operation::Write => Ask::Write,
        };
        let instance = self.instance_for(edge, planned.key);
        let slot = self.call(super::super::call::NO_CALL, edge, instance, ask, (planned.class, planned.key));
        let call = &mut self.calls[slot];
        call.source = source as u16 + 1;
        let (deadline, generation) = (call.sent + timeout, call.generation);
        let clients = self.clients(source);
        clients.deadlines.push_back((deadline, slot, generation));
        if clients.deadlines.len() == 1 {
            self.agenda.push(deadline, Event::Deadline(source as u32));
        }
        self.plan_arrival(source);
    }

    /// The answer to a request has come; perhaps nobody waits for it any more.
    pub(in crate::sim) fn request_answered(&mut self, slot: Slot) {
        let call = self.calls[slot];
        self.calls.remove(slot);
        if call.given_up {
            return;
        }
        let response = self.now.since(call.sent);
        let source = usize::from(call.source - 1);
        self.nodes[source].meter.record_request(call.outcome, response);
        self.count_request(call.class, call.outcome, response);
        // Without this, a deadline far away would keep every request that was answered long ago.
        self.drop_answered(source);
    }

    fn is_waiting(&self, source: usize, slot: Slot, generation: u32) -> bool {
        let call = &self.calls[slot];
        call.generation == generation && usize::from(call.source) == source + 1
    }

    fn drop_answered(&mut self, source: usize) {
        // The head stays: its event is on the agenda. What follows it may go while it is not waiting.
        while let Some(&(_, slot, generation)) = self.clients(source).deadlines.get(1) {
            if self.is_waiting(source, slot, generation) {
                return;
            }
            self.clients(source).deadlines.remove(1);
        }
    }

    /// The first deadline of a source is reached.
    pub(in crate::sim) fn deadline(&mut self, source: usize) {
        while let Some(&(deadline, slot, generation)) = self.clients(source).deadlines.front() {
            let waiting = self.is_waiting(source, slot, generation);
            if waiting && deadline > self.now {
                return self.agenda.push(deadline, Event::Deadline(source as u32));
            }
            self.clients(source).deadlines.pop_front();
            if waiting {
                let timeout = self.clients(source).timeout;
                let call = &mut self.calls[slot];
                call.given_up = true;
                let class = call.class;
                self.nodes[source].meter.record_request(Outcome::TimedOut, timeout);
                self.count_request(class, Outcome::TimedOut, timeout);
            }
        }
    }

    /// All clients together send at this rate from their next request on.
    pub(in crate::sim) fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
        for node in &mut self.nodes {
            if let State::Clients(clients) = &mut node.state {
                clients.schedule.set_rate(rate * clients.share);
            }
        }
    }
}
