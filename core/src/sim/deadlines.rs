//! The deadlines of a source's requests. All wait equally long, so that who was sent first has the first deadline; nearly all are
//! answered long before, and then a bit is all that changes: deadlines stand in groups of 64, and a group of which nobody waits
//! any more gives its memory back, however long the first of all goes on waiting.
use super::call::Slot;
use std::collections::VecDeque;

const SIZE: u32 = u64::BITS;

/// Requests in the order of their deadlines.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines {
    /// In order; the last is being filled, all others are full. The first has one that waits, or is the last.
    groups: VecDeque<Group>,
    /// The place of the first of the first group. Places are numbered on, however many have gone.
    first: u32,
    /// How many of the last group are taken.
    taken: u32,
    /// The requests of each group, by its `members`.
    members: Vec<[Slot; SIZE as usize]>,
    /// Those of them that no group has.
    free: Vec<u32>,
}

/// Requests with neighbouring places.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// A bit for each that waits.
    waiting: u64,
    /// Where its members stand, as long as any of them waits.
    members: u32,
}

impl Deadlines {
    /// A request waits from now on; gives its place. O(1).
    pub(super) fn add(&mut self, slot: Slot) -> u32 {
        if self.groups.is_empty() || self.taken == SIZE {
            self.begin_group();
        }
        let last = self.groups.len() - 1;
        let group = &mut self.groups[last];
        self.members[group.members as usize][self.taken as usize] = slot;
        group.waiting |= 1 << self.taken;
        self.taken += 1;
        self.first.wrapping_add(last as u32 * SIZE + self.taken - 1)
    }

    #[cold]
    #[inline(never)]
    fn begin_group(&mut self) {
        let members = self.free.pop().unwrap_or_else(|| {
            self.members.push([0; SIZE as usize]);
            (self.members.len() - 1) as u32
        });
        self.groups.push_back(Group { waiting: 0, members });
        self.taken = 0;
    }

    /// The request with this place, which waits, does so no longer. O(1) amortised.
    #[inline]
    pub(super) fn remove(&mut self, place: u32) {
        let place = place.wrapping_sub(self.first);
        let group = &mut self.groups[(place / SIZE) as usize];
        group.waiting &= !(1 << (place % SIZE));
        if group.waiting == 0 {
            self.dissolve(place / SIZE);
        }
    }

    /// Nobody waits in a group any more, and unless it is still being filled, nobody will.
    #[inline(never)]
    fn dissolve(&mut self, group: u32) {
        let is_full = |place: usize, groups: &VecDeque<Group>| place + 1 < groups.len() || self.taken == SIZE;
        if !is_full(group as usize, &self.groups) {
            return;
        }
        self.free.push(self.groups[group as usize].members);
        while self.groups.front().is_some_and(|first| first.waiting == 0) && is_full(0, &self.groups) {
            self.groups.pop_front();
            self.first = self.first.wrapping_add(SIZE);
        }
    }

    /// The request with the first deadline of those that wait.
    pub(super) fn first(&self) -> Option<Slot> {
        let group = self.groups.front().filter(|group| group.waiting > 0)?;
        Some(self.members[group.members as usize][group.waiting.trailing_zeros() as usize])
    }

    /// How many bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.groups.capacity() * size_of::<Group>()
            + self.members.capacity() * size_of::<[Slot; SIZE as usize]>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use std::collections::BTreeMap;

    #[test]
    fn the_first_that_waits_is_that_of_a_sorted_map_and_memory_comes_back() {
        let mut rng = Seed(3).stream("deadlines");
        let mut deadlines = Deadlines { first: u32::MAX - 5_000, ..Deadlines::default() };
        // By the order in which they came: the request and its place.
        let mut twin = BTreeMap::<u32, (Slot, u32)>::new();
        for i in 0..100_000 {
            // Now more come than go, now fewer, down to none; and one in a thousand waits for long.
            if rng.below(100) < if i / 5_000 % 2 == 0 { 60 } else { 40 } {
                twin.insert(i, (i, deadlines.add(i)));
            } else if let Some(&key) = twin.keys().nth(rng.below(twin.len().max(1) as u64) as usize)
                && (key % 1_000 != 0 || rng.below(100) == 0)
            {
                let (_, place) = twin.remove(&key).unwrap();
                deadlines.remove(place);
            }
            assert_eq!(deadlines.first(), twin.values().next().map(|&(slot, _)| slot));
        }
        // No group has its memory for nothing.
        let held = deadlines.groups.iter().filter(|group| group.waiting > 0).count();
        assert!(deadlines.members.len() - deadlines.free.len() <= held + 1);
        for (_, place) in twin.into_values() {
            deadlines.remove(place);
        }
        assert_eq!((deadlines.first(), deadlines.groups.len() <= 1), (None, true));
    }
}
