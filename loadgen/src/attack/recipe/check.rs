//! What an answer must be.
use hyper::HeaderMap;
use hyper::header::HeaderName;
use std::fmt;
use std::str::FromStr;

/// What an answer must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// Its status lies in this range, both ends included. Then it is a good answer, whatever the status says else.
    Status(u16, u16),
    /// It has this header, and its value is like this.
    Header(HeaderName, Wanted),
    /// Its body is like this.
    Body(Wanted),
    /// Its body is JSON, and what this pointer (RFC 6901) leads to is this: a text as it is, the rest as JSON writes it.
    Json(String, String),
}

/// What a text must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// There.
    Anything,
    /// Exactly this.
    Exactly(String),
    /// One that has this in it.
    Containing(String),
}

/// An answer, as far as checks look at it.
#[derive(Debug)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body.
    pub body: &'a [u8],
}

impl Check {
    /// Whether it needs the body.
    pub const fn reads_body(&self) -> bool {
        matches!(self, Self::Body(_) | Self::Json(..))
    }

    /// Whether the answer is what it must be.
    pub fn holds(&self, answer: &Answer<'_>) -> bool {
        match self {
            Self::Status(low, high) => (*low..=*high).contains(&answer.status),
            Self::Header(name, wanted) => {
                answer.headers.get_all(name).iter().any(|value| wanted.matches(value.as_bytes()))
            }
            Self::Body(wanted) => wanted.matches(answer.body),
            Self::Json(pointer, wanted) => {
                let json: Result<serde_json::Value, _> = serde_json::from_slice(answer.body);
                json.is_ok_and(|json| json.pointer(pointer).is_some_and(|found| text_of(found) == *wanted))
            }
        }
    }
}

/// A JSON text without its quotes; everything else as JSON writes it.
pub(in crate::attack) fn text_of(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Wanted {
    fn matches(&self, text: &[u8]) -> bool {
        match self {
            Self::Anything => true,
            Self::Exactly(wanted) => text == wanted.as_bytes(),
            Self::Containing(part) => {
                part.is_empty() || text.windows(part.len()).any(|window| window == part.as_bytes())
            }
        }
    }
}

impl FromStr for Check {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || {
            format!(
                "\"{text}\" is not a check: write it like status 200, status 2xx, header etag, header content-type contains json, \
                 body contains TEXT, body = TEXT, json /items/0/id = 7"
            )
        };
        let (of, rest) = text.trim().split_once(' ').ok_or_else(fault)?;
        let rest = rest.trim();
        match of {
            "status" => status(rest).ok_or_else(fault),
            "body" => wanted(rest).map(Self::Body).ok_or_else(fault),
            "header" => {
                let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                let name = HeaderName::from_str(name).map_err(|_| fault())?;
                let wanted = if rest.is_empty() { Some(Wanted::Anything) } else { wanted(rest) };
                Ok(Self::Header(name, wanted.ok_or_else(fault)?))
            }
            "json" => {
                let (pointer, value) = rest.split_once('=').ok_or_else(fault)?;
                let pointer = pointer.trim();
                if !pointer.is_empty() && !pointer.starts_with('/') {
                    return Err(fault());
                }
                Ok(Self::Json(pointer.to_owned(), value.trim().to_owned()))
            }
            _ => Err(fault()),
        }
    }
}

fn status(text: &str) -> Option<Check> {
    let valid = |status: &u16| (100..=599).contains(status);
    if let Some(hundred) = text.strip_suffix("xx") {
        let hundred = hundred.parse::<u16>().ok().filter(|n| (1..=5).contains(n))?;
        return Some(Check::Status(hundred * 100, hundred * 100 + 99));
    }
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    let (low, high) = (low.parse().ok().filter(valid)?, high.parse().ok().filter(valid)?);
    (low <= high).then_some(Check::Status(low, high))
}

fn wanted(text: &str) -> Option<Wanted> {
    if let Some(part) = text.strip_prefix("contains ") {
        return Some(Wanted::Containing(part.trim().to_owned()));
    }
    text.strip_prefix('=').map(|whole| Wanted::Exactly(whole.trim().to_owned()))
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(low, high) if low == high => write!(f, "status {low}"),
            Self::Status(low, high) => write!(f, "status {low}..{high}"),
            Self::Header(name, wanted) => write!(f, "header {name}{wanted}"),
            Self::Body(wanted) => write!(f, "body{wanted}"),
            Self::Json(pointer, value) => write!(f, "json {pointer} = {value}"),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anything => Ok(()),
            Self::Exactly(whole) => write!(f, " = {whole}"),
            Self::Containing(part) => write!(f, " contains {part}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_read_shown_and_judged() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/json".parse().unwrap());
        let answer = Answer { status: 404, headers: &headers, body: br#"{"items":[{"id":7,"name":"x"}]}"# };
        for (text, holds) in [
            ("status 404", true),
            ("status 2xx", false),
            ("status 400..410", true),
            ("header content-type", true),
            ("header content-type contains json", true),
            ("header content-type = text/plain", false),
            ("header etag", false),
            ("body contains \"name\"", true),
            ("body = x", false),
            ("json /items/0/id = 7", true),
            ("json /items/0/name = x", true),
            ("json /items/1/id = 7", false),
        ] {
            let check: Check = text.parse().unwrap();
            assert_eq!(check.holds(&answer), holds, "{text}");
            assert_eq!(check.to_string().parse::<Check>(), Ok(check), "{text}");
        }
        for text in [
            "",
            "status",
            "status 2000",
            "status 6xx",
            "header bad:name",
            "body is x",
            "json a = 1",
            "mood good",
        ] {
            assert!(text.parse::<Check>().unwrap_err().contains("is not a check"), "{text}");
        }
    }
}
