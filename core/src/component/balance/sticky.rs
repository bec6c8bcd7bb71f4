//! Sticky sessions: who was sent to a target is sent there again, while it is usable.
use crate::hash;
use hashbrown::HashTable;

/// Sessions below this are kept in a plain table, two bytes each; users are numbered from zero.
const DENSE: u64 = 1 << 22;
const NONE: u16 = u16::MAX;

/// The target of each session.
#[derive(Clone, Debug, Default)]
pub struct Sticky {
    /// Of the sessions with small numbers; `NONE` where there is none.
    dense: Vec<u16>,
    /// Of the others. Never iterated.
    table: HashTable<(u64, u16)>,
    /// How often a session had to go to another target than before: what it kept there is lost to it.
    pub moved: u64,
}

impl Sticky {
    /// The target of `session`, if it has one. O(1).
    pub fn target(&self, session: u64) -> Option<u16> {
        if session < DENSE {
            return self.dense.get(session as usize).copied().filter(|&target| target != NONE);
        }
        self.table.find(hash::mix(session), |&(other, _)| other == session).map(|&(_, target)| target)
    }

    /// Sends `session` to `target` from now on; counts it as moved if it had another. O(1) amortised.
    pub fn stick(&mut self, session: u64, target: u16) {
        let old = self.target(session);
        self.moved += u64::from(old.is_some_and(|old| old != target));
        if session < DENSE {
            let place = session as usize;
            if self.dense.len() <= place {
                self.dense.resize(place + 1, NONE);
            }
            self.dense[place] = target;
            return;
        }
        let hash = hash::mix(session);
        match self.table.find_mut(hash, |&(other, _)| other == session) {
            Some(entry) => entry.1 = target,
            None => drop(self.table.insert_unique(hash, (session, target), |&(other, _)| hash::mix(other))),
        }
    }

    /// Forgets all sessions, as a restart does; keeps the count of moves.
    pub fn forget(&mut self) {
        self.dense.clear();
        self.table.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use std::collections::BTreeMap;

    #[test]
    fn it_does_what_a_map_does() {
        let mut rng = Seed(5).stream("test");
        let (mut sticky, mut twin, mut moved) = (Sticky::default(), BTreeMap::new(), 0);
        for _ in 0..20_000 {
            let session = DENSE - 20 + rng.below(40);
            assert_eq!(sticky.target(session), twin.get(&session).copied());
            let target = rng.below(3) as u16;
            moved += u64::from(twin.insert(session, target).is_some_and(|old| old != target));
            sticky.stick(session, target);
        }
        assert_eq!(sticky.moved, moved);
    }
}
