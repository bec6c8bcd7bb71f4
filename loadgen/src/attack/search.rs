//! The search for the highest rate at which the objectives hold. It decides what is tried next, and nothing else.
use serde::Serialize;

/// What is still to be found out.
#[derive(Clone, Debug)]
pub struct Search {
    /// The highest rate at which they held, and the lowest above it at which they did not.
    held: Option<f64>,
    missed: Option<f64>,
    from: f64,
    to: f64,
    /// How close the two must be, as a share of the lower.
    within: f64,
    refuted: u32,
    done: Option<Verdict>,
}

/// What is tried next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probe {
    /// Requests per second.
    pub rate: f64,
    /// Whether this is to confirm what was found: it is worth a longer look.
    pub confirms: bool,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Up to this rate, which was tried twice, and above it they did not hold.
    Limit(f64),
    /// They held at the highest rate that may be tried: the limit lies above.
    Above(f64),
    /// They did not hold even at the lowest: the limit lies below.
    Below(f64),
    /// What held once did not again, from the first rate to this, the last: the target's answers change too much.
    Unsteady(f64),
}

/// So often a confirmation may fail.
const MOST_REFUTED: u32 = 4;

impl Search {
    /// Between these rates, 0 < `from` ≤ `to`, to within this share, > 0.
    pub const fn new(from: f64, to: f64, within: f64) -> Self {
        Self { held: None, missed: None, from, to, within, refuted: 0, done: None }
    }

    /// What is tried next; none when the verdict is there.
    pub fn next(&self) -> Option<Probe> {
        if self.done.is_some() {
            return None;
        }
        let probe = |rate, confirms| Some(Probe { rate, confirms });
        match (self.held, self.missed) {
            (None, None) => probe(self.from, false),
            (Some(held), None) if held < self.to => probe((held * 2.0).min(self.to), false),
            (Some(held), Some(missed)) if missed > held * (1.0 + self.within) => {
                // The middle in ratio: a limit is as likely between 1 and 2 as between 10 and 20.
                probe((held * missed).sqrt(), false)
            }
            (Some(held), _) => probe(held, true),
            (None, Some(missed)) => probe((missed / 2.0).max(self.from), false),
        }
    }

    /// Whether the objectives held at what was tried.
    pub fn tell(&mut self, probe: Probe, held: bool) {
        match (probe.confirms, held) {
            (true, true) => {
                self.done = Some(match self.missed {
                    Some(_) => Verdict::Limit(probe.rate),
                    None => Verdict::Above(probe.rate),
                });
            }
            (true, false) => {
                self.refuted += 1;
                self.missed = Some(probe.rate);
                // A step back, which is then confirmed, or not.
                let back = probe.rate / (1.0 + 2.0 * self.within);
                self.held = Some(back);
                if self.refuted == MOST_REFUTED {
                    self.done = Some(Verdict::Unsteady(probe.rate));
                } else if back < self.from {
                    self.done = Some(Verdict::Below(self.from));
                }
                // The step back is itself within reach: nothing between is tried before it is confirmed.
                self.within = self.within.max(probe.rate / back - 1.0);
            }
            (false, true) => self.held = Some(probe.rate),
            (false, false) if probe.rate <= self.from => self.done = Some(Verdict::Below(self.from)),
            (false, false) => self.missed = Some(probe.rate),
        }
    }

    /// What was found, when it was.
    pub const fn verdict(&self) -> Option<Verdict> {
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches a target that holds as `holds` says, and counts the probes.
    fn found(mut search: Search, mut holds: impl FnMut(Probe) -> bool) -> (Verdict, usize) {
        let mut tries = 0;
        while let Some(probe) = search.next() {
            tries += 1;
            assert!(tries < 60, "it ends");
            let held = holds(probe);
            search.tell(probe, held);
        }
        (search.verdict().unwrap(), tries)
    }

    #[test]
    fn any_limit_is_found_to_within_the_share_with_few_tries() {
        for limit in [10.5, 77.0, 500.0, 1_234.0, 19_000.0] {
            let (verdict, tries) = found(Search::new(10.0, 20_000.0, 0.05), |probe| probe.rate <= limit);
            let Verdict::Limit(rate) = verdict else { panic!("{limit}: {verdict:?}") };
            assert!(rate <= limit && rate * 1.05 >= limit * 0.999, "{rate} for {limit}");
            assert!(tries <= 18, "{tries}");
        }
    }

    #[test]
    fn a_limit_beyond_the_ends_is_said_to_be_there() {
        assert_eq!(found(Search::new(10.0, 100.0, 0.05), |_| true).0, Verdict::Above(100.0));
        assert_eq!(found(Search::new(10.0, 100.0, 0.05), |_| false).0, Verdict::Below(10.0));
        assert_eq!(found(Search::new(50.0, 50.0, 0.05), |_| true).0, Verdict::Above(50.0));
    }

    #[test]
    fn what_is_not_confirmed_is_lowered_and_at_last_called_unsteady() {
        // Longer looks hold up to 400 only.
        let holds = |probe: Probe| probe.rate <= if probe.confirms { 400.0 } else { 500.0 };
        let (verdict, _) = found(Search::new(10.0, 20_000.0, 0.05), holds);
        assert!(matches!(verdict, Verdict::Limit(rate) if (350.0..=400.0).contains(&rate)), "{verdict:?}");
        let never = |probe: Probe| !probe.confirms && probe.rate <= 500.0;
        assert!(matches!(found(Search::new(10.0, 20_000.0, 0.05), never).0, Verdict::Unsteady(_)));
    }
}
