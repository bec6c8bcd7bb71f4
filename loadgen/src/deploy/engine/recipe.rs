//! How an engine is run: its files, its checker, its arguments, and how it is stopped.
use super::super::run_directory;
use super::process::{self, Account};
use loadpath_core::hash;
use rustix::process::Signal;
use std::fs::{OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::Path;

/// How an engine is run, in a directory of its own.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    /// Its files, by name.
    pub(super) files: Vec<(&'static str, String)>,
    /// The arguments with which it checks them, if it can.
    pub(super) check: Option<Vec<String>>,
    pub(super) arguments: Vec<String>,
    /// The signal that it stops by.
    pub(super) stop: Signal,
    /// Who it is when this program is root.
    pub(super) account: &'static str,
    /// Its configuration without what is another in each run.
    pub(super) identity: String,
}

impl Recipe {
    /// What the configuration is known by: the same in every run of the same design.
    pub(super) fn hash(&self) -> String {
        format!("{:016x}", hash::text(&self.identity))
    }

    /// Writes its files into the working directory, and has the engine check them.
    ///
    /// # Errors
    /// When they cannot be written, or with what the engine says against them.
    pub(super) async fn prepare(&self, program: &Path, account: Option<Account>) -> Result<(), String> {
        for (name, content) in &self.files {
            write(Path::new(name), content, account).map_err(|e| format!("{name} cannot be written: {e}"))?;
        }
        match &self.check {
            Some(arguments) => process::run(program, arguments, account).await.map(drop),
            None => Ok(()),
        }
    }
}

/// Writes a file of the engine's own, which nobody else may read.
pub(super) fn write(path: &Path, content: &str, account: Option<Account>) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(content.as_bytes())?;
    give(path, account)
}

fn give(path: &Path, account: Option<Account>) -> std::io::Result<()> {
    account.map_or(Ok(()), |Account { user, group }| chown(path, Some(user), Some(group)))
}

/// Makes the engine's directory in the instance's own, and goes there for good: what is reached from there need not be
/// reachable from the root. What its life before has left goes, unless it keeps that.
///
/// # Errors
/// When it cannot be made.
pub(super) fn enter(directory: &str, account: Option<Account>, keeps: bool) -> std::io::Result<()> {
    let path = Path::new(directory);
    if path.exists() && !keeps {
        std::fs::remove_dir_all(path)?;
    }
    if !path.exists() {
        run_directory::create_private(path)?;
    }
    give(path, account)?;
    if account.is_some() {
        // Others may pass through, and still see nothing.
        for above in [".", ".."] {
            std::fs::set_permissions(above, Permissions::from_mode(0o711))?;
        }
    }
    std::env::set_current_dir(path)
}
