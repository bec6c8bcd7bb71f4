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
}

impl ClientsNode {
    pub(crate) fn read(r: &mut Reader) -> Self {
        Self {
            share: r.number("share"),
            timeout: r.span("timeout"),
            browser_cache: r.span("browser_cache"),
            resolvers: r.count("resolvers"),
        }
    }
}
