//! Clients: where requests come from.
use super::super::catalog::{Group, HOUR_NS, Kind, Param, Section, count, number, span};
use super::super::reader::Reader;
use crate::time::Span;

/// The row of clients.
pub(crate) const KIND: Kind = Kind {
    name: "clients",
    title: "Clients",
    group: Group::Traffic,
    about: "Users who send requests, in an open loop or a closed one, as the workload says.",
    calls: &["dns", "cdn", "load_balancer", "service", "object_store"],
    params: &[
        Param::new(
            "share",
            "Share of traffic",
            "How much of the workload comes from here, relative to other clients.",
            number(0.001, 1_000.0),
            "1",
        )
        .essential(),
        Param::new(
            "timeout",
            "Timeout",
            "How long a user waits; a later answer counts as an error.",
            span(1_000_000, HOUR_NS / 6),
            "2s",
        )
        .essential(),
        Param::new(
            "browser_cache",
            "Browser cache",
            "How long a user's browser keeps a static file; zero is not at all.",
            span(0, 24 * HOUR_NS),
            "0s",
        )
        .under(Section::Entries),
        Param::new(
            "resolvers",
            "Resolvers",
            "Over how many DNS resolvers, each with its own cache, these users are spread.",
            count(1, 10_000),
            "20",
        )
        .under(Section::Network),
        Param::new(
            "least_ttl",
            "Least TTL",
            "How long these resolvers keep an answer at least, however short its time to live.",
            span(0, 24 * HOUR_NS),
            "0s",
        )
        .under(Section::Network),
        Param::new(
            "serve_stale",
            "Serve stale",
            "How long after its end a resolver still gives an answer when DNS does not reply (RFC 8767); zero is not at all.",
            span(0, 24 * HOUR_NS),
            "0s",
        )
        .under(Section::Network),
    ],
};

/// Clients. See [`KIND`] for the meaning of each field; so for every kind.
#[derive(Clone, Debug)]
pub struct ClientsNode {
    /// Its part of the workload, in (0, 1].
    pub share: f64,
    /// How long a user waits.
    pub timeout: Span,
    /// How long a browser keeps a static file; zero is not at all.
    pub browser_cache: Span,
    /// How many resolvers, ≥ 1.
    pub resolvers: u32,
    /// How long a resolver keeps an answer at least.
    pub least_ttl: Span,
    /// How long after its end it still gives it when DNS does not reply.
    pub serve_stale: Span,
}

impl ClientsNode {
    pub(crate) fn read(r: &mut Reader) -> Self {
        Self {
            share: r.number("share"),
            timeout: r.span("timeout"),
            browser_cache: r.span("browser_cache"),
            resolvers: r.count("resolvers"),
            least_ttl: r.span("least_ttl"),
            serve_stale: r.span("serve_stale"),
        }
    }
}
