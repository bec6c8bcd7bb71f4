//! The replicated log of one shard.
use crate::hash;
use crate::time::Time;
use hashbrown::HashTable;
use std::collections::VecDeque;

/// A place in the log: the term of the primary that wrote it (the number of promotions before), then the number of writes up to
/// it. After a promotion numbers are used again, in a later term, so a position names one write for ever (as in Raft; Ongaro,
/// Ousterhout 2014, §5.3). Room for 65,536 terms and 2.8e14 writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

impl Position {
    /// Before the first write.
    pub const START: Self = Self(0);
    const INDEX_BITS: u32 = 48;

    /// The place of the `index`-th write, after `term` promotions; below 65,536 and 2.8e14.
    pub const fn new(term: u64, index: u64) -> Self {
        Self(term << Self::INDEX_BITS | index)
    }

    /// How many promotions there were before it was written.
    pub const fn term(self) -> u64 {
        self.0 >> Self::INDEX_BITS
    }

    /// How many writes the log has up to it.
    pub const fn index(self) -> u64 {
        self.0 & ((1 << Self::INDEX_BITS) - 1)
    }
}

/// When a write counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledge {
    /// As soon as the primary has it: fast, and a failover loses what was on its way.
    Async,
    /// As soon as so many replicas have received it: survives the primary and all but one of those. Waits while fewer are live.
    SemiSync {
        /// How many, ≥ 1.
        replicas: u16,
    },
    /// As soon as all live replicas have received it: one slow replica slows each write.
    Sync,
}

/// What a member is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Follows the log: may serve reads, acknowledge, and be promoted.
    Live,
    /// Was down and has not received all yet: it is not waited for, and should serve no reads.
    CatchingUp,
    /// Does nothing.
    Down,
}

/// A write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where it is in the log.
    pub position: Position,
    /// What it wrote.
    pub key: u64,
    /// Who wrote it.
    pub user: u32,
    /// When the primary took it.
    pub at: Time,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) write: Write,
    /// The write of the same key before this one, or [`Position::START`] if all had applied that already.
    pub(super) previous: Position,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) standing: Standing,
    /// Has all up to it, in order.
    pub(super) received: Position,
    /// Shows all up to it to readers; never above `received`.
    pub(super) applied: Position,
}

/// The log of one shard, with a primary and replicas, which are its members 0..n.
///
/// A member's log has no gaps: to receive a position is to have received all before it. Memory is 40 bytes for each write that
/// some member up has not applied, and about 25 for its key.
#[derive(Clone, Debug)]
pub struct Log {
    /// When a write counts as done. Changing it is what an operator does who has lost a replica, or lost patience.
    pub acknowledge: Acknowledge,
    pub(super) members: Vec<Member>,
    /// `None` from its failure to a promotion.
    pub(super) primary: Option<u16>,
    /// Who was primary last; where there is a primary, this one.
    pub(super) last_primary: u16,
    /// The last position that was given.
    pub(super) head: Position,
    /// Where each term after the first began: the last position that it took over from the term before.
    pub(super) forks: Vec<Position>,
    /// Writes with the numbers from `first` on, without a gap; all before are applied by every member that is not down.
    pub(super) entries: VecDeque<Entry>,
    /// The number of the first entry, or of the next write.
    pub(super) first: u64,
    /// The last write of each key among the entries. Found by a fixed hash and never iterated.
    pub(super) last: HashTable<(u64, Position)>,
    /// All up to it count as done; it falls only when a promotion loses some.
    pub(super) acknowledged: Position,
}

impl Log {
    /// About how many bytes it takes.
    pub fn size(&self) -> usize {
        const KEY: usize = 25;
        self.entries.len() * size_of::<Entry>() + self.last.len() * KEY
    }

