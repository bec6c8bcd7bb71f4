//! Formulas of queues, caches and reliability, one family a file, each with its source and its assumptions.
//!
//! Rates are per second and times in seconds, unless a parameter says otherwise; any consistent unit will do. What has no
//! stationary answer (a queue that grows without end) gives `None`.
//!
//! ```
//! use loadpath_core::analytic::formula::Mmc;
//! // 1000 requests a second, 5 ms each, 8 workers: 6 % of the response is waiting.
//! let queue = Mmc::new(1000.0, 200.0, 8).unwrap();
//! assert!((queue.response() - 0.00528).abs() < 1e-5);
//! assert!(Mmc::new(1700.0, 200.0, 8).is_none());
//! ```
mod abandon;
pub mod availability;
mod balance;
pub mod cache;
mod closed;
mod ggc;
mod gim1;
pub mod hashing;
mod jackson;
pub mod markov;
mod md1;
mod mg1;
mod mm1;
mod mmc;
mod mmck;
pub mod order;
mod overload;
mod popularity;
mod priority;
pub mod replication;
pub mod retry;
pub mod root;
mod service;
pub mod special;

pub use abandon::ErlangA;
pub use balance::{PowerOfChoices, power_of_choices_wait};
pub use closed::{ClosedNetwork, ClosedSolution, MachineRepair, users_for};
pub use ggc::{allen_cunneen, kingman, kingman_bound};
pub use gim1::Gim1;
pub use jackson::{OpenNetwork, Station, open_network, sum_quantile, traffic};
pub use md1::Md1;
pub use mg1::{InFlight, Mg1, Mh21, processor_sharing_response};
pub use mm1::{Mm1, variance_of_mean_wait};
pub use mmc::{Mmc, erlang_b, erlang_c};
pub use mmck::Mmck;
pub use overload::Overload;
pub use popularity::{Popularity, RankPoint, rank_points, zipf_head, zipf_sum};
pub use priority::priority_waits;
pub use service::ServiceTime;
