//! A service on sockets: its own time first, then its calls, one after the other, with the worker held throughout.
//!
//! Wired to caches and databases it does cache-aside: a read looks into the caches, and only where all miss it asks the
//! databases and fills the caches, which nobody waits for; a write goes to the databases and then deletes from the caches.
use super::assignment::Assignment;
use super::edge::{Called, Edge};
use super::node::{Answer, Ask, Instance};
use super::timing::Timing;
use super::work::Work;
use hyper::Method;
use loadpath_core::id::{EdgeIndex, NodeIndex};
use loadpath_core::run::Outcome;
use loadpath_core::topology::{NodeKind, Plan, ServiceNode};
use std::cell::RefCell;
use std::rc::Rc;

/// How many calls that nobody waited for may be kept until an answer reports them.
const REPORTS_KEPT: usize = 32;

/// A service.
pub(super) struct Service {
    pub(super) instance: Instance,
    work: Work,
    edges: Vec<Rc<Edge>>,
    /// Its calls for a read, then those for a write, each in order.
    reads: Vec<Step>,
    writes: Vec<Step>,
    /// What the calls were like that nobody waited for; the next answer reports them.
    unreported: Rc<RefCell<Vec<Timing>>>,
}

/// A call that a service makes.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// The place of the edge among the service's own.
    edge: usize,
    role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Look into a cache; when it has the value, the databases are not asked.
    Lookup,
    /// Ask a database, or a cache that reads through: skipped after a hit.
    Data,
    /// Call whatever else there is.
    Other,
    /// Put the value into a cache; nobody waits for it. Skipped after a hit.
    Fill,
    /// Take the old value out of a cache.
    Delete,
}

impl Service {
    /// Its instance and the edges that leave it.
    pub(super) fn new(
        plan: &Plan,
        index: NodeIndex,
        spec: &ServiceNode,
        assignment: &Assignment,
        instance: Instance,
    ) -> Self {
        let out = &plan.node(index).out;
        let edge = |&edge: &EdgeIndex| Rc::new(Edge::new(plan, edge, assignment, &instance.time));
        let edges = out.iter().map(edge).collect();
        let (reads, writes) = steps(plan, out);
        let work = Work::new(&spec.work.service_time);
        Self { instance, work, edges, reads, writes, unreported: Rc::default() }
    }

    /// Its own time, then its calls; the first that is lost and matters ends the request.
    pub(super) async fn answer(&self, ask: &Ask) -> Answer {
        let mut timing = Timing::default();
        let Some(worker) = self.instance.admit(&mut timing).await else { return Answer::refused() };
        self.work.spend(&self.instance.time, &self.instance.chance, drop).await;
        let outcome = self.make_calls(ask, &mut timing).await;
        drop(worker);
        self.unreported.borrow_mut().drain(..).for_each(|earlier| timing.append(&earlier));
        Answer::of(outcome, timing)
    }

    async fn make_calls(&self, ask: &Ask, timing: &mut Timing) -> Outcome {
        let steps = if ask.method == Method::GET { &self.reads } else { &self.writes };
        let mut hit = false;
        for &Step { edge, role } in steps {
            if hit && role != Role::Other {
                continue;
            }
            if role == Role::Fill {
                self.fill(edge, ask);
                continue;
            }
            let called = self.call(edge, role, ask, timing).await;
            let lost = called.outcome != Outcome::Ok;
            match role {
                // A cache that does not answer is a miss; what it should have forgotten went with it.
                Role::Lookup => hit = called.hit,
                Role::Data | Role::Other if lost => return Outcome::Failed,
                _ => {}
            }
        }
        Outcome::Ok
    }

    async fn call(&self, edge: usize, role: Role, ask: &Ask, timing: &mut Timing) -> Called {
        let edge = &self.edges[edge];
        match role {
            Role::Other => edge.call_for(ask, &ask.method, &ask.path, timing).await,
            Role::Delete => edge.call_for(ask, &Method::DELETE, &ask.key_path(), timing).await,
            Role::Lookup | Role::Data | Role::Fill => {
                edge.call_for(ask, &ask.method, &ask.key_path(), timing).await
            }
        }
    }

    /// The edges that leave it.
    pub(super) fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter().map(|edge| &**edge)
    }

    /// Puts what was read into a cache, in a task of its own.
    fn fill(&self, edge: usize, ask: &Ask) {
        let (edge, key, path) = (self.edges[edge].clone(), ask.key, ask.key_path());
        let unreported = self.unreported.clone();
        tokio::task::spawn_local(async move {
            let mut timing = Timing::default();
            edge.call(edge.instance_for(key), &Method::PUT, &path, &mut timing).await;
            let mut unreported = unreported.borrow_mut();
            if unreported.len() < REPORTS_KEPT {
                unreported.push(timing);
            }
        });
    }
}

/// What is called for a read and for a write, and why.
fn steps(plan: &Plan, out: &[EdgeIndex]) -> (Vec<Step>, Vec<Step>) {
    let callee = |edge: usize| plan.node(plan.edge(out[edge]).to);
    let is_aside = |edge: &usize| {
        let callee = callee(*edge);
        matches!(callee.kind, NodeKind::Cache(_)) && callee.out.is_empty()
    };
    let asides = |role| (0..out.len()).filter(is_aside).map(move |edge| Step { edge, role });
    let main = || {
        (0..out.len()).filter(|edge| !is_aside(edge)).map(|edge| {
            let data = matches!(callee(edge).kind, NodeKind::Database(_) | NodeKind::Cache(_));
            Step { edge, role: if data { Role::Data } else { Role::Other } }
        })
    };
    let reads = asides(Role::Lookup).chain(main()).chain(asides(Role::Fill)).collect();
    (reads, main().chain(asides(Role::Delete)).collect())
}
