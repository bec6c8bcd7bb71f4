//! The text that wrk and wrk2 print; of wrk2 with `--latency` the whole spectrum. The same table comes from vegeta's `hdrplot`.
use super::NotRead;
use super::part::{self, Told};
use loadpath_core::run::Run;
use loadpath_core::stats::Histogram;

const SPECTRUM: &str = "1/(1-Percentile)";

pub(super) fn is(text: &str) -> bool {
    (text.contains("Running ") && text.contains("Thread Stats") && text.contains(" requests in "))
        || text.contains(SPECTRUM)
}

pub(super) fn read(text: &str) -> Result<Run, NotRead> {
    let is_wrk2 = text.contains("HdrHistogram - Recorded Latency");
    let is_plot = !text.contains("Thread Stats");
    let mut told = Told { tool: if is_wrk2 { "wrk2" } else { "wrk" }, planned: is_wrk2, ..Told::default() };
    told.target = after(text, "test @ ").unwrap_or("unknown").to_owned();
    let spectrum = spectrum(text)?;
    let count = spectrum.as_ref().map_or(0, Histogram::count);
    let (count, seconds) = if is_plot { (count, 0.0) } else { requests(text)? };
    told.seconds = seconds;
    told.offered_rate = count as f64 / seconds.max(1e-9);
    if is_plot {
        (told.tool, told.offered_rate) = ("a percentile table", 0.0);
    }
    errors(text, count, &mut told)?;
    let known = points(text)?;
    let highest = known.iter().map(|point| point.0).fold(0.0, f64::max) * 100.0;
    let is_whole = spectrum.is_some();
    told.latency = match spectrum {
        Some(spectrum) => spectrum,
        None => part::of_points(count, known, max(text))?,
    };
    told.notes.push(if is_wrk2 {
        "wrk2 counts from the planned send (its recorded latency), up to 1 ms too long by its own timer; the service time is not known".to_owned()
    } else if is_plot {
        part::actual_note("the tool that made this table, as far as is known,", "the table does not say it")
    } else {
        part::actual_note("wrk", "each connection waits for its answer; it corrects for that only in part")
    });
    if !is_whole {
        told.notes.push(part::points_note(&format!("p{highest}; run it with --latency for more")));
    }
    if !is_plot {
        told.notes.push("the planned rate is not in the text: the achieved one stands for it".to_owned());
    }
    told.run()
}

/// The word that follows a mark.
fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark)?.1.split_whitespace().next()
}

/// "20000 requests in 10.00s".
fn requests(text: &str) -> Result<(u64, f64), NotRead> {
    let line = text.lines().find(|line| line.contains(" requests in "));
    let (count, rest) = line.and_then(|line| line.split_once(" requests in ")).unwrap_or_default();
    let count = count
        .trim()
        .parse()
        .map_err(|_| NotRead("wrk's line \"N requests in T\" cannot be read".to_owned()))?;
    let took = rest.split([',', ' ']).next().unwrap_or_default();
    Ok((part::counted(count)?, part::seconds(took)?))
}

fn errors(text: &str, count: u64, told: &mut Told) -> Result<(), NotRead> {
    let number = |mark: &str| {
        after(text, mark).and_then(|word| word.trim_end_matches(',').parse::<u64>().ok()).unwrap_or(0)
    };
    let bad_status = number("Non-2xx or 3xx responses:").min(count);
    let broken = ["Socket errors: connect ", ", read ", ", write "].iter().map(|mark| number(mark));
    told.outcomes.ok = count - bad_status;
    told.outcomes.failed = part::counted(broken.fold(bad_status, u64::saturating_add))?;
    told.outcomes.timed_out = part::counted(number(", timeout "))?;
    Ok(())
}

/// The lines " 99.000%    1.64ms" of the distribution.
fn points(text: &str) -> Result<Vec<(f64, f64)>, NotRead> {
    let Some((_, rest)) = text.split_once("Latency Distribution") else { return Ok(Vec::new()) };
    let mut points = Vec::new();
    for line in rest.lines().skip(1) {
        let mut words = line.split_whitespace();
        let (Some(share), Some(value)) = (words.next().and_then(|word| word.strip_suffix('%')), words.next())
        else {
            break;
        };
        let Ok(percent) = share.parse::<f64>() else { break };
        points.push((percent / 100.0, part::seconds(value)?));
    }
    Ok(points)
}

/// The greatest latency in "Latency  avg  stdev  max".
fn max(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.trim_start().starts_with("Latency ") && line.ends_with('%'))?;
    part::seconds(line.split_whitespace().nth(3)?).ok()
}

/// The spectrum: values in milliseconds, with how many were at most so long.
fn spectrum(text: &str) -> Result<Option<Histogram>, NotRead> {
    let Some((_, rest)) = text.split_once(SPECTRUM) else { return Ok(None) };
    let (mut histogram, mut below) = (Histogram::default(), 0u64);
    for line in rest.lines().skip(1).map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().take(5).collect();
        let parsed = match words.as_slice() {
            [ms, _, upto, _] => ms.parse::<f64>().ok().zip(upto.parse::<u64>().ok()),
            _ => None,
        };
        let Some((ms, upto)) = parsed else { break };
        histogram.record_n(part::latency(ms / 1e3)?, part::counted(upto)?.saturating_sub(below));
        below = below.max(upto);
    }
    if histogram.is_empty() {
        Err(NotRead("the percentile spectrum has no lines that can be read".to_owned()))
    } else {
        Ok(Some(histogram))
    }
}
