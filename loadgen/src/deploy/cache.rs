//! A cache on sockets: real entries in a real LRU. Wired to a database it reads and writes through.
use super::assignment::Assignment;
use super::edge::Edge;
use super::node::{Answer, Ask, Instance};
use super::timing::Timing;
use super::work::Work;
use hyper::{Method, StatusCode};
use loadpath_core::component::cache::LruCache;
use loadpath_core::id::NodeIndex;
use loadpath_core::run::Outcome;
use loadpath_core::topology::{CacheNode, Plan};
use std::cell::RefCell;

/// A cache.
pub(super) struct Cache {
    pub(super) instance: Instance,
    work: Work,
    entries: RefCell<LruCache>,
    /// The database behind it, when it reads through.
    behind: Option<Edge>,
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
        Self {
            work: Work::new(&spec.service_time),
            entries: RefCell::new(LruCache::new(spec.capacity, spec.ttl)),
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

    /// The work on the entries; whether a read found its key.
    fn look(&self, ask: &Ask, now: loadpath_core::time::Time) -> bool {
        let mut entries = self.entries.borrow_mut();
        match ask.method {
            Method::GET => return entries.get(now, ask.key),
            Method::DELETE => drop(entries.remove(ask.key)),
            // Before a database a value is remembered when that has taken it.
            _ if self.behind.is_none() => drop(entries.insert(now, ask.key)),
            _ => {}
        }
        false
    }

    /// Asks the database behind it, remembers the value and passes it on.
    async fn go_through(&self, edge: &Edge, ask: &Ask, mut timing: Timing) -> Answer {
        let called = edge.call(edge.instance_for(ask.key), &ask.method, &ask.key_path(), &mut timing).await;
        if called.outcome != Outcome::Ok {
            return Answer::of(Outcome::Failed, timing);
        }
        self.entries.borrow_mut().insert(self.instance.time.clock.now(), ask.key);
        Answer::of(Outcome::Ok, timing)
    }
}
