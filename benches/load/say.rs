//! What other load tools print, as far as the benches compare it.
use serde_json::Value;

/// What a tool said of its run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// Requests that were answered well.
    pub(crate) requests: f64,
    pub(crate) seconds: f64,
    /// Shares in [0, 1] with their latencies in milliseconds, as far as it told them.
    pub(crate) latency: Vec<(f64, f64)>,
}

impl Said {
    pub(crate) fn rate(&self) -> f64 {
        self.requests / self.seconds.max(1e-9)
    }

    /// In milliseconds.
    pub(crate) fn at(&self, q: f64) -> Option<f64> {
        self.latency.iter().find(|(share, _)| (share - q).abs() < 1e-9).map(|(_, ms)| *ms)
    }
}

/// The number before the first of these words in a line that has it.
fn before(text: &str, word: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.contains(word))?;
    let head = line[..line.find(word)?].trim_end();
    head.rsplit([' ', ',', ':']).next()?.parse().ok()
}

/// The number that follows this beginning of a line.
fn after(text: &str, beginning: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix(beginning))?;
    line.split_whitespace().next()?.parse().ok()
}

/// "1.64ms" and the like, in milliseconds.
fn milliseconds(text: &str) -> Option<f64> {
    let units = [("us", 1e-3), ("ms", 1.0), ("s", 1e3), ("m", 6e4)];
    let (unit, factor) = units.iter().find(|(unit, _)| text.ends_with(unit))?;
    text.strip_suffix(unit)?.parse::<f64>().ok().map(|value| value * factor)
}

/// Lines like "  99%    1.64ms", with what makes milliseconds of their second word.
fn percent_lines(text: &str, value: impl Fn(&[&str]) -> Option<f64>) -> Vec<(f64, f64)> {
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let percent: f64 = words.first()?.strip_suffix('%')?.parse().ok()?;
        Some((percent / 100.0, value(&words[1..])?))
    };
    text.lines().filter_map(line).collect()
}

pub(crate) fn wrk(text: &str) -> Option<Said> {
    let requests = before(text, " requests in ")?;
    let rate = after(text, "Requests/sec:")?;
    let latency = percent_lines(text, |words| milliseconds(words.first()?));
    Some(Said { requests, seconds: requests / rate, latency })
}

pub(crate) fn ab(text: &str) -> Option<Said> {
    let (requests, failed) = (after(text, "Complete requests:")?, after(text, "Failed requests:")?);
    // It tells whole milliseconds: what it calls none was shorter than one.
    let latency = percent_lines(text, |words| words.first()?.parse().ok().filter(|&ms: &f64| ms > 0.0));
    Some(Said { requests: requests - failed, seconds: after(text, "Time taken for tests:")?, latency })
}

pub(crate) fn h2load(text: &str) -> Option<Said> {
    let requests = before(text, " succeeded,")?;
    let rate = before(text, " req/s,")?;
    Some(Said { requests, seconds: requests / rate, latency: Vec::new() })
}

pub(crate) fn hey(text: &str) -> Option<Said> {
    let answered = text.lines().filter_map(|line| line.trim().strip_prefix("[200]"));
    let requests = answered.filter_map(|rest| rest.split_whitespace().next()?.parse::<f64>().ok()).sum();
    // "  99% in 0.0042 secs", or "99%% in" where its author's format string has one sign too many.
    let text = text.replace("%%", "%");
    let latency =
        percent_lines(&text, |words| words.get(1)?.parse::<f64>().ok().map(|seconds| seconds * 1e3));
    Some(Said { requests, seconds: after(&text, "Total:")?, latency })
}

pub(crate) fn oha(text: &str) -> Option<Said> {
    let told: Value = serde_json::from_str(text).ok()?;
    let requests = told["statusCodeDistribution"]["200"].as_f64()?;
    let point = |(name, value): (&String, &Value)| {
        Some((name.strip_prefix('p')?.parse::<f64>().ok()? / 100.0, value.as_f64()? * 1e3))
    };
    let latency = told["latencyPercentiles"].as_object()?.iter().filter_map(point).collect();
    Some(Said { requests, seconds: told["summary"]["total"].as_f64()?, latency })
}

pub(crate) fn autocannon(text: &str) -> Option<Said> {
    let told: Value = serde_json::from_str(text).ok()?;
    let names = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99_9", 0.999)];
    let latency = names.iter().filter_map(|(name, q)| Some((*q, told["latency"][*name].as_f64()?))).collect();
    Some(Said { requests: told["2xx"].as_f64()?, seconds: told["duration"].as_f64()?, latency })
}

pub(crate) fn locust(text: &str) -> Option<Said> {
    let told: Value = serde_json::from_str(text.get(text.find('[')?..)?).ok()?;
    let row = told.get(0)?;
    let requests = row["num_requests"].as_f64()? - row["num_failures"].as_f64()?;
    let seconds = row["last_request_timestamp"].as_f64()? - row["start_time"].as_f64()?;
    // Rounded milliseconds, each with its count.
    let mut counts: Vec<(f64, f64)> = row["response_times"]
        .as_object()?
        .iter()
        .filter_map(|(ms, count)| Some((ms.parse().ok()?, count.as_f64()?)))
        .collect();
    counts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = counts.iter().map(|(_, count)| count).sum();
    let at = |q: f64| {
        let mut below = 0.0;
        let found = counts.iter().find(|(_, count)| {
            below += count;
            below >= q * total
        });
        Some((q, found?.0))
    };
    Some(Said {
        requests,
        seconds,
        latency: [0.5, 0.9, 0.95, 0.99, 0.999].into_iter().filter_map(at).collect(),
    })
}
