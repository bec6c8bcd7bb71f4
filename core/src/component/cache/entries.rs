//! The entries that every policy shares: a table from key to slot, and the slots, of 32 bytes each.
use super::places::Places;
use crate::hash;
use crate::time::Time;
use std::ops::{Index, IndexMut};

/// Stands for "no slot".
pub(super) const NONE: u32 = u32::MAX;

/// The bit of [`Entry::mark`] that is not the policy's.
const DIRTY: u32 = 1 << 31;

/// What is known of one key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: u64,
    /// From this instant on the entry is no longer good.
    pub(super) expires: Time,
    /// The neighbour in its list that came before it.
    pub(super) older: u32,
    /// The neighbour in its list that came after it.
    pub(super) newer: u32,
    /// How much of the capacity it takes.
    pub(super) size: u32,
    /// Whether it is dirty, and what the policy notes.
    mark: u32,
}

impl Entry {
    /// What the policy noted; zero at first.
    pub(super) const fn mark(&self) -> u32 {
        self.mark & !DIRTY
    }

    /// Notes `mark` < 2^31.
    pub(super) const fn set_mark(&mut self, mark: u32) {
        self.mark = self.mark & DIRTY | mark;
    }

    /// Whether its value is newer than what stands behind the cache.
    pub(super) const fn is_dirty(&self) -> bool {
        self.mark & DIRTY != 0
    }

    pub(super) const fn set_dirty(&mut self, dirty: bool) {
        self.mark = self.mark & !DIRTY | if dirty { DIRTY } else { 0 };
    }
}

/// The entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    places: Places,
    slots: Vec<Entry>,
    /// Slots that were released, to be used again; none of them is dirty.
    free: Vec<u32>,
    /// The sum of the sizes.
    pub(super) used: u64,
}

impl Entries {
    /// None yet, of the keys 0..`keys` alone.
    pub(super) fn direct(keys: usize) -> Self {
        Self { places: Places::direct(keys), ..Self::default() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// How many there are of such a kind.
    pub(super) fn count(&self, wanted: impl Fn(&Entry) -> bool) -> usize {
        let mut is_free = vec![false; self.slots.len()];
        self.free.iter().for_each(|&slot| is_free[slot as usize] = true);
        self.slots.iter().zip(is_free).filter(|&(entry, free)| !free && wanted(entry)).count()
    }

    /// How many slots there are, used or free.
    pub(super) fn slots(&self) -> u32 {
        self.slots.len() as u32
    }

    /// The slot of `key`, whose [`hash::mix`] is `hash`.
    pub(super) fn find(&self, hash: u64, key: u64) -> Option<u32> {
        self.places.find(&self.slots, hash, key)
    }

    /// A slot for a key that has none.
    pub(super) fn add(&mut self, hash: u64, key: u64, size: u32, expires: Time) -> u32 {
        let entry = Entry { key, expires, older: NONE, newer: NONE, size, mark: 0 };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = entry;
                slot
            }
            None => {
                self.slots.push(entry);
                (self.slots.len() - 1) as u32
            }
        };
        self.places.insert(&self.slots, hash, slot);
        self.used += u64::from(size);
        slot
    }

    /// Gives the slot back, and what was in it.
    pub(super) fn release(&mut self, slot: u32) -> Entry {
        let entry = self.slots[slot as usize];
        self.places.remove(entry.key, slot);
        self.slots[slot as usize].set_dirty(false);
        self.free.push(slot);
        self.used -= u64::from(entry.size);
        entry
    }

    /// Releases all, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.slots.clear();
        self.free.clear();
        self.used = 0;
    }

    /// Panics where the structure contradicts itself: each slot is either free or in the table under its key.
    pub(super) fn check(&self) {
        let mut is_free = vec![false; self.slots.len()];
        for &slot in &self.free {
            assert!(!std::mem::replace(&mut is_free[slot as usize], true), "a slot was released twice");
        }
        let mut used = 0;
        for (slot, entry) in (0..).zip(&self.slots).filter(|&(slot, _)| !is_free[slot as usize]) {
            assert!(self.find(hash::mix(entry.key), entry.key) == Some(slot), "an entry is not in the table");
            used += u64::from(entry.size);
        }
        assert!(self.slots.len() == self.len() + self.free.len(), "the table has a key without an entry");
        assert!(used == self.used, "the sum of the sizes is wrong");
    }
}

impl Index<u32> for Entries {
    type Output = Entry;
    fn index(&self, slot: u32) -> &Entry {
        &self.slots[slot as usize]
    }
}

impl IndexMut<u32> for Entries {
    fn index_mut(&mut self, slot: u32) -> &mut Entry {
        &mut self.slots[slot as usize]
    }
}
