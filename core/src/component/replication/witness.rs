//! Counts what users would notice: reads and writes that break the guarantees of a session, key by key.
use super::{Log, Position};
use crate::hash;
use hashbrown::HashTable;
use std::collections::VecDeque;

/// How often each guarantee was broken (Terry et al. 1994).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    /// Reads of a key that missed the reader's own write of it.
    pub read_your_writes: u64,
    /// Reads of a key that showed an older write of it than an earlier read did.
    pub monotonic_reads: u64,
    /// Writes of a key after a read of it whose version a promotion had lost.
    pub writes_follow_reads: u64,
    /// Writes of a key after an own write of it that a promotion had lost.
    pub monotonic_writes: u64,
}

/// Remembers who has written and read which version of which key, as long as some member could contradict it: until all that are up
/// have applied it. What a promotion lost it remembers until that user writes the key again.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// What was counted so far.
    pub violations: Violations,
    /// By user and key. Found by a fixed hash and never iterated.
    seen: HashTable<Seen>,
    /// What is in `seen`, by the time of its last change, with what it was then.
    order: VecDeque<Seen>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    user: u32,
    key: u64,
    wrote: Position,
    read: Position,
}

impl Seen {
    fn hash(&self) -> u64 {
        hash::pair(u64::from(self.user), self.key)
    }

    fn last(&self) -> Position {
        self.wrote.max(self.read)
    }

    fn survives(&self, log: &Log) -> bool {
        log.survives(self.wrote) && log.survives(self.read)
    }
}

impl Witness {
    /// `user` has written `key` at `position`. O(1) amortised.
    pub fn has_written(&mut self, log: &Log, user: u32, key: u64, position: Position) {
        let seen = self.find(user, key);
        self.violations.monotonic_writes += u64::from(!log.survives(seen.wrote));
        self.violations.writes_follow_reads += u64::from(!log.survives(seen.read));
        // From here on the user builds on this write, not on what was lost.
        let read = if log.survives(seen.read) { seen.read } else { Position::START };
        self.remember(log, Seen { wrote: position, read, ..seen });
    }

    /// `user` reads `key` from `member` now; gives whether that broke read your writes, and monotonic reads. O(writes of the key
    /// that the member misses).
    pub fn has_read(&mut self, log: &Log, user: u32, key: u64, member: u16) -> (bool, bool) {
        let seen = self.find(user, key);
        // Without a version it is older than all that is remembered, or as old as the log's memory.
        let version = log.version(member, key).unwrap_or(Position::START);
        let shown = version.max(log.settled());
        let (own, back) = (shown < seen.wrote, shown < seen.read);
        self.violations.read_your_writes += u64::from(own);
        self.violations.monotonic_reads += u64::from(back);
        if version > seen.read {
            self.remember(log, Seen { read: version, ..seen });
        }
        (own, back)
    }

