//! An engine's process: started as a child of the instance's own process, unprivileged, and never left behind.
//!
//! This program is started again as `loadgen __engine`, which asks the kernel to be killed when its parent dies, and then
//! becomes the engine: that order outlives the change of program, and no code runs between a fork and an exec.
use super::super::supervise::{THIS_PROGRAM, last_words};
use super::manifest::signal_below;
use rustix::process::{Pid, Signal, getppid, kill_process, set_parent_process_death_signal};
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// How long an engine may take to stop when it is asked; the supervisor gives its parent a little more.
const STOP_WITHIN: Duration = Duration::from_millis(400);
/// How long what an engine runs beside itself may take: its checker, the making of its files.
const RUN_WITHIN: Duration = Duration::from_secs(60);

/// Who engines are when this program is root: most of them refuse that, or do it badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Account {
    /// The account of this name, for a process that is root; none for who is somebody already.
    ///
    /// # Errors
    /// When there is no such account.
    pub(super) fn for_engine(name: &str) -> Result<Option<Self>, String> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let found = account_in(&accounts, name);
        found
            .map(Some)
            .ok_or_else(|| format!("it cannot run as root, and there is no account \"{name}\" to run it as"))
    }
}

fn account_in(accounts: &str, name: &str) -> Option<Account> {
    let fields = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let mut found = fields.filter(|fields| fields.first() == Some(&name));
    let fields = found.next()?;
    Some(Account { user: fields.get(2)?.parse().ok()?, group: fields.get(3)?.parse().ok()? })
}

/// What `loadgen __engine PARENT PROGRAM ARGUMENTS` does: it becomes that program, which dies when its parent does.
///
/// # Errors
/// A sentence, when the parent is gone or the program cannot be run.
pub fn become_engine(parent: u32, command: &[OsString]) -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|e| format!("it cannot be tied to its parent: {e}"))?;
    let is_there = getppid().is_some_and(|pid| pid.as_raw_nonzero().get().unsigned_abs() == parent);
    let (program, arguments) = match command {
        [program, arguments @ ..] if is_there => (program, arguments),
        _ => return Err("its parent is gone; `loadgen up` starts engines".to_owned()),
    };
    let fault = std::process::Command::new(program).args(arguments).exec();
    Err(format!("{} cannot be run: {fault}", Path::new(program).display()))
}

/// An engine that was started.
pub(super) struct Process {
    child: Child,
    words: JoinHandle<String>,
    stop: Signal,
    /// Its process id.
    pub(super) pid: u32,
}

impl Process {
    /// Starts it in the working directory.
    ///
    /// # Errors
    /// When the system does not start it.
    pub(super) fn start(
        program: &Path,
        arguments: &[String],
        account: Option<Account>,
        stop: Signal,
    ) -> std::io::Result<Self> {
        let (reader, writer) = std::io::pipe()?;
        let mut command = Command::new(THIS_PROGRAM);
        command.arg0("loadgen").arg("__engine").arg(std::process::id().to_string());
        command.arg(program).args(arguments).stdin(Stdio::null());
        command.stdout(writer.try_clone()?).stderr(writer);
        let child = as_account(&mut command, account).spawn()?;
        // The command holds the writing end, which must be closed for the last words to end.
        drop(command);
        let words = tokio::spawn(last_words(pipe::Receiver::from_owned_fd(reader.into())?));
        let pid = child.id().expect("a child that was not waited for has an id");
        Ok(Self { child, words, stop, pid })
    }

    /// Waits for its end: how it ended, and the last line that it wrote.
    pub(super) async fn ended(&mut self) -> String {
        let how = self.child.wait().await;
        let how = how.map_or_else(|e| format!("its end was not seen: {e}"), |status| status.to_string());
        // A child of its own may hold the pipe for longer.
        let words = tokio::time::timeout(STOP_WITHIN, &mut self.words).await;
        match words.ok().and_then(Result::ok).filter(|words| !words.is_empty()) {
            Some(words) => format!("{how}; it said: {words}"),
            None => how,
        }
    }

    /// Asks it to stop in its own way, and kills it when it does not.
    pub(super) async fn stop(mut self) {
        if self.stop == Signal::KILL {
            // Nobody else tells what it has started, which would end a while after it.
            signal_below(self.pid, Signal::KILL);
        }
        self.signal(self.stop);
        if tokio::time::timeout(STOP_WITHIN, self.child.wait()).await.is_err() {
            // An error here says that it has ended just now.
            let _ = self.child.kill().await;
        }
    }

    fn signal(&self, what: Signal) {
        let pid = self.child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // One that has just ended needs none.
            let _ = kill_process(pid, what);
        }
    }
}

/// Runs something of the engine's to its end, in the working directory. It ends with this process, as an engine does.
///
/// # Errors
/// What it said, when it does not end well or takes too long.
pub(super) async fn run(
    program: &Path,
    arguments: &[String],
    account: Option<Account>,
) -> Result<String, String> {
    let mut command = Command::new(THIS_PROGRAM);
    command.arg0("loadgen").arg("__engine").arg(std::process::id().to_string()).arg(program);
    let output = output(program, as_account(&mut command, account).args(arguments)).await?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned();
    if ExitStatus::success(&output.status) {
        Ok(said)
    } else {
        let called = program.file_name().unwrap_or_default().display();
        Err(format!("{called}: {}: {}", output.status, said.replace('\n', "; ")))
    }
}

/// What something that only reads says, however it ends: some end badly where what they read ends.
///
/// # Errors
/// When it does not run, or takes too long.
pub(super) async fn said(program: &Path, arguments: &[String]) -> Result<String, String> {
    let output = output(program, Command::new(program).args(arguments).env_clear()).await?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

async fn output(program: &Path, command: &mut Command) -> Result<Output, String> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(RUN_WITHIN, command.output()).await;
    output
        .map_err(|_| {
            let called = program.file_name().unwrap_or_default().display();
            format!("{called} did not end within {} s", RUN_WITHIN.as_secs())
        })?
        .map_err(|e| format!("{} cannot be run: {e}", program.display()))
}

fn as_account(command: &mut Command, account: Option<Account>) -> &mut Command {
    match account {
        Some(Account { user, group }) => command.uid(user).gid(group),
        None => command,
    }
}

/// The processor's time that a process and its children took until now, in nanoseconds; of threads that have ended, none.
pub(super) fn processor_ns(pid: u32) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let of_task = |folder: std::path::PathBuf| {
        let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap_or_default();
        let own: u64 = read("schedstat").split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0);
        let children = read("children");
        let children = children.split_whitespace().filter_map(|child| child.parse().ok());
        own + children.map(processor_ns).sum::<u64>()
    };
    tasks.map(|task| of_task(task.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts =
            "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
        assert_eq!(account_in(accounts, "nobody"), Some(Account { user: 65_534, group: 65_534 }));
        assert_eq!(account_in(accounts, "no"), None);
    }

    #[test]
    fn work_takes_processor_time() {
        let before = processor_ns(std::process::id());
        let mut sum = 0_u64;
        while processor_ns(std::process::id()) - before < 2_000_000 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(before < processor_ns(std::process::id()));
    }
}
