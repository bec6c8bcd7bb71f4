//! The simulator: from a [`Plan`](crate::topology::Plan) to a [`Run`](crate::run::Run), by discrete events.
//!
//! There are no ticks and no formulas: every request is a call that waits in real queues, is worked on for a time drawn
//! from the node's law, looks into a real cache, and is answered or not. Time is whole nanoseconds, chance comes from named
//! streams, equal times keep the order of scheduling: the same plan, seed and commands give the same run, bit for bit.
//!
//! It can be driven live: run until an instant, apply a [`Command`], read a [`Snapshot`].
//!
//! ```
//! use loadpath_core::{rng::Seed, sim::simulate, time::Span, topology};
//! let plan = topology::check(&topology::three_tier()).unwrap();
//! let run = simulate(&plan, Seed(1), Span::SECOND, Span::from_millis(10_000));
//! // 400 per second for ten seconds; the square root of 4,000 is 63, and four of it a bound.
//! assert!(run.outcomes().total().abs_diff(4_000) < 253);
//! ```
mod agenda;
mod attempt;
mod call;
mod command;
mod control;
mod counter;
mod deadlines;
mod ended;
mod event;
mod failing;
mod lanes;
mod line;
mod meter;
mod node;
mod processors;
mod rare;
mod replications;
mod report;
mod scaling;
mod simulation;
mod size;
mod snapshot;
mod station;
mod steadiness;
mod tape;
mod trace;
mod transport;
mod warm_up;

pub use command::{Command, CommandFault};
pub use ended::Ended;
pub use failing::Failing;
pub use replications::{find_cut, over_replications, replication_seed, simulate_replications};
pub use simulation::Simulation;
pub use snapshot::{ClassSnapshot, CurvePoint, EdgeSnapshot, NodeSnapshot, PoolSnapshot, Snapshot};
pub use tape::Tape;
pub use trace::{Hop, Replay, Trace, trace};
pub use warm_up::{Cut, WarmUp, simulate};
