//! Where a key's entry is: by the key's hash, or by the key itself where all keys are known to be small numbers.
use super::entries::Entry;
use crate::hash;
use hashbrown::HashTable;

/// Slots by key.
#[derive(Clone, Debug)]
pub(super) enum Places {
    /// Found by a fixed hash and never iterated, so the same on every machine.
    Hashed(HashTable<u32>),
    /// One more than the slot, or zero, in the key's own place: one read says whether a key is known, and the keys that are
    /// asked for most often, where they have the smallest numbers, lie side by side.
    Direct { places: Vec<u32>, len: usize },
}

impl Places {
    /// Empty, with a place for each of the keys 0..`keys`: 4 bytes each.
    pub(super) fn direct(keys: usize) -> Self {
        Self::Direct { places: vec![0; keys], len: 0 }
    }

    /// How many keys have a slot.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Hashed(table) => table.len(),
            Self::Direct { len, .. } => *len,
        }
    }

    /// The slot of `key`, whose [`hash::mix`] is `hash`.
    #[inline]
    pub(super) fn find(&self, entries: &[Entry], hash: u64, key: u64) -> Option<u32> {
        match self {
            Self::Hashed(table) => table.find(hash, |&slot| entries[slot as usize].key == key).copied(),
            Self::Direct { places, .. } => places.get(key as usize)?.checked_sub(1),
        }
    }

    /// A key that has no slot gets one, whose entry has its key already.
    ///
    /// # Panics
    /// If there is no place for the key.
    pub(super) fn insert(&mut self, entries: &[Entry], hash: u64, slot: u32) {
        match self {
            Self::Hashed(table) => {
                table.insert_unique(hash, slot, |&slot| hash::mix(entries[slot as usize].key));
            }
            Self::Direct { places, len } => {
                places[entries[slot as usize].key as usize] = slot + 1;
                *len += 1;
            }
        }
    }

    /// The key of this slot, which has it, has none from now on.
    pub(super) fn remove(&mut self, key: u64, slot: u32) {
        match self {
            Self::Hashed(table) => {
                let found = table.find_entry(hash::mix(key), |&other| other == slot);
                found.expect("an entry is in the table until it is released").remove();
            }
            Self::Direct { places, len } => {
                places[key as usize] = 0;
                *len -= 1;
            }
        }
    }

    /// No key has a slot; the memory stays.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Hashed(table) => table.clear(),
            Self::Direct { places, len } => {
                places.fill(0);
                *len = 0;
            }
        }
    }
}

impl Default for Places {
    fn default() -> Self {
        Self::Hashed(HashTable::new())
    }
}
