//! Several primaries for one shard: each takes writes at once and tells the others later, and they may contradict one another.
use super::{MAX_PRIMARIES, VersionVector};
use crate::hash;
use crate::time::Time;
use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

/// A write on its way from the primary that took it to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// What was written.
    pub key: u64,
    /// By the clock of the primary that took it; with `primary` this decides who wins.
    pub at: Time,
    /// Who took it.
    pub primary: u16,
    /// Which writes it knew, itself included.
    pub version: VersionVector,
}

/// What the last writer wins by: time, and for equal times the number of the primary. Two writes of one primary at one instant are
/// told apart by how many it had counted.
pub type Stamp = (Time, u16, u32);

/// What became of writes that contradicted one another. Had the versions been kept side by side, none would be lost: each
/// `concurrent` one would be a conflict for the application to merge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conflicts {
    /// Writes that gave way, where they were taken, to a later one that did not know them: lost under last writer wins.
    pub concurrent: u64,
    /// Writes that gave way to an earlier one, which they knew, because of a clock that was behind: lost as well.
    pub misdated: u64,
}

/// What a primary did with an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// It has taken the place of the version there, which it knew.
    Applied,
    /// It is not the last one, and the version there knew it.
    Known,
    /// It and the version there did not know one another; whether the update won.
    Conflict {
        /// Whether the update has taken the version's place.
        won: bool,
    },
}

impl Merge {
    /// Whether the update is what the primary shows now.
    pub const fn is_shown(self) -> bool {
        matches!(self, Self::Applied | Self::Conflict { won: true })
    }
}

/// What one primary has of a key.
///
/// [`MultiPrimary`] keeps those of all primaries of a shard; a process that is one of them keeps its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The write that it shows; `None` before the first.
    shown: Option<(Stamp, VersionVector)>,
    /// All writes that it has seen.
    seen: VersionVector,
}

impl Held {
    /// `primary`, whose this is and whose clock says `now`, takes a write of `key`. Gives what it has to tell each other primary, once
    /// and in any order.
    ///
    /// # Panics
    /// If the primary is not below [`MAX_PRIMARIES`].
    pub fn write(&mut self, now: Time, primary: u16, key: u64, conflicts: &mut Conflicts) -> Update {
        self.seen.count(primary);
        let update = Update { key, at: now, primary, version: self.seen };
        let stamp = update.stamp();
        if self.shown.is_some_and(|(shown, _)| shown > stamp) {
            conflicts.misdated += 1;
        } else {
            self.shown = Some((stamp, self.seen));
        }
        update
    }

    /// An update reaches `primary`, whose this is, and who has not taken it itself: for the first time.
    pub fn receive(&mut self, primary: u16, update: &Update, conflicts: &mut Conflicts) -> Merge {
        self.seen = self.seen.merged(update.version);
        let stamp = update.stamp();
        let merge = match self.shown {
            None => Merge::Applied,
            Some((shown, version)) if version.is_concurrent_with(&update.version) => {
                // Counted where the loser was taken, and so once however many primaries notice.
                conflicts.concurrent += u64::from(stamp > shown && shown.1 == primary);
                Merge::Conflict { won: stamp > shown }
            }
            Some((shown, _)) if stamp > shown => Merge::Applied,
            Some(_) => Merge::Known,
        };
        if merge.is_shown() {
            self.shown = Some((stamp, update.version));
        }
        merge
    }

    /// By what the write that it shows won; `None` before the first.
    pub fn stamp(&self) -> Option<Stamp> {
        self.shown.map(|(stamp, _)| stamp)
    }
}

/// The primaries of one shard, which keep the last writer's version of each key.
///
/// Only keys of which an update is under way are remembered, about 800 bytes each; after that all primaries agree.
#[derive(Clone, Debug)]
pub struct MultiPrimary {
    /// What was counted so far.
    pub conflicts: Conflicts,
    primaries: u16,
    /// By key. Found by a fixed hash and never iterated.
    registers: HashTable<Register>,
    /// How many writes there were.
    writes: u64,
}

#[derive(Clone, Debug)]
struct Register {
    key: u64,
    /// Updates that have yet to reach a primary.
    under_way: u32,
    held: [Held; MAX_PRIMARIES],
}

