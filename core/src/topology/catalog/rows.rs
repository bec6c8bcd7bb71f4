//! The rows of everything that is not a node: edges, classes, arrivals, zones, hosts, the timeline, objectives, prices.
use super::{ActionKind, Form, HOUR_NS, Param, SECOND_NS, SWITCH, Section, When, count, number, span};

/// The parameters of an edge.
pub static EDGE: &[Param] = &[
    Param::new(
        "latency",
        "Latency",
        "How long the network takes one way; between zones their round trip comes on top.",
        span(0, HOUR_NS / 60),
        "100us",
    )
    .essential(),
    Param::new(
        "classes",
        "Classes",
        "Which classes of requests are passed on by this edge.",
        Form::Classes,
        "all",
    )
    .essential(),
    Param::new(
        "calls",
        "Calls per request",
        "How many calls a request makes by this edge, on average.",
        number(0.0, 100.0),
        "1",
    )
    .essential(),
    Param::new(
        "mode",
        "Mode",
        "Whether the caller waits, and for how many at once.",
        Form::Choice(&[
            ("sequential", "one call after the other"),
            ("parallel", "at the same time as its neighbours that are parallel too"),
            ("asynchronous", "nobody waits for the answer"),
        ]),
        "sequential",
    )
    .essential(),
    Param::new(
        "connections",
        "Connections",
        "How many calls each caller's instance may have open; more wait. Zero is no bound.",
        count(0, 100_000),
        "0",
    )
    .under(Section::Capacity),
    Param::new(
        "timeout",
        "Timeout",
        "How long the caller waits for an answer; zero is for ever.",
        span(0, HOUR_NS / 6),
        "0s",
    )
    .essential(),
    Param::new(
        "retries",
        "Retries",
        "How often a call that failed is sent again. An instance that refused the connection is left alone for a second.",
        count(0, 10),
        "0",
    )
    .under(Section::Retries),
    Param::new(
        "backoff",
        "Backoff",
        "The wait before the first retry; it doubles with each.",
        span(0, HOUR_NS / 60),
        "50ms",
    )
    .under(Section::Retries)
    .when(When::Not("retries", &["0"])),
    Param::new(
        "jitter",
        "Jitter",
        "How chance spreads the backoff.",
        Form::Choice(&[
            ("none", "all at the same time"),
            ("full", "anywhere between zero and the backoff"),
            ("equal", "half of it, and up to half more"),
        ]),
        "full",
    )
    .under(Section::Retries)
    .when(When::Not("retries", &["0"])),
    Param::new(
        "retry_budget",
        "Retry budget",
        "Retries as a share of calls at most; at 10 there is no budget.",
        number(0.0, 10.0),
        "10",
    )
    .under(Section::Retries)
    .when(When::Not("retries", &["0"])),
    Param::new(
        "breaker",
        "Circuit breaker",
        "The share of failed calls at which calls stop for a while; zero is no breaker.",
        number(0.0, 1.0),
        "0",
    )
    .under(Section::Failures),
    Param::new(
        "breaker_open",
        "Breaker stays open",
        "How long no call is made before one probes again.",
        span(SECOND_NS / 100, HOUR_NS),
        "5s",
    )
    .under(Section::Failures)
    .when(When::Not("breaker", &["0"])),
    Param::new(
        "hedge_after",
        "Hedge after",
        "How long until a second, equal call is made, of which the faster counts; zero is never.",
        span(0, HOUR_NS / 60),
        "0s",
    )
    .under(Section::Retries),
    Param::new(
        "hedge_at",
        "Hedge at",
        "As a share: the quantile of the response times at which a second, equal call is made, found anew for each thousand; zero is never.",
        number(0.0, 0.999),
        "0",
    )
    .under(Section::Retries),
    Param::new(
        "hedge_budget",
        "Hedge budget",
        "Second calls as a share of calls at most; at 1 there is no bound.",
        number(0.0, 1.0),
        "1",
    )
    .under(Section::Retries),
    Param::new(
        "weight",
        "Weight",
        "The share that a weighted balancer or DNS gives this callee, relative to the others.",
        count(1, 1_000),
        "1",
    )
    .under(Section::Routing),
    Param::new(
        "binding",
        "Binding",
        "Which messages a topic exchange passes on, by the class's topic: * is one word, # any number.",
        Form::Pattern,
        "#",
    )
    .under(Section::Routing),
];

