//! As many workers as the backlog needs.

/// Gives each worker so much of the backlog (AWS, "Scaling policy based on Amazon SQS", backlog per instance): the wait
/// that is still acceptable, over the time that one job takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QueueDepth {
    /// How many jobs may wait for each worker, > 0.
    pub per_instance: f64,
}

impl QueueDepth {
    /// The depth at which a job waits for at most `wait` seconds when one takes `service_time` seconds; at least one
    /// job.
    pub fn for_wait(wait: f64, service_time: f64) -> Self {
        Self { per_instance: (wait / service_time).max(1.0) }
    }

    /// How many workers a backlog needs.
    pub fn needed(&self, backlog: f64) -> u16 {
        (backlog / self.per_instance).ceil().clamp(0.0, f64::from(u16::MAX)) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_worker_has_its_share_of_the_backlog_and_none_is_needed_for_none() {
        let policy = QueueDepth::for_wait(10.0, 0.1);
        assert_eq!(
            [0.0, 1.0, 100.0, 101.0, 1_500.0, 1e12].map(|n| policy.needed(n)),
            [0, 1, 1, 2, 15, u16::MAX]
        );
    }
}
