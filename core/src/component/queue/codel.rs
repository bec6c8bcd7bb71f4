//! Controlled delay: drops from the front of a line that does not get short (Nichols, Jacobson 2012; RFC 8289, §5).
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// When to drop. A line may be long for a moment; it is *standing* when nobody in a whole interval has waited less than the
/// target. Then one is dropped, and the next ones at intervals that shrink with the square root of their count, until a wait is
/// below the target again.
#[derive(Clone, Copy, Debug)]
pub(super) struct CoDel {
    target: Span,
    interval: Span,
    /// When waits will have been above the target for an interval; `None` while they are not.
    above_until: Option<Time>,
    dropping: bool,
    /// While dropping: when the next one goes.
    next_drop: Time,
    /// Drops since dropping began, carried over if it began again soon.
    count: u32,
    /// `count` when dropping began last.
    last_count: u32,
}

impl CoDel {
    pub(super) const fn new(target: Span, interval: Span) -> Self {
        let (above_until, next_drop) = (None, Time::ZERO);
        Self { target, interval, above_until, dropping: false, next_drop, count: 0, last_count: 0 }
    }

    /// The next one to serve; who is given up on the way goes to `dropped`. RFC 8289, §5.5: `dequeue`.
    pub(super) fn take<T>(
        &mut self,
        now: Time,
        line: &mut VecDeque<(Time, T)>,
        dropped: &mut Vec<T>,
    ) -> Option<T> {
        let (mut item, mut standing) = self.pop(now, line);
        if self.dropping {
            self.dropping = standing;
            while self.dropping && now >= self.next_drop {
                dropped.extend(item.take());
                self.count = self.count.saturating_add(1);
                (item, standing) = self.pop(now, line);
                self.dropping = standing;
                if standing {
                    self.next_drop = self.control(self.next_drop);
                }
            }
        } else if standing {
            dropped.extend(item.take());
            item = self.pop(now, line).0;
            self.begin(now);
        }
        item
    }

    /// Dropping begins. If it ended less than sixteen intervals ago, near the pace that was right then.
    fn begin(&mut self, now: Time) {
        self.dropping = true;
        let delta = self.count.saturating_sub(self.last_count);
        let recent = now.since(self.next_drop) < Span(self.interval.0.saturating_mul(16));
        self.count = if delta > 1 && recent { delta } else { 1 };
        self.next_drop = self.control(now);
        self.last_count = self.count;
    }

    /// RFC 8289: `control_law`.
    fn control(&self, from: Time) -> Time {
        from + Span((self.interval.0 as f64 / f64::from(self.count).sqrt()) as u64)
    }

    /// The first in line, and whether the line is standing. RFC 8289: `dodequeue`, with one request in place of a packet's bytes:
    /// the last one in line is never dropped.
    fn pop<T>(&mut self, now: Time, line: &mut VecDeque<(Time, T)>) -> (Option<T>, bool) {
        let Some((since, item)) = line.pop_front() else {
            self.above_until = None;
            return (None, false);
        };
        if now.since(since) < self.target || line.is_empty() {
            self.above_until = None;
            return (Some(item), false);
        }
        let until = *self.above_until.get_or_insert(now + self.interval);
        (Some(item), now >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Discipline, WaitingLine};
    use super::*;
    use crate::rng::Seed;

    const MILLI: u64 = 1_000_000;

    /// Drives a server of one request a millisecond with `rate` Poisson arrivals a millisecond for forty seconds; the waits of those
    /// served in the last thirty, in ms and rising, and the share that was dropped.
    fn waits(discipline: Discipline, rate: f64) -> (Vec<f64>, f64) {
        let mut rng = Seed(2).stream("test");
        let mut line = WaitingLine::new(discipline, 100_000);
        let (mut next, mut served, mut dropped) = (Time::ZERO, Vec::new(), Vec::new());
        for tick in 0..40_000 {
            let now = Time(tick * MILLI);
            while next <= now {
                line.offer(next, next, 0).unwrap();
                next = next + Span((-crate::math::ln(rng.unit_positive()) / rate * MILLI as f64) as u64);
            }
            if let Some(since) = line.take(now, &mut dropped) {
                served.push((now, now.since(since).as_millis()));
            }
        }
        let share = dropped.len() as f64 / (dropped.len() + served.len()) as f64;
        let mut late: Vec<_> = served.iter().filter(|s| s.0.0 > 10_000 * MILLI).map(|s| s.1).collect();
        late.sort_by(f64::total_cmp);
        (late, share)
    }

    #[test]
    fn in_an_overload_waits_stay_near_the_target_and_the_excess_is_dropped() {
        let codel = Discipline::CoDel { target: Span(5 * MILLI), interval: Span(100 * MILLI) };
        let (late, share) = waits(codel, 1.1);
        let (median, fifo) = (late[late.len() / 2], waits(Discipline::Fifo, 1.1).0);
        // As a fluid: drops come at sqrt(count) / interval, so t into an overload by e per second at t / (2 interval²), and the
        // backlog e t - t² / (4 interval²) has its peak at e² interval² = 100 requests, or 100 ms. A FIFO has 1 s after ten.
        assert!(fifo[0] > 800.0 && median < 100.0, "{median} {}", fifo[0]);
        // One of eleven cannot be served; 44,000 arrivals have a standard deviation of 210, or 0.0044 of the share.
        assert!((share - 1.0 / 11.0).abs() < 3.0 * 0.0044, "{share}");
    }

    #[test]
    fn a_line_that_gets_short_within_each_interval_loses_nobody() {
        let codel = Discipline::CoDel { target: Span(5 * MILLI), interval: Span(100 * MILLI) };
        assert_eq!(waits(codel, 0.5).1, 0.0);
        // A burst of fifty every 100 ms is served in 50 ms: long for a moment, never standing.
        let (mut line, mut dropped) = (WaitingLine::new(codel, 1_000), Vec::new());
        for tick in 0..1_000 {
            if tick % 100 == 0 {
                (0..50).for_each(|i| line.offer(Time(tick * MILLI), i, 0).unwrap());
            }
            line.take(Time(tick * MILLI), &mut dropped);
        }
        assert!(dropped.is_empty());
    }

    /// RFC 8289, §3.2: drops follow at interval / sqrt(count).
    #[test]
    fn drops_come_at_intervals_that_shrink_with_the_square_root_of_their_count() {
        let mut line = WaitingLine::new(
            Discipline::CoDel { target: Span(5 * MILLI), interval: Span(100 * MILLI) },
            1_000_000,
        );
        (0..900_000).for_each(|i| line.offer(Time::ZERO, i, 0).unwrap());
        let (mut dropped, mut times) = (Vec::new(), Vec::new());
        // Every 10 µs from 10 ms on: the wait is above the target at once.
        for tick in 0..60_000u64 {
            let now = Time(10 * MILLI + tick * 10_000);
            let before = dropped.len();
            line.take(now, &mut dropped);
            times.extend((before..dropped.len()).map(|_| now.since(Time(10 * MILLI)).as_millis()));
        }
        let mut expected = 100.0;
        for (i, time) in times.iter().enumerate() {
            // Each is found at the next tick, and next drops are whole nanoseconds, rounded down.
            assert!((-0.0001..=0.0101).contains(&(time - expected)), "{i} {time} {expected}");
            expected += 100.0 / ((i + 1) as f64).sqrt();
        }
        assert!(times.len() > 8);
    }
}
