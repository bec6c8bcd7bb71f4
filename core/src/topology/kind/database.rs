//! A database: shards, each a primary with replicas.
use super::super::catalog::{Form, Group, HOUR_NS, Kind, Param, Section, When, count, number, span};
use super::super::reader::Reader;
use super::engine::{self, Engine};
use super::rows::{MTBF, MTTR, QUEUE, REPAIRERS};
use crate::component::Sharding;
use crate::component::replication::MAX_PRIMARIES;
use crate::dist::Law;
use crate::time::Span;

/// The row of databases.
pub(crate) const KIND: Kind = Kind {
    name: "database",
    title: "Database",
    group: Group::Data,
    about: "Keeps the data. Each key lives on one shard; a shard is a primary, and replicas that follow its log.",
    calls: &[],
    params: &[
        Param::new(
            "model",
            "Model",
            "What it stores. Joins are for relational and graph databases.",
            Form::Choice(&[
                ("relational", "tables"),
                ("key_value", "values by key"),
                ("document", "documents by key"),
                ("column", "wide rows by key"),
                ("graph", "nodes and edges"),
            ]),
            "relational",
        )
        .under(Section::More),
        Param::new(
            "connections",
            "Connections",
            "How many queries each server works on at the same moment.",
            count(1, 4_096),
            "16",
        )
        .essential(),
        Param::new("read_time", "Read", "How long a read takes.", Form::Law, "lognormal 4ms p99 18ms")
            .essential(),
        Param::new("write_time", "Write", "How long a write takes.", Form::Law, "lognormal 6ms p99 25ms")
            .essential(),
        QUEUE,
        Param::new(
            "shards",
            "Shards",
            "Over how many servers the keys are spread; each can fail on its own.",
            count(1, 512),
            "1",
        )
        .essential(),
        Param::new(
            "sharding",
            "Sharding",
            "How a key finds its shard.",
            Form::Choice(&[
                ("modulo", "hash of the key modulo the number of shards"),
                ("ring", "a hash ring with virtual nodes: a new shard moves few keys"),
                ("range", "keys in order: neighbours, and the most popular, stand together"),
                ("directory", "a table says; a new shard takes an even part of every other"),
            ]),
            "modulo",
        )
        .under(Section::Sharding)
        .when(When::Not("shards", &["1"])),
        Param::new(
            "isolated_keys",
            "Isolated keys",
            "How many of the most popular keys are spread over the shards one by one.",
            count(0, 10_000),
            "0",
        )
        .under(Section::Sharding)
        .when(When::Not("shards", &["1"])),
        Param::new("replicas", "Replicas", "How many copies follow each shard's primary.", count(0, 15), "0")
            .essential(),
        Param::new(
            "replication",
            "Replication",
            "When a write is acknowledged.",
            Form::Choice(&[
                ("async", "when the primary has it"),
                ("semi_sync", "when one replica has received it too"),
                ("sync", "when every live replica has applied it"),
                ("quorum", "when so many copies have it as the write quorum says; fails while fewer are up"),
            ]),
            "async",
        )
        .under(Section::Replication)
        .when(When::Not("replicas", &["0"])),
        Param::new(
            "write_quorum",
            "Write quorum",
            "How many copies must have a write, the primary among them, where replication is by quorum; zero is a majority.",
            count(0, 16),
            "0",
        )
        .under(Section::Replication)
        .when(When::Is("replication", &["quorum"])),
        Param::new(
            "ship_interval",
            "Log shipped every",
            "How often the log is sent to the replicas, all at once; zero is as it is written.",
            span(0, HOUR_NS),
            "0s",
        )
        .under(Section::Replication)
        .when(When::Not("replicas", &["0"])),
        Param::new(
            "replica_lag",
            "Replica lag",
            "How long a write takes to a replica and into it, after those before it.",
            Form::Law,
            "exp 5ms",
        )
        .under(Section::Replication)
        .when(When::Not("replicas", &["0"])),
        Param::new(
            "reads",
            "Reads",
            "Who answers reads.",
            Form::Choice(&[
                ("primary", "the primary alone"),
                ("replicas", "the replicas in turn; the primary when none is up"),
                ("all", "primary and replicas in turn"),
            ]),
            "primary",
        )
        .under(Section::Replication)
        .when(When::Not("replicas", &["0"])),
        Param::new(
            "session",
            "Sessions read",
            "What a user who wrote may read.",
            Form::Choice(&[
                ("eventual", "whatever the replica has: perhaps not the user's own write"),
                ("own_writes", "at least what the user wrote: the primary is asked when the replica lags"),
            ]),
            "eventual",
        )
        .under(Section::Replication)
        .when(When::Not("reads", &["primary"])),
        Param::new(
            "failover",
            "Failover",
            "How long after a primary's death a replica is promoted; zero is never.",
            span(0, HOUR_NS),
            "10s",
        )
        .under(Section::Replication)
        .when(When::Not("replicas", &["0"])),
        Param::new(
            "primaries",
            "Primaries",
            "Who takes writes.",
            Form::Choice(&[
                ("one", "one primary"),
                ("many", "every copy: two writes of a key before they meet are a conflict, the later wins"),
            ]),
            "one",
        )
        .under(Section::Replication)
        .when(When::Not("replicas", &["0"])),
        Param::new(
            "joins",
            "Joins",
            "The share of reads that need all shards, and wait for the slowest.",
            number(0.0, 1.0),
            "0",
        )
        .under(Section::Sharding)
        .when(When::Not("shards", &["1"])),
        MTBF,
        MTTR,
        REPAIRERS,
        engine::OF_DATABASES,
    ],
};

