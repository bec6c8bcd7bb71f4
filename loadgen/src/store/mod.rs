//! Runs on disk, one file each in one folder, named by date and name.
//!
//! The truth is each run's journal (`frame`, `entry`, `journal`): checksummed frames, one a second, flushed as they come, so that
//! a dead agent, a full disk or a damaged byte leaves a run that can be read and says what happened (`story`). What lists show is remembered in
//! an index (`index`) that can be thrown away. Plain JSON runs are read as well; a file that is replaced appears whole or not at all.
mod entry;
mod frame;
mod index;
mod journal;
mod recording;
mod so_far;
mod story;

pub use entry::{Begun, Label};
pub use index::Listed;
pub use recording::{Place, Recording};
pub use so_far::SoFar;
pub(crate) use story::count;
pub use story::{State, Story};

use crate::clock;
use entry::Entry;
use index::Index;
use journal::Writer;
use loadpath_core::run::{NotARun, Run};
use loadpath_core::wire::RunSummary;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Characters of a run's name that go into its id.
const MOST_OF_NAME: usize = 40;
/// A larger run file is not read: an hour of ours has some ten megabytes.
const MAX_FILE: u64 = 256 << 20;
/// What the names of journals end in.
const JOURNAL: &str = "run";
/// What the names of plain runs end in.
const PLAIN: &str = "json";

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
    /// Several runs are called so.
    Ambiguous {
        /// What was asked for.
        called: String,
        /// Their ids, newest first.
        ids: Vec<String>,
    },
    /// It is still being written.
    Running(String),
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

    /// Keeps a whole run under an id that no other has.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub fn keep(&self, run: &Run) -> Result<Kept, StoreError> {
        let (kept, file) = self.create(run.started_unix, &run.name)?;
        let mut writer = Writer::new(file);
        writer.put(&Entry::Ended(Box::new(run.clone())));
        writer.flush().map_err(|why| {
            // Half a run is no run; nobody has been told of it.
            let _ = fs::remove_file(&kept.path);
            io_error(&kept.path, why)
        })?;
        Ok(kept)
    }

    /// Makes an empty journal under an id that no other has.
    fn create(&self, started_unix: u64, name: &str) -> Result<(Kept, File), StoreError> {
        fs::create_dir_all(&self.folder).map_err(|why| io_error(&self.folder, why))?;
        let base = format!("{}-{}", date(started_unix), slug(name));
        for number in 1..1_000 {
            let id = if number == 1 { base.clone() } else { format!("{base}-{number}") };
            let path = self.path(&id, JOURNAL);
            if self.path(&id, PLAIN).exists() {
                continue;
            }
            // Each id is given once, also among processes.
            match OpenOptions::new().append(true).create_new(true).open(&path) {
                Ok(file) => return Ok((Kept { id, path }, file)),
                Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
                Err(why) => return Err(io_error(&path, why)),
            }
        }
        Err(io_error(&self.path(&base, JOURNAL), io::ErrorKind::AlreadyExists.into()))
    }

    /// Reads a run.
    ///
    /// # Errors
    /// When there is none of this id, or its file cannot be read.
    pub fn read(&self, id: &str) -> Result<Run, StoreError> {
        self.story(id).map(|story| story.run)
    }

    /// Reads a run with its seconds, tags and how it ended.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn story(&self, id: &str) -> Result<Story, StoreError> {
        story(&self.file_of(id)?)
    }

    /// The file of a run.
    ///
    /// # Errors
    /// When there is none of this id.
    pub fn file_of(&self, id: &str) -> Result<PathBuf, StoreError> {
        // An id is ours, and never a path.
        let sound =
            !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let paths = [self.path(id, JOURNAL), self.path(id, PLAIN)];
        let found = paths.into_iter().find(|path| sound && path.is_file());
        found.ok_or_else(|| StoreError::Unknown(id.to_owned()))
    }

    /// The id of what people call a run: an id, the start of one, a name, or "last".
    ///
    /// # Errors
    /// When there is none, or there are several.
    pub fn find(&self, called: &str) -> Result<String, StoreError> {
        let runs = self.entries()?;
        if called == "last" {
            return runs
                .first()
                .map(|run| run.id.clone())
                .ok_or_else(|| StoreError::Unknown(called.to_owned()));
        }
        let all = |fits: &dyn Fn(&Listed) -> bool| -> Vec<String> {
            runs.iter().filter(|run| fits(run)).map(|run| run.id.clone()).collect()
        };
        let by_id = all(&|run| run.id == called);
        let by_name = all(&|run| run.name == called);
        let by_start = all(&|run| !called.is_empty() && run.id.starts_with(called));
        match [by_id, by_name, by_start].into_iter().find(|ids| !ids.is_empty()) {
            Some(mut ids) if ids.len() == 1 => Ok(ids.remove(0)),
            Some(ids) => Err(StoreError::Ambiguous { called: called.to_owned(), ids }),
            None => Err(StoreError::Unknown(called.to_owned())),
        }
    }

    /// All runs that have ended, newest first. Files that are not runs are passed over.
    ///
    /// # Errors
    /// When the folder is there and cannot be read.
    pub fn list(&self) -> Result<Vec<RunSummary>, StoreError> {
        let summary = |run: Listed| RunSummary {
            id: run.id,
            name: run.name,
            started_unix: run.started_unix,
            duration: run.duration,
            offered_rate: run.offered_rate,
        };
        let ended = self.entries()?.into_iter().filter(|run| run.state != State::Running);
        Ok(ended.map(summary).collect())
    }

    /// As [`Store::list`], with all that a list may show. Only what changed since the last list is read.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub fn entries(&self) -> Result<Vec<Listed>, StoreError> {
        let files = match fs::read_dir(&self.folder) {
            Ok(files) => files,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(why) => return Err(io_error(&self.folder, why)),
        };
        let (known, mut index) = (Index::read(&self.folder), Index::default());
        let mut runs: Vec<Listed> = Vec::new();
        for file in files.flatten() {
            let (Ok(name), Ok(metadata)) = (file.file_name().into_string(), file.metadata()) else {
                continue;
            };
            let Some(id) = name.strip_suffix(".run").or_else(|| name.strip_suffix(".json")) else { continue };
            let Some(listed) = known.get(&name, &metadata).cloned().or_else(|| self.listed(id)) else {
                continue;
            };
            // A journal that is being written is locked, which its file's date does not show.
            if listed.state != State::Running {
                index.put(name, &metadata, listed.clone());
            }
            runs.push(listed);
        }
        if index != known {
            index.write(&self.folder);
        }
        runs.sort_by(|a, b| (b.started_unix, &b.id).cmp(&(a.started_unix, &a.id)));
        runs.dedup_by(|a, b| a.id == b.id);
        Ok(runs)
    }

    fn listed(&self, id: &str) -> Option<Listed> {
        let story = self.story(id).ok()?;
        Some(Listed::new(id, &story.run, story.tags, story.state))
    }

    /// Gives a run a name or tags. Nothing that was measured changes: it is one more frame at the journal's end.
    ///
    /// # Errors
    /// When there is no such run, it is under way, or cannot be written.
    pub fn label(&self, id: &str, label: Label) -> Result<(), StoreError> {
        let mut path = self.file_of(id)?;
        if path.extension().is_some_and(|end| end == PLAIN) {
            path = self.as_journal(id, &path)?;
        }
        let bad = |why| io_error(&path, why);
        let mut file = OpenOptions::new().read(true).append(true).open(&path).map_err(bad)?;
        if is_locked(&file) {
            return Err(StoreError::Running(id.to_owned()));
        }
        let bytes = read_bytes(&mut file).map_err(bad)?;
        let (next, torn) = story::end_of(&bytes);
        if torn {
            // The new frame begins a line of its own behind what a crash left.
            file.write_all(b"\n").map_err(bad)?;
        }
        let mut writer = Writer::at_end(file, bytes.len() as u64 + u64::from(torn), next);
        writer.put(&Entry::Label(label));
        writer.flush().map_err(bad)
    }

    /// Keeps a plain run as a journal, under the same id.
    fn as_journal(&self, id: &str, plain: &Path) -> Result<PathBuf, StoreError> {
        let run = read(plain)?;
        let path = self.path(id, JOURNAL);
        let file = OpenOptions::new().append(true).create_new(true).open(&path);
        let mut writer = Writer::new(file.map_err(|why| io_error(&path, why))?);
        writer.put(&Entry::Ended(Box::new(run)));
        writer.flush().map_err(|why| io_error(&path, why))?;
        fs::remove_file(plain).map_err(|why| io_error(plain, why))?;
        Ok(path)
    }

    /// Deletes a run.
    ///
    /// # Errors
    /// When there is no such run, it is under way, or it cannot be deleted.
    pub fn delete(&self, id: &str) -> Result<(), StoreError> {
        let path = self.file_of(id)?;
        let running = File::open(&path).is_ok_and(|file| is_locked(&file));
        if running {
            return Err(StoreError::Running(id.to_owned()));
        }
        fs::remove_file(&path).map_err(|why| io_error(&path, why))
    }

    fn path(&self, id: &str, end: &str) -> PathBuf {
        self.folder.join(format!("{id}.{end}"))
    }
}

