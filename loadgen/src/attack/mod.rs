//! Open-loop load: requests follow a plan made from a seed, whatever the target does.
//!
//! - **Goose** runs the users (`crew`, the only file that names it). Each user (`clients`) carries one lean connection (`connection`; HTTP/1.1 or
//!   HTTP/2, plain or TLS: `manner`), opened before the clock starts; recording is ours (goose times the first byte only, in a closed loop).
//! - **A design's workload** (`workload`) is an attack as its clients would send it.
//! - **The plan** (`plan`) is the simulator's schedule, bent to the attack's `shape`: ramps, steps, a recorded trace.
//! - **One pacer** (`pacer`) releases what is due, in batches, woken by a timerfd. Users take it from one line (`line`), first
//!   come first served. In flight is at most one request per connection, or as many as users share one of HTTP/2 (`trunk`): what finds none
//!   free waits in the line, and its
//!   response time counts from its *planned* send, so that a stall of the target shows in full.
//! - **A closed loop** (`closed`) has no plan: who has thought is put into the line, and thinks again when the request has ended.
//! - **Journeys** (`journey`) are a closed loop too: users send by themselves, step after step, when they have thought.
//! - **Every planned request ends once**: answered, refused, failed, or timed out at `timeout` after its planned send, be it in
//!   flight or still in the line. After the last planned send the attack waits for those that are open, which is at
//!   most `timeout`, so nothing slow is cut off. Only a stop leaves requests without an end, and a note says how many.
mod allow;
mod clients;
mod closed;
mod connection;
mod consent;
mod crew;
mod descriptors;
mod drive;
mod error;
mod fetch;
mod journey;
mod lean;
mod line;
mod manner;
mod pacer;
mod plan;
pub mod recipe;
mod search;
mod shape;
mod target;
#[cfg(test)]
pub(crate) mod tests;
mod trunk;
mod workload;

pub use closed::ClosedLoop;
pub use consent::{NoConsent, Patience, consents};
pub(crate) use drive::THINKING;
pub use drive::{drive, drive_share};
pub use error::AttackError;
pub(crate) use fetch::fetch;
pub(crate) use journey::{BROKEN_OFF, STEPS_LEFT};
pub use journey::{Journey, Step};
pub use lean::answer_of;
pub use manner::{Manner, Tls, Trust};
pub use plan::{Plan, Share};
pub use search::{Probe, Search, Verdict};
pub use shape::{Curve, Piece, Shape};
pub use target::{Paths, Target, TargetError};
pub(crate) use workload::shape;

use crate::clock::Clock;
use crate::measure::Recorder;
use line::Line;
use loadpath_core::rng::Seed;
use loadpath_core::time::{Span, Time};
use loadpath_core::workload::{Arrivals, Class};
use std::sync::Arc;
use target::Requests;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use trunk::Trunk;

/// What to drive.
#[derive(Clone, Debug)]
pub struct Attack {
    /// What the run is called.
    pub name: String,
    /// Where the load goes.
    pub target: Target,
    /// How one speaks there.
    pub manner: Manner,
    /// When requests are due.
    pub arrivals: Arrivals,
    /// How their rate changes; the arrivals' own rate is its mean then.
    pub shape: Shape,
    /// Users who think and wait, in the place of arrivals and shape; none in an open loop.
    pub closed: Option<ClosedLoop>,
    /// What they ask for; at least one.
    pub classes: Vec<Class>,
    /// How many users take turns, as the schedule counts them.
    pub users: u32,
    /// The name of the schedule's streams: the client node's id, so that the simulator plans the same requests.
    pub source: String,
    /// What the plan comes from.
    pub seed: Seed,
    /// How long the load runs before it counts.
    pub warm_up: Span,
    /// How long it counts.
    pub duration: Span,
    /// How long a request may take from its planned send, > 0.
    pub timeout: Span,
    /// How many connections there are, ≥ 1. Each carries one request at a time, or as many as the manner says.
    pub connections: usize,
    /// The nodes that `Server-Timing` may tell of, in the document's order; empty for a plain target.
    pub nodes: Vec<String>,
    /// The one of `nodes` that the clients call: its response is measured here.
    pub entry: Option<String>,
}

/// What the users share.
#[derive(Debug)]
struct Shared {
    attack: Attack,
    /// Which of its requests are sent here.
    share: Share,
    requests: Requests,
    clock: Clock,
    line: Line,
    /// The connections that users share; none where each has its own.
    trunks: Vec<Arc<Trunk>>,
    /// Where a closed loop hears of its requests' ends.
    ends: closed::Ends,
    recorder: Recorder,
    /// When the load began, for users who send by themselves; none before.
    begun: watch::Sender<Option<Time>>,
    /// A permit for every user that has opened its connection, or could not.
    ready: Semaphore,
    /// No request is sent or awaited any longer.
    stop: CancellationToken,
}
