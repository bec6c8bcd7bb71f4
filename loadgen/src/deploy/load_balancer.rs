//! A load balancer on sockets: probes its targets, gives each request to a healthy one.
use super::assignment::Assignment;
use super::edge::Edge;
use super::node::{Answer, Ask, Instance};
use super::timing::Timing;
use super::work::{Timekeeper, Work};
use loadpath_core::component::balance::{Balancer, Health, Request, Transition};
use loadpath_core::id::NodeIndex;
use loadpath_core::run::Outcome;
use loadpath_core::topology::{LoadBalancerNode, Plan};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// A load balancer.
pub(super) struct LoadBalancer {
    pub(super) instance: Instance,
    work: Work,
    targets: Rc<Targets>,
}

struct Targets {
    edges: Vec<Edge>,
    /// Each target: by which of the edges, and which instance of the node there.
    places: Vec<(usize, u16)>,
    balancer: RefCell<Balancer>,
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
        let out = plan.node(index).out.iter();
        let edges: Vec<Edge> = out.map(|&edge| Edge::new(plan, edge, assignment, &instance.time)).collect();
        let places: Vec<_> =
            (0..edges.len()).flat_map(|e| (0..edges[e].instances()).map(move |i| (e, i))).collect();
        let balancer = RefCell::new(Balancer::new(spec.policy.into(), places.len() as u16));
        let targets = Rc::new(Targets { edges, places, balancer });
        for target in 0..targets.places.len() {
            let health = Health::new(spec.fall, spec.rise);
            let interval = Duration::from_nanos(spec.check_interval.0);
            let time = instance.time.clone();
            tokio::task::spawn_local(probe(targets.clone(), time, target, health, interval));
        }
        Self { instance, work: Work::new(&spec.service_time), targets }
    }

    /// A core looks at the request and is free again; then a target gets it, whose answer is passed on.
    pub(super) async fn answer(&self, ask: &Ask) -> Answer {
        let mut timing = Timing::default();
        let Some(core) = self.instance.admit(&mut timing).await else { return Answer::refused() };
        self.work.spend(&self.instance.time, &self.instance.chance, drop).await;
        drop(core);
        let targets = &self.targets;
        let clock = &self.instance.time.clock;
        // Of a request it knows its key and no client.
        let request = Request { key: ask.key, client: ask.key, session: None };
        let sent = clock.now();
        let pick = |chance: &mut _| targets.balancer.borrow_mut().pick(sent, &request, chance);
        let Some(target) = self.instance.chance.with(pick) else {
            return Answer::of(Outcome::Refused, timing);
        };
        let (edge, instance) = targets.places[usize::from(target)];
        let called = targets.edges[edge].call(instance, &ask.method, &ask.path, &mut timing).await;
        let (now, ok) = (clock.now(), called.outcome == Outcome::Ok);
        targets.balancer.borrow_mut().ended(now, target, now.since(sent), ok);
        Answer::of(called.outcome, timing)
    }
}

impl LoadBalancer {
    /// The edges that leave it.
    pub(super) fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.targets.edges.iter()
    }
}

/// Probes a target at its interval, for ever.
async fn probe(
    targets: Rc<Targets>,
    time: Rc<Timekeeper>,
    target: usize,
    mut health: Health,
    interval: Duration,
) {
    let (edge, instance) = targets.places[target];
    loop {
        tokio::time::sleep(interval).await;
        let passed = targets.edges[edge].probe(instance, interval).await;
        if let Some(transition) = health.probed(passed) {
            let healthy = transition == Transition::Returned;
            targets.balancer.borrow_mut().set_healthy(time.clock.now(), target as u16, healthy);
        }
    }
}
