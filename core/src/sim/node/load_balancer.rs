//! A load balancer at work: probes its targets, gives each request to a healthy one.
use super::super::agenda::Event;
use super::super::call::{Call, Slot, Stage};
use super::super::simulation::Simulation;
use super::State;
use crate::component::balance::{Balancer, Health, Request, Transition};
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
}

impl LoadBalancer {
    pub(super) fn new(plan: &Plan, index: NodeIndex, spec: &LoadBalancerNode) -> Self {
        let of_edge = |&edge: &EdgeIndex| {
            let instances = plan.node(plan.edge(edge).to).kind.instances();
            (0..instances).map(move |instance| (edge, instance))
        };
        let targets: Vec<_> = plan.node(index).out.iter().flat_map(of_edge).collect();
        // Check bounds the instances of a whole plan below a u16.
        let balancer = Balancer::new(spec.policy.into(), targets.len() as u16);
        Self {
            service_time: spec.service_time.sampler(),
            check_interval: spec.check_interval,
            health: vec![Health::new(spec.fall, spec.rise); targets.len()],
            targets,
            balancers: vec![balancer; usize::from(spec.instances)],
        }
    }

    /// An instance has died; when it comes back it knows of nothing in flight.
    pub(super) fn forget(&mut self, instance: u16) {
        self.balancers[usize::from(instance)].forget();
    }
}

impl Simulation {
    fn balancer(&mut self, node: usize) -> &mut LoadBalancer {
        match &mut self.nodes[node].state {
            State::LoadBalancer(balancer) => balancer,
            _ => unreachable!("the node is a load balancer"),
        }
    }

    /// Puts the next probes of a balancer on the agenda.
    pub(in crate::sim) fn plan_probe(&mut self, node: usize) {
        let interval = self.balancer(node).check_interval;
        self.agenda.push(self.now + interval, Event::Probe(node as u32));
    }

    /// All targets are probed; a dead instance does not answer.
    pub(in crate::sim) fn probe(&mut self, node: usize) {
        for target in 0..self.balancer(node).targets.len() {
            let (edge, instance) = self.balancer(node).targets[target];
            let callee = self.edges[edge.index()].to.index();
            let up = self.nodes[callee].stations[usize::from(instance)].up;
            let now = self.now;
            let balancer = self.balancer(node);
            if let Some(transition) = balancer.health[target].probed(up) {
                let healthy = transition == Transition::Returned;
                balancer.balancers.iter_mut().for_each(|b| b.set_healthy(now, target as u16, healthy));
            }
        }
        self.plan_probe(node);
    }

    /// A core has looked at the request: it is free, and a target gets the request.
    pub(in crate::sim) fn balancer_finish(&mut self, slot: Slot) {
        self.release(slot);
        let call = self.calls[slot];
        let (node, instance) = (call.node.index(), usize::from(call.instance));
        // Chance and balancer are both this instance's own; they stand in different fields.
        let place = &mut self.nodes[node];
        let State::LoadBalancer(balancer) = &mut place.state else {
            unreachable!("the node is a load balancer")
        };
        // Of a request the simulation knows its key and no client.
        let request = Request { key: call.key, client: call.key, session: None };
        let picked = balancer.balancers[instance].pick(self.now, &request, &mut place.stations[instance].rng);
        let Some(target) = picked else {
            return self.answer(slot, Outcome::Refused);
        };
        let (edge, callee_instance) = balancer.targets[usize::from(target)];
        let call = &mut self.calls[slot];
        call.stage = Stage::Calling;
        call.target = target;
        let (ask, origin) = (call.ask, (call.class, call.key));
        self.call(slot, edge, callee_instance, ask, origin);
    }

    /// The target has answered, or refused.
    pub(in crate::sim) fn balancer_answered(&mut self, slot: Slot, answer: &Call) {
        let (now, call) = (self.now, self.calls[slot]);
        let balancer = self.balancer(call.node.index());
        let (took, ok) = (now.since(answer.sent), answer.outcome == Outcome::Ok);
        balancer.balancers[usize::from(call.instance)].ended(now, call.target, took, ok);
        self.answer(slot, answer.outcome);
    }
}
