//! vegeta's results: `report -type=json`, `encode` (a JSON object for each request), and `report -type='hist[...]'`.
use super::NotRead;
use super::part::{self, Told};
use loadpath_core::run::{Outcomes, Run};
use loadpath_core::stats::Histogram;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Report {
    latencies: BTreeMap<String, f64>,
    #[serde(default)]
    earliest: String,
    duration: f64,
    #[serde(default)]
    wait: f64,
    requests: u64,
    rate: f64,
    #[serde(default)]
    status_codes: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Request {
    code: i64,
    timestamp: String,
    latency: u64,
    #[serde(default)]
    error: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    attack: String,
}

const WHY: &str = "when a worker begins it; with -max-workers it falls behind its plan unseen";

pub(super) fn is(text: &str) -> bool {
    is_report(text) || is_requests(text) || is_histogram(text)
}

fn is_report(text: &str) -> bool {
    text.trim_start().starts_with('{') && text.contains("\"latencies\"") && text.contains("\"status_codes\"")
}

fn is_requests(text: &str) -> bool {
    let first = text.trim_start().lines().next().unwrap_or_default();
    first.starts_with('{')
        && ["\"seq\"", "\"latency\"", "\"timestamp\""].iter().all(|key| first.contains(key))
}

fn is_histogram(text: &str) -> bool {
    let mut lines = text.trim_start().lines();
    lines.next().is_some_and(|head| head.starts_with("Bucket") && head.contains('#'))
        && lines.next().is_some_and(|line| line.starts_with('['))
}

pub(super) fn read(text: &str) -> Result<Run, NotRead> {
    if is_histogram(text) {
        return histogram(text);
    }
    if is_report(text) { report(text) } else { requests(text) }
}

fn report(text: &str) -> Result<Run, NotRead> {
    let report: Report = serde_json::from_str(text)
        .map_err(|why| NotRead(format!("this looks like a report of vegeta, but {why}")))?;
    let quantile = |(name, nanos): (&String, &f64)| {
        Some((name.strip_suffix("th")?.parse::<f64>().ok()? / 100.0, nanos / 1e9))
    };
    let points = report.latencies.iter().filter_map(quantile).collect();
    let max = report.latencies.get("max").map(|nanos| nanos / 1e9);
    let mut told = Told {
        tool: "vegeta",
        target: "unknown".to_owned(),
        started_unix: part::unix(&report.earliest) as u64,
        offered_rate: report.rate,
        seconds: (report.duration + report.wait) / 1e9,
        latency: part::of_points(report.requests, points, max)?,
        ..Told::default()
    };
    for (code, count) in report.status_codes {
        part::status(&mut told.outcomes, code.parse().unwrap_or(-1), count)?;
    }
    told.notes = vec![part::actual_note("vegeta", WHY), part::points_note("p99")];
    told.run()
}

fn requests(text: &str) -> Result<Run, NotRead> {
    let (mut outcomes, mut latency) = (Outcomes::default(), Histogram::default());
    let (mut first, mut last, mut end) = (f64::INFINITY, 0.0f64, 0.0f64);
    let (mut target, mut name) = (String::new(), String::new());
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let request: Request = serde_json::from_str(line).map_err(|why| {
            NotRead(format!("this looks like what vegeta encodes, but line {}: {why}", number + 1))
        })?;
        if request.error.contains("deadline exceeded") || request.error.contains("Timeout") {
            outcomes.timed_out += 1;
        } else {
            part::status(&mut outcomes, request.code, 1)?;
        }
        let seconds = request.latency as f64 / 1e9;
        latency.record_n(part::latency(seconds)?, 1);
        let began = part::unix(&request.timestamp);
        (first, last, end) = (first.min(began), last.max(began), end.max(began + seconds));
        if target.is_empty() {
            (target, name) = (request.url, request.attack);
        }
    }
    let sent = latency.count().saturating_sub(1) as f64;
    let notes = vec![part::actual_note("vegeta", WHY)];
    let offered_rate = sent / (last - first).max(1e-9);
    let (started_unix, seconds) = (first as u64, (end - first).max(0.0));
    Told {
        tool: "vegeta",
        name,
        target,
        started_unix,
        offered_rate,
        seconds,
        outcomes,
        latency,
        planned: false,
        notes,
    }
    .run()
}

fn histogram(text: &str) -> Result<Run, NotRead> {
    let bad = |line: &str| {
        NotRead(format!(
            "this looks like a histogram of vegeta, but \"{}\" is not one of its lines",
            line.chars().take(60).collect::<String>()
        ))
    };
    let mut told = Told { tool: "vegeta", target: "unknown".to_owned(), ..Told::default() };
    for line in text.trim().lines().skip(1) {
        let (bounds, rest) =
            line.strip_prefix('[').and_then(|line| line.split_once(']')).ok_or_else(|| bad(line))?;
        let (low, high) = bounds.split_once(',').ok_or_else(|| bad(line))?;
        let count: u64 =
            rest.split_whitespace().next().and_then(|count| count.parse().ok()).ok_or_else(|| bad(line))?;
        // Of the last bucket only its start is known.
        let end = if high.trim() == "+Inf" { low } else { high };
        told.latency.record_n(part::latency(part::seconds(end.trim())?)?, part::counted(count)?);
        told.outcomes.ok = part::counted(told.outcomes.ok + count)?;
    }
    told.notes = vec![
        part::actual_note("vegeta", WHY),
        "vegeta's histogram tells neither errors, nor rate, nor how long it took: all requests count as good, and each latency is its bucket's end, \
         in the last bucket its start"
            .to_owned(),
    ];
    told.run()
}
