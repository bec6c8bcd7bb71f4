//! Reads arguments with units, and bounds them.
use loadpath_core::time::Span;
use loadpath_core::topology::parse_rate;

/// The most that may be asked for, per second.
const MAX_RATE: f64 = 200_000.0;
/// The longest load.
const MAX_DURATION: Span = Span(3_600 * Span::SECOND.0);

/// A rate like "500/s", up to 200k/s.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    let rate = parse_rate(text)?;
    if rate > MAX_RATE { Err("more than 200k/s is not driven from one process".to_owned()) } else { Ok(rate) }
}

/// A length of time above zero, up to an hour.
pub(super) fn duration(text: &str) -> Result<Span, String> {
    let span = span_within_an_hour(text)?;
    if span == Span::ZERO { Err("it must be longer than zero".to_owned()) } else { Ok(span) }
}

/// A length of time, perhaps zero, up to an hour.
pub(super) fn span_within_an_hour(text: &str) -> Result<Span, String> {
    let span: Span = text.parse().map_err(|fault: loadpath_core::time::NotASpan| fault.to_string())?;
    if span > MAX_DURATION { Err("more than 1h is not taken".to_owned()) } else { Ok(span) }
}

/// A timeout: what a histogram can hold.
pub(super) fn timeout(text: &str) -> Result<Span, String> {
    let span = duration(text)?;
    if span > Span(600 * Span::SECOND.0) { Err("more than 10m is not taken".to_owned()) } else { Ok(span) }
}

/// A length of simulated time above zero, up to 30 days.
pub(super) fn simulated(text: &str) -> Result<Span, String> {
    let span: Span = text.parse().map_err(|fault: loadpath_core::time::NotASpan| fault.to_string())?;
    match span.0 {
        0 => Err("it must be longer than zero".to_owned()),
        n if n > 30 * 86_400 * Span::SECOND.0 => Err("more than 720h is not simulated".to_owned()),
        _ => Ok(span),
    }
}
