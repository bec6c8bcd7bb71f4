//! Where a key's entry is: by the key's hash, or by the key itself where all keys are known to be small numbers.
use super::entries::Entry;
use crate::hash;
use hashbrown::HashTable;

/// Slots by key.
#[derive(Clone, Debug)]
pub(super) enum Places {
    /// Found by a fixed hash and never iterated, so the same on every machine.
    Hashed(HashTable<u32>),
    /// The slot in the key's own place: the keys that are asked for most often, where they have the smallest numbers, lie side by
    /// side. Whether a key has a slot is a bit of its own: those of all keys are few enough to stay near the processor, which
    /// the places of keys that are seldom asked for, and mostly not known, are not.
    Direct { known: Vec<u64>, places: Vec<u32>, len: usize },
}

impl Places {
    /// Empty, with a place for each of the keys 0..`keys`: 4 bytes and a bit each.
    pub(super) fn direct(keys: usize) -> Self {
        Self::Direct { known: vec![0; keys.div_ceil(64)], places: vec![0; keys], len: 0 }
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
            Self::Direct { known, places, .. } => {
                let (word, bit) = bit_of(key);
                if known.get(word)? & bit == 0 {
                    return None;
                }
                places.get(key as usize).copied()
            }
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
            Self::Direct { known, places, len } => {
                let key = entries[slot as usize].key;
                let (word, bit) = bit_of(key);
                known[word] |= bit;
                places[key as usize] = slot;
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
            Self::Direct { known, len, .. } => {
                let (word, bit) = bit_of(key);
                known[word] &= !bit;
                *len -= 1;
            }
        }
    }

    /// No key has a slot; the memory stays.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Hashed(table) => table.clear(),
            Self::Direct { known, len, .. } => {
                known.fill(0);
                *len = 0;
            }
        }
    }
}

/// Where the bit of a key stands: which word, and the bit in it.
const fn bit_of(key: u64) -> (usize, u64) {
    ((key / 64) as usize, 1 << (key % 64))
}

impl Default for Places {
    fn default() -> Self {
        Self::Hashed(HashTable::new())
    }
}
