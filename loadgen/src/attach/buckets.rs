//! Prometheus' histograms: cumulative buckets that grow, of which the difference between two readings is what happened between.
use crate::interop::prometheus::sample;
use loadpath_core::stats::{Histogram, Precision};
use loadpath_core::time::Span;
use std::collections::BTreeMap;

/// Names of histograms of requests that servers of many makes tell, each in seconds unless its name says otherwise.
const KNOWN: [&str; 10] = [
    "http_server_request_duration_seconds",
    "http_server_duration_milliseconds",
    "http_server_requests_seconds",
    "http_request_duration_seconds",
    "http_requests_duration_seconds",
    "request_duration_seconds",
    "istio_request_duration_milliseconds",
    "traefik_service_request_duration_seconds",
    "rpc_server_duration_milliseconds",
    "grpc_server_handling_seconds",
];
/// In how many places the requests of a bucket are put.
const PLACES: u64 = 64;
/// More buckets than this no histogram has; the rest are not read.
const MOST_BUCKETS: usize = 100_000;
/// What a histogram can hold.
const LONGEST: f64 = 600.0;

/// One reading: cumulative counts by series and upper end, the end in nanoseconds (`u64::MAX` for +Inf).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets(BTreeMap<(String, u64), f64>);

impl Buckets {
    /// Reads the buckets of the metric called `metric`, or else of the first known one, with these labels.
    pub fn read(page: &str, metric: Option<&str>, labels: &[(String, String)]) -> Self {
        let of = |name: &str| {
            let wanted = format!("{name}_bucket");
            let scale = if name.ends_with("_milliseconds") || name.ends_with("_ms") { 1e6 } else { 1e9 };
            let lines = page.lines().filter(|line| line.starts_with(&wanted)).take(MOST_BUCKETS);
            let bucket = |line: &str| {
                let sample = sample(line).filter(|sample| {
                    sample.name == wanted && sample.value >= 0.0 && sample.value.is_finite()
                })?;
                let fits = labels.iter().all(|(key, value)| sample.label(key).as_ref() == Some(value));
                let end = sample.label("le").filter(|_| fits)?;
                let end =
                    if end == "+Inf" { u64::MAX } else { (end.parse::<f64>().ok()?.max(0.0) * scale) as u64 };
                let series = line.split("le=\"").next().unwrap_or_default();
                let after = line
                    .split_once("le=\"")
                    .and_then(|(_, rest)| rest.split_once('"'))
                    .map_or("", |(_, rest)| rest);
                let after = after.split('}').next().unwrap_or_default();
                Some(((format!("{series}{after}"), end), sample.value))
            };
            Self(lines.filter_map(bucket).collect())
        };
        match metric {
            Some(name) => of(name),
            None => KNOWN.iter().map(|name| of(name)).find(|read| !read.0.is_empty()).unwrap_or_default(),
        }
    }

    /// Whether there is no bucket.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What each bucket got since an earlier reading, by its upper end, all series together. A series that counts less than
    /// before was started anew, and counts whole.
    pub fn since(&self, earlier: &Self) -> BTreeMap<u64, f64> {
        let mut grown: BTreeMap<u64, f64> = BTreeMap::new();
        let series: std::collections::BTreeSet<&str> =
            self.0.keys().map(|(series, _)| series.as_str()).collect();
        for series in series {
            let own = || self.0.range((series.to_owned(), 0)..=(series.to_owned(), u64::MAX));
            let before = |end: u64| earlier.0.get(&(series.to_owned(), end)).copied().unwrap_or(0.0);
            let restarted = own().any(|((_, end), count)| *count < before(*end));
            let mut below = 0.0;
            for ((_, end), count) in own() {
                let since = count - if restarted { 0.0 } else { before(*end) };
                *grown.entry(*end).or_default() += (since - below).max(0.0);
                below = f64::max(below, since);
            }
        }
        grown
    }
}

/// A histogram of what buckets got: the requests of each are spread evenly over it, which is as much as is known; those above the last end
/// are at that end.
pub fn spread(grown: &BTreeMap<u64, f64>) -> Histogram {
    let mut histogram = Histogram::new(Precision::Fine);
    let mut low = 0u64;
    for (&end, &count) in grown {
        let count = count.round().min(1e15) as u64;
        let high = if end == u64::MAX { low } else { end.min((LONGEST * 1e9) as u64) };
        let places = PLACES.min(count);
        for place in 0..places {
            let at = low + ((high - low.min(high)) as f64 * (place as f64 + 0.5) / places as f64) as u64;
            // As evenly as whole requests can be.
            let until = |place: u64| (u128::from(count) * u128::from(place) / u128::from(places)) as u64;
            let share = until(place + 1) - until(place);
            histogram.record_n(Span(at), share);
        }
        low = high.max(low);
    }
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "# TYPE http_request_duration_seconds histogram\n\
        http_request_duration_seconds_bucket{job=\"web\",le=\"0.01\"} 100\n\
        http_request_duration_seconds_bucket{job=\"web\",le=\"0.1\"} 150\n\
        http_request_duration_seconds_bucket{job=\"web\",le=\"+Inf\"} 150\n\
        http_request_duration_seconds_bucket{job=\"db\",le=\"+Inf\"} 7\n";
    const LATER: &str = "http_request_duration_seconds_bucket{job=\"web\",le=\"0.01\"} 200\n\
        http_request_duration_seconds_bucket{job=\"web\",le=\"0.1\"} 450\n\
        http_request_duration_seconds_bucket{job=\"web\",le=\"+Inf\"} 454\n\
        http_request_duration_seconds_bucket{job=\"db\",le=\"+Inf\"} 9\n";

    fn web(page: &str) -> Buckets {
        Buckets::read(page, None, &[("job".to_owned(), "web".to_owned())])
    }

    #[test]
    fn what_happened_between_two_readings_is_spread_over_its_buckets() {
        let grown = web(LATER).since(&web(FIRST));
        assert_eq!(grown.values().copied().collect::<Vec<_>>(), [100.0, 200.0, 4.0]);
        let histogram = spread(&grown);
        assert_eq!(histogram.count(), 304);
        // The median is the 152nd: the 52nd of 200 between 10 and 100 ms, give or take a place and a bucket.
        let median = histogram.quantile(0.5).as_millis();
        assert!((median - (10.0 + 90.0 * 52.0 / 200.0)).abs() < 90.0 / 64.0 + 0.4, "{median}");
        assert!(histogram.max().as_millis() < 101.0, "what is above the last end is at it");
    }

    #[test]
    fn a_server_that_was_started_anew_counts_whole() {
        assert_eq!(web(FIRST).since(&web(LATER)).values().sum::<f64>(), 150.0);
    }

    #[test]
    fn only_the_asked_metric_is_read_and_milliseconds_are_known_by_name() {
        let page = "own_ms_bucket{le=\"5\"} 3\nown_ms_bucket{le=\"+Inf\"} 3\n";
        assert!(Buckets::read(page, None, &[]).is_empty());
        let own = Buckets::read(page, Some("own_ms"), &[]);
        assert!(spread(&own.since(&Buckets::default())).max() <= Span::from_millis(5));
    }
}