/// The parameters of the arrivals.
pub static ARRIVALS: &[Param] = &[
    Param::new(
        "arrivals",
        "Arrivals",
        "How requests are spaced. In an open loop they do not wait for answers; in a closed loop a user does.",
        Form::Choice(&[
            ("poisson", "open loop: independent users"),
            ("constant", "open loop: evenly"),
            ("bursty", "open loop: in bursts"),
            ("closed", "closed loop: users who wait for the answer and think"),
        ]),
        "poisson",
    ).essential(),
    Param::new(
        "rate",
        "Rate",
        "How many requests arrive per second, all clients together; a closed loop finds its own.",
        Form::Rate,
        "100/s",
    ).essential().when(When::Not("arrivals", &["closed"])),
    Param::new(
        "burstiness",
        "Burstiness",
        "The squared coefficient of variation of bursty gaps; 1 is Poisson.",
        number(1.0, 1_000.0),
        "8",
    ).essential().when(When::Is("arrivals", &["bursty"])),
    Param::new(
        "users",
        "Users",
        "How many users take turns; in a closed loop, how many there are.",
        count(1, 10_000_000),
        "10000",
    ).essential(),
    Param::new(
        "think_time",
        "Think time",
        "How long a user of a closed loop waits between an answer and the next request.",
        Form::Law,
        "exp 1s",
    ).essential().when(When::Is("arrivals", &["closed"])),
];

/// The parameters of a class of requests.
pub static CLASS: &[Param] = &[
    Param::new(
        "operation",
        "Operation",
        "What it does to its key.",
        Form::Choice(&[
            ("read", "reads: a cache may answer"),
            ("write", "writes: the database answers and caches follow"),
            ("static", "fetches a file: browsers, a CDN or an object store may answer"),
            ("job", "asks for work that may be done later: a queue takes it"),
        ]),
        "read",
    )
    .essential(),
    Param::new(
        "weight",
        "Weight",
        "Its share of the requests, relative to the other classes.",
        number(0.001, 1_000_000.0),
        "1",
    )
    .essential(),
    Param::new(
        "keys",
        "Keys",
        "How many different keys it asks for; classes share their key space.",
        count(1, 10_000_000),
        "100000",
    )
    .essential(),
    Param::new(
        "skew",
        "Skew",
        "How unevenly it asks: the exponent of Zipf's law; zero is evenly.",
        number(0.0, 4.0),
        "0.9",
    )
    .essential(),
    Param::new(
        "size",
        "Size",
        "How many bytes an answer has: caches by bytes and prices count it.",
        Form::Bytes { min: 1, max: 1 << 30 },
        "4KiB",
    )
    .under(Section::More),
    Param::new(
        "priority",
        "Priority",
        "How important it is where queues or shedding look at it: 0 to 9, 9 first.",
        count(0, 9),
        "5",
    )
    .under(Section::More),
    Param::new(
        "session",
        "Session",
        "Whether it needs the user's session on a stateful service.",
        SWITCH,
        "off",
    )
    .under(Section::More),
    Param::new(
        "topic",
        "Topic",
        "What a topic exchange routes it by, words with dots between; the class's name when empty.",
        Form::Pattern,
        "",
    )
    .under(Section::More),
];

/// The parameters of a zone.
pub static ZONE: &[Param] = &[
    Param::new("latitude", "Latitude", "Degrees north.", number(-90.0, 90.0), "0").essential(),
    Param::new("longitude", "Longitude", "Degrees east.", number(-180.0, 180.0), "0").essential(),
];

/// The parameters of a stated round trip between two zones.
pub static ROUND_TRIP: &[Param] = &[Param::new(
    "time",
    "Round trip",
    "How long the network takes from one zone to the other and back.",
    span(0, HOUR_NS / 60),
    "0s",
)
.essential()];

/// The parameters of a host.
pub static HOST: &[Param] = &[
    Param::new("cores", "Cores", "How many cores the nodes on it share.", count(1, 512), "4").essential(),
    Param::new(
        "speed",
        "Speed",
        "How fast a core is, relative to what service times say.",
        number(0.01, 100.0),
        "1",
    )
    .essential(),
];

/// What a design is meant to hold.
pub static OBJECTIVES: &[Param] = &[
    Param::new("p99", "p99", "The longest acceptable 99th percentile; zero is none.", span(0, HOUR_NS), "0s")
        .essential(),
    Param::new(
        "error_share",
        "Errors",
        "The largest acceptable share of requests that do not end well; 1 is none.",
        number(0.0, 1.0),
        "1",
    )
    .essential(),
    Param::new("availability", "Availability", "The least availability; 0 is none.", number(0.0, 1.0), "0")
        .essential(),
    Param::new("cost", "Cost", "The most dollars a month; 0 is none.", number(0.0, 1e9), "0").essential(),
];

