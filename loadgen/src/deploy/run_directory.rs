//! A run's own directory: private to the user, locked while its supervisor lives, removed with it.
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// What the names of all run directories begin with.
const PREFIX: &str = "loadgen-";
/// Held locked by the supervisor: who can lock it knows that the supervisor is gone.
const LOCK: &str = "lock";

/// The directory of a run; its lock is held as long as this lives.
pub(super) struct RunDirectory {
    path: PathBuf,
    _lock: File,
}

/// Where the directory of a run is.
pub(super) fn path_of(run: &str) -> PathBuf {
    std::env::temp_dir().join(format!("{PREFIX}{run}"))
}

/// Makes a directory that only this user can look into.
pub(super) fn create_private(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(path)
}

impl RunDirectory {
    /// Makes and locks it.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        create_private(path)?;
        // Locked before it has its name, so that no sweep can find it unlocked.
        let unnamed = path.join("locking");
        let lock = File::create_new(&unnamed)?;
        lock.try_lock()?;
        fs::rename(&unnamed, path.join(LOCK))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Removes it with all that is in it.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_dir_all(&self.path)
    }
}

/// Removes what earlier runs left because their supervisor was killed. Failing to do so harms nobody.
pub(super) fn sweep() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    let ours = |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
    for entry in entries.flatten().filter(ours) {
        if is_abandoned(&entry.path()) {
            super::engine::reap(&entry.path());
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_abandoned(path: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    let is_ours = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir() && found.uid() == user);
    is_ours && File::open(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_takes_what_is_abandoned_and_leaves_what_is_in_use() {
        let path = |what: &str| path_of(&format!("test-{what}-{}", std::process::id()));
        let used = RunDirectory::create(&path("used")).unwrap();
        let left = RunDirectory::create(&path("left")).unwrap();
        let left_path = left.path.clone();
        drop(left);
        sweep();
        assert!(used.path.exists(), "a locked directory stays");
        assert!(!left_path.exists(), "an unlocked one goes");
        let used_path = used.path.clone();
        used.remove().unwrap();
        assert!(!used_path.exists());
    }
}
