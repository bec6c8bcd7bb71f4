//! What happens at an instant, and the few bytes in which it waits for that.
use crate::time::Time;

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
    pub(super) const fn pack(self) -> u32 {
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
    pub(super) fn unpack(packed: u32) -> Self {
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

/// An event with its time, and all in order: the time in the high 64 bits, then its number among all that were scheduled in 32
/// bits, then the packed event.
pub(super) type Entry = u128;

/// Stands for "no event": it has a tag that none has.
pub(super) const NOTHING: Entry = Entry::MAX;

/// An event with its number.
#[inline]
pub(super) fn entry(at: Time, number: u32, event: Event) -> Entry {
    Entry::from(at.0) << 64 | Entry::from(number) << 32 | Entry::from(event.pack())
}

pub(super) const fn time_of(entry: Entry) -> u64 {
    (entry >> 64) as u64
}
