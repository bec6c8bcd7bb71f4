//! What waits: lines at a server, and messages between nodes.
mod bounded;

pub use bounded::{BoundedQueue, Full};
