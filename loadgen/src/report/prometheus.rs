//! A run, or what there is of it, in Prometheus' text format 0.0.4.
use loadpath_core::run::{Outcomes, Run};
use loadpath_core::stats::Histogram;
use loadpath_core::time::Span;
use std::fmt::Write as _;

/// Upper ends of the buckets, in seconds: from 20 us to a minute, each less than twice the one before.
const BOUNDS: [f64; 40] = [
    0.00002, 0.00003, 0.00005, 0.00007, 0.0001, 0.00015, 0.0002, 0.0003, 0.0005, 0.0007, 0.001, 0.0015,
    0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5,
    2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0,
];
/// What a summary tells, exact to the histogram's thousandth, where buckets could only be guessed between.
const QUANTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// The counts and histograms of a run; of a run under way, those until now.
pub fn prometheus(run: &Run) -> String {
    let mut text = String::new();
    let name = escaped(&run.name);
    head(&mut text, "loadgen_requests_total", "counter", "Requests that ended, by how.");
    for class in &run.classes {
        for (outcome, count) in outcomes(class.outcomes) {
            // A string takes every write.
            let _ = writeln!(
                text,
                "loadgen_requests_total{{run=\"{name}\",class=\"{}\",outcome=\"{outcome}\"}} {count}",
                escaped(&class.name)
            );
        }
    }
    head(&mut text, "loadgen_offered_rate", "gauge", "Planned requests per second.");
    let _ = writeln!(text, "loadgen_offered_rate{{run=\"{name}\"}} {}", run.offered_rate);
    head(&mut text, "loadgen_counted_seconds", "gauge", "How long requests have counted.");
    let _ = writeln!(text, "loadgen_counted_seconds{{run=\"{name}\"}} {}", run.duration.as_secs());
    head(&mut text, "loadgen_response_seconds", "histogram", "From the planned send to the whole answer.");
    for class in &run.classes {
        histogram(&mut text, "loadgen_response_seconds", &labels(&name, &class.name), &class.response);
    }
    head(&mut text, "loadgen_service_seconds", "histogram", "From the actual send to the whole answer.");
    for class in &run.classes {
        histogram(&mut text, "loadgen_service_seconds", &labels(&name, &class.name), &class.service);
    }
    let told = "From the actual send to the first byte of a whole answer.";
    head(&mut text, "loadgen_first_byte_seconds", "histogram", told);
    for class in &run.classes {
        let of = &class.breakdown.first_byte;
        histogram(&mut text, "loadgen_first_byte_seconds", &labels(&name, &class.name), of);
    }
    let told = "The same as loadgen_response_seconds, by quantiles.";
    head(&mut text, "loadgen_response_quantiles_seconds", "summary", told);
    for class in &run.classes {
        summary(
            &mut text,
            "loadgen_response_quantiles_seconds",
            &labels(&name, &class.name),
            &class.response,
        );
    }
    head(&mut text, "loadgen_send_delay_seconds", "histogram", "From the planned to the actual send.");
    histogram(&mut text, "loadgen_send_delay_seconds", &format!("run=\"{name}\""), &run.send_delay);
    head(&mut text, "loadgen_connect_seconds", "histogram", "How long connections took to open.");
    histogram(&mut text, "loadgen_connect_seconds", &format!("run=\"{name}\""), &run.connect);
    text
}

fn head(text: &mut String, metric: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {metric} {help}\n# TYPE {metric} {kind}");
}

fn labels(run: &str, class: &str) -> String {
    format!("run=\"{run}\",class=\"{}\"", escaped(class))
}

fn outcomes(o: Outcomes) -> [(&'static str, u64); 4] {
    [("ok", o.ok), ("refused", o.refused), ("failed", o.failed), ("timed_out", o.timed_out)]
}

fn histogram(text: &mut String, metric: &str, labels: &str, histogram: &Histogram) {
    for bound in BOUNDS {
        let count = histogram.count_within(Span::from_secs(bound));
        let _ = writeln!(text, "{metric}_bucket{{{labels},le=\"{bound}\"}} {count}");
    }
    let _ = writeln!(text, "{metric}_bucket{{{labels},le=\"+Inf\"}} {}", histogram.count());
    totals(text, metric, labels, histogram);
}

fn summary(text: &mut String, metric: &str, labels: &str, histogram: &Histogram) {
    for q in QUANTILES {
        // Of nothing there is no quantile, as the format has it.
        let value = if histogram.is_empty() { f64::NAN } else { histogram.quantile(q).as_secs() };
        let _ = writeln!(text, "{metric}{{{labels},quantile=\"{q}\"}} {value}");
    }
    totals(text, metric, labels, histogram);
}

fn totals(text: &mut String, metric: &str, labels: &str, histogram: &Histogram) {
    let count = histogram.count();
    let sum = histogram.mean().as_secs() * count as f64;
    let _ = writeln!(text, "{metric}_sum{{{labels}}} {sum}\n{metric}_count{{{labels}}} {count}");
}

/// A label's value as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::story;

    #[test]
    fn buckets_rise_to_the_count_and_names_cannot_leave_their_quotes() {
        let mut run = story().run;
        run.name = "a\"} 1\nb".to_owned();
        let text = prometheus(&run);
        assert!(text.contains("run=\"a\\\"} 1\\nb\""), "{text}");
        let of = |line: &str| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap();
        let buckets: Vec<f64> =
            text.lines().filter(|line| line.starts_with("loadgen_response_seconds_bucket")).map(of).collect();
        assert!(buckets.is_sorted() && buckets.last() == Some(&1_000.0), "{buckets:?}");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            assert!(line.starts_with("loadgen_") && of(line).is_finite(), "{line}");
        }
    }
}
