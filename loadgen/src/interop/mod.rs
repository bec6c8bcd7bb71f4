//! What other tools read and wrote: results of load tools as runs, with the clock that each used; designs as files of theirs, and back.
//!
//! Whatever a file holds is data: lengths and counts are bounded, numbers must be finite, and what does not fit is a sentence.
pub mod design;
pub mod export;
mod fortio;
mod hey;
mod k6;
mod oha;
mod part;
pub mod prometheus;
mod vegeta;
mod wrk;

use loadpath_core::run::Run;
use std::fmt;

/// Why a file of another tool is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRead(pub String);

/// The tools whose files are read, and which these are.
pub const TOOLS: &str = "fortio (JSON), k6 (JSON of --summary-export or handleSummary), oha (JSON), vegeta (report JSON, encode JSON, hist text), \
                         wrk and wrk2 (text), hey (text or CSV)";

type Looks = fn(&str) -> bool;
type Reader = fn(&str) -> Result<Run, NotRead>;

/// Each tool: what its files look like, and who reads them.
const READERS: [(Looks, Reader); 6] = [
    (fortio::is, fortio::read),
    (k6::is, k6::read),
    (oha::is, oha::read),
    (vegeta::is, vegeta::read),
    (wrk::is, wrk::read),
    (hey::is, hey::read),
];

/// Reads the result of another tool; none when no tool's result looks like this.
pub fn read(text: &str) -> Option<Result<Run, NotRead>> {
    READERS.iter().find(|(is, _)| is(text)).map(|(_, read)| read(text))
}

/// A DNS label made of any text: small letters, digits and hyphens, 40 at most.
fn slug(text: &str, otherwise: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    let cut = joined[..joined.len().min(40)].trim_matches('-');
    if cut.starts_with(|c: char| c.is_ascii_lowercase()) {
        cut.to_owned()
    } else {
        format!("{otherwise}-{cut}").trim_end_matches('-').to_owned()
    }
}

impl fmt::Display for NotRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotRead {}

#[cfg(test)]
mod tests;
