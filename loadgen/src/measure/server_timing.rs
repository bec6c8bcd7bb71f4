//! Reads `Server-Timing` headers (W3C Server Timing §3): what each hop says of the calls it made and of its own queue.
//!
//! Of an entry `NAME;dur=MS;desc=TEXT` we understand three, for the names of the attack's nodes:
//! `cache;dur=0.412;desc=ok` is a call to that node as its caller saw it (`desc`: ok, refused, failed, timed_out),
//! `cache.q;dur=0.020` its time in the node's queue, `cache.hit;dur=1` a lookup that hit (0: missed). All else is a
//! stranger's and is passed over.
use super::Hop;
use loadpath_core::run::Outcome;
use loadpath_core::time::Span;

/// Entries beyond these are not read.
pub const MAX_METRICS: usize = 64;
/// Bytes of all the header's values together beyond these are not read.
pub const MAX_BYTES: usize = 8 << 10;

/// The hops that these header values tell of, at most [`MAX_METRICS`]. Never fails: what is not understood is no hop.
pub fn hops<'v>(values: impl Iterator<Item = &'v [u8]>, nodes: &[String], into: &mut Vec<Hop>) {
    let mut bytes_left = MAX_BYTES;
    let mut metrics_left = MAX_METRICS;
    for value in values {
        if value.len() > bytes_left {
            return;
        }
        bytes_left -= value.len();
        let Ok(text) = std::str::from_utf8(value) else { continue };
        for metric in split_outside_quotes(text, ',') {
            if metrics_left == 0 {
                return;
            }
            metrics_left -= 1;
            into.extend(hop(metric, nodes));
        }
    }
}

fn hop(metric: &str, nodes: &[String]) -> Option<Hop> {
    let mut parts = split_outside_quotes(metric, ';').map(str::trim);
    let name = parts.next()?;
    let (mut dur, mut desc) = (None, None);
    for part in parts {
        let Some((key, value)) = part.split_once('=') else { continue };
        let value = value.trim().trim_matches('"');
        // The first of a doubled parameter counts (§3).
        match key.trim() {
            key if key.eq_ignore_ascii_case("dur") => dur = dur.or(Some(value)),
            key if key.eq_ignore_ascii_case("desc") => desc = desc.or(Some(value)),
            _ => {}
        }
    }
    let dur: f64 = dur?.parse().ok()?;
    if !(0.0..=1e9).contains(&dur) {
        return None;
    }
    let span = Span::from_secs(dur / 1e3);
    let (name, suffix) = name.split_once('.').unwrap_or((name, ""));
    let node = u16::try_from(nodes.iter().position(|node| node == name)?).ok()?;
    match suffix {
        "" => Some(Hop::Call { node, outcome: outcome(desc)?, response: span }),
        "q" => Some(Hop::Wait { node, wait: span }),
        "hit" => Some(Hop::Lookup { node, hit: dur > 0.0 }),
        _ => None,
    }
}

fn outcome(desc: Option<&str>) -> Option<Outcome> {
    match desc {
        None | Some("ok") => Some(Outcome::Ok),
        Some("refused") => Some(Outcome::Refused),
        Some("failed") => Some(Outcome::Failed),
        Some("timed_out") => Some(Outcome::TimedOut),
        Some(_) => None,
    }
}

/// The parts between separators, where a separator inside double quotes is none.
fn split_outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c: char| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Hop> {
        let nodes = ["web", "cache", "db"].map(str::to_owned);
        let mut hops_read = Vec::new();
        hops(std::iter::once(text.as_bytes()), &nodes, &mut hops_read);
        hops_read
    }

    #[test]
    fn a_hop_says_its_calls_its_wait_and_its_hit() {
        let told =
            read("web.q;dur=0.250, cache;dur=0.412;desc=ok, cache.hit;dur=0, db;DUR=12.5; desc=\"failed\"");
        let expected = [
            Hop::Wait { node: 0, wait: Span::from_micros(250) },
            Hop::Call { node: 1, outcome: Outcome::Ok, response: Span::from_micros(412) },
            Hop::Lookup { node: 1, hit: false },
            Hop::Call { node: 2, outcome: Outcome::Failed, response: Span::from_micros(12_500) },
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn garbage_and_strangers_are_passed_over() {
        for text in [
            "",
            ",,,;;;===",
            "web",
            "web;dur",
            "web;dur=",
            "web;dur=-1",
            "web;dur=NaN",
            "web;dur=1e300",
            "web;dur=1;desc=what",
            "stranger;dur=5",
            "web.cpu;dur=5",
            "total;dur=1;desc=\"a, web;dur=1\"",
            "\"",
            "web;dur=1\u{0}",
        ] {
            assert_eq!(read(text), [], "{text}");
        }
        assert_eq!(read(", ;web;dur=1, web.q;dur=1").len(), 1, "what follows garbage is read");
    }

    #[test]
    fn no_header_makes_more_work_than_the_caps() {
        assert_eq!(read(&"web;dur=1,".repeat(1_000)).len(), 0, "10 kB are over the cap of bytes");
        assert_eq!(read(&"web;dur=1,".repeat(800)).len(), MAX_METRICS);
        let many = vec![&b"web;dur=1"[..]; 10_000];
        let mut read = Vec::new();
        hops(many.into_iter(), &["web".to_owned()], &mut read);
        assert_eq!(read.len(), MAX_METRICS);
    }
}
