//! Two counts over the last while, in ten slices.
use crate::time::{Span, Time};

const SLICES: usize = 10;

/// Counts of two kinds of things over a sliding window. Times must not go back. O(1).
///
/// The window moves by a tenth of itself: it covers the running tenth and the nine before it.
#[derive(Clone, Debug)]
pub(super) struct Window {
    slice: u64,
    /// By number of the slice, modulo ten.
    counts: [[u64; 2]; SLICES],
    /// The running slice.
    at: u64,
    /// Of all slices.
    sums: [u64; 2],
}

impl Window {
    /// An empty window of `length`, at least 10 ns.
    pub(super) fn new(length: Span) -> Self {
        let slice = (length.0 / SLICES as u64).max(1);
        Self { slice, counts: [[0; 2]; SLICES], at: 0, sums: [0; 2] }
    }

    /// Counts one of `kind` 0 or 1.
    pub(super) fn add(&mut self, now: Time, kind: usize) {
        self.advance(now);
        self.counts[self.at as usize % SLICES][kind] += 1;
        self.sums[kind] += 1;
    }

    /// How many of each kind.
    pub(super) fn sums(&mut self, now: Time) -> [u64; 2] {
        self.advance(now);
        self.sums
    }

    fn advance(&mut self, now: Time) {
        let at = now.0 / self.slice;
        let passed = at.saturating_sub(self.at).min(SLICES as u64);
        for slice in 1..=passed {
            let old = std::mem::take(&mut self.counts[(self.at + slice) as usize % SLICES]);
            (0..2).for_each(|kind| self.sums[kind] -= old[kind]);
        }
        self.at = self.at.max(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn it_counts_what_a_list_of_instants_does() {
        let mut rng = Seed(2).stream("window");
        let (mut window, mut twin, mut now) = (Window::new(Span(100)), Vec::new(), 0);
        for _ in 0..20_000 {
            // Mostly close together, sometimes past the whole window.
            now += if rng.below(50) == 0 { rng.below(300) } else { rng.below(8) };
            let kind = rng.below(2) as usize;
            window.add(Time(now), kind);
            twin.push((now / 10, kind));
            twin.retain(|&(slice, _)| slice + 10 > now / 10);
            let count = |kind| twin.iter().filter(|&&(_, other)| other == kind).count() as u64;
            assert_eq!(window.sums(Time(now)), [count(0), count(1)]);
        }
    }
}
