//! Runs on disk: one JSON file each, in one folder, named by date and name.
//!
//! A file appears whole or not at all: it is written beside its place and then moved there.
use crate::clock;
use loadpath_core::run::{NotARun, Run};
use loadpath_core::wire::RunSummary;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Characters of a run's name that go into its id.
const MOST_OF_NAME: usize = 40;
/// A larger run file is not read: ours are below one megabyte.
const MAX_FILE: u64 = 256 << 20;

/// A folder of runs.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// A run that has been written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What the store calls it.
    pub id: String,
    /// Its file.
    pub path: PathBuf,
}

/// Why a run could not be kept or read.
#[derive(Debug)]
pub enum StoreError {
    /// There is no home to keep runs in.
    NoFolder,
    /// There is no run of this id.
    Unknown(String),
    /// A file or folder could not be read or written.
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// A file is not a run.
    NotARun {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: NotARun,
    },
}

impl Store {
    /// The runs of this user: `$XDG_DATA_HOME/loadpath/runs`, or `~/.local/share/loadpath/runs`.
    ///
    /// # Errors
    /// When neither variable says where that is.
    pub fn of_this_user() -> Result<Self, StoreError> {
        let absolute =
            |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let data =
            absolute("XDG_DATA_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/share")));
        data.map(|data| Self::at(data.join("loadpath/runs"))).ok_or(StoreError::NoFolder)
    }

    /// The runs in this folder, which is made when the first is kept.
    pub const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Keeps a run under an id that no other has.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub fn keep(&self, run: &Run) -> Result<Kept, StoreError> {
        fs::create_dir_all(&self.folder).map_err(|why| io_error(&self.folder, why))?;
        let base = format!("{}-{}", date(run.started_unix), slug(&run.name));
        let part = Part::write(&self.path(&base), run)?;
        for number in 1..1_000 {
            let id = if number == 1 { base.clone() } else { format!("{base}-{number}") };
            let path = self.path(&id);
            // A link does not replace what is there: each id is given once, also among processes.
            match fs::hard_link(&part.path, &path) {
                Ok(()) => return Ok(Kept { id, path }),
                Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
                Err(why) => return Err(io_error(&path, why)),
            }
        }
        Err(io_error(&self.path(&base), io::ErrorKind::AlreadyExists.into()))
    }

    /// Reads a run.
    ///
    /// # Errors
    /// When there is none of this id, or its file cannot be read.
    pub fn read(&self, id: &str) -> Result<Run, StoreError> {
        // An id is ours, and never a path.
        let sound =
            !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let path = self.path(id);
        if !sound || !path.is_file() {
            return Err(StoreError::Unknown(id.to_owned()));
        }
        read(&path)
    }

    /// All runs, newest first. Files that are not runs are passed over.
    ///
    /// # Errors
    /// When the folder is there and cannot be read.
    pub fn list(&self) -> Result<Vec<RunSummary>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(why) => return Err(io_error(&self.folder, why)),
        };
        let ids = entries.flatten().filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_suffix(".json").map(str::to_owned)
        });
        let mut summaries: Vec<RunSummary> = ids.filter_map(|id| self.summary(id)).collect();
        summaries.sort_by(|a, b| (b.started_unix, &b.id).cmp(&(a.started_unix, &a.id)));
        Ok(summaries)
    }

    fn summary(&self, id: String) -> Option<RunSummary> {
        let run = self.read(&id).ok()?;
        Some(RunSummary {
            id,
            name: run.name,
            started_unix: run.started_unix,
            duration: run.duration,
            offered_rate: run.offered_rate,
        })
    }

    fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }
}

/// Reads a run file.
///
/// # Errors
/// When it cannot be read or is not a run.
pub fn read(path: &Path) -> Result<Run, StoreError> {
    let text = read_text(path, MAX_FILE).map_err(|why| io_error(path, why))?;
    Run::from_json(&text).map_err(|why| StoreError::NotARun { path: path.to_owned(), why })
}

/// A whole file of text, unless it is longer than `most` bytes.
///
/// # Errors
/// When it cannot be read, is longer, or is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let length = fs::metadata(path)?.len();
    if length > most {
        let what = format!("it has {length} bytes, and at most {most} are read");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
    }
    fs::read_to_string(path)
}

