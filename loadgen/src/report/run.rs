//! A run: rates, outcomes, percentiles by both clocks, nodes, notes.
use super::{Table, certainty, latency};
use loadpath_core::run::{Breakdown, EdgeRun, Figures, NodeRun, Outcomes, Run, Source};
use loadpath_core::stats::{Estimate, Histogram};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// The quantiles that are shown, with their names.
const SHOWN: [(&str, f64); 5] = [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)];

/// What `--json` prints of a run: its figures. The run file has the whole histograms.
#[derive(Debug, Serialize)]
pub struct RunReport<'a> {
    /// What the run is called.
    pub name: &'a str,
    /// Where it comes from.
    pub source: &'a Source,
    /// Requests per second that were planned.
    pub offered_rate: f64,
    /// Requests per second that ended, well or not.
    pub achieved_rate: f64,
    /// Seconds that counted.
    pub duration_s: f64,
    /// How all requests ended.
    pub outcomes: Outcomes,
    /// From the planned send.
    pub response: Quantiles,
    /// From the actual send.
    pub service: Quantiles,
    /// From the planned to the actual send.
    pub send_delay: Quantiles,
    /// How long connections took to open; none where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<Quantiles>,
    /// Every figure of all requests, in seconds and shares, with its 95 % interval; none where the run was too short for one.
    pub figures: &'a Figures,
    /// Seconds that were cut at the start.
    pub warm_up_s: f64,
    /// Each class.
    pub classes: Vec<ClassReport<'a>>,
    /// Each node.
    pub nodes: Vec<NodeReport<'a>>,
    /// Each edge; none in a measurement.
    #[serde(skip_serializing_if = "<[EdgeRun]>::is_empty")]
    pub edges: &'a [EdgeRun],
    /// What a reader must know.
    pub notes: &'a [String],
    /// Where the run file is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

/// A histogram in a few figures, in milliseconds.
#[derive(Debug, Serialize)]
pub struct Quantiles {
    /// How many values there are.
    pub count: u64,
    /// Their mean.
    pub mean_ms: f64,
    /// Half of them are not longer.
    pub p50_ms: f64,
    /// Nine of ten are not longer.
    pub p90_ms: f64,
    /// 95 of a hundred are not longer.
    pub p95_ms: f64,
    /// 99 of a hundred are not longer.
    pub p99_ms: f64,
    /// 999 of a thousand are not longer.
    pub p999_ms: f64,
    /// None is longer.
    pub max_ms: f64,
}

/// A class in a [`RunReport`].
#[derive(Debug, Serialize)]
pub struct ClassReport<'a> {
    name: &'a str,
    outcomes: Outcomes,
    response: Quantiles,
    service: Quantiles,
    /// From the actual send to the first byte of the answer; none where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_byte: Option<Quantiles>,
    /// The responses by how they ended, where not all ended well.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    by_outcome: BTreeMap<&'static str, Quantiles>,
    /// In seconds, with the half-width of the 95 % interval.
    mean: Option<Estimate>,
    p99: Option<Estimate>,
    figures: &'a Figures,
}

/// A node in a [`RunReport`].
#[derive(Debug, Serialize)]
pub struct NodeReport<'a> {
    id: &'a str,
    outcomes: Outcomes,
    response: Quantiles,
    wait: Quantiles,
    utilization: Option<f64>,
    hit_ratio: Option<f64>,
    figures: &'a Figures,
}

impl Quantiles {
    fn of_some(histogram: &Histogram) -> Option<Self> {
        (!histogram.is_empty()).then(|| Self::of(histogram))
    }

    fn of(histogram: &Histogram) -> Self {
        let at = |q| histogram.quantile(q).as_millis();
        Self {
            count: histogram.count(),
            mean_ms: histogram.mean().as_millis(),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: histogram.max().as_millis(),
        }
    }
}

impl<'a> RunReport<'a> {
    /// Of this run, whose file, if it was kept, is `file`.
    pub fn new(run: &'a Run, file: Option<PathBuf>) -> Self {
        Self {
            name: &run.name,
            source: &run.source,
            offered_rate: run.offered_rate,
            achieved_rate: run.achieved_rate(),
            duration_s: run.duration.as_secs(),
            outcomes: run.outcomes(),
            response: Quantiles::of(&run.response()),
            service: Quantiles::of(&service(run)),
            send_delay: Quantiles::of(&run.send_delay),
            connect: Quantiles::of_some(&run.connect),
            figures: &run.figures,
            warm_up_s: run.warm_up.as_secs(),
            classes: run
                .classes
                .iter()
                .map(|class| ClassReport {
                    name: &class.name,
                    outcomes: class.outcomes,
                    response: Quantiles::of(&class.response),
                    service: Quantiles::of(&class.service),
                    first_byte: Quantiles::of_some(&class.breakdown.first_byte),
                    by_outcome: by_outcome(&class.response, &class.breakdown)
                        .into_iter()
                        .map(|(outcome, of)| (outcome, Quantiles::of(&of)))
                        .collect(),
                    mean: class.mean,
                    p99: class.p99,
                    figures: &class.figures,
                })
                .collect(),
            nodes: run
                .nodes
                .iter()
                .map(|node| NodeReport {
                    id: &node.id,
                    outcomes: node.outcomes,
                    response: Quantiles::of(&node.response),
                    wait: Quantiles::of(&node.wait),
                    utilization: node.utilization,
                    hit_ratio: node.hit_ratio,
                    figures: &node.figures,
                })
                .collect(),
            edges: &run.edges,
            notes: &run.notes,
            file,
        }
    }
}

