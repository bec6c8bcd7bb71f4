//! What a cache is made to: the policy, how much it holds and for how long.
use crate::rng::Rng;
use crate::time::{Span, Time};

/// What is forgotten first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eviction {
    /// What was not asked for longest.
    #[default]
    Lru,
    /// What was asked for least often since it came; of equals, the least recently used.
    Lfu,
    /// What came first.
    Fifo,
    /// What was not asked for since a hand last went by.
    Clock,
    /// As CLOCK, with newcomers in front of the hand.
    Sieve,
    /// What was not asked for twice while it was new; then as a queue with second chances.
    S3Fifo,
    /// Newcomers that are less popular than what they would push out.
    TinyLfu,
}

impl Eviction {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Lru, Self::Lfu, Self::Fifo, Self::Clock, Self::Sieve, Self::S3Fifo, Self::TinyLfu];
}

/// How much a cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// So many entries, ≥ 1, whatever their size.
    Entries(u32),
    /// So many bytes of values, ≥ 1. A value of no bytes takes one.
    Bytes(u64),
}

/// How long an entry is good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ttl {
    /// The mean time to live.
    pub span: Span,
    /// Each entry lives for `span` times a number that is uniform in [1 - jitter, 1 + jitter), so that what was filled
    /// together does not expire together. In [0, 1).
    pub jitter: f64,
}

impl Ttl {
    /// Entries do not expire.
    pub const FOREVER: Self = Self::fixed(Span(u64::MAX));

    /// All entries live for `span`.
    pub const fn fixed(span: Span) -> Self {
        Self { span, jitter: 0.0 }
    }

    /// Draws only if there is jitter.
    pub(super) fn expiry(self, now: Time, rng: &mut Rng) -> Time {
        if self.jitter == 0.0 {
            return now + self.span;
        }
        let factor = 1.0 + self.jitter * (2.0 * rng.unit() - 1.0);
        now + Span((self.span.0 as f64 * factor) as u64)
    }
}

/// An entry that had to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evicted {
    /// Its key.
    pub key: u64,
    /// Whether its value must be written back, or be lost.
    pub dirty: bool,
}
