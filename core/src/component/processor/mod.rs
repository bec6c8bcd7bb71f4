//! A processor: cores that jobs share, or wait for.
//!
//! Each of the n jobs that run has `min(1, cores / n)` of a core. All that run advance at the same rate, so one number
//! tells how far each has come: the virtual time, which advances by the work that one job has done (egalitarian
//! processor sharing: Kleinrock 1976, vol. 2, §4.4; by virtual time: Parekh & Gallager 1993, §II). A job that starts at
//! virtual time v with work w is done when the virtual time is v + w, whoever comes or goes meanwhile: a start or an
//! end costs O(log n), and no job's remainder has to be touched.
//!
//! ```
//! use loadpath_core::component::processor::{Discipline, Processor};
//! use loadpath_core::time::{Span, Time};
//! let mut cpu = Processor::new(1.0, Discipline::ProcessorSharing);
//! cpu.start(Time(0), 1, Span(100));
//! cpu.start(Time(40), 2, Span(100));
//! // 60 are left of the first; half a core takes 120 for them.
//! assert_eq!(cpu.next(), Some(Time(160)));
//! assert_eq!(cpu.finish(Time(160)), Some(1));
//! assert_eq!(cpu.next(), Some(Time(200)));
//! ```
mod heap;

use crate::time::{Span, Time};
use heap::IndexedHeap;

/// Who runs when there are more jobs than cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// As many as there are cores (rounded up), the others wait in order of arrival: a pool of threads.
    Fcfs,
    /// All, each with an equal share: an operating system's scheduler, or a proxy's event loop, in fine slices.
    ProcessorSharing,
}

/// Virtual time is counted in 2^-48 of a nanosecond, so that a rate with a thousand jobs is still exact to 12 digits.
const FINE: f64 = (1u64 << 48) as f64;
/// Busy cores are counted in 2^-16 of a core.
const CORE: f64 = (1u64 << 16) as f64;
/// The most cores, and the most cores times speed.
const MOST: f64 = 65_535.0;

/// Cores with the jobs that they work on.
///
/// Jobs are the caller's numbers. The caller comes back at [`next`](Self::next) and takes what is
/// [`finish`](Self::finish)ed. Times must not go back. Ends are whole nanoseconds, rounded up, so a job ends later than
/// in exact sharing by less than a nanosecond for each end while it ran; it ends earlier by at most 2^-48 of its work
/// times the jobs per core, which is a nanosecond in a minute's work among thousands. Equal ends are in order of
/// arrival. Does not allocate once it has held as many jobs as it will.
#[derive(Clone, Debug)]
pub struct Processor {
    cores: f64,
    /// What one core does, and what all do together: 2^-48 ns each nanosecond.
    one: u64,
    all: u64,
    /// How many may run at once.
    limit: usize,
    /// By virtual time of the end, then by order of arrival.
    running: IndexedHeap<(u128, u64)>,
    /// By order of arrival; with the nanoseconds of work. Empty while fewer than `limit` run.
    waiting: IndexedHeap<(u64, u64)>,
    /// Jobs that have started, ever.
    arrivals: u64,
    /// The virtual time at `since`, in 2^-48 ns.
    virtual_time: u128,
    since: Time,
    /// How fast virtual time advances: 2^-48 ns each nanosecond.
    rate: u64,
    /// Core-nanoseconds used up to `since`, in 2^-16.
    used: u128,
    /// Cores that are busy from `since` on, in 2^-16.
    busy: u64,
}

impl Processor {
    /// An idle processor with `cores` in (0, 65,535], where 0.5 is half a core, at speed 1.
    ///
    /// # Panics
    /// If `cores` is outside its range.
    pub fn new(cores: f64, discipline: Discipline) -> Self {
        assert!(
            cores > 0.0 && cores <= MOST,
            "a processor has more than 0 and at most {MOST} cores, not {cores}"
        );
        let limit = match discipline {
            Discipline::Fcfs => cores.ceil() as usize,
            Discipline::ProcessorSharing => usize::MAX,
        };
        Self {
            cores,
            one: FINE as u64,
            all: (cores * FINE) as u64,
            limit,
            running: IndexedHeap::new(),
            waiting: IndexedHeap::new(),
            arrivals: 0,
            virtual_time: 0,
            since: Time::ZERO,
            rate: 0,
            used: 0,
            busy: 0,
        }
    }

    /// Gives `job` to the cores, which need `work` for it when one core does nothing else. O(log n).
    ///
    /// # Panics
    /// If `job` is already there.
    pub fn start(&mut self, now: Time, job: u32, work: Span) {
        self.advance(now);
        self.arrivals += 1;
        if self.running.len() < self.limit {
            self.run(self.arrivals, job, work.0);
            self.share();
        } else {
            debug_assert!(
                !self.running.has(job),
                "job {job} is already running: it must end before it starts again"
            );
            self.waiting.push((self.arrivals, work.0), job);
        }
    }