/// When a write is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replication {
    /// When the primary has it.
    Async,
    /// When one replica has received it.
    SemiSync,
    /// When every live replica has applied it.
    Sync,
    /// When so many copies have it, the primary among them; at least one.
    Quorum(u16),
}

/// Who answers reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// The primary alone.
    Primary,
    /// The replicas in turn.
    Replicas,
    /// All in turn.
    All,
}

/// A database.
#[derive(Clone, Debug)]
pub struct DatabaseNode {
    /// How many shards, ≥ 1.
    pub shards: u16,
    /// How a key finds its shard.
    pub sharding: Sharding,
    /// How many of the most popular keys are spread one by one.
    pub isolated_keys: u32,
    /// Replicas of each shard.
    pub replicas: u16,
    /// When a write is acknowledged.
    pub replication: Replication,
    /// How often the log is sent to the replicas; zero is as it is written.
    pub ship_interval: Span,
    /// How long a write takes into a replica.
    pub replica_lag: Law,
    /// Who answers reads.
    pub reads: Reads,
    /// Whether users always read what they wrote.
    pub own_writes: bool,
    /// How long after a primary's death a replica is promoted; zero is never.
    pub failover: Span,
    /// Whether every copy takes writes.
    pub multi_primary: bool,
    /// The share of reads that need all shards, in [0, 1].
    pub joins: f64,
    /// How many queries each server works on at once, ≥ 1.
    pub connections: u32,
    /// How long a read takes.
    pub read_time: Law,
    /// How long a write takes.
    pub write_time: Law,
    /// How many may wait at each.
    pub queue: u32,
    /// Which program it is in a live run.
    pub engine: Engine,
}

impl DatabaseNode {
    /// Servers of a shard: the primary and its replicas.
    pub const fn copies(&self) -> u16 {
        1 + self.replicas
    }

    /// Why none of its servers can be promoted; none when one can.
    pub const fn unpromotable(&self) -> Option<&'static str> {
        match (self.replicas, self.multi_primary) {
            (0, _) => Some("it has no replica that could be promoted"),
            (_, true) => Some("every copy takes writes already: there is none to promote"),
            _ => None,
        }
    }

    pub(crate) fn read(r: &mut Reader) -> Self {
        let joins = r.number("joins");
        if joins > 0.0 && !r.choice("model", &[true, false, false, false, true]) {
            let what = "only relational and graph databases join; set it to 0, or choose one of these";
            r.fault(Some("joins"), what.to_owned());
        }
        let (replicas, multi_primary) = (r.count("replicas") as u16, r.choice("primaries", &[false, true]));
        if multi_primary && usize::from(replicas) >= MAX_PRIMARIES {
            let what = format!(
                "at most {MAX_PRIMARIES} copies can all take writes; have fewer replicas, or one primary"
            );
            r.fault(Some("replicas"), what);
        }
        let copies = 1 + replicas;
        let quorum = match r.count("write_quorum") as u16 {
            0 => copies / 2 + 1,
            quorum => quorum,
        };
        if quorum > copies {
            let what = format!("{quorum} copies cannot have a write: there are {copies}");
            r.fault(Some("write_quorum"), what);
        }
        use Replication::{Async, Quorum, SemiSync, Sync};
        Self {
            shards: r.count("shards") as u16,
            sharding: r.choice("sharding", &super::SHARDINGS),
            isolated_keys: r.count("isolated_keys"),
            replicas,
            replication: r.choice("replication", &[Async, SemiSync, Sync, Quorum(quorum)]),
            ship_interval: r.span("ship_interval"),
            replica_lag: r.law("replica_lag"),
            reads: r.choice("reads", &[Reads::Primary, Reads::Replicas, Reads::All]),
            own_writes: r.choice("session", &[false, true]),
            failover: r.span("failover"),
            multi_primary,
            joins,
            connections: r.count("connections"),
            read_time: r.law("read_time"),
            write_time: r.law("write_time"),
            queue: r.count("queue"),
            engine: r.choice("engine", &engine::DATABASES),
        }
    }
}
