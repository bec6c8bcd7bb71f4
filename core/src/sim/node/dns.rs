//! DNS at work: answers by policy and health; resolvers believe them until their time to live is over.
use super::super::counter::Counter;
use super::super::simulation::Simulation;
use super::super::station::Station;
use super::State;
use super::clients::Resolved;
use crate::component::balance::{Health, Transition};
use crate::component::naming::{NamingPolicy, Resolver};
use crate::dist::Sampler;
use crate::id::{EdgeIndex, NodeIndex};
use crate::rng::{Rng, Seed};
use crate::time::Span;
use crate::topology::{DnsNode, DnsPolicy, NodeKind, Plan};

/// What DNS knows.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Dns {
    lookup_time: Sampler,
    rng: Rng,
    resolver: Resolver,
    pub(super) check_interval: Span,
    /// The edges to its addresses, and what probes say of each.
    addresses: Vec<EdgeIndex>,
    health: Vec<Health>,
    healthy: Vec<bool>,
}

impl Dns {
    pub(super) fn new(plan: &Plan, index: NodeIndex, spec: &DnsNode, seed: Seed) -> Self {
        let node = plan.node(index);
        let weights = || node.out.iter().map(|&edge| plan.edge(edge).weight).collect();
        let policy = match spec.policy {
            DnsPolicy::Simple => NamingPolicy::Simple,
            DnsPolicy::Weighted => NamingPolicy::Weighted(weights()),
            DnsPolicy::Geo => NamingPolicy::Geo(distances(plan, index)),
            DnsPolicy::Failover => NamingPolicy::Failover,
        };
        // Nobody asks a name that stands for nothing.
        let targets = node.out.len().max(1) as u16;
        let policy = if node.out.is_empty() { NamingPolicy::Simple } else { policy };
        Self {
            lookup_time: spec.lookup_time.sampler(),
            rng: seed.stream(&format!("{}/answers", node.id)),
            resolver: Resolver::new(policy, targets, spec.ttl),
            check_interval: spec.check_interval,
            addresses: node.out.clone(),
            health: vec![Health::new(spec.fall, spec.rise); node.out.len()],
            healthy: vec![true; node.out.len()],
        }
    }
}

/// How far each address is from where a question comes from: first from nowhere, then by zone.
fn distances(plan: &Plan, index: NodeIndex) -> Vec<Vec<Span>> {
    let addresses = &plan.node(index).out;
    let way = |from, edge: &EdgeIndex| plan.one_way(from, plan.node(plan.edge(*edge).to).zone);
    let row = |from: Option<u16>| addresses.iter().map(|edge| way(from, edge)).collect();
    std::iter::once(None).chain((0..plan.zones.len() as u16).map(Some)).map(row).collect()
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
            let up = self.nodes[callee].stations.iter().any(Station::serves) && !self.edges[edge.index()].cut;
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
        let zone = self.plan.nodes[source].zone.map_or(0, |zone| zone + 1);
        let simple = matches!(&self.plan.nodes[dns_place].kind, NodeKind::Dns(spec) if spec.policy == DnsPolicy::Simple);
        let dns = self.dns(dns_place);
        let span = way + way + dns.lookup_time.sample(&mut dns.rng);
        let healthy = &dns.healthy;
        // Plain DNS knows nothing of health.
        let answer =
            dns.resolver.resolve(zone, |target| simple || healthy[usize::from(target)], &mut dns.rng);
        let (target, ttl) = (answer.target, answer.ttl);
        let edge = EdgeIndex(self.clients(source).ways + target);
        let resolved = Resolved { edge, from: now + span, until: now + span + ttl };
        self.clients(source).resolvers[resolver] = resolved;
        (edge, span)
    }
}
