//! Long work as numbered steps: what runs now, how long each took, and what became of each.

use std::time::{Duration, Instant};

use anyhow::Result;

/// The steps of one command, announced as they begin.
pub(crate) struct Steps {
    plan: Vec<&'static str>,
    started: Instant,
    done: Vec<Step>,
}

struct Step {
    failed: bool,
    took: Duration,
}

impl Steps {
    /// `plan` names every step of the command in its order, so that each can say "2 of 5".
    pub(crate) fn new(plan: Vec<&'static str>) -> Self {
        Self { plan, started: Instant::now(), done: Vec::new() }
    }

    /// Runs the next step of the plan, announcing it and saying how long it took.
    pub(crate) fn run<T>(&mut self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let (number, total) = (self.done.len() + 1, self.plan.len());
        eprintln!("[{number}/{total}] {}", self.plan[number - 1]);
        let begun = Instant::now();
        let result = work();
        let took = begun.elapsed();
        let (word, all) = (word(result.is_err()), seconds(self.started.elapsed()));
        eprintln!("[{number}/{total}] {word} in {}, {all} in all", seconds(took));
        self.done.push(Step { failed: result.is_err(), took });
        result
    }

    /// Prints a line per step of the plan, also for those that were not reached.
    pub(crate) fn print_summary(&self) {
        eprintln!("\nsteps:");
        for (number, title) in self.plan.iter().enumerate() {
            match self.done.get(number) {
                Some(step) => eprintln!("  {:<7} {:>8}  {title}", word(step.failed), seconds(step.took)),
                None => eprintln!("  {:<7} {:>8}  {title}", "not run", ""),
            }
        }
        eprintln!("  {:<7} {:>8}  in all", "", seconds(self.started.elapsed()));
    }
}

fn word(failed: bool) -> &'static str {
    if failed { "FAILED" } else { "done" }
}

fn seconds(span: Duration) -> String {
    format!("{:.1} s", span.as_secs_f64())
}