    /// How many pairs of user and key it remembers.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether it remembers nothing.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    fn find(&self, user: u32, key: u64) -> Seen {
        let none = Seen { user, key, wrote: Position::START, read: Position::START };
        self.seen.find(none.hash(), |s| s.user == user && s.key == key).copied().unwrap_or(none)
    }

    fn remember(&mut self, log: &Log, new: Seen) {
        match self.seen.find_mut(new.hash(), |s| s.user == new.user && s.key == new.key) {
            Some(seen) => *seen = new,
            None => {
                self.seen.insert_unique(new.hash(), new, Seen::hash);
            }
        }
        self.order.push_back(new);
        let settled = log.settled();
        while let Some(old) = self.order.pop_front_if(|old| old.last() <= settled) {
            // One that has changed since is in `order` again; one that a promotion lost waits for the user's next write.
            if old.survives(log)
                && let Ok(entry) = self.seen.find_entry(old.hash(), |&s| s == old)
            {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Acknowledge, Guarantees, Session};
    use super::*;
    use crate::rng::Seed;
    use crate::time::{Span, Time};
    use std::collections::BTreeMap;

    /// Positions of all writes by key and all that users saw, never forgotten: the twin of a log and a witness.
    #[derive(Default)]
    struct Twin {
        writes: Vec<(Position, u64)>,
        seen: BTreeMap<(u32, u64), (Position, Position)>,
    }

    impl Twin {
        fn version(&self, applied: Position, key: u64) -> Position {
            let shown = self.writes.iter().rev().find(|&&(p, k)| k == key && p <= applied);
            shown.map_or(Position::START, |&(p, _)| p)
        }
    }

    #[test]
    fn it_sees_what_a_witness_who_forgets_nothing_sees() {
        let (mut log, mut witness, mut twin) =
            (Log::new(3, Acknowledge::Async), Witness::default(), Twin::default());
        let mut rng = Seed(5).stream("test");
        let mut broken = (0, 0);
        for step in 0..30_000 {
            let (user, key, member) = (rng.below(4) as u32, rng.below(6), rng.below(3) as u16);
            match rng.below(8) {
                0 | 1 => {
                    let position = log.append(Time(step), key, user).unwrap();
                    twin.writes.push((position, key));
                    twin.seen.entry((user, key)).or_default().0 = position;
                    witness.has_written(&log, user, key, position);
                }
                2..=4 => {
                    let ahead = log.applied(member).index() + rng.below(4);
                    log.deliver(member, Position::new(0, ahead.min(log.head().index())));
                }
                _ => {
                    let version = twin.version(log.applied(member), key);
                    let seen = twin.seen.entry((user, key)).or_default();
                    let expected = (version < seen.0, version < seen.1);
                    assert_eq!(witness.has_read(&log, user, key, member), expected);
                    seen.1 = seen.1.max(version);
                    broken.0 += u64::from(expected.0);
                    broken.1 += u64::from(expected.1);
                    let last = twin.version(log.head(), key);
                    assert_eq!(log.is_stale(member, key), version < last);
                    let first = twin.writes.iter().find(|&&(p, k)| k == key && p > log.applied(member));
                    assert_eq!(log.stale_since(member, key).is_some(), first.is_some());
                }
            }
            log.check();
        }
        let counted = (witness.violations.read_your_writes, witness.violations.monotonic_reads);
        assert!(counted == broken && broken.0 > 100 && broken.1 > 100, "{broken:?}");
        for member in 0..3 {
            log.deliver(member, log.head());
        }
        let last = log.append(Time(40_000), 0, 0).unwrap();
        for member in 1..3 {
            log.deliver(member, last);
        }
        witness.has_written(&log, 0, 0, last);
        assert!(witness.is_empty());
    }

    #[test]
    fn who_asks_the_session_first_breaks_no_promise() {
        let (mut log, mut witness) = (Log::new(3, Acknowledge::Async), Witness::default());
        let mut sessions = [Session::default(); 4];
        let (mut rng, mut refused) = (Seed(6).stream("test"), 0);
        for step in 0..20_000 {
            let (user, key, member) = (rng.below(4) as usize, rng.below(6), rng.below(3) as u16);
            let session = &mut sessions[user];
            match rng.below(5) {
                0 => {
                    let position = log.append(Time(step), key, user as u32).unwrap();
                    session.has_written(position);
                    witness.has_written(&log, user as u32, key, position);
                }
                1 => {
                    let ahead = log.applied(member).index() + rng.below(6);
                    log.deliver(member, Position::new(0, ahead.min(log.head().index())));
                }
                _ if session.may_read_from(&log, member, Guarantees::ALL) => {
                    witness.has_read(&log, user as u32, key, member);
                    session.has_read(&log, member);
                }
                _ => refused += 1,
            }
        }
        assert!(witness.violations == Violations::default() && refused > 100, "{refused}");
    }

    #[test]
    fn a_write_on_top_of_what_was_lost_is_noticed_once() {
        let (mut log, mut witness) = (Log::new(2, Acknowledge::Async), Witness::default());
        let lost = log.append(Time(1), 7, 1).unwrap();
        witness.has_written(&log, 1, 7, lost);
        witness.has_read(&log, 2, 7, 0);
        log.fail(0);
        log.promote();
        assert_eq!(witness.has_read(&log, 1, 7, 1), (true, false));
        assert_eq!(witness.has_read(&log, 2, 7, 1), (false, true));
        for (user, time) in [(1, 2), (2, 3), (1, 4), (2, 5)] {
            let position = log.append(Time(time), 7, user).unwrap();
            witness.has_written(&log, user, 7, position);
        }
        let counts = witness.violations;
        assert_eq!((counts.monotonic_writes, counts.writes_follow_reads), (1, 1));
    }

    /// tests/data/theory.json, stale_0.02_0.05 and stale_1_0.05: a read of the own write r seconds later from a replica whose lag is
    /// exponential of mean D misses it with chance e^(-r/D).
    #[test]
    fn own_writes_are_missed_as_often_as_the_lag_is_longer() {
        const WRITES: u32 = 20_000;
        let mut rng = Seed(7).stream("test");
        for (after, chance) in [(0.02, 0.670320046), (1.0, 2.06115362e-9)] {
            let (mut log, mut witness) = (Log::new(2, Acknowledge::Async), Witness::default());
            for i in 0..WRITES {
                // Far enough apart that each has arrived before the next: a log delivers in order.
                let now = Time(u64::from(i) * 10_000_000_000);
                let position = log.append(now, 3, 0).unwrap();
                witness.has_written(&log, 0, 3, position);
                let lag = Span::from_secs(-crate::math::ln(rng.unit_positive()) * 0.05);
                if lag <= Span::from_secs(after) {
                    log.deliver(1, position);
                }
                witness.has_read(&log, 0, 3, 1);
                log.deliver(1, position);
            }
            let missed = witness.violations.read_your_writes as f64 / f64::from(WRITES);
            let std = (chance * (1.0 - chance) / f64::from(WRITES)).sqrt();
            assert!((missed - chance).abs() < 4.0 * std, "{missed}");
            // All of it is forgotten again, but the last.
            assert!(log.settled() == log.head() && witness.len() <= 1);
        }
    }
}
