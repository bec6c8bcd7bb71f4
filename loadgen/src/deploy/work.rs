//! A node's own work: it takes at least the time that was drawn from its law.
use super::cpu::Cpu;
use crate::clock::Clock;
use crate::timer::Timer;
use loadpath_core::dist::{Law, Sampler};
use loadpath_core::rng::{Rng, Seed};
use loadpath_core::time::{Span, Time};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Shorter waits are not worth waking up for: a timer is late by more.
const LEAST_WAIT: Span = Span::from_micros(15);

/// A process's clock, and the timer that goes with it.
pub(super) struct Timekeeper {
    /// What time it is.
    pub(super) clock: Clock,
    timer: Timer,
}

impl Timekeeper {
    /// Must be called in a tokio runtime.
    pub(super) fn start() -> std::io::Result<Self> {
        let clock = Clock::start();
        Ok(Self { clock, timer: Timer::new(clock)? })
    }

    /// Waits until `deadline`, unless that is now or nearly so.
    pub(super) async fn until(&self, deadline: Time) {
        if deadline.since(self.clock.now()) > LEAST_WAIT {
            self.timer.until(deadline).await;
        }
    }
}

/// The chance of an instance: the stream that the simulator draws from too.
pub(super) struct Chance {
    rng: RefCell<Rng>,
    /// How many times longer work takes than its law says: a fault that was asked for.
    pub(super) slowness: Cell<f64>,
}

impl Chance {
    /// Of this instance of a node, counted from zero.
    pub(super) fn new(seed: u64, node: &str, instance: u16) -> Self {
        let rng = Seed(seed).stream(&format!("{node}#{}/service", u32::from(instance) + 1));
        Self { rng: RefCell::new(rng), slowness: Cell::new(1.0) }
    }

    /// A draw from a law.
    pub(super) fn draw(&self, law: &Sampler) -> Span {
        let drawn = law.sample(&mut self.rng.borrow_mut());
        Span((drawn.0 as f64 * self.slowness.get()) as u64)
    }

    /// Whatever else takes chance.
    pub(super) fn with<T>(&self, take: impl FnOnce(&mut Rng) -> T) -> T {
        take(&mut self.rng.borrow_mut())
    }
}

/// Some work of a node: its law, its chance, its clock.
pub(super) struct Work {
    law: Sampler,
}

impl Work {
    /// By this law.
    pub(super) fn new(law: &Law) -> Self {
        Self { law: law.sampler() }
    }

    /// Does `work` and takes at least as long as the law's draw says.
    pub(super) async fn spend<T>(
        &self,
        time: &Timekeeper,
        chance: &Chance,
        work: impl FnOnce(Time) -> T,
    ) -> T {
        let begun = time.clock.now();
        let least = chance.draw(&self.law);
        let done = work(begun);
        time.until(begun + least).await;
        done
    }

    /// As `spend`, with the work at the end: what it changes is there when the time is over, and not before.
    pub(super) async fn spend_before<T>(
        &self,
        time: &Timekeeper,
        chance: &Chance,
        work: impl FnOnce(Time) -> T,
    ) -> T {
        let begun = time.clock.now();
        time.until(begun + chance.draw(&self.law)).await;
        work(time.clock.now())
    }

    /// As `spend`, with nothing else to do, on cores that are shared, where they are.
    pub(super) async fn spend_on(&self, cpu: Option<&Rc<Cpu>>, time: &Timekeeper, chance: &Chance) {
        match cpu {
            Some(cpu) => cpu.work(chance.draw(&self.law)).await,
            None => self.spend(time, chance, drop).await,
        }
    }
}
