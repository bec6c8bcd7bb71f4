//! Runs and comparisons as text for people and as JSON for programs; runs also in the formats of other tools.
mod calibration;
mod certainty;
mod compare;
mod csv;
mod fidelity;
mod hlog;
mod html;
mod judge;
mod prometheus;
mod run;
#[cfg(test)]
pub(crate) mod sample;
mod table;

pub use calibration::{calibration_text, prediction_text};
pub use compare::{ComparisonReport, comparison_text, designs_text};
pub use csv::csv;
pub use fidelity::fidelity_text;
pub use hlog::hlog;
pub use html::html;
pub use judge::{Judged, Shape, judge, judged_text, shape, verdict_word};
pub use prometheus::prometheus;
pub use run::{Quantiles, RunReport, run_text};
pub use table::{Table, latency};
