//! Statistics of a run: histograms of latency, intervals of confidence from batches and replications, the end of the warm-up.
mod batches;
mod counts;
mod encoded;
mod histogram;
mod levels;
mod moments;
mod progress;
mod proportion;
mod ratio;
mod stretches;
mod student;
mod warm_up;

pub use batches::Batches;
pub(crate) use histogram::Mark;
pub use histogram::{BadHistogram, Histogram, Precision};
pub use levels::Levels;
pub use moments::{Estimate, Moments};
pub use progress::Progress;
pub use proportion::{Interval, share_interval};
pub use ratio::{quantile_interval, ratio, share};
pub use stretches::{Join, Stretches};
pub use student::student_quantile;
pub use warm_up::warm_up;
