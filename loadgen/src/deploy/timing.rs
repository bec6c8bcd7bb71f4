//! The `Server-Timing` header that carries each hop's times back to the client.
//!
//! A node reports its own queue (`web.q;dur=0.120`) and, for each call that it made, what it saw as the caller
//! (`db;dur=4.310;desc=ok`), followed by what the callee reported. Times are in milliseconds with three decimals.
use super::cookies::Cookies;
use loadpath_core::run::Outcome;
use loadpath_core::time::Span;
use std::fmt::Write as _;

/// How long a header may be. Entries that would make it longer are left out; those hops are then seen less often.
const MOST_BYTES: usize = 8 * 1024;

/// The entries of one answer, in order, and what its user is to keep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Timing {
    text: String,
    /// What the user is to keep of where his sessions are.
    pub(super) cookies: Cookies,
}

impl Timing {
    /// The time that a request spent in the node's own queue.
    pub(super) fn wait(&mut self, node: &str, wait: Span) {
        self.entry(format_args!("{node}.q;dur={}", Millis(wait)));
    }

    /// Whether a cache had the key.
    pub(super) fn hit(&mut self, node: &str, hit: bool) {
        self.entry(format_args!("{node}.hit;dur={}", u8::from(hit)));
    }

    /// A call that the node made, and what the callee said itself.
    pub(super) fn call(&mut self, callee: &str, took: Span, outcome: Outcome, own: &str) {
        let outcome = match outcome {
            Outcome::Ok => "ok",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
            Outcome::TimedOut => "timed_out",
        };
        self.entry(format_args!("{callee};dur={};desc={outcome}", Millis(took)));
        if !own.is_empty() {
            self.entry(format_args!("{own}"));
        }
    }

    /// The entries of an earlier call that no answer has carried yet.
    pub(super) fn append(&mut self, earlier: &Self) {
        if !earlier.text.is_empty() {
            self.entry(format_args!("{}", earlier.text));
        }
        self.cookies.merge(&earlier.cookies);
    }

    /// As the header's value.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    fn entry(&mut self, entry: std::fmt::Arguments) {
        let before = self.text.len();
        if before > 0 {
            self.text.push_str(", ");
        }
        self.text.write_fmt(entry).expect("a string takes every text");
        if self.text.len() > MOST_BYTES {
            self.text.truncate(before);
        }
    }
}

/// Milliseconds with three decimals, rounded to the microsecond.
struct Millis(Span);

impl std::fmt::Display for Millis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let micros = (self.0.0 + 500) / 1000;
        write!(f, "{}.{:03}", micros / 1000, micros % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callees_entries_follow_the_call() {
        let mut db = Timing::default();
        db.wait("db", Span::ZERO);
        let mut web = Timing::default();
        web.wait("web", Span(120_499));
        web.call("db", Span::from_micros(4_310), Outcome::Ok, db.as_str());
        web.call("cache", Span(1_999_999), Outcome::Refused, "");
        let says = "web.q;dur=0.120, db;dur=4.310;desc=ok, db.q;dur=0.000, cache;dur=2.000;desc=refused";
        assert_eq!(web.as_str(), says);
    }
}
