//! The simulator: from a [`Plan`](crate::topology::Plan) to a [`Run`](crate::run::Run), by discrete events.
//!
//! It can be driven live: run until an instant, apply a [`Command`], read a [`Snapshot`].
mod command;
mod snapshot;

pub use command::{Command, CommandFault};
pub use snapshot::{ClassSnapshot, CurvePoint, EdgeSnapshot, NodeSnapshot, Snapshot};
