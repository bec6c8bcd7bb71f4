//! An agent that faults are done to, and what the system knows of it.
use loadgen::store::{self, Story};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing here takes longer unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running agent with a home of its own; killed when dropped.
pub(super) struct Agent {
    pub(super) child: Child,
    pub(super) home: TempDir,
}

impl Agent {
    /// Starts `loadgen` with these arguments, in this home.
    pub(super) fn start(home: TempDir, arguments: &[&str]) -> Result<Self, String> {
        Self::start_with(home, Command::new(crate::built::built_loadgen()).args(arguments))
    }

    /// Starts a command that becomes an agent.
    pub(super) fn start_with(home: TempDir, command: &mut Command) -> Result<Self, String> {
        let error = fs::File::create(home.path().join("stderr")).map_err(|why| why.to_string())?;
        command.current_dir(home.path()).env("XDG_DATA_HOME", home.path()).env("TMPDIR", home.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(error);
        let child = command.spawn().map_err(|why| format!("the agent does not start: {why}"))?;
        Ok(Self { child, home })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to standard error.
    pub(super) fn complaint(&self) -> String {
        fs::read_to_string(self.home.path().join("stderr")).unwrap_or_default()
    }

    /// Its journal, when it has begun one.
    pub(super) fn journal(&self) -> Option<PathBuf> {
        let files = fs::read_dir(self.home.path().join("loadpath/runs")).ok()?.flatten();
        files.map(|file| file.path()).find(|path| path.extension().is_some_and(|end| end == "run"))
    }

    /// How many whole intervals stand in its journal: those that are acknowledged.
    pub(super) fn acknowledged(&self) -> usize {
        let text = self.journal().and_then(|path| fs::read(path).ok()).unwrap_or_default();
        let whole = text.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
        whole.filter(|line| line.windows(12).any(|twelve| twelve == b"{\"interval\":")).count()
    }

    /// What its journal tells; none when it has none.
    pub(super) fn story(&self) -> Option<Story> {
        self.journal().and_then(|path| store::story(&path).ok())
    }

    /// Waits for its end.
    pub(super) fn end(&mut self) -> Result<ExitStatus, String> {
        let mut ended = None;
        wait_for("the agent ends", || {
            ended = self.child.try_wait().ok().flatten();
            ended.is_some()
        })?;
        ended.ok_or_else(|| "the agent does not end".to_owned())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn home() -> Result<TempDir, String> {
    crate::ours::home()
}

/// Polls until it is so.
pub(super) fn wait_for(what: &str, mut so: impl FnMut() -> bool) -> Result<(), String> {
    let begun = Instant::now();
    while !so() {
        if begun.elapsed() > PATIENCE {
            return Err(format!("in vain: {what}"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Sends processes a signal.
pub(super) fn signal(name: &str, pids: &[u32]) {
    let pids = pids.iter().map(u32::to_string);
    // Who has ended already needs none.
    let _ = Command::new("kill").arg(format!("-{name}")).args(pids).stderr(Stdio::null()).status();
}

/// All that a process has started, and what those have, each with its start time: ids are used again.
pub(super) fn descendants(of: u32) -> Vec<(u32, String)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let all: Vec<(u32, u32, String)> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| stat(pid).map(|(parent, start)| (pid, parent, start)))
        .collect();
    let (mut found, mut next) = (Vec::new(), vec![of]);
    while let Some(parent) = next.pop() {
        for (pid, _, start) in all.iter().filter(|(_, of, _)| *of == parent) {
            next.push(*pid);
            found.push((*pid, start.clone()));
        }
    }
    found
}

/// Whether one of these is still there; a zombie is not.
pub(super) fn any_lives(processes: &[(u32, String)]) -> bool {
    processes.iter().any(|(pid, start)| stat(*pid).is_some_and(|(_, now)| now == *start))
}

/// The parent and the start time of a process that lives.
fn stat(pid: u32) -> Option<(u32, String)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold spaces; the state is the first word behind it.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    (fields[0] != "Z").then(|| Some((fields[1].parse().ok()?, fields.get(19)?.to_string())))?
}

/// Folders of designs that are, or were, up.
pub(super) fn run_folders(home: &Path) -> usize {
    let entries = fs::read_dir(home).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("loadgen-")).count()
}
