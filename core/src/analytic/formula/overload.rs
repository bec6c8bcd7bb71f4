//! Overload, then more servers: how long the backlog lasts (fluid limit: Newell 1982). Relative error about 1/√backlog.

/// A backlog that grows for a while and is then worked off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overload {
    /// λ in 1/s.
    pub arrival_rate: f64,
    /// What the servers can do at first, in 1/s, below λ.
    pub capacity: f64,
    /// For how long, in seconds.
    pub lasts: f64,
    /// What they can do afterwards, in 1/s, above λ.
    pub capacity_after: f64,
}

impl Overload {
    /// Requests that wait when help comes.
    pub fn backlog(&self) -> f64 {
        ((self.arrival_rate - self.capacity) * self.lasts).max(0.0)
    }

    /// Seconds until nobody waits any more; infinite when the help is not enough.
    pub fn drain(&self) -> f64 {
        let spare = self.capacity_after - self.arrival_rate;
        if spare > 0.0 { self.backlog() / spare } else { f64::INFINITY }
    }

    /// The wait in seconds of who comes when help does: the backlog served by the larger capacity.
    pub fn wait_when_helped(&self) -> f64 {
        self.backlog() / self.capacity_after
    }

    /// The longest wait in seconds: of who is the last to be begun without help, at its very moment. Who came then waits less:
    /// for them the larger capacity works all the while.
    pub fn longest_wait(&self) -> f64 {
        self.lasts * (1.0 - self.capacity / self.arrival_rate).max(0.0)
    }

    /// Mean wait in seconds of all who come from the overload's begin until the backlog is gone: the queue's area over them.
    pub fn mean_wait(&self) -> f64 {
        let span = self.lasts + self.drain();
        self.backlog() * span / 2.0 / (self.arrival_rate * span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fluid_backlog_is_a_triangle() {
        let overload =
            Overload { arrival_rate: 2000.0, capacity: 1600.0, lasts: 120.0, capacity_after: 2800.0 };
        assert_eq!((overload.backlog(), overload.drain(), overload.mean_wait()), (48_000.0, 60.0, 12.0));
        assert!((overload.wait_when_helped() - 17.142_857_1).abs() < 1e-7);
        // 400/s more come than go: who comes at 96 s has 38,400 before them, which is what is done by 120 s.
        assert!((overload.longest_wait() - 24.0).abs() < 1e-9);
    }
}
