//! Who did what: a line for everything that acts, in a file that only this user can read.
use super::guard::Who;
use crate::clock;
use crate::store::Store;
use loadpath_core::wire::Caps;
use serde::Serialize;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// Beside the runs.
const FILE: &str = "audit.jsonl";
/// A longer file is moved aside, so that two of this length are the most there is.
const MOST_BYTES: u64 = 4 << 20;

/// Where it is written down.
#[derive(Debug)]
pub(super) struct Audit(Option<PathBuf>);

/// Something that was done. No token and no code is ever in it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Deed<'d> {
    /// start, stop, kill, restore, command, control or session.
    pub(super) did: &'static str,
    /// The run's id.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) run: &'d str,
    /// What it was done to: the design's name, or the instance.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) target: &'d str,
    /// The caps that held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) caps: Option<Caps>,
}

#[derive(Serialize)]
struct Line<'d> {
    unix: u64,
    page: Option<u32>,
    origin: Option<&'d str>,
    #[serde(flatten)]
    deed: &'d Deed<'d>,
}

impl Audit {
    /// In the folder that the runs' folder is in; nowhere when runs are not kept.
    pub(super) fn beside(store: Option<&Store>) -> Self {
        Self(store.and_then(|store| store.folder().parent()).map(|folder| folder.join(FILE)))
    }

    /// Writes it down.
    pub(super) fn note(&self, who: &Who, deed: &Deed) {
        if let Err(why) = self.write(&line(clock::unix_seconds(), who, deed)) {
            eprintln!("{} was not written down: {why}", deed.did);
        }
    }

    fn write(&self, line: &str) -> io::Result<()> {
        let Some(path) = &self.0 else { return Ok(()) };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        if fs::metadata(path).is_ok_and(|found| found.len() > MOST_BYTES) {
            fs::rename(path, path.with_extension("old.jsonl"))?;
        }
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        // In one piece, so that two agents' lines never mix.
        file.write_all(line.as_bytes())
    }
}

fn line(unix: u64, who: &Who, deed: &Deed) -> String {
    let line = Line { unix, page: who.session, origin: who.origin.as_deref(), deed };
    serde_json::to_string(&line).expect("a line holds only what JSON can say") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::time::Span;

    #[test]
    fn a_line_says_who_did_what_to_what_under_which_caps_and_stays_one_line() {
        let who = Who { session: Some(2), origin: Some("http://localhost:7700".to_owned()) };
        let caps = Some(Caps { rate: 100.0, duration: Span::SECOND, processes: 3 });
        let deed = Deed { did: "start", run: "ab12", target: "Shop\n{\"did\":\"stop\"}", caps };
        assert_eq!(
            line(7, &who, &deed),
            "{\"unix\":7,\"page\":2,\"origin\":\"http://localhost:7700\",\"did\":\"start\",\"run\":\"ab12\",\
             \"target\":\"Shop\\n{\\\"did\\\":\\\"stop\\\"}\",\"caps\":{\"rate\":100.0,\"duration\":\"1s\",\"processes\":3}}\n"
        );
    }
}
