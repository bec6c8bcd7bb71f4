//! A binary heap from which any member can be taken by name.
use crate::hash;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// A binary heap of jobs, least key first, that finds a job by its number. Keys of two members must differ, so that the
/// order is never a matter of chance.
#[derive(Clone, Debug)]
pub(super) struct IndexedHeap<K> {
    /// No member is less than its parent, at `(place - 1) / 2`.
    members: Vec<Member<K>>,
    /// Where in `members` the member with this slot lies.
    places: Vec<u32>,
    /// Slots that nobody has.
    free: Vec<u32>,
    /// Job and slot of each member. Found by a fixed hash and never iterated.
    slots: HashTable<(u32, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Member<K> {
    key: K,
    job: u32,
    slot: u32,
}

impl<K: Ord + Copy> IndexedHeap<K> {
    pub(super) const fn new() -> Self {
        Self { members: Vec::new(), places: Vec::new(), free: Vec::new(), slots: HashTable::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn has(&self, job: u32) -> bool {
        self.slots.find(hash::mix(job.into()), |&(other, _)| other == job).is_some()
    }

    /// Adds a job. O(log n).
    ///
    /// # Panics
    /// If the job is already in the heap.
    pub(super) fn push(&mut self, key: K, job: u32) {
        let slot = self.free.last().copied().unwrap_or(self.places.len() as u32);
        let hash_of = |&(job, _): &(u32, u32)| hash::mix(job.into());
        match self.slots.entry(hash::mix(job.into()), |&(other, _)| other == job, hash_of) {
            Entry::Occupied(_) => panic!("job {job} is already here: it must end before it starts again"),
            Entry::Vacant(place) => place.insert((job, slot)),
        };
        if self.free.pop().is_none() {
            self.places.push(0);
            // Room for all at once, so that removing never asks for memory.
            self.free.reserve(self.places.len());
        }
        self.members.push(Member { key, job, slot });
        self.rise(self.members.len() - 1);
    }

    /// The least key with its job. O(1).
    pub(super) fn first(&self) -> Option<(K, u32)> {
        self.members.first().map(|member| (member.key, member.job))
    }

    /// Takes the job with the least key. O(log n).
    pub(super) fn pop(&mut self) -> Option<(K, u32)> {
        let first = self.first()?;
        self.remove(first.1);
        Some(first)
    }

    /// Takes `job`, if it is a member; gives its key. O(log n).
    pub(super) fn remove(&mut self, job: u32) -> Option<K> {
        let found = self.slots.find_entry(hash::mix(job.into()), |&(other, _)| other == job);
        let ((_, slot), _) = found.ok()?.remove();
        self.free.push(slot);
        let place = self.places[slot as usize] as usize;
        let gone = self.members.swap_remove(place);
        if place < self.members.len() {
            self.sink(place);
            if place > 0 {
                self.rise(place);
            }
        }
        Some(gone.key)
    }

    pub(super) fn clear(&mut self) {
        self.members.clear();
        self.places.clear();
        self.free.clear();
        self.slots.clear();
    }

    /// Moves the member at `place` towards the root until its parent is less.
    fn rise(&mut self, mut place: usize) {
        let member = self.members[place];
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.members[parent].key <= member.key {
                break;
            }
            self.put(place, self.members[parent]);
            place = parent;
        }
        self.put(place, member);
    }

    /// Moves the member at `place` away from the root until no child is less.
    fn sink(&mut self, mut place: usize) {
        let member = self.members[place];
        loop {
            let mut child = 2 * place + 1;
            if child >= self.members.len() {
                break;
            }
            // Which child is less is a matter of chance: an addition, where a branch would be guessed wrong half the time.
            let other = (child + 1).min(self.members.len() - 1);
            child += usize::from(self.members[other].key < self.members[child].key);
            if member.key <= self.members[child].key {
                break;
            }
            self.put(place, self.members[child]);
            place = child;
        }
        self.put(place, member);
    }

    fn put(&mut self, place: usize, member: Member<K>) {
        self.places[member.slot as usize] = place as u32;
        self.members[place] = member;
    }

    /// How many members it can hold without asking for memory.
    #[cfg(test)]
    pub(super) fn room(&self) -> [usize; 4] {
        [self.members.capacity(), self.places.capacity(), self.free.capacity(), self.slots.capacity()]
    }

    /// Panics unless every parent is less than its children, and every member is found by its number.
    pub(super) fn check(&self) {
        assert_eq!(self.slots.len(), self.members.len());
        assert_eq!(self.places.len(), self.members.len() + self.free.len());
        for (place, member) in self.members.iter().enumerate() {
            assert_eq!(self.places[member.slot as usize] as usize, place);
            assert!(place == 0 || self.members[(place - 1) / 2].key <= member.key);
            let found = self.slots.find(hash::mix(member.job.into()), |&(job, _)| job == member.job);
            assert_eq!(found, Some(&(member.job, member.slot)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use std::collections::BTreeMap;

    #[test]
    fn it_gives_the_answers_of_a_sorted_map() {
        let mut rng = Seed(3).stream("heap");
        let (mut heap, mut twin) = (IndexedHeap::new(), BTreeMap::new());
        for order in 0..20_000u64 {
            let job = rng.below(60) as u32;
            let known = twin.iter().find(|&(_, &other)| other == job).map(|(&key, _)| key);
            assert_eq!(heap.has(job), known.is_some());
            match (rng.below(4), known) {
                (0, _) => assert_eq!(heap.pop(), twin.pop_first()),
                (1, _) => {
                    assert_eq!(heap.remove(job), known);
                    known.map(|key| twin.remove(&key));
                }
                (_, None) => {
                    let key = (rng.below(50), order);
                    heap.push(key, job);
                    twin.insert(key, job);
                }
                _ => {}
            }
            assert_eq!(heap.first(), twin.first_key_value().map(|(&key, &job)| (key, job)));
            heap.check();
        }
    }

    #[test]
    #[should_panic(expected = "already here")]
    fn a_job_is_there_once() {
        let mut heap = IndexedHeap::new();
        heap.push(1, 7);
        heap.push(2, 7);
    }
}
