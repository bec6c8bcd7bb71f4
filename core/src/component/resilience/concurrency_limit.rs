//! How many calls may be in flight at once: fixed, or found by trying.
use crate::time::{Span, Time};

/// How a limit is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Adaptation {
    /// It stays.
    Fixed,
    /// Additive increase, multiplicative decrease (Chiu & Jain 1989, §III): one more for each limit's worth of good
    /// calls while at least half of it is used, and `backoff` in (0, 1) times as many after a failure. Calls from
    /// before a decrease do not decrease it again.
    Aimd {
        /// What a failure leaves of the limit; 0.9 is usual.
        backoff: f64,
        /// A response later than this counts as a failure.
        late: Span,
    },
    /// By the gradient of the response time (Netflix concurrency-limits 2018, `GradientLimit`): the response without
    /// load over that of the last calls says how much of the limit waits. Settles at `tolerance` times what the server
    /// does at once, plus `queue`. The mean is over a limit's worth of calls, about a round trip. The response without
    /// load is the least mean since the last probe; a probe lowers the limit to `queue` for a moment, each thousand
    /// means.
    Gradient {
        /// By what factor responses may be slower than without load before the limit is lowered, ≥ 1.
        tolerance: f64,
        /// How many calls may queue, ≥ 1; by so many the limit grows with each mean while there is no queue. 4 is
        /// usual.
        queue: f64,
    },
}

/// Of a lower limit, so much is taken over at once.
const SMOOTHING: f64 = 0.2;
/// So many samples lie between two probes.
const PROBE: u32 = 1_000;
/// So many calls make a sample at least.
const SAMPLE: u32 = 10;

/// Admits calls while fewer than the limit are in flight. By Little's law the limit is throughput times response time,
/// so it bounds the queue without knowing the rate. O(1).
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit {
    adaptation: Adaptation,
    min: u32,
    max: u32,
    /// In `min..=max`.
    limit: f64,
    in_flight: u32,
    /// When it was last lowered after a failure.
    lowered: Time,
    /// Gradient: the response without load in nanoseconds, infinite before the first sample after a probe.
    idle: f64,
    /// Gradient: samples since the last probe.
    samples: u32,
    /// Gradient: the responses that will be a sample, and their sum.
    responses: u32,
    sum: Span,
}

impl ConcurrencyLimit {
    /// Always `limit`.
    pub fn fixed(limit: u32) -> Self {
        Self::adaptive(Adaptation::Fixed, limit, limit, limit)
    }

    /// From `initial` on, between `min` ≥ 1 and `max`.
    ///
    /// # Panics
    /// Unless `1 ≤ min ≤ initial ≤ max`.
    pub fn adaptive(adaptation: Adaptation, min: u32, initial: u32, max: u32) -> Self {
        assert!(1 <= min && min <= initial && initial <= max, "limits are in order: {min}, {initial}, {max}");
        Self {
            adaptation,
            min,
            max,
            limit: f64::from(initial),
            in_flight: 0,
            lowered: Time::ZERO,
            idle: f64::INFINITY,
            samples: 0,
            responses: 0,
            sum: Span::ZERO,
        }
    }

    /// Whether a call may be made; if so, its end must be told to [`Self::ended`].
    pub fn admit(&mut self) -> bool {
        let room = self.in_flight < self.limit();
        self.in_flight += u32::from(room);
        room
    }

    /// An admitted call has ended after `response`, well or not.
    pub fn ended(&mut self, now: Time, response: Span, ok: bool) {
        debug_assert!(self.in_flight > 0, "a call ended that was not admitted");
        let used = f64::from(self.in_flight) >= self.limit / 2.0;
        self.in_flight -= 1;
        let limit = match self.adaptation {
            Adaptation::Fixed => return,
            Adaptation::Aimd { backoff, late } => {
                self.aimd(now, response, ok && response <= late, used, backoff)
            }
            Adaptation::Gradient { tolerance, queue } => self.gradient(response, used, tolerance, queue),
        };
        self.limit = limit.clamp(f64::from(self.min), f64::from(self.max));
    }

    /// How many may be in flight.
    pub fn limit(&self) -> u32 {
        self.limit as u32
    }

    /// How many are.
    pub const fn in_flight(&self) -> u32 {
        self.in_flight
    }

    fn aimd(&mut self, now: Time, response: Span, ok: bool, used: bool, backoff: f64) -> f64 {
        let news = now - response >= self.lowered;
        match (ok, news, used) {
            (false, true, _) => {
                self.lowered = now;
                self.limit * backoff
            }
            (true, _, true) => self.limit + 1.0 / self.limit,
            _ => self.limit,
        }
    }

