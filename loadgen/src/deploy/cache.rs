//! A cache on sockets: real entries. Wired to a database it reads and writes through.
use super::assignment::Assignment;
use super::edge::Edge;
use super::node::{Answer, Ask, Instance};
use super::timing::Timing;
use super::work::Work;
use hyper::{Method, StatusCode};
use loadpath_core::component::cache::{self, Capacity, Ttl};
use loadpath_core::id::NodeIndex;
use loadpath_core::run::Outcome;
use loadpath_core::time::Time;
use loadpath_core::topology::{CacheNode, Plan};
use std::cell::RefCell;
use std::rc::Rc;

/// A cache.
pub(super) struct Cache {
    pub(super) instance: Instance,
    work: Work,
    entries: RefCell<cache::Cache>,
    /// The database behind it, when it reads through.
    behind: Option<Rc<Edge>>,
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
        Self {
            work: Work::new(&spec.service_time),
            entries: RefCell::new(entries),
            behind: behind.map(|&edge| Edge::new(plan, edge, assignment, &instance.time)),
            instance,
        }
    }

    /// A worker does what is asked; a read or write that must go on to the database goes there without it.
    pub(super) async fn answer(&self, ask: &Ask) -> Answer {
        let mut timing = Timing::default();
        let Some(worker) = self.instance.admit(&mut timing).await else { return Answer::refused() };
        let hit =
            self.work.spend(&self.instance.time, &self.instance.chance, |now| self.look(ask, now)).await;
        drop(worker);
        if ask.method == Method::GET {
            timing.hit(&self.instance.id, hit);
        }
        match &self.behind {
            Some(edge) if !hit && ask.method != Method::DELETE => self.go_through(edge, ask, timing).await,
            None if !hit && ask.method == Method::GET => Answer::new(StatusCode::NOT_FOUND, timing),
            _ => Answer::of(Outcome::Ok, timing),
        }
    }

    /// Remembers `key`, good from `now` on.
    fn remember(&self, now: Time, key: u64) {
        self.instance.chance.with(|chance| {
            self.entries.borrow_mut().insert(now, key, 1, chance);
        });
    }

    /// The work on the entries; whether a read found its key.
    fn look(&self, ask: &Ask, now: Time) -> bool {
        match ask.method {
            Method::GET => return self.entries.borrow_mut().get(now, ask.key),
            Method::DELETE => drop(self.entries.borrow_mut().remove(ask.key)),
            // Before a database a value is remembered when that has taken it.
            _ if self.behind.is_none() => self.remember(now, ask.key),
            _ => {}
        }
        false
    }

    /// Asks the database behind it, remembers the value and passes it on.
    async fn go_through(&self, edge: &Rc<Edge>, ask: &Ask, mut timing: Timing) -> Answer {
        let called = edge.ask(&ask.of_key(ask.method.clone()), &mut timing).await;
        if called.outcome != Outcome::Ok {
            return Answer::of(Outcome::Failed, timing);
        }
        self.remember(self.instance.time.clock.now(), ask.key);
        Answer::of(Outcome::Ok, timing)
    }
}
