//! Statistics of a run: histograms of latency, intervals of confidence from batches, counts by second.
mod batches;
mod counts;
mod histogram;
mod moments;

pub use batches::Batches;
pub use histogram::{BadHistogram, Histogram, Precision};
pub use moments::{Estimate, Moments};
