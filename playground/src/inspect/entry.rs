//! What a person writes into a field, as a document holds it: `1.5k`, `20 ms` and `2 gb` are understood. What cannot be
//! understood stays as it was written, so that the check says what is wrong with it.
use loadpath_core::dist::Law;
use loadpath_core::time::Span;
use loadpath_core::topology::Value;
use loadpath_core::topology::catalog::{Form, Param};

/// What was typed, as a value; none for nothing, and for what the default is.
pub fn read(param: &Param, text: &str) -> Option<Value> {
    let text = text.trim();
    if text.is_empty() || text == param.default {
        return None;
    }
    let value = match param.form {
        Form::Count { .. } | Form::Number { .. } => number(text).map(Value::Number),
        Form::Span { .. } => span(text, param.default).map(Value::Text),
        Form::Rate => rate(text).map(Value::Text),
        Form::Limit if matches!(text.to_lowercase().as_str(), "none" | "no" | "off") => {
            Some(Value::from("none"))
        }
        Form::Limit => rate(text).map(Value::Text),
        Form::Bytes { .. } => bytes(text).map(Value::Text),
        Form::Law => law(text, param.default).map(Value::Text),
        Form::Classes | Form::Id | Form::Pattern | Form::Choice(_) => None,
    };
    let value = value.unwrap_or_else(|| Value::Text(text.to_owned()));
    (value.to_string() != param.default).then_some(value)
}

/// A number as people write it: "1,024", "1.5k", "2 M", "5 %".
fn number(text: &str) -> Option<f64> {
    let (number, unit) = split(text)?;
    let scale = match unit.as_str() {
        "" => 1.0,
        "k" | "K" => 1e3,
        "m" | "M" => 1e6,
        "%" => 0.01,
        _ => return None,
    };
    // Rounding takes away what a binary fraction adds.
    Some((number * scale * 1e9).round() / 1e9)
}

/// A number and what stands behind it.
fn split(text: &str) -> Option<(f64, String)> {
    let plain: String = text.chars().filter(|c| !matches!(c, ',' | '_') && !c.is_whitespace()).collect();
    let end =
        plain.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '+')).unwrap_or(plain.len());
    let number = plain[..end].parse::<f64>().ok().filter(|number| number.is_finite())?;
    Some((number, plain[end..].to_owned()))
}

/// A length of time; without a unit, in that of `like`.
fn span(text: &str, like: &str) -> Option<String> {
    let (number, unit) = split(text)?;
    let unit = match unit.as_str() {
        "" => unit_of(like)?,
        other => time_unit(other)?,
    };
    Some(format!("{number}{unit}"))
}

/// The last unit of time in a text; of no time at all, the unit in which most times here are told.
fn unit_of(text: &str) -> Option<&'static str> {
    if text == "0s" {
        return Some("ms");
    }
    let last = text.rsplit(|c: char| c.is_whitespace()).next()?;
    time_unit(last.trim_start_matches(|c: char| !c.is_alphabetic() && c != 'µ'))
}

fn time_unit(text: &str) -> Option<&'static str> {
    Some(match text {
        "ns" => "ns",
        "us" | "µs" | "μs" => "us",
        "ms" | "msec" => "ms",
        "s" | "sec" | "second" | "seconds" => "s",
        "m" | "min" | "minute" | "minutes" => "m",
        "h" | "hour" | "hours" => "h",
        _ => return None,
    })
}

/// A rate; per second when nothing is said.
fn rate(text: &str) -> Option<String> {
    let (number, unit) = split(text)?;
    let (scale, per) = unit.split_once('/').unwrap_or((&unit, "s"));
    let scale = match scale {
        "" | "req" | "requests" => "",
        "k" | "K" => "k",
        "M" => "M",
        _ => return None,
    };
    Some(format!("{number}{scale}/{}", time_unit(per).filter(|per| matches!(*per, "s" | "m" | "h"))?))
}

/// A number of bytes.
fn bytes(text: &str) -> Option<String> {
    let (number, unit) = split(text)?;
    let unit = match unit.to_lowercase().as_str() {
        "" | "b" => "B",
        "k" | "kb" => "kB",
        "m" | "mb" => "MB",
        "g" | "gb" => "GB",
        "ki" | "kib" => "KiB",
        "mi" | "mib" => "MiB",
        "gi" | "gib" => "GiB",
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}

/// A law: units are joined to their numbers, and a bare number is a constant in the default's unit.
fn law(text: &str, like: &str) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match (words.last_mut(), time_unit(word)) {
            (Some(last), Some(unit)) if last.ends_with(|c: char| c.is_ascii_digit()) => last.push_str(unit),
            _ => words.push(word.to_owned()),
        }
    }
    if let [only] = words.as_mut_slice()
        && let Some(constant) = span(only, like)
    {
        *only = constant;
    }
    Some(words.join(" "))
}

