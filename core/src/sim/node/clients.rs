//! Clients at work: requests in an open loop or a closed one, each with a deadline after which nobody waits for it.
use super::super::call::{Ask, Call, NO_CALL, NO_TARGET, Origin, Slot, Stage};
use super::super::counter::Counter;
use super::super::deadlines::Deadlines;
use super::super::event::Event;
use super::super::simulation::Simulation;
use super::super::transport::Way;
use super::State;
use crate::component::cache::{Cache, Capacity, Eviction, Ttl};
use crate::component::naming::ResolverCache;
use crate::dist::{Law, Sampler};
use crate::hash;
use crate::id::{EdgeIndex, NodeIndex};
use crate::rng::{Rng, Seed};
use crate::run::Outcome;
use crate::time::{Span, Time};
use crate::topology::{ClientsNode, NodeKind, Plan};
use crate::workload::{Arrivals, Operation, Planned, Schedule};

/// How many files all browsers of a clients node hold together.
const BROWSER_FILES: u32 = 1_000_000;
/// How long a user of a closed loop thinks at least about an answer that took no time.
const LEAST_THOUGHT: Span = Span::from_millis(1);

/// What clients know.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Clients {
    /// Their share of the workload.
    share: f64,
    timeout: Span,
    schedule: Schedule,
    /// The request that is due next, in an open loop.
    next: Option<Planned>,
    /// How long a user thinks, in a closed loop; and the users, by number.
    think: Option<(Sampler, Rng)>,
    users: std::ops::Range<u32>,
    /// The edge that they call by.
    edge: EdgeIndex,
    /// One event for the first is enough.
    deadlines: Deadlines,
    /// The event for one of them is on the agenda.
    deadline_planned: bool,
    /// Files by user and key. Few designs have them, and all would be that much larger.
    browser: Option<Box<(Cache, Rng)>>,
    /// The first of its own ways to the addresses that DNS knows, in the order of its edges.
    pub(super) ways: u16,
    /// Whom each resolver leads to; empty without DNS.
    pub(super) resolvers: Vec<Resolved>,
}

/// A resolver of these clients. They ask for one name, which is number zero.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) answers: ResolverCache,
    /// The last answer is here from this instant on.
    pub(super) from: Time,
    /// A lookup is under way that will have failed at this instant; past when there is none.
    pub(super) fails: Time,
}

impl Clients {
    pub(super) fn new(plan: &Plan, index: NodeIndex, spec: &ClientsNode, seed: Seed) -> Self {
        let node = plan.node(index);
        let arrivals = Arrivals { rate: plan.arrivals.rate * spec.share, ..plan.arrivals };
        let users = plan.users_of(index);
        let edge = node.out[0];
        let asks_dns = matches!(plan.node(plan.edge(edge).to).kind, NodeKind::Dns(_));
        let answers = ResolverCache::new(spec.least_ttl, Span(u64::MAX));
        let unknown = Resolved { answers, from: Time::ZERO, fails: Time::ZERO };
        let stream = |what: &str| seed.stream(&format!("{}/{what}", node.id));
        let ttl = Ttl { span: spec.browser_cache, jitter: 0.0 };
        Self {
            share: spec.share,
            timeout: spec.timeout,
            schedule: Schedule::new(arrivals, &plan.classes, users.end - users.start, seed, &node.id),
            next: None,
            think: plan.think_time.map(|law: Law| (law.sampler(), stream("think"))),
            users,
            edge,
            deadlines: Deadlines::default(),
            deadline_planned: false,
            browser: (spec.browser_cache > Span::ZERO).then(|| {
                Box::new((
                    Cache::new(Eviction::Lru, Capacity::Entries(BROWSER_FILES), ttl),
                    stream("browser"),
                ))
            }),
            ways: (plan.edges.len() + plan.resolved_ways().take_while(|&(from, _)| from != index).count())
                as u16,
            resolvers: if asks_dns { vec![unknown; spec.resolvers as usize] } else { Vec::new() },
        }
    }
}

