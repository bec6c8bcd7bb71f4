//! Members fail, come back, and take over.
use super::log::{Log, Position, Standing, Write};

/// A replica became the primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// Which one: the most advanced, the first of equals.
    pub replica: u16,
    /// Who was primary before.
    pub from: u16,
    /// How many writes it has received and must apply before it serves; it counts as having done so.
    pub to_apply: u64,
    /// The writes that only others had, and that are gone; in the order of the log.
    pub lost: Vec<Write>,
    /// How many of them, the first ones, had been acknowledged: what somebody believes to be safe.
    pub lost_acknowledged: u64,
}

/// How a member that was down gets what it missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatchUp {
    /// The log still has all of it.
    Log,
    /// The log has forgotten some: it must copy everything.
    Snapshot,
}

/// A member came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// How many writes it had to discard, because a promotion had lost them.
    pub discarded: u64,
    /// How many writes it has to receive until it is live.
    pub missing: u64,
    /// How it gets them; of no meaning if there are none.
    pub catch_up: CatchUp,
}

impl Log {
    /// A member fails: it receives nothing, and nobody waits for it. If it was the primary there is none until a promotion, or until
    /// it comes back.
    pub fn fail(&mut self, member: u16) {
        self.members[usize::from(member)].standing = Standing::Down;
        if self.primary == Some(member) {
            self.primary = None;
        }
        self.settle();
    }

    /// The most advanced member that is up becomes the primary, and what it has not received is lost. `None`, and nothing changes,
    /// while there is a primary, or if no member that is up has a whole copy. O(members + lost).
    pub fn promote(&mut self) -> Option<Promotion> {
        if self.primary.is_some() {
            return None;
        }
        let up = (0..).zip(&self.members).filter(|(_, m)| m.standing != Standing::Down);
        let whole = up.filter(|(_, m)| m.received.index() + 1 >= self.first);
        // Of equals `max_by_key` gives the last, so the numbers are turned around.
        let (replica, chosen) = whole.max_by_key(|&(number, m)| (m.received, u16::MAX - number))?;
        let (fork, to_apply) = (chosen.received, chosen.received.index() - chosen.applied.index());
        let lost = self.cut(fork);
        let lost_acknowledged =
            lost.iter().filter(|write| write.position <= self.acknowledged).count() as u64;
        let from = self.last_primary;
        (self.primary, self.last_primary) = (Some(replica), replica);
        self.acknowledged = self.acknowledged.min(fork);
        self.members[usize::from(replica)].applied = fork;
        for member in &mut self.members {
            if member.standing == Standing::CatchingUp && member.received == fork {
                member.standing = Standing::Live;
            }
        }
        self.settle();
        Some(Promotion { replica, from, to_apply, lost, lost_acknowledged })
    }

    /// A member that was down is up again. If it was the primary and nobody took its place, it is the primary again, and nothing
    /// is lost. Else it discards what a promotion has lost, and catches up. Nothing changes if it is not down.
    pub fn restore(&mut self, member: u16) -> Restored {
        let own = self.members[usize::from(member)];
        let received = self.surviving(own.received);
        let missing = self.head.index() - received.index();
        let catch_up = if received.index() + 1 >= self.first { CatchUp::Log } else { CatchUp::Snapshot };
        let discarded = own.received.index() - received.index();
        if own.standing == Standing::Down {
            let place = &mut self.members[usize::from(member)];
            (place.received, place.applied) = (received, own.applied.min(received));
            place.standing = if missing == 0 { Standing::Live } else { Standing::CatchingUp };
            if self.primary.is_none() && self.last_primary == member {
                self.primary = Some(member);
            }
            self.settle();
        }
        Restored { discarded, missing, catch_up }
    }

