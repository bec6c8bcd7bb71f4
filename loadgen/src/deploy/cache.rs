//! A cache on sockets: real entries. Wired to a database it reads and writes through, or writes back later.
use super::assignment::Assignment;
use super::cookies::Cookies;
use super::edge::Edge;
use super::node::{Answer, Ask, Instance};
use super::origin::Origin;
use super::timing::Timing;
use super::work::Work;
use hyper::{Method, StatusCode};
use loadpath_core::component::cache::{self, Capacity, Coalescer, Joined, Ttl};
use loadpath_core::id::NodeIndex;
use loadpath_core::run::Outcome;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{CacheNode, Plan, Writes};
use loadpath_core::workload::Operation;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use tokio::sync::oneshot;

/// For how long whoever missed a key first may fetch it, as in the simulator. When the value has not come by then, the next who
/// waits is told to fetch it (the lease of Nishtala et al. 2013, section 3.2.1).
const LEASE: Span = Span::SECOND;

/// A cache.
pub(super) struct Cache {
    pub(super) instance: Instance,
    work: Work,
    memory: Rc<Memory>,
}

/// What it remembers, and what is behind it.
struct Memory {
    entries: RefCell<cache::Cache>,
    /// The database behind it, when it reads through.
    behind: Option<Rc<Edge>>,
    writes: Writes,
    flush_interval: Span,
    coalesce: bool,
    fetches: RefCell<Fetches>,
    /// A write-back is to come.
    planned: Cell<bool>,
    /// The bytes of each class's answers.
    sizes: Vec<u32>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    coalesced: Cell<u64>,
    written_back: Cell<u64>,
    lost: Cell<u64>,
}

/// Lookups of keys that are being fetched, each with whom to tell: how it ended, and whether the value is there.
#[derive(Default)]
struct Fetches {
    flights: Coalescer<u64>,
    waiting: HashMap<u64, oneshot::Sender<(Outcome, bool)>>,
    tickets: u64,
}

impl Cache {
    /// Empty.
    pub(super) fn new(
        plan: &Plan,
        index: NodeIndex,
        spec: &CacheNode,
        assignment: &Assignment,
        instance: Instance,
    ) -> Self {
        let behind = plan.node(index).out.first();
        let ttl = Ttl { span: spec.ttl, jitter: spec.ttl_jitter };
        let entries = cache::Cache::new(spec.eviction, Capacity::Entries(spec.capacity), ttl);
        let memory = Memory {
            entries: RefCell::new(if spec.renewed_by_use { entries.renewed_by_use() } else { entries }),
            behind: behind.map(|&edge| Edge::new(plan, edge, assignment, &instance.time)),
            writes: spec.writes,
            flush_interval: spec.flush_interval,
            coalesce: spec.coalesce,
            fetches: RefCell::default(),
            planned: Cell::new(false),
            sizes: plan.classes.iter().map(|class| class.size).collect(),
            counts: Counts::default(),
        };
        Self { instance, work: Work::new(&spec.service_time), memory: Rc::new(memory) }
    }

    /// A worker does what is asked; a read or write that must go on to the database goes there without it.
    pub(super) async fn answer(&self, ask: &Ask) -> Answer {
        let mut timing = Timing::default();
        let Some(worker) = self.instance.admit(&mut timing).await else { return Answer::refused() };
        let now = self.work.spend(&self.instance, |now| now).await;
        drop(worker);
        let (outcome, hit) = match ask.method {
            Method::GET => {
                let hit = self.memory.entries.borrow_mut().get(now, ask.key);
                timing.hit(&self.instance.id, hit);
                if hit { (Outcome::Ok, true) } else { self.miss(ask, &mut timing).await }
            }
            Method::DELETE => {
                self.memory.entries.borrow_mut().remove(ask.key);
                (Outcome::Ok, true)
            }
            _ => (self.write(ask, &mut timing).await, true),
        };
        self.edges().for_each(|edge| edge.report(&mut timing));
        match outcome {
            Outcome::Ok if !hit => Answer::new(StatusCode::NOT_FOUND, timing),
            outcome => Answer::of(outcome, timing),
        }
    }

    /// A lookup found nothing: it is fetched, by whoever is first. Whether the value is there then.
    async fn miss(&self, ask: &Ask, timing: &mut Timing) -> (Outcome, bool) {
        let memory = &self.memory;
        let turn = if memory.coalesce { memory.fetches.borrow_mut().join(ask.key) } else { None };
        if let Some(turn) = turn {
            let coalesced = &memory.counts.coalesced;
            coalesced.set(coalesced.get() + 1);
            return turn.await.unwrap_or((Outcome::Failed, false));
        }
        match &memory.behind {
            Some(edge) => (self.go_through(edge, ask, timing).await, true),
            None => {
                if memory.coalesce {
                    self.lease(ask.key);
                }
                (Outcome::Ok, false)
            }
        }
    }

    /// A write, or a fill by who stands beside it.
    async fn write(&self, ask: &Ask, timing: &mut Timing) -> Outcome {
        match &self.memory.behind {
            None => {
                self.remember(ask, false);
                Outcome::Ok
            }
            Some(_) if self.memory.writes == Writes::Back => {
                self.remember(ask, true);
                self.plan_write_back();
                Outcome::Ok
            }
            Some(edge) => self.go_through(edge, ask, timing).await,
        }
    }

