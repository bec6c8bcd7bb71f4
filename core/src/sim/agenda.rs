//! The calendar of what will happen: events in order of time, equal times in the order in which they were scheduled.
//!
//! A radix heap (Ahuja, Mehlhorn, Orlin, Tarjan 1990) with 64-way buckets and a sorted run before them. An event lies in the
//! bucket of the highest base-64 digit in which its time differs from `base`, at that digit's value. The earliest bucket is
//! sorted into the run when it is small, and spread over the level below when it is not. No width has to be guessed, and the
//! cost is the same from a few events to a million, where a binary heap's grows tenfold.
use crate::time::Time;

/// What happens at an instant.
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

impl Event {
    const fn pack(self) -> u64 {
        match self {
            Self::Arrive(i) => i as u64,
            Self::Deliver(i) => 1 << 28 | i as u64,
            Self::Finish(i) => 2 << 28 | i as u64,
            Self::Answer(i) => 3 << 28 | i as u64,
            Self::Deadline(i) => 4 << 28 | i as u64,
            Self::Probe(i) => 5 << 28 | i as u64,
            Self::Wake(i) => 6 << 28 | i as u64,
            Self::Retry(i) => 7 << 28 | i as u64,
            Self::Timeout(i) => 8 << 28 | i as u64,
            Self::Hedge(i) => 9 << 28 | i as u64,
            Self::Cpu(i) => 10 << 28 | i as u64,
            Self::Rare(i) => 11 << 28 | i as u64,
        }
    }

    fn unpack(packed: u32) -> Self {
        let index = packed & ((1 << 28) - 1);
        match packed >> 28 {
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

/// An event with its time and its number, so that a plain comparison orders it: time, sequence, event.
type Entry = u128;

const DIGIT: u32 = 6;
const SLOTS: usize = 1 << DIGIT;
const LEVELS: usize = 11;
/// A bucket of at most so many events is sorted at once.
const SORTED: usize = 48;
/// A run that has grown longer is cut.
const LONGEST_RUN: usize = 144;
/// An emptied bucket keeps at most room for so many events.
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
    /// By level, then by digit.
    buckets: Vec<Vec<Entry>>,
    /// Which buckets of each level hold events, and which levels do.
    filled: [u64; LEVELS],
    filled_levels: u16,
    sequence: u32,
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
            filled: [0; LEVELS],
            filled_levels: 0,
            sequence: 0,
        }
    }
}

impl Agenda {
    /// Schedules `event`. O(1) amortised.
    pub(crate) fn push(&mut self, at: Time, event: Event) {
        let entry = Entry::from(at.0) << 64 | Entry::from(u64::from(self.sequence) << 32 | event.pack());
        self.sequence = self.sequence.wrapping_add(1);
        if at.0 >= self.run_end {
            return self.drop_into_bucket(entry);
        }
        let place = self.run.partition_point(|&other| other > entry);
        self.run.insert(place, entry);
        if self.run.len() > LONGEST_RUN && self.run_level > 0 {
            self.cut_run();
        }
    }

    /// The next event, if it happens at `until` or before. O(1) amortised.
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
        self.buckets[level as usize * SLOTS + slot].push(entry);
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
        let mut bucket = std::mem::take(&mut self.buckets[place]);
        let shift = level * DIGIT;
        // The digits above this level stay, this one becomes the slot's, those below become zero.
        let above = u64::MAX.checked_shl(shift + DIGIT).unwrap_or(0);
        self.base = (self.base & above) | u64::from(slot) << shift;
        if level == 0 || bucket.len() <= SORTED {
            self.run_end = self.base.saturating_add(1 << shift);
            self.run_level = level;
            self.run.append(&mut bucket);
            self.run.sort_unstable_by(|a, b| b.cmp(a));
        } else {
            self.run_end = self.base;
            bucket.drain(..).for_each(|entry| self.drop_into_bucket(entry));
        }
        if bucket.capacity() <= KEPT {
            self.buckets[place] = bucket;
        }
        Some(())
    }

    /// Puts all but the first 64th of the time that the run covers back into buckets.
    fn cut_run(&mut self) {
        let Some(&first) = self.run.last() else { return };
        self.run_level -= 1;
        let width = 1 << (self.run_level * DIGIT);
        self.base = time_of(first) & !(width - 1);
        self.run_end = self.base + width;
        let later = self.run.partition_point(|&entry| time_of(entry) >= self.run_end);
        let kept = self.run.split_off(later);
        let spilled = std::mem::replace(&mut self.run, kept);
        spilled.into_iter().for_each(|entry| self.drop_into_bucket(entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

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
        }
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
