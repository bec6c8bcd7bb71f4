//! Cores that the workers of an instance share: the simulator's processor, in real time.
//!
//! Nothing is computed: a job takes as long as it would on so many cores with so many others, and the machine stays free for
//! the rest of the design.
use super::host::HostCores;
use super::work::Timekeeper;
use loadpath_core::component::processor::{Discipline, Processor};
use loadpath_core::time::{Span, Time};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use tokio::sync::oneshot;

/// Cores that an instance's workers share, with one another or with all that is on the same host.
pub(super) enum Cores {
    Own(Rc<Cpu>),
    Host(Rc<HostCores>),
}

impl Cores {
    /// Begins a piece of work that takes so long on a core of its own, and tells when it is done.
    pub(super) fn start(&self, work: Span) -> oneshot::Receiver<()> {
        match self {
            Self::Own(cpu) => cpu.start(work),
            Self::Host(host) => host.start(work),
        }
    }

    /// Core-nanoseconds used so far, and how many cores there are.
    pub(super) async fn figures(&self) -> (u64, u32) {
        match self {
            Self::Own(cpu) => cpu.figures(),
            Self::Host(host) => host.figures().await,
        }
    }
}

/// Ends the jobs that are done by now, each at its own instant: that this is looked at late takes no core from anybody.
pub(super) fn catch_up(processor: &mut Processor, now: Time, mut done: impl FnMut(u32)) {
    while let Some(job) = processor.next().filter(|&due| due <= now).and_then(|due| processor.finish(due)) {
        done(job);
    }
}

/// Cores that are shared equally by all that works.
pub(super) struct Cpu {
    cores: u32,
    time: Rc<Timekeeper>,
    state: RefCell<State>,
}

struct State {
    processor: Processor,
    /// How many jobs have ever begun.
    jobs: u32,
    waiting: BTreeMap<u32, oneshot::Sender<()>>,
    /// When the first job is done, as a task was told that waits for it.
    due: Time,
}

impl Cpu {
    /// Idle.
    pub(super) fn new(time: Rc<Timekeeper>, cores: u32) -> Rc<Self> {
        let processor = Processor::new(f64::from(cores), Discipline::ProcessorSharing);
        let state = State { processor, jobs: 0, waiting: BTreeMap::new(), due: Time::NEVER };
        Rc::new(Self { cores, time, state: RefCell::new(state) })
    }

    /// Begins a piece of work that takes so long on a core of its own, and tells when it is done.
    fn start(self: &Rc<Self>, work: Span) -> oneshot::Receiver<()> {
        let (sender, done) = oneshot::channel();
        {
            let now = self.time.clock.now();
            let mut state = self.state.borrow_mut();
            state.catch_up(now);
            state.jobs = state.jobs.wrapping_add(1);
            let job = state.jobs;
            state.processor.start(now, job, work);
            state.waiting.insert(job, sender);
        }
        self.go_on();
        done
    }

    /// Core-nanoseconds used so far, and how many cores there are.
    fn figures(&self) -> (u64, u32) {
        let now = self.time.clock.now();
        let mut state = self.state.borrow_mut();
        state.catch_up(now);
        (state.processor.used(now) as u64, self.cores)
    }

    /// Lets go whose work is done, and has the next one waited for.
    fn go_on(self: &Rc<Self>) {
        let now = self.time.clock.now();
        let mut state = self.state.borrow_mut();
        state.catch_up(now);
        let due = state.processor.next().unwrap_or(Time::NEVER);
        if due == state.due {
            return;
        }
        state.due = due;
        if due != Time::NEVER {
            let cpu = self.clone();
            tokio::task::spawn_local(async move {
                cpu.time.until(due).await;
                // Another job may have come first, or all may have become slower.
                if cpu.state.borrow().due == due {
                    cpu.state.borrow_mut().due = Time::NEVER;
                    cpu.go_on();
                }
            });
        }
    }
}

impl State {
    /// Lets go whose work is done.
    fn catch_up(&mut self, now: Time) {
        let Self { processor, waiting, .. } = self;
        catch_up(processor, now, |job| {
            if let Some(done) = waiting.remove(&job) {
                // Who asked for it may be gone.
                let _ = done.send(());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn two_jobs_on_one_core_take_twice_as_long_and_the_core_is_busy_all_the_while() {
        tokio::task::LocalSet::new()
            .run_until(async {
                let time = Rc::new(Timekeeper::start().unwrap());
                let cpu = Cpu::new(time.clone(), 1);
                let begun = time.clock.now();
                let jobs = [10, 30].map(|ms| cpu.start(Span::from_millis(ms)));
                for job in jobs {
                    job.await.unwrap();
                }
                let took = time.clock.now().since(begun);
                // 20 ms for both, then 20 ms for the second alone. A busy machine only adds.
                assert!(took >= Span::from_micros(39_950), "{took}");
                let (used, cores) = cpu.figures();
                assert!(cores == 1 && used + 1_000 >= 40_000_000 && used <= took.0, "{used} of {took}");
            })
            .await;
    }
}
