//! Copies of a shard: how far each has come, whom a write waits for, what a failover loses, and what a reader may see.
//!
//! With one primary there is a [`Log`]: each write has a [`Position`], and each member has received and applied the log up to
//! one. That decides acknowledgement, staleness and promotion. A [`Session`] keeps one user's promises over the members, and
//! [`Witness`] counts where they were broken. Without a primary there are [`Quorum`]s; with several, [`MultiPrimary`] counts the
//! conflicts, by what each primary has [`Held`].
//!
//! ```
//! use loadpath_core::component::replication::{Acknowledge, Log};
//! use loadpath_core::time::Time;
//! let mut log = Log::new(2, Acknowledge::Async);
//! let first = log.append(Time(1), 7, 0).unwrap();
//! let second = log.append(Time(2), 8, 0).unwrap();
//! log.deliver(1, first);
//! log.fail(0);
//! let promotion = log.promote().unwrap();
//! assert_eq!((promotion.replica, promotion.lost[0].position), (1, second));
//! ```
mod log;
mod multi_primary;
mod promotion;
mod quorum;
mod session;
mod staleness;
mod version;
mod witness;

pub use log::{Acknowledge, Log, Position, Standing, Write};
pub use multi_primary::{Conflicts, Held, Merge, MultiPrimary, Stamp, Update};
pub use promotion::{CatchUp, Promotion, Restored};
pub use quorum::{Quorum, majority};
pub use session::{Guarantees, Session};
pub use version::{MAX_PRIMARIES, VersionVector};
pub use witness::{Violations, Witness};
