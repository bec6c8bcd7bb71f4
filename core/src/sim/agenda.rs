//! The calendar of what will happen: events in order of time, equal times in the order in which they were scheduled.
//!
//! A radix heap (Ahuja, Mehlhorn, Orlin, Tarjan 1990) with 64-way buckets and a sorted run before them. An event lies in the
//! bucket of the highest base-64 digit in which its time differs from `base`, at that digit's value. The earliest bucket is
//! sorted into the run when it is small, and spread over the level below when it is not. No width has to be guessed, and the
//! cost is the same from a few events to a million, where a binary heap's grows tenfold.
//!
//! Equal times need no number to tell them apart: they always lie in one bucket, or in the run, and each of the moves
//! between them keeps their order.
use crate::time::Time;
use std::cmp::Reverse;

/// What happens at an instant. A payload has 28 bits, and there may be 16 kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The next request of a source is due.
    Arrive(u32),
    /// A call reaches the node that is called.
    Deliver(u32),
    /// A node has finished its own work on a call.
    Finish(u32),
    /// An answer reaches the caller.
    Answer(u32),
    /// The first deadline of a source is reached.
    Deadline(u32),
    /// A balancer or DNS probes its targets.
    Probe(u32),
    /// A user of a closed loop is done with thinking.
    Wake(u32),
    /// A backoff is over, or a lost call is to be ended.
    Retry(u32),
    /// The first timeout of an edge is reached.
    Timeout(u32),
    /// The first hedge of an edge is due.
    Hedge(u32),
    /// The first job of a processor may be done.
    Cpu(u32),
    /// Something rare that is kept in a list.
    Rare(u32),
}

/// The bits of an event's payload.
const PAYLOAD: u32 = 28;

impl Event {
    /// Tag and payload: two matches that each compile to nothing, where one would jump.
    #[inline]
    const fn pack(self) -> u32 {
        let tag = match self {
            Self::Arrive(_) => 0,
            Self::Deliver(_) => 1,
            Self::Finish(_) => 2,
            Self::Answer(_) => 3,
            Self::Deadline(_) => 4,
            Self::Probe(_) => 5,
            Self::Wake(_) => 6,
            Self::Retry(_) => 7,
            Self::Timeout(_) => 8,
            Self::Hedge(_) => 9,
            Self::Cpu(_) => 10,
            Self::Rare(_) => 11,
        };
        let (Self::Arrive(i)
        | Self::Deliver(i)
        | Self::Finish(i)
        | Self::Answer(i)
        | Self::Deadline(i)
        | Self::Probe(i)
        | Self::Wake(i)
        | Self::Retry(i)
        | Self::Timeout(i)
        | Self::Hedge(i)
        | Self::Cpu(i)
        | Self::Rare(i)) = self;
        debug_assert!(i >> PAYLOAD == 0, "a payload has 28 bits");
        tag << PAYLOAD | i
    }

    #[inline]
    fn unpack(packed: u32) -> Self {
        let index = packed & ((1 << PAYLOAD) - 1);
        match packed >> PAYLOAD {
            0 => Self::Arrive(index),
            1 => Self::Deliver(index),
            2 => Self::Finish(index),
            3 => Self::Answer(index),
            4 => Self::Deadline(index),
            5 => Self::Probe(index),
            6 => Self::Wake(index),
            7 => Self::Retry(index),
            8 => Self::Timeout(index),
            9 => Self::Hedge(index),
            10 => Self::Cpu(index),
            11 => Self::Rare(index),
            other => unreachable!("no event has the tag {other}"),
        }
    }
}

/// An event with its time: time in the high 64 bits, the packed event in the low ones.
type Entry = u128;

const DIGIT: u32 = 6;
const SLOTS: usize = 1 << DIGIT;
const LEVELS: usize = 11;
/// A bucket of at most so many events is sorted at once.
const SORTED: usize = 48;
/// A run that has grown longer is cut.
const LONGEST_RUN: usize = 96;
/// Room for the first events of a bucket.
const LEAST: usize = 64;
/// Room for more events than this is given up when a bucket is emptied.
const KEPT: usize = 1_024;

