//! Outlier ejection: a target that fails is left alone for a while, whatever its probes say.
//!
//! As in Envoy: the time away grows with each ejection, and shrinks again while the target does well; at most a share of all
//! targets is away at once, so that a fault that all have does not empty the pool.
use crate::time::{Span, Time};

/// An ejection lasts at most this many times the first (Envoy's defaults: 300 s and 30 s).
const LONGEST: u64 = 10;

/// When a target is ejected. Failures in a row, window and ejection are by default as Envoy's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlier {
    /// After so many failures in a row; zero for never.
    pub consecutive: u32,
    /// When this share of a window's requests has failed, in (0, 1]; above one for never.
    pub error_share: f64,
    /// The window over which failures are counted.
    pub window: Span,
    /// A share is not judged below so many requests in the window.
    pub least: u32,
    /// How long the first ejection lasts; the n-th in a row lasts n times as long.
    pub ejection: Span,
    /// The largest share of all targets that may be away at once, in [0, 1], rounded down to whole targets.
    pub max_ejected: f64,
}

impl Default for Outlier {
    fn default() -> Self {
        Self {
            consecutive: 5,
            error_share: 0.5,
            window: Span(10 * Span::SECOND.0),
            least: 20,
            ejection: Span(30 * Span::SECOND.0),
            max_ejected: 0.5,
        }
    }
}

/// What is known of one target.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    in_a_row: u32,
    window_began: Time,
    requests: u32,
    failures: u32,
    /// Ejections of late, less those it made up for.
    ejections: u64,
    /// Until when it is, or was, away.
    until: Time,
    away: bool,
}

/// Watches the answers of all targets.
#[derive(Clone, Debug)]
pub(super) struct Ejector {
    outlier: Outlier,
    records: Vec<Record>,
    /// How many are away.
    away: usize,
    /// When the next of them returns; `NEVER` when none is away.
    next: Time,
}

impl Ejector {
    pub(super) fn new(outlier: Outlier, targets: u16) -> Self {
        Self { outlier, records: vec![Record::default(); usize::from(targets)], away: 0, next: Time::NEVER }
    }

    /// Takes an answer of `target`; whether it must go. O(1), O(n) when it must.
    pub(super) fn ended(&mut self, now: Time, target: u16, ok: bool) -> bool {
        let Outlier { window, max_ejected, .. } = self.outlier;
        let room = (max_ejected * self.records.len() as f64) as usize > self.away;
        let record = &mut self.records[usize::from(target)];
        if record.away {
            return false;
        }
        if now.since(record.window_began) >= window {
            (record.window_began, record.requests, record.failures) = (now, 0, 0);
        }
        record.requests += 1;
        record.failures += u32::from(!ok);
        record.in_a_row = if ok { 0 } else { record.in_a_row + 1 };
        let goes = !ok && room && self.outlier.condemns(record);
        if goes {
            self.eject(now, target);
        }
        goes
    }

    fn eject(&mut self, now: Time, target: u16) {
        let first = self.outlier.ejection;
        let record = &mut self.records[usize::from(target)];
        // Each time that it did well for as long as the first ejection makes up for one.
        let made_up = now.since(record.until).0 / first.0.max(1);
        let ejections = record.ejections.saturating_sub(made_up) + 1;
        let until = now + Span(first.0.saturating_mul(ejections.min(LONGEST)));
        *record = Record { ejections, until, away: true, ..Record::default() };
        self.away += 1;
        self.next = self.next.min(until);
    }

    /// One that is due to return by `now`, the smallest of those; call again until there is none. O(1) when there is none.
    pub(super) fn returning(&mut self, now: Time) -> Option<u16> {
        if now < self.next {
            return None;
        }
        let due = self.records.iter().position(|record| record.away && record.until <= now);
        if let Some(target) = due {
            self.records[target].away = false;
            self.away -= 1;
        }
        let away = self.records.iter().filter(|record| record.away);
        self.next = away.map(|record| record.until).min().unwrap_or(Time::NEVER);
        due.map(|target| target as u16)
    }
}

impl Outlier {
    fn condemns(&self, record: &Record) -> bool {
        let in_a_row = self.consecutive > 0 && record.in_a_row >= self.consecutive;
        let share = f64::from(record.failures) / f64::from(record.requests);
        in_a_row || (record.requests >= self.least && share >= self.error_share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Time {
        Time(n * Span::SECOND.0)
    }

    #[test]
    fn failures_in_a_row_eject_for_ever_longer() {
        let mut ejector = Ejector::new(Outlier::default(), 4);
        let mut now = 0;
        for away in [30, 60, 90] {
            let fails: Vec<bool> = (0..5).map(|_| ejector.ended(seconds(now), 2, false)).collect();
            assert_eq!(fails, [false, false, false, false, true]);
            assert_eq!(ejector.returning(seconds(now + away - 1)), None);
            now += away;
            assert_eq!(ejector.returning(seconds(now)), Some(2));
            assert_eq!(ejector.returning(seconds(now)), None);
        }
        // It has done well for two first ejections: the fourth in a row lasts as the second.
        now += 60;
        let went = (0..5).filter(|_| ejector.ended(seconds(now), 2, false)).count();
        assert_eq!(went, 1);
        assert_eq!(ejector.returning(seconds(now + 59)), None);
        assert_eq!(ejector.returning(seconds(now + 60)), Some(2));
    }

    #[test]
    fn a_share_of_failures_ejects_and_no_more_than_a_share_of_targets() {
        let outlier = Outlier { consecutive: 0, max_ejected: 0.5, ..Outlier::default() };
        let mut ejector = Ejector::new(outlier, 5);
        let mut went = Vec::new();
        for request in 0..40 {
            // Target 4 fails in 40 % only.
            let fails = |target| if target < 4 { request % 2 == 1 } else { request % 5 < 2 };
            let answers = (0..5u16).filter(|&target| ejector.ended(seconds(0), target, !fails(target)));
            went.extend(answers.collect::<Vec<_>>());
        }
        assert_eq!(went, [0, 1], "half of five is two");
    }
}
