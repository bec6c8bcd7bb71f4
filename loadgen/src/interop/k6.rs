//! k6's summary as JSON: of `--summary-export`, where figures stand in the metric, or of `handleSummary`, where they are its `values`.
use super::NotRead;
use super::part::{self, Told};
use loadpath_core::run::Run;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Summary {
    metrics: Metrics,
    #[serde(default)]
    state: State,
}

#[derive(Default, Deserialize)]
struct State {
    #[serde(rename = "testRunDurationMs")]
    duration_ms: Option<f64>,
}

#[derive(Deserialize)]
struct Metrics {
    http_req_duration: Metric,
    http_reqs: Metric,
    http_req_failed: Option<Metric>,
    dropped_iterations: Option<Metric>,
}

#[derive(Deserialize)]
struct Metric {
    values: Option<BTreeMap<String, f64>>,
    /// Also what is no figure: the type, thresholds.
    #[serde(flatten)]
    flat: BTreeMap<String, Flat>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Flat {
    Figure(f64),
    Other(serde::de::IgnoredAny),
}

impl Metric {
    fn get(&self, name: &str) -> Option<f64> {
        match (&self.values, self.flat.get(name)) {
            (Some(values), _) => values.get(name).copied(),
            (None, Some(Flat::Figure(figure))) => Some(*figure),
            (None, Some(Flat::Other(_)) | None) => None,
        }
    }

    fn names(&self) -> Vec<String> {
        let keys: Vec<String> = match &self.values {
            Some(values) => values.keys().cloned().collect(),
            None => self.flat.keys().cloned().collect(),
        };
        keys
    }
}

pub(super) fn is(text: &str) -> bool {
    text.trim_start().starts_with('{')
        && text.contains("\"http_req_duration\"")
        && text.contains("\"metrics\"")
}

pub(super) fn read(text: &str) -> Result<Run, NotRead> {
    let Summary { metrics, state } = serde_json::from_str(text)
        .map_err(|why| NotRead(format!("this looks like a summary of k6, but {why}")))?;
    let figure = |metric: &Metric, name: &str| {
        metric
            .get(name)
            .filter(|figure| figure.is_finite() && *figure >= 0.0)
            .ok_or_else(|| NotRead(format!("k6's summary has no sound \"{name}\"")))
    };
    let (count, rate) = (figure(&metrics.http_reqs, "count")? as u64, figure(&metrics.http_reqs, "rate")?);
    let duration = &metrics.http_req_duration;
    let mut points = vec![(0.5, figure(duration, "med")? / 1e3)];
    for name in duration.names() {
        let percent = name
            .strip_prefix("p(")
            .and_then(|rest| rest.strip_suffix(')'))
            .and_then(|p| p.parse::<f64>().ok());
        if let (Some(percent), Some(ms)) = (percent, duration.get(&name)) {
            points.push((percent / 100.0, ms / 1e3));
        }
    }
    let highest = points.iter().map(|point| point.0).fold(0.0, f64::max) * 100.0;
    let max = duration.get("max").map(|ms| ms / 1e3);
    let mut told = Told {
        tool: "k6",
        target: "unknown".to_owned(),
        offered_rate: rate,
        seconds: state.duration_ms.map_or(count as f64 / rate.max(1e-9), |ms| ms / 1e3),
        latency: part::of_points(count, points, max)?,
        ..Told::default()
    };
    // A request that "passes" http_req_failed has failed.
    let failed = metrics.http_req_failed.as_ref().and_then(|metric| metric.get("passes"));
    told.outcomes.failed = failed.filter(|f| *f >= 0.0).map_or(0, |f| f as u64).min(count);
    told.outcomes.ok = count - told.outcomes.failed;
    told.notes = vec![
        part::actual_note("k6", "http_req_duration begins when the request is sent, connecting not included"),
        part::points_note(&format!("p{highest}")),
        "k6's summary does not tell the planned rate: the achieved one stands for it; nor which errors there were".to_owned(),
    ];
    if let Some(dropped) = metrics.dropped_iterations.as_ref().and_then(|metric| metric.get("count")) {
        told.notes
            .push(format!("k6 dropped {dropped} iterations that it had no user for: they are not counted"));
    }
    told.run()
}
