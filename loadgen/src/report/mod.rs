//! Runs and comparisons as text for people and as JSON for programs.
mod certainty;
mod compare;
mod run;
mod table;

pub use compare::{ComparisonReport, comparison_text, designs_text};
pub use run::{Quantiles, RunReport, run_text};
pub use table::{Table, latency};
