//! A group of consumers that share the partitions of a log.
use super::{Entry, PartitionedLog};

/// How partitions are shared out when members come and go (Kafka's assignors, for one topic).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// Neighbouring partitions to one member: the first members get one more where it does not divide.
    Range,
    /// One partition to each member in turn.
    RoundRobin,
    /// Whoever has a partition keeps it, except where that would leave shares more than one apart.
    Sticky,
}

/// A partition that changes hands. Whoever takes it reads on from the committed offset: what was read after it is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Which partition.
    pub partition: u16,
    /// Who had it.
    pub from: Option<u16>,
    /// Who has it now.
    pub to: Option<u16>,
}

/// A message as a member reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<T> {
    /// From which partition.
    pub partition: u16,
    /// Where in it; to be committed plus one.
    pub offset: u64,
    /// The message.
    pub entry: Entry<T>,
}

/// Who reads which partition, how far it has read, and how far it has said so.
///
/// Delivery is at least once, and in order within a partition as long as its owner does not change.
#[derive(Clone, Debug)]
pub struct ConsumerGroup {
    assignment: Assignment,
    /// In rising order, so that the order of joining does not matter.
    members: Vec<u16>,
    partitions: Vec<Progress>,
    /// The partition at which the next poll begins.
    turn: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// One of the members, or none if there is no member.
    owner: Option<u16>,
    /// All before it is done with.
    committed: u64,
    /// The next to be read; not below `committed`, but for a replay.
    next: u64,
}

impl ConsumerGroup {
    /// A group without members that reads a log of so many partitions from its beginning.
    pub fn new(assignment: Assignment, partitions: u16) -> Self {
        let partitions = vec![Progress::default(); usize::from(partitions)];
        Self { assignment, members: Vec::new(), partitions, turn: 0 }
    }

    /// Who reads a partition.
    pub fn owner(&self, partition: u16) -> Option<u16> {
        self.partitions[usize::from(partition)].owner
    }

    /// The offset before which all of a partition is done with.
    pub fn committed(&self, partition: u16) -> u64 {
        self.partitions[usize::from(partition)].committed
    }

    /// A member joins; gives the partitions that change hands, in rising order. Nothing changes if it is one already.
    /// O(partitions × members).
    pub fn join(&mut self, member: u16) -> Vec<Handover> {
        match self.members.binary_search(&member) {
            Ok(_) => Vec::new(),
            Err(place) => {
                self.members.insert(place, member);
                self.rebalance()
            }
        }
    }

    /// A member leaves or is found dead; gives the partitions that change hands, in rising order.
    pub fn leave(&mut self, member: u16) -> Vec<Handover> {
        self.members.retain(|&m| m != member);
        self.rebalance()
    }

    /// The next message for `member` from one of its partitions, each in turn; `None` when it has read all. What the log has
    /// already forgotten is skipped. O(partitions) at worst.
    pub fn poll<T: Copy>(&mut self, log: &PartitionedLog<T>, member: u16) -> Option<Record<T>> {
        self.poll_from(log, member, |_| true)
    }

    /// As [`ConsumerGroup::poll`], from the partitions that `may` accepts: whoever does not read on in a partition before it is done
    /// with its last message works on its messages in order.
    pub fn poll_from<T: Copy>(
        &mut self,
        log: &PartitionedLog<T>,
        member: u16,
        may: impl Fn(u16) -> bool,
    ) -> Option<Record<T>> {
        let count = self.partitions.len();
        for number in (0..count).map(|i| (self.turn + i) % count) {
            let partition = number as u16;
            let progress = &mut self.partitions[number];
            if progress.owner != Some(member) || !may(partition) {
                continue;
            }
            let offset = progress.next.max(log.first(partition));
            let Some(&entry) = log.read(partition, offset) else { continue };
            progress.next = offset + 1;
            self.turn = number + 1;
            return Some(Record { partition, offset, entry });
        }
        None
    }

    /// `member` is done with all of a partition before `offset`. False, and nothing changes, if it does not own the partition any
    /// more: then another reads on from what was committed before.
    pub fn commit(&mut self, member: u16, partition: u16, offset: u64) -> bool {
        let progress = &mut self.partitions[usize::from(partition)];
        let owns = progress.owner == Some(member);
        if owns {
            progress.committed = offset;
        }
        owns
    }

    /// Replays a partition from `offset`, or skips to it.
    pub fn seek(&mut self, partition: u16, offset: u64) {
        let progress = &mut self.partitions[usize::from(partition)];
        (progress.committed, progress.next) = (offset, offset);
    }

