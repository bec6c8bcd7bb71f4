//! `loadgen check RUN`: thresholds and a baseline, for CI.
use super::{Failure, print, print_json};
use crate::report::{judge, verdict_word};
use crate::store::Story;
use clap::ValueEnum;
use loadpath_core::compare::Verdict;
use loadpath_core::time::Span;
use serde::Serialize;

/// What a run must meet.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Gate {
    /// The median response must be so, like '<20ms'
    #[arg(long, value_name = "LIMIT", value_parser = latency)]
    p50: Option<Span>,
    /// As --p50, for the 90th percentile
    #[arg(long, value_name = "LIMIT", value_parser = latency)]
    p90: Option<Span>,
    /// As --p50, for the 95th percentile
    #[arg(long, value_name = "LIMIT", value_parser = latency)]
    p95: Option<Span>,
    /// As --p50, for the 99th percentile
    #[arg(long, value_name = "LIMIT", value_parser = latency)]
    p99: Option<Span>,
    /// As --p50, for the 99.9th percentile
    #[arg(long, value_name = "LIMIT", value_parser = latency)]
    p999: Option<Span>,
    /// The share of requests that did not end well must be so, like '<1%'
    #[arg(long, value_name = "LIMIT", value_parser = share)]
    errors: Option<f64>,
    /// The rate of requests that ended must be so, like '>500/s'
    #[arg(long, value_name = "LIMIT", value_parser = rate)]
    rate: Option<f64>,
    /// No figure of the run may be worse than that of this run; what cannot be told passes
    #[arg(long, value_name = "RUN")]
    pub(super) baseline: Option<String>,
    /// How results are written
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    #[default]
    Text,
    /// JUnit's XML, which CI servers show as tests
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Check {
    name: String,
    passed: bool,
    /// What was seen.
    text: String,
}

impl Gate {
    /// Whether anything is asked.
    pub(super) fn is_asked(&self) -> bool {
        let latency = [self.p50, self.p90, self.p95, self.p99, self.p999].iter().any(Option::is_some);
        latency || self.errors.is_some() || self.rate.is_some() || self.baseline.is_some()
    }

    /// Checks a run, prints what came out, and fails when the run does.
    pub(super) fn check(&self, run: &Story, baseline: Option<&Story>, json: bool) -> Result<(), Failure> {
        let checks = self.checks(run, baseline);
        let name = &run.run.name;
        if json {
            print_json(&checks)?;
        } else {
            print(&match self.output {
                Output::Text => text(&checks),
                Output::Junit => junit(name, &checks),
                Output::Github => github(name, &checks),
            })?;
        }
        match checks.iter().filter(|check| !check.passed).count() {
            0 => Ok(()),
            failed => Err(Failure::Went(format!("{name}: {failed} of {} checks failed", checks.len()))),
        }
    }

    fn checks(&self, story: &Story, baseline: Option<&Story>) -> Vec<Check> {
        let run = &story.run;
        let response = run.response();
        let mut checks = Vec::new();
        let limits = [
            ("p50", 0.5, self.p50),
            ("p90", 0.9, self.p90),
            ("p95", 0.95, self.p95),
            ("p99", 0.99, self.p99),
            ("p99.9", 0.999, self.p999),
        ];
        for (name, q, limit) in limits {
            let Some(limit) = limit else { continue };
            let seen = response.quantile(q);
            // Of nothing nothing is known: a run without requests passes no check.
            let passed = !response.is_empty() && seen < limit;
            let text = if response.is_empty() { "no request ended".to_owned() } else { format!("{seen}") };
            checks.push(Check { name: format!("{name} < {limit}"), passed, text });
        }
        if let Some(limit) = self.errors {
            let (seen, total) = (run.outcomes().error_share() * 100.0, run.outcomes().total());
            let text = format!("{seen:.3} % of {total}");
            checks.push(Check {
                name: format!("errors < {limit} %"),
                passed: total > 0 && seen < limit,
                text,
            });
        }
        if let Some(limit) = self.rate {
            let seen = run.achieved_rate();
            checks.push(Check {
                name: format!("rate > {limit}/s"),
                passed: seen > limit,
                text: format!("{seen:.1}/s"),
            });
        }
        for row in baseline.map(|baseline| judge(baseline, story)).unwrap_or_default() {
            checks.push(Check {
                name: format!("{} {} against the baseline", row.of, row.figure),
                passed: row.verdict != Verdict::Worse,
                text: format!(
                    "{:.3} {} instead of {:.3}: {}",
                    row.b,
                    row.unit,
                    row.a,
                    verdict_word(row.verdict)
                ),
            });
        }
        checks
    }
}

