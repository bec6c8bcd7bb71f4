//! A program that is run beside others: on its own core, its processor time and memory read from the system.
use std::fs::read_to_string;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The system counts processor time in hundredths of a second (USER_HZ, the same on every Linux).
const TICKS_PER_SECOND: f64 = 100.0;
/// How often a program's memory is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// A peer that takes so much longer than it was told to is ended.
const PATIENCE: Duration = Duration::from_secs(60);

/// A real-time priority, of which the system keeps a twentieth of each second from everybody.
const PRIORITY: &str = "10";
static GO_FIRST: AtomicBool = AtomicBool::new(false);

/// What running it took.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) error: String,
    pub(crate) well: bool,
    /// Processor time of the program and what it started, its own start included.
    pub(crate) cpu_seconds: f64,
    /// The most memory that it held, in MB; zero where that could not be seen.
    pub(crate) peak_mb: f64,
}

/// The core for servers and the one for clients; none on a machine with one core.
pub(crate) fn cores() -> Option<(usize, usize)> {
    let allowed = read_to_string("/proc/self/status").ok()?;
    let list = allowed.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?.trim().to_owned();
    let numbers: Vec<usize> = list
        .split(',')
        .filter_map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            Some(first.parse().ok()?..=last.parse().ok()?)
        })
        .flatten()
        .collect();
    (numbers.len() > 1).then(|| (numbers[0], numbers[numbers.len() - 1]))
}

/// A command on the clients' core.
pub(crate) fn on_client_core(program: &Path) -> Command {
    launched(&launcher(cores().map(|(_, client)| client)), program)
}

/// A command on the servers' core.
pub(crate) fn on_server_core(program: &Path) -> Command {
    launched(&server_launcher(), program)
}

/// The words before a program on the servers' core.
pub(crate) fn server_launcher() -> Vec<String> {
    launcher(cores().map(|(server, _)| server))
}

/// From now on servers and clients go before everything else on this machine, each for as long as it runs: who shares the machine waits.
/// False when this user may not ask for it.
pub(crate) fn go_first() -> bool {
    let may =
        Command::new("chrt").args(["-f", PRIORITY, "true"]).status().is_ok_and(|status| status.success());
    GO_FIRST.store(may, Ordering::Relaxed);
    may
}

fn launcher(core: Option<usize>) -> Vec<String> {
    let mut words = Vec::new();
    if GO_FIRST.load(Ordering::Relaxed) {
        words.extend(["chrt", "-f", PRIORITY].map(str::to_owned));
    }
    words.extend(core.into_iter().flat_map(|core| ["taskset".to_owned(), "-c".to_owned(), core.to_string()]));
    words
}

fn launched(launcher: &[String], program: &Path) -> Command {
    let Some((first, rest)) = launcher.split_first() else { return Command::new(program) };
    let mut command = Command::new(first);
    command.args(rest).arg(program);
    command
}

/// Runs it to its end, and reads what it took.
pub(crate) fn run(command: &mut Command) -> Result<Ran, String> {
    let before = children_seconds();
    let program = command.get_program().to_string_lossy().into_owned();
    let (out, error) = (spool()?, spool()?);
    let writer = |file: &tempfile::NamedTempFile| file.reopen().map_err(|why| why.to_string());
    command.stdin(Stdio::null()).stdout(writer(&out)?).stderr(writer(&error)?);
    let mut child = command.spawn().map_err(|why| format!("{program} does not start: {why}"))?;
    let (well, peak_mb) = wait(&mut child);
    let text = |file: &tempfile::NamedTempFile| {
        String::from_utf8_lossy(&std::fs::read(file.path()).unwrap_or_default()).into_owned()
    };
    let cpu_seconds = children_seconds() - before;
    Ok(Ran { out: text(&out), error: text(&error), well, cpu_seconds, peak_mb })
}

/// A file takes what a program prints; a pipe that nobody empties would stop it.
fn spool() -> Result<tempfile::NamedTempFile, String> {
    tempfile::NamedTempFile::new().map_err(|why| format!("no temporary file: {why}"))
}

/// Whether it ended well, and its peak memory.
fn wait(child: &mut Child) -> (bool, f64) {
    let (begun, mut peak) = (Instant::now(), 0.0);
    loop {
        peak = memory(child.id(), "VmHWM:").unwrap_or(peak);
        match child.try_wait() {
            Ok(Some(status)) => return (status.success(), peak),
            Ok(None) if begun.elapsed() < PATIENCE => std::thread::sleep(LOOK),
            Ok(None) | Err(_) => {
                // It may have ended in this very moment.
                let _ = child.kill();
                let _ = child.wait();
                return (false, peak);
            }
        }
    }
}

/// A line of a process's status, in MB.
pub(crate) fn memory(pid: u32, line: &str) -> Option<f64> {
    let status = read_to_string(format!("/proc/{pid}/status")).ok()?;
    let text = status.lines().find_map(|found| found.strip_prefix(line))?;
    let kb: f64 = text.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kb / 1_024.0)
}

/// Processor seconds of all children that have ended and been waited for.
fn children_seconds() -> f64 {
    let stat = read_to_string("/proc/self/stat").unwrap_or_default();
    // The name may hold spaces; after it, the 14th and 15th fields from here are those of the children (proc(5), cutime).
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let fields: Vec<f64> = after_name.split(' ').map(|field| field.parse().unwrap_or(0.0)).collect();
    fields.get(13..15).map_or(0.0, |times| times.iter().sum::<f64>() / TICKS_PER_SECOND)
}
