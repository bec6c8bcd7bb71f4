//! One door to the lines in which work waits for a server.
use super::Full;
use super::codel::CoDel;
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// Who goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// First in, first out. A full line refuses who comes.
    Fifo,
    /// Last in, first out: in an overload some are served in time, where a FIFO serves all too late. A full line sends away who
    /// has waited longest, who is the least likely to be waited for.
    Lifo,
    /// The highest priority first; of one priority first in, first out. A full line sends away the last one of the lowest
    /// priority for one of a higher.
    Priority,
    /// First in, first out, and drops from the front while even the shortest wait is above a target (Nichols, Jacobson, RFC 8289).
    CoDel {
        /// The wait that may persist; 5 % to 10 % of the interval.
        target: Span,
        /// How long it must persist before the first drop; about the slowest usual response time.
        interval: Span,
    },
}

/// A bounded line.
#[derive(Clone, Debug)]
pub struct WaitingLine<T> {
    /// Never holds more than `bound`.
    order: Order<T>,
    bound: usize,
}

#[derive(Clone, Debug)]
enum Order<T> {
    Fifo(VecDeque<T>),
    Lifo(VecDeque<T>),
    Priority(Levels<T>),
    CoDel(VecDeque<(Time, T)>, CoDel),
}

/// A queue for each priority that has ever been offered.
#[derive(Clone, Debug)]
struct Levels<T> {
    /// By priority, highest first.
    levels: Vec<(u8, VecDeque<T>)>,
    /// How many wait in all of them.
    len: usize,
}

impl<T> WaitingLine<T> {
    /// An empty line in which at most `bound` may wait. With a bound of zero nothing waits.
    pub const fn new(discipline: Discipline, bound: usize) -> Self {
        let order = match discipline {
            Discipline::Fifo => Order::Fifo(VecDeque::new()),
            Discipline::Lifo => Order::Lifo(VecDeque::new()),
            Discipline::Priority => Order::Priority(Levels { levels: Vec::new(), len: 0 }),
            Discipline::CoDel { target, interval } => {
                Order::CoDel(VecDeque::new(), CoDel::new(target, interval))
            }
        };
        Self { order, bound }
    }

    /// Lets `item` wait. Only [`Discipline::Priority`] looks at `priority`, of which a higher one is more important. O(1), and for
    /// priorities O(log p) of the p that have been seen.
    ///
    /// # Errors
    /// When the line is full: with the one that must be refused, which is another than `item` if that took its place.
    #[inline]
    pub fn offer(&mut self, now: Time, item: T, priority: u8) -> Result<(), Full<T>> {
        // The common line, of which all is inlined.
        if let Order::Fifo(line) = &mut self.order {
            if line.len() >= self.bound {
                return Err(Full(item));
            }
            line.push_back(item);
            return Ok(());
        }
        self.offer_by_order(now, item, priority)
    }

    #[inline(never)]
    fn offer_by_order(&mut self, now: Time, item: T, priority: u8) -> Result<(), Full<T>> {
        let full = self.len() >= self.bound;
        match &mut self.order {
            Order::Fifo(_) | Order::CoDel(..) if full => return Err(Full(item)),
            Order::Fifo(line) => line.push_back(item),
            Order::CoDel(line, _) => line.push_back((now, item)),
            Order::Priority(levels) if full => return levels.push_out(item, priority),
            Order::Priority(levels) => levels.push(item, priority),
            Order::Lifo(line) => {
                line.push_back(item);
                if full && let Some(oldest) = line.pop_front() {
                    return Err(Full(oldest));
                }
            }
        }
        Ok(())
    }

    /// Who is served next. Those that CoDel gives up on the way are added to `dropped`: the caller refuses them. O(1), and
    /// O(p) in the number of priorities seen.
    #[inline]
    pub fn take(&mut self, now: Time, dropped: &mut Vec<T>) -> Option<T> {
        match &mut self.order {
            Order::Fifo(line) => line.pop_front(),
            Order::CoDel(line, codel) => codel.take(now, line, dropped),
            _ => self.take_by_order(),
        }
    }

    #[inline(never)]
    fn take_by_order(&mut self) -> Option<T> {
        match &mut self.order {
            Order::Fifo(line) => line.pop_front(),
            Order::Lifo(line) => line.pop_back(),
            Order::Priority(levels) => levels.pop(),
            Order::CoDel(line, _) => line.pop_front().map(|(_, item)| item),
        }
    }