impl MultiPrimary {
    /// So many primaries, which have the same of every key.
    ///
    /// # Panics
    /// If there are none, or more than [`MAX_PRIMARIES`].
    pub fn new(primaries: u16) -> Self {
        assert!(
            (1..=MAX_PRIMARIES).contains(&usize::from(primaries)),
            "there are 1 to {MAX_PRIMARIES} primaries"
        );
        Self { conflicts: Conflicts::default(), primaries, registers: HashTable::new(), writes: 0 }
    }

    /// `primary`, whose clock says `now`, takes a write. Gives what it has to tell each other primary, once and in any order. O(1).
    pub fn write(&mut self, now: Time, primary: u16, key: u64) -> Update {
        self.writes += 1;
        let others = u32::from(self.primaries) - 1;
        let fresh = || Register { key, under_way: 0, held: [Held::default(); MAX_PRIMARIES] };
        let entry = self.registers.entry(hash::mix(key), |r| r.key == key, |r| hash::mix(r.key));
        let register = entry.or_insert_with(fresh).into_mut();
        register.under_way += others;
        let update = register.held[usize::from(primary)].write(now, primary, key, &mut self.conflicts);
        self.forget_if_settled(key);
        update
    }

    /// An update reaches a primary other than its own: for the first time, each once. O(1).
    ///
    /// # Panics
    /// If all updates of the key have reached everybody already.
    pub fn deliver(&mut self, primary: u16, update: &Update) -> Merge {
        let key = update.key;
        let register = self.registers.find_mut(hash::mix(key), |r| r.key == key);
        let register = register.expect("an update under way keeps its key remembered");
        register.under_way -= 1;
        let merge = register.held[usize::from(primary)].receive(primary, update, &mut self.conflicts);
        self.forget_if_settled(key);
        merge
    }

    /// Whether another primary shows a later write of `key` than `primary` does. O(primaries).
    pub fn is_behind(&self, primary: u16, key: u64) -> bool {
        let register = self.registers.find(hash::mix(key), |r| r.key == key);
        register.is_some_and(|register| {
            let own = register.held[usize::from(primary)].stamp();
            register.held[..usize::from(self.primaries)].iter().any(|other| other.stamp() > own)
        })
    }

    /// Whether two primaries show different versions of `key` now. O(primaries²).
    pub fn diverges(&self, key: u64) -> bool {
        (0..self.primaries).any(|primary| self.is_behind(primary, key))
    }

    /// How many keys have an update under way.
    pub fn unsettled(&self) -> usize {
        self.registers.len()
    }

    /// How many writes there were.
    pub const fn writes(&self) -> u64 {
        self.writes
    }

    fn forget_if_settled(&mut self, key: u64) {
        let settled = |r: &Register| r.key == key && r.under_way == 0;
        if let Ok(entry) = self.registers.find_entry(hash::mix(key), settled) {
            entry.remove();
        }
    }
}

