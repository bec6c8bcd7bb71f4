//! A target beyond this machine must consent, anew for each run: whoever can put a file on a server may have it loaded. And a target
//! that says again and again that it is too much is let alone.
use super::{Target, fetch};
use loadpath_core::run::Outcomes;
use loadpath_core::wire::Interval;
use std::fmt;
use std::time::Duration;

/// How long the target may take to consent.
const WITHIN: Duration = Duration::from_secs(5);
/// A longer answer is no consent.
const MOST_BYTES: usize = 1 << 10;
/// After so many intervals in a row that were mostly refused, the load ends.
const MOST_REFUSALS: u8 = 3;

/// Why a target is not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoConsent {
    host: String,
    token: String,
    got: String,
}

impl fmt::Display for NoConsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, token, got } = self;
        write!(
            f,
            "{host} does not consent to be loaded ({got}): if it is yours, let \
             http://{host}/.well-known/loadgen-{token} answer with {token}"
        )
    }
}

impl std::error::Error for NoConsent {}

/// Asks the target for `/.well-known/loadgen-TOKEN`, which must answer 200 and TOKEN, on the address that will be loaded. Redirects
/// are no answer, and no proxy is asked.
///
/// # Errors
/// When it answers anything else, too long, or not within five seconds.
pub async fn consents(target: &Target, token: &str) -> Result<(), NoConsent> {
    let path = format!("/.well-known/loadgen-{token}");
    let answer = tokio::time::timeout(WITHIN, fetch(target, &path, "text/plain", MOST_BYTES)).await;
    let got = match answer {
        Ok(Ok(text)) if text.trim() == token => return Ok(()),
        Ok(Ok(_)) => "it answered with another text".to_owned(),
        Ok(Err(got)) => got,
        Err(_) => format!("no answer within {} s", WITHIN.as_secs()),
    };
    Err(NoConsent { host: target.host.clone(), token: token.to_owned(), got })
}

/// How much more of the load a target is asked to bear.
#[derive(Debug, Default)]
pub struct Patience {
    refusals: u8,
}

impl Patience {
    /// Takes the next interval into account; true when the target has refused most of three in a row (503, 429).
    pub fn is_over(&mut self, interval: &Interval) -> bool {
        let mut all = Outcomes::default();
        for class in &interval.classes {
            all.merge(&class.outcomes);
        }
        let mostly_refused = all.refused > 0 && 2 * all.refused >= all.total();
        self.refusals = if mostly_refused { self.refusals + 1 } else { 0 };
        self.refusals >= MOST_REFUSALS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::run::Breakdown;
    use loadpath_core::stats::{Histogram, Precision};
    use loadpath_core::time::Span;
    use loadpath_core::wire::ClassInterval;

    #[test]
    fn three_refused_intervals_in_a_row_end_the_load_and_one_good_one_starts_anew() {
        let interval = |ok: u64, refused: u64| {
            let nothing = || Histogram::new(Precision::Fine);
            let outcomes = Outcomes { ok, refused, ..Outcomes::default() };
            let class = ClassInterval {
                name: "all".to_owned(),
                outcomes,
                response: nothing(),
                service: nothing(),
                breakdown: Breakdown::default(),
            };
            let (start, length) = (Span::ZERO, Span::SECOND);
            let classes = vec![class];
            Interval {
                number: 0,
                start,
                length,
                offered: 0,
                classes,
                nodes: Vec::new(),
                send_delay: nothing(),
                connect: nothing(),
            }
        };
        let mut patience = Patience::default();
        let seen = [(1, 9), (5, 5), (9, 1), (0, 9), (0, 0), (0, 1), (1, 1), (2, 3), (9, 0)];
        let over: Vec<bool> =
            seen.iter().map(|&(ok, refused)| patience.is_over(&interval(ok, refused))).collect();
        assert_eq!(over, [false, false, false, false, false, false, false, true, false]);
    }
}
