//! An instance of a node: workers, and a bounded queue before them (FCFS).
use super::call::Slot;
use super::line::Line;
use crate::component::queue::{Discipline, Full, WaitingLine};
use crate::dist::Sampler;
use crate::rng::Rng;
use crate::time::{Span, Time};

/// How many seconds back "recent" reaches.
pub(crate) const RECENT: usize = 2;

/// Workers with a queue.
#[derive(Clone, Debug)]
pub(crate) struct Station {
    /// It is there and takes requests.
    pub(crate) up: bool,
    /// It is meant to be there: not one that autoscaling has not started, or is taking away.
    pub(crate) in_service: bool,
    /// A rolling deployment is taking it away, or has; it gets nothing new until it is back.
    pub(crate) restarting: bool,
    /// When its start is over, while it starts.
    pub(crate) starting: Option<Time>,
    /// Its work takes so many times longer than the law says.
    pub(crate) slowness: f64,
    /// The processor whose cores its workers share, if not each has its own.
    pub(crate) processor: Option<u32>,
    /// Calls of it that were sent to it and not answered yet.
    pub(crate) in_flight: u32,
    /// Since when it has had so many.
    pub(crate) in_flight_since: Time,
    pub(crate) workers: u32,
    /// Workers that are taken, at most `workers`.
    busy: u32,
    pub(crate) queue: WaitingLine<Slot>,
    /// Stands for workers and queue where calls go through in order and nothing but the node's own work holds a worker.
    pub(crate) line: Option<Line>,
    /// The instance's own chance.
    pub(crate) rng: Rng,
    /// Worker-nanoseconds taken up to `since`: room for a hundred thousand workers for two days.
    taken: u64,
    since: Time,
    taken_at_reset: u64,
    /// `taken` when the running second began, and at the whole seconds before it, newest first.
    taken_before: [u64; RECENT + 1],
}

/// What became of a call that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// A worker has it.
    Started,
    /// It waits.
    Queued,
    /// It waits, and this one, which is less important, no longer does.
    QueuedInstead(Slot),
    /// The queue is full.
    Refused,
}

impl Station {
    pub(crate) fn new(workers: u32, queue: u32, order: Discipline, rng: Rng) -> Self {
        Self {
            up: true,
            in_service: true,
            restarting: false,
            starting: None,
            slowness: 1.0,
            processor: None,
            in_flight: 0,
            in_flight_since: Time::ZERO,
            workers,
            busy: 0,
            queue: WaitingLine::new(order, queue as usize),
            line: None,
            rng,
            taken: 0,
            since: Time::ZERO,
            taken_at_reset: 0,
            taken_before: [0; RECENT + 1],
        }
    }

    /// How long a worker is taken by a piece of work of this law.
    #[inline]
    pub(crate) fn draw(&mut self, law: &Sampler) -> Span {
        let time = law.sample(&mut self.rng);
        if self.slowness == 1.0 { time } else { self.slowed(time) }
    }

    /// Apart, since what few need would else be reckoned for all.
    #[cold]
    fn slowed(&self, time: Span) -> Span {
        Span((time.0 as f64 * self.slowness) as u64)
    }

    /// Offers a call: a free worker takes it, or it waits, or it is refused.
    pub(crate) fn offer(&mut self, now: Time, slot: Slot, priority: u8) -> Offered {
        if self.busy < self.workers {
            self.account(now);
            self.busy += 1;
            return Offered::Started;
        }
        match self.queue.offer(now, slot, priority) {
            Ok(()) => Offered::Queued,
            Err(Full(pushed_out)) if pushed_out == slot => Offered::Refused,
            Err(Full(pushed_out)) => Offered::QueuedInstead(pushed_out),
        }
    }

    /// A worker is free again; gives the call that it takes next, if one waits. What waited too long is put into `dropped`.
    pub(crate) fn release(&mut self, now: Time, dropped: &mut Vec<Slot>) -> Option<Slot> {
        let next = self.queue.take(now, dropped);
        if next.is_none() {
            self.account(now);
            debug_assert!(self.busy > 0, "a worker was released that was not taken");
            self.busy -= 1;
        }
        next
    }

    /// How many calls wait.
    pub(crate) fn waiting(&self, now: Time) -> usize {
        self.line.as_ref().map_or_else(|| self.queue.len(), |line| line.waiting(now))
    }

    /// Whether it may be addressed, dead or alive: nobody has taken it out, and it is not still starting.
    pub(crate) const fn is_listed(&self) -> bool {
        self.in_service && !self.restarting && self.starting.is_none()
    }

    /// Whether it serves, and may be given something new.
    pub(crate) const fn serves(&self) -> bool {
        self.up && self.in_service && !self.restarting
    }

    /// Dies: all workers stop. What waited must be drained by the caller.
    pub(crate) fn kill(&mut self, now: Time) {
        self.account(now);
        self.busy = 0;
        self.up = false;
        if let Some(line) = &mut self.line {
            line.clear(now);
        }
    }

    fn account(&mut self, now: Time) {
        if let Some(line) = &self.line {
            self.taken = line.taken(now);
            return;
        }
        self.taken += u64::from(self.busy) * now.since(self.since).0;
        self.since = now;
    }

    pub(crate) fn reset_statistics(&mut self, now: Time) {
        self.account(now);
        self.taken_at_reset = self.taken;
    }

    /// A whole second has passed.
    pub(crate) fn tick(&mut self, now: Time) {
        self.account(now);
        self.taken_before.rotate_right(1);
        self.taken_before[0] = self.taken;
    }

    fn taken_until(&self, now: Time) -> u64 {
        if let Some(line) = &self.line {
            return line.taken(now);
        }
        self.taken + u64::from(self.busy) * now.since(self.since).0
    }

    /// Worker-nanoseconds ever taken.
    pub(crate) fn taken_ever(&self, now: Time) -> u64 {
        self.taken_until(now)
    }

    /// Worker-nanoseconds taken since the reset.
    pub(crate) fn taken_since_reset(&self, now: Time) -> u64 {
        self.taken_until(now) - self.taken_at_reset
    }

    /// Worker-seconds taken in the last whole second.
    pub(crate) const fn taken_in_last_second(&self) -> f64 {
        (self.taken_before[0] - self.taken_before[1]) as f64 / 1e9
    }

    /// Worker-nanoseconds taken since the oldest whole second that is remembered.
    pub(crate) fn taken_recently(&self, now: Time) -> u64 {
        self.taken_until(now) - self.taken_before[RECENT]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn what_was_taken_recently_covers_two_whole_seconds_and_the_running_one() {
        let mut station = Station::new(1, 0, Discipline::Fifo, Seed(1).stream("station"));
        assert_eq!(station.offer(Time::ZERO, Slot::default(), 0), Offered::Started);
        for second in 1..=10 {
            station.tick(Time(second * Span::SECOND.0));
        }
        let now = Time(10_400_000_000);
        assert_eq!(station.taken_recently(now), 2_400_000_000);
    }
}
