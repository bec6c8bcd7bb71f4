//! How sure the figures of a simulation are: each between the ends of its 95 % interval.
use super::{Table, latency};
use loadpath_core::run::{EdgeRun, Figure, Figures, NodeRun, Reading, Run};
use loadpath_core::time::Span;

/// What stands in the table of all requests and classes, with its head.
const OF_CALLS: [(Figure, &str); 8] = [
    (Figure::Rate, "rate"),
    (Figure::ErrorShare, "errors"),
    (Figure::Mean, "mean"),
    (Figure::P50, "p50"),
    (Figure::P90, "p90"),
    (Figure::P95, "p95"),
    (Figure::P99, "p99"),
    (Figure::P999, "p99.9"),
];

/// What stands in the table of nodes.
const OF_NODES: [(Figure, &str); 9] = [
    (Figure::ErrorShare, "errors"),
    (Figure::Utilization, "busy"),
    (Figure::P50, "p50"),
    (Figure::P99, "p99"),
    (Figure::WaitP50, "wait p50"),
    (Figure::WaitP99, "wait p99"),
    (Figure::Backlog, "waiting"),
    (Figure::HitRatio, "hit ratio"),
    (Figure::Rate, "rate"),
];

/// The intervals of all requests and of each class; a figure with a question mark has none.
pub(super) fn of_requests(run: &Run) -> String {
    let mut rows = vec![("all", &run.figures)];
    if run.classes.len() > 1 {
        rows.extend(run.classes.iter().map(|class| (class.name.as_str(), &class.figures)));
    }
    let mut text = format!("\n{}", table("95 % intervals", &OF_CALLS, &rows));
    if run.figures.values().any(|reading| reading.interval.is_none()) {
        text.push_str(
            "  ?: the run was too short to know how far off this may be; a longer --duration helps\n",
        );
    }
    text
}

/// The intervals of nodes.
pub(super) fn of_nodes(nodes: &[NodeRun]) -> String {
    let rows: Vec<_> = nodes.iter().map(|node| (node.id.as_str(), &node.figures)).collect();
    table("95 % intervals", &OF_NODES, &rows)
}

/// The edges with their rates.
pub(super) fn of_edges(edges: &[EdgeRun]) -> String {
    let mut table = Table::new(1, &["edge", "calls", "per second"]);
    for edge in edges {
        let rate = shown(Figure::Rate, edge.rate);
        table.row(vec![format!("{} to {}", edge.from, edge.to), edge.calls.to_string(), rate]);
    }
    table.text()
}

fn table(title: &str, figures: &[(Figure, &str)], rows: &[(&str, &Figures)]) -> String {
    // A column that nobody has anything in is left out.
    let used: Vec<_> =
        figures.iter().filter(|(f, _)| rows.iter().any(|(_, of)| of.contains_key(f))).collect();
    let mut head = vec![title];
    head.extend(used.iter().map(|(_, name)| *name));
    let mut table = Table::new(1, &head);
    for (name, of) in rows {
        let cell = |(figure, _): &&(Figure, &str)| {
            of.get(figure).map_or_else(|| "-".to_owned(), |&reading| shown(*figure, reading))
        };
        let mut row = vec![(*name).to_owned()];
        row.extend(used.iter().map(cell));
        table.row(row);
    }
    table.text()
}

/// "8.41..8.53 ms"; a value with a question mark where there is no interval.
fn shown(figure: Figure, reading: Reading) -> String {
    let one = |value| written(figure, value);
    let Some(interval) = reading.interval else { return format!("{} ?", one(reading.value)) };
    let (low, high) = (one(interval.low), one(interval.high));
    if low == high {
        return low;
    }
    // A unit that both ends share is written once.
    match (low.rsplit_once(' '), high.rsplit_once(' ')) {
        (Some((number, unit)), Some((_, other))) if unit == other && number != "<" => {
            format!("{number}..{high}")
        }
        _ => format!("{low}..{high}"),
    }
}

fn written(figure: Figure, value: f64) -> String {
    match figure {
        Figure::Rate if value >= 1_000.0 => format!("{value:.0}"),
        Figure::Rate => format!("{value:.1}"),
        Figure::ErrorShare | Figure::Utilization | Figure::HitRatio => format!("{:.2} %", value * 100.0),
        Figure::Backlog => format!("{value:.2}"),
        _ => latency(Span::from_secs(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::stats::Interval;

    #[test]
    fn an_interval_has_its_unit_once_and_what_is_unknown_a_question_mark() {
        let reading = |low, high| Reading { value: low, interval: Some(Interval { low, high }) };
        assert_eq!(shown(Figure::P99, reading(0.008_41, 0.008_53)), "8.41..8.53 ms");
        assert_eq!(shown(Figure::P99, reading(0.000_9, 0.001_1)), "900 us..1.10 ms");
        assert_eq!(shown(Figure::P50, reading(0.0, 0.000_000_4)), "< 1 us");
        assert_eq!(shown(Figure::ErrorShare, reading(0.0, 0.0123)), "0.00..1.23 %");
        assert_eq!(shown(Figure::Mean, Reading { value: 0.25, interval: None }), "250 ms ?");
    }
}
