//! What one user may count on, whichever member answers (Terry et al. 1994, Session Guarantees for Weakly Consistent Replicated
//! Data).
use super::{Log, Position};

/// Which promises are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guarantees {
    /// A read shows the user's own writes.
    pub read_your_writes: bool,
    /// A read shows nothing older than earlier reads did.
    pub monotonic_reads: bool,
    /// A write comes after the writes that the user had read.
    pub writes_follow_reads: bool,
    /// A write comes after the user's earlier writes.
    pub monotonic_writes: bool,
}

impl Guarantees {
    /// None of them.
    pub const NONE: Self = Self {
        read_your_writes: false,
        monotonic_reads: false,
        writes_follow_reads: false,
        monotonic_writes: false,
    };
    /// All of them.
    pub const ALL: Self = Self {
        read_your_writes: true,
        monotonic_reads: true,
        writes_follow_reads: true,
        monotonic_writes: true,
    };
}

/// What one user has done to one shard: two positions, 16 bytes. It may be stricter than the user needs, since it holds a member to
/// all keys, not only to those that the user touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// The last write of this user.
    pub wrote: Position,
    /// Up to where the members that this user read from had come.
    pub read: Position,
}

impl Session {
    /// Whether this user's next read may go to `member`. What a promotion has lost cannot be waited for and is not.
    pub fn may_read_from(&self, log: &Log, member: u16, guarantees: Guarantees) -> bool {
        let applied = log.applied(member);
        let shows = |position| log.surviving(position) <= applied;
        (!guarantees.read_your_writes || shows(self.wrote))
            && (!guarantees.monotonic_reads || shows(self.read))
    }

    /// Whether this user's next write may go to `member`: to any primary that has not lost what the write must follow. After a
    /// promotion that lost it the answer is false, and the session has to begin anew.
    pub fn may_write_to(&self, log: &Log, member: u16, guarantees: Guarantees) -> bool {
        let received = log.received(member);
        let has = |position| log.survives(position) && position <= received;
        (!guarantees.monotonic_writes || has(self.wrote))
            && (!guarantees.writes_follow_reads || has(self.read))
    }

    /// Remembers a write.
    pub fn has_written(&mut self, position: Position) {
        self.wrote = self.wrote.max(position);
    }

    /// Remembers a read from `member`.
    pub fn has_read(&mut self, log: &Log, member: u16) {
        self.read = self.read.max(log.applied(member));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Acknowledge;
    use super::*;
    use crate::time::Time;

    const RYW: Guarantees = Guarantees { read_your_writes: true, ..Guarantees::NONE };
    const MR: Guarantees = Guarantees { monotonic_reads: true, ..Guarantees::NONE };
    const WFR: Guarantees = Guarantees { writes_follow_reads: true, ..Guarantees::NONE };
    const MW: Guarantees = Guarantees { monotonic_writes: true, ..Guarantees::NONE };

    #[test]
    fn each_guarantee_asks_for_its_own_position() {
        let mut log = Log::new(3, Acknowledge::Async);
        let [first, second] = [1, 2].map(|key| log.append(Time(key), key, 0).unwrap());
        log.deliver(1, first);
        let mut session = Session::default();
        assert!((0..3).all(|member| session.may_read_from(&log, member, Guarantees::ALL)));
        session.has_written(first);
        let may = |session: &Session, g| [0, 1, 2].map(|member| session.may_read_from(&log, member, g));
        assert_eq!(may(&session, RYW), [true, true, false]);
        assert_eq!(may(&session, MR), [true; 3]);
        session.has_read(&log, 0);
        assert_eq!((session.read, may(&session, MR)), (second, [true, false, false]));
        assert_eq!((may(&session, RYW), may(&session, Guarantees::NONE)), ([true, true, false], [true; 3]));
    }

    #[test]
    fn a_promotion_that_loses_what_a_write_must_follow_breaks_the_session() {
        let mut log = Log::new(2, Acknowledge::Async);
        let kept = log.append(Time(1), 1, 0).unwrap();
        log.deliver(1, kept);
        let lost = log.append(Time(2), 2, 0).unwrap();
        let writer = Session { wrote: lost, read: kept };
        let reader = Session { wrote: kept, read: lost };
        log.fail(0);
        log.promote();
        let may = |session: Session, g| session.may_write_to(&log, 1, g);
        assert!(!may(writer, MW) && may(writer, WFR) && may(reader, MW) && !may(reader, WFR));
        // Reads go on with what is left.
        assert!(writer.may_read_from(&log, 1, Guarantees::ALL));
    }
}
