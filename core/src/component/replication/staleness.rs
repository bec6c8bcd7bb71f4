//! What a reader of a member may miss.
use super::{Log, Position, Write};
use crate::time::Time;

impl Log {
    /// How many writes a member has yet to apply.
    pub fn behind(&self, member: u16) -> u64 {
        self.head.index().saturating_sub(self.applied(member).index())
    }

    /// Whether a read of `key` at a member now would miss its last write. Of a member that is so far behind that the log has
    /// forgotten what it misses, every read counts as stale. O(1).
    pub fn is_stale(&self, member: u16, key: u64) -> bool {
        let applied = self.applied(member);
        applied.index() + 1 < self.first || self.last_write(key).is_some_and(|last| last > applied)
    }

    /// Since when what a member shows of `key` is out of date: the time of the first write that it misses. `None` if it is not, or
    /// nothing is known. O(writes of the key that it misses).
    pub fn stale_since(&self, member: u16, key: u64) -> Option<Time> {
        let applied = self.applied(member);
        self.history(key).take_while(|write| write.position > applied).last().map(|write| write.at)
    }

    /// Which write of `key` a member shows now. `None` if it is one that all members up had applied before. O(writes of the key that
    /// it misses).
    pub fn version(&self, member: u16, key: u64) -> Option<Position> {
        let applied = self.applied(member);
        self.history(key).map(|write| write.position).find(|&position| position <= applied)
    }

    /// The writes of a key that are not forgotten, last first.
    fn history(&self, key: u64) -> impl Iterator<Item = Write> + '_ {
        let mut next = self.last_write(key);
        std::iter::from_fn(move || {
            let entry = self.entry(next?)?;
            next = Some(entry.previous);
            Some(entry.write)
        })
    }
}
