//! A cache: remembers what was read.
use super::super::catalog::{Form, Group, HOUR_NS, Kind, Param, SECOND_NS, Section, When, count, span};
use super::super::reader::Reader;
use super::engine::{self, Engine};
use super::rows::{COALESCE, EVICTION, INSTANCES, QUEUE, TTL, TTL_JITTER};
use crate::component::cache::Eviction;
use crate::dist::Law;
use crate::time::Span;

/// The row of caches.
pub(crate) const KIND: Kind = Kind {
    name: "cache",
    title: "Cache",
    group: Group::Data,
    about: "Remembers what was read, with a time to live. Wired to a database it reads through; else its caller fills it.",
    calls: &["database", "object_store"],
    params: &[
        INSTANCES,
        Param::new(
            "capacity",
            "Capacity",
            "How many entries each instance holds.",
            count(1, 10_000_000),
            "10000",
        ).essential(),
        EVICTION,
        TTL,
        TTL_JITTER,
        Param::new(
            "ttl_from",
            "Lives from",
            "What its time to live is counted from.",
            Form::Choice(&[
                ("fill", "when the entry was filled or written"),
                (
                    "use",
                    "when it was last used: what is asked for often never expires, and is never fetched again",
                ),
            ]),
            "fill",
        )
        .under(Section::Entries),
        Param::new(
            "writes",
            "Writes",
            "What a write does to it. Aside: its caller deletes or updates the entry. Wired to a database: the write goes through it.",
            Form::Choice(&[
                ("auto", "aside: the entry is deleted; wired to a database: through"),
                ("through", "the new value is written to the database and kept here"),
                ("around", "the database has the new value, the entry here is deleted"),
                ("back", "the new value is kept here and written to the database later"),
            ]),
            "auto",
        ).under(Section::Entries),
        Param::new(
            "flush_interval",
            "Write back after",
            "How long a value that was only written here waits until it is written to the database.",
            span(SECOND_NS / 1000, HOUR_NS),
            "1s",
        ).under(Section::Entries).when(When::Is("writes", &["back"])),
        COALESCE,
        Param::new(
            "workers",
            "Workers",
            "How many requests each instance works on at the same moment.",
            count(1, 4_096),
            "1",
        ).under(Section::Capacity),
        Param::new(
            "service_time",
            "Time per lookup",
            "How long a worker is taken by a lookup, a fill or a delete.",
            Form::Law,
            "100us",
        ).under(Section::Capacity),
        QUEUE,
        engine::OF_CACHES,
    ],
};

/// What a write does to a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Aside: as `Around`; wired to a database: as `Through`.
    Auto,
    /// Into the database, and kept here.
    Through,
    /// Into the database, and deleted here (Nishtala et al. 2013, §2). A fill that was read before a write may come after it,
    /// and stays stale until it expires.
    Around,
    /// Kept here, and into the database later.
    Back,
}

/// A cache.
#[derive(Clone, Debug)]
pub struct CacheNode {
    /// How many there are, ≥ 1; keys are spread over them on a ring.
    pub instances: u16,
    /// Entries of each, ≥ 1.
    pub capacity: u32,
    /// What goes first.
    pub eviction: Eviction,
    /// How long an entry is good, > 0.
    pub ttl: Span,
    /// By which share it is longer or shorter at random, in [0, 1).
    pub ttl_jitter: f64,
    /// Whether each use renews an entry.
    pub renewed_by_use: bool,
    /// What a write does to it.
    pub writes: Writes,
    /// How long a value that was only written here waits.
    pub flush_interval: Span,
    /// Whether misses of a key share one fetch.
    pub coalesce: bool,
    /// Workers of each, ≥ 1.
    pub workers: u32,
    /// How long a worker is taken by a lookup.
    pub service_time: Law,
    /// How many may wait at each.
    pub queue: u32,
    /// Which program it is in a live run.
    pub engine: Engine,
}

impl CacheNode {
    pub(crate) fn read(r: &mut Reader) -> Self {
        Self {
            instances: r.count("instances") as u16,
            capacity: r.count("capacity"),
            eviction: r.choice("eviction", &super::EVICTIONS),
            ttl: r.span("ttl"),
            ttl_jitter: r.number("ttl_jitter"),
            renewed_by_use: r.choice("ttl_from", &[false, true]),
            writes: r.choice("writes", &[Writes::Auto, Writes::Through, Writes::Around, Writes::Back]),
            flush_interval: r.span("flush_interval"),
            coalesce: r.switch("coalesce"),
            workers: r.count("workers"),
            service_time: r.law("service_time"),
            queue: r.count("queue"),
            engine: r.choice("engine", &engine::CACHES),
        }
    }
}
