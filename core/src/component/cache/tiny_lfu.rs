//! W-TinyLFU (Einziger, Friedman, Manes: ACM ToS 2017): a newcomer must be more popular than what it would push out.
//!
//! A newcomer enters a window of 1 % of the capacity, least recently used. Who leaves it competes with the one that would
//! leave the main part: the one that a sketch has counted more often stays. The main part is a segmented list (Karedla, Love,
//! Wherry 1994): a hit moves an entry from probation to protection, which takes four fifths of it. Lookups count when they
//! hit, and misses when they are filled, as in Caffeine.
use super::entries::{Entries, NONE};
use super::list::List;
use super::order::Order;
use super::sketch::Sketch;
use crate::hash;

/// An entry's mark: which list it is in.
const WINDOW: usize = 0;
const PROBATION: usize = 1;
const PROTECTED: usize = 2;

/// The policy.
#[derive(Clone, Debug)]
pub(super) struct TinyLfu {
    lists: [List; 3],
    sketch: Sketch,
    window_size: u64,
    /// Probation and protection together never take more than this.
    main_size: u64,
    protected_size: u64,
}

impl TinyLfu {
    pub(super) fn new(capacity: u64) -> Self {
        let window_size = (capacity / 100).max(1);
        let main_size = capacity - window_size;
        let protected_size = main_size / 5 * 4;
        Self { lists: Default::default(), sketch: Sketch::new(), window_size, main_size, protected_size }
    }

    fn put(&mut self, entries: &mut Entries, slot: u32, list: usize) {
        entries[slot].set_mark(list as u32);
        self.lists[list].push(entries, slot);
    }

    fn take(&mut self, entries: &mut Entries, slot: u32) {
        self.lists[entries[slot].mark() as usize].unlink(entries, slot);
    }

    /// Those that the window has no room for go on, as far as the main part has.
    fn settle(&mut self, entries: &mut Entries) {
        while self.lists[WINDOW].size > self.window_size {
            let slot = self.lists[WINDOW].oldest;
            let main = self.lists[PROBATION].size + self.lists[PROTECTED].size;
            if main + u64::from(entries[slot].size) > self.main_size {
                return;
            }
            self.take(entries, slot);
            self.put(entries, slot, PROBATION);
        }
    }

    /// Who leaves the main part next; `NONE` when it is empty.
    fn main_victim(&self) -> u32 {
        match self.lists[PROBATION].oldest {
            NONE => self.lists[PROTECTED].oldest,
            slot => slot,
        }
    }

    fn estimate(&self, entries: &Entries, slot: u32) -> u64 {
        self.sketch.estimate(hash::mix(entries[slot].key))
    }
}

impl Order for TinyLfu {
    fn hit(&mut self, entries: &mut Entries, slot: u32, hash: u64) {
        self.sketch.count(hash);
        let list = entries[slot].mark() as usize;
        if list != PROBATION {
            return self.lists[list].renew(entries, slot);
        }
        self.take(entries, slot);
        self.put(entries, slot, PROTECTED);
        while self.lists[PROTECTED].size > self.protected_size {
            let oldest = self.lists[PROTECTED].oldest;
            self.take(entries, oldest);
            self.put(entries, oldest, PROBATION);
        }
    }

    fn add(&mut self, entries: &mut Entries, slot: u32, hash: u64) {
        self.sketch.fit(entries.len());
        self.sketch.count(hash);
        self.put(entries, slot, WINDOW);
        self.settle(entries);
    }

    fn victim(&mut self, entries: &mut Entries, incoming: u32) -> u32 {
        let (candidate, resident) = (self.lists[WINDOW].oldest, self.main_victim());
        let window_is_full = self.lists[WINDOW].size + u64::from(incoming) > self.window_size;
        let resident_goes = resident != NONE
            && (candidate == NONE
                || !window_is_full
                || self.estimate(entries, candidate) > self.estimate(entries, resident));
        let slot = if resident_goes { resident } else { candidate };
        self.take(entries, slot);
        slot
    }

    fn remove(&mut self, entries: &mut Entries, slot: u32) {
        self.take(entries, slot);
        self.settle(entries);
    }

    fn check(&self, entries: &Entries) {
        let len: usize = self.lists.iter().map(|list| list.check(entries)).sum();
        assert!(len == entries.len(), "the lists miss an entry");
        let main = self.lists[PROBATION].size + self.lists[PROTECTED].size;
        assert!(main <= self.main_size, "the main part is too large");
        assert!(self.lists[PROTECTED].size <= self.protected_size, "too much is protected");
    }
}

#[cfg(test)]
mod tests {
    use super::super::Eviction;
    use super::super::twin::{Twin, agrees};
    use super::*;

    /// Key and size in vectors, least recently used first; the sketch is the same, and has its own tests.
    struct Segments {
        lists: [Vec<(u64, u64)>; 3],
        sketch: Sketch,
        capacity: u64,
    }

    impl Segments {
        fn size(&self, list: usize) -> u64 {
            self.lists[list].iter().map(|item| item.1).sum()
        }

        fn window(&self) -> u64 {
            (self.capacity / 100).max(1)
        }

        fn settle(&mut self) {
            while self.size(0) > self.window() {
                if self.size(1) + self.size(2) + self.lists[0][0].1 > self.capacity - self.window() {
                    return;
                }
                let item = self.lists[0].remove(0);
                self.lists[1].push(item);
            }
        }
    }

    impl Twin for Segments {
        fn hit(&mut self, key: u64) {
            self.sketch.count(hash::mix(key));
            let list = (0..3).find(|&l| self.lists[l].iter().any(|item| item.0 == key)).unwrap();
            let place = self.lists[list].iter().position(|item| item.0 == key).unwrap();
            let item = self.lists[list].remove(place);
            self.lists[[0, 2, 2][list]].push(item);
            while self.size(2) > (self.capacity - self.window()) / 5 * 4 {
                let item = self.lists[2].remove(0);
                self.lists[1].push(item);
            }
        }

        fn add(&mut self, key: u64, size: u64) {
            self.sketch.fit(self.lists.iter().map(Vec::len).sum::<usize>() + 1);
            self.sketch.count(hash::mix(key));
            self.lists[0].push((key, size));
            self.settle();
        }

        fn victim(&mut self, incoming: u64) -> u64 {
            let main = if self.lists[1].is_empty() { 2 } else { 1 };
            let count =
                |list: usize| self.lists[list].first().map(|item| self.sketch.estimate(hash::mix(item.0)));
            let list = match (count(0), count(main)) {
                (_, None) => 0,
                (None, _) => main,
                _ if self.size(0) + incoming <= self.window() => main,
                (Some(candidate), Some(resident)) if candidate > resident => main,
                _ => 0,
            };
            self.lists[list].remove(0).0
        }

        fn remove(&mut self, key: u64) {
            self.lists.iter_mut().for_each(|list| list.retain(|item| item.0 != key));
            self.settle();
        }
    }

    #[test]
    fn it_does_what_three_vectors_do() {
        agrees(Eviction::TinyLfu, |capacity| Segments {
            lists: Default::default(),
            sketch: Sketch::new(),
            capacity,
        });
    }
}
