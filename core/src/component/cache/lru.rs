//! Least recently used: what was not asked for longest goes first.
use super::entries::Entries;
use super::list::List;
use super::order::Order;

/// The policy: a list in order of use.
#[derive(Clone, Debug, Default)]
pub(super) struct Lru {
    used: List,
}

impl Order for Lru {
    fn hit(&mut self, entries: &mut Entries, slot: u32, _: u64) {
        self.used.renew(entries, slot);
    }

    fn add(&mut self, entries: &mut Entries, slot: u32, _: u64) {
        self.used.push(entries, slot);
    }

    fn victim(&mut self, entries: &mut Entries, _: u32) -> u32 {
        let slot = self.used.oldest;
        self.used.unlink(entries, slot);
        slot
    }

    fn remove(&mut self, entries: &mut Entries, slot: u32) {
        self.used.unlink(entries, slot);
    }

    fn check(&self, entries: &Entries) {
        assert!(self.used.check(entries) == entries.len(), "the list misses an entry");
    }
}

#[cfg(test)]
mod tests {
    use super::super::Eviction;
    use super::super::twin::{Twin, agrees};

    /// Least recently used first.
    #[derive(Default)]
    struct ByUse(Vec<u64>);

    impl Twin for ByUse {
        fn hit(&mut self, key: u64) {
            self.remove(key);
            self.0.push(key);
        }

        fn add(&mut self, key: u64, _: u64) {
            self.0.push(key);
        }

        fn victim(&mut self, _: u64) -> u64 {
            self.0.remove(0)
        }

        fn remove(&mut self, key: u64) {
            self.0.retain(|&k| k != key);
        }
    }

    #[test]
    fn it_does_what_a_list_in_order_of_use_does() {
        agrees(Eviction::Lru, |_| ByUse::default());
    }
}
