//! A list through the slots of [`Entries`], from the oldest to the newest. Every operation is O(1).
use super::entries::{Entries, NONE};

/// The ends of a list; its links stand in the entries. An entry is in at most one list.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    pub(super) oldest: u32,
    pub(super) newest: u32,
    /// How many entries are in it.
    pub(super) len: u32,
    /// The sum of their sizes.
    pub(super) size: u64,
}

impl Default for List {
    fn default() -> Self {
        Self { oldest: NONE, newest: NONE, len: 0, size: 0 }
    }
}

impl List {
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts an entry that is in no list at the newest end.
    pub(super) fn push(&mut self, entries: &mut Entries, slot: u32) {
        self.insert(entries, slot, NONE);
    }

    /// Puts an entry that is in no list right before `next`, on its older side; at the newest end, if that is `NONE`.
    pub(super) fn insert(&mut self, entries: &mut Entries, slot: u32, next: u32) {
        let before = match next {
            NONE => std::mem::replace(&mut self.newest, slot),
            _ => std::mem::replace(&mut entries[next].older, slot),
        };
        match before {
            NONE => self.oldest = slot,
            _ => entries[before].newer = slot,
        }
        let entry = &mut entries[slot];
        (entry.older, entry.newer) = (before, next);
        self.len += 1;
        self.size += u64::from(entry.size);
    }

    /// Takes an entry of this list out of it.
    pub(super) fn unlink(&mut self, entries: &mut Entries, slot: u32) {
        let (older, newer, size) = (entries[slot].older, entries[slot].newer, entries[slot].size);
        match older {
            NONE => self.oldest = newer,
            _ => entries[older].newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            _ => entries[newer].older = older,
        }
        self.len -= 1;
        self.size -= u64::from(size);
    }

    /// Makes an entry of this list its newest.
    pub(super) fn renew(&mut self, entries: &mut Entries, slot: u32) {
        if self.newest != slot {
            self.unlink(entries, slot);
            self.push(entries, slot);
        }
    }

    /// Panics where the list contradicts itself; gives its length.
    pub(super) fn check(&self, entries: &Entries) -> usize {
        let (mut slot, mut before, mut len, mut size) = (self.oldest, NONE, 0, 0);
        while slot != NONE {
            let entry = entries[slot];
            assert!(entry.older == before, "the list's links disagree");
            (before, slot) = (slot, entry.newer);
            len += 1;
            size += u64::from(entry.size);
            assert!(len <= entries.len(), "the list goes round");
        }
        assert!(
            self.newest == before && self.len as usize == len && self.size == size,
            "the list's ends or sums are wrong"
        );
        len
    }
}
