//! The calendar of what will happen: events in order of time, equal times in the order in which they were scheduled.
use crate::time::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

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
    /// A balancer probes its targets.
    Probe(u32),
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
            other => unreachable!("no event has the tag {other}"),
        }
    }
}

/// The calendar: a binary heap of 16-byte entries (time, sequence, event).
#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Reverse<u128>>,
    sequence: u32,
}

impl Agenda {
    /// Schedules `event`. O(log n).
    pub(crate) fn push(&mut self, at: Time, event: Event) {
        let entry = u128::from(at.0) << 64 | u128::from(u64::from(self.sequence) << 32 | event.pack());
        self.sequence = self.sequence.wrapping_add(1);
        self.heap.push(Reverse(entry));
    }

    /// The next event, if it happens at `until` or before. O(log n).
    pub(crate) fn pop(&mut self, until: Time) -> Option<(Time, Event)> {
        let Reverse(entry) = *self.heap.peek()?;
        let at = Time((entry >> 64) as u64);
        if at > until {
            return None;
        }
        self.heap.pop();
        Some((at, Event::unpack(entry as u32)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_order_of_time_and_ties_in_order_of_scheduling() {
        let mut agenda = Agenda::default();
        let mut twin = Vec::new();
        for i in 0..2_000u32 {
            let at = Time(crate::hash::mix(u64::from(i)) % 50);
            agenda.push(at, Event::Finish(i));
            twin.push((at, i));
        }
        twin.sort_by_key(|&(at, _)| at);
        for (at, i) in twin {
            assert_eq!(agenda.pop(Time::NEVER), Some((at, Event::Finish(i))));
        }
        agenda.push(Time(5), Event::Probe(1));
        assert_eq!(agenda.pop(Time(4)), None);
        assert_eq!(agenda.pop(Time(5)), Some((Time(5), Event::Probe(1))));
    }
}
