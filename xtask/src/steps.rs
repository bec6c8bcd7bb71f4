//! Long work as numbered steps: what runs now, and how long each took.

use std::time::Instant;

use anyhow::Result;

/// The steps of one command, announced as they begin.
pub(crate) struct Steps {
    total: usize,
    started: Instant,
    begun: usize,
}

impl Steps {
    /// `total` is how many steps the whole command has, so that each can say "2 of 5".
    pub(crate) fn new(total: usize) -> Self {
        Self { total, started: Instant::now(), begun: 0 }
    }

    /// Announces a step, runs it, and says how long it took.
    pub(crate) fn run<T>(&mut self, title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.begun += 1;
        let (number, total) = (self.begun, self.total);
        eprintln!("[{number}/{total}] {title}");
        let begun = Instant::now();
        let result = work();
        let took = begun.elapsed();
        let all = self.started.elapsed();
        let word = if result.is_ok() { "done" } else { "FAILED" };
        eprintln!(
            "[{number}/{total}] {word} in {:.1} s ({:.1} s in all)",
            took.as_secs_f64(),
            all.as_secs_f64()
        );
        result
    }
}
