//! Lines of events that happen in the order in which they are scheduled, since they come a constant time after it, as calls and
//! answers over links do. Who comes last need not look for a place.
use super::event::{Entry, NOTHING, time_of};
use crate::time::Span;
use std::hint::select_unpredictable;

/// There are at most so many, since all are looked at when one of them moves on.
const MOST: usize = 8;
/// Room for the first events of a line; a power of two.
const LEAST: usize = 16;

/// A line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lane(u8);

/// The lines.
#[derive(Clone, Debug)]
pub(super) struct Lanes {
    lines: Vec<Line>,
    /// The first event of each line, or `NOTHING`.
    heads: [Entry; MOST],
    /// The line with the first event of all.
    first: usize,
    /// That event, or `NOTHING`.
    pub(super) head: Entry,
}

/// A line.
#[derive(Clone, Debug)]
struct Line {
    /// How long its events wait.
    delay: Span,
    /// The events with the numbers `start..end`, each in the place of its number's low bits, in order; as long as a power of two.
    /// Its own ring, since one that need not be a power of two takes twice the time.
    ring: Vec<Entry>,
    start: usize,
    end: usize,
    /// The time of the last that came.
    last: u64,
}

impl Line {
    const fn new(delay: Span) -> Self {
        Self { delay, ring: Vec::new(), start: 0, end: 0, last: 0 }
    }

    const fn len(&self) -> usize {
        self.end.wrapping_sub(self.start)
    }

    #[inline]
    fn push(&mut self, entry: Entry) {
        if self.len() == self.ring.len() {
            self.grow();
        }
        let mask = self.ring.len() - 1;
        self.ring[self.end & mask] = entry;
        self.end = self.end.wrapping_add(1);
        self.last = time_of(entry);
    }

    /// Takes the first, which there must be, and gives the next.
    #[inline]
    fn step(&mut self) -> Entry {
        self.start = self.start.wrapping_add(1);
        if self.start == self.end {
            return NOTHING;
        }
        self.ring[self.start & (self.ring.len() - 1)]
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let wider = (2 * self.ring.len()).max(LEAST);
        let ring: Vec<Entry> = self.iter().collect();
        (self.start, self.end) = (0, ring.len());
        self.ring = ring;
        self.ring.resize(wider, NOTHING);
    }

    fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        (0..self.len()).map(|i| self.ring[self.start.wrapping_add(i) & (self.ring.len() - 1)])
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self { lines: Vec::new(), heads: [NOTHING; MOST], first: 0, head: NOTHING }
    }
}

impl Lanes {
    /// The line of what waits for `delay`; none when there are too many.
    pub(super) fn line(&mut self, delay: Span) -> Option<Lane> {
        let known = self.lines.iter().position(|line| line.delay == delay);
        let place = known.unwrap_or(self.lines.len());
        if place == MOST {
            return None;
        }
        if known.is_none() {
            self.lines.push(Line::new(delay));
        }
        Some(Lane(place as u8))
    }

    /// How many events wait. O(lines).
    pub(super) fn len(&self) -> usize {
        self.lines.iter().map(Line::len).sum()
    }

    /// Puts an event at the end of a line; not if one that stands there comes later. O(1).
    #[inline]
    pub(super) fn push(&mut self, lane: Lane, entry: Entry) -> bool {
        let place = usize::from(lane.0);
        let line = &mut self.lines[place];
        if line.len() == 0 {
            self.heads[place] = entry;
            if entry < self.head {
                (self.first, self.head) = (place, entry);
            }
        } else if time_of(entry) < line.last {
            return false;
        }
        line.push(entry);
        true
    }

    /// Takes the first event of all, which there must be. O(lines).
    #[inline]
    pub(super) fn pop(&mut self) {
        self.heads[self.first] = self.lines[self.first].step();
        // Which line is next is anybody's guess: a jump would be a wrong one as often as not.
        let (mut first, mut head) = (0, self.heads[0]);
        for place in 1..self.lines.len().min(MOST) {
            let earlier = self.heads[place] < head;
            first = select_unpredictable(earlier, place, first);
            head = head.min(self.heads[place]);
        }
        (self.first, self.head) = (first, head);
    }

    /// Takes all events, line by line; the lines stay.
    pub(super) fn take_all(&mut self) -> Vec<Entry> {
        let all = self.lines.iter().flat_map(Line::iter).collect();
        self.lines.iter_mut().for_each(|line| *line = Line::new(line.delay));
        self.heads.fill(NOTHING);
        self.head = NOTHING;
        all
    }

    /// Panics unless every line is in order, and the first event is the first.
    #[cfg(test)]
    pub(super) fn check(&self) {
        for (line, &head) in self.lines.iter().zip(&self.heads) {
            assert_eq!(line.iter().next().unwrap_or(NOTHING), head);
            assert!(line.iter().is_sorted() && line.iter().all(|entry| time_of(entry) <= line.last));
        }
        assert_eq!(self.head, self.heads.iter().copied().min().unwrap_or(NOTHING));
    }
}