    /// Gives `job` up, running or waiting; whether it was there. O(log n).
    pub fn remove(&mut self, now: Time, job: u32) -> bool {
        if self.waiting.remove(job).is_some() {
            return true;
        }
        self.advance(now);
        let found = self.running.remove(job).is_some();
        if found {
            self.fill();
        }
        found
    }

    /// When the next job is done, if no other starts or is removed before; `None` when nothing runs, or nothing
    /// advances.
    pub fn next(&self) -> Option<Time> {
        let ((end, _), _) = self.running.first()?;
        let left = end.saturating_sub(self.virtual_time);
        if left == 0 {
            return Some(self.since);
        }
        if self.rate == 0 {
            return None;
        }
        let nanos = u64::try_from(left.div_ceil(u128::from(self.rate))).unwrap_or(u64::MAX);
        Some(self.since + Span(nanos))
    }

    /// Takes a job that is done at `now`, if one is; ask until none is left. The first that waits takes its place.
    /// O(log n).
    pub fn finish(&mut self, now: Time) -> Option<u32> {
        self.advance(now);
        let ((end, _), job) = self.running.first()?;
        if end > self.virtual_time {
            return None;
        }
        self.running.pop();
        self.fill();
        Some(job)
    }

    /// Gives up all jobs.
    pub fn clear(&mut self, now: Time) {
        self.advance(now);
        self.running.clear();
        self.waiting.clear();
        self.share();
    }

    /// From now on the cores do in a second what takes `speed` seconds at speed 1: 0.5 is half as fast, 0 stands still.
    /// The product of speed and cores is at most 65,535.
    ///
    /// # Panics
    /// If `speed` is negative, not a number or too large.
    pub fn set_speed(&mut self, now: Time, speed: f64) {
        let most = MOST / self.cores.max(1.0);
        assert!((0.0..=most).contains(&speed), "a speed is from 0 to {most}, not {speed}");
        self.advance(now);
        self.one = (speed * FINE) as u64;
        self.all = (self.cores * speed * FINE) as u64;
        self.share();
    }

    /// How many jobs it has, running and waiting.
    pub fn len(&self) -> usize {
        self.running.len() + self.waiting.len()
    }

    /// Whether it has no job.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many jobs wait for a core; none does with processor sharing.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether `job` waits for a core: it may still be given up without losing work.
    pub fn is_waiting(&self, job: u32) -> bool {
        self.waiting.has(job)
    }

    /// How many cores are busy: the smaller of its cores and the jobs that run.
    pub fn busy_cores(&self) -> f64 {
        self.busy as f64 / CORE
    }

    /// Core-nanoseconds that were used until `now`: the busy cores over time, at whatever speed.
    pub fn used(&self, now: Time) -> u128 {
        (self.used + u128::from(self.busy) * u128::from(now.since(self.since).0)) >> 16
    }

    fn run(&mut self, order: u64, job: u32, work: u64) {
        self.running.push((self.virtual_time + (u128::from(work) << 48), order), job);
    }

    /// Lets those who wait run, as far as there is room.
    fn fill(&mut self) {
        while self.running.len() < self.limit
            && let Some(((order, work), job)) = self.waiting.pop()
        {
            self.run(order, job, work);
        }
        self.share();
    }

    /// Brings the virtual time and the use up to `now`. Exact: the rate is a whole number.
    fn advance(&mut self, now: Time) {
        if now > self.since {
            let elapsed = u128::from(now.0 - self.since.0);
            self.virtual_time += elapsed * u128::from(self.rate);
            self.used += elapsed * u128::from(self.busy);
            self.since = now;
        }
    }

    /// Shares the cores among those that run. The share is rounded up: rounded down, a third of a core would take 31 ns
    /// for 10 ns of work.
    fn share(&mut self) {
        let jobs = self.running.len() as u64;
        self.rate = match jobs {
            0 => 0,
            _ if u128::from(jobs) * u128::from(self.one) <= u128::from(self.all) => self.one,
            _ => self.one.min(self.all.div_ceil(jobs)),
        };
        self.busy = (jobs << 16).min((self.cores * CORE) as u64);
    }

    /// Panics where the structure contradicts itself.
    pub fn check(&self) {
        self.running.check();
        self.waiting.check();
        assert!(self.running.len() <= self.limit, "more jobs run than may");
        assert!(
            self.waiting.len() == 0 || self.running.len() == self.limit,
            "a job waits for a core that is free"
        );
        assert_eq!(self.busy == 0, self.running.len() == 0, "cores are busy with nothing, or idle with jobs");
    }
}

#[cfg(test)]
mod tests;
