//! What an engine started, written down: when nobody was left to stop it, the next start of this program does.
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};
use std::fs;
use std::path::Path;

/// In the engine's directory: a line for each process, with its id and when it was started.
const FILE: &str = "processes";

/// Writes down a process and its children.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(pid: u32) -> std::io::Result<()> {
    let mut lines = String::new();
    add(pid, &mut lines);
    fs::write(FILE, lines)
}

fn add(pid: u32, lines: &mut String) {
    if let Some(started) = started(pid) {
        *lines += &format!("{pid} {started}\n");
    }
    children(pid).into_iter().for_each(|child| add(child, lines));
}

/// The children of all threads of a process.
pub(super) fn children(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// A signal to all that a process has started, and what that has: servers that fork are groups of their own.
pub(in super::super) fn signal_below(pid: u32, what: Signal) {
    for child in children(pid) {
        signal_below(child, what);
        if let Some(child) = i32::try_from(child).ok().and_then(Pid::from_raw) {
            // One that has just ended needs none.
            let _ = kill_process(child, what);
        }
    }
}

/// SIGKILL to a process and all that it has started, of which servers that fork have groups of their own and notice the end of
/// the first of them only later.
pub(in super::super) fn kill_below(pid: u32) {
    let below = all_below(pid);
    for pid in std::iter::once(pid).chain(below) {
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            // One that has just ended needs none.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

fn all_below(pid: u32) -> Vec<u32> {
    let children = children(pid);
    let below: Vec<u32> = children.iter().flat_map(|&child| all_below(child)).collect();
    children.into_iter().chain(below).collect()
}

/// When a process was started, in ticks since the system was: with its id, that names it for ever.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Its name, in brackets, may hold spaces; what follows the last bracket begins with the third field.
    stat.rsplit_once(')')?.1.split_whitespace().nth(22 - 3)?.parse().ok()
}

/// Kills what is written down in the directories of a run's instances, and lives.
pub(in super::super) fn reap(run: &Path) {
    let entries = fs::read_dir(run).into_iter().flatten().flatten();
    for instance in entries {
        let written = fs::read_to_string(instance.path().join(super::desk::DIRECTORY).join(FILE));
        let lines = written.unwrap_or_default();
        let processes = lines.lines().filter_map(|line| line.split_once(' '));
        for (pid, when) in processes.filter_map(|(pid, when)| Some((pid.parse().ok()?, when.parse().ok()?))) {
            kill(pid, when);
        }
    }
}

fn kill(pid: u32, when: u64) {
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // What is opened stays the same process, whoever gets its id later.
    let Some(Ok(opened)) = raw.map(|raw| pidfd_open(raw, PidfdFlags::empty())) else { return };
    if started(pid) == Some(when) {
        let _ = pidfd_send_signal(opened, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::run_directory;
    use super::*;
    use std::process::Command;

    #[test]
    fn what_is_written_down_is_killed_and_others_with_the_same_id_are_not() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let when = started(child.id()).unwrap();
        kill(child.id(), when + 1);
        assert_eq!(child.try_wait().unwrap(), None, "it is another process");
        let folder = std::env::temp_dir().join(format!("loadpath-manifest-{}", std::process::id()));
        let engine = folder.join("lb.0").join(super::super::desk::DIRECTORY);
        run_directory::create_private(&folder).unwrap();
        fs::create_dir_all(&engine).unwrap();
        fs::write(engine.join(FILE), format!("{} {when}\n", child.id())).unwrap();
        reap(&folder);
        let status = child.wait().unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert!(!status.success());
    }
}
