//! hey's text, or its CSV (`hey -o csv`), which has every request.
use super::NotRead;
use super::part::{self, Told};
use loadpath_core::run::Run;

const CSV: &str = "response-time,DNS+dialup";
const WHY: &str = "each worker waits for its answer";

pub(super) fn is(text: &str) -> bool {
    text.starts_with(CSV)
        || (text.contains("Summary:")
            && text.contains("Latency distribution:")
            && text.contains("Requests/sec:"))
}

pub(super) fn read(text: &str) -> Result<Run, NotRead> {
    if text.starts_with(CSV) { csv(text) } else { summary(text) }
}

fn csv(text: &str) -> Result<Run, NotRead> {
    let head: Vec<&str> = text.lines().next().unwrap_or_default().split(',').collect();
    let place = |name: &str| {
        head.iter()
            .position(|cell| *cell == name)
            .ok_or_else(|| NotRead(format!("hey's CSV has no column \"{name}\"")))
    };
    let (code, offset) = (place("status-code")?, place("offset")?);
    let mut told = Told { tool: "hey", target: "unknown".to_owned(), ..Told::default() };
    for (number, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<f64> = line.split(',').map_while(|cell| cell.trim().parse().ok()).collect();
        let (Some(&seconds), Some(&code), Some(&offset)) =
            (cells.first(), cells.get(code), cells.get(offset))
        else {
            return Err(NotRead(format!("line {} of hey's CSV cannot be read", number + 1)));
        };
        told.latency.record_n(part::latency(seconds)?, 1);
        part::status(&mut told.outcomes, code as i64, 1)?;
        told.seconds = told.seconds.max(part::finite(offset + seconds)?);
    }
    told.offered_rate = told.latency.count() as f64 / told.seconds.max(1e-9);
    told.notes = vec![
        part::actual_note("hey", WHY),
        "hey's CSV has no requests without an answer, and not the planned rate: the achieved one stands for it".to_owned(),
    ];
    told.run()
}

fn summary(text: &str) -> Result<Run, NotRead> {
    let figure = |name: &str| {
        let found =
            text.split_once(name).and_then(|(_, rest)| rest.split_whitespace().next()?.parse::<f64>().ok());
        found.ok_or_else(|| NotRead(format!("hey's \"{name}\" cannot be read")))
    };
    let mut told = Told {
        tool: "hey",
        target: "unknown".to_owned(),
        seconds: figure("Total:")?,
        offered_rate: figure("Requests/sec:")?,
        ..Told::default()
    };
    let mut answered = 0;
    for (code, count) in distribution(text, "Status code distribution:") {
        part::status(&mut told.outcomes, code as i64, count)?;
        answered = part::counted(answered + count)?;
    }
    for (count, _) in distribution(text, "Error distribution:") {
        told.outcomes.failed = part::counted(told.outcomes.failed.saturating_add(count))?;
    }
    let lines = text.split_once("Latency distribution:").map_or("", |(_, rest)| rest).lines();
    let point = |line: &str| {
        let (percent, rest) = line.trim().split_once("% in ")?;
        Some((percent.parse::<f64>().ok()? / 100.0, rest.split_whitespace().next()?.parse().ok()?))
    };
    told.latency = part::of_points(answered, lines.filter_map(point).collect(), Some(figure("Slowest:")?))?;
    told.notes = vec![
        part::actual_note("hey", WHY),
        part::points_note("p99, each to a tenth of a millisecond"),
        "hey does not tell the planned rate: the achieved one stands for it".to_owned(),
    ];
    told.run()
}

/// The lines "  [200]\t1000 responses" under a head: the number in brackets, and the one behind it, one where it is a text.
fn distribution<'a>(text: &'a str, head: &str) -> impl Iterator<Item = (u64, u64)> + use<'a> {
    let lines = text.split_once(head).map_or("", |(_, rest)| rest).lines().skip(1);
    lines.map_while(|line| {
        let (number, rest) = line.trim().strip_prefix('[')?.split_once(']')?;
        let behind = rest.split_whitespace().next().and_then(|word| word.parse().ok());
        Some((number.parse().ok()?, behind.unwrap_or(1)))
    })
}
