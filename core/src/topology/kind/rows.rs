//! Rows that several kinds share.
use super::super::catalog::{Form, HOUR_NS, Param, SECOND_NS, SWITCH, Section, When, count, number, span};

/// Three years: an instance that fails more rarely can be taken for one that never does.
const LONGEST_NS: u64 = 3 * 365 * 24 * HOUR_NS;

pub(super) const INSTANCES: Param =
    Param::new("instances", "Instances", "How many there are; each can fail on its own.", count(1, 512), "1")
        .essential();

pub(super) const QUEUE: Param = Param::new(
    "queue",
    "Queue",
    "How many requests may wait at each instance; one more is refused.",
    count(0, 1_000_000),
    "512",
)
.under(Section::Queueing);

pub(super) const MTBF: Param = Param::new(
    "mtbf",
    "Fails every",
    "The mean time that an instance works until it fails by itself, at random; zero is never.",
    span(0, LONGEST_NS),
    "0s",
)
.under(Section::Failures);
pub(super) const MTTR: Param = Param::new(
    "mttr",
    "Mended after",
    "The mean time that mending a failed instance takes, at random; then it starts again, empty.",
    span(1, LONGEST_NS),
    "30m",
)
.under(Section::Failures)
.when(When::Not("mtbf", &["0s"]));
pub(super) const REPAIRERS: Param = Param::new(
    "repairers",
    "Mended at once",
    "How many failed instances are mended at the same time; zero is all.",
    count(0, 512),
    "0",
)
.under(Section::Failures)
.when(When::Not("mtbf", &["0s"]));

pub(super) const PATIENCE: Param = Param::new(
    "patience",
    "Patience",
    "How long a request waits in the queue until its caller gives up and leaves the queue; zero is for ever.",
    Form::Law,
    "0s",
)
.under(Section::Queueing);

pub(super) const CHECK_INTERVAL: Param = Param::new(
    "check_interval",
    "Health check",
    "How often each target is probed.",
    span(SECOND_NS / 100, HOUR_NS / 60),
    "1s",
)
.under(Section::Health);

pub(super) const FALL: Param = Param::new(
    "fall",
    "Fails to leave",
    "How many probes in a row must fail before a target gets no more requests.",
    count(1, 100),
    "2",
)
.under(Section::Health);

pub(super) const RISE: Param = Param::new(
    "rise",
    "Passes to return",
    "How many probes in a row must pass before it gets requests again.",
    count(1, 100),
    "1",
)
.under(Section::Health);

pub(super) const EVICTION: Param = Param::new(
    "eviction",
    "Eviction",
    "Which entry goes when there is no room.",
    Form::Choice(&[
        ("lru", "the least recently used"),
        ("lfu", "the least frequently used"),
        ("fifo", "the oldest"),
        ("clock", "the oldest that was not used since the hand passed"),
        ("sieve", "the oldest unvisited, the hand stays"),
        ("s3fifo", "three queues: small, main, ghosts"),
        ("tinylfu", "a frequency sketch admits to a segmented LRU"),
    ]),
    "lru",
)
.under(Section::Entries);

pub(super) const TTL: Param =
    Param::new("ttl", "Time to live", "How long an entry is good.", span(1_000_000, 24 * HOUR_NS), "1m")
        .essential();

pub(super) const TTL_JITTER: Param = Param::new(
    "ttl_jitter",
    "TTL jitter",
    "By which share of its length the time to live of an entry is longer or shorter at random.",
    number(0.0, 0.99),
    "0",
)
.under(Section::Entries);

pub(super) const COALESCE: Param = Param::new(
    "coalesce",
    "Coalesce misses",
    "Whether misses of a key that is being fetched wait for that fetch instead of fetching too.",
    SWITCH,
    "off",
)
.under(Section::Entries);

pub(super) const DISCIPLINE: Param = Param::new(
    "queue_order",
    "Queue order",
    "Who is next when a worker is free.",
    Form::Choice(&[
        ("fifo", "who came first"),
        ("lifo", "who came last"),
        ("priority", "who is most important, then who came first"),
        ("codel", "who came first; who waited too long is dropped (RFC 8289)"),
    ]),
    "fifo",
)
.under(Section::Queueing);

pub(super) const ERROR_SHARE: Param = Param::new(
    "error_share",
    "Errors",
    "The share of requests that it answers with an error, without cause.",
    number(0.0, 1.0),
    "0",
)
.under(Section::Failures);

pub(super) const SPEED: Param = Param::new(
    "speed",
    "Speed",
    "How fast its cores are, relative to what its own time says.",
    number(0.01, 100.0),
    "1",
)
.under(Section::Capacity);

/// Rows of what can be scaled: automatically, when there is monitoring.
pub(super) const AUTOSCALE: Param = Param::new(
    "autoscale",
    "Autoscaling",
    "What decides how many instances there are; needs monitoring.",
    Form::Choice(&[
        ("off", "nobody: it stays as drawn"),
        ("target", "utilization is held at the target"),
        ("step", "one more above the target, one less below half of it"),
        ("backlog", "the backlog per instance is held at the target"),
    ]),
    "off",
)
.under(Section::Scaling);
pub(super) const MAX_INSTANCES: Param =
    Param::new("max_instances", "At most", "The most instances that autoscaling starts.", count(1, 512), "8")
        .under(Section::Scaling)
        .when(When::Not("autoscale", &["off"]));
pub(super) const SCALE_TARGET: Param = Param::new(
    "scale_target",
    "Target",
    "The utilization that is held, in (0, 1); for the backlog, requests per instance.",
    number(0.01, 100_000.0),
    "0.6",
)
.under(Section::Scaling)
.when(When::Not("autoscale", &["off"]));
pub(super) const START_TIME: Param = Param::new(
    "start_time",
    "Start time",
    "How long a new or restored instance takes until it serves.",
    span(0, HOUR_NS),
    "0s",
)
.under(Section::Failures);
pub(super) const COOLDOWN: Param = Param::new(
    "cooldown",
    "Cooldown",
    "How long after a change nothing is taken away.",
    span(0, HOUR_NS),
    "1m",
)
.under(Section::Scaling)
.when(When::Not("autoscale", &["off"]));
