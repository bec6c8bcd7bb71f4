//! The calendar of what will happen: events in order of time, equal times in the order in which they were scheduled.
//!
//! A radix heap (Ahuja, Mehlhorn, Orlin, Tarjan 1990) with 64-way buckets and a sorted run before them. An event lies in the
//! bucket of the highest base-64 digit in which its time differs from `base`, at that digit's value. The earliest bucket is
//! sorted into the run when it is small, and spread over the level below when it is not. No width has to be guessed, and the
//! cost is the same from a few events to a million, where a binary heap's grows tenfold.
//!
//! Beside it are lines of events that come in the order in which they are scheduled. Equal times are told apart by number.
use super::event::{Entry, Event, NOTHING, entry, time_of};
use super::lanes::{Lane, Lanes};
use crate::time::{Span, Time};

const DIGIT: u32 = 6;
const SLOTS: usize = 1 << DIGIT;
const LEVELS: usize = 11;
/// A bucket of at most so many events is sorted at once.
const SORTED: usize = 48;
/// A run of fewer events gets the next bucket too: what is done once for a run, and the ways of all its calls from memory, are
/// shared by more.
const SHORT_RUN: usize = 16;
/// A run that has grown longer is cut.
const LONGEST_RUN: usize = 96;
/// Room for the first events of a bucket.
const LEAST: usize = 64;
/// Room for more events than this is given up when a bucket is emptied.
const KEPT: usize = 1_024;

/// The calendar. Times must not lie before the last event that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Agenda {
    /// The number of the event that was scheduled last.
    number: u32,
    lanes: Lanes,
    /// What comes first: all events before `run_end`, latest first.
    run: Vec<Entry>,
    run_end: u64,
    /// Several events have come into the run together, which nobody has looked at yet.
    filled_run: bool,
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

