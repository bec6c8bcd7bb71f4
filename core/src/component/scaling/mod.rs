//! How many instances there should be.
//!
//! A policy says how many the load needs; the [`Autoscaler`] around it keeps the limits, does not ask twice for what is
//! starting, and does not follow every dip.
//!
//! ```
//! use loadpath_core::component::scaling::{Autoscaler, Limits, Observed, Policy, TargetTracking};
//! use loadpath_core::time::{Span, Time};
//! let policy = Policy::TargetTracking(TargetTracking { target: 0.5, tolerance: 0.1 });
//! let mut scaler = Autoscaler::new(policy, Limits::between(2, 20), 4);
//! // Four instances at 90 %: 3.6 instances' worth of load is half of 7.2.
//! let decision = scaler.decide(Time::ZERO, Observed { instances: 4, value: 0.9 });
//! assert_eq!(decision.desired, 8);
//! ```
mod autoscaler;
mod queue_depth;
mod step_scaling;
mod target_tracking;

pub use autoscaler::{Autoscaler, Decision, Held, Limits, Observed, Policy};
pub use queue_depth::QueueDepth;
pub use step_scaling::{Step, StepScaling};
pub use target_tracking::TargetTracking;