    /// How many entries of the log are not committed, including those that the log has forgotten unread. O(partitions).
    pub fn lag<T>(&self, log: &PartitionedLog<T>) -> u64 {
        (0..).zip(&self.partitions).map(|(p, progress)| log.end(p).saturating_sub(progress.committed)).sum()
    }

    /// How many entries the log forgot before this group was done with them. O(partitions).
    pub fn missed<T>(&self, log: &PartitionedLog<T>) -> u64 {
        (0..).zip(&self.partitions).map(|(p, progress)| log.first(p).saturating_sub(progress.committed)).sum()
    }

    fn rebalance(&mut self) -> Vec<Handover> {
        let owners = self.shares();
        let mut handovers = Vec::new();
        for ((partition, progress), to) in (0..).zip(&mut self.partitions).zip(owners) {
            if progress.owner != to {
                handovers.push(Handover { partition, from: progress.owner, to });
                (progress.owner, progress.next) = (to, progress.committed);
            }
        }
        handovers
    }

    /// Who should own each partition.
    fn shares(&self) -> Vec<Option<u16>> {
        let (members, count) = (self.members.len(), self.partitions.len());
        if members == 0 {
            return vec![None; count];
        }
        match self.assignment {
            Assignment::RoundRobin => (0..count).map(|p| Some(self.members[p % members])).collect(),
            Assignment::Range => {
                let share = |place: usize| count / members + usize::from(place < count % members);
                let owned = |(place, &member)| std::iter::repeat_n(Some(member), share(place));
                self.members.iter().enumerate().flat_map(owned).collect()
            }
            Assignment::Sticky => self.sticky(),
        }
    }

    /// Everybody keeps what it has up to its share; the rest goes to whoever has fewest. Members with most keep the larger shares,
    /// so that as little as possible moves.
    fn sticky(&self) -> Vec<Option<u16>> {
        let (members, count) = (self.members.len(), self.partitions.len());
        let owned = |member| self.partitions.iter().filter(|p| p.owner == Some(member)).count();
        let mut ranked: Vec<_> = self.members.iter().map(|&m| (usize::MAX - owned(m), m)).collect();
        ranked.sort_unstable();
        let mut room: Vec<(u16, usize)> = ranked
            .iter()
            .enumerate()
            .map(|(place, &(_, member))| (member, count / members + usize::from(place < count % members)))
            .collect();
        let mut take = |wanted: Option<u16>| {
            let taker = room.iter_mut().find(|(m, left)| *left > 0 && wanted.is_none_or(|w| w == *m))?;
            taker.1 -= 1;
            Some(taker.0)
        };
        let kept: Vec<_> =
            self.partitions.iter().map(|p| p.owner.and_then(|owner| take(Some(owner)))).collect();
        kept.into_iter().map(|owner| owner.or_else(|| take(None))).collect()
    }

