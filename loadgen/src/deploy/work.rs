//! A node's own work: it takes at least the time that was drawn from its law.
use super::node::Instance;
use crate::clock::Clock;
use crate::timer::Timer;
use loadpath_core::dist::{Law, Sampler};
use loadpath_core::rng::{Rng, Seed};
use loadpath_core::time::{Span, Time};
use std::cell::{Cell, RefCell};
use tokio::sync::oneshot;

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

    /// Does `work` and takes at least as long as the law's draw says, or longer, on cores that are shared.
    pub(super) async fn spend<T>(&self, instance: &Instance, work: impl FnOnce(Time) -> T) -> T {
        let taken = self.begin(instance);
        let done = work(instance.time.clock.now());
        taken.over(&instance.time).await;
        done
    }

    /// As `spend`, with the work at the end: what it changes is there when the time is over, and not before.
    pub(super) async fn spend_before<T>(&self, instance: &Instance, work: impl FnOnce(Time) -> T) -> T {
        self.begin(instance).over(&instance.time).await;
        work(instance.time.clock.now())
    }

    fn begin(&self, instance: &Instance) -> Taken {
        let least = instance.chance.draw(&self.law);
        match &instance.cores {
            Some(cores) => Taken::Shared(cores.start(least)),
            None => Taken::Until(instance.time.clock.now() + least),
        }
    }
}

/// Time that a piece of work takes.
enum Taken {
    Until(Time),
    /// Until the cores are done with it.
    Shared(oneshot::Receiver<()>),
}

impl Taken {
    async fn over(self, time: &Timekeeper) {
        match self {
            Self::Until(end) => time.until(end).await,
            Self::Shared(done) => done.await.expect("every job is done some time"),
        }
    }
}
