//! Which program a node is when a design runs live: ours, or one that others wrote. The simulator does not look at it.
use super::super::catalog::{Form, Param, Section};

const TITLE: &str = "Engine";
const ABOUT: &str = "Which program it is when the design runs live. The simulator takes no notice: what an engine itself takes is measured, \
    and the times that stand here can be fitted to that.";
const OURS: (&str, &str) = ("embedded", "ours, which does what is drawn");

const fn row(choices: &'static [(&'static str, &'static str)]) -> Param {
    Param::new("engine", TITLE, ABOUT, Form::Choice(choices), "embedded").under(Section::Live)
}

pub(super) const OF_BALANCERS: Param =
    row(&[OURS, ("haproxy", "HAProxy, found on this machine"), ("nginx", "nginx, found on this machine")]);
pub(super) const OF_CDNS: Param = row(&[OURS, ("nginx", "nginx, found on this machine")]);
pub(super) const OF_CACHES: Param = row(&[
    OURS,
    ("redis", "Redis, found on this machine"),
    ("memcached", "memcached, found on this machine"),
]);
pub(super) const OF_DATABASES: Param = row(&[OURS, ("postgresql", "PostgreSQL, found on this machine")]);
pub(super) const OF_QUEUES: Param = row(&[
    OURS,
    ("nats", "NATS JetStream, found on this machine"),
    ("rabbitmq", "RabbitMQ, found on this machine"),
]);

/// What a balancer may be, in the order of its row; so for those below.
pub(super) const BALANCERS: [Engine; 3] = [Engine::Embedded, Engine::Haproxy, Engine::Nginx];
pub(super) const CDNS: [Engine; 2] = [Engine::Embedded, Engine::Nginx];
pub(super) const CACHES: [Engine; 3] = [Engine::Embedded, Engine::Redis, Engine::Memcached];
pub(super) const DATABASES: [Engine; 2] = [Engine::Embedded, Engine::Postgresql];
pub(super) const QUEUES: [Engine; 3] = [Engine::Embedded, Engine::Nats, Engine::Rabbitmq];

/// Which program a node is in a live run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// Ours, around the components that the simulator runs too.
    Embedded,
    /// HAProxy.
    Haproxy,
    /// nginx.
    Nginx,
    /// Redis.
    Redis,
    /// memcached.
    Memcached,
    /// PostgreSQL.
    Postgresql,
    /// NATS, with its JetStream.
    Nats,
    /// RabbitMQ.
    Rabbitmq,
}

impl Engine {
    /// All but ours.
    pub const REAL: [Self; 7] = [
        Self::Haproxy,
        Self::Nginx,
        Self::Redis,
        Self::Memcached,
        Self::Postgresql,
        Self::Nats,
        Self::Rabbitmq,
    ];

    /// As people write it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Haproxy => "HAProxy",
            Self::Nginx => "nginx",
            Self::Redis => "Redis",
            Self::Memcached => "memcached",
            Self::Postgresql => "PostgreSQL",
            Self::Nats => "NATS JetStream",
            Self::Rabbitmq => "RabbitMQ",
        }
    }
}