/// Responses by how they ended, those that there are; nothing when all ended well.
pub(super) fn by_outcome(response: &Histogram, breakdown: &Breakdown) -> Vec<(&'static str, Histogram)> {
    let bad = breakdown.bad().into_iter().filter(|(_, of)| !of.is_empty());
    let mut all: Vec<_> = bad.map(|(outcome, of)| (outcome, of.clone())).collect();
    let well = if all.is_empty() { Histogram::default() } else { breakdown.well(response) };
    if !well.is_empty() {
        all.insert(0, ("ok", well));
    }
    all
}

/// The services of all classes together.
fn service(run: &Run) -> Histogram {
    let mut all = Histogram::default();
    run.classes.iter().for_each(|class| all.merge(&class.service));
    all
}

/// The run for people.
pub fn run_text(run: &Run) -> String {
    let mut text = format!("{}: {}\n\n", run.name, run.source);
    let o = run.outcomes();
    // A string takes every write.
    let _ = writeln!(
        text,
        "  offered {:.1}/s in the mean   achieved {:.1}/s   over {}, after {} of warm-up",
        run.offered_rate,
        run.achieved_rate(),
        rounded(run.duration),
        rounded(run.warm_up)
    );
    let _ = writeln!(
        text,
        "  {} requests: {} ok, {} refused, {} failed, {} timed out\n",
        o.total(),
        o.ok,
        o.refused,
        o.failed,
        o.timed_out
    );
    text.push_str(&latencies(run));
    if !run.figures.is_empty() {
        text.push_str(&certainty::of_requests(run));
    } else if let [class] = run.classes.as_slice()
        && let (Some(mean), Some(p99)) = (class.mean, class.p99)
    {
        let _ =
            writeln!(text, "\n  response: mean {}, p99 {} (95 % intervals)", estimate(mean), estimate(p99));
    }
    if !run.nodes.is_empty() {
        text.push('\n');
        text.push_str(&nodes(&run.nodes));
        if !run.figures.is_empty() {
            text.push('\n');
            text.push_str(&certainty::of_nodes(&run.nodes));
        }
    }
    if !run.edges.is_empty() {
        text.push('\n');
        text.push_str(&certainty::of_edges(&run.edges));
    }
    for note in &run.notes {
        let _ = writeln!(text, "\n  note: {note}");
    }
    text
}

fn rounded(span: loadpath_core::time::Span) -> String {
    format!("{:.1} s", span.as_secs())
}

fn estimate(e: Estimate) -> String {
    format!("{:.3} ± {:.3} ms", e.value * 1e3, e.half_width * 1e3)
}

fn latencies(run: &Run) -> String {
    let mut head = vec!["latency"];
    head.extend(SHOWN.iter().map(|(name, _)| *name));
    head.extend(["max", "counted from"]);
    let mut table = Table::new(1, &head);
    let mut add = |name: &str, histogram: &Histogram, from: &str| {
        let mut row = vec![name.to_owned()];
        row.extend(SHOWN.iter().map(|&(_, q)| latency(histogram.quantile(q))));
        row.extend([latency(histogram.max()), from.to_owned()]);
        table.row(row);
    };
    add("response", &run.response(), "planned send");
    let measured = matches!(run.source, Source::Measured { .. });
    if measured {
        add("service", &service(run), "actual send");
    }
    if run.classes.len() > 1 {
        for class in &run.classes {
            add(&format!("  {}", class.name), &class.response, "planned send");
        }
    }
    let breakdown = run.breakdown();
    for (outcome, of) in by_outcome(&run.response(), &breakdown) {
        add(&format!("  {}", outcome.replace('_', " ")), &of, "planned send");
    }
    if !breakdown.first_byte.is_empty() {
        add("first byte", &breakdown.first_byte, "actual send");
    }
    if measured {
        add("send delay", &run.send_delay, "planned send");
    }
    if !run.connect.is_empty() {
        add("connection", &run.connect, "its opening");
    }
    table.text()
}

fn nodes(nodes: &[NodeRun]) -> String {
    let mut table = Table::new(
        1,
        &["node", "calls", "errors", "busy", "p50", "p99", "wait p50", "wait p99", "hit ratio"],
    );
    let share = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |s| format!("{:.1} %", s * 100.0));
    for node in nodes {
        let wait = |q| if node.wait.is_empty() { "-".to_owned() } else { latency(node.wait.quantile(q)) };
        let response =
            |q| if node.response.is_empty() { "-".to_owned() } else { latency(node.response.quantile(q)) };
        table.row(vec![
            node.id.clone(),
            node.outcomes.total().to_string(),
            share(Some(node.outcomes.error_share())),
            share(node.utilization),
            response(0.5),
            response(0.99),
            wait(0.5),
            wait(0.99),
            share(node.hit_ratio),
        ]);
    }
    table.text()
}
