//! Reads a bag of parameters by the catalog's rows, and gathers every fault on the way.
use super::catalog::{Form, MAX_RATE, Param};
use super::fault::{Fault, Place};
use super::spec::{Params, Value};
use crate::dist::Law;
use crate::time::Span;

/// A parameter, read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reading {
    Count(u64),
    Number(f64),
    Span(Span),
    Rate(f64),
    Law(Law),
    /// A rate, or none.
    Limit(Option<f64>),
    Bytes(u64),
    /// An id, a pattern, names of classes: checked by who knows them.
    Text,
    /// The place among the choices.
    Choice(usize),
}

/// Reads `value` as the row asks, or says in a sentence why it cannot.
pub(crate) fn read(param: &Param, value: &Value) -> Result<Reading, String> {
    match param.form {
        Form::Count { min, max } => {
            let number = number(value)?;
            if number.fract() != 0.0 || !(min as f64..=max as f64).contains(&number) {
                return Err(format!("{value} is not a whole number between {min} and {max}"));
            }
            Ok(Reading::Count(number as u64))
        }
        Form::Number { min, max } => {
            let number = number(value)?;
            if !(min..=max).contains(&number) {
                return Err(format!("{value} is not between {min} and {max}"));
            }
            Ok(Reading::Number(number))
        }
        Form::Span { min_ns, max_ns } => {
            let span: Span =
                text(value, "12ms")?.parse().map_err(|e: crate::time::NotASpan| e.to_string())?;
            if !(min_ns..=max_ns).contains(&span.0) {
                return Err(format!("{span} is not between {} and {}", Span(min_ns), Span(max_ns)));
            }
            Ok(Reading::Span(span))
        }
        Form::Rate => parse_rate(&value.to_string()).map(Reading::Rate),
        Form::Law => {
            let law: Law =
                text(value, "exp 8ms")?.parse().map_err(|e: crate::dist::NotALaw| e.to_string())?;
            if law.mean() > Span::from_millis(3_600_000) {
                return Err(format!("a mean of {} is over an hour", law.mean()));
            }
            Ok(Reading::Law(law))
        }
        Form::Limit => match value {
            Value::Text(text) if text.trim() == "none" => Ok(Reading::Limit(None)),
            _ => parse_rate(&value.to_string())
                .map(|rate| Reading::Limit(Some(rate)))
                .map_err(|fault| format!("{fault}, or none")),
        },
        Form::Bytes { min, max } => {
            let bytes = parse_bytes(&value.to_string())?;
            if !(min..=max).contains(&bytes) {
                return Err(format!("{value} is not between {min} and {max} bytes"));
            }
            Ok(Reading::Bytes(bytes))
        }
        Form::Classes | Form::Id => text(value, "all").map(|_| Reading::Text),
        Form::Pattern => {
            let text = text(value, "order.*")?;
            let sound = |word: &str| {
                word == "*"
                    || word == "#"
                    || !word.is_empty()
                        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            };
            if text.len() > 100 || !text.is_empty() && !text.split('.').all(sound) {
                return Err(format!(
                    "\"{text}\" is no pattern: write small words with dots between, like order.*"
                ));
            }
            Ok(Reading::Text)
        }
        Form::Choice(choices) => {
            let place =
                choices.iter().position(|(name, _)| matches!(value, Value::Text(text) if text == name));
            place.map(Reading::Choice).ok_or_else(|| {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                format!("\"{value}\" is none of {}", names.join(", "))
            })
        }
    }
}

/// Reads a rate per second: "500/s", "2k/s", "1.5M/s", "90/m".
///
/// # Errors
/// A sentence, when it is not a number above zero and at most ten million with "/s", "/m" or "/h".
pub fn parse_rate(text: &str) -> Result<f64, String> {
    let fault = || {
        format!(
            "\"{text}\" is not a rate above zero and up to 10M/s: write it like 500/s, 2k/s, 1.5M/s or 90/m"
        )
    };
    let (number, per) = text.trim().split_once('/').ok_or_else(fault)?;
    let per = match per.trim() {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(fault()),
    };
    let number = number.trim();
    let (number, scale) = match number.chars().last() {
        Some('k') => (&number[..number.len() - 1], 1e3),
        Some('M') => (&number[..number.len() - 1], 1e6),
        _ => (number, 1.0),
    };
    let rate = number.trim().parse::<f64>().map_err(|_| fault())? * scale / per;
    if (1e-6..=MAX_RATE).contains(&rate) { Ok(rate) } else { Err(fault()) }
}

/// Reads a number of bytes: "512", "64KiB", "1.5MiB", "2GB".
fn parse_bytes(text: &str) -> Result<u64, String> {
    let fault = || format!("\"{text}\" is not a number of bytes: write it like 512B, 64KiB or 1.5MB");
    let trimmed = text.trim();
    let digits = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(digits);
    let scale = match unit.trim() {
        "" | "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(fault()),
    };
    let bytes = number.parse::<f64>().map_err(|_| fault())? * scale;
    // Above 2^53 a number is no longer exact, and no row allows it.
    if (0.0..=9e15).contains(&bytes) { Ok(bytes as u64) } else { Err(fault()) }
}

