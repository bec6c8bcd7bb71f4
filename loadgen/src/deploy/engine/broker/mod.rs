//! Message brokers in the place of our own queues.
//!
//! ```text
//! publisher ──HTTP──▶ desk ──publishes, confirmed──▶ broker ──delivers──▶ desk ──HTTP──▶ workers
//!                          ◀── acknowledged, or asked for again ──
//! ```
//!
//! The broker keeps, routes, bounds, redelivers and gives up; the desk speaks its protocol for publishers and workers, who know
//! only ours, and counts.
mod jetstream;
mod lines;
mod parcel;
mod relay;

pub(super) use jetstream::{is_ready, missing, recipe};
pub(in crate::deploy) use relay::Relay;

use jetstream::Jetstream;
use parcel::Parcel;
use std::sync::Arc;
use std::time::Duration;

/// How long a broker waits for word of a message before it delivers it again: workers that take longer are asked for so long.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(3);

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
    Jetstream(jetstream::Receipt),
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
    Jetstream(Jetstream),
}

impl Broker {
    /// Publishes for a class, to the partition that is to have it if it is a log, and waits until it is confirmed.
    async fn publish(&self, class: u16, partition: Option<u16>, parcel: &Parcel) -> Published {
        match self {
            Self::Jetstream(broker) => broker.publish(class, partition, parcel).await,
        }
    }

    /// Says what has become of a message.
    async fn settle(&self, receipt: &Receipt, verdict: Verdict) {
        match (self, receipt) {
            (Self::Jetstream(broker), Receipt::Jetstream(receipt)) => broker.settle(receipt, verdict).await,
        }
    }

    /// Says that a message is still worked on.
    async fn still(&self, receipt: &Receipt) {
        match (self, receipt) {
            (Self::Jetstream(_), Receipt::Jetstream(receipt)) => receipt.still().await,
        }
    }

    /// How many messages wait in it.
    async fn waiting(&self) -> Option<u64> {
        match self {
            Self::Jetstream(broker) => broker.waiting().await,
        }
    }
}
