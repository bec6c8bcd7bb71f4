//! Calls with a policy: connections from a pool, a timeout, retries with backoff and a budget, hedging, a circuit breaker.
//!
//! Each attempt is a task of its own, which goes on when nobody waits for it any more, as its callee does: what it was like is
//! reported later. A call ends once, with the first good answer, or when nothing is left to try.
use super::counts::Counts;
use super::edge::{Called, Edge};
use super::node::Ask;
use super::station::{Station, Worker};
use super::timing::Timing;
use super::work::Timekeeper;
use crate::clock::Clock;
use loadpath_core::component::queue::Discipline;
use loadpath_core::component::resilience::{CircuitBreaker, Deadline, Hedge, Pass, RetryPolicy};
use loadpath_core::id::NodeIndex;
use loadpath_core::rng::{Rng, Seed};
use loadpath_core::run::Outcome;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Plan, PlanEdge};
use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use tokio::sync::mpsc;

/// An instance that refused a connection is left alone for so long: the first backoff of a gRPC channel (connection-backoff.md).
const RECONNECT: Span = Span::SECOND;

/// How an instance makes calls by an edge.
pub(super) struct EdgePolicy {
    timeout: Option<Span>,
    /// Connections are taken as workers are, and who waits for one has no bound.
    pool: Option<Rc<Station>>,
    retry: RefCell<RetryPolicy>,
    hedge: Option<RefCell<Hedge>>,
    breaker: Option<RefCell<CircuitBreaker>>,
    /// Until when each instance of the callee is left alone.
    refused: RefCell<Vec<Time>>,
    chance: RefCell<Rng>,
    /// What was counted of the calls.
    pub(super) counts: Counts,
}

/// Where an attempt goes.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) edge: Rc<Edge>,
    pub(super) instance: u16,
    /// Which target of a balancer that is; zero where nobody balances.
    pub(super) target: u16,
}

/// Who says where attempts go.
pub(super) trait Ways {
    /// Where the next attempt goes; none when nobody is there to be asked.
    fn next(&self, ask: &Ask, is_first: bool) -> Option<Way>;
    /// An attempt has ended, or was not made after all.
    fn ended(&self, way: &Way, took: Span, ok: bool);
}

/// The instances of one node, where nobody balances.
pub(super) struct OneNode {
    pub(super) edge: Rc<Edge>,
    /// The caller has picked it, and it stays.
    pub(super) pinned: Option<u16>,
}

impl Ways for OneNode {
    fn next(&self, ask: &Ask, is_first: bool) -> Option<Way> {
        let way = |instance| Some(Way { edge: self.edge.clone(), instance, target: 0 });
        if let Some(pinned) = self.pinned {
            return way(pinned);
        }
        let mut instance = self.edge.instance_for(ask);
        if !is_first && self.edge.is_in_turn() {
            // Where all are left alone, whoever's turn it is gets it.
            for _ in 1..self.edge.instances() {
                if !self.edge.policy.as_ref().is_some_and(|policy| policy.avoids(&self.edge.time, instance)) {
                    break;
                }
                instance = self.edge.instance_for(ask);
            }
        }
        way(instance)
    }

    fn ended(&self, _: &Way, _: Span, _: bool) {}
}

impl EdgePolicy {
    /// Of calls that `from` makes by an edge; none when they are only sent and answered.
    pub(super) fn new(
        plan: &Plan,
        from: NodeIndex,
        edge: &PlanEdge,
        seed: u64,
        clock: Clock,
    ) -> Option<Self> {
        if !edge.has_policy() {
            return None;
        }
        let (from, to) = (plan.node(from), plan.node(edge.to));
        let pool = |connections| Station::new(clock, connections, u32::MAX, Discipline::Fifo);
        Some(Self {
            timeout: edge.timeout,
            pool: edge.connections.map(pool),
            retry: RefCell::new(edge.retry_policy()),
            hedge: edge.hedge().map(RefCell::new),
            breaker: edge.circuit_breaker().map(RefCell::new),
            refused: RefCell::new(vec![Time::ZERO; usize::from(to.kind.most_instances())]),
            chance: RefCell::new(Seed(seed).stream(&format!("{}>{}/retries", from.id, to.id))),
            counts: Counts::default(),
        })
    }