    /// Panics where the structure contradicts itself: shares are fair, and members own all.
    pub fn check(&self) {
        assert!(self.members.is_sorted_by(|a, b| a < b), "members are in order, each once");
        let owned = |&member: &u16| self.partitions.iter().filter(|p| p.owner == Some(member)).count();
        let shares: Vec<_> = self.members.iter().map(owned).collect();
        if let (Some(most), Some(least)) = (shares.iter().max(), shares.iter().min()) {
            assert!(most - least <= 1, "shares are more than one apart");
            assert!(shares.iter().sum::<usize>() == self.partitions.len(), "a partition has no owner");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::time::Time;

    fn owners(group: &ConsumerGroup) -> Vec<u16> {
        group.partitions.iter().map(|p| p.owner.unwrap()).collect()
    }

    #[test]
    fn partitions_are_shared_out_as_each_assignor_says() {
        let group = |assignment| {
            let mut group = ConsumerGroup::new(assignment, 7);
            for member in [2, 0, 1] {
                group.join(member);
            }
            group
        };
        assert_eq!(owners(&group(Assignment::Range)), [0, 0, 0, 1, 1, 2, 2]);
        assert_eq!(owners(&group(Assignment::RoundRobin)), [0, 1, 2, 0, 1, 2, 0]);
        group(Assignment::Sticky).check();
        let mut alone = ConsumerGroup::new(Assignment::Range, 2);
        assert_eq!(alone.join(5), [0, 1].map(|partition| Handover { partition, from: None, to: Some(5) }));
        assert_eq!((alone.join(5), alone.leave(5).len(), alone.owner(0)), (vec![], 2, None));
    }

    #[test]
    fn sticky_moves_no_more_than_fairness_asks() {
        let mut rng = Seed(9).stream("test");
        let mut group = ConsumerGroup::new(Assignment::Sticky, 20);
        group.join(0);
        for _ in 0..3_000 {
            let member = rng.below(8) as u16;
            let before = group.members.clone();
            let owned =
                |group: &ConsumerGroup, m| group.partitions.iter().filter(|p| p.owner == Some(m)).count();
            let (had, was) = (owned(&group, member), before.contains(&member));
            let moved = if was { group.leave(member).len() } else { group.join(member).len() };
            group.check();
            // Who leaves gives up its own; who comes gets its share, and nothing moves among the others.
            let least = if was { had } else { owned(&group, member) };
            assert_eq!(moved, if before.is_empty() { 20 } else { least }, "{before:?} {member}");
        }
    }

    #[test]
    fn whoever_takes_over_reads_on_from_what_was_committed() {
        let mut log = PartitionedLog::new(1, 100);
        (0..5u32)
            .for_each(|message| assert_eq!(log.publish(Time::ZERO, 1, message), (0, u64::from(message))));
        let mut group = ConsumerGroup::new(Assignment::Range, 1);
        group.join(1);
        let read = |group: &mut ConsumerGroup, member| group.poll(&log, member).map(|r| r.entry.message);
        assert_eq!([1, 1, 1, 2].map(|m| read(&mut group, m)), [Some(0), Some(1), Some(2), None]);
        assert!(group.commit(1, 0, 2));
        group.leave(1);
        group.join(2);
        assert!(!group.commit(1, 0, 3) && group.committed(0) == 2);
        // Message 2 was read and not committed: it is read again.
        assert_eq!([2, 2, 2, 2].map(|m| read(&mut group, m)), [Some(2), Some(3), Some(4), None]);
        group.seek(0, 0);
        assert_eq!(read(&mut group, 2), Some(0));
    }

    #[test]
    fn every_message_is_read_at_least_once_and_in_order_until_an_owner_changes() {
        let mut rng = Seed(6).stream("test");
        let mut log = PartitionedLog::new(6, usize::MAX);
        for assignment in [Assignment::Range, Assignment::RoundRobin, Assignment::Sticky] {
            let mut group = ConsumerGroup::new(assignment, 6);
            group.join(0);
            let mut seen = vec![Vec::new(); 6];
            for _ in 0..4_000 {
                match rng.below(20) {
                    0..=8 => {
                        log.publish(Time::ZERO, rng.below(1_000), ());
                    }
                    9 => {
                        let member = rng.below(3) as u16 + 1;
                        let handovers =
                            if rng.below(2) == 0 { group.join(member) } else { group.leave(member) };
                        // From here on a partition may be read again from what was committed.
                        for h in handovers {
                            seen[usize::from(h.partition)].truncate(group.committed(h.partition) as usize);
                        }
                    }
                    _ => {
                        let member = rng.below(4) as u16;
                        let Some(record) = group.poll(&log, member) else { continue };
                        let partition: &mut Vec<u64> = &mut seen[usize::from(record.partition)];
                        assert_eq!(record.offset, partition.len() as u64);
                        partition.push(record.offset);
                        if rng.below(3) == 0 {
                            assert!(group.commit(member, record.partition, record.offset + 1));
                        }
                    }
                }
            }
            (1..4).for_each(|member| drop(group.leave(member)));
            while let Some(record) = group.poll(&log, 0) {
                group.commit(0, record.partition, record.offset + 1);
            }
            let ends: u64 = (0..6).map(|p| log.end(p)).sum();
            let done: u64 = (0..6).map(|p| group.partitions[usize::from(p as u16)].next).sum();
            assert!(done == ends && ends > 1_000);
        }
    }

    #[test]
    fn a_group_that_is_too_slow_misses_what_the_log_forgets() {
        let mut log = PartitionedLog::new(1, 10);
        let mut group = ConsumerGroup::new(Assignment::Range, 1);
        group.join(0);
        for message in 0..25u32 {
            log.publish(Time::ZERO, 0, message);
        }
        assert_eq!((group.lag(&log), group.missed(&log)), (25, 15));
        assert_eq!(group.poll(&log, 0).map(|r| r.offset), Some(15));
    }
}
