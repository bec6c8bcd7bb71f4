//! Runs as the page knows them: the simulation in its worker, and what the agent measures.
mod figures;
mod measured;
mod pace;
mod protocol;
pub(crate) mod record;
pub(crate) mod worker;

pub(crate) use figures::QUANTILES;
pub use figures::{Figures, Subject, subjects};
pub use measured::Measured;
pub use protocol::{Column, FASTEST, Found, FromWorker, Query, SEED, STEP, ToWorker, WARM_UP};
