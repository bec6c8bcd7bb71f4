//! The one table of kinds: palette, inspector, validation, command-line help and documentation all read it.
//!
//! A row of [`KINDS`] is a kind of node; its parameters, and those of edges ([`EDGE`]), classes ([`CLASS`]) and arrivals
//! ([`ARRIVALS`]), are rows of [`Param`]. A new kind is a row here, a struct in `plan.rs`, and one file in `sim/node/` and
//! in the agent's `deploy/`.

/// What a kind is grouped under in the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Where requests come from and how they find their way.
    Traffic,
    /// What works on them.
    Compute,
    /// What remembers.
    Data,
}

impl Group {
    /// All groups, in the palette's order.
    pub const ALL: [Self; 3] = [Self::Traffic, Self::Compute, Self::Data];

    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Traffic => "Traffic",
            Self::Compute => "Compute",
            Self::Data => "Data",
        }
    }
}

/// A kind of node.
#[derive(Debug)]
pub struct Kind {
    /// Its name in documents.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Where it stands in the palette.
    pub group: Group,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// The names of the kinds that it may call.
    pub calls: &'static [&'static str],
    /// Its parameters.
    pub params: &'static [Param],
}

/// A parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name in documents.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it does, in a sentence, with its unit.
    pub about: &'static str,
    /// What may stand there.
    pub form: Form,
    /// What stands there when nothing is written, as it would be written.
    pub default: &'static str,
}

