//! The only place that asks what time it is.
use loadpath_core::time::Time;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A monotonic clock that reads zero when it is started. A copy reads the same.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    anchor: Instant,
}

impl Clock {
    /// A clock that reads zero now.
    pub fn start() -> Self {
        Self { anchor: Instant::now() }
    }

    /// What it reads.
    pub fn now(self) -> Time {
        // A u64 of nanoseconds reaches 584 years.
        Time(self.anchor.elapsed().as_nanos() as u64)
    }

    /// The same instant for tokio's timers.
    pub fn instant(self, at: Time) -> tokio::time::Instant {
        // Thirty years stand for never: adding more could overflow.
        const MOST: Duration = Duration::from_secs(30 * 365 * 86_400);
        (self.anchor + Duration::from_nanos(at.0).min(MOST)).into()
    }
}

/// The date, in seconds since 1970; zero on a machine whose calendar is before that.
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The date, in milliseconds since 1970; negative on a machine whose calendar is before that.
pub fn unix_millis() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_millis() as i64,
        Err(before) => -(before.duration().as_millis() as i64),
    }
}

/// The date, in nanoseconds since 1970; zero on a machine whose calendar is before that.
pub fn unix_nanos() -> u64 {
    // A u64 of nanoseconds reaches the year 2554.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}
