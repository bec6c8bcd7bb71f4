//! Load from several machines: agents meet a coordinator over NATS, each sends its share of one schedule, and what they saw
//! becomes one run.
//!
//! ```text
//! coordinator                                  agents
//!   Call, to all ───────────────────────────▶  Here, each once
//!   Prepare: the task and a share ──────────▶  Prepared, or Refused and why: the target is theirs to allow (`guest`)
//!   Clock, again and again ─────────────────▶  what their clock says, and whether every connection is open
//!   Begin, at an instant of each one's clock ▶  Agreed
//!   Clock, twice a second ──────────────────▶  an agent that has died has nobody who answers: NATS itself says so
//!                            ◀───────────────  Interval, once a second, as the journal has it
//!                            ◀───────────────  Ended, with its whole run
//! ```
//!
//! - **The same schedule**: the plan of one agent is dealt by index ([`crate::attack::Share`]), so that the union of all is that plan, each
//!   request once.
//! - **The same users**: where users think and wait, on journeys or as a design says, every share has every so-many-th of them.
//! - **Who drives** (`driver`) a load, this process or agents, its caller need not know; what they are told is a `task`.
//! - **The same instant** (`calendar`): clocks are compared by round trips, of which the quickest counts (Cristian 1989).
//! - **One run** (`merge`): histograms have the same buckets everywhere, so adding their counts loses nothing. Percentiles are
//!   never averaged.
//! - **Nothing runs unattended**: an agent that hears nothing from its coordinator ends its load.
//!
//! Messages are typed, bounded in size, and refused when they hold more than they should (`message`). Who may publish and read is
//! for the NATS server to decide: give it a token or credentials.
mod calendar;
mod coordinator;
mod driver;
mod fault;
mod follow;
mod guest;
mod meeting;
mod merge;
mod message;
mod nodes;
mod task;
mod what;

pub use calendar::Offset;
pub use coordinator::{Coordinator, Happening, Member, Team};
pub use driver::{Driver, Tell, Told};
pub use fault::AgentsFault;
pub use follow::{Done, Together};
pub use guest::{Guest, Invited, Seated};
pub use meeting::{Meeting, Pass};
pub use merge::Merging;
pub use message::{Answer, Order, Report};
pub use task::{Course, Task};
pub use what::{Asked, What, Workload};
