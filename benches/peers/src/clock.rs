//! The CPU time that this process has taken: what other programs do does not count.
use rustix::time::{ClockId, clock_gettime};

/// Seconds, user and system, of all threads.
pub(crate) fn cpu_seconds() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}
