//! The requests of a class, told apart.
use super::{Outcome, Outcomes};
use crate::stats::Histogram;
use crate::time::Span;
use serde::{Deserialize, Serialize};

/// What a class's `response` and `service` do not tell: how long those took that did not end well, and until the first byte.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Breakdown {
    /// From the actual send to the first byte of the answer's head, of the requests that were answered whole. Empty in a
    /// simulation, whose answers have one instant.
    #[serde(skip_serializing_if = "Histogram::is_empty")]
    pub first_byte: Histogram,
    /// The responses of those that were turned away.
    #[serde(skip_serializing_if = "Histogram::is_empty")]
    pub refused: Histogram,
    /// The responses of those that broke.
    #[serde(skip_serializing_if = "Histogram::is_empty")]
    pub failed: Histogram,
    /// The responses of those that were given up.
    #[serde(skip_serializing_if = "Histogram::is_empty")]
    pub timed_out: Histogram,
}

impl Breakdown {
    /// Keeps a response that did not end well; one that did needs nothing of its own.
    pub fn record(&mut self, outcome: Outcome, response: Span) {
        if let Some(histogram) = self.of_mut(outcome) {
            histogram.record(response);
        }
    }

    /// The responses that did not end well, with the name of how they ended, as reports write it.
    pub const fn bad(&self) -> [(&'static str, &Histogram); 3] {
        [("refused", &self.refused), ("failed", &self.failed), ("timed_out", &self.timed_out)]
    }

    const fn of_mut(&mut self, outcome: Outcome) -> Option<&mut Histogram> {
        match outcome {
            Outcome::Ok => None,
            Outcome::Refused => Some(&mut self.refused),
            Outcome::Failed => Some(&mut self.failed),
            Outcome::TimedOut => Some(&mut self.timed_out),
        }
    }

    /// The responses that ended well, out of these of all. Lossless where both have the same precision.
    pub fn well(&self, all: &Histogram) -> Histogram {
        self.bad().into_iter().fold(all.clone(), |well, (_, bad)| well.without(bad))
    }

    /// Adds what another kept.
    pub fn merge(&mut self, other: &Self) {
        self.first_byte.merge(&other.first_byte);
        self.refused.merge(&other.refused);
        self.failed.merge(&other.failed);
        self.timed_out.merge(&other.timed_out);
    }

    /// Forgets everything but keeps the memory.
    pub fn clear(&mut self) {
        [&mut self.first_byte, &mut self.refused, &mut self.failed, &mut self.timed_out]
            .into_iter()
            .for_each(Histogram::clear);
    }

    /// Bytes of memory that its histograms take.
    pub const fn size(&self) -> usize {
        self.first_byte.size() + self.refused.size() + self.failed.size() + self.timed_out.size()
    }

    /// Whether nothing is told apart.
    pub const fn is_empty(&self) -> bool {
        self.first_byte.is_empty()
            && self.refused.is_empty()
            && self.failed.is_empty()
            && self.timed_out.is_empty()
    }

    /// Whether it can be of requests that ended so: none has two responses, nor two first bytes.
    pub const fn is_of(&self, outcomes: &Outcomes) -> bool {
        self.refused.count() <= outcomes.refused
            && self.failed.count() <= outcomes.failed
            && self.timed_out.count() <= outcomes.timed_out
            && self.first_byte.count() <= outcomes.total()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_well_is_all_without_what_did_not() {
        let (mut all, mut apart, mut outcomes) =
            (Histogram::default(), Breakdown::default(), Outcomes::default());
        let mut well = Histogram::default();
        let endings = [Outcome::Ok, Outcome::Refused, Outcome::Ok, Outcome::Failed, Outcome::TimedOut];
        for (number, outcome) in (1..=1_000).zip(endings.into_iter().cycle()) {
            let response = Span(number * number * 1_000);
            all.record(response);
            apart.record(outcome, response);
            outcomes.add(outcome);
            if outcome == Outcome::Ok {
                well.record(response);
            }
        }
        assert_eq!(apart.well(&all), well);
        assert_eq!(apart.bad().map(|(_, bad)| bad.count()), [200; 3]);
        assert!(apart.is_of(&outcomes));
        assert!(!apart.is_of(&Outcomes { failed: 199, ..outcomes }));
    }

    #[test]
    fn of_nothing_it_is_written_as_nothing() {
        let empty = serde_json::to_string(&Breakdown::default()).unwrap();
        assert_eq!(empty, "{}");
        let mut apart = Breakdown::default();
        apart.record(Outcome::Failed, Span::from_millis(3));
        apart.first_byte.record(Span::from_millis(2));
        let text = serde_json::to_string(&apart).unwrap();
        assert_eq!(serde_json::from_str::<Breakdown>(&text).unwrap(), apart);
        apart.clear();
        assert!(apart.is_empty());
    }
}
