//! Message brokers in the place of our own queues.
//!
//! ```text
//! publisher ──HTTP──▶ desk ──publishes, confirmed──▶ broker ──delivers──▶ desk ──HTTP──▶ workers
//!                          ◀── acknowledged, or asked for again ──
//! ```
//!
//! The broker keeps, routes, bounds, redelivers and gives up; the desk speaks its protocol for publishers and workers, who know
//! only ours, and counts.
mod confirms;
mod jetstream;
mod lines;
mod parcel;
mod rabbitmq;
mod relay;
mod streams;

pub(super) use rabbitmq::STARTER as RABBITMQ_STARTER;
pub(in crate::deploy) use relay::Relay;

use super::recipe::Recipe;
use jetstream::Jetstream;
use lines::Lines;
use loadpath_core::topology::{Engine, Plan, PlanNode, QueueNode};
use parcel::Parcel;
use rabbitmq::Rabbitmq;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// How long a broker waits for word of a message before it delivers it again: workers that take longer are asked for so long.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(3);

/// What of a queue a broker cannot be.
pub(super) fn missing(engine: Engine, plan: &Plan, node: &PlanNode, spec: &QueueNode) -> Option<String> {
    match engine {
        Engine::Rabbitmq => rabbitmq::missing(spec),
        _ => streams::missing(plan, spec, node.out.iter().map(|&edge| plan.edge(edge).binding.as_str())),
    }
}

/// How a broker is run.
///
/// # Errors
/// Why it cannot be.
pub(super) fn recipe(
    (engine, program): (Engine, &Path),
    spec: &QueueNode,
    port: u16,
    (secret, nonce): (&str, &str),
) -> Result<Recipe, String> {
    match engine {
        Engine::Rabbitmq => rabbitmq::recipe(program, spec, port, (secret, nonce)),
        _ => Ok(jetstream::recipe(spec, port, secret, nonce)),
    }
}

/// Whether the broker that was given this name answers who knows the secret.
pub(super) async fn is_ready(engine: Engine, at: SocketAddr, secret: &str, nonce: &str) -> bool {
    match engine {
        Engine::Rabbitmq => rabbitmq::is_ready(at, secret, nonce).await,
        _ => jetstream::is_ready(at, secret, nonce).await,
    }
}

/// A message that a broker delivers.
struct Arrival {
    /// To which line.
    line: usize,
    parcel: Parcel,
    /// How often it has been delivered, this time included.
    deliveries: u16,
    receipt: Arc<Receipt>,
}

/// What a broker wants back for a message.
enum Receipt {
    Jetstream(Box<jetstream::Receipt>),
    Rabbitmq(rabbitmq::Receipt),
}

/// What has become of a message at its workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Done,
    /// It could not be done, and is wanted again.
    Again,
    /// It could not be done as often as it may be tried.
    Dead,
}

/// What a broker says of a message that is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Published {
    /// It has it, and keeps it.
    Kept,
    /// It has no room.
    Full,
    /// It did not say.
    Unknown,
}

/// What a broker tells of its own accord.
enum News {
    Arrived(Arrival),
    /// It has given a message up.
    Dead,
    /// It has dropped so many that nobody got, because others needed the room.
    Overflowed(u64),
}

/// A broker, connected.
enum Broker {
    Jetstream(Box<Jetstream>),
    Rabbitmq(Box<Rabbitmq>),
}

impl Broker {
    /// Connects to it, and makes what it needs. `life` is when the desk was started, and `news` who hears of what comes.
    async fn open(
        engine: Engine,
        (at, secret): (SocketAddr, &str),
        lines: &Lines,
        life: u64,
        news: UnboundedSender<News>,
    ) -> Result<Self, String> {
        Ok(match engine {
            Engine::Rabbitmq => Self::Rabbitmq(Box::new(Rabbitmq::open(at, secret, lines, &news).await?)),
            _ => Self::Jetstream(Box::new(Jetstream::open(at, secret, lines, life, news).await?)),
        })
    }

    /// Publishes for a class, to the partition that is to have it if it is a log, and waits until it is confirmed.
    async fn publish(&self, class: u16, partition: Option<u16>, parcel: &Parcel) -> Published {
        match self {
            Self::Jetstream(broker) => broker.publish(class, partition, parcel).await,
            Self::Rabbitmq(broker) => broker.publish(class, parcel).await,
        }
    }

    /// Says what has become of a message.
    async fn settle(&self, receipt: &Receipt, verdict: Verdict) {
        match (self, receipt) {
            (Self::Jetstream(broker), Receipt::Jetstream(receipt)) => broker.settle(receipt, verdict).await,
            (Self::Rabbitmq(broker), Receipt::Rabbitmq(receipt)) => broker.settle(receipt, verdict).await,
            _ => unreachable!("a broker is given its own receipts"),
        }
    }

    /// How many messages wait in each line.
    async fn waiting(&self) -> Option<Vec<u64>> {
        match self {
            Self::Jetstream(broker) => broker.waiting().await,
            Self::Rabbitmq(broker) => broker.waiting().await,
        }
    }
}

impl Receipt {
    /// Says that the message is still worked on; RabbitMQ waits half an hour.
    async fn still(&self) {
        if let Self::Jetstream(receipt) = self {
            receipt.still().await;
        }
    }
}
