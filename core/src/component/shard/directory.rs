//! A table of keys that live elsewhere than their hash or range says.
use crate::hash;
use hashbrown::HashTable;

/// Single keys and their shards. 16 bytes a key; looking one up is O(1).
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    /// Found by a fixed hash; iterated only by [`Directory::check`].
    table: HashTable<(u64, u16)>,
}

impl Directory {
    pub(super) fn get(&self, key: u64) -> Option<u16> {
        // Most maps place no key alone and need not hash for it.
        if self.table.is_empty() {
            return None;
        }
        self.table.find(hash::mix(key), |&(k, _)| k == key).map(|&(_, shard)| shard)
    }

    pub(super) fn insert(&mut self, key: u64, shard: u16) {
        match self.table.find_mut(hash::mix(key), |&(k, _)| k == key) {
            Some(entry) => entry.1 = shard,
            None => {
                self.table.insert_unique(hash::mix(key), (key, shard), |&(k, _)| hash::mix(k));
            }
        }
    }

    pub(super) fn remove(&mut self, key: u64) {
        if let Ok(entry) = self.table.find_entry(hash::mix(key), |&(k, _)| k == key) {
            entry.remove();
        }
    }

    /// Panics if a key is placed on a shard that does not exist.
    pub(super) fn check(&self, count: u16) {
        assert!(self.table.iter().all(|&(_, shard)| shard < count), "a key is placed on no shard");
    }
}
