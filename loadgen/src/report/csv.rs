//! A run as comma-separated values (RFC 4180): a line for each figure, or for each second.
use super::run::by_outcome;
use crate::store::Story;
use loadpath_core::run::Run;
use loadpath_core::stats::Histogram;
use std::fmt::Write as _;

/// Quantiles that are told: enough to draw the curve.
const QUANTILES: [f64; 12] = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 1.0];

/// Each figure of the run on a line: what it is of, by which clock, which figure, its value and unit.
pub fn csv(story: &Story) -> String {
    let run = &story.run;
    let mut text = String::from("of,clock,figure,value,unit\r\n");
    let mut line = |of: &str, clock: &str, figure: &str, value: f64, unit: &str| {
        // A string takes every write.
        let _ = write!(text, "{},{clock},{figure},{value},{unit}\r\n", cell(of));
    };
    line("all", "", "offered_rate", run.offered_rate, "1/s");
    line("all", "", "achieved_rate", run.achieved_rate(), "1/s");
    line("all", "", "duration", run.duration.as_secs(), "s");
    for class in &run.classes {
        let o = class.outcomes;
        for (figure, count) in
            [("ok", o.ok), ("refused", o.refused), ("failed", o.failed), ("timed_out", o.timed_out)]
        {
            line(&class.name, "", figure, count as f64, "requests");
        }
    }
    for (of, clock, histogram) in histograms(run) {
        line(&of, clock, "count", histogram.count() as f64, "requests");
        if !histogram.is_empty() {
            line(&of, clock, "mean", histogram.mean().as_millis(), "ms");
            for q in QUANTILES {
                line(&of, clock, &format!("q{q}"), histogram.quantile(q).as_millis(), "ms");
            }
        }
    }
    text
}

/// The histograms of a run with what they are of and the clock that they count by.
pub(super) fn histograms(run: &Run) -> Vec<(String, &'static str, Histogram)> {
    let mut all = vec![("all".to_owned(), "planned send", run.response())];
    let mut service = Histogram::default();
    run.classes.iter().for_each(|class| service.merge(&class.service));
    all.push(("all".to_owned(), "actual send", service));
    if run.classes.len() > 1 {
        for class in &run.classes {
            all.push((class.name.clone(), "planned send", class.response.clone()));
            all.push((class.name.clone(), "actual send", class.service.clone()));
        }
    }
    let breakdown = run.breakdown();
    for (outcome, of) in by_outcome(&run.response(), &breakdown) {
        all.push((format!("all that ended {outcome}"), "planned send", of));
    }
    if !breakdown.first_byte.is_empty() {
        all.push(("all to the first byte".to_owned(), "actual send", breakdown.first_byte));
    }
    if !run.connect.is_empty() {
        all.push(("connections".to_owned(), "opening", run.connect.clone()));
    }
    all.retain(|(_, clock, histogram)| *clock == "planned send" || !histogram.is_empty());
    all
}

/// A cell that no spreadsheet takes for a formula, nor for two cells.
fn cell(text: &str) -> String {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if risky { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::story;

    #[test]
    fn names_stay_cells_and_never_become_formulas() {
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("=1+1"), "'=1+1");
        let text = csv(&story());
        assert!(text.contains("\"all, or not\",,ok,1000,requests\r\n"), "{text}");
        assert!(text.contains("all,planned send,q0.5,"), "{text}");
    }
}
