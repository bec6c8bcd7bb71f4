//! A hand that goes over a list from old to new, round and round, and takes the first entry that was not used since it
//! last came by. CLOCK and SIEVE share it; they differ in where a new entry stands.
use super::entries::{Entries, NONE};
use super::list::List;

/// [`super::entries::Entry::mark`] of an entry that was used since the hand came by.
pub(super) const VISITED: u32 = 1;

/// A list and the hand over it.
#[derive(Clone, Debug)]
pub(super) struct Hand {
    pub(super) list: List,
    /// The next entry to look at; `NONE` for the oldest.
    pub(super) next: u32,
}

impl Default for Hand {
    fn default() -> Self {
        Self { list: List::default(), next: NONE }
    }
}

impl Hand {
    /// Moves on to the first entry that was not visited and takes it out; those it passes are visited no longer. Amortised
    /// O(1): each step undoes a visit.
    pub(super) fn sweep(&mut self, entries: &mut Entries) -> u32 {
        loop {
            let slot = if self.next == NONE { self.list.oldest } else { self.next };
            if entries[slot].mark() != VISITED {
                self.remove(entries, slot);
                // The hand stands where the entry was.
                self.next = entries[slot].newer;
                return slot;
            }
            entries[slot].set_mark(0);
            self.next = entries[slot].newer;
        }
    }

    /// Takes an entry out; a hand on it moves on.
    pub(super) fn remove(&mut self, entries: &mut Entries, slot: u32) {
        if self.next == slot {
            self.next = entries[slot].newer;
        }
        self.list.unlink(entries, slot);
    }

    pub(super) fn check(&self, entries: &Entries) {
        assert!(self.list.check(entries) == entries.len(), "the list misses an entry");
        let mut slot = self.list.oldest;
        while slot != NONE && slot != self.next {
            slot = entries[slot].newer;
        }
        assert!(slot == self.next, "the hand is on no entry");
    }
}
