//! What is counted of a node besides outcomes: a table of names, so that reports need not know them.

use std::collections::BTreeMap;

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    /// Calls by edges that leave the node that were sent again.
    Retries,
    /// Second, equal calls that were made before the first was answered.
    Hedges,
    /// Calls that an open circuit breaker did not let out.
    BrokenCircuit,
    /// Calls that waited for a connection of a pool.
    Pooled,
    /// Calls that timed out at the node that made them.
    TimedOut,
    /// Requests refused or dropped to protect the node: rate limit, priority, deadline, CoDel.
    Shed,
    /// Requests for a session that this instance does not have.
    LostSessions,
    /// Static files that a browser had.
    BrowserHits,
    /// Names that had to be looked up.
    Lookups,
    /// Misses that waited for the fetch of another.
    Coalesced,
    /// Values written back to the database.
    WrittenBack,
    /// Reads that a replica answered with an old value.
    StaleReads,
    /// Acknowledged writes that no copy has any more.
    LostWrites,
    /// Writes of a key at two primaries before they met.
    Conflicts,
    /// Replicas that became a primary.
    Promotions,
    /// Keys that moved to another shard.
    MovedKeys,
    /// Messages taken in.
    Published,
    /// Messages delivered again.
    Redelivered,
    /// Messages that were given up.
    DeadLetters,
    /// Messages lost because the queue was full.
    Overflowed,
    /// Instances that autoscaling started.
    Started,
    /// Instances that autoscaling stopped.
    Stopped,
    /// Calls whose callers left the queue.
    Abandoned,
    /// Instances that failed by themselves.
    Failures,
}

/// All, with the names that reports show, in the order of the enum.
pub(crate) const NAMES: [&str; 24] = [
    "retries",
    "hedges",
    "broken_circuit",
    "pooled",
    "timed_out_calls",
    "shed",
    "lost_sessions",
    "browser_hits",
    "dns_lookups",
    "coalesced",
    "written_back",
    "stale_reads",
    "lost_writes",
    "conflicts",
    "promotions",
    "moved_keys",
    "published",
    "redelivered",
    "dead_letters",
    "overflowed",
    "started",
    "stopped",
    "abandoned",
    "failures",
];

/// The counts of a node since the reset.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters([u64; NAMES.len()]);

impl Counters {
    pub(crate) const fn add(&mut self, counter: Counter, count: u64) {
        self.0[counter as usize] += count;
    }

    /// Those that are not zero, by name.
    pub(crate) fn by_name(&self) -> BTreeMap<String, u64> {
        let each = NAMES.into_iter().zip(self.0).filter(|&(_, count)| count > 0);
        each.map(|(name, count)| (name.to_owned(), count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_counter_has_the_last_name() {
        assert_eq!(NAMES[Counter::Failures as usize], "failures");
        assert_eq!(NAMES[Counter::StaleReads as usize], "stale_reads");
        assert_eq!(Counter::Failures as usize + 1, NAMES.len());
    }
}