impl Default for Agenda {
    fn default() -> Self {
        Self {
            number: 0,
            lanes: Lanes::default(),
            run: Vec::new(),
            run_end: 0,
            filled_run: false,
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
        self.lanes.len() + self.run.len() + self.buckets.iter().map(Vec::len).sum::<usize>()
    }

    /// The line of what comes `delay` after it is scheduled; there are only so many, then none.
    pub(crate) fn lane(&mut self, delay: Span) -> Option<Lane> {
        self.lanes.line(delay)
    }

    /// Schedules `event`. O(1) amortised.
    #[inline]
    pub(crate) fn push(&mut self, at: Time, event: Event) {
        let entry = self.number(at, event);
        self.push_entry(entry);
    }

    /// As [`Agenda::push`], to the end of a line; if it may not stand there, to where all others go. O(1).
    #[inline]
    pub(crate) fn push_in_line(&mut self, lane: Option<Lane>, at: Time, event: Event) {
        let entry = self.number(at, event);
        if !lane.is_some_and(|lane| self.lanes.push(lane, entry)) {
            self.push_entry(entry);
        }
    }

    #[inline]
    fn number(&mut self, at: Time, event: Event) -> Entry {
        if self.number == u32::MAX {
            self.number_anew();
        }
        self.number += 1;
        entry(at, self.number, event)
    }

    /// The numbers have come to their end: what is on the agenda gets the first ones, in its order. O(all).
    #[cold]
    fn number_anew(&mut self) {
        let mut all = self.lanes.take_all();
        all.append(&mut self.run);
        self.buckets.iter_mut().for_each(|bucket| all.append(bucket));
        all.sort_unstable();
        let base = all.first().map_or(self.base, |&entry| time_of(entry));
        // What may yet come before all of these belongs into the run.
        *self = Self { lanes: std::mem::take(&mut self.lanes), base, run_end: base, ..Self::default() };
        for old in all {
            self.push(Time(time_of(old)), Event::unpack(old as u32));
        }
    }

    fn push_entry(&mut self, entry: Entry) {
        if time_of(entry) >= self.run_end {
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
        while self.run.is_empty() && self.refill().is_some() {}
        let in_line = self.lanes.head;
        let next = self.run.last().copied().unwrap_or(NOTHING);
        let stood_in_line = in_line < next;
        let entry = if stood_in_line { in_line } else { next };
        let at = Time(time_of(entry));
        if at > until || entry == NOTHING {
            return None;
        }
        if stood_in_line {
            self.lanes.pop();
        } else {
            self.run.pop();
        }
        Some((at, Event::unpack(entry as u32)))
    }

    /// Whether several events have come so near that they are next, since this was last asked.
    #[inline]
    pub(crate) fn has_filled_run(&mut self) -> bool {
        std::mem::take(&mut self.filled_run)
    }

    /// The events of the heap that are next, the last of them first; not those in lines.
    pub(crate) fn run(&self) -> impl Iterator<Item = Event> + '_ {
        self.run.iter().map(|&entry| Event::unpack(entry as u32))
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

    /// Moves the earliest buckets into the empty run, as many as make a short one, or spreads the first over the level below;
    /// `None` when nothing is scheduled.
    fn refill(&mut self) -> Option<()> {
        if self.filled_levels == 0 {
            return None;
        }
        let level = self.filled_levels.trailing_zeros();
        let mut bucket = self.take_earliest(level);
        if level > 0 && bucket.len() > SORTED {
            self.run_end = self.base;
            bucket.drain(..).for_each(|entry| self.drop_into_bucket(entry));
            self.keep(bucket);
            return Some(());
        }
        self.run.append(&mut bucket);
        self.keep(bucket);
        while self.run.len() < SHORT_RUN && self.fits_into_run(level) {
            let mut bucket = self.take_earliest(level);
            self.run.append(&mut bucket);
            self.keep(bucket);
        }
        self.run_end = self.base.saturating_add(1 << (level * DIGIT));
        self.run_level = level + 1;
        // Often there is but one event, and nothing to sort.
        self.filled_run = self.run.len() > 1;
        if self.filled_run {
            self.run.sort_unstable_by(|a, b| b.cmp(a));
        }
        Some(())
    }

    /// Takes the earliest bucket of a level that holds any; no event is earlier than its first instant.
    fn take_earliest(&mut self, level: u32) -> Vec<Entry> {
        let filled = &mut self.filled[level as usize];
        let slot = filled.trailing_zeros();
        *filled &= *filled - 1;
        if *filled == 0 {
            self.filled_levels &= !(1 << level);
        }
        let shift = level * DIGIT;
        // The digits above this level stay, this one becomes the slot's, those below become zero.
        let above = u64::MAX.checked_shl(shift + DIGIT).unwrap_or(0);
        self.base = (self.base & above) | u64::from(slot) << shift;
        std::mem::take(&mut self.buckets[level as usize * SLOTS + slot as usize])
    }

    /// Whether the next bucket of the level from which the run is filled leaves it short enough to be sorted.
    fn fits_into_run(&self, level: u32) -> bool {
        let slot = self.filled[level as usize].trailing_zeros() as usize;
        slot < SLOTS && self.run.len() + self.buckets[level as usize * SLOTS + slot].len() <= SORTED
    }

    /// Keeps the memory of a bucket that is empty now.
    fn keep(&mut self, bucket: Vec<Entry>) {
        if bucket.capacity() <= KEPT {
            self.spare.push(bucket);
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
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    impl Agenda {
        /// Whether the run is in order and before all buckets, every bucket's events belong into it, and the lines are right.
        fn check(&self) {
            self.lanes.check();
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
    fn lines_and_heap_together_keep_the_order_of_scheduling() {
        let mut rng = Seed(5).stream("agenda");
        let mut agenda = Agenda { number: u32::MAX - 10_000, ..Agenda::default() };
        let mut twin = BinaryHeap::new();
        // More delays than there are lines.
        let lanes: Vec<(u64, Option<Lane>)> =
            (0..12).map(|i| i * 50 + 50).map(|delay| (delay, agenda.lane(Span(delay)))).collect();
        assert!(lanes.iter().any(|(_, lane)| lane.is_none()));
        let mut now = 0;
        for i in 0..50_000 {
            let (delay, lane) = lanes[rng.below(12) as usize];
            let in_line = rng.below(3) > 0;
            let at = now + if in_line { delay } else { rng.below(12) * 50 };
            agenda.push_in_line(lane.filter(|_| in_line), Time(at), Event::Finish(i));
            twin.push(Reverse((at, i)));
            if i >= 500 {
                let Reverse((at, i)) = twin.pop().unwrap();
                now = at;
                assert_eq!(agenda.pop(Time::NEVER), Some((Time(at), Event::Finish(i))));
            }
            if i % 1_024 == 0 {
                agenda.check();
            }
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
