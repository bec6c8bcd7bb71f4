//! From single requests to intervals and runs.
//!
//! Users push what they saw into a [`Recorder`]; a [`Tally`] takes it from there, away from the requests' path, and makes
//! the histograms. `Server-Timing` headers give the hops behind the entry.
mod notes;
mod recorder;
mod server_timing;
mod tally;

pub use recorder::{Ending, Hop, Recorder, Sample};
pub use server_timing::{MAX_BYTES, MAX_METRICS, hops};
pub use tally::{SeenHere, Tally, Told};