    fn avoids(&self, time: &Timekeeper, instance: u16) -> bool {
        time.clock.now() < self.refused.borrow()[usize::from(instance)]
    }

    /// A connection, when there is a pool of them.
    async fn connect(&self) -> Option<Worker> {
        let pool = self.pool.as_ref()?;
        let (connection, waited) = pool.enter(0).await.expect("a line without a bound refuses nobody");
        if waited > Span::ZERO {
            self.counts.add("pooled");
        }
        Some(connection)
    }
}

/// A call under way: its attempts.
struct Trying<'c> {
    /// Whose timeout, retries and hedges are in force: the first way's.
    edge: &'c Rc<Edge>,
    policy: &'c EdgePolicy,
    ways: Rc<dyn Ways>,
    ask: &'c Ask,
    open: u32,
    sender: mpsc::UnboundedSender<Ended>,
    inbox: mpsc::UnboundedReceiver<Ended>,
}

/// How an attempt ended.
struct Ended {
    called: Called,
    /// Which instance, unless another way was taken than the call's own.
    instance: Option<u16>,
    timing: Timing,
    /// Its timeout was reached.
    is_late: bool,
}

/// Calls by an edge with a policy. `first` is where the first attempt goes, when the caller knows.
pub(super) async fn ask(
    edge: &Rc<Edge>,
    first: Option<Way>,
    ways: Rc<dyn Ways>,
    ask: &Ask,
    timing: &mut Timing,
) -> Called {
    let policy = edge.policy.as_ref().expect("only edges with a policy have attempts");
    let _connection = policy.connect().await;
    let (sender, inbox) = mpsc::unbounded_channel();
    Trying { edge, policy, ways, ask, open: 0, sender, inbox }.see_through(first, timing).await
}

