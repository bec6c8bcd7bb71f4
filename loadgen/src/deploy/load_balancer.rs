//! A load balancer on sockets: probes its targets, gives each request to a healthy one.
use super::assignment::Assignment;
use super::attempt::{self, Way, Ways};
use super::edge::Edge;
use super::node::{Answer, Ask, Instance};
use super::timing::Timing;
use super::work::{Timekeeper, Work};
use loadpath_core::component::balance::{Balancer, Health, Request, Transition};
use loadpath_core::component::resilience::TokenBucket;
use loadpath_core::id::NodeIndex;
use loadpath_core::rng::{Rng, Seed};
use loadpath_core::run::Outcome;
use loadpath_core::time::Span;
use loadpath_core::topology::{LoadBalancerNode, Plan};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// A load balancer.
pub(super) struct LoadBalancer {
    pub(super) instance: Instance,
    work: Work,
    targets: Rc<Targets>,
    limit: Option<RefCell<TokenBucket>>,
}

struct Targets {
    /// The balancer's id.
    id: String,
    time: Rc<Timekeeper>,
    edges: Vec<Rc<Edge>>,
    /// Each target: by which of the edges, and which instance of the node there.
    places: Vec<(usize, u16)>,
    balancer: RefCell<Balancer>,
    /// What the probes say of each target.
    health: RefCell<Vec<Health>>,
    chance: RefCell<Rng>,
    /// Which classes belong to sessions.
    sessions: Vec<bool>,
}

impl LoadBalancer {
    /// Begins to probe the targets. Must be called in a local set.
    pub(super) fn new(
        plan: &Plan,
        index: NodeIndex,
        spec: &LoadBalancerNode,
        assignment: &Assignment,
        instance: Instance,
    ) -> Self {
        let out = &plan.node(index).out;
        let edges: Vec<_> =
            out.iter().map(|&edge| Edge::new(plan, edge, assignment, &instance.time)).collect();
        let places: Vec<_> =
            (0..edges.len()).flat_map(|e| (0..edges[e].instances()).map(move |i| (e, i))).collect();
        let weights = places.iter().map(|&(edge, _)| plan.edge(out[edge]).weight).collect();
        // Check bounds the instances of a whole plan below a u16.
        let balancer = RefCell::new(Balancer::new(spec.settings(weights), places.len() as u16));
        let targets = Rc::new(Targets {
            id: assignment.node.clone(),
            time: instance.time.clone(),
            edges,
            health: RefCell::new(vec![Health::new(spec.fall, spec.rise); places.len()]),
            places,
            balancer,
            chance: RefCell::new(Seed(assignment.seed).stream(&format!(
                "{}#{}/picks",
                assignment.node,
                u32::from(assignment.instance) + 1
            ))),
            sessions: plan.classes.iter().map(|class| class.session).collect(),
        });
        targets.leave_absent();
        for target in 0..targets.places.len() {
            let interval = Duration::from_nanos(spec.check_interval.0);
            tokio::task::spawn_local(probe(targets.clone(), target, interval));
        }
        let limit = spec.limit().map(RefCell::new);
        Self { instance, work: Work::new(&spec.service_time), targets, limit }
    }

    /// The instances of a target's node have moved: those that are not there get nothing any more.
    pub(super) fn leave_absent(&self) {
        self.targets.leave_absent();
    }

    /// A core looks at the request and is free again; then a target gets it, whose answer is passed on.
    pub(super) async fn answer(&self, ask: &Ask) -> Answer {
        if self.instance.sheds(self.limit.as_ref()) {
            return Answer::refused();
        }
        let mut timing = Timing::default();
        let Some(core) = self.instance.admit(&mut timing).await else { return Answer::refused() };
        self.work.spend(&self.instance, drop).await;
        drop(core);
        let outcome = self.give(ask, &mut timing).await;
        if let Some(target) = self.targets.home(ask) {
            timing.cookies.set(&self.instance.id, target);
        }
        self.targets.edges.iter().for_each(|edge| edge.report(&mut timing));
        Answer::of(outcome, timing)
    }

    async fn give(&self, ask: &Ask, timing: &mut Timing) -> Outcome {
        let Some(way) = self.targets.next(ask, true) else { return Outcome::Refused };
        if way.edge.policy.is_some() {
            let edge = way.edge.clone();
            return attempt::ask(&edge, Some(way), self.targets.clone(), ask, timing).await.outcome;
        }
        let sent = self.targets.time.clock.now();
        let called = way.edge.call(way.instance, ask, timing).await;
        let took = self.targets.time.clock.now().since(sent);
        self.targets.ended(&way, took, called.outcome == Outcome::Ok);
        called.outcome
    }
}

impl Ways for Targets {
    fn next(&self, ask: &Ask, _: bool) -> Option<Way> {
        let user = u64::from(ask.origin.user);
        let is_of_session = self.sessions.get(usize::from(ask.origin.class)).is_some_and(|&session| session);
        let request = Request { key: ask.key, client: user, session: is_of_session.then_some(user) };
        let now = self.time.clock.now();
        // The user's cookie says where to go to whichever instance is asked.
        if let (Some(session), Some(target)) = (request.session, ask.cookies.get(&self.id))
            && let Some(sticky) = self.balancer.borrow_mut().sticky.as_mut()
            && usize::from(target) < self.places.len()
        {
            sticky.stick(session, target);
        }
        let target = self.balancer.borrow_mut().pick(now, &request, &mut self.chance.borrow_mut())?;
        let (edge, instance) = self.places[usize::from(target)];
        Some(Way { edge: self.edges[edge].clone(), instance, target })
    }

    fn ended(&self, way: &Way, took: Span, ok: bool) {
        self.balancer.borrow_mut().ended(self.time.clock.now(), way.target, took, ok);
    }
}

impl Targets {
    /// The target that a user's session stays with, where sessions do.
    fn home(&self, ask: &Ask) -> Option<u16> {
        let is_of_session = self.sessions.get(usize::from(ask.origin.class)).is_some_and(|&session| session);
        let balancer = self.balancer.borrow();
        balancer.sticky.as_ref().filter(|_| is_of_session)?.target(u64::from(ask.origin.user))
    }

    /// Targets that are not there are out at once, and come back by probes.
    fn leave_absent(&self) {
        let now = self.time.clock.now();
        for (target, &(edge, instance)) in self.places.iter().enumerate() {
            if !self.edges[edge].is_there(instance) {
                self.health.borrow_mut()[target].left();
                self.balancer.borrow_mut().set_healthy(now, target as u16, false);
            }
        }
    }
}

impl LoadBalancer {
    /// The edges that leave it.
    pub(super) fn edges(&self) -> impl Iterator<Item = &Rc<Edge>> {
        self.targets.edges.iter()
    }
}

/// Probes a target at its interval, for ever.
async fn probe(targets: Rc<Targets>, target: usize, interval: Duration) {
    let (edge, instance) = targets.places[target];
    loop {
        tokio::time::sleep(interval).await;
        // One that was taken away while it was asked is not there any more.
        let passed =
            targets.edges[edge].probe(instance, interval).await && targets.edges[edge].is_there(instance);
        if let Some(transition) = targets.health.borrow_mut()[target].probed(passed) {
            let healthy = transition == Transition::Returned;
            let now = targets.time.clock.now();
            targets.balancer.borrow_mut().set_healthy(now, target as u16, healthy);
        }
    }
}
