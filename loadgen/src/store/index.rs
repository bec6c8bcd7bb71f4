//! What lists of runs show, remembered so that a list does not read every run. It is never the truth: whatever does not fit the
//! files is read anew, and without it everything is.
use super::State;
use loadpath_core::run::Run;
use loadpath_core::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// The file's name; no run's id has a capital letter.
const FILE: &str = "INDEX.json";
/// Another version is not read.
const VERSION: u32 = 1;
/// A larger one is not ours.
const MAX_FILE: u64 = 64 << 20;

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// What the store calls it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What people put on it.
    pub tags: Vec<String>,
    /// How it ended.
    pub state: State,
    /// Where it comes from, in words.
    pub source: String,
    /// When it was started, in seconds since 1970.
    pub started_unix: u64,
    /// How long it counted.
    pub duration: Span,
    /// The planned rate, per second.
    pub offered_rate: f64,
    /// How many requests ended.
    pub requests: u64,
    /// The share of them that did not end well, in [0, 1].
    pub error_share: f64,
    /// The 99th percentile of the response.
    pub p99: Span,
    /// How many notes it has.
    pub notes: usize,
}

impl Listed {
    /// Of this run.
    pub(super) fn new(id: &str, run: &Run, tags: Vec<String>, state: State) -> Self {
        Self {
            id: id.to_owned(),
            name: run.name.clone(),
            tags,
            state,
            source: run.source.to_string(),
            started_unix: run.started_unix,
            duration: run.duration,
            offered_rate: run.offered_rate,
            requests: run.outcomes().total(),
            error_share: run.outcomes().error_share(),
            p99: run.response().quantile(0.99),
            notes: run.notes.len(),
        }
    }
}

/// The memory of a folder of runs.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Index {
    version: u32,
    runs: BTreeMap<String, Known>,
}

/// What is remembered of a file, and of which state of it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    length: u64,
    modified_ns: u64,
    listed: Listed,
}

impl Index {
    /// That of a folder; an empty one where there is none, or it cannot be read.
    pub(super) fn read(folder: &Path) -> Self {
        let text = super::read_text(&folder.join(FILE), MAX_FILE).ok();
        let index: Option<Self> = text.and_then(|text| serde_json::from_str(&text).ok());
        index.filter(|index| index.version == VERSION).unwrap_or_default()
    }

    /// What is remembered of a file, if it is still the same.
    pub(super) fn get(&self, file: &str, metadata: &Metadata) -> Option<&Listed> {
        let (length, modified_ns) = stamp(metadata);
        self.runs.get(file).filter(|k| (k.length, k.modified_ns) == (length, modified_ns)).map(|k| &k.listed)
    }

    /// Remembers a file.
    pub(super) fn put(&mut self, file: String, metadata: &Metadata, listed: Listed) {
        let (length, modified_ns) = stamp(metadata);
        self.runs.insert(file, Known { length, modified_ns, listed });
    }

    /// Writes it. That may fail: then the next list takes longer.
    pub(super) fn write(mut self, folder: &Path) {
        self.version = VERSION;
        let part = folder.join(format!("{FILE}.{}.part", std::process::id()));
        let text = serde_json::to_string(&self).expect("an index holds only what JSON can say");
        let written = fs::write(&part, text).and_then(|()| fs::rename(&part, folder.join(FILE)));
        if written.is_err() {
            let _ = fs::remove_file(part);
        }
    }
}

fn stamp(metadata: &Metadata) -> (u64, u64) {
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    (metadata.len(), modified.map_or(0, |since| since.as_nanos() as u64))
}