fn number(value: &Value) -> Result<f64, String> {
    match value {
        Value::Number(number) => Ok(*number),
        Value::Text(text) => text.trim().parse().map_err(|_| format!("\"{text}\" is not a number")),
        Value::Flag(flag) => Err(format!("{flag} is not a number")),
    }
}

fn text<'v>(value: &'v Value, example: &str) -> Result<&'v str, String> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Number(number) => Err(format!("{number} has no unit: write it in quotes, like \"{example}\"")),
        Value::Flag(flag) => Err(format!("{flag} stands where a text like \"{example}\" belongs")),
    }
}

/// A bag being read. Every getter gives the row's default after a fault, so that reading goes on and finds them all.
pub(crate) struct Reader<'a> {
    pub(crate) params: &'a Params,
    pub(crate) rows: &'static [Param],
    pub(crate) place: Place,
    pub(crate) called: String,
    pub(crate) faults: &'a mut Vec<Fault>,
}

impl Reader<'_> {
    pub(crate) fn fault(&mut self, field: Option<&str>, what: String) {
        let field = field.map(str::to_owned);
        self.faults.push(Fault { place: self.place.clone(), called: self.called.clone(), field, what });
    }

    /// Faults for the names that no row has.
    pub(crate) fn refuse_strangers(&mut self) {
        let strangers: Vec<&String> =
            self.params.keys().filter(|name| self.rows.iter().all(|row| row.name != name.as_str())).collect();
        for name in strangers {
            let known: Vec<&str> = self.rows.iter().map(|row| row.name).collect();
            self.fault(Some(name), format!("there is no such parameter; there are {}", known.join(", ")));
        }
    }

    fn reading(&mut self, name: &'static str) -> Reading {
        let row =
            self.rows.iter().find(|row| row.name == name).expect("check asks only for the kind's own rows");
        if let Some(value) = self.params.get(name) {
            match read(row, value) {
                Ok(reading) => return reading,
                Err(what) => self.fault(Some(name), what),
            }
        }
        read(row, &Value::from(row.default)).expect("a test reads every default")
    }

    pub(crate) fn count(&mut self, name: &'static str) -> u32 {
        match self.reading(name) {
            Reading::Count(count) => u32::try_from(count).expect("every row's maximum fits"),
            other => unreachable!("{name} is a count in the catalog, not {other:?}"),
        }
    }

    pub(crate) fn number(&mut self, name: &'static str) -> f64 {
        match self.reading(name) {
            Reading::Number(number) | Reading::Rate(number) => number,
            other => unreachable!("{name} is a number in the catalog, not {other:?}"),
        }
    }

    pub(crate) fn span(&mut self, name: &'static str) -> Span {
        match self.reading(name) {
            Reading::Span(span) => span,
            other => unreachable!("{name} is a span in the catalog, not {other:?}"),
        }
    }

    pub(crate) fn law(&mut self, name: &'static str) -> Law {
        match self.reading(name) {
            Reading::Law(law) => law,
            other => unreachable!("{name} is a law in the catalog, not {other:?}"),
        }
    }

    pub(crate) fn limit(&mut self, name: &'static str) -> Option<f64> {
        match self.reading(name) {
            Reading::Limit(limit) => limit,
            other => unreachable!("{name} is a limit in the catalog, not {other:?}"),
        }
    }

    pub(crate) fn bytes(&mut self, name: &'static str) -> u64 {
        match self.reading(name) {
            Reading::Bytes(bytes) => bytes,
            other => unreachable!("{name} is bytes in the catalog, not {other:?}"),
        }
    }

    pub(crate) fn switch(&mut self, name: &'static str) -> bool {
        self.choice(name, &[false, true])
    }

    /// The text that stands there, or the default's.
    pub(crate) fn text(&mut self, name: &'static str) -> &str {
        match self.reading(name) {
            Reading::Text => {}
            other => unreachable!("{name} is a text in the catalog, not {other:?}"),
        }
        match self.params.get(name) {
            Some(Value::Text(text)) => text,
            _ => self.rows.iter().find(|row| row.name == name).map_or("", |row| row.default),
        }
    }

    /// Whether this kind has such a parameter.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.rows.iter().any(|row| row.name == name)
    }

    /// The one of `values`, which stand in the order of the row's choices.
    pub(crate) fn choice<T: Copy>(&mut self, name: &'static str, values: &[T]) -> T {
        match self.reading(name) {
            Reading::Choice(place) => values[place],
            other => unreachable!("{name} is a choice in the catalog, not {other:?}"),
        }
    }
}