/// The next value up or down, or the next but nine with `far`: for fields in which a number stands. None where there is none.
///
/// Below a hundred a count goes by ones; else there are ten steps in each power of ten, so that a step is seen.
pub fn step(param: &Param, text: &str, up: bool, far: bool) -> Option<Value> {
    let times = if far { 10 } else { 1 };
    let go = |number: f64, least: f64| (0..times).fold(number, |now, _| next(now, up, least));
    match param.form {
        Form::Count { min, max } => {
            let now = number(text)?;
            let to =
                if now < 100.0 { now + f64::from(times) * if up { 1.0 } else { -1.0 } } else { go(now, 1.0) };
            Some(Value::Number(to.round().clamp(min as f64, max as f64)))
        }
        Form::Number { min, max } => {
            let now = number(text)?;
            // A share, or an angle, goes evenly; what has a wide range by powers of ten.
            let even = if max - min <= 10.0 { Some(0.05) } else { (min < 0.0).then_some(1.0) };
            let to = match even {
                Some(step) => now + f64::from(times) * if up { step } else { -step },
                None => go(now, 0.1),
            };
            Some(Value::Number((to.clamp(min, max) * 1e6).round() / 1e6))
        }
        Form::Span { min_ns, max_ns } => {
            let now: Span = text.parse().ok()?;
            let to = go(now.0 as f64, 1e6);
            Some(Value::Text(Span((to as u64).clamp(min_ns, max_ns)).to_string()))
        }
        Form::Rate | Form::Limit => {
            let now = loadpath_core::topology::parse_rate(text).ok()?;
            let to = go(now, 1.0).clamp(0.1, loadpath_core::topology::catalog::MAX_RATE);
            Some(Value::Text(crate::format::rate_written(to)))
        }
        Form::Bytes { .. } => {
            let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
            let now: f64 = text[..end].parse().ok()?;
            Some(Value::Text(format!("{}{}", go(now, 1.0).max(1.0), &text[end..])))
        }
        Form::Law => {
            let now: Law = text.parse().ok()?;
            let mean = now.mean().0 as f64;
            let to = go(mean, 1e5);
            let law = if mean > 0.0 { now.scaled(to / mean) } else { Law::Constant(Span(to as u64)) };
            Some(Value::Text(super::law::rounded(&law).to_string()))
        }
        Form::Classes | Form::Id | Form::Pattern | Form::Choice(_) => None,
    }
}

/// The next number with one digit more or less, ten to a power of ten; `least` is the first above zero.
fn next(now: f64, up: bool, least: f64) -> f64 {
    if now <= least && !up {
        return 0.0;
    }
    if now < least {
        return least;
    }
    let mut step = 10f64.powf(now.log10().floor());
    // What the logarithm loses at a power of ten.
    if step * 10.0 <= now * (1.0 + 1e-12) {
        step *= 10.0;
    }
    if !up && now <= step * (1.0 + 1e-12) {
        step /= 10.0;
    }
    // From 1 to 2 in tenths, as from 10 to 20 in ones.
    if now < step * if up { 2.0 - 1e-9 } else { 2.0 + 1e-9 } {
        step /= 10.0;
    }
    let steps = now / step;
    let to = if up { (steps + 1e-9).floor() + 1.0 } else { (steps - 1e-9).ceil() - 1.0 };
    to * step
}

/// What may stand in a field: its range with units, or how it is written.
pub fn hint(param: &Param) -> String {
    match param.form {
        Form::Count { min, max } => {
            format!("{} to {}", crate::format::count(min), crate::format::count(max))
        }
        Form::Number { min, max } if max >= 1e6 => format!("{min} or more"),
        Form::Number { min, max } => format!("{min} to {max}"),
        Form::Span { min_ns: 0, max_ns } => {
            format!("a time up to {}, like {}", Span(max_ns), sample(param.default))
        }
        Form::Span { min_ns, max_ns } => format!("a time, {} to {}", Span(min_ns), Span(max_ns)),
        Form::Rate => "per second, like 500/s or 2k/s".to_owned(),
        Form::Limit => "per second, like 2k/s; or none".to_owned(),
        Form::Bytes { .. } => "bytes, like 512B, 64KiB or 1.5MB".to_owned(),
        Form::Classes => "names with commas between, or all".to_owned(),
        Form::Id => "an id".to_owned(),
        Form::Pattern => "small words with dots between".to_owned(),
        Form::Law => "a law of time".to_owned(),
        Form::Choice(_) => String::new(),
    }
}

