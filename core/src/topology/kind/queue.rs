//! A message queue or log: takes messages now, hands them to workers when they are free.
use super::super::catalog::{Form, Group, Kind, Param, Section, When, count};
use super::super::reader::Reader;
use super::engine::{self, Engine};
use super::rows::QUEUE;
use crate::component::queue::{Exchange, ExchangeKind, Limits, Overflow, PartitionedLog};
use crate::dist::Law;

/// The row of queues.
pub(crate) const KIND: Kind = Kind {
    name: "queue",
    title: "Queue",
    group: Group::Compute,
    about: "Takes messages at once and keeps them until workers have done them. A service publishes to it the classes that are jobs.",
    calls: &["workers"],
    params: &[
        Param::new(
            "mode",
            "Mode",
            "Who gets a message.",
            Form::Choice(&[
                ("direct", "one of all workers"),
                ("fan_out", "each workers node gets a copy"),
                ("topic", "each workers node whose binding matches the class's topic gets a copy"),
                (
                    "log",
                    "each workers node is a consumer group; a partition has one consumer and keeps its order",
                ),
            ]),
            "direct",
        )
        .essential(),
        Param::new(
            "partitions",
            "Partitions",
            "Into how many partitions a log is cut, by key.",
            count(1, 1_024),
            "8",
        )
        .essential()
        .when(When::Is("mode", &["log"])),
        Param::new(
            "capacity",
            "Capacity",
            "How many messages may wait for each workers node.",
            count(1, 10_000_000),
            "100000",
        )
        .essential(),
        Param::new(
            "overflow",
            "When full",
            "What happens to a message for which there is no room.",
            Form::Choice(&[
                ("reject", "it is refused"),
                ("drop_oldest", "the oldest makes room, and is lost"),
            ]),
            "reject",
        )
        .under(Section::Queueing),
        Param::new(
            "deliveries",
            "Deliveries",
            "How often a message is delivered at most before it is put among the dead letters.",
            count(1, 100),
            "5",
        )
        .under(Section::Queueing),
        Param::new(
            "workers",
            "Cores",
            "How many messages it takes in at the same moment.",
            count(1, 4_096),
            "4",
        )
        .under(Section::Capacity),
        Param::new(
            "service_time",
            "Time per message",
            "How long taking in a message takes.",
            Form::Law,
            "200us",
        )
        .under(Section::Capacity),
        QUEUE,
        engine::OF_QUEUES,
    ],
};

/// Who gets a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueMode {
    /// One of all workers.
    Direct,
    /// Each workers node.
    FanOut,
    /// Each workers node whose binding matches.
    Topic,
    /// Each workers node, in order of each partition.
    Log,
}

/// A queue.
#[derive(Clone, Debug)]
pub struct QueueNode {
    /// Who gets a message.
    pub mode: QueueMode,
    /// Partitions of a log, ≥ 1.
    pub partitions: u32,
    /// Messages that may wait for each workers node, ≥ 1.
    pub capacity: u32,
    /// Whether the oldest makes room.
    pub drop_oldest: bool,
    /// How often a message is delivered at most, ≥ 1.
    pub deliveries: u32,
    /// How many it takes in at once, ≥ 1.
    pub workers: u32,
    /// How long taking in a message takes.
    pub service_time: Law,
    /// How many publishers may wait.
    pub queue: u32,
    /// Which program it is when it runs live.
    pub engine: Engine,
}

impl QueueNode {
    /// How much each of its lines holds, what happens beyond that, and how often a message is delivered.
    pub fn limits(&self) -> Limits {
        let overflow = if self.drop_oldest { Overflow::DropHead } else { Overflow::Reject };
        Limits { length: self.capacity as usize, overflow, deliveries: self.deliveries as u16 }
    }

    /// How messages find their lines; bound to none yet.
    pub fn exchange(&self) -> Exchange {
        let is_topic = self.mode == QueueMode::Topic;
        Exchange::new(if is_topic { ExchangeKind::Topic } else { ExchangeKind::FanOut })
    }

    /// Its log, empty: each partition keeps its share of the capacity.
    pub fn log<T>(&self) -> PartitionedLog<T> {
        PartitionedLog::new(self.partitions as u16, self.capacity.div_ceil(self.partitions) as usize)
    }

    pub(crate) fn read(r: &mut Reader) -> Self {
        use QueueMode::{Direct, FanOut, Log, Topic};
        Self {
            mode: r.choice("mode", &[Direct, FanOut, Topic, Log]),
            partitions: r.count("partitions"),
            capacity: r.count("capacity"),
            drop_oldest: r.choice("overflow", &[false, true]),
            deliveries: r.count("deliveries"),
            workers: r.count("workers"),
            service_time: r.law("service_time"),
            queue: r.count("queue"),
            engine: r.choice("engine", &engine::QUEUES),
        }
    }
}