    /// An empty log of `members` ≥ 1 members, all live; the first is the primary.
    ///
    /// # Panics
    /// If there is no member.
    pub fn new(members: u16, acknowledge: Acknowledge) -> Self {
        assert!(members > 0, "a log needs a primary");
        let member = Member { standing: Standing::Live, received: Position::START, applied: Position::START };
        Self {
            acknowledge,
            members: vec![member; usize::from(members)],
            primary: Some(0),
            last_primary: 0,
            head: Position::START,
            forks: Vec::new(),
            entries: VecDeque::new(),
            first: 1,
            last: HashTable::new(),
            acknowledged: Position::START,
        }
    }

    /// The log of a member that goes on from `head`, with nothing before it in memory: a server that was restarted, or has become
    /// the primary. All other members are down until they are restored. `forks` are the last positions that each term took over
    /// from the one before.
    ///
    /// # Panics
    /// If there is no member `own` or `primary`.
    pub fn resume(
        (members, own, primary): (u16, u16, u16),
        acknowledge: Acknowledge,
        forks: Vec<Position>,
        head: Position,
    ) -> Self {
        let mut log = Self::new(members, acknowledge);
        assert!(own < members && primary < members, "a member of this log");
        let live = |member| member == own || member == primary;
        for (number, member) in (0..).zip(&mut log.members) {
            (member.received, member.applied) = if live(number) { (head, head) } else { <_>::default() };
            member.standing = if live(number) { Standing::Live } else { Standing::Down };
        }
        (log.primary, log.last_primary) = (Some(primary), primary);
        (log.head, log.acknowledged, log.first, log.forks) = (head, head, head.index() + 1, forks);
        log
    }

    /// Who takes writes; `None` between a failure and a promotion.
    pub const fn primary(&self) -> Option<u16> {
        self.primary
    }

    /// Who is primary, or was before it failed.
    pub const fn last_primary(&self) -> u16 {
        self.last_primary
    }

    /// The last position that was given.
    pub const fn head(&self) -> Position {
        self.head
    }

    /// What a member is good for.
    pub fn standing(&self, member: u16) -> Standing {
        self.members[usize::from(member)].standing
    }

    /// Up to where a member has the log.
    pub fn received(&self, member: u16) -> Position {
        self.members[usize::from(member)].received
    }

    /// Up to where a member shows the log to readers.
    pub fn applied(&self, member: u16) -> Position {
        self.members[usize::from(member)].applied
    }

    /// The primary takes a write of `key` by `user`: it has it, and has applied it. `None` if there is no primary. O(members).
    pub fn append(&mut self, now: Time, key: u64, user: u32) -> Option<Position> {
        let primary = self.primary?;
        let position = Position::new(self.forks.len() as u64, self.head.index() + 1);
        let previous = self.replace_last(key, position);
        self.entries.push_back(Entry { write: Write { position, key, user, at: now }, previous });
        self.head = position;
        let member = &mut self.members[usize::from(primary)];
        (member.received, member.applied) = (position, position);
        self.settle();
        Some(position)
    }

    /// A replica has received and applied the log up to `position`, which came from the present primary. See [`Log::receive`].
    pub fn deliver(&mut self, replica: u16, position: Position) -> Position {
        self.has(replica, position);
        self.shows(replica, position);
        self.settle();
        self.acknowledged
    }

    /// A replica has received the log up to `position`; it shows none of that before [`Log::apply`]. What comes late, to one that is
    /// down or from before a promotion changes nothing. Gives up to where writes are acknowledged now, as does
    /// [`Log::acknowledged`]: the caller lets those go that wait for it. O(members).
    pub fn receive(&mut self, replica: u16, position: Position) -> Position {
        self.has(replica, position);
        self.settle();
        self.acknowledged
    }

    /// A replica shows to readers what it has received, up to `position`. Writes that all have applied are forgotten: O(1) for each
    /// write over its life, and O(members).
    pub fn apply(&mut self, replica: u16, position: Position) {
        self.shows(replica, position);
        self.settle();
    }