    fn gradient(&mut self, response: Span, used: bool, tolerance: f64, queue: f64) -> f64 {
        self.responses += 1;
        self.sum += response;
        if self.responses < self.limit().max(SAMPLE) {
            return self.limit;
        }
        let mean = (self.sum.0 as f64 / f64::from(self.responses)).max(1.0);
        (self.responses, self.sum) = (0, Span::ZERO);
        self.samples += 1;
        self.idle = self.idle.min(mean);
        if self.samples == PROBE {
            (self.samples, self.idle) = (0, f64::INFINITY);
            return queue;
        }
        if !used {
            return self.limit;
        }
        let found = self.limit * (tolerance * self.idle / mean).clamp(0.5, 1.0) + queue;
        if found > self.limit { found } else { self.limit + (found - self.limit) * SMOOTHING }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::processor::{Discipline, Processor};

    #[test]
    fn no_more_are_in_flight_than_the_limit() {
        let mut limit = ConcurrencyLimit::fixed(2);
        assert_eq!([limit.admit(), limit.admit(), limit.admit()], [true, true, false]);
        limit.ended(Time(5), Span(5), false);
        assert_eq!((limit.in_flight(), limit.limit(), limit.admit()), (1, 2, true));
    }

    /// Callers without end before a server that does `capacity` at once, 1 ms each: the limits while the last half of
    /// `calls` ended. A call fails when more than `most` were in flight as it ended.
    fn swing(limit: &mut ConcurrencyLimit, capacity: f64, calls: u32, most: u32) -> (u32, u32) {
        let mut server = Processor::new(capacity, Discipline::Fcfs);
        let (mut started, mut now) = (Vec::new(), Time::ZERO);
        let (mut least, mut highest) = (u32::MAX, 0);
        for ended in 0..calls {
            while limit.admit() {
                server.start(now, started.len() as u32, Span(1_000_000));
                started.push(now);
            }
            now = server.next().unwrap();
            let call = server.finish(now).unwrap();
            let ok = limit.in_flight() <= most;
            limit.ended(now, now.since(started[call as usize]), ok);
            if ended > calls / 2 {
                (least, highest) = (least.min(limit.limit()), highest.max(limit.limit()));
            }
        }
        (0..limit.in_flight()).for_each(|_| limit.ended(now, Span(1_000_000), true));
        (least, highest)
    }

    #[test]
    fn aimd_grows_by_one_a_round() {
        let adaptation = Adaptation::Aimd { backoff: 0.5, late: Span::SECOND };
        let mut limit = ConcurrencyLimit::adaptive(adaptation, 1, 10, 1_000);
        // d(limit) / d(call) = 1 / limit, so 1,000 calls take it from 10 to the root of 10² + 2 · 1,000: 45.8.
        swing(&mut limit, 1_000.0, 1_000, u32::MAX);
        assert!((44..=46).contains(&limit.limit()), "{}", limit.limit());
    }

    #[test]
    fn aimd_swings_below_what_the_server_can_take() {
        let adaptation = Adaptation::Aimd { backoff: 0.9, late: Span::SECOND };
        let mut limit = ConcurrencyLimit::adaptive(adaptation, 1, 1, 10_000);
        // More than 100 at once fail: a sawtooth from 101, the first limit that fails, to nine tenths of it.
        let (least, most) = swing(&mut limit, 1_000.0, 100_000, 100);
        assert!((90..95).contains(&least) && most == 101, "{least}..{most}");
    }

    #[test]
    fn the_failures_of_one_round_lower_the_limit_once() {
        let adaptation = Adaptation::Aimd { backoff: 0.5, late: Span(10) };
        let mut limit = ConcurrencyLimit::adaptive(adaptation, 1, 64, 64);
        (0..64).for_each(|_| assert!(limit.admit()));
        // All started at 100; the first is late, the others fail too.
        (0..32).for_each(|_| limit.ended(Time(120), Span(20), true));
        (0..32).for_each(|_| limit.ended(Time(130), Span(30), false));
        assert_eq!(limit.limit(), 32);
        assert!(limit.admit());
        limit.ended(Time(150), Span(5), false);
        assert_eq!(limit.limit(), 16);
    }

    #[test]
    fn the_gradient_finds_what_the_server_does_at_once_and_lets_few_wait() {
        for capacity in [20u32, 100] {
            let adaptation = Adaptation::Gradient { tolerance: 1.0, queue: 4.0 };
            let mut limit = ConcurrencyLimit::adaptive(adaptation, 1, 10, 1_000);
            // Short of the first probe. The fixed point is capacity + queue; a mean judges the limit of a round or two
            // ago, since when it may have grown twice by `queue`.
            let (least, most) = swing(&mut limit, f64::from(capacity), 9_000, u32::MAX);
            assert!(least >= capacity && most <= capacity + 3 * 4, "{least}..{most} for {capacity}");
        }
    }

    #[test]
    fn a_probe_finds_out_that_the_server_has_become_slower() {
        let adaptation = Adaptation::Gradient { tolerance: 1.0, queue: 4.0 };
        let mut limit = ConcurrencyLimit::adaptive(adaptation, 1, 10, 1_000);
        swing(&mut limit, 50.0, 9_000, u32::MAX);
        // A floor of 0.1 ms was seen once, and holds the limit down until a probe forgets it.
        limit.idle = 1e5;
        let (_, most) = swing(&mut limit, 50.0, 900, u32::MAX);
        assert!(most < 50, "{most}");
        swing(&mut limit, 50.0, 60_000, u32::MAX);
        assert!(limit.limit() >= 50, "{}", limit.limit());
    }
}
