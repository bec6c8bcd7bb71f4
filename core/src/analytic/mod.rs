//! Formulas instead of a simulation: what can be said about a design at once, at each edit.
//!
//! [`solve`] carries the arrivals of a [`Plan`](crate::topology::Plan) through its wiring, estimates waits and responses,
//! and says what saturates first. It is an estimate: each number names the [`Assumption`]s that the design does not keep.
//! [`formula`] holds the closed forms of queues, caches and reliability, each with its source and its assumptions.
//!
//! ```
//! use loadpath_core::{analytic, topology};
//! let plan = topology::check(&topology::three_tier()).unwrap();
//! let estimate = analytic::solve(&plan);
//! let read = estimate.classes[0].response.unwrap();
//! assert!(read.mean > 0.008 && read.mean < 0.014);
//! let bottleneck = estimate.bottleneck.unwrap();
//! assert_eq!(plan.nodes[bottleneck.node].id, "web");
//! ```
mod estimate;
mod flow;
pub mod formula;
mod keys;
mod length;
mod response;
mod solve;
mod station;
mod traffic;
mod wait;
mod wiring;

pub use estimate::{Assumption, Bottleneck, ClassEstimate, Estimate, NodeEstimate, ResponseEstimate};
pub use solve::solve;
pub use traffic::Flow;
