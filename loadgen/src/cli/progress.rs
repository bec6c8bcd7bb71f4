//! What a person sees while load is driven: a live bar on a terminal, a line a second elsewhere.
use crate::report::latency;
use indicatif::{ProgressBar, ProgressStyle};
use loadpath_core::run::Outcomes;
use loadpath_core::stats::{Histogram, Precision};
use loadpath_core::time::Span;
use loadpath_core::wire::Interval;
use std::io::{IsTerminal as _, Write as _, stderr};

/// Longer loads get a line every ten seconds only.
const MANY: Span = Span(60 * Span::SECOND.0);

/// Shows intervals as they come.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    warm_up: Span,
    every: u64,
    quiet: bool,
}

impl Progress {
    pub(super) fn new(warm_up: Span, duration: Span, quiet: bool) -> Self {
        let whole = warm_up + duration;
        let bar = (!quiet && stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("  {prefix:11} {bar:30} {msg}");
            ProgressBar::new(whole.0)
                .with_style(style.expect("the template is a constant"))
                .with_prefix("connecting")
        });
        Self { bar, warm_up, every: if whole > MANY { 10 } else { 1 }, quiet }
    }

    pub(super) fn show(&self, interval: &Interval) {
        let end = interval.start + interval.length;
        let phase = if interval.start < self.warm_up { "warming up" } else { "measuring" };
        let figures = figures(interval);
        if let Some(bar) = &self.bar {
            bar.set_prefix(phase);
            bar.set_position(end.0.min(bar.length().unwrap_or(end.0)));
            bar.set_message(format!("{:>4.0} s  {figures}", end.as_secs()));
        } else if !self.quiet && (interval.number + 1).is_multiple_of(self.every) {
            // When nobody reads standard error, nobody can be told.
            let _ = writeln!(stderr(), "{:>6.1} s  {phase:10}  {figures}", end.as_secs());
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn figures(interval: &Interval) -> String {
    let mut outcomes = Outcomes::default();
    let mut response = Histogram::new(Precision::Fine);
    for class in &interval.classes {
        outcomes.merge(&class.outcomes);
        response.merge(&class.response);
    }
    let rate = outcomes.total() as f64 / interval.length.as_secs().max(1e-9);
    let (p50, p99) = (latency(response.quantile(0.5)), latency(response.quantile(0.99)));
    format!("{rate:>8.0}/s  p50 {p50:>8}  p99 {p99:>8}  {} errors", outcomes.errors())
}