    /// Up to where writes count as done.
    pub const fn acknowledged(&self) -> Position {
        self.acknowledged
    }

    /// How many more replicas must receive `position` before it counts as done; zero if it does. O(members).
    pub fn awaits(&self, position: Position) -> u16 {
        if position <= self.acknowledged {
            return 0;
        }
        let replicas = || (0..).zip(&self.members).filter(|&(number, _)| Some(number) != self.primary);
        let live = || replicas().filter(|(_, member)| member.standing == Standing::Live);
        let have = live().filter(|(_, member)| member.received >= position).count() as u16;
        let needed = match self.acknowledge {
            Acknowledge::Async => 0,
            Acknowledge::SemiSync { replicas } => replicas,
            Acknowledge::Sync => live().count() as u16,
        };
        needed.saturating_sub(have)
    }

    /// Up to where every member that is not down has applied the log: nothing can be read that is older.
    pub fn settled(&self) -> Position {
        let up = self.members.iter().filter(|member| member.standing != Standing::Down);
        up.map(|member| member.applied).min().unwrap_or(Position::START)
    }

    /// Whether the write at `position` is still part of the log: no promotion has lost it.
    pub fn survives(&self, position: Position) -> bool {
        position <= self.surviving(position)
    }

    /// `position`, or what is left of the log up to it if a promotion lost the rest.
    pub(super) fn surviving(&self, position: Position) -> Position {
        let later = self.forks.iter().skip(position.term() as usize);
        later.fold(position, |position, &fork| position.min(fork))
    }

    fn has(&mut self, replica: u16, position: Position) {
        if position > self.head || !self.survives(position) {
            return;
        }
        let head = self.head;
        let member = &mut self.members[usize::from(replica)];
        if member.standing != Standing::Down {
            member.received = member.received.max(position);
            if member.received == head {
                member.standing = Standing::Live;
            }
        }
    }

    fn shows(&mut self, replica: u16, position: Position) {
        let member = &mut self.members[usize::from(replica)];
        if member.standing != Standing::Down {
            member.applied = member.applied.max(position.min(member.received));
        }
    }

    pub(super) fn entry(&self, position: Position) -> Option<&Entry> {
        let place = position.index().checked_sub(self.first)?;
        self.entries.get(usize::try_from(place).ok()?)
    }

    /// The last write of `key` that some member up may not have applied.
    pub(super) fn last_write(&self, key: u64) -> Option<Position> {
        self.last.find(hash::mix(key), |&(k, _)| k == key).map(|&(_, position)| position)
    }

    fn replace_last(&mut self, key: u64, position: Position) -> Position {
        match self.last.find_mut(hash::mix(key), |&(k, _)| k == key) {
            Some((_, last)) => std::mem::replace(last, position),
            None => {
                self.last.insert_unique(hash::mix(key), (key, position), |&(k, _)| hash::mix(k));
                Position::START
            }
        }
    }

    /// Forgets that `position` was the last write of `key`: it was `previous`.
    pub(super) fn undo(&mut self, entry: Entry) {
        if self.entry(entry.previous).is_some() {
            self.replace_last(entry.write.key, entry.previous);
        } else {
            self.forget(entry.write.key, entry.write.position);
        }
    }

    fn forget(&mut self, key: u64, position: Position) {
        if let Ok(entry) = self.last.find_entry(hash::mix(key), |&(k, p)| k == key && p == position) {
            entry.remove();
        }
    }

    /// Draws the conclusions: what counts as done, and what all have applied and may be forgotten.
    pub(super) fn settle(&mut self) {
        self.acknowledged = self.acknowledged.max(self.done());
        let settled = self.settled().index();
        while self.first <= settled {
            let Some(entry) = self.entries.pop_front() else { break };
            self.first += 1;
            self.forget(entry.write.key, entry.write.position);
        }
    }