/// The calendar. Times must not lie before the last event that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Agenda {
    /// What comes first: all events before `run_end`, latest first.
    run: Vec<Entry>,
    run_end: u64,
    /// The run covers `64^run_level` nanoseconds at most.
    run_level: u32,
    /// No event in the buckets is earlier.
    base: u64,
    /// By level, then by digit. One that holds nothing has no memory.
    buckets: Vec<Vec<Entry>>,
    /// The memory of buckets that were emptied, for those that are next filled: so few pieces of it go round, and soon
    /// none has to grow.
    spare: Vec<Vec<Entry>>,
    /// Which buckets of each level hold events, and which levels do.
    filled: [u64; LEVELS],
    filled_levels: u16,
}

const fn time_of(entry: Entry) -> u64 {
    (entry >> 64) as u64
}

impl Default for Agenda {
    fn default() -> Self {
        Self {
            run: Vec::new(),
            run_end: 0,
            run_level: 0,
            base: 0,
            buckets: vec![Vec::new(); LEVELS * SLOTS],
            spare: Vec::new(),
            filled: [0; LEVELS],
            filled_levels: 0,
        }
    }
}

impl Agenda {
    /// How many events are on it. O(buckets).
    pub(crate) fn len(&self) -> usize {
        self.run.len() + self.buckets.iter().map(Vec::len).sum::<usize>()
    }

    /// Schedules `event`. O(1) amortised.
    #[inline]
    pub(crate) fn push(&mut self, at: Time, event: Event) {
        self.push_entry(Entry::from(at.0) << 64 | Entry::from(event.pack()));
    }

    fn push_entry(&mut self, entry: Entry) {
        let at = time_of(entry);
        if at >= self.run_end {
            return self.drop_into_bucket(entry);
        }
        self.insert(entry);
        if self.run.len() > LONGEST_RUN && self.run_level > 0 {
            self.cut_run();
        }
    }

    /// Puts an entry into the run, after all events of its time. From the end, since most of what is scheduled is near, and
    /// a few moves cost less than a search.
    #[inline]
    fn insert(&mut self, entry: Entry) {
        self.run.push(entry);
        let mut places = self.run.iter_mut().rev();
        let Some(mut place) = places.next() else { return };
        for before in places {
            if time_of(*before) > time_of(entry) {
                break;
            }
            *place = *before;
            place = before;
        }
        *place = entry;
    }

    /// The next event, if it happens at `until` or before. O(1) amortised.
    #[inline]
    pub(crate) fn pop(&mut self, until: Time) -> Option<(Time, Event)> {
        while self.run.is_empty() {
            self.refill()?;
        }
        let entry = *self.run.last()?;
        let at = Time(time_of(entry));
        if at > until {
            return None;
        }
        self.run.pop();
        Some((at, Event::unpack(entry as u32)))
    }