    /// A new term begins after `fork`: what comes later in the log is taken out of it.
    fn cut(&mut self, fork: Position) -> Vec<Write> {
        let mut lost = Vec::new();
        while let Some(entry) = self.entries.pop_back_if(|entry| entry.write.position > fork) {
            lost.push(entry.write);
            self.undo(entry);
        }
        lost.reverse();
        self.head = fork;
        self.forks.push(fork);
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::super::Acknowledge;
    use super::*;
    use crate::rng::{Rng, Seed};
    use crate::stats::Moments;
    use crate::time::{Span, Time};

    #[test]
    fn a_failover_loses_what_no_replica_had_received_and_the_old_primary_discards_it() {
        let mut log = Log::new(3, Acknowledge::Async);
        let writes: Vec<_> = (0..10).map(|i| log.append(Time(i), i % 2, 9).unwrap()).collect();
        log.deliver(1, writes[3]);
        log.receive(2, writes[6]);
        log.apply(2, writes[4]);
        log.fail(0);
        assert_eq!(log.append(Time(20), 0, 0), None);
        let promotion = log.promote().unwrap();
        assert_eq!((promotion.replica, promotion.from, promotion.to_apply), (2, 0, 2));
        assert_eq!(promotion.lost.iter().map(|w| w.position).collect::<Vec<_>>(), writes[7..]);
        assert_eq!((promotion.lost_acknowledged, log.promote()), (3, None));
        // Key 0 was last written by a surviving write, key 1 as well; replica 1 misses both.
        assert!(!log.is_stale(2, 0) && log.is_stale(1, 0) && log.is_stale(1, 1));
        let next = log.append(Time(30), 5, 9).unwrap();
        assert!(next > writes[9] && next.index() == 8 && next.term() == 1);
        assert!(!log.survives(writes[8]) && log.survives(writes[6]));
        // Late from the old primary: in vain.
        assert_eq!((log.deliver(1, writes[9]), log.received(1)), (next, writes[3]));
        let restored = log.restore(0);
        assert_eq!(restored, Restored { discarded: 3, missing: 1, catch_up: CatchUp::Log });
        assert_eq!((log.received(0), log.standing(0)), (writes[6], Standing::CatchingUp));
        log.deliver(0, next);
        assert_eq!(log.standing(0), Standing::Live);
        log.check();
    }

    #[test]
    fn a_primary_that_comes_back_before_a_promotion_loses_nothing() {
        let mut log = Log::new(2, Acknowledge::Async);
        let last = log.append(Time(1), 1, 1).unwrap();
        log.fail(0);
        assert_eq!(log.restore(0).discarded, 0);
        assert_eq!((log.primary(), log.head(), log.survives(last)), (Some(0), last, true));
        log.fail(0);
        log.fail(1);
        assert_eq!(log.promote(), None);
    }

    #[test]
    fn whoever_was_down_while_the_log_was_forgotten_needs_a_snapshot() {
        let mut log = Log::new(3, Acknowledge::Async);
        log.fail(2);
        for i in 0..5 {
            let position = log.append(Time(i), i, 0).unwrap();
            log.deliver(1, position);
        }
        assert_eq!(log.restore(2), Restored { discarded: 0, missing: 5, catch_up: CatchUp::Snapshot });
        // Without a whole copy it cannot take over, and what it shows is not to be trusted.
        assert!(log.is_stale(2, 99));
        log.fail(0);
        log.fail(1);
        assert_eq!(log.promote(), None);
        log.restore(1);
        assert_eq!(log.promote().map(|p| p.replica), Some(1));
        log.check();
    }

    #[test]
    fn acknowledged_writes_survive_the_primary_if_a_replica_had_to_have_them() {
        for acknowledge in [Acknowledge::SemiSync { replicas: 1 }, Acknowledge::Sync, Acknowledge::Async] {
            let mut rng = Seed(8).stream("test");
            let mut lost = 0;
            for _ in 0..200 {
                let mut log = Log::new(3, acknowledge);
                for i in 0..50 {
                    let position = log.append(Time(i), i, 0).unwrap();
                    for replica in 1..3 {
                        if rng.below(3) == 0 {
                            log.deliver(replica, position);
                        }
                    }
                }
                log.fail(0);
                lost += log.promote().unwrap().lost_acknowledged;
            }
            assert_eq!(lost > 0, acknowledge == Acknowledge::Async);
        }
    }

    /// Writes as a Poisson process of `rate` per second until `until`.
    fn writes(rng: &mut Rng, rate: f64, until: Time) -> Vec<Time> {
        let mut now = Time::ZERO;
        std::iter::from_fn(|| {
            now = now + Span::from_secs(-crate::math::ln(rng.unit_positive()) / rate);
            (now < until).then_some(now)
        })
        .collect()
    }

    /// How many writes a failover at `until` loses if the replica has received those before `received`.
    fn lost(writes: &[Time], received: Time) -> f64 {
        let mut log = Log::new(2, Acknowledge::Async);
        for (i, &at) in (0..).zip(writes) {
            let position = log.append(at, i, 0).unwrap();
            if at <= received {
                log.deliver(1, position);
            }
        }
        log.fail(0);
        log.promote().unwrap().lost.len() as f64
    }

    const RUNS: u32 = 4_000;

    /// tests/data/theory.json, asynclost_5000_0.01 and asynclost_200_0.5: what is on its way is Poisson of mean w E[D]. A constant
    /// lag, so that a log without gaps is the M/G/inf of the formula.
    #[test]
    fn a_failover_loses_what_was_on_its_way() {
        let mut rng = Seed(1).stream("test");
        for (rate, lag, mean, std) in [(5_000.0, 0.01, 50.0, 7.07106781), (200.0, 0.5, 100.0, 10.0)] {
            let (lag, mut moments) = (Span::from_secs(lag), Moments::default());
            for _ in 0..RUNS {
                let until = Time::ZERO + lag + lag;
                moments.add(lost(&writes(&mut rng, rate, until), until - lag));
            }
            let runs = f64::from(RUNS);
            assert!((moments.mean() - mean).abs() < 4.0 * std / runs.sqrt(), "{}", moments.mean());
            // The standard deviation of n nearly normal draws varies by 1 / sqrt(2 n).
            let spread = moments.variance().sqrt() / std;
            assert!((spread - 1.0).abs() < 4.0 / (2.0 * runs).sqrt(), "{spread}");
        }
    }

    /// tests/data/theory.json, batchlost_100_1.0 and batchlost_1000_0.1: w (T/2 + d) when the log is shipped every T.
    #[test]
    fn a_log_shipped_in_batches_loses_half_a_period_more() {
        let mut rng = Seed(2).stream("test");
        for (rate, period, delay, mean, max) in
            [(100.0, 1.0, 0.1, 60.0, 110.0), (1_000.0, 0.1, 0.02, 70.0, 120.0)]
        {
            let mut moments = Moments::default();
            for _ in 0..RUNS {
                // The last batch that has arrived was shipped at 2 T; the next will arrive T later.
                let until = Time::ZERO + Span::from_secs(2.0 * period + delay + period * rng.unit());
                moments.add(lost(&writes(&mut rng, rate, until), Time::ZERO + Span::from_secs(2.0 * period)));
            }
            // Uniform over the period, and Poisson around that.
            let std = (rate * period * rate * period / 12.0 + mean).sqrt();
            assert!((moments.mean() - mean).abs() < 4.0 * std / f64::from(RUNS).sqrt(), "{}", moments.mean());
            assert!(moments.mean() < max);
        }
    }
}