/// Prices in dollars. The defaults are round list prices of a large cloud's on-demand offers, rounded; state your own.
pub static PRICES: &[Param] = &[
    Param::new(
        "core_hour",
        "Core hour",
        "Dollars for a core for an hour, memory included.",
        number(0.0, 1e4),
        "0.05",
    )
    .essential(),
    Param::new(
        "cache_gib_hour",
        "Cache GiB hour",
        "Dollars for a GiB of cache for an hour.",
        number(0.0, 1e4),
        "0.02",
    )
    .essential(),
    Param::new(
        "database_core_hour",
        "Database core hour",
        "Dollars for a core of a managed database for an hour.",
        number(0.0, 1e4),
        "0.1",
    )
    .essential(),
    Param::new(
        "storage_gib_month",
        "Storage",
        "Dollars for a GiB of disk for a month.",
        number(0.0, 1e4),
        "0.1",
    )
    .essential(),
    Param::new("egress_gib", "Egress", "Dollars for a GiB that leaves to users.", number(0.0, 1e4), "0.09")
        .essential(),
    Param::new("cdn_gib", "CDN", "Dollars for a GiB that a CDN delivers.", number(0.0, 1e4), "0.05")
        .essential(),
    Param::new("zone_gib", "Between zones", "Dollars for a GiB between zones.", number(0.0, 1e4), "0.02")
        .essential(),
    Param::new(
        "million_requests",
        "Requests",
        "Dollars for a million requests to managed parts.",
        number(0.0, 1e4),
        "0.4",
    )
    .essential(),
    Param::new(
        "balancer_hour",
        "Load balancer hour",
        "Dollars for a load balancer for an hour.",
        number(0.0, 1e4),
        "0.025",
    )
    .essential(),
];

const NODE: Param = Param::new("node", "Node", "Which node.", Form::Id, "");
const INSTANCE: Param = Param::new(
    "instance",
    "Instance",
    "Which of its instances, counted from one; 0 is all.",
    count(0, 512),
    "1",
);
const BETWEEN: [Param; 2] = [
    Param::new("zone", "Zone", "Which zone.", Form::Id, ""),
    Param::new("other", "Other zone", "The zone it is cut off from; all others when empty.", Form::Id, ""),
];

const ENDS: [Param; 2] = [
    Param::new("from", "From", "Which node calls.", Form::Id, ""),
    Param::new("to", "To", "Which node it calls.", Form::Id, ""),
];

/// What can happen on a timeline.
pub static ACTIONS: &[ActionKind] = &[
    ActionKind {
        name: "kill",
        title: "Kill",
        about: "An instance dies: what it worked on fails, what it remembered is gone.",
        params: &[NODE, INSTANCE],
    },
    ActionKind {
        name: "restore",
        title: "Restore",
        about: "A dead instance starts again, empty.",
        params: &[NODE, INSTANCE],
    },
    ActionKind {
        name: "slow",
        title: "Slow down",
        about: "An instance works so many times more slowly; a factor of 1 mends it.",
        params: &[
            NODE,
            INSTANCE,
            Param::new(
                "factor",
                "Factor",
                "How many times longer its work takes.",
                number(0.01, 1_000.0),
                "10",
            ),
        ],
    },
    ActionKind {
        name: "set_rate",
        title: "Change load",
        about: "All clients together send at this rate from now on; in a closed loop it does nothing.",
        params: &[Param::new("rate", "Rate", "Requests per second.", Form::Rate, "100/s")],
    },
    ActionKind {
        name: "flush",
        title: "Flush",
        about: "A cache or CDN forgets everything.",
        params: &[NODE],
    },
    ActionKind {
        name: "partition",
        title: "Partition",
        about: "No packet passes between two zones, or between one and all others.",
        params: &BETWEEN,
    },
    ActionKind {
        name: "cut",
        title: "Cut an edge",
        about: "No packet passes by an edge: its calls fail when their time is over.",
        params: &ENDS,
    },
    ActionKind {
        name: "join",
        title: "Join an edge",
        about: "Packets pass by the edge again.",
        params: &ENDS,
    },
    ActionKind { name: "heal", title: "Heal", about: "Packets pass again.", params: &BETWEEN },
    ActionKind {
        name: "lose_zone",
        title: "Lose a zone",
        about: "Every instance in a zone dies.",
        params: &[Param::new("zone", "Zone", "Which zone.", Form::Id, "")],
    },
    ActionKind {
        name: "restore_zone",
        title: "Restore a zone",
        about: "Every instance in a zone starts again, empty.",
        params: &[Param::new("zone", "Zone", "Which zone.", Form::Id, "")],
    },
    ActionKind {
        name: "promote",
        title: "Promote",
        about: "The most advanced replica of a shard becomes its primary.",
        params: &[NODE, Param::new("shard", "Shard", "Which shard, counted from one.", count(1, 512), "1")],
    },
    ActionKind {
        name: "add_shard",
        title: "Add a shard",
        about: "A database gets another shard; keys move at the given rate.",
        params: &[NODE, Param::new("rate", "Keys moved", "Keys moved per second.", Form::Rate, "10k/s")],
    },
    ActionKind {
        name: "deploy",
        title: "Deploy",
        about: "A service's instances are restarted one after the other, each when the one before is back.",
        params: &[
            NODE,
            Param::new(
                "pause",
                "Restart",
                "How long each instance is down.",
                span(SECOND_NS / 1000, HOUR_NS),
                "5s",
            ),
        ],
    },
];
