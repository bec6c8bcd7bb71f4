//! DNS at work: answers by policy and health; resolvers believe them until their time to live is over.
use super::super::counter::Counter;
use super::super::simulation::Simulation;
use super::super::station::Station;
use super::super::transport::CONNECT_TIMEOUT;
use super::State;
use crate::component::balance::{Health, Transition};
use crate::component::naming::{Answer, Resolver};
use crate::dist::Sampler;
use crate::id::{EdgeIndex, NodeIndex};
use crate::rng::{Rng, Seed};
use crate::time::Span;
use crate::topology::{DnsNode, DnsPolicy, NodeKind, Plan};

/// The name that clients ask for: there is one.
const NAME: u16 = 0;

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
        Self {
            lookup_time: spec.lookup_time.sampler(),
            rng: seed.stream(&format!("{}/answers", node.id)),
            resolver: spec.resolver(plan, index),
            check_interval: spec.check_interval,
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
            let up = self.nodes[callee].stations.iter().any(Station::serves) && !self.edges[edge.index()].cut;
            let dns = self.dns(node);
            if let Some(transition) = dns.health[i].probed(up) {
                dns.healthy[i] = transition == Transition::Returned;
            }
        }
    }

    /// Where a resolver leads a request of these clients, and how long it is delayed by a lookup; or after how long the resolver
    /// gives up.
    pub(super) fn resolve_name(&mut self, source: usize, resolver: usize) -> Result<(EdgeIndex, Span), Span> {
        let now = self.now;
        let clients = self.clients(source);
        let (ways, known) = (clients.ways, &clients.resolvers[resolver]);
        if let Some(answer) = known.answers.get(now, NAME) {
            return Ok((EdgeIndex(ways + answer.target), known.from.since(now)));
        }
        if now < known.fails {
            let span = known.fails.since(now);
            return self.stale_answer(source, resolver, span).ok_or(span);
        }
        let asked = self.plan.nodes[source].out[0];
        self.count(source, Counter::Lookups);
        let span = match self.look_up_name(source, asked) {
            Ok(span) => span,
            Err(span) => {
                self.clients(source).resolvers[resolver].fails = now + span;
                return self.stale_answer(source, resolver, span).ok_or(span);
            }
        };
        let answer = self.answer_name(source, asked);
        let resolver = &mut self.clients(source).resolvers[resolver];
        resolver.from = now + span;
        resolver.answers.insert(now + span, NAME, answer);
        Ok((EdgeIndex(ways + answer.target), span))
    }

    /// What a resolver was told last, if it may still say so when DNS has not replied for `span`.
    fn stale_answer(&mut self, source: usize, resolver: usize, span: Span) -> Option<(EdgeIndex, Span)> {
        let NodeKind::Clients(spec) = &self.plan.nodes[source].kind else { return None };
        let (now, grace) = (self.now, spec.serve_stale);
        let clients = self.clients(source);
        let target = clients.resolvers[resolver].answers.stale(now, NAME, grace)?;
        Some((EdgeIndex(clients.ways + target), span))
    }

    /// How long a lookup takes, as the edge to DNS has it: timeouts, retries, hedges; or after how long it is given up.
    fn look_up_name(&mut self, source: usize, asked: EdgeIndex) -> Result<Span, Span> {
        let now = self.now;
        let (dns, way, cut) = {
            let link = &self.edges[asked.index()];
            (link.to.index(), link.latency, link.cut)
        };
        let once = |simulation: &mut Self| {
            let dns = simulation.dns(dns);
            let span = way + way + dns.lookup_time.sample(&mut dns.rng);
            // No packet passes.
            if cut { Span(u64::MAX) } else { span }
        };
        // It is put back below; nothing between asks for it.
        let Some(mut policy) = self.edges[asked.index()].policy.take() else {
            let span = once(self);
            return if cut { Err(CONNECT_TIMEOUT) } else { Ok(span) };
        };
        policy.retry.started(now);
        let most = policy.timeout.unwrap_or(if cut { CONNECT_TIMEOUT } else { Span(u64::MAX) });
        let (mut waited, mut attempt) = (Span::ZERO, 1);
        let looked_up = loop {
            let mut span = once(self);
            let hedge = policy.hedge.as_mut().and_then(|hedge| Some((hedge.started(now)?, hedge)));
            if let Some((after, hedge)) = hedge
                && after < span.min(most)
                && hedge.hedge(now)
            {
                self.count(source, Counter::Hedges);
                span = span.min(Span(after.0.saturating_add(once(self).0)));
            }
            if span <= most {
                if let Some(hedge) = policy.hedge.as_mut().filter(|_| attempt == 1) {
                    hedge.answered(span);
                }
                break Ok(waited + span);
            }
            self.count(source, Counter::TimedOut);
            waited += most;
            let Some(wait) = policy.retry.after_failure(now, attempt, &mut policy.rng) else {
                break Err(waited);
            };
            self.count(source, Counter::Retries);
            waited += wait;
            attempt += 1;
        };
        self.edges[asked.index()].policy = Some(policy);
        looked_up
    }

    /// What DNS says.
    fn answer_name(&mut self, source: usize, asked: EdgeIndex) -> Answer {
        let dns_place = self.edges[asked.index()].to.index();
        let zone = self.plan.nodes[source].zone.map_or(0, |zone| zone + 1);
        let simple = matches!(&self.plan.nodes[dns_place].kind, NodeKind::Dns(spec) if spec.policy == DnsPolicy::Simple);
        let dns = self.dns(dns_place);
        let healthy = &dns.healthy;
        // Plain DNS knows nothing of health.
        dns.resolver.resolve(zone, |target| simple || healthy[usize::from(target)], &mut dns.rng)
    }
}
