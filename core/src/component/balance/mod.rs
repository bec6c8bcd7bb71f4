//! Load balancing: which target takes the next request.
//!
//! A [`Balancer`] is the one door; each policy is a file. [`Health`] turns probes into verdicts, which the caller passes on.
//!
//! ```
//! use loadpath_core::component::balance::{Balancer, Policy, Request};
//! use loadpath_core::rng::Seed;
//! use loadpath_core::time::{Span, Time};
//!
//! let mut rng = Seed(1).stream("balancer");
//! let mut balancer = Balancer::new(Policy::LeastConnections.into(), 2);
//! let first = balancer.pick(Time::ZERO, &Request::default(), &mut rng);
//! let second = balancer.pick(Time::ZERO, &Request::default(), &mut rng);
//! assert_eq!((first, second), (Some(0), Some(1)));
//! balancer.ended(Time(5), 1, Span(5), true);
//! assert_eq!(balancer.pick(Time(5), &Request::default(), &mut rng), Some(1));
//! ```
mod balancer;
mod bounded_load;
mod health;
mod ip_hash;
mod jump;
mod least_connections;
mod maglev;
mod outlier;
mod peak_ewma;
mod power_of_two;
mod random;
mod rendezvous;
mod round_robin;
mod settings;
mod sticky;
mod targets;
mod weighted;

pub use balancer::Balancer;
pub use health::{Health, Transition};
pub use jump::jump;
pub use outlier::Outlier;
pub use settings::{Policy, Request, Settings};
pub use sticky::Sticky;
use targets::Reason;
pub use targets::Targets;
