//! Time travel: a simulation that can be rewound. It keeps itself as it was every so often, and what was done to it when; rewinding is
//! going back to the last of these states before an instant and running on from there, which gives the same, bit for bit.
use super::command::{Command, CommandFault};
use super::simulation::Simulation;
use crate::time::{Span, Time};

/// A simulation and its past.
#[derive(Clone, Debug)]
pub struct Tape {
    present: Simulation,
    /// In order of time; the first is the beginning, which is always kept.
    checkpoints: Vec<Checkpoint>,
    /// When the next is taken, and how far apart they are.
    due: Time,
    every: Span,
    /// How many bytes they may take.
    budget: usize,
    acts: Vec<(Time, Act)>,
}

#[derive(Clone, Debug)]
struct Checkpoint {
    simulation: Simulation,
    size: usize,
    /// How much had been done to it.
    acts: usize,
}

/// Something that was done from outside.
#[derive(Clone, Debug)]
enum Act {
    Command(Command),
    Reset,
}

impl Tape {
    /// From the present state of a simulation on, with a checkpoint every so many seconds (more than none), which together take
    /// about `budget` bytes at most, the beginning left out. When they would take more every second one goes, and from then on
    /// they are twice as far apart.
    ///
    /// # Panics
    /// If checkpoints are no time apart: only a programmer can ask for that.
    pub fn new(simulation: Simulation, every: Span, budget: usize) -> Self {
        assert!(every > Span::ZERO, "checkpoints lie apart");
        let due = simulation.now() + every;
        let first = Checkpoint { size: 0, simulation: simulation.clone(), acts: 0 };
        Self { present: simulation, checkpoints: vec![first], due, every, budget, acts: Vec::new() }
    }

    /// As it is now.
    pub const fn present(&self) -> &Simulation {
        &self.present
    }

    /// How many bytes the checkpoints take, about, the beginning left out.
    pub fn size(&self) -> usize {
        self.checkpoints.iter().map(|checkpoint| checkpoint.size).sum()
    }

    /// The instants that can be gone back to without running on.
    pub fn checkpoints(&self) -> impl Iterator<Item = Time> + '_ {
        self.checkpoints.iter().map(|checkpoint| checkpoint.simulation.now())
    }

    /// Handles everything that happens up to and at `until`.
    pub fn run_until(&mut self, until: Time) {
        while self.due <= until {
            self.present.run_until(self.due);
            self.keep();
        }
        self.present.run_until(until);
    }

    /// As [`Simulation::command`].
    ///
    /// # Errors
    /// As there; nothing has changed then.
    pub fn command(&mut self, command: &Command) -> Result<(), CommandFault> {
        self.present.command(command)?;
        self.acts.push((self.present.now(), Act::Command(command.clone())));
        Ok(())
    }

    /// As [`Simulation::reset_statistics`].
    pub fn reset_statistics(&mut self) {
        self.present.reset_statistics();
        self.acts.push((self.present.now(), Act::Reset));
    }

    /// Goes back to how it was at `to`, before anything was done to it at that instant; what was done from then on is forgotten. An
    /// instant before the beginning is the beginning, and one that has not come yet changes nothing. Costs running from the last
    /// checkpoint.
    pub fn rewind(&mut self, to: Time) {
        let to = to.max(self.checkpoints[0].simulation.now());
        if to > self.present.now() {
            return;
        }
        while self.checkpoints.len() > 1 && self.checkpoints.last().is_some_and(|c| c.simulation.now() > to) {
            self.checkpoints.pop();
        }
        let last = self.checkpoints.last().expect("the beginning is always kept");
        self.present = last.simulation.clone();
        self.due = last.simulation.now() + self.every;
        let again = self.acts.iter().take_while(|(at, _)| *at < to).count().max(last.acts);
        self.acts.truncate(again);
        for (at, act) in &self.acts[last.acts..] {
            self.present.run_until(*at);
            match act {
                Act::Command(command) => {
                    let done = self.present.command(command);
                    debug_assert!(
                        done.is_ok(),
                        "what could be done once can be done again in the same state"
                    );
                }
                Act::Reset => self.present.reset_statistics(),
            }
        }
        self.present.run_until(to);
        while self.due <= to {
            self.due = self.due + self.every;
        }
    }

    /// Keeps the present.
    fn keep(&mut self) {
        let size = self.present.size();
        self.checkpoints.push(Checkpoint { simulation: self.present.clone(), size, acts: self.acts.len() });
        while self.checkpoints.len() > 1 && self.size() > self.budget {
            let mut place = 0;
            self.checkpoints.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.every = Span(self.every.0.saturating_mul(2));
        }
        self.due = self.present.now() + self.every;
    }
}
