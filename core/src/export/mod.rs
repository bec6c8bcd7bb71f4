//! Designs for the world outside: a flowchart for people, a layered queueing network for other solvers.
//!
//! Whatever a document says is data here: no label, id or name of it is read as a part of what is written.
mod caption;
mod lqn;
mod mermaid;

pub use caption::{choice, label, parameter, short_eviction, size};
pub use lqn::{Lqn, lqn};
pub use mermaid::mermaid;
