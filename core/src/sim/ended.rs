//! Requests that have ended, one by one: which, when, how. Written down for whoever asks for it, and for nobody else.
use super::simulation::Simulation;
use crate::run::Outcome;
use crate::time::{Span, Time};

/// A request that has ended, or that its user has given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its number, as [`super::trace`] asks for it.
    pub request: u64,
    /// When it ended.
    pub at: Time,
    /// How long it took, as its user saw it.
    pub response: Span,
    /// The place of its class in the document's list.
    pub class: u16,
    /// How it ended.
    pub outcome: Outcome,
}

impl Simulation {
    /// From now on writes down each request that ends, 32 bytes for each, until it is taken away.
    pub fn record_ended(&mut self) {
        self.ended.get_or_insert_default();
    }

    /// Moves what was written down to the end of `into`, in the order in which the requests ended.
    pub fn take_ended(&mut self, into: &mut Vec<Ended>) {
        if let Some(ended) = &mut self.ended {
            into.append(ended);
        }
    }

    /// Writes down a request that ends now. `low` is the lower half of its number: fewer than 2^32 requests are sent while
    /// one is under way.
    pub(super) fn write_down(&mut self, low: u32, class: u16, outcome: Outcome, response: Span) {
        let Some(ended) = &mut self.ended else { return };
        let last = self.requests - 1;
        let request = last - u64::from((last as u32).wrapping_sub(low));
        ended.push(Ended { request, at: self.now, response, class, outcome });
    }
}
