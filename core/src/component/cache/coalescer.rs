//! One call for many equal misses: who comes first asks, the others wait for that answer.
use crate::hash;
use hashbrown::HashTable;

const NONE: u32 = u32::MAX;

/// What a caller has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// Nobody is asking for this key: ask, and [`Coalescer::finish`] when the answer is there.
    Leader,
    /// Somebody is asking: wait.
    Follower,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    key: u64,
    first: u32,
    last: u32,
    /// Which flight this is, of all that ever were.
    number: u64,
}

#[derive(Clone, Copy, Debug)]
struct Waiter<W> {
    who: W,
    next: u32,
}

/// Keys that are being asked for, each with those that wait for it. Every operation is O(1), [`Self::finish`] by waiter; once
/// it has been as full as it gets, nothing allocates.
#[derive(Clone, Debug)]
pub struct Coalescer<W> {
    /// Flights by key. Never iterated.
    table: HashTable<Flight>,
    waiters: Vec<Waiter<W>>,
    /// The first of the places in `waiters` to be used again, linked by `next`.
    free: u32,
    /// How many flights there were.
    flights: u64,
}

impl<W> Default for Coalescer<W> {
    fn default() -> Self {
        Self { table: HashTable::new(), waiters: Vec::new(), free: NONE, flights: 0 }
    }
}

impl<W: Copy> Coalescer<W> {
    /// `who` wants `key`.
    pub fn join(&mut self, key: u64, who: W) -> Joined {
        let hash = hash::mix(key);
        let Some(flight) = self.table.find_mut(hash, |flight| flight.key == key) else {
            self.flights += 1;
            let flight = Flight { key, first: NONE, last: NONE, number: self.flights };
            self.table.insert_unique(hash, flight, |flight| hash::mix(flight.key));
            return Joined::Leader;
        };
        let waiter = Waiter { who, next: NONE };
        let place = if self.free == NONE { self.waiters.len() as u32 } else { self.free };
        match self.waiters.get_mut(place as usize) {
            Some(old) => {
                self.free = old.next;
                *old = waiter;
            }
            None => self.waiters.push(waiter),
        }
        match flight.last {
            NONE => flight.first = place,
            last => self.waiters[last as usize].next = place,
        }
        flight.last = place;
        Joined::Follower
    }

    /// Which flight is under way for a key, if one is: whoever comes back to it later can tell whether it is still the same.
    pub fn flight(&self, key: u64) -> Option<u64> {
        self.table.find(hash::mix(key), |flight| flight.key == key).map(|flight| flight.number)
    }

    /// The leader has an answer, or has failed: those who waited are added to `waited` in the order in which they came; the
    /// leader is not among them. The next to want the key leads again. Whether anybody was asking for the key.
    pub fn finish(&mut self, key: u64, waited: &mut Vec<W>) -> bool {
        let Ok(entry) = self.table.find_entry(hash::mix(key), |flight| flight.key == key) else {
            return false;
        };
        let (flight, _) = entry.remove();
        let mut place = flight.first;
        while place != NONE {
            let waiter = &mut self.waiters[place as usize];
            waited.push(waiter.who);
            let next = std::mem::replace(&mut waiter.next, self.free);
            self.free = std::mem::replace(&mut place, next);
        }
        true
    }

    /// Forgets everything: who asked and who waited.
    pub fn clear(&mut self) {
        self.table.clear();
        self.waiters.clear();
        self.free = NONE;
    }

    /// How many keys are being asked for.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether nothing is being asked for.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Panics where the structure contradicts itself: every place is free or waits in one flight.
    pub fn check(&self) {
        let length = |mut place: u32| {
            let mut length = 0;
            while place != NONE {
                place = self.waiters[place as usize].next;
                length += 1;
                assert!(length <= self.waiters.len(), "a list goes round");
            }
            length
        };
        let waiting: usize = self.table.iter().map(|flight| length(flight.first)).sum();
        assert!(waiting + length(self.free) == self.waiters.len(), "a place is lost");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use std::collections::BTreeMap;

    #[test]
    fn it_does_what_a_map_of_lists_does() {
        let mut rng = Seed(4).stream("test");
        let mut coalescer = Coalescer::default();
        let mut twin: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for who in 0..20_000 {
            let key = rng.below(12);
            if rng.below(3) == 0 {
                let mut waited = Vec::new();
                let known = coalescer.finish(key, &mut waited);
                assert_eq!(known.then_some(waited), twin.remove(&key));
            } else {
                let joined = match twin.get_mut(&key) {
                    Some(waiters) => {
                        waiters.push(who);
                        Joined::Follower
                    }
                    None => {
                        twin.insert(key, Vec::new());
                        Joined::Leader
                    }
                };
                assert_eq!(coalescer.join(key, who), joined);
            }
            assert_eq!(coalescer.len(), twin.len());
            coalescer.check();
        }
    }
}