/// Writes a run file, whole or not at all; what stood there before is replaced.
///
/// # Errors
/// When the folder is missing or cannot be written to.
pub fn write(path: &Path, run: &Run) -> Result<(), StoreError> {
    let part = Part::write(path, run)?;
    fs::rename(&part.path, path).map_err(|why| io_error(path, why))
}

/// A whole run file beside the place where it belongs. What is left of it goes with it.
struct Part {
    path: PathBuf,
}

impl Part {
    fn write(place: &Path, run: &Run) -> Result<Self, StoreError> {
        let mut path = place.as_os_str().to_owned();
        path.push(format!(".{}.part", std::process::id()));
        let part = Self { path: PathBuf::from(path) };
        let written = fs::File::create(&part.path).and_then(|mut file| {
            file.write_all(run.to_json().as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        });
        // The place is what people know, and not the part.
        written.map(|()| part).map_err(|why| io_error(place, why))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It is gone already when it was moved to its place.
        let _ = fs::remove_file(&self.path);
    }
}

fn io_error(path: &Path, why: io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), why }
}

/// Small letters, digits and hyphens: fit for a file name and a URL.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().take(200) {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.truncate(MOST_OF_NAME);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "run".to_owned() } else { slug.to_owned() }
}

/// The date in UTC, as 20260131-235959; of now when `unix` is zero, as in a simulation.
fn date(unix: u64) -> String {
    let unix = if unix == 0 { clock::unix_seconds() } else { unix };
    let (days, second) = (unix / 86_400, unix % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}{month:02}{day:02}-{:02}{:02}{:02}", second / 3_600, second / 60 % 60, second % 60)
}

/// Year, month and day of the day of this number since 1970 (Hinnant 2013, "chrono-compatible low-level date algorithms").
const fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFolder => f.write_str(
                "there is no place to keep runs: set HOME or XDG_DATA_HOME, or name a file with --out",
            ),
            Self::Unknown(id) => write!(f, "there is no run \"{id}\""),
            Self::Io { path, why } => write!(f, "{}: {why}", path.display()),
            Self::NotARun { path, why } => write!(f, "{}: {why}", path.display()),
        }
    }
}

impl std::error::Error for StoreError {}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::run::Source;

    #[test]
    fn dates_agree_with_the_calendar() {
        for (unix, text) in [
            (951_782_400, "20000229-000000"),
            (1_709_251_199, "20240229-235959"),
            (1_767_225_600, "20260101-000000"),
            (4_107_542_400, "21000301-000000"),
        ] {
            assert_eq!(date(unix), text);
        }
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for (name, expected) in [
            ("../../etc/passwd", "etc-passwd"),
            ("Three tiers", "three-tiers"),
            ("http://127.0.0.1:80/a?b", "http-127-0-0-1-80-a-b"),
            ("日本", "run"),
            ("", "run"),
        ] {
            assert_eq!(slug(name), expected);
        }
        let long = slug(&"a b".repeat(100));
        assert!(long.len() <= MOST_OF_NAME && !long.ends_with('-'), "{long}");
    }

    #[test]
    fn runs_of_the_same_second_and_name_are_kept_apart_and_listed() {
        let folder = std::env::temp_dir().join(format!("loadgen-store-{}", std::process::id()));
        let store = Store::at(folder.clone());
        assert_eq!(store.list().unwrap(), []);
        let mut run = Run::new("a", Source::Simulated { seed: 1 }, 1.0);
        run.started_unix = 1_767_225_600;
        let (first, second) = (store.keep(&run).unwrap(), store.keep(&run).unwrap());
        assert_eq!((first.id.as_str(), second.id.as_str()), ("20260101-000000-a", "20260101-000000-a-2"));
        assert_eq!(store.read(&second.id).unwrap(), run);
        fs::write(folder.join("stranger.json"), "{}").unwrap();
        let listed: Vec<_> = store.list().unwrap().into_iter().map(|summary| summary.id).collect();
        assert_eq!(listed, [second.id.as_str(), first.id.as_str()]);
        for id in ["../x", "", "A", "20260101-000000-b", "stranger"] {
            assert!(store.read(id).is_err(), "{id}");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