    /// How many may wait.
    pub const fn bound(&self) -> usize {
        self.bound
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        match &self.order {
            Order::Fifo(line) | Order::Lifo(line) => line.len(),
            Order::Priority(levels) => levels.len,
            Order::CoDel(line, _) => line.len(),
        }
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sends away all that the iterator gives, in the order in which they would have been served.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        std::iter::from_fn(|| self.take_by_order())
    }

    /// Takes `item` out of its place, as one who leaves the line; whether it was there. O(waiting).
    pub fn remove(&mut self, item: &T) -> bool
    where
        T: PartialEq,
    {
        let from = |line: &mut VecDeque<T>| {
            let place = line.iter().position(|other| other == item);
            place.and_then(|place| line.remove(place)).is_some()
        };
        match &mut self.order {
            Order::Fifo(line) | Order::Lifo(line) => from(line),
            Order::CoDel(line, _) => {
                let place = line.iter().position(|(_, other)| other == item);
                place.and_then(|place| line.remove(place)).is_some()
            }
            Order::Priority(Levels { levels, len }) => {
                let found = levels.iter_mut().any(|(_, line)| from(line));
                *len -= usize::from(found);
                found
            }
        }
    }

    /// Panics where the structure contradicts itself.
    pub fn check(&self) {
        assert!(self.len() <= self.bound, "more wait than may");
        if let Order::Priority(Levels { levels, len }) = &self.order {
            assert!(levels.is_sorted_by(|a, b| a.0 > b.0), "priorities are in order");
            assert!(
                levels.iter().map(|(_, line)| line.len()).sum::<usize>() == *len,
                "some were not counted"
            );
        }
    }
}

impl<T> Levels<T> {
    fn push(&mut self, item: T, priority: u8) {
        let place = match self.levels.binary_search_by(|(level, _)| priority.cmp(level)) {
            Ok(place) => place,
            Err(place) => {
                self.levels.insert(place, (priority, VecDeque::new()));
                place
            }
        };
        self.levels[place].1.push_back(item);
        self.len += 1;
    }

    fn pop(&mut self) -> Option<T> {
        let item = self.levels.iter_mut().find_map(|(_, line)| line.pop_front())?;
        self.len -= 1;
        Some(item)
    }

