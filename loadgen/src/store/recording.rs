//! A run on its way to disk: nothing is made before the first second of load, and from then on a crash loses one second at most.
use super::entry::Begun;
use super::journal::Journal;
use super::{Kept, SoFar, Store, StoreError, write};
use crate::clock;
use loadpath_core::run::Run;
use loadpath_core::time::Span;
use loadpath_core::wire::Interval;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where a run is to be kept.
#[derive(Clone, Debug)]
pub enum Place {
    /// Among the others.
    Store(Store),
    /// In a file that the user named; its journal stands beside it until the run has ended.
    File(PathBuf),
}

/// Writes a run while it is under way.
#[derive(Debug)]
pub struct Recording {
    place: Place,
    begun: Begun,
    journal: Option<(Kept, Journal)>,
    /// The figures until now.
    so_far: SoFar,
    /// Where they are written each second.
    metrics: Option<PathBuf>,
    /// Why there is no journal; said once.
    trouble: Option<StoreError>,
}

impl Recording {
    /// Of a run of which this is known. Nothing is written yet.
    pub fn new(place: Place, begun: Begun) -> Self {
        let so_far = SoFar::new(Run::new(&begun.name, begun.source.clone(), begun.offered_rate));
        Self { place, begun, journal: None, so_far, metrics: None, trouble: None }
    }

    /// Also writes what there is to a file each second, for Prometheus.
    pub fn with_metrics(mut self, file: PathBuf) -> Self {
        self.metrics = Some(file);
        self
    }

    /// What it has counted until now; goes on as it does.
    pub fn so_far(&self) -> SoFar {
        self.so_far.clone()
    }

    /// Calls it so, unless it has a name.
    pub fn named(&mut self, name: &str) {
        if self.begun.name.is_empty() {
            name.clone_into(&mut self.begun.name);
            self.so_far.named(name);
        }
    }

    /// Takes an interval; the first begins the journal.
    pub fn interval(&mut self, interval: &Interval) {
        if self.journal.is_none() && self.trouble.is_none() {
            match self.begin(interval.start + interval.length) {
                Ok(journal) => self.journal = Some(journal),
                Err(why) => {
                    // The run goes on; it is tried again when it has ended.
                    let _ =
                        writeln!(io::stderr(), "loadgen: the run cannot be written while it goes on ({why})");
                    self.trouble = Some(why);
                }
            }
        }
        if let Some((_, journal)) = &self.journal {
            journal.interval(interval);
        }
        self.so_far.count(interval);
        if let Some(file) = &self.metrics
            && let Err(why) = replace(file, &self.so_far.prometheus())
        {
            let _ = writeln!(io::stderr(), "loadgen: --metrics-file {}: {why}", file.display());
            self.metrics = None;
        }
    }

    fn begin(&mut self, since: Span) -> Result<(Kept, Journal), StoreError> {
        self.begun.started_unix = clock::unix_seconds().saturating_sub(since.0 / Span::SECOND.0);
        let (kept, file) = match &self.place {
            Place::Store(store) => store.create(self.begun.started_unix, &self.begun.name)?,
            Place::File(out) => {
                let path = beside(out);
                let file = create(&path).map_err(|why| StoreError::Io { path: path.clone(), why })?;
                (Kept { id: String::new(), path }, file)
            }
        };
        let path = kept.path.clone();
        let journal = Journal::begin(file, self.begun.clone(), since);
        Ok((kept, journal.map_err(|why| StoreError::Io { path, why })?))
    }

    /// Keeps the run as it ended, and notes in it what happened to the agent meanwhile.
    ///
    /// # Errors
    /// When the disk did not take it. What it took before can be read.
    pub fn finish(self, run: &mut Run) -> Result<Kept, StoreError> {
        let finished = match self.journal {
            Some((kept, journal)) => {
                let done = journal.finish(run);
                Some(done.map(|()| kept.clone()).map_err(|why| StoreError::Io { path: kept.path, why }))
            }
            None => None,
        };
        match (self.place, finished) {
            (Place::Store(_), Some(finished)) => finished,
            (Place::Store(store), None) => store.keep(run),
            (Place::File(out), _) => {
                write(&out, run)?;
                // The file has everything now.
                let _ = fs::remove_file(beside(&out));
                Ok(Kept { id: String::new(), path: out })
            }
        }
    }
}

/// The journal of a file that the user named. One that a crash left is overwritten only by a new load into the same file.
fn beside(out: &Path) -> PathBuf {
    let mut path = out.as_os_str().to_owned();
    path.push(".journal");
    PathBuf::from(path)
}

/// Who reads a file meanwhile sees the old text or the new, and nothing between.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut part = file.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    fs::write(&part, text).and_then(|()| fs::rename(&part, file)).inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    OpenOptions::new().append(true).create_new(true).open(path)
}