impl Trying<'_> {
    async fn see_through(mut self, first: Option<Way>, timing: &mut Timing) -> Called {
        let time = self.edge.time.clone();
        let begun = time.clock.now();
        self.policy.retry.borrow_mut().started(begun);
        let hedge = self.policy.hedge.as_ref();
        let mut hedge_due =
            hedge.and_then(|hedge| hedge.borrow_mut().started(begun)).map(|late| begun + late);
        let way = first.or_else(|| self.ways.next(self.ask, true));
        if let Err(lost) = self.attempt(way) {
            return lost;
        }
        let mut tried = 1;
        loop {
            let ended = tokio::select! {
                biased;
                ended = self.inbox.recv() => ended.expect("this holds a sender itself"),
                () = until(&time, hedge_due) => {
                    hedge_due = None;
                    if hedge.is_some_and(|hedge| hedge.borrow_mut().hedge(time.clock.now())) {
                        self.policy.counts.add("hedges");
                        let way = self.ways.next(self.ask, false);
                        // Another attempt is under way: it is not lost yet.
                        let _ = self.attempt(way);
                    }
                    continue;
                }
            };
            self.open -= 1;
            if ended.called.outcome == Outcome::TimedOut && ended.is_late {
                self.policy.counts.add("timed_out_calls");
            }
            timing.append(&ended.timing);
            if ended.called.outcome == Outcome::Ok {
                if let Some(hedge) = hedge.filter(|_| tried == 1) {
                    hedge.borrow_mut().answered(time.clock.now().since(begun));
                }
                return ended.called;
            }
            self.leave_alone(&ended);
            if self.open > 0 {
                continue;
            }
            if let Some(over) = self.try_again(&time, &mut tried, ended.called).await {
                return over;
            }
            // What was due while nothing was open is not made up for.
            hedge_due = hedge_due.filter(|&due| due > time.clock.now());
        }
    }

    /// Nothing is open: waits and makes another attempt, or says how the call ended.
    async fn try_again(&mut self, time: &Timekeeper, tried: &mut u32, last: Called) -> Option<Called> {
        let now = time.clock.now();
        if self.ask.origin.deadline <= now {
            return Some(last);
        }
        let wait = {
            let mut chance = self.policy.chance.borrow_mut();
            self.policy.retry.borrow_mut().after_failure(now, *tried, &mut chance)
        };
        let Some(wait) = wait else { return Some(last) };
        *tried += 1;
        self.policy.counts.add("retries");
        time.until(now + wait).await;
        self.attempt(self.ways.next(self.ask, false)).err()
    }

    /// Sets out on an attempt.
    ///
    /// # Errors
    /// When the breaker forbids it, or nobody is there to be asked.
    fn attempt(&mut self, way: Option<Way>) -> Result<(), Called> {
        let lost = Err(Called::without_answer(Outcome::Refused));
        let Some(way) = way else { return lost };
        let time = self.edge.time.clone();
        let now = time.clock.now();
        // A balancer's next attempt may go by another edge than the first: the breaker is that of the way that is taken.
        let breaker = way.edge.policy.as_ref().and_then(|policy| policy.breaker.as_ref());
        let pass = match breaker.map(|breaker| breaker.borrow_mut().admit(now)) {
            Some(None) => {
                self.ways.ended(&way, Span::ZERO, true);
                if self.open == 0 {
                    self.policy.counts.add("broken_circuit");
                }
                return lost;
            }
            pass => pass.flatten(),
        };
        let due = self.policy.timeout.map(|timeout| now + timeout);
        let mut ask = self.ask.clone();
        // Whoever is asked is told how long that is of use, as far as there is a timeout.
        let timeout = self.policy.timeout.unwrap_or(Span(u64::MAX));
        ask.origin.deadline = Deadline(ask.origin.deadline).handed_on(now, Span::ZERO, timeout).0;
        self.open += 1;
        let (ways, sender) = (self.ways.clone(), self.sender.clone());
        let instance = Rc::ptr_eq(&way.edge, self.edge).then_some(way.instance);
        tokio::task::spawn_local(async move {
            let begun = time.clock.now();
            let mut call = pin!(called(&way, &ask));
            let answer = tokio::select! {
                biased;
                answer = &mut call => Some(answer),
                () = until(&time, due) => None,
            };
            let is_late = answer.is_none();
            let (called, timing) =
                answer.unwrap_or_else(|| (Called::without_answer(Outcome::TimedOut), Timing::default()));
            let ok = called.outcome == Outcome::Ok;
            let now = time.clock.now();
            ways.ended(&way, now.since(begun), ok);
            hear(&way, now, pass, ok);
            if let Err(unheard) = sender.send(Ended { called, instance, timing, is_late }) {
                way.edge.note(unheard.0.timing);
            }
            if is_late {
                // Its callee goes on, and so does what is measured of it.
                let (_, timing) = call.await;
                way.edge.note(timing);
            }
        });
        Ok(())
    }

    /// Where nobody listened, others are asked for a while.
    fn leave_alone(&self, ended: &Ended) {
        if let (true, Some(instance)) = (ended.called.absent, ended.instance) {
            let until = self.edge.time.clock.now() + RECONNECT;
            self.policy.refused.borrow_mut()[usize::from(instance)] = until;
        }
    }
}

async fn called(way: &Way, ask: &Ask) -> (Called, Timing) {
    let mut timing = Timing::default();
    let called = way.edge.call(way.instance, ask, &mut timing).await;
    (called, timing)
}

/// The breaker of an attempt's edge learns how it ended.
fn hear(way: &Way, now: Time, pass: Option<Pass>, ok: bool) {
    let breaker = way.edge.policy.as_ref().and_then(|policy| policy.breaker.as_ref());
    if let (Some(breaker), Some(pass)) = (breaker, pass) {
        breaker.borrow_mut().ended(now, pass, ok);
    }
}

/// Waits until then; for ever without a time.
async fn until(time: &Timekeeper, due: Option<Time>) {
    match due {
        Some(due) => time.until(due).await,
        None => std::future::pending().await,
    }
}
