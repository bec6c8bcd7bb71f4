//! oha's JSON result (`oha --output-format json`, before 1.9 `--json`).
use super::NotRead;
use super::part::{self, Told};
use loadpath_core::run::Run;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Result_ {
    summary: Summary,
    latency_percentiles: BTreeMap<String, Option<f64>>,
    #[serde(default)]
    status_code_distribution: BTreeMap<String, u64>,
    #[serde(default)]
    error_distribution: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    total: f64,
    slowest: Option<f64>,
    requests_per_sec: f64,
}

pub(super) fn is(text: &str) -> bool {
    text.trim_start().starts_with('{')
        && text.contains("\"latencyPercentiles\"")
        && text.contains("\"summary\"")
}

pub(super) fn read(text: &str) -> Result<Run, NotRead> {
    let result: Result_ = serde_json::from_str(text)
        .map_err(|why| NotRead(format!("this looks like a result of oha, but {why}")))?;
    let mut told = Told {
        tool: "oha",
        target: "unknown".to_owned(),
        offered_rate: result.summary.requests_per_sec,
        seconds: result.summary.total,
        ..Told::default()
    };
    let mut answered = 0u64;
    for (code, count) in result.status_code_distribution {
        part::status(&mut told.outcomes, code.parse().unwrap_or(-1), count)?;
        answered = part::counted(answered.saturating_add(count))?;
    }
    for (error, count) in result.error_distribution {
        let outcome = if error.contains("timeout") || error.contains("deadline") {
            &mut told.outcomes.timed_out
        } else {
            &mut told.outcomes.failed
        };
        *outcome = part::counted(outcome.saturating_add(count))?;
    }
    let points = result.latency_percentiles.iter();
    let points = points.filter_map(|(name, seconds)| {
        Some((name.strip_prefix('p')?.parse::<f64>().ok()? / 100.0, (*seconds)?))
    });
    told.latency = part::of_points(answered, points.collect(), result.summary.slowest)?;
    told.notes = vec![
        part::actual_note("oha", "unless it was run with --latency-correction, which its result does not say"),
        part::points_note("p99.99"),
        "oha's result does not tell the planned rate, and the latency of requests without an answer: the achieved rate stands for it".to_owned(),
    ];
    told.run()
}
