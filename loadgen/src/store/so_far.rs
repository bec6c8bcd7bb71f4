//! What a run has counted until now, for whoever asks while it is under way.
use super::story;
use crate::report::prometheus;
use loadpath_core::run::Run;
use loadpath_core::wire::Interval;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The counts and histograms of a run under way, its warm-up included. A copy shows the same.
#[derive(Clone, Debug)]
pub struct SoFar(Arc<Mutex<Run>>);

impl SoFar {
    /// Of this run, of which nothing is counted yet.
    pub fn new(run: Run) -> Self {
        Self(Arc::new(Mutex::new(run)))
    }

    /// Calls it so.
    pub fn named(&self, name: &str) {
        name.clone_into(&mut self.run().name);
    }

    /// Adds an interval.
    pub fn count(&self, interval: &Interval) {
        story::count(&mut self.run(), interval);
    }

    /// As Prometheus reads it.
    pub fn prometheus(&self) -> String {
        prometheus(&self.run())
    }

    fn run(&self) -> MutexGuard<'_, Run> {
        // Adding an interval does not panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
