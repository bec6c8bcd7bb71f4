//! CLOCK, or second chance (Corbató 1968): a hand goes round over the entries; who was used since it last came by stays.
//!
//! An approximation of least recently used in which a hit sets one bit.
use super::entries::Entries;
use super::hand::{Hand, VISITED};
use super::order::Order;

/// The policy. A new entry stands right behind the hand, so that the hand comes to it last.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    face: Hand,
}

impl Order for Clock {
    fn hit(&mut self, entries: &mut Entries, slot: u32, _: u64) {
        entries[slot].set_mark(VISITED);
    }

    fn add(&mut self, entries: &mut Entries, slot: u32, _: u64) {
        self.face.list.insert(entries, slot, self.face.next);
    }

    fn victim(&mut self, entries: &mut Entries, _: u32) -> u32 {
        self.face.sweep(entries)
    }

    fn remove(&mut self, entries: &mut Entries, slot: u32) {
        self.face.remove(entries, slot);
    }

    fn check(&self, entries: &Entries) {
        self.face.check(entries);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Eviction;
    use super::super::twin::{Twin, agrees};

    /// A queue in which who was used goes to the end once more.
    #[derive(Default)]
    struct SecondChance(Vec<(u64, bool)>);

    impl Twin for SecondChance {
        fn hit(&mut self, key: u64) {
            self.0.iter_mut().filter(|(k, _)| *k == key).for_each(|(_, visited)| *visited = true);
        }

        fn add(&mut self, key: u64, _: u64) {
            self.0.push((key, false));
        }

        fn victim(&mut self, _: u64) -> u64 {
            loop {
                match self.0.remove(0) {
                    (key, true) => self.0.push((key, false)),
                    (key, false) => return key,
                }
            }
        }

        fn remove(&mut self, key: u64) {
            self.0.retain(|&(k, _)| k != key);
        }
    }

    #[test]
    fn it_does_what_a_queue_with_a_second_chance_does() {
        agrees(Eviction::Clock, |_| SecondChance::default());
    }
}
