//! Workers before which calls wait in order of arrival, where nothing can change that order or the work: every departure is
//! known on arrival (Lindley 1952; Kiefer, Wolfowitz 1955), and the queue needs no events of its own.
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// Room for so many workers at once is there from the start.
const SOME_WORKERS: u32 = 64;

/// The workers and the line before them.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// When each worker who was ever needed will have done what it was given: a heap (Williams 1964), no parent later than
    /// its children, so that the first to be free is at its root.
    free: Vec<Time>,
    workers: usize,
    /// When the calls that wait will be begun, in order; some may have been by now.
    starts: VecDeque<Time>,
    /// How many may wait.
    bound: usize,
    /// Worker-nanoseconds that were given out.
    given: u64,
}

impl Line {
    pub(crate) fn new(workers: u32, bound: u32) -> Self {
        Self {
            free: Vec::with_capacity(workers.min(SOME_WORKERS) as usize),
            workers: workers as usize,
            starts: VecDeque::new(),
            bound: bound as usize,
            given: 0,
        }
    }

    /// When a worker can begin a call that comes now; none when the line is full. O(1) amortised.
    pub(crate) fn place(&mut self, now: Time) -> Option<Time> {
        let first = self.free.first().copied().unwrap_or(now);
        if first <= now || self.free.len() < self.workers {
            self.starts.clear();
            return Some(now);
        }
        while self.starts.front().is_some_and(|&start| start <= now) {
            self.starts.pop_front();
        }
        (self.starts.len() < self.bound).then_some(first)
    }

    /// A worker gets a call, which it begins at `start`, as [`Line::place`] said; gives when it will be done. O(log workers).
    pub(crate) fn take(&mut self, now: Time, start: Time, work: Span) -> Time {
        if start > now {
            self.starts.push_back(start);
        }
        self.given += work.0;
        let done = start + work;
        if self.free.first().is_some_and(|&first| first <= start) {
            self.replace_first(done);
        } else {
            self.add(done);
        }
        done
    }

    /// The first to be free will be free at `done` instead.
    fn replace_first(&mut self, done: Time) {
        let (mut place, mut child) = (0, 1);
        while let Some(&(mut earliest)) = self.free.get(child) {
            if let Some(&other) = self.free.get(child + 1)
                && other < earliest
            {
                earliest = other;
                child += 1;
            }
            if done <= earliest {
                break;
            }
            self.free[place] = earliest;
            (place, child) = (child, 2 * child + 1);
        }
        self.free[place] = done;
    }

    /// One more worker is needed, who will be free at `done`.
    fn add(&mut self, done: Time) {
        let mut place = self.free.len();
        self.free.push(done);
        while place > 0 && self.free[(place - 1) / 2] > done {
            self.free[place] = self.free[(place - 1) / 2];
            place = (place - 1) / 2;
        }
        self.free[place] = done;
    }

    /// How many wait.
    pub(crate) fn waiting(&self, now: Time) -> usize {
        self.starts.len() - self.starts.partition_point(|&start| start <= now)
    }

    /// Worker-nanoseconds that have passed in work: what was given out but for what lies ahead. From now until it is free a
    /// worker has no gap: it was given each call when it was busy, or at the moment at which it began.
    pub(crate) fn taken(&self, now: Time) -> u64 {
        let ahead: u64 = self.free.iter().map(|free| free.since(now.min(*free)).0).sum();
        self.given - ahead
    }

    /// Everybody is sent away; workers are free from now on. What is not after `now` changes no order.
    pub(crate) fn clear(&mut self, now: Time) {
        self.given = self.taken(now);
        self.starts.clear();
        self.free.iter_mut().for_each(|free| *free = now.min(*free));
    }
}

#[cfg(test)]
mod tests {
    use super::super::station::{Offered, Station};
    use super::*;
    use crate::component::queue::Discipline;
    use crate::rng::Seed;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    /// The twin: a station with events of its own.
    fn by_events(arrivals: &[(Time, Span)], workers: u32, bound: u32) -> Vec<Option<Time>> {
        let mut station = Station::new(workers, bound, Discipline::Fifo, Seed(1).stream("twin"));
        let mut ends: Vec<Option<Time>> = vec![None; arrivals.len()];
        let mut busy = BinaryHeap::new();
        let mut dropped = Vec::new();
        let mut finish = |until: Time, station: &mut Station, busy: &mut BinaryHeap<Reverse<(Time, u32)>>| {
            while let Some(&Reverse((at, call))) = busy.peek()
                && at <= until
            {
                busy.pop();
                ends[call as usize] = Some(at);
                if let Some(next) = station.release(at, &mut dropped) {
                    busy.push(Reverse((at + arrivals[next as usize].1, next)));
                }
            }
        };
        for (call, &(at, work)) in arrivals.iter().enumerate() {
            finish(at, &mut station, &mut busy);
            if station.offer(at, call as u32, 0) == Offered::Started {
                busy.push(Reverse((at + work, call as u32)));
            }
        }
        finish(Time::NEVER, &mut station, &mut busy);
        ends
    }

    #[test]
    fn departures_are_those_of_a_queue_with_events() {
        let mut rng = Seed(4).stream("test");
        for (workers, bound) in [(1, 1_000), (1, 0), (1, 3), (3, 5), (16, 1_000), (100, 10)] {
            let mut now = Time::ZERO;
            let arrivals: Vec<(Time, Span)> = (0..5_000)
                .map(|_| {
                    now = now + Span(1 + rng.below(1_000));
                    // No two calls end or arrive at the same instant, where order would be a matter of taste.
                    (now, Span(1 + rng.below(990 * u64::from(workers))))
                })
                .collect();
            let mut line = Line::new(workers, bound);
            let ends: Vec<Option<Time>> = arrivals
                .iter()
                .map(|&(at, work)| {
                    let start = line.place(at)?;
                    Some(line.take(at, start, work))
                })
                .collect();
            let twin = by_events(&arrivals, workers, bound);
            let differ = ends.iter().zip(&twin).filter(|(a, b)| a != b).count();
            assert_eq!(differ, 0, "{workers} workers, room for {bound}");
            let done: u64 =
                arrivals.iter().zip(&ends).filter(|(_, end)| end.is_some()).map(|((_, w), _)| w.0).sum();
            assert_eq!(line.taken(Time::NEVER), done);
        }
    }

    #[test]
    fn what_was_taken_and_who_waits_are_right_in_the_middle_and_after_a_death() {
        let mut line = Line::new(1, 10);
        for _ in 0..3 {
            let start = line.place(Time(100)).unwrap();
            line.take(Time(100), start, Span(50));
        }
        assert_eq!((line.taken(Time(120)), line.waiting(Time(120))), (20, 2));
        assert_eq!((line.taken(Time(160)), line.waiting(Time(160))), (60, 1));
        line.clear(Time(160));
        assert_eq!((line.taken(Time(160)), line.waiting(Time(160))), (60, 0));
        assert_eq!(line.place(Time(170)), Some(Time(170)));
        assert_eq!(line.taken(Time(500)), 60);
    }
}
