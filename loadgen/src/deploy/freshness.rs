//! Whether what a replica answers is the newest that anybody was told: for engines, which do not say so themselves.
//!
//! The callers of a database keep a file beside their directories: for each key, the version that somebody was last told is
//! written. Who reads an older one has read what is stale, and says so in another file, of the server that he read from: a byte
//! for each such read.
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Keys beyond these are not looked at: the file has eight bytes for each up to the last that was written.
const MOST_KEYS: u64 = 1 << 32;

/// What a caller knows of a database.
pub(super) struct Freshness {
    versions: File,
    /// Where the run's processes have their directories.
    run: PathBuf,
    node: String,
}

impl Freshness {
    /// Of a node, for who works in his own directory among those of the run.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(super) fn open(run: &Path, node: &str) -> std::io::Result<Self> {
        let path = versions_of(run, node);
        let versions = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        Ok(Self { versions, run: run.to_owned(), node: node.to_owned() })
    }

    /// The version of a key that somebody was told of; zero when nobody was of any.
    pub(super) fn known(&self, key: u64) -> i64 {
        let mut bytes = [0; 8];
        // Behind the file's end, nothing is known.
        let is_there = key < MOST_KEYS && self.versions.read_exact_at(&mut bytes, key * 8).is_ok();
        if is_there { i64::from_ne_bytes(bytes) } else { 0 }
    }

    /// Somebody is told that a key has this version.
    pub(super) fn tell(&self, key: u64, version: i64) {
        if key < MOST_KEYS && self.known(key) < version {
            // A full disk makes reads seem fresher than they are, and shows elsewhere first.
            let _ = self.versions.write_all_at(&version.to_ne_bytes(), key * 8);
        }
    }

    /// A read of this instance was stale.
    pub(super) fn note_stale(&self, instance: u16) {
        let path = stale_of(&self.run, &self.node, instance);
        let file = OpenOptions::new().append(true).create(true).open(path);
        // Bytes of different writers do not overwrite one another.
        let _ = file.and_then(|mut file| file.write_all(b"!"));
    }
}

/// How many reads of an instance were stale.
pub(super) fn stale_reads(run: &Path, node: &str, instance: u16) -> u64 {
    std::fs::metadata(stale_of(run, node, instance)).map_or(0, |file| file.len())
}

/// A promotion has begun a history of its own: what was known before is not of it.
pub(super) fn begin_anew(run: &Path, node: &str) {
    if let Ok(file) = OpenOptions::new().write(true).open(versions_of(run, node)) {
        // What stays known makes some reads seem stale that miss a lost write.
        let _ = file.set_len(0);
    }
}

fn versions_of(run: &Path, node: &str) -> PathBuf {
    run.join(format!("{node}.versions"))
}

fn stale_of(run: &Path, node: &str, instance: u16) -> PathBuf {
    run.join(format!("{node}.{instance}.stale"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_that_anybody_was_told_is_known_to_all_until_history_begins_anew() {
        let run = tempfile::tempdir().unwrap();
        let [one, other] = [(); 2].map(|()| Freshness::open(run.path(), "db").unwrap());
        assert_eq!(other.known(7), 0);
        one.tell(7, 2);
        one.tell(7, 1);
        assert_eq!((other.known(7), other.known(6), other.known(u64::MAX)), (2, 0, 0));
        one.note_stale(1);
        other.note_stale(1);
        assert_eq!((stale_reads(run.path(), "db", 1), stale_reads(run.path(), "db", 0)), (2, 0));
        begin_anew(run.path(), "db");
        assert_eq!(one.known(7), 0);
    }
}
