//! SIEVE (Zhang, Yang, Yue, Vigfusson, Rashmi: NSDI 2024): a hand over a queue that is never reordered.
//!
//! As in CLOCK a hit sets one bit and the hand spares who was used; but a new entry stands at the newest end, not behind the
//! hand. So newcomers that nobody asks for again are sifted out fast while popular entries stay. It is not scan resistant.
use super::entries::Entries;
use super::hand::{Hand, VISITED};
use super::order::Order;

/// The policy.
#[derive(Clone, Debug, Default)]
pub(super) struct Sieve {
    queue: Hand,
}

impl Order for Sieve {
    fn hit(&mut self, entries: &mut Entries, slot: u32, _: u64) {
        entries[slot].set_mark(VISITED);
    }

    fn add(&mut self, entries: &mut Entries, slot: u32, _: u64) {
        self.queue.list.push(entries, slot);
    }

    fn victim(&mut self, entries: &mut Entries, _: u32) -> u32 {
        self.queue.sweep(entries)
    }

    fn remove(&mut self, entries: &mut Entries, slot: u32) {
        self.queue.remove(entries, slot);
    }

    fn check(&self, entries: &Entries) {
        self.queue.check(entries);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Eviction;
    use super::super::twin::{Twin, agrees};

    /// Algorithm 1 of the paper on a vector, oldest first; the hand is a key.
    #[derive(Default)]
    struct Queue {
        keys: Vec<(u64, bool)>,
        hand: Option<u64>,
    }

    impl Queue {
        fn after(&self, place: usize) -> Option<u64> {
            self.keys.get(place + 1).map(|&(key, _)| key)
        }

        fn place(&self, key: u64) -> Option<usize> {
            self.keys.iter().position(|&(k, _)| k == key)
        }
    }

    impl Twin for Queue {
        fn hit(&mut self, key: u64) {
            let place = self.place(key).unwrap();
            self.keys[place].1 = true;
        }

        fn add(&mut self, key: u64, _: u64) {
            self.keys.push((key, false));
        }

        fn victim(&mut self, _: u64) -> u64 {
            let mut place = self.hand.and_then(|key| self.place(key)).unwrap_or(0);
            while self.keys[place].1 {
                self.keys[place].1 = false;
                place = (place + 1) % self.keys.len();
            }
            self.hand = self.after(place);
            self.keys.remove(place).0
        }

        fn remove(&mut self, key: u64) {
            let place = self.place(key).unwrap();
            if self.hand == Some(key) {
                self.hand = self.after(place);
            }
            self.keys.remove(place);
        }
    }

    #[test]
    fn it_does_what_the_papers_algorithm_does_on_a_vector() {
        agrees(Eviction::Sieve, |_| Queue::default());
    }
}