    fn drop_into_bucket(&mut self, entry: Entry) {
        let at = time_of(entry);
        let differs = (at ^ self.base) | 1;
        let level = (63 - differs.leading_zeros()) / DIGIT;
        let slot = (at >> (level * DIGIT)) as usize % SLOTS;
        let bucket = &mut self.buckets[level as usize * SLOTS + slot];
        if bucket.capacity() == 0 {
            *bucket = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(LEAST));
        }
        bucket.push(entry);
        self.filled[level as usize] |= 1 << slot;
        self.filled_levels |= 1 << level;
    }

    /// Moves the earliest bucket into the empty run, or spreads it over the level below; `None` when nothing is scheduled.
    fn refill(&mut self) -> Option<()> {
        if self.filled_levels == 0 {
            return None;
        }
        let level = self.filled_levels.trailing_zeros();
        let slot = self.filled[level as usize].trailing_zeros();
        self.filled[level as usize] &= !(1 << slot);
        if self.filled[level as usize] == 0 {
            self.filled_levels &= !(1 << level);
        }
        let place = level as usize * SLOTS + slot as usize;
        let shift = level * DIGIT;
        // The digits above this level stay, this one becomes the slot's, those below become zero.
        let above = u64::MAX.checked_shl(shift + DIGIT).unwrap_or(0);
        self.base = (self.base & above) | u64::from(slot) << shift;
        let mut bucket = std::mem::take(&mut self.buckets[place]);
        if level == 0 || bucket.len() <= SORTED {
            self.run_end = self.base.saturating_add(1 << shift);
            self.run_level = level;
            self.sort_into_run(&mut bucket);
        } else {
            self.run_end = self.base;
            bucket.drain(..).for_each(|entry| self.drop_into_bucket(entry));
        }
        if bucket.capacity() <= KEPT {
            self.spare.push(bucket);
        }
        Some(())
    }

    fn sort_into_run(&mut self, bucket: &mut Vec<Entry>) {
        // Often there is but one event, and nothing to sort.
        if let [entry] = bucket[..] {
            self.run.push(entry);
            return bucket.clear();
        }
        self.run.append(bucket);
        self.run.reverse();
        // On level 0 there is but one time. Elsewhere the sort is stable, for the order of equal times, and the run short.
        if self.run_level > 0 {
            self.run.sort_by_key(|&entry| Reverse(time_of(entry)));
        }
    }

    /// Puts all but the first 64th of the time that the run covers back into buckets.
    fn cut_run(&mut self) {
        let Some(&first) = self.run.last() else { return };
        self.run_level -= 1;
        let width = 1 << (self.run_level * DIGIT);
        self.base = time_of(first) & !(width - 1);
        self.run_end = self.base + width;
        let later = self.run.partition_point(|&entry| time_of(entry) >= self.run_end);
        // The earliest first, as they were scheduled. No bucket holds any of their times.
        for i in (0..later).rev() {
            self.drop_into_bucket(self.run[i]);
        }
        self.run.drain(..later);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use std::collections::BinaryHeap;

    impl Agenda {
        /// Whether the run is in order and before all buckets, and every bucket's events belong into it.
        fn check(&self) {
            assert!(self.run.is_sorted_by(|a, b| time_of(*a) >= time_of(*b)));
            assert!(self.run.iter().all(|&entry| time_of(entry) < self.run_end || self.run_end == u64::MAX));
            for place in 0..LEVELS * SLOTS {
                let (level, slot) = (place / SLOTS, place % SLOTS);
                assert_eq!(self.filled[level] >> slot & 1 == 1, !self.buckets[place].is_empty());
                for at in self.buckets[place].iter().copied().map(time_of) {
                    assert!(at >= self.run_end && at >= self.base);
                    assert_eq!((63 - ((at ^ self.base) | 1).leading_zeros()) / DIGIT, level as u32);
                    assert_eq!((at >> (level as u32 * DIGIT)) as usize % SLOTS, slot);
                }
            }
            assert!(
                (0..LEVELS).all(|level| (self.filled_levels >> level & 1 == 1) == (self.filled[level] > 0))
            );
        }
    }

    /// Holds `size` events and takes and schedules 50,000 more, beside a binary heap.
    fn beside_a_heap(size: u32, gap: impl Fn(u64) -> u64) {
        let mut rng = Seed(u64::from(size)).stream("agenda");
        let (mut agenda, mut twin) = (Agenda::default(), BinaryHeap::new());
        let mut now = 0;
        for i in 0..50_000 + size {
            let at = now + gap(rng.bits());
            agenda.push(Time(at), Event::Finish(i));
            twin.push(Reverse((at, i)));
            if i >= size {
                let Reverse((at, i)) = twin.pop().unwrap();
                now = at;
                assert_eq!(agenda.pop(Time::NEVER), Some((Time(at), Event::Finish(i))));
            }
            if i % 4_096 == 0 {
                agenda.check();
            }
        }
        agenda.check();
    }

    #[test]
    fn it_takes_events_in_the_order_of_a_heap() {
        for size in [0, 1, 16, 1_000, 20_000] {
            beside_a_heap(size, |bits| bits % 1_000_000);
            // Many ties, few times; then times of every magnitude.
            beside_a_heap(size, |bits| [0, 500_000, 1_000_000][(bits % 3) as usize]);
            beside_a_heap(size, |bits| 1 << (bits % 40));
        }
    }

    #[test]
    fn events_after_until_stay() {
        let mut agenda = Agenda::default();
        agenda.push(Time(5), Event::Probe(1));
        assert_eq!(agenda.pop(Time(4)), None);
        agenda.push(Time(4), Event::Probe(2));
        assert_eq!(agenda.pop(Time(4)), Some((Time(4), Event::Probe(2))));
        assert_eq!(agenda.pop(Time(5)), Some((Time(5), Event::Probe(1))));
        assert_eq!(agenda.pop(Time::NEVER), None);
    }

    #[test]
    fn the_end_of_time_is_a_time() {
        let mut agenda = Agenda::default();
        agenda.push(Time::NEVER, Event::Probe(1));
        agenda.push(Time(1), Event::Probe(2));
        assert_eq!(agenda.pop(Time::NEVER), Some((Time(1), Event::Probe(2))));
        assert_eq!(agenda.pop(Time::NEVER), Some((Time::NEVER, Event::Probe(1))));
    }
}