    /// The highest position that so many have as must.
    fn done(&self) -> Position {
        let Some(primary) = self.primary else { return self.acknowledged };
        let replicas = (0..).zip(&self.members).filter(|&(number, _)| number != primary);
        let received = replicas.filter(|(_, m)| m.standing == Standing::Live).map(|(_, m)| m.received);
        match self.acknowledge {
            Acknowledge::Async => self.head,
            Acknowledge::Sync => received.min().unwrap_or(self.head),
            Acknowledge::SemiSync { replicas } => nth_highest(&received, replicas, self.head),
        }
    }

    /// Panics where the structure contradicts itself.
    pub fn check(&self) {
        assert!(self.first + self.entries.len() as u64 == self.head.index() + 1, "the log has a gap");
        assert!(self.entries.iter().is_sorted_by(|a, b| a.write.position < b.write.position), "out of order");
        assert!(self.acknowledged <= self.head, "what was not written was acknowledged");
        // One that is down may still have what a promotion has lost.
        for member in self.members.iter().filter(|member| member.standing != Standing::Down) {
            assert!(member.applied <= member.received && member.received <= self.head, "ahead of the log");
            let known = member.applied.index() + 1 >= self.first;
            assert!(known || member.standing == Standing::CatchingUp, "forgotten and not applied");
        }
        for entry in &self.entries {
            let last = self.last_write(entry.write.key);
            assert!(last.is_some_and(|last| last >= entry.write.position), "a key has lost its last write");
        }
        assert!(self.last.len() <= self.entries.len(), "a forgotten key is still in the table");
    }
}

