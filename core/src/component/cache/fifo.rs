//! First in, first out: what came first goes first, however often it is asked for.
use super::entries::Entries;
use super::list::List;
use super::order::Order;

/// The policy: a list in order of arrival. A hit writes nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Fifo {
    arrived: List,
}

impl Order for Fifo {
    fn hit(&mut self, _: &mut Entries, _: u32, _: u64) {}

    fn add(&mut self, entries: &mut Entries, slot: u32, _: u64) {
        self.arrived.push(entries, slot);
    }

    fn victim(&mut self, entries: &mut Entries, _: u32) -> u32 {
        let slot = self.arrived.oldest;
        self.arrived.unlink(entries, slot);
        slot
    }

    fn remove(&mut self, entries: &mut Entries, slot: u32) {
        self.arrived.unlink(entries, slot);
    }

    fn check(&self, entries: &Entries) {
        assert!(self.arrived.check(entries) == entries.len(), "the list misses an entry");
    }
}

#[cfg(test)]
mod tests {
    use super::super::Eviction;
    use super::super::twin::{Twin, agrees};

    #[derive(Default)]
    struct ByArrival(Vec<u64>);

    impl Twin for ByArrival {
        fn hit(&mut self, _: u64) {}

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
    fn it_does_what_a_queue_does() {
        agrees(Eviction::Fifo, |_| ByArrival::default());
    }
}