impl Clients {
    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let browser = self.browser.as_ref().map_or(0, |browser| browser.0.size());
        browser + self.deadlines.size() + self.resolvers.len() * size_of::<Resolved>() + self.schedule.size()
    }
}

impl Simulation {
    pub(super) fn clients(&mut self, source: usize) -> &mut Clients {
        match &mut self.nodes[source].state {
            State::Clients(clients) => clients,
            _ => unreachable!("a source is a clients node"),
        }
    }

    /// Puts the first request of a source on the agenda, or the first of each of its users.
    pub(in crate::sim) fn start_clients(&mut self, source: usize) {
        if self.clients(source).think.is_none() {
            return self.plan_arrival(source);
        }
        for user in self.clients(source).users.clone() {
            self.think(source, user, Span::ZERO);
        }
    }

    fn plan_arrival(&mut self, source: usize) {
        let clients = self.clients(source);
        clients.next = clients.schedule.next();
        if let Some(next) = clients.next {
            self.agenda.push(next.due, Event::Arrive(source as u32));
        }
    }

    /// A user of a closed loop thinks, for `least` at least.
    #[inline]
    fn think(&mut self, source: usize, user: u32, least: Span) {
        let Some((law, rng)) = &mut self.clients(source).think else { return };
        let span = law.sample(rng).max(least);
        self.agenda.push(self.now + span, Event::Wake(user));
    }

    /// A user of a closed loop is done with thinking.
    pub(in crate::sim) fn user_wakes(&mut self, user: u32) {
        let is_theirs =
            |state: &State| matches!(state, State::Clients(clients) if clients.users.contains(&user));
        let source = self.nodes.iter().position(|node| is_theirs(&node.state));
        let source = source.expect("a user who thinks belongs to a clients node");
        let now = self.now;
        let clients = self.clients(source);
        let first = clients.users.start;
        let planned = clients.schedule.ask(now, user - first);
        self.request(source, planned);
    }

    /// A request of an open loop is due: it is sent, and the next one is planned.
    pub(in crate::sim) fn request_due(&mut self, source: usize) {
        let now = self.now;
        // Since it was put on the agenda, another rate may have given it another time.
        let Some(planned) = self.clients(source).next.filter(|planned| planned.due == now) else { return };
        self.request(source, planned);
        self.plan_arrival(source);
    }

    fn request(&mut self, source: usize, planned: Planned) {
        let (now, number) = (self.now, self.requests);
        self.requests += 1;
        self.count_offered();
        let ask = ask_of(self.operation(planned.class));
        let clients = self.clients(source);
        let timeout = clients.timeout;
        let origin = Origin {
            class: planned.class,
            user: clients.users.start + planned.user,
            key: planned.key,
            deadline: now + timeout,
            traced: false,
        };
        if ask == Ask::Static && self.browser_has(source, &origin) {
            self.count(source, Counter::BrowserHits);
            return self.request_ended(source, number as u32, &origin, Outcome::Ok, Span::ZERO);
        }
        let origin = Origin { traced: self.tracer.wants(number), ..origin };
        let slot = self.send_request(source, ask, origin);
        let clients = self.clients(source);
        let place = clients.deadlines.add(slot);
        let planned = std::mem::replace(&mut clients.deadline_planned, true);
        let call = &mut self.calls[slot];
        call.source = source as u16 + 1;
        call.parent_generation = number as u32;
        call.deadline_place = place;
        if !planned {
            self.agenda.push(now + timeout, Event::Deadline(source as u32));
        }
    }

    /// Sends a request by the clients' edge, or where a resolver says.
    fn send_request(&mut self, source: usize, ask: Ask, origin: Origin) -> Slot {
        let clients = self.clients(source);
        let (edge, resolvers) = (clients.edge, clients.resolvers.len() as u32);
        if resolvers == 0 {
            return self.call(NO_CALL, edge, ask, origin);
        }
        let (edge, delay) = match self.resolve_name(source, (origin.user % resolvers) as usize) {
            Ok(resolved) => resolved,
            Err(after) => return self.unresolved(edge, ask, origin, after),
        };
        if self.edges[edge.index()].policy.is_some() {
            return self.try_call(NO_CALL, edge, None, ask, origin, delay);
        }
        let instance = self.instance_for(edge, ask, &origin);
        self.send(NO_CALL, Way { edge, instance, target: NO_TARGET }, ask, origin, delay)
    }

