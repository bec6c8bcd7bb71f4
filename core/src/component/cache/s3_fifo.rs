//! S3-FIFO (Yang, Zhang, Qiu, Yue, Rashmi: SOSP 2023): three queues, and nothing but queues.
//!
//! A newcomer waits in a small queue of a tenth of the capacity. Who was asked for more than once by its end goes on to the
//! main queue; the others go, and are remembered as ghosts. A ghost that comes back enters the main queue at once. There a
//! hit is worth one more round, up to three. The order of the evictions is that of the authors' libCacheSim.
use super::entries::Entries;
use super::ghost::Ghost;
use super::list::List;
use super::order::Order;
use crate::hash;

/// The bits of the mark that count hits, up to three.
const HITS: u32 = 3;
/// The bit of the mark that says: in the main queue.
const MAIN: u32 = 4;

/// The policy.
#[derive(Clone, Debug)]
pub(super) struct S3Fifo {
    small: List,
    main: List,
    ghost: Ghost,
    /// Nine tenths of the capacity; the small queue has what the main queue leaves.
    main_size: u64,
}

impl S3Fifo {
    pub(super) fn new(capacity: u64) -> Self {
        Self {
            small: List::default(),
            main: List::default(),
            ghost: Ghost::default(),
            main_size: capacity - capacity.div_ceil(10),
        }
    }

    /// The first of the main queue that was not asked for since its last round.
    fn main_victim(&mut self, entries: &mut Entries) -> u32 {
        loop {
            let slot = self.main.oldest;
            let hits = entries[slot].mark() & HITS;
            self.main.unlink(entries, slot);
            if hits == 0 {
                return slot;
            }
            entries[slot].set_mark(MAIN | (hits - 1));
            self.main.push(entries, slot);
        }
    }

    /// The first of the small queue that was not asked for twice, and is now a ghost; those before it go on.
    fn small_victim(&mut self, entries: &mut Entries) -> Option<u32> {
        while !self.small.is_empty() {
            let slot = self.small.oldest;
            self.small.unlink(entries, slot);
            if entries[slot].mark() <= 1 {
                // As many ghosts as the main queue has entries when all is full.
                let bound = entries.len() - entries.len() / 10;
                self.ghost.add(hash::mix(entries[slot].key), bound);
                return Some(slot);
            }
            entries[slot].set_mark(MAIN);
            self.main.push(entries, slot);
        }
        None
    }
}

impl Order for S3Fifo {
    fn hit(&mut self, entries: &mut Entries, slot: u32, _: u64) {
        let mark = entries[slot].mark();
        if mark & HITS < HITS {
            entries[slot].set_mark(mark + 1);
        }
    }

    fn add(&mut self, entries: &mut Entries, slot: u32, hash: u64) {
        if self.ghost.take(hash) {
            entries[slot].set_mark(MAIN);
            self.main.push(entries, slot);
        } else {
            self.small.push(entries, slot);
        }
    }

    fn victim(&mut self, entries: &mut Entries, _: u32) -> u32 {
        if self.main.size <= self.main_size
            && let Some(slot) = self.small_victim(entries)
        {
            return slot;
        }
        self.main_victim(entries)
    }

    fn remove(&mut self, entries: &mut Entries, slot: u32) {
        let in_main = entries[slot].mark() & MAIN != 0;
        if in_main { &mut self.main } else { &mut self.small }.unlink(entries, slot);
    }

    fn check(&self, entries: &Entries) {
        assert!(
            self.small.check(entries) + self.main.check(entries) == entries.len(),
            "the queues miss an entry"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::Eviction;
    use super::super::twin::{Twin, agrees};

    /// Key, size, hits.
    type Item = (u64, u64, u32);

    struct Queues {
        small: Vec<Item>,
        main: Vec<Item>,
        ghosts: Vec<Option<u64>>,
        capacity: u64,
    }

    impl Queues {
        fn main_victim(&mut self) -> u64 {
            loop {
                match self.main.remove(0) {
                    (key, _, 0) => return key,
                    (key, size, hits) => self.main.push((key, size, hits - 1)),
                }
            }
        }
    }

    impl Twin for Queues {
        fn hit(&mut self, key: u64) {
            let all = self.small.iter_mut().chain(&mut self.main);
            all.filter(|item| item.0 == key).for_each(|item| item.2 = 3.min(item.2 + 1));
        }

        fn add(&mut self, key: u64, size: u64) {
            match self.ghosts.iter().position(|&ghost| ghost == Some(key)) {
                Some(place) => {
                    self.ghosts[place] = None;
                    self.main.push((key, size, 0));
                }
                None => self.small.push((key, size, 0)),
            }
        }

        fn victim(&mut self, _: u64) -> u64 {
            let held = self.small.len() + self.main.len();
            if self.main.iter().map(|item| item.1).sum::<u64>() > self.capacity - self.capacity.div_ceil(10) {
                return self.main_victim();
            }
            while !self.small.is_empty() {
                let (key, size, hits) = self.small.remove(0);
                if hits < 2 {
                    while self.ghosts.len() >= held - held / 10 {
                        self.ghosts.remove(0);
                    }
                    self.ghosts.push(Some(key));
                    return key;
                }
                self.main.push((key, size, 0));
            }
            self.main_victim()
        }

        fn remove(&mut self, key: u64) {
            self.small.retain(|item| item.0 != key);
            self.main.retain(|item| item.0 != key);
        }
    }

    #[test]
    fn it_does_what_the_papers_algorithm_does_on_vectors() {
        agrees(Eviction::S3Fifo, |capacity| Queues {
            small: Vec::new(),
            main: Vec::new(),
            ghosts: Vec::new(),
            capacity,
        });
    }
}