    /// Asks the database behind it, and remembers the value.
    async fn go_through(&self, edge: &Rc<Edge>, ask: &Ask, timing: &mut Timing) -> Outcome {
        let called = edge.ask(&ask.of_key(ask.method.clone()), timing).await;
        let memory = &self.memory;
        if called.outcome != Outcome::Ok {
            memory.fetches.borrow_mut().finish(ask.key, (Outcome::Failed, false));
            return Outcome::Failed;
        }
        if memory.writes == Writes::Around && ask.method != Method::GET {
            memory.entries.borrow_mut().remove(ask.key);
        } else {
            self.remember(ask, false);
        }
        Outcome::Ok
    }

    /// The value is in memory from now on; lookups that wait for it have it.
    fn remember(&self, ask: &Ask, dirty: bool) {
        let (memory, now) = (&self.memory, self.instance.time.clock.now());
        let size = memory.sizes.get(usize::from(ask.origin.class)).copied().unwrap_or(1);
        let evicted: Vec<u64> = self.instance.chance.with(|chance| {
            let mut entries = memory.entries.borrow_mut();
            let evicted = if dirty {
                entries.insert_dirty(now, ask.key, size, chance)
            } else {
                entries.insert(now, ask.key, size, chance)
            };
            evicted.iter().filter(|evicted| evicted.dirty).map(|evicted| evicted.key).collect()
        });
        memory.write_behind(evicted);
        memory.fetches.borrow_mut().finish(ask.key, (Outcome::Ok, true));
    }

    /// What is only in memory is written to the database after a while.
    fn plan_write_back(&self) {
        if self.memory.planned.replace(true) {
            return;
        }
        let (memory, time) = (self.memory.clone(), self.instance.time.clone());
        tokio::task::spawn_local(async move {
            time.until(time.clock.now() + memory.flush_interval).await;
            memory.planned.set(false);
            let mut keys = Vec::new();
            memory.entries.borrow_mut().flush(u64::MAX, |key| keys.push(key));
            memory.write_behind(keys);
        });
    }

    /// Somebody may fetch a key from now on, and for a while nobody else.
    fn lease(&self, key: u64) {
        let Some(first) = self.memory.fetches.borrow().flights.flight(key) else { return };
        let (memory, time) = (self.memory.clone(), self.instance.time.clone());
        tokio::task::spawn_local(async move {
            let mut fetch = Some(first);
            while let Some(number) = fetch {
                time.until(time.clock.now() + LEASE).await;
                fetch = memory.fetches.borrow_mut().expire(key, number);
            }
        });
    }

    /// Forgets everything.
    pub(super) fn flush(&self) {
        let lost = &self.memory.counts.lost;
        lost.set(lost.get() + self.memory.entries.borrow_mut().clear());
    }

    /// What was counted of it.
    pub(super) fn count(&self, counters: &mut BTreeMap<String, u64>) {
        let Counts { coalesced, written_back, lost } = &self.memory.counts;
        for (name, count) in [("coalesced", coalesced), ("written_back", written_back), ("lost_writes", lost)]
        {
            counters.insert(name.to_owned(), count.get());
        }
    }

    /// The edges that leave it.
    pub(super) fn edges(&self) -> impl Iterator<Item = &Rc<Edge>> {
        self.memory.behind.iter()
    }
}

impl Memory {
    /// Values that were only in memory go to the database; nobody waits for it.
    fn write_behind(&self, keys: Vec<u64>) {
        for key in keys {
            self.counts.written_back.set(self.counts.written_back.get() + 1);
            let Some(edge) = &self.behind else { return };
            let origin = Origin { class: 0, user: 0, deadline: Time::NEVER, way: Span::ZERO };
            let (method, path) = (Method::PUT, format!("/k/{key}"));
            edge.let_go(Ask {
                method,
                path,
                key,
                operation: Operation::Write,
                origin,
                cookies: Cookies::default(),
            });
        }
    }
}

impl Fetches {
    /// Joins who fetches a key: when that is over; none for who is to fetch it.
    fn join(&mut self, key: u64) -> Option<oneshot::Receiver<(Outcome, bool)>> {
        self.tickets += 1;
        let ticket = self.tickets;
        if self.flights.join(key, ticket) == Joined::Leader {
            return None;
        }
        let (sender, turn) = oneshot::channel();
        self.waiting.insert(ticket, sender);
        Some(turn)
    }

    /// The fetch of a key is over, and who waited for it is told how.
    fn finish(&mut self, key: u64, how: (Outcome, bool)) {
        let mut waited = Vec::new();
        self.flights.finish(key, &mut waited);
        for ticket in waited {
            self.tell(ticket, how);
        }
    }

    /// A lease is over: if the value has not come, the first who waits is told to fetch it, and the others wait on; for which fetch.
    fn expire(&mut self, key: u64, number: u64) -> Option<u64> {
        if self.flights.flight(key) != Some(number) {
            return None;
        }
        let mut waited = Vec::new();
        self.flights.finish(key, &mut waited);
        for ticket in waited {
            // Who has given up since does not fetch.
            let waits = self.waiting.get(&ticket).is_some_and(|sender| !sender.is_closed());
            if waits && self.flights.join(key, ticket) == Joined::Leader {
                self.tell(ticket, (Outcome::Ok, false));
            }
        }
        self.flights.flight(key)
    }

    fn tell(&mut self, ticket: u64, how: (Outcome, bool)) {
        if let Some(sender) = self.waiting.remove(&ticket) {
            // Who has given up need not know.
            let _ = sender.send(how);
        }
    }
}
