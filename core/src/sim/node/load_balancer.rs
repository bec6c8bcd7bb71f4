//! A load balancer at work: probes its targets, gives each request to a healthy one.
use super::super::call::{Call, NO_CALL, NO_TARGET, Origin, Slot, Stage};
use super::super::counter::Counter;
use super::super::event::Event;
use super::super::simulation::Simulation;
use super::super::transport::Way;
use super::{Refusal, State};
use crate::component::balance::{Balancer, Health, Request, Transition};
use crate::component::resilience::TokenBucket;
use crate::dist::Sampler;
use crate::id::{EdgeIndex, NodeIndex};
use crate::run::Outcome;
use crate::time::Span;
use crate::topology::{LoadBalancerNode, Plan};

/// What a load balancer knows.
#[derive(Clone, Debug)]
pub(in crate::sim) struct LoadBalancer {
    pub(super) service_time: Sampler,
    check_interval: Span,
    /// Each target: by which edge, and which instance of the node there.
    targets: Vec<(EdgeIndex, u16)>,
    /// What the probes say of each target; all instances of the balancer probe alike and learn the same.
    health: Vec<Health>,
    /// Each instance picks for itself.
    balancers: Vec<Balancer>,
    /// How often each instance was started: what it sent before it knows nothing of.
    epochs: Vec<u16>,
    /// What each instance lets pass.
    limits: Vec<TokenBucket>,
}

impl LoadBalancer {
    pub(super) fn new(plan: &Plan, index: NodeIndex, spec: &LoadBalancerNode) -> Self {
        let of_edge = |&edge: &EdgeIndex| {
            let instances = plan.node(plan.edge(edge).to).kind.most_instances();
            (0..instances).map(move |instance| (edge, instance))
        };
        let targets: Vec<_> = plan.node(index).out.iter().flat_map(of_edge).collect();
        let instances = usize::from(spec.instances);
        let settings = spec.settings(targets.iter().map(|&(edge, _)| plan.edge(edge).weight).collect());
        // Check bounds the instances of a whole plan below a u16.
        let balancer = Balancer::new(settings, targets.len() as u16);
        Self {
            service_time: spec.service_time.sampler(),
            check_interval: spec.check_interval,
            health: vec![Health::new(spec.fall, spec.rise); targets.len()],
            targets,
            balancers: vec![balancer; instances],
            epochs: vec![0; instances],
            limits: spec.limit().map_or(Vec::new(), |limit| vec![limit; instances]),
        }
    }

    /// An instance has died; when it comes back it knows of nothing in flight.
    pub(super) fn forget(&mut self, instance: u16) {
        let balancer = &mut self.balancers[usize::from(instance)];
        // Who goes where is in the users' cookies.
        let cookies = balancer.sticky.take();
        balancer.forget();
        balancer.sticky = cookies;
        let epoch = &mut self.epochs[usize::from(instance)];
        *epoch = epoch.wrapping_add(1);
    }

    pub(super) fn is_limited(&self) -> bool {
        !self.limits.is_empty()
    }
}

impl Simulation {
    fn balancer(&mut self, node: usize) -> &mut LoadBalancer {
        match &mut self.nodes[node].state {
            State::LoadBalancer(balancer) => balancer,
            _ => unreachable!("the node is a load balancer"),
        }
    }

    /// Puts the next probes of a balancer or of DNS on the agenda.
    pub(in crate::sim) fn plan_probe(&mut self, node: usize) {
        let interval = match &self.nodes[node].state {
            State::LoadBalancer(balancer) => balancer.check_interval,
            State::Dns(dns) => dns.check_interval,
            _ => unreachable!("the node probes nothing"),
        };
        self.agenda.push(self.now + interval, Event::Probe(node as u32));
    }

    /// All targets are probed; a dead instance does not answer, nor one behind a cut.
    pub(in crate::sim) fn probe(&mut self, node: usize) {
        match &self.nodes[node].state {
            State::Dns(_) => self.probe_addresses(node),
            _ => self.probe_targets(node),
        }
        self.plan_probe(node);
    }

    fn probe_targets(&mut self, node: usize) {
        let now = self.now;
        for target in 0..self.balancer(node).targets.len() {
            let (edge, instance) = self.balancer(node).targets[target];
            let link = &self.edges[edge.index()];
            let station = &self.nodes[link.to.index()].stations[usize::from(instance)];
            let up = station.serves() && !link.cut;
            let balancer = self.balancer(node);
            if let Some(transition) = balancer.health[target].probed(up) {
                let healthy = transition == Transition::Returned;
                balancer.balancers.iter_mut().for_each(|b| b.set_healthy(now, target as u16, healthy));
            }
        }
    }

