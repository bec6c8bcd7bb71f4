//! Where every copy of a shard takes writes: what each has, and what is on its way between them.
use crate::component::replication::{MultiPrimary, Update};
use crate::time::Time;
use std::collections::VecDeque;

/// The primaries of a shard.
#[derive(Clone, Debug)]
pub(super) struct Many {
    pub(super) values: MultiPrimary,
    copies: u16,
    /// For each member the updates on their way to it, by when they arrive.
    under_way: Vec<VecDeque<(Time, Update)>>,
    /// When the last update of one member, the row, reaches another, the column: each sends in the order of its log.
    last: Vec<Time>,
    /// Who is down.
    down: Vec<bool>,
    /// What waits for its sender or its receiver to come back, with whom it is for.
    kept: Vec<(u16, Update)>,
}

impl Many {
    /// So many, which agree.
    pub(super) fn new(copies: u16) -> Self {
        let members = usize::from(copies);
        Self {
            values: MultiPrimary::new(copies),
            copies,
            under_way: vec![VecDeque::new(); members],
            last: vec![Time::ZERO; members * members],
            down: vec![false; members],
            kept: Vec::new(),
        }
    }

    /// What was under way up to now has arrived; gives how many writes turned out to be in conflict.
    pub(super) fn settle(&mut self, now: Time) -> u64 {
        let before = self.values.conflicts.concurrent;
        for (member, line) in self.under_way.iter_mut().enumerate() {
            while let Some((_, update)) = line.pop_front_if(|(at, _)| *at <= now) {
                self.values.deliver(member as u16, &update);
            }
        }
        self.values.conflicts.concurrent - before
    }

    /// An update leaves for a member, to be there at `sent` or when the one before it is; gives when. One that is down gets it later.
    pub(super) fn send(&mut self, sent: Time, member: u16, update: Update) -> Time {
        let last = &mut self.last[usize::from(update.primary * self.copies + member)];
        let at = sent.max(*last);
        if self.down[usize::from(member)] {
            self.kept.push((member, update));
            return at;
        }
        *last = at;
        let line = &mut self.under_way[usize::from(member)];
        // Those of other members may arrive later although they left before.
        let place = line.len() - line.iter().rev().take_while(|(other, _)| *other > at).count();
        line.insert(place, (at, update));
        at
    }

    /// A member has died: what is under way to it and from it stays where it was taken, on a disk.
    pub(super) fn fail(&mut self, member: u16) {
        self.down[usize::from(member)] = true;
        for (to, line) in (0..).zip(&mut self.under_way) {
            let (kept, moving): (Vec<_>, Vec<_>) =
                line.drain(..).partition(|(_, update)| to == member || update.primary == member);
            line.extend(moving);
            self.kept.extend(kept.into_iter().map(|(_, update)| (to, update)));
        }
    }

    /// A member is back: it and the others send one another what they have kept, which arrives at `at`.
    pub(super) fn restore(&mut self, member: u16, at: Time) {
        self.down[usize::from(member)] = false;
        for (to, update) in std::mem::take(&mut self.kept) {
            if self.down[usize::from(update.primary)] {
                self.kept.push((to, update));
            } else {
                self.send(at, to, update);
            }
        }
    }

    /// How many updates each member has not received yet.
    pub(super) fn behind(&self, now: Time) -> Vec<u64> {
        let kept = |member: u16| self.kept.iter().filter(|(to, _)| *to == member).count();
        let later =
            |line: &VecDeque<(Time, Update)>| line.iter().rev().take_while(|(at, _)| *at > now).count();
        (0..).zip(&self.under_way).map(|(member, line)| (later(line) + kept(member)) as u64).collect()
    }
}
