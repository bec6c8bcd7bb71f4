//! Ghosts: which keys left a cache lately. Only their hashes are kept; the hash is a bijection, so none is mistaken.
use hashbrown::HashTable;
use std::collections::VecDeque;

/// The hashes of keys that left, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Ghost {
    /// Those that left, oldest first; some were taken out since, and stay until their turn is over.
    left: VecDeque<u64>,
    /// The number, counted round, of the first in `left`.
    first: u32,
    /// The numbers of those that were not taken out, by hash. Never iterated.
    table: HashTable<u32>,
}

impl Ghost {
    /// Remembers `hash`, and no more than the last `bound` ≥ 1. Amortised O(1).
    pub(super) fn add(&mut self, hash: u64, bound: usize) {
        while self.left.len() >= bound.max(1) {
            let oldest = self.left.pop_front().expect("it is not empty");
            let first = self.first;
            if let Ok(entry) = self.table.find_entry(oldest, |&number| number == first) {
                entry.remove();
            }
            self.first = self.first.wrapping_add(1);
        }
        let number = self.first.wrapping_add(self.left.len() as u32);
        self.left.push_back(hash);
        let (left, first) = (&self.left, self.first);
        self.table.insert_unique(hash, number, |&n| left[n.wrapping_sub(first) as usize]);
    }

    /// Whether `hash` is remembered; it is no longer.
    pub(super) fn take(&mut self, hash: u64) -> bool {
        let (left, first) = (&self.left, self.first);
        match self.table.find_entry(hash, |&n| left[n.wrapping_sub(first) as usize] == hash) {
            Ok(entry) => {
                entry.remove();
                true
            }
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn it_does_what_a_list_of_the_last_ones_does() {
        let mut rng = Seed(3).stream("test");
        let (mut ghost, mut twin) = (Ghost::default(), VecDeque::new());
        for _ in 0..20_000 {
            let (key, bound) = (rng.below(20), 1 + rng.below(12) as usize);
            let hash = crate::hash::mix(key);
            let place = twin.iter().position(|&k| k == Some(key));
            assert_eq!(ghost.take(hash), place.is_some());
            if let Some(place) = place {
                twin[place] = None;
            }
            if rng.below(2) == 0 {
                while twin.len() >= bound {
                    twin.pop_front();
                }
                ghost.add(hash, bound);
                twin.push_back(Some(key));
            }
        }
    }
}
