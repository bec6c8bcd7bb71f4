//! What a policy must say: in which order entries go.
use super::entries::Entries;

/// A policy. It keeps each entry in one of its lists from `add` until `victim` or `remove`, and owns the entry's links and
/// mark in between.
pub(super) trait Order {
    /// The entry was asked for, or written again. `hash` is that of its key.
    fn hit(&mut self, entries: &mut Entries, slot: u32, hash: u64);

    /// The entry is new. It has a mark of zero and is in no list.
    fn add(&mut self, entries: &mut Entries, slot: u32, hash: u64);

    /// Takes out the entry that must go so that one of size `incoming` may come. There is at least one entry.
    fn victim(&mut self, entries: &mut Entries, incoming: u32) -> u32;

    /// Takes an entry out that goes for another reason.
    fn remove(&mut self, entries: &mut Entries, slot: u32);

    /// Panics where the policy contradicts itself or the entries.
    fn check(&self, entries: &Entries);
}
