//! fortio's JSON result (`fortio load -json`).
use super::NotRead;
use super::part::{self, Told};
use loadpath_core::run::Run;
use loadpath_core::stats::Histogram;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Result_ {
    #[serde(default)]
    labels: String,
    #[serde(default)]
    start_time: String,
    #[serde(rename = "RequestedQPS", default)]
    requested_qps: String,
    #[serde(rename = "ActualQPS")]
    actual_qps: f64,
    actual_duration: f64,
    duration_histogram: Durations,
    #[serde(default)]
    ret_codes: BTreeMap<String, u64>,
    #[serde(rename = "URL", default)]
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Durations {
    #[serde(default)]
    max: f64,
    #[serde(default)]
    data: Vec<Bucket>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Bucket {
    start: f64,
    end: f64,
    count: u64,
}

pub(super) fn is(text: &str) -> bool {
    text.trim_start().starts_with('{') && text.contains("\"DurationHistogram\"")
}

pub(super) fn read(text: &str) -> Result<Run, NotRead> {
    let result: Result_ = serde_json::from_str(text)
        .map_err(|why| NotRead(format!("this looks like a result of fortio, but {why}")))?;
    let mut latency = Histogram::default();
    let mut widest: f64 = 0.0;
    for bucket in &result.duration_histogram.data {
        widest = widest.max(bucket.end - bucket.start);
        latency.record_n(part::latency(bucket.end)?, part::counted(bucket.count)?);
    }
    let mut told = Told {
        tool: "fortio",
        name: result.labels,
        target: result.url,
        started_unix: part::unix(&result.start_time) as u64,
        // "max" is no rate: then it sent as fast as it got answers.
        offered_rate: result.requested_qps.parse().unwrap_or(result.actual_qps),
        seconds: result.actual_duration / 1e9,
        latency,
        ..Told::default()
    };
    for (code, count) in result.ret_codes {
        part::status(&mut told.outcomes, code.parse().unwrap_or(-1), count)?;
    }
    told.notes = vec![
        part::actual_note("fortio", "each thread waits for its answer"),
        format!(
            "fortio tells counts of {} buckets, the widest of {:.3} ms: each value is taken as its bucket's end, the greatest is {:.3} ms",
            result.duration_histogram.data.len(),
            widest * 1e3,
            result.duration_histogram.max * 1e3
        ),
    ];
    told.run()
}