fn text(checks: &[Check]) -> String {
    let line = |check: &Check| {
        format!("  {}  {}: {}\n", if check.passed { "ok    " } else { "FAILED" }, check.name, check.text)
    };
    checks.iter().map(line).collect()
}

fn junit(run: &str, checks: &[Check]) -> String {
    let failures = checks.iter().filter(|check| !check.passed).count();
    let case = |check: &Check| {
        let (run, name, text) = (xml(run), xml(&check.name), xml(&check.text));
        if check.passed {
            format!(
                "    <testcase classname=\"{run}\" name=\"{name}\"><system-out>{text}</system-out></testcase>\n"
            )
        } else {
            format!(
                "    <testcase classname=\"{run}\" name=\"{name}\"><failure message=\"{text}\"/></testcase>\n"
            )
        }
    };
    let cases: String = checks.iter().map(case).collect();
    let tests = checks.len();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{tests}\" failures=\"{failures}\">\n  <testsuite name=\"{}\" tests=\"{tests}\" \
         failures=\"{failures}\">\n{cases}  </testsuite>\n</testsuites>\n",
        xml(run)
    )
}

/// Text that is no markup; control characters, which XML 1.0 cannot hold, become spaces.
fn xml(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn github(run: &str, checks: &[Check]) -> String {
    let line = |check: &Check| {
        let kind = if check.passed { "notice" } else { "error" };
        format!(
            "::{kind} title={}::{}: {}\n",
            command(run, true),
            command(&check.name, false),
            command(&check.text, false)
        )
    };
    checks.iter().map(line).collect()
}

/// Text that cannot end a workflow command, nor begin another.
fn command(text: &str, is_property: bool) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    if is_property { text.replace(':', "%3A").replace(',', "%2C") } else { text }
}

fn latency(text: &str) -> Result<Span, String> {
    below(text)?.parse().map_err(|fault: loadpath_core::time::NotASpan| fault.to_string())
}

fn share(text: &str) -> Result<f64, String> {
    let number = below(text)?.trim_end().strip_suffix('%').ok_or("write it with its sign, like '<1%'")?;
    let share = number.trim().parse().map_err(|_| format!("\"{number}\" is not a number"))?;
    if (0.0..=100.0).contains(&share) { Ok(share) } else { Err("it is between 0% and 100%".to_owned()) }
}

fn rate(text: &str) -> Result<f64, String> {
    super::args::rate(text.trim().strip_prefix('>').ok_or("write it like '>500/s'")?.trim())
}

fn below(text: &str) -> Result<&str, String> {
    text.trim().strip_prefix('<').map(str::trim).ok_or_else(|| "write it like '<200ms'".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::story;

    #[test]
    fn limits_are_read_and_met_or_not() {
        let gate = Gate {
            p99: Some(latency("<200ms").unwrap()),
            errors: Some(share("< 1%").unwrap()),
            ..Gate::default()
        };
        let passed: Vec<bool> = gate.checks(&story(), None).iter().map(|check| check.passed).collect();
        assert_eq!(passed, [false, true]);
        let mut empty = story();
        empty.run.classes.clear();
        assert!(
            gate.checks(&empty, None).iter().all(|check| !check.passed),
            "a run without requests passes nothing"
        );
        for bad in ["200ms", "<", "<fast", ">1s"] {
            assert!(latency(bad).is_err(), "{bad}");
        }
        assert!(share("<1").is_err() && share("<200%").is_err() && rate("<5/s").is_err());
    }

    #[test]
    fn a_baseline_fails_only_what_is_surely_worse() {
        let (base, mut slow) = (story(), story());
        let mut response = loadpath_core::stats::Histogram::default();
        (1..=1_000).for_each(|ms| response.record(Span::from_millis(ms * 2)));
        slow.run.classes[0].response = response;
        let gate = Gate::default();
        assert!(gate.checks(&base, Some(&base)).iter().all(|check| check.passed));
        assert!(gate.checks(&slow, Some(&base)).iter().any(|check| !check.passed));
        assert!(gate.checks(&base, Some(&slow)).iter().all(|check| check.passed));
    }

    #[test]
    fn what_a_run_is_called_stays_text_everywhere() {
        let checks =
            [Check { name: "p99 < 1s".to_owned(), passed: false, text: "2 s\n::error::x".to_owned() }];
        let (xml, github) = (junit("<a b=\"c\">&\u{1}", &checks), github("a:b,c\n::set-env", &checks));
        assert!(
            xml.contains("classname=\"&lt;a b=&quot;c&quot;&gt;&amp; \"") && xml.contains("failures=\"1\""),
            "{xml}"
        );
        assert_eq!(github, "::error title=a%3Ab%2Cc%0A%3A%3Aset-env::p99 < 1s: 2 s%0A::error::x\n");
    }
}
