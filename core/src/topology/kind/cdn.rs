//! A content delivery network: caches near the users, and what is behind them.
use super::super::catalog::{Form, Group, Kind, Param, Section, count};
use super::super::reader::Reader;
use super::engine::{self, Engine};
use super::rows::{COALESCE, EVICTION, INSTANCES, QUEUE, TTL, TTL_JITTER};
use crate::component::cache::Eviction;
use crate::dist::Law;
use crate::time::Span;

/// The row of CDNs.
pub(crate) const KIND: Kind = Kind {
    name: "cdn",
    title: "CDN",
    group: Group::Traffic,
    about: "Points of presence near the users, which keep files and pull from the origin what they miss. Other requests pass through.",
    calls: &["load_balancer", "service", "object_store"],
    params: &[
        INSTANCES,
        Param::new(
            "capacity",
            "Capacity",
            "How many files each point of presence holds.",
            count(1, 10_000_000),
            "100000",
        )
        .essential(),
        EVICTION,
        TTL,
        TTL_JITTER,
        Param::new(
            "keeps",
            "Keeps",
            "Which requests it may answer from memory.",
            Form::Choice(&[("static", "static files only"), ("reads", "static files and reads")]),
            "static",
        )
        .essential(),
        COALESCE,
        Param::new(
            "workers",
            "Workers",
            "How many requests each point of presence works on at once.",
            count(1, 4_096),
            "64",
        )
        .under(Section::Capacity),
        Param::new(
            "service_time",
            "Time per request",
            "How long a worker is taken by a request.",
            Form::Law,
            "200us",
        )
        .under(Section::Capacity),
        QUEUE,
        engine::OF_CDNS,
    ],
};

/// A CDN.
#[derive(Clone, Debug)]
pub struct CdnNode {
    /// Points of presence, ≥ 1.
    pub instances: u16,
    /// Files of each, ≥ 1.
    pub capacity: u32,
    /// What goes first.
    pub eviction: Eviction,
    /// How long a file is good, > 0.
    pub ttl: Span,
    /// By which share it is longer or shorter at random, in [0, 1).
    pub ttl_jitter: f64,
    /// Whether it keeps reads too.
    pub keeps_reads: bool,
    /// Whether misses of a key share one fetch.
    pub coalesce: bool,
    /// Workers of each, ≥ 1.
    pub workers: u32,
    /// How long a worker is taken.
    pub service_time: Law,
    /// How many may wait at each.
    pub queue: u32,
    /// Which program it is in a live run.
    pub engine: Engine,
}

impl CdnNode {
    pub(crate) fn read(r: &mut Reader) -> Self {
        Self {
            instances: r.count("instances") as u16,
            capacity: r.count("capacity"),
            eviction: r.choice("eviction", &super::EVICTIONS),
            ttl: r.span("ttl"),
            ttl_jitter: r.number("ttl_jitter"),
            keeps_reads: r.choice("keeps", &[false, true]),
            coalesce: r.switch("coalesce"),
            workers: r.count("workers"),
            service_time: r.law("service_time"),
            queue: r.count("queue"),
            engine: r.choice("engine", &engine::CDNS),
        }
    }
}
