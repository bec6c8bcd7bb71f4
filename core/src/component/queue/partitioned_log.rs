//! A log in partitions: messages stay after they were read, in order within a partition (Kreps et al. 2011, Kafka).
use crate::hash;
use crate::time::Time;
use std::collections::VecDeque;

/// A message in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// When it was published.
    pub published: Time,
    /// Its key.
    pub key: u64,
    /// What was published.
    pub message: T,
}

/// The log. Messages of one key are in one partition, and so in order.
#[derive(Clone, Debug)]
pub struct PartitionedLog<T> {
    /// Each no longer than `retention`.
    partitions: Vec<Partition<T>>,
    retention: usize,
}

#[derive(Clone, Debug)]
struct Partition<T> {
    /// Offset of the first entry that is kept.
    first: u64,
    entries: VecDeque<Entry<T>>,
}

impl<T> PartitionedLog<T> {
    /// An empty log of `partitions` ≥ 1 partitions, each of which keeps its last `retention` entries.
    ///
    /// # Panics
    /// If there is no partition.
    pub fn new(partitions: u16, retention: usize) -> Self {
        assert!(partitions > 0, "a log needs a partition");
        let empty = || Partition { first: 0, entries: VecDeque::new() };
        Self { partitions: (0..partitions).map(|_| empty()).collect(), retention }
    }

    /// How many partitions there are.
    pub fn partitions(&self) -> u16 {
        self.partitions.len() as u16
    }

    /// The partition of `key`: its hash modulo the number of partitions.
    pub fn partition(&self, key: u64) -> u16 {
        (hash::mix(key) % self.partitions.len() as u64) as u16
    }

    /// Appends a message; gives its partition and its offset there. The oldest entry of a full partition is forgotten, read or
    /// not. O(1).
    pub fn publish(&mut self, now: Time, key: u64, message: T) -> (u16, u64) {
        let number = self.partition(key);
        let partition = &mut self.partitions[usize::from(number)];
        let offset = partition.first + partition.entries.len() as u64;
        partition.entries.push_back(Entry { published: now, key, message });
        if partition.entries.len() > self.retention {
            partition.entries.pop_front();
            partition.first += 1;
        }
        (number, offset)
    }

    /// The entry at `offset`, if it is kept. O(1).
    ///
    /// # Panics
    /// If there is no such partition; so do [`PartitionedLog::first`] and [`PartitionedLog::end`].
    pub fn read(&self, partition: u16, offset: u64) -> Option<&Entry<T>> {
        let partition = &self.partitions[usize::from(partition)];
        partition.entries.get(usize::try_from(offset.checked_sub(partition.first)?).ok()?)
    }

    /// The offset of the oldest entry that is kept.
    pub fn first(&self, partition: u16) -> u64 {
        self.partitions[usize::from(partition)].first
    }

    /// The offset that the next entry gets.
    pub fn end(&self, partition: u16) -> u64 {
        let partition = &self.partitions[usize::from(partition)];
        partition.first + partition.entries.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn a_partition_is_the_last_entries_of_its_keys_in_order() {
        let mut rng = Seed(1).stream("test");
        let mut log = PartitionedLog::new(4, 50);
        let mut twin = vec![Vec::new(); 4];
        for message in 0..2_000u32 {
            let key = rng.below(100);
            let (partition, offset) = log.publish(Time::ZERO, key, message);
            let all: &mut Vec<_> = &mut twin[usize::from(partition)];
            assert!(offset == all.len() as u64 && partition == log.partition(key));
            all.push((key, message));
        }
        for (partition, all) in (0..).zip(&twin) {
            assert_eq!((log.first(partition), log.end(partition)), (all.len() as u64 - 50, all.len() as u64));
            for (offset, &expected) in (0..).zip(all) {
                let kept = (offset >= log.first(partition)).then_some(expected);
                assert_eq!(log.read(partition, offset).map(|e| (e.key, e.message)), kept);
            }
            assert!(log.read(partition, log.end(partition)).is_none());
        }
    }

    #[test]
    fn a_log_that_keeps_nothing_still_counts() {
        let mut log = PartitionedLog::new(1, 0);
        assert_eq!([log.publish(Time::ZERO, 1, 'a'), log.publish(Time::ZERO, 2, 'b')], [(0, 0), (0, 1)]);
        assert!(log.read(0, 1).is_none() && log.first(0) == 2);
    }
}
