//! What waits: lines at a server, and messages between nodes.
//!
//! [`WaitingLine`] is the door to every discipline of waiting at a server. [`Exchange`], [`MessageQueue`] and [`PartitionedLog`]
//! are what a broker is made of: whom a message is for, a queue from which each message goes to one consumer until it is
//! acknowledged, and a log that groups of consumers read at their own pace.
//!
//! ```
//! use loadpath_core::component::queue::{Exchange, ExchangeKind};
//! let mut exchange = Exchange::new(ExchangeKind::Topic);
//! exchange.bind("order.*", 0);
//! exchange.bind("#", 1);
//! let mut queues = Vec::new();
//! exchange.route("order.paid", &mut queues);
//! assert_eq!(queues, [0, 1]);
//! ```
mod bounded;
mod codel;
mod exchange;
mod group;
mod message_queue;
mod partitioned_log;
mod waiting_line;

pub use bounded::{BoundedQueue, Full};
pub use exchange::{Exchange, ExchangeKind};
pub use group::{Assignment, ConsumerGroup, Handover, Record};
pub use message_queue::{DeadLetter, Delivery, Limits, MessageQueue, Overflow, Reason, Tag};
pub use partitioned_log::{Entry, PartitionedLog};
pub use waiting_line::{Discipline, WaitingLine};
