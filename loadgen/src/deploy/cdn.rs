//! A CDN's point of presence on sockets: what it may keep it answers from memory, or pulls from the origin; everything else
//! passes through.
use super::assignment::Assignment;
use super::edge::Edge;
use super::node::{Answer, Ask, Instance};
use super::timing::Timing;
use super::work::Work;
use loadpath_core::component::cache::{Cache, Capacity, Coalescer, Joined, Ttl};
use loadpath_core::hash;
use loadpath_core::id::NodeIndex;
use loadpath_core::run::Outcome;
use loadpath_core::topology::{CdnNode, Plan};
use loadpath_core::workload::Operation;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use tokio::sync::oneshot;

/// A point of presence.
pub(super) struct Cdn {
    pub(super) instance: Instance,
    work: Work,
    files: RefCell<Cache>,
    /// None where nobody asks it.
    origin: Option<Rc<Edge>>,
    keeps_reads: bool,
    pulls: Option<RefCell<Pulls>>,
}

/// Misses that share one fetch.
#[derive(Default)]
struct Pulls {
    coalescer: Coalescer<u64>,
    waiting: BTreeMap<u64, oneshot::Sender<Outcome>>,
    tickets: u64,
}

impl Cdn {
    /// Empty.
    pub(super) fn new(
        plan: &Plan,
        index: NodeIndex,
        spec: &CdnNode,
        assignment: &Assignment,
        instance: Instance,
    ) -> Self {
        let ttl = Ttl { span: spec.ttl, jitter: spec.ttl_jitter };
        let origin = plan.node(index).out.first();
        Self {
            work: Work::new(&spec.service_time),
            files: RefCell::new(Cache::new(spec.eviction, Capacity::Entries(spec.capacity), ttl)),
            origin: origin.map(|&edge| Edge::new(plan, edge, assignment, &instance.time)),
            keeps_reads: spec.keeps_reads,
            pulls: spec.coalesce.then(RefCell::default),
            instance,
        }
    }

    /// Whoever leaves the node.
    pub(super) const fn edge(&self) -> Option<&Rc<Edge>> {
        self.origin.as_ref()
    }

    /// Forgets everything.
    pub(super) fn flush(&self) {
        self.files.borrow_mut().clear();
    }

    fn keeps(&self, ask: &Ask) -> bool {
        match ask.operation {
            Operation::Static => true,
            Operation::Read => self.keeps_reads,
            Operation::Write | Operation::Job => false,
        }
    }

    /// A worker looks at the request and is free again; then it is answered from memory, or by the origin.
    pub(super) async fn answer(&self, ask: &Ask) -> Answer {
        let mut timing = Timing::default();
        let Some(worker) = self.instance.admit(&mut timing).await else { return Answer::refused() };
        self.work.spend(&self.instance, drop).await;
        drop(worker);
        let Some(origin) = &self.origin else { return Answer::of(Outcome::Refused, timing) };
        if !self.keeps(ask) {
            let called = origin.ask(ask, &mut timing).await;
            return Answer::of(called.outcome, timing);
        }
        let name = name(ask);
        let hit = self.files.borrow_mut().get(self.instance.time.clock.now(), name);
        timing.hit(&self.instance.id, hit);
        if hit {
            return Answer::of(Outcome::Ok, timing);
        }
        if let Some(turn) = self.pulls.as_ref().and_then(|pulls| pulls.borrow_mut().join(name)) {
            self.instance.counts.add("coalesced");
            return Answer::of(turn.await.unwrap_or(Outcome::Failed), timing);
        }
        let called = origin.ask(ask, &mut timing).await;
        if called.outcome == Outcome::Ok {
            let now = self.instance.time.clock.now();
            self.instance.chance.with(|chance| {
                self.files.borrow_mut().insert(now, name, 1, chance);
            });
        }
        if let Some(pulls) = &self.pulls {
            pulls.borrow_mut().finish(name, called.outcome);
        }
        Answer::of(called.outcome, timing)
    }
}

impl Pulls {
    /// What another fetch of this name will end with; none for who has to fetch it himself.
    fn join(&mut self, name: u64) -> Option<oneshot::Receiver<Outcome>> {
        self.tickets += 1;
        let ticket = self.tickets;
        if !matches!(self.coalescer.join(name, ticket), Joined::Follower) {
            return None;
        }
        let (sender, turn) = oneshot::channel();
        self.waiting.insert(ticket, sender);
        Some(turn)
    }

    /// Who waits for a fetch has its outcome.
    fn finish(&mut self, name: u64, outcome: Outcome) {
        let mut parked = Vec::new();
        self.coalescer.finish(name, &mut parked);
        for ticket in parked {
            if let Some(turn) = self.waiting.remove(&ticket) {
                // Who asked may have gone.
                let _ = turn.send(outcome);
            }
        }
    }
}

/// Files and values do not share keys.
fn name(ask: &Ask) -> u64 {
    if ask.operation == Operation::Static { hash::pair(ask.key, 1) } else { ask.key }
}