fn sample(default: &'static str) -> &'static str {
    if matches!(default, "0s" | "") { "20ms" } else { default }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::catalog::{self, param};

    fn row(kind: &str, name: &str) -> &'static Param {
        param(catalog::kind(kind).unwrap().params, name).unwrap()
    }

    fn written(param: &Param, text: &str) -> Option<String> {
        read(param, text).map(|value| value.to_string())
    }

    #[test]
    fn numbers_times_rates_and_bytes_are_read_as_people_write_them() {
        let (workers, share) = (row("service", "workers"), row("service", "error_share"));
        let (ttl, time) = (row("cache", "ttl"), row("service", "service_time"));
        let rate = param(catalog::ARRIVALS, "rate").unwrap();
        let size = param(catalog::CLASS, "size").unwrap();
        let limit = row("external", "rate_limit");
        for (param, text, says) in [
            (workers, " 1,024 ", "1024"),
            (workers, "1.5k", "1500"),
            (share, "5 %", "0.05"),
            (ttl, "20 ms", "20ms"),
            (ttl, "5 min", "5m"),
            (ttl, "3", "3m"),
            (row("load_balancer", "slow_start"), "80", "80ms"),
            (time, "exp 8 ms", "exp 8ms"),
            (time, "12", "12ms"),
            (time, "lognormal 4 ms p99 18 ms", "lognormal 4ms p99 18ms"),
            (rate, "500", "500/s"),
            (rate, "1.5 k", "1.5k/s"),
            (rate, "90/min", "90/m"),
            (size, "2 gb", "2GB"),
            (size, "64k", "64kB"),
            (limit, "2k", "2k/s"),
        ] {
            assert_eq!(written(param, text).as_deref(), Some(says), "{text}");
        }
        assert_eq!(read(limit, "off"), None, "which is the default");
    }

    #[test]
    fn nothing_and_the_default_are_not_written_and_nonsense_stays_for_the_check() {
        let workers = row("service", "workers");
        assert_eq!(read(workers, "  "), None);
        assert_eq!(read(workers, workers.default), None);
        assert_eq!(read(workers, "many"), Some("many".into()));
        assert_eq!(read(row("cache", "ttl"), "5 parsecs"), Some("5 parsecs".into()));
    }

    #[test]
    fn the_arrows_step_by_what_is_seen_and_stay_within_the_range() {
        let walk = |param: &Param, text: &str, up, far| {
            step(param, text, up, far).map(|value| value.to_string()).unwrap_or_default()
        };
        let workers = row("service", "workers");
        assert_eq!(walk(workers, "8", true, false), "9");
        assert_eq!(walk(workers, "8", true, true), "18");
        assert_eq!(walk(workers, "1", false, false), "1");
        let capacity = row("cache", "capacity");
        assert_eq!(walk(capacity, "20000", true, false), "30000");
        assert_eq!(walk(capacity, "20000", false, false), "19000");
        let ttl = row("cache", "ttl");
        assert_eq!(walk(ttl, "20ms", true, false), "30ms");
        assert_eq!(walk(ttl, "10ms", false, false), "9ms");
        assert_eq!(walk(ttl, "9ms", true, false), "10ms");
        assert_eq!(walk(ttl, "10ms", true, false), "11ms");
        let time = row("service", "service_time");
        assert_eq!(walk(time, "exp 8ms", true, false), "exp 9ms");
        assert_eq!(walk(time, "lognormal 4ms p99 18ms", true, false), "lognormal 5ms p99 22.5ms");
        assert_eq!(walk(param(catalog::ARRIVALS, "rate").unwrap(), "400/s", true, false), "500/s");
        assert_eq!(walk(row("service", "error_share"), "0", true, false), "0.05");
        assert_eq!(walk(row("database", "model"), "relational", true, false), "");
    }

    #[test]
    fn a_step_up_and_a_step_down_are_the_same_way() {
        let ttl = row("cache", "ttl");
        let mut text = "1ms".to_owned();
        let mut seen = vec![text.clone()];
        for _ in 0..60 {
            text = step(ttl, &text, true, false).unwrap().to_string();
            seen.push(text.clone());
        }
        for expected in seen.iter().rev().skip(1) {
            text = step(ttl, &text, false, false).unwrap().to_string();
            assert_eq!(text, *expected);
        }
    }
}