    /// An instance was taken out of service: its balancers know at once.
    pub(in crate::sim) fn target_left(&mut self, balancer: usize, node: usize, instance: u16) {
        let now = self.now;
        for target in 0..self.balancer(balancer).targets.len() {
            let (edge, of) = self.balancer(balancer).targets[target];
            if of == instance && self.edges[edge.index()].to.index() == node {
                let balancer = self.balancer(balancer);
                balancer.health[target].left();
                balancer.balancers.iter_mut().for_each(|b| b.set_healthy(now, target as u16, false));
            }
        }
    }

    /// Whether a balancer that could reach an instance gives it requests; other nodes have nothing against it.
    pub(in crate::sim) fn trusts(&self, balancer: usize, node: usize, instance: u16) -> bool {
        let State::LoadBalancer(balancer) = &self.nodes[balancer].state else { return true };
        let mut targets = balancer.targets.iter().zip(&balancer.health);
        targets.all(|(&(edge, of), health)| {
            let link = &self.edges[edge.index()];
            of != instance || link.to.index() != node || link.cut || health.is_healthy()
        })
    }

    pub(super) fn balancer_refuses(&mut self, slot: Slot) -> Refusal {
        let (now, call) = (self.now, &self.calls[slot]);
        let (node, instance) = (call.node.index(), usize::from(call.instance));
        let limit = self.balancer(node).limits.get_mut(instance)?;
        limit.admit(now).is_err().then_some((Counter::Shed, Outcome::Refused))
    }

    /// A core has looked at the request: it is free, and a target gets the request.
    pub(in crate::sim) fn balancer_finish(&mut self, slot: Slot) {
        self.release(slot);
        let call = &mut self.calls[slot];
        let (node, instance, ask, origin) = (call.node.index(), call.instance, call.ask, call.origin);
        let Some(way) = self.pick_target(node, instance, &origin) else {
            return self.answer(slot, Outcome::Refused);
        };
        self.calls[slot].stage = Stage::Calling;
        self.call_at(slot, way, ask, origin);
    }

    /// Which target an instance of a balancer gives a request to; it counts as in flight there.
    pub(in crate::sim) fn pick_target(&mut self, node: usize, instance: u16, origin: &Origin) -> Option<Way> {
        // Chance and balancer are both this instance's own; they stand in different fields.
        let place = &mut self.nodes[node];
        let State::LoadBalancer(balancer) = &mut place.state else {
            unreachable!("the node is a load balancer")
        };
        let user = u64::from(origin.user);
        let session = self.classes[usize::from(origin.class)].session.then_some(user);
        let request = Request { key: origin.key, client: user, session };
        let rng = &mut place.stations[usize::from(instance)].rng;
        let target = balancer.balancers[usize::from(instance)].pick(self.now, &request, rng)?;
        // The user's cookie says where to go to whichever instance is asked next.
        if let Some(session) = session {
            let sticky = balancer.balancers.iter_mut().filter_map(|balancer| balancer.sticky.as_mut());
            sticky.for_each(|sticky| sticky.stick(session, target));
        }
        let (edge, instance) = balancer.targets[usize::from(target)];
        Some(Way { edge, instance, target })
    }

    /// The start of the balancer's instance that `parent` is on, for what it gives to a target.
    pub(in crate::sim) fn epoch_of(&self, parent: Slot, target: u16) -> u16 {
        if target == NO_TARGET || parent == NO_CALL {
            return 0;
        }
        let call = &self.calls[parent];
        if call.stage.is_of_a_policy() {
            return call.epoch;
        }
        match &self.nodes[call.node.index()].state {
            State::LoadBalancer(balancer) => balancer.epochs[usize::from(call.instance)],
            _ => 0,
        }
    }

    /// A call to a target has ended.
    pub(in crate::sim) fn target_ended(&mut self, call: &Call) {
        let (now, node) = (self.now, self.caller(call.edge).index());
        let (took, well) = (now.since(call.sent), call.outcome == Outcome::Ok);
        let balancer = self.balancer(node);
        if balancer.epochs[usize::from(call.caller)] == call.epoch {
            balancer.balancers[usize::from(call.caller)].ended(now, call.target, took, well);
        }
    }

    /// A target was picked for a call with a policy, and then not called.
    pub(in crate::sim) fn untried(&mut self, call: &Call) {
        self.target_ended(&Call { sent: self.now, outcome: Outcome::Ok, ..*call });
    }
}