    /// Into a full line: somebody goes, the last one of the least important or `item` itself.
    fn push_out(&mut self, item: T, priority: u8) -> Result<(), Full<T>> {
        let lowest = self.levels.iter_mut().rev().find(|(_, line)| !line.is_empty());
        let Some((_, line)) = lowest.filter(|(level, _)| *level < priority) else { return Err(Full(item)) };
        let out = line.pop_back().map_or(Ok(()), |out| Err(Full(out)));
        self.len -= 1;
        self.push(item, priority);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    /// The twin: a vector of (priority, order of arrival), searched anew each time.
    struct Twin {
        discipline: Discipline,
        bound: usize,
        waiting: Vec<(u8, u64)>,
    }

    impl Twin {
        fn offer(&mut self, priority: u8, item: u64) -> Result<(), Full<u64>> {
            self.waiting.push((priority, item));
            if self.waiting.len() <= self.bound {
                return Ok(());
            }
            let out = match self.discipline {
                Discipline::Lifo => self.waiting.iter().copied().min_by_key(|w| w.1),
                Discipline::Priority => self.waiting.iter().copied().min_by_key(|w| (w.0, u64::MAX - w.1)),
                _ => Some((priority, item)),
            };
            self.waiting.retain(|&w| Some(w) != out);
            Err(Full(out.unwrap().1))
        }

        fn take(&mut self) -> Option<u64> {
            let next = match self.discipline {
                Discipline::Lifo => self.waiting.iter().copied().max_by_key(|w| w.1),
                Discipline::Priority => self.waiting.iter().copied().max_by_key(|w| (w.0, u64::MAX - w.1)),
                _ => self.waiting.iter().copied().min_by_key(|w| w.1),
            };
            self.waiting.retain(|&w| Some(w) != next);
            next.map(|w| w.1)
        }
    }

    #[test]
    fn each_discipline_does_what_a_search_through_all_who_wait_does() {
        // A target that is never missed: this CoDel is a FIFO.
        let patient = Discipline::CoDel { target: Span(u64::MAX), interval: Span(u64::MAX) };
        for discipline in [Discipline::Fifo, Discipline::Lifo, Discipline::Priority, patient] {
            for bound in [0, 1, 7] {
                let mut rng = Seed(bound as u64).stream("test");
                let mut line = WaitingLine::new(discipline, bound);
                let mut twin = Twin { discipline, bound, waiting: Vec::new() };
                let mut dropped = Vec::new();
                for item in 0..5_000 {
                    let priority = rng.below(4) as u8;
                    if rng.below(10) == 0 {
                        // One who waits leaves, or one who never came.
                        let gone = rng.below(item + 1);
                        let known = twin.waiting.iter().any(|w| w.1 == gone);
                        twin.waiting.retain(|w| w.1 != gone);
                        assert_eq!(line.remove(&gone), known, "{discipline:?}");
                    } else if rng.below(5) < 3 {
                        let answer = line.offer(Time(item), item, priority);
                        assert_eq!(answer, twin.offer(priority, item), "{discipline:?}");
                    } else {
                        assert_eq!(line.take(Time(item), &mut dropped), twin.take(), "{discipline:?}");
                    }
                    line.check();
                    assert_eq!((line.len(), line.is_empty()), (twin.waiting.len(), twin.waiting.is_empty()));
                }
                let rest: Vec<_> = std::iter::from_fn(|| twin.take()).collect();
                assert!(line.drain().collect::<Vec<_>>() == rest && line.is_empty() && dropped.is_empty());
            }
        }
    }

    /// Mean wait by priority (low, high) and in all of a single server with exponential service of mean one.
    fn waits(discipline: Discipline, rates: [f64; 2], customers: u32) -> [f64; 2] {
        let mut rng = Seed(11).stream("test");
        let mut exponential = |rate: f64| Span::from_secs(-crate::math::ln(rng.unit_positive()) / rate);
        let mut line = WaitingLine::new(discipline, usize::MAX);
        let mut next = [Time::ZERO + exponential(rates[0]), Time::ZERO + exponential(rates[1])];
        let (mut free, mut sums, mut counts) = (Time::ZERO, [0.0; 2], [0u32; 2]);
        while counts[0] + counts[1] < customers {
            let class = usize::from(next[1] < next[0]);
            if line.is_empty() || next[class] <= free {
                line.offer(next[class], (next[class], class), class as u8).unwrap();
                next[class] = next[class] + exponential(rates[class]);
            } else {
                let (since, class) = line.take(free, &mut Vec::new()).unwrap();
                free = free.max(since);
                sums[class] += free.since(since).as_secs();
                counts[class] += 1;
                free = free + exponential(1.0);
            }
        }
        [sums[0] / f64::from(counts[0]), sums[1] / f64::from(counts[1])]
    }

    /// tests/data/theory.json, mm1prio_0.4_0.4 and mm1prio_0.3_0.5: M/M/1 with non-preemptive priorities (Cobham 1954).
    #[test]
    fn the_important_wait_as_cobham_says() {
        const CUSTOMERS: u32 = 1_000_000;
        for ([high, low], wait_high, wait_low) in
            [([0.4, 0.4], 1.33333333, 6.66666667), ([0.3, 0.5], 1.14285714, 5.71428571)]
        {
            let [simulated_low, simulated_high] = waits(Discipline::Priority, [low, high], CUSTOMERS);
            // The mean of a million waits of M/M/1 at 0.8 has a relative standard deviation of 1.1 % (theory.json, "statistical
            // tolerance"; Daley 1968). The low class waits in the same busy periods and is half to five eighths of them.
            let low_tolerance = 3.0 * 0.011 * wait_low * 1.42;
            assert!((simulated_low - wait_low).abs() < low_tolerance, "{simulated_low} {wait_low}");
            // The high class sees a load of 0.3 to 0.4 alone: a standard deviation well below that of M/M/1 at 0.5, 0.4 %.
            assert!(
                (simulated_high / wait_high - 1.0).abs() < 4.0 * 0.004 * 1.83,
                "{simulated_high} {wait_high}"
            );
            let [a, b] = waits(Discipline::Fifo, [low, high], CUSTOMERS);
            assert!(((a + b) / 2.0 - 4.0).abs() < 3.0 * 0.011 * 4.0, "{a} {b}");
        }
    }
}