/// The `rank`-th highest of `positions`, counted from one; `top` for rank zero, the start if there are too few. O(n · rank), and n
/// is small.
fn nth_highest(positions: &(impl Iterator<Item = Position> + Clone), rank: u16, top: Position) -> Position {
    let at_least = |p: Position| positions.clone().filter(|&q| q >= p).count() >= usize::from(rank);
    if rank == 0 { top } else { positions.clone().filter(|&p| at_least(p)).max().unwrap_or(Position::START) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn a_write_is_acknowledged_when_as_many_have_it_as_must() {
        let acknowledged = |acknowledge| {
            let mut log = Log::new(4, acknowledge);
            let writes: Vec<_> = (0..4).map(|i| log.append(Time(i), i, 0).unwrap()).collect();
            let place = |p: Position| writes.iter().filter(|&&w| w <= p).count();
            let before = place(log.acknowledged());
            let after =
                [(1, 3), (2, 2), (3, 0)].map(|(replica, write)| place(log.receive(replica, writes[write])));
            (before, after, log.awaits(writes[3]), log)
        };
        assert_eq!(acknowledged(Acknowledge::Async).1, [4, 4, 4]);
        let (before, after, awaits, mut log) = acknowledged(Acknowledge::SemiSync { replicas: 2 });
        assert_eq!((before, after, awaits), (0, [0, 3, 3], 1));
        // Fewer live than must have it: nothing more is acknowledged, until the operator asks for less.
        log.fail(1);
        log.fail(2);
        assert_eq!((log.awaits(log.head()), log.acknowledged().index()), (2, 3));
        log.acknowledge = Acknowledge::Async;
        log.receive(3, log.head());
        assert_eq!((log.awaits(log.head()), log.acknowledged().index()), (0, 4));
        let (before, after, awaits, mut log) = acknowledged(Acknowledge::Sync);
        assert_eq!((before, after, awaits), (0, [0, 0, 1], 2));
        // The slowest is given up: the others decide.
        log.fail(3);
        assert_eq!(log.acknowledged().index(), 3);
    }

    /// The twin: every member has its own copy of the writes, and nothing is forgotten.
    struct Twin {
        copies: Vec<Vec<Write>>,
        applied: Vec<usize>,
        down: Vec<bool>,
        primary: usize,
    }

    impl Twin {
        fn last(&self, key: u64) -> Option<Position> {
            self.copies[self.primary].iter().rev().find(|w| w.key == key).map(|w| w.position)
        }

        fn shows(&self, member: usize, key: u64) -> Option<Position> {
            let shown = &self.copies[member][..self.applied[member]];
            shown.iter().rev().find(|w| w.key == key).map(|w| w.position)
        }

        /// A member takes over what the primary has, up to so many writes.
        fn copy(&mut self, member: usize, count: usize) {
            let count = count.min(self.copies[self.primary].len());
            if !self.down[member] && self.copies[member].len() < count {
                self.copies[member] = self.copies[self.primary][..count].to_vec();
            }
        }
    }

    /// The primary fails and the most advanced takes over; checks what is lost.
    fn fail_over(log: &mut Log, twin: &mut Twin) {
        let old = twin.primary;
        log.fail(old as u16);
        twin.down[old] = true;
        let up = (0..4).filter(|&m| !twin.down[m]);
        let next = up.max_by_key(|&m| (twin.copies[m].len(), 4 - m)).unwrap();
        let promotion = log.promote().unwrap();
        assert_eq!((usize::from(promotion.replica), usize::from(promotion.from)), (next, old));
        let kept = twin.copies[next].len();
        assert_eq!(promotion.lost, twin.copies[old][kept..]);
        assert_eq!(promotion.to_apply as usize, kept - twin.applied[next]);
        (twin.primary, twin.applied[next]) = (next, kept);
        let restored = log.restore(old as u16);
        assert_eq!(restored.discarded as usize, twin.copies[old].len() - kept);
        twin.down[old] = false;
        twin.copies[old].truncate(kept);
        twin.applied[old] = twin.applied[old].min(kept);
    }

    #[test]
    fn it_is_what_members_with_copies_of_their_own_are() {
        let mut rng = Seed(10).stream("test");
        let mut log = Log::new(4, Acknowledge::SemiSync { replicas: 1 });
        let start =
            || Twin { copies: vec![Vec::new(); 4], applied: vec![0; 4], down: vec![false; 4], primary: 0 };
        let (mut twin, mut promotions) = (start(), 0);
        for step in 0..20_000 {
            let (member, key) = (rng.below(4) as usize, rng.below(8));
            let count = twin.copies[member].len() + rng.below(4) as usize;
            match rng.below(20) {
                0..=5 => {
                    let position = log.append(Time(step), key, 0).unwrap();
                    twin.copies[twin.primary].push(Write { position, key, user: 0, at: Time(step) });
                    twin.applied[twin.primary] += 1;
                }
                6..=12 => {
                    twin.copy(member, count);
                    let position = twin.copies[member].last().map_or(Position::START, |w| w.position);
                    log.receive(member as u16, position);
                }
                13..=18 => {
                    let shown = (twin.applied[member] + 2).min(twin.copies[member].len());
                    twin.applied[member] = shown;
                    let position =
                        shown.checked_sub(1).map_or(Position::START, |i| twin.copies[member][i].position);
                    log.apply(member as u16, position);
                }
                _ if rng.below(10) == 0 => {
                    fail_over(&mut log, &mut twin);
                    promotions += 1;
                }
                _ => {}
            }
            log.check();
            assert_eq!(log.received(member as u16).index() as usize, twin.copies[member].len());
            assert_eq!(log.applied(member as u16).index() as usize, twin.applied[member]);
            assert_eq!(log.is_stale(member as u16, key), twin.shows(member, key) != twin.last(key), "{step}");
            let missed = twin.copies[twin.primary][twin.applied[member]..].iter().find(|w| w.key == key);
            assert_eq!(log.stale_since(member as u16, key), missed.map(|w| w.at));
        }
        assert!(promotions > 50);
        // Memory is bounded by what somebody has not applied.
        let least = twin.applied.iter().min().unwrap();
        assert_eq!(log.entries.len(), twin.copies[twin.primary].len() - least);
    }
}