    /// A request whose name nobody tells: it fails when its resolver gives up.
    fn unresolved(&mut self, edge: EdgeIndex, ask: Ask, origin: Origin, after: Span) -> Slot {
        let slot = self.calls.add(Call {
            stage: Stage::Unresolved,
            outcome: Outcome::Failed,
            sent: self.now,
            ..Call::new(self.edges[edge.index()].to, edge, ask, origin)
        });
        self.schedule(self.now + after, Event::Retry(slot));
        slot
    }

    fn browser_has(&mut self, source: usize, origin: &Origin) -> bool {
        let now = self.now;
        let Some(browser) = &mut self.clients(source).browser else { return false };
        browser.0.get(now, hash::pair(u64::from(origin.user), origin.key))
    }

    /// The answer to a request has come; perhaps nobody waits for it any more.
    pub(in crate::sim) fn request_answered(&mut self, call: &Call) {
        if call.given_up {
            return;
        }
        let now = self.now;
        let source = usize::from(call.source - 1);
        if call.ask == Ask::Static
            && call.outcome == Outcome::Ok
            && let Some((browser, rng)) = self.clients(source).browser.as_deref_mut()
        {
            browser.insert(now, hash::pair(u64::from(call.origin.user), call.origin.key), 1, rng);
        }
        let response = now.since(call.sent);
        self.request_ended(source, call.parent_generation, &call.origin, call.outcome, response);
        self.clients(source).deadlines.remove(call.deadline_place);
    }

    /// A request has ended, or its user has given it up.
    #[inline]
    fn request_ended(&mut self, source: usize, number: u32, of: &Origin, outcome: Outcome, response: Span) {
        self.nodes[source].meter.record_request(outcome, response);
        self.count_request(of.class, outcome, response);
        self.write_down(number, of.class, outcome, response);
        // An answer that took no time is thought about for a while: else the same instant might never end.
        let least = if response == Span::ZERO { LEAST_THOUGHT } else { Span::ZERO };
        self.think(source, of.user, least);
    }

    /// The first deadline of a source is reached.
    pub(in crate::sim) fn deadline(&mut self, source: usize) {
        self.clients(source).deadline_planned = false;
        while let Some(slot) = self.clients(source).deadlines.first() {
            let call = &mut self.calls[slot];
            let (deadline, place) = (call.origin.deadline, call.deadline_place);
            if deadline > self.now {
                self.clients(source).deadline_planned = true;
                return self.agenda.push(deadline, Event::Deadline(source as u32));
            }
            call.given_up = true;
            let (number, origin) = (call.parent_generation, call.origin);
            let clients = self.clients(source);
            clients.deadlines.remove(place);
            let timeout = clients.timeout;
            self.request_ended(source, number, &origin, Outcome::TimedOut, timeout);
        }
    }

    /// All clients together send at this rate from now on; a closed loop finds its own.
    pub(in crate::sim) fn set_rate(&mut self, rate: f64) {
        let unchanged = rate == self.rate;
        self.rate = rate;
        if unchanged {
            return;
        }
        for (source, node) in self.nodes.iter_mut().enumerate() {
            let State::Clients(clients) = &mut node.state else { continue };
            let due = clients.schedule.set_rate(self.now, rate * clients.share);
            if let Some(next) = &mut clients.next {
                next.due = due;
                self.agenda.push(due, Event::Arrive(source as u32));
            }
        }
    }
}

const fn ask_of(operation: Operation) -> Ask {
    match operation {
        Operation::Read => Ask::Read,
        Operation::Write => Ask::Write,
        Operation::Static => Ask::Static,
        Operation::Job => Ask::Job,
    }
}
