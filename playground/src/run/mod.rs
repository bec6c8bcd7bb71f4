//! Runs as the page knows them: the simulation in its worker, and what the agent measures.
mod compared;
pub mod document;
mod figures;
mod measured;
mod pace;
mod protocol;
pub(crate) mod record;
mod study;
pub(crate) mod worker;

pub use compared::{Better, Compared, Compares, Figure, Party, Row};
pub(crate) use figures::QUANTILES;
pub use figures::{Figures, Subject, subjects};
pub use measured::Measured;
pub use protocol::{Column, FASTEST, Found, FromWorker, Query, SEED, STEP, ToWorker, WARM_UP};
pub use study::{Studied, Study, study};

/// The page's other threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thread {
    /// The running simulation.
    Simulation,
    /// Questions that take a while.
    Study,
}
