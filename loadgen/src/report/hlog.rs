//! A run as a log of HdrHistogram intervals, version 1.3, which the HdrHistogram plotter and log analyzer open.
//!
//! Times are nanoseconds; the third column of each line, as the format has it, is the maximum divided by a million: milliseconds.
use crate::store::Story;
use loadpath_core::run::Breakdown;
use loadpath_core::stats::Histogram;
use loadpath_core::time::Span;
use std::fmt::Write as _;

/// One line for each class and clock, and each second where those are known; else for the whole run.
pub fn hlog(story: &Story) -> String {
    let run = &story.run;
    let mut text = String::from("#[Histogram log format version 1.3]\n");
    // A string takes every write.
    let _ = writeln!(text, "#[Run: {}]", on_one_line(&run.name));
    let _ = writeln!(
        text,
        "#[Values are nanoseconds; tags: CLASS counts from the planned send, CLASS/service from the actual send, CLASS/first_byte as well; CLASS/refused, /failed and /timed_out are the parts of CLASS that ended so; connect is of connections]"
    );
    for note in &run.notes {
        let _ = writeln!(text, "#[Note: {}]", on_one_line(note));
    }
    let _ = writeln!(text, "#[StartTime: {}.000 (seconds since epoch)]", run.started_unix);
    let _ = writeln!(text, "#[BaseTime: {}.000 (seconds since epoch)]", run.started_unix);
    text.push_str(
        "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
    );
    let mut line = |name: &str, start: Span, length: Span, histogram: &Histogram| {
        let _ = writeln!(
            text,
            "Tag={},{:.3},{:.3},{:.3},{}",
            tag(name),
            start.as_secs(),
            length.as_secs(),
            histogram.max().as_millis(),
            histogram.to_base64()
        );
    };
    for interval in &story.intervals {
        for class in &interval.classes {
            for (tag, of) in tagged(&class.name, (&class.response, &class.service), &class.breakdown) {
                line(&tag, interval.start, interval.length, of);
            }
        }
        if !interval.connect.is_empty() {
            line("connect", interval.start, interval.length, &interval.connect);
        }
    }
    if story.intervals.is_empty() {
        for class in &run.classes {
            for (tag, of) in tagged(&class.name, (&class.response, &class.service), &class.breakdown) {
                line(&tag, run.warm_up, run.duration, of);
            }
        }
        if !run.connect.is_empty() {
            line("connect", run.warm_up, run.duration, &run.connect);
        }
    }
    text
}

/// The histograms of a class with their tags. Both clocks are always there, what is told apart where there is any.
fn tagged<'h>(
    class: &str,
    (response, service): (&'h Histogram, &'h Histogram),
    breakdown: &'h Breakdown,
) -> Vec<(String, &'h Histogram)> {
    let mut all = vec![(class.to_owned(), response), (format!("{class}/service"), service)];
    let apart = [("first_byte", &breakdown.first_byte)].into_iter().chain(breakdown.bad());
    all.extend(apart.filter(|(_, of)| !of.is_empty()).map(|(part, of)| (format!("{class}/{part}"), of)));
    all
}

/// The format's tags end at a comma, a space or the line's end.
fn tag(name: &str) -> String {
    let tag: String =
        name.chars().map(|c| if c == ',' || c.is_whitespace() || c.is_control() { '_' } else { c }).collect();
    if tag.is_empty() { "all".to_owned() } else { tag }
}

fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::story;
    use hdrhistogram::Histogram as Hdr;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    #[test]
    fn another_program_reads_the_same_values() {
        let mut story = story();
        story.run.name = "a\n#[StartTime: 9".to_owned();
        let text = hlog(&story);
        let mut seen = Vec::new();
        for entry in IntervalLogIterator::new(text.as_bytes()) {
            if let LogEntry::Interval(interval) = entry.unwrap() {
                let bytes = {
                    use base64::Engine as _;
                    base64::engine::general_purpose::STANDARD.decode(interval.encoded_histogram()).unwrap()
                };
                let read: Hdr<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
                seen.push((
                    interval.tag().unwrap().as_str().to_owned(),
                    read.len(),
                    read.value_at_quantile(0.99),
                ));
            }
        }
        let class = &story.run.classes[0];
        assert_eq!(
            seen[0],
            ("all,_or_not".replace(',', "_"), class.response.count(), class.response.quantile(0.99).0)
        );
        assert_eq!(seen.len(), 2);
    }
}
