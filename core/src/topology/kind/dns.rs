//! DNS: which address a name leads to, and for how long a client believes it.
use super::super::catalog::{Form, Group, HOUR_NS, Kind, Param, Section, When, span};
use super::super::plan::Plan;
use super::super::reader::Reader;
use super::rows::{CHECK_INTERVAL, FALL, RISE};
use crate::component::naming::{NamingPolicy, Resolver};
use crate::dist::Law;
use crate::id::{EdgeIndex, NodeIndex};
use crate::time::Span;

/// The row of DNS.
pub(crate) const KIND: Kind = Kind {
    name: "dns",
    title: "DNS",
    group: Group::Traffic,
    about: "Tells clients which of the nodes that it is wired to they should call. Its answers live on until their time to live is over.",
    calls: &["cdn", "load_balancer", "service"],
    params: &[
        Param::new(
            "policy",
            "Policy",
            "How an answer is picked.",
            Form::Choice(&[
                ("simple", "each address in turn, dead or alive"),
                ("weighted", "healthy addresses, by the weights of the edges"),
                ("geo", "the nearest healthy address"),
                ("failover", "the first healthy address, in the order of the edges"),
            ]),
            "simple",
        )
        .essential(),
        Param::new(
            "ttl",
            "Time to live",
            "How long a resolver believes an answer.",
            span(0, 24 * HOUR_NS),
            "1m",
        )
        .essential(),
        Param::new(
            "lookup_time",
            "Lookup",
            "How long a lookup takes that no resolver has cached.",
            Form::Law,
            "20ms",
        )
        .under(Section::Network),
        CHECK_INTERVAL.when(When::Not("policy", &["simple"])),
        FALL.when(When::Not("policy", &["simple"])),
        RISE.when(When::Not("policy", &["simple"])),
    ],
};

/// How DNS picks an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsPolicy {
    /// Each address in turn.
    Simple,
    /// By weight.
    Weighted,
    /// The nearest.
    Geo,
    /// The first.
    Failover,
}

/// DNS.
#[derive(Clone, Debug)]
pub struct DnsNode {
    /// How an answer is picked.
    pub policy: DnsPolicy,
    /// How long an answer is believed.
    pub ttl: Span,
    /// How long a lookup takes.
    pub lookup_time: Law,
    /// How often each address is probed, > 0.
    pub check_interval: Span,
    /// Failed probes in a row until an address is left out, ≥ 1.
    pub fall: u32,
    /// Passed probes in a row until it is back, ≥ 1.
    pub rise: u32,
}

impl DnsNode {
    /// What picks its answers. Zones are counted from one; zero is nowhere.
    pub fn resolver(&self, plan: &Plan, index: NodeIndex) -> Resolver {
        let node = plan.node(index);
        let policy = match self.policy {
            // Nobody asks a name that stands for nothing.
            _ if node.out.is_empty() => NamingPolicy::Simple,
            DnsPolicy::Simple => NamingPolicy::Simple,
            DnsPolicy::Weighted => {
                NamingPolicy::Weighted(node.out.iter().map(|&edge| plan.edge(edge).weight).collect())
            }
            DnsPolicy::Geo => NamingPolicy::Geo(distances(plan, index)),
            DnsPolicy::Failover => NamingPolicy::Failover,
        };
        Resolver::new(policy, node.out.len().max(1) as u16, self.ttl)
    }

    pub(crate) fn read(r: &mut Reader) -> Self {
        use DnsPolicy::{Failover, Geo, Simple, Weighted};
        Self {
            policy: r.choice("policy", &[Simple, Weighted, Geo, Failover]),
            ttl: r.span("ttl"),
            lookup_time: r.law("lookup_time"),
            check_interval: r.span("check_interval"),
            fall: r.count("fall"),
            rise: r.count("rise"),
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