/// What may stand as a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// A whole number in `min..=max`.
    Count {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A number in `min..=max`.
    Number {
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
    },
    /// A length of time in `min_ns..=max_ns`, like "12ms".
    Span {
        /// The shortest, in nanoseconds.
        min_ns: u64,
        /// The longest, in nanoseconds.
        max_ns: u64,
    },
    /// A number per second, like "2k/s", above zero and at most ten million.
    Rate,
    /// A law of time, like "exp 8ms", with a mean of at most an hour.
    Law,
    /// One of these names, each with what it means.
    Choice(&'static [(&'static str, &'static str)]),
}

/// The highest arrival rate a document may ask for, per second.
pub const MAX_RATE: f64 = 1e7;

const HOUR_NS: u64 = 3_600_000_000_000;

const INSTANCES: Param = Param {
    name: "instances",
    title: "Instances",
    about: "How many there are; each can fail on its own.",
    form: Form::Count { min: 1, max: 512 },
    default: "1",
};

const QUEUE: Param = Param {
    name: "queue",
    title: "Queue",
    about: "How many requests may wait at each instance; one more is refused.",
    form: Form::Count { min: 0, max: 1_000_000 },
    default: "512",
};

/// The kinds of node, in the palette's order.
pub static KINDS: &[Kind] = &[
    Kind {
        name: "clients",
        title: "Clients",
        group: Group::Traffic,
        about: "Users who send requests, open loop: they do not wait for one another.",
        calls: &["load_balancer", "service"],
        params: &[
            Param {
                name: "share",
                title: "Share of traffic",
                about: "How much of the workload's rate comes from here, relative to other clients.",
                form: Form::Number { min: 0.001, max: 1_000.0 },
                default: "1",
            },
            Param {
                name: "timeout",
                title: "Timeout",
                about: "How long a user waits; a later answer counts as an error.",
                form: Form::Span { min_ns: 1_000_000, max_ns: HOUR_NS / 6 },
                default: "2s",
            },
        ],
    },
    Kind {
        name: "load_balancer",
        title: "Load balancer",
        group: Group::Compute,
        about: "Spreads requests over the healthy instances of what it calls.",
        calls: &["load_balancer", "service"],
        params: &[
            Param {
                name: "policy",
                title: "Policy",
                about: "How an instance is picked.",
                form: Form::Choice(&[
                    ("round_robin", "each in turn"),
                    ("least_connections", "the one with the fewest requests in flight"),
                    ("power_of_two", "two at random, then the less busy of them"),
                    ("hash_ring", "by the key, on a ring with virtual nodes"),
                ]),
                default: "round_robin",
            },
            INSTANCES,
            Param {
                name: "cores",
                title: "Cores",
                about: "How many requests each instance handles at the same moment.",
                form: Form::Count { min: 1, max: 256 },
                default: "2",
            },
            Param {
                name: "service_time",
                title: "Time per request",
                about: "How long a core is taken by a request.",
                form: Form::Law,
                default: "50us",
            },
            QUEUE,
            Param {
                name: "check_interval",
                title: "Health check",
                about: "How often each target is probed.",
                form: Form::Span { min_ns: 10_000_000, max_ns: HOUR_NS / 60 },
                default: "1s",
            },
            Param {
                name: "fall",
                title: "Fails to leave",
                about: "How many probes in a row must fail before a target gets no more requests.",
                form: Form::Count { min: 1, max: 100 },
                default: "2",
            },
            Param {
                name: "rise",
                title: "Passes to return",
                about: "How many probes in a row must pass before it gets requests again.",
                form: Form::Count { min: 1, max: 100 },
                default: "1",
            },
        ],
    },
    Kind {
        name: "service",
        title: "Service",
        group: Group::Compute,
        about: "Works on a request, calls what it is wired to, in turn, and answers. A worker is held all the while.",
        calls: &["load_balancer", "service", "cache", "database"],
        params: &[
            INSTANCES,
            Param {
                name: "workers",
                title: "Workers",
                about: "How many requests each instance works on at the same moment.",
                form: Form::Count { min: 1, max: 4_096 },
                default: "8",
            },
            Param {
                name: "service_time",
                title: "Own time",
                about: "How long it works on a request itself, calls not counted.",
                form: Form::Law,
                default: "exp 5ms",
            },
            QUEUE,
        ],
    },
    Kind {
        name: "cache",
        title: "Cache",
        group: Group::Data,
        about: "Remembers what was read (LRU, with a time to live). Wired to a database it reads through; else its caller fills it.",
        calls: &["database"],
        params: &[
            INSTANCES,
            Param {
                name: "capacity",
                title: "Capacity",
                about: "How many entries each instance holds.",
                form: Form::Count { min: 1, max: 10_000_000 },
                default: "10000",
            },
            Param {
                name: "ttl",
                title: "Time to live",
                about: "How long an entry is good.",
                form: Form::Span { min_ns: 1_000_000, max_ns: 24 * HOUR_NS },
                default: "1m",
            },
            Param {
                name: "workers",
                title: "Workers",
                about: "How many requests each instance works on at the same moment.",
                form: Form::Count { min: 1, max: 4_096 },
                default: "1",
            },
            Param {
                name: "service_time",
                title: "Time per lookup",
                about: "How long a worker is taken by a lookup, a fill or a delete.",
                form: Form::Law,
                default: "100us",
            },
            QUEUE,
        ],
    },
    Kind {
        name: "database",
        title: "Database",
        group: Group::Data,
        about: "Keeps the data. Its instances are shards: each key lives on one.",
        calls: &[],
        params: &[
            Param {
                name: "shards",
                title: "Shards",
                about: "Over how many servers the keys are spread; each can fail on its own.",
                form: Form::Count { min: 1, max: 512 },
                default: "1",
            },
            Param {
                name: "sharding",
                title: "Sharding",
                about: "How a key finds its shard.",
                form: Form::Choice(&[
                    ("modulo", "hash of the key modulo the number of shards"),
                    ("ring", "a hash ring with virtual nodes: a new shard moves few keys"),
                ]),
                default: "modulo",
            },
            Param {
                name: "connections",
                title: "Connections",
                about: "How many queries each shard works on at the same moment.",
                form: Form::Count { min: 1, max: 4_096 },
                default: "16",
            },
            Param {
                name: "read_time",
                title: "Read",
                about: "How long a read takes.",
                form: Form::Law,
                default: "lognormal 4ms p99 18ms",
            },
            Param {
                name: "write_time",
                title: "Write",
                about: "How long a write takes.",
                form: Form::Law,
                default: "lognormal 6ms p99 25ms",
            },
            QUEUE,
        ],
    },
];

/// The parameters of an edge.
pub static EDGE: &[Param] = &[Param {
    name: "latency",
    title: "Latency",
    about: "How long the network takes one way.",
    form: Form::Span { min_ns: 0, max_ns: HOUR_NS / 60 },
    default: "100us",
}];

/// The parameters of the arrivals.
pub static ARRIVALS: &[Param] = &[
    Param {
        name: "arrivals",
        title: "Arrivals",
        about: "How requests are spaced. Open loop: they do not wait for answers.",
        form: Form::Choice(&[("poisson", "independent users"), ("constant", "evenly")]),
        default: "poisson",
    },
    Param {
        name: "rate",
        title: "Rate",
        about: "How many requests arrive per second, all clients together.",
        form: Form::Rate,
        default: "100/s",
    },
];

/// The parameters of a class of requests.
pub static CLASS: &[Param] = &[
    Param {
        name: "operation",
        title: "Operation",
        about: "What it does to its key.",
        form: Form::Choice(&[
            ("read", "reads: a cache may answer"),
            ("write", "writes: the database answers and caches follow"),
        ]),
        default: "read",
    },
    Param {
        name: "weight",
        title: "Weight",
        about: "Its share of the requests, relative to the other classes.",
        form: Form::Number { min: 0.001, max: 1_000_000.0 },
        default: "1",
    },
    Param {
        name: "keys",
        title: "Keys",
        about: "How many different keys it asks for; classes share their key space.",
        form: Form::Count { min: 1, max: 10_000_000 },
        default: "100000",
    },
    Param {
        name: "skew",
        title: "Skew",
        about: "How unevenly it asks: the exponent of Zipf's law; zero is evenly.",
        form: Form::Number { min: 0.0, max: 4.0 },
        default: "0.9",
    },
];

/// The kind of this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The parameter of this name in a list.
pub fn param(params: &'static [Param], name: &str) -> Option<&'static Param> {
    params.iter().find(|param| param.name == name)
}

impl Kind {
    /// Whether a node of this kind may call a node of that kind.
    pub fn may_call(&self, other: &Self) -> bool {
        self.calls.contains(&other.name)
    }

    /// The parameter that says how many instances a node of this kind has, if it can have several.
    pub fn instances_param(&self) -> Option<&'static Param> {
        param(self.params, "instances").or_else(|| param(self.params, "shards"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::read;
    use super::super::spec::Value;
    use super::*;

    #[test]
    fn every_default_is_a_value_that_its_own_row_accepts() {
        let lists = KINDS.iter().map(|kind| kind.params).chain([EDGE, ARRIVALS, CLASS]);
        for param in lists.flatten() {
            let read = read(param, &Value::from(param.default));
            assert!(read.is_ok(), "{}: {read:?}", param.name);
        }
    }

    #[test]
    fn every_kind_that_is_called_exists_and_names_are_unique() {
        for (i, kind) in KINDS.iter().enumerate() {
            assert!(kind.calls.iter().all(|name| super::kind(name).is_some()), "{}", kind.name);
            assert!(KINDS[..i].iter().all(|other| other.name != kind.name), "{}", kind.name);
        }
    }
}
