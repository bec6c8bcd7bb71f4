//! Least frequently used, in constant time (Shah, Mitra, Matani 2010); among equals the least recently used goes first.
//!
//! Entries with the same count stand in one bucket, in order of use; buckets stand in a list by count. A count is forgotten
//! with its entry, so this falls short of the ideal that knows all frequencies.
use super::entries::{Entries, NONE};
use super::list::List;
use super::order::Order;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    count: u64,
    entries: List,
    fewer: u32,
    more: u32,
}

/// The policy. An entry's mark is its bucket.
#[derive(Clone, Debug)]
pub(super) struct Lfu {
    buckets: Vec<Bucket>,
    /// Buckets to be used again.
    free: Vec<u32>,
    /// The bucket with the smallest count. No bucket in the list is empty.
    fewest: u32,
}

impl Default for Lfu {
    fn default() -> Self {
        Self { buckets: Vec::new(), free: Vec::new(), fewest: NONE }
    }
}

impl Lfu {
    fn bucket(&mut self, index: u32) -> &mut Bucket {
        &mut self.buckets[index as usize]
    }

    /// The bucket of `count`, which comes right after `fewer`; made, if there is none.
    fn bucket_after(&mut self, fewer: u32, count: u64) -> u32 {
        let more = if fewer == NONE { self.fewest } else { self.bucket(fewer).more };
        if more != NONE && self.bucket(more).count == count {
            return more;
        }
        let bucket = Bucket { count, entries: List::default(), fewer, more };
        let index = self.free.pop().unwrap_or(self.buckets.len() as u32);
        match self.buckets.get_mut(index as usize) {
            Some(place) => *place = bucket,
            None => self.buckets.push(bucket),
        }
        match fewer {
            NONE => self.fewest = index,
            _ => self.bucket(fewer).more = index,
        }
        if more != NONE {
            self.bucket(more).fewer = index;
        }
        index
    }

    fn drop_if_empty(&mut self, index: u32) {
        let Bucket { entries, fewer, more, .. } = *self.bucket(index);
        if !entries.is_empty() {
            return;
        }
        match fewer {
            NONE => self.fewest = more,
            _ => self.bucket(fewer).more = more,
        }
        if more != NONE {
            self.bucket(more).fewer = fewer;
        }
        self.free.push(index);
    }

    fn put(&mut self, entries: &mut Entries, slot: u32, bucket: u32) {
        entries[slot].set_mark(bucket);
        self.bucket(bucket).entries.push(entries, slot);
    }
}

impl Order for Lfu {
    fn hit(&mut self, entries: &mut Entries, slot: u32, _: u64) {
        let old = entries[slot].mark();
        let Bucket { count, entries: in_bucket, more, .. } = *self.bucket(old);
        let count = count + 1;
        if in_bucket.len == 1 && (more == NONE || self.bucket(more).count != count) {
            // The most popular are mostly alone: their bucket counts on with them.
            self.bucket(old).count = count;
            return;
        }
        let new = self.bucket_after(old, count);
        self.bucket(old).entries.unlink(entries, slot);
        self.put(entries, slot, new);
        self.drop_if_empty(old);
    }

    fn add(&mut self, entries: &mut Entries, slot: u32, _: u64) {
        let bucket = self.bucket_after(NONE, 1);
        self.put(entries, slot, bucket);
    }

    fn victim(&mut self, entries: &mut Entries, _: u32) -> u32 {
        let fewest = self.fewest;
        let slot = self.bucket(fewest).entries.oldest;
        self.remove(entries, slot);
        slot
    }

    fn remove(&mut self, entries: &mut Entries, slot: u32) {
        let bucket = entries[slot].mark();
        self.bucket(bucket).entries.unlink(entries, slot);
        self.drop_if_empty(bucket);
    }

    fn check(&self, entries: &Entries) {
        let (mut index, mut before, mut len, mut count) = (self.fewest, NONE, 0, 0);
        while index != NONE {
            let bucket = &self.buckets[index as usize];
            assert!(bucket.count > count && bucket.fewer == before, "the buckets are out of order");
            let in_bucket = bucket.entries.check(entries);
            assert!(in_bucket > 0, "a bucket is empty");
            assert!(entries[bucket.entries.oldest].mark() == index, "an entry does not know its bucket");
            len += in_bucket;
            (before, index, count) = (index, bucket.more, bucket.count);
        }
        assert!(len == entries.len(), "the buckets miss an entry");
    }
}

#[cfg(test)]
mod tests {
    use super::super::Eviction;
    use super::super::twin::{Twin, agrees};

    /// Key and count, least recently used first.
    #[derive(Default)]
    struct Counted(Vec<(u64, u64)>);

    impl Twin for Counted {
        fn hit(&mut self, key: u64) {
            let place = self.0.iter().position(|&(k, _)| k == key).unwrap();
            let (_, count) = self.0.remove(place);
            self.0.push((key, count + 1));
        }

        fn add(&mut self, key: u64, _: u64) {
            self.0.push((key, 1));
        }

        fn victim(&mut self, _: u64) -> u64 {
            // Of equals, `min_by_key` gives the first.
            let (place, _) = self.0.iter().enumerate().min_by_key(|(_, (_, count))| count).unwrap();
            self.0.remove(place).0
        }

        fn remove(&mut self, key: u64) {
            self.0.retain(|&(k, _)| k != key);
        }
    }

    #[test]
    fn it_does_what_counting_and_searching_does() {
        agrees(Eviction::Lfu, |_| Counted::default());
    }
}
