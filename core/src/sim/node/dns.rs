//! DNS at work: answers by policy and health; resolvers believe them until their time to live is over.
use super::super::counter::Counter;
use super::super::simulation::Simulation;
use super::clients::Resolved;
use super::State;
use crate::component::balance::{Health, Transition};
use crate::component::naming::{Policy, Resolver};
use crate::dist::Sampler;
use crate::id::{EdgeIndex, NodeIndex};
use crate::rng::{Rng, Seed};
use crate::time::Span;
use crate::topology::{DnsNode, DnsPolicy, Plan};

/// What DNS knows.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Dns {
    lookup_time: Sampler,
    rng: Rng,
    resolver: Resolver,
    pub(super) check_interval: Span,
    ttl: Span,
    /// The edges to its addresses, and what probes say of each.
    addresses: Vec<EdgeIndex>,
    health: Vec<Health>,
    healthy: Vec<bool>,
}

impl Dns {
    pub(super) fn new(plan: &Plan, index: NodeIndex, spec: &DnsNode, seed: Seed) -> Self {
        let node = plan.node(index);
        let weights: Vec<u32> = node.out.iter().map(|&edge| plan.edge(edge).weight).collect();
        let policy = match spec.policy {
            DnsPolicy::Simple => Policy::Simple,
            DnsPolicy::Weighted => Policy::Weighted,
            DnsPolicy::Geo => Policy::Geo,
            DnsPolicy::Failover => Policy::Failover,
        };
        Self {
            lookup_time: spec.lookup_time.sampler(),
            rng: seed.stream(&format!("{}/answers", node.id)),
            resolver: Resolver::new(policy, spec.ttl, weights),
            check_interval: spec.check_interval,
            ttl: spec.ttl,
            addresses: node.out.clone(),
            health: vec![Health::new(spec.fall, spec.rise); node.out.len()],
            healthy: vec![true; node.out.len()],
        }
    }
}

impl Simulation {
    fn dns(&mut self, node: usize) -> &mut Dns {
        match &mut self.nodes[node].state {
            State::Dns(dns) => dns,
            _ => unreachable!("the node is DNS"),
        }
    }

    /// Every address is probed: it is well when one of its instances is.
    pub(super) fn probe_addresses(&mut self, node: usize) {
        for i in 0..self.dns(node).addresses.len() {
            let edge = self.dns(node).addresses[i];
            let callee = self.edges[edge.index()].to.index();
            let up = self.nodes[callee].stations.iter().any(|station| station.up && station.in_service)
                && !self.edges[edge.index()].cut;
            let dns = self.dns(node);
            if let Some(transition) = dns.health[i].probed(up) {
                dns.healthy[i] = transition == Transition::Returned;
            }
        }
    }

    /// Where a resolver leads a request of these clients, and how long it is delayed by a lookup.
    pub(super) fn resolve_name(&mut self, source: usize, resolver: usize) -> (EdgeIndex, Span) {
        let now = self.now;
        let known = self.clients(source).resolvers[resolver];
        if now < known.until {
            return (known.edge, known.from.since(now));
        }
        let asked = self.plan.nodes[source].out[0];
        let (dns_place, way) = (self.edges[asked.index()].to.index(), self.edges[asked.index()].latency);
        self.count(source, Counter::Lookups);
        let distances = self.distances(source, dns_place);
        let dns = self.dns(dns_place);
        let span = way + way + dns.lookup_time.sample(&mut dns.rng);
        let answer = dns.resolver.answer(&dns.healthy, &distances);
        let (edge, ttl) = (dns.addresses[usize::from(answer)], dns.ttl);
        let resolved = Resolved { edge, from: now + span, until: now + span + ttl };
        self.clients(source).resolvers[resolver] = resolved;
        (edge, span)
    }

    /// How far each address is from these clients.
    fn distances(&self, source: usize, dns: usize) -> Vec<Span> {
        let plan = &self.plan;
        let from = plan.nodes[source].zone;
        let way = |&edge: &EdgeIndex| {
            let edge = plan.edge(edge);
            plan.one_way(from, plan.node(edge.to).zone)
        };
        plan.nodes[dns].out.iter().map(way).collect()
    }
}