impl Update {
    /// By what it wins, or not.
    pub fn stamp(&self) -> Stamp {
        (self.at, self.primary, self.version.of(self.primary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use std::collections::BTreeSet;

    /// A write with all writes that it knew: the twin of a version vector.
    #[derive(Clone, Debug, PartialEq)]
    struct Told {
        update: Update,
        id: usize,
        knew: BTreeSet<usize>,
    }

    #[test]
    fn what_is_lost_is_what_gave_way_to_a_write_that_did_not_know_it() {
        for skew in [0, 50] {
            let mut rng = Seed(skew).stream("test");
            let mut primaries = MultiPrimary::new(3);
            // One key: what each primary shows and has seen, and what is on its way to whom.
            let mut shown: Vec<Option<Told>> = vec![None; 3];
            let mut seen = vec![BTreeSet::new(); 3];
            let mut under_way: Vec<(u16, Told)> = Vec::new();
            let mut expected = Conflicts::default();
            let stamp = |told: &Told| (told.update.at, told.update.primary, told.id);
            for id in 0..3_000 {
                if rng.below(3) == 0 && under_way.len() < 50 {
                    let primary = rng.below(3) as u16;
                    let at = usize::from(primary);
                    let now = Time(1_000 + id as u64 - rng.below(skew + 1));
                    let update = primaries.write(now, primary, 9);
                    seen[at].insert(id);
                    let told = Told { update, id, knew: seen[at].clone() };
                    if shown[at].as_ref().is_none_or(|old| stamp(old) < stamp(&told)) {
                        shown[at] = Some(told.clone());
                    } else {
                        expected.misdated += 1;
                    }
                    under_way.extend((0..3).filter(|&p| p != primary).map(|p| (p, told.clone())));
                } else if !under_way.is_empty() {
                    let place = rng.below(under_way.len() as u64) as usize;
                    let (primary, told) = under_way.swap_remove(place);
                    let at = usize::from(primary);
                    seen[at].extend(&told.knew);
                    let merge = primaries.deliver(primary, &told.update);
                    let wins = shown[at].as_ref().is_none_or(|old| stamp(old) < stamp(&told));
                    let unknown = |old: &Told| !told.knew.contains(&old.id) && !old.knew.contains(&told.id);
                    let conflict = shown[at].as_ref().is_some_and(unknown);
                    assert_eq!(matches!(merge, Merge::Conflict { .. }), conflict);
                    assert_eq!(matches!(merge, Merge::Applied | Merge::Conflict { won: true }), wins);
                    let own = shown[at].as_ref().is_some_and(|old| old.update.primary == primary);
                    expected.concurrent += u64::from(conflict && wins && own);
                    shown[at] = if wins { Some(told) } else { shown[at].take() };
                }
                if under_way.is_empty() {
                    // All agree, and begin anew.
                    assert!(shown.iter().all(|s| s == &shown[0]) && primaries.unsettled() == 0);
                    (shown, seen) = (vec![None; 3], vec![BTreeSet::new(); 3]);
                }
                let versions: Vec<_> = shown.iter().map(|s| s.as_ref().map(stamp)).collect();
                assert_eq!(primaries.diverges(9), versions.iter().any(|v| v != &versions[0]));
                let newest = versions.iter().max().copied().flatten();
                (0..3).for_each(|p| assert_eq!(primaries.is_behind(p as u16, 9), versions[p] < newest));
            }
            assert_eq!(primaries.conflicts, expected);
            assert!(expected.concurrent > 100 && (expected.misdated > 10) == (skew > 0), "{expected:?}");
        }
    }

    /// Two primaries write one key as Poisson processes of rate λ each and tell one another after d. A write is lost if the other's
    /// next comes u < d later, before that one has heard of it, and the own next not before u + d, when word of the other's comes:
    /// the integral of λ e^(-λu) e^(-λ(u + d)) over u < d, which is e^(-λd) (1 - e^(-2λd)) / 2.
    #[test]
    fn as_many_writes_are_lost_as_overlap() {
        const WRITES: u64 = 200_000;
        let (rate, delay) = (1.0, 0.25);
        let span = |seconds| crate::time::Span::from_secs(seconds);
        let mut rng = Seed(12).stream("test");
        let mut primaries = MultiPrimary::new(2);
        let mut under_way = std::collections::VecDeque::new();
        let mut now = Time::ZERO;
        for _ in 0..WRITES {
            now = now + span(-crate::math::ln(rng.unit_positive()) / (2.0 * rate));
            while let Some((_, update)) = under_way.pop_front_if(|(due, _): &mut (Time, Update)| *due <= now)
            {
                primaries.deliver(1 - update.primary, &update);
            }
            let update = primaries.write(now, rng.below(2) as u16, 5);
            under_way.push_back((now + span(delay), update));
        }
        let share = primaries.conflicts.concurrent as f64 / WRITES as f64;
        let expected = crate::math::exp(-rate * delay) * (1.0 - crate::math::exp(-2.0 * rate * delay)) / 2.0;
        // Neighbours within 2 d, one in the mean, are not independent: at most 1 + 2 times the variance.
        let std = (3.0 * expected * (1.0 - expected) / WRITES as f64).sqrt();
        assert!((share - expected).abs() < 4.0 * std, "{share} {expected}");
    }
}