/// Whether somebody writes to a journal at this moment.
fn is_locked(file: &File) -> bool {
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Reads a run file of either kind, with all that it tells.
///
/// # Errors
/// When it cannot be read, is too large, or is not a run.
pub fn story(path: &Path) -> Result<Story, StoreError> {
    let bad = |why| io_error(path, why);
    let mut file = File::open(path).map_err(bad)?;
    let running = is_locked(&file);
    let bytes = read_bytes(&mut file).map_err(bad)?;
    let not_a_run = |why| StoreError::NotARun { path: path.to_owned(), why };
    let is_journal = frame::is_journal(&bytes) || path.extension().is_some_and(|end| end == JOURNAL);
    if is_journal {
        let nothing = || not_a_run(NotARun("nothing in it can be read".to_owned()));
        return story::read(&bytes, running).ok_or_else(nothing);
    }
    let text = String::from_utf8(bytes).map_err(|_| not_a_run(NotARun("it is not text".to_owned())))?;
    let run = Run::from_json(&text).map_err(not_a_run)?;
    Ok(Story::whole(run))
}

/// What the bytes of a journal tell, however damaged they are; none when nothing in them can be read.
pub fn story_of(bytes: &[u8]) -> Option<Story> {
    story::read(bytes, false)
}

/// Whether a file is a journal, by its name or its first bytes.
pub fn is_journal(path: &Path) -> bool {
    let mut start = [0; 3];
    let begins = File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok();
    begins && (frame::is_journal(&start) || path.extension().is_some_and(|end| end == JOURNAL))
}

fn read_bytes(file: &mut File) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    if length > MAX_FILE {
        let what = format!("it has {length} bytes, and at most {MAX_FILE} are read");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
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
        let written = File::create(&part.path).and_then(|mut file| {
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
            Self::Unknown(id) => write!(f, "there is no run \"{id}\"; `loadgen runs` lists them"),
            Self::Ambiguous { called, ids } => {
                let (count, newest) = (ids.len(), ids.first().map_or("", String::as_str));
                write!(f, "{count} runs are called \"{called}\": name one by its id, such as {newest}")
            }
            Self::Running(id) => write!(f, "run \"{id}\" is still under way: wait for its end, or stop it"),
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
        let ids = || -> Vec<_> { store.list().unwrap().into_iter().map(|summary| summary.id).collect() };
        assert_eq!(ids(), [second.id.as_str(), first.id.as_str()]);
        // The index is no truth: a broken one, and one that says something else of another file, change nothing.
        fs::write(folder.join("INDEX.json"), "{\"version\":1,\"runs\":{").unwrap();
        assert_eq!(ids(), [second.id.as_str(), first.id.as_str()]);
        let index = fs::read_to_string(folder.join("INDEX.json")).unwrap();
        assert!(index.contains(&second.id), "it is rebuilt: {index}");
        for id in ["../x", "", "A", "20260101-000000-b", "stranger"] {
            assert!(store.read(id).is_err(), "{id}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_label_is_one_more_frame_and_plain_runs_get_one_too() {
        let folder = std::env::temp_dir().join(format!("loadgen-label-{}", std::process::id()));
        let store = Store::at(folder.clone());
        let mut run = Run::new("a", Source::Simulated { seed: 1 }, 1.0);
        run.started_unix = 1_767_225_600;
        let id = store.keep(&run).unwrap().id;
        let label = |name: &str, tags: &[&str]| Label {
            name: Some(name.to_owned()),
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
        };
        store.label(&id, label("base", &["x"])).unwrap();
        // A crash in the middle of a frame leaves a torn tail; what comes after it is read.
        OpenOptions::new()
            .append(true)
            .open(store.file_of(&id).unwrap())
            .unwrap()
            .write_all(b"R1 0000")
            .unwrap();
        store.label(&id, Label { name: None, tags: vec!["y".to_owned()] }).unwrap();
        let story = store.story(&id).unwrap();
        assert_eq!((story.run.name.as_str(), story.tags), ("base", vec!["y".to_owned()]));
        assert!(story.run.notes.iter().any(|note| note.contains("is damaged")), "{:?}", story.run.notes);
        write(&folder.join("plain.json"), &run).unwrap();
        store.label("plain", label("named", &[])).unwrap();
        assert_eq!(store.read("plain").unwrap().name, "named");
        assert_eq!(store.find("base").unwrap(), id);
        assert!(matches!(store.find("20260101-"), Ok(found) if found == id));
        store.keep(&run).unwrap();
        assert!(matches!(store.find("20260101-"), Err(StoreError::Ambiguous { .. })));
        store.delete("plain").unwrap();
        assert!(matches!(store.find("named"), Err(StoreError::Unknown(_))));
        fs::remove_dir_all(folder).unwrap();
    }
}
