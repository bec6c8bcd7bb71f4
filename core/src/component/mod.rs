//! The architecture's components as pure data structures and algorithms.
//!
//! They take time and chance as arguments and return decisions; the simulator carries them out in virtual time, the agent
//! on sockets. Each clever structure has an obvious twin in its tests.
pub mod balance;
pub mod cache;
pub mod naming;
pub mod processor;
pub mod queue;
pub mod replication;
pub mod resilience;
mod ring;
pub mod scaling;
pub mod shard;

pub use queue::{BoundedQueue, Full};
pub use ring::HashRing;
pub use shard::{ReshardPlan, Sharding, Shards};
