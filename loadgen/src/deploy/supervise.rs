//! The supervisor: a process of its own that owns the processes of a deployment, so that none outlives the agent.
//!
//! It reads orders from a pipe. When the pipe closes, because the agent asked for the end or died, even by SIGKILL, it
//! stops every process, removes the run's directory and exits. The nodes in turn are killed by the kernel when the
//! supervisor dies. It has one thread, because the kernel counts the death of the *thread* that started a process.
use super::assignment::{Assignment, RUN_VARIABLE};
use super::engine;
use super::host::Host;
use super::order::{Order, ProcessNumber, Report};
use super::port::{self, Ports};
use super::run_directory::{self, RunDirectory};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, getrlimit, kill_process, kill_process_group, setrlimit,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::unix::pipe;
use tokio::process::{Child, ChildStderr, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// The file that tells a node what to do, in its own directory.
pub(super) const ASSIGNMENT_FILE: &str = "assignment.json";
/// This program itself, even when its file was replaced since it was started.
pub const THIS_PROGRAM: &str = "/proc/self/exe";
/// How long a process may take to stop before it is killed.
const GRACE: Duration = Duration::from_millis(500);
/// How much of what a process writes is kept: the end of it.
const WORDS_KEPT: usize = 4096;

/// What `loadgen __supervise DIRECTORY` does.
///
/// # Errors
/// A sentence, when the run's directory cannot be made or the pipes are not there.
pub fn supervise(directory: &Path) -> Result<(), String> {
    let home = RunDirectory::create(directory)
        .map_err(|e| format!("the directory {} cannot be made: {e}", directory.display()))?;
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("the supervisor cannot start: {e}"))?;
    let ended = runtime.block_on(Supervisor::new(directory).serve());
    home.remove().map_err(|e| format!("the directory {} cannot be removed: {e}", directory.display()))?;
    ended
}

/// Nodes have a socket for each call in flight; the usual soft limit of 1,024 is soon reached.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // A refusal leaves the limit as it was, and a design that needs more says so when it meets it.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// What can be asked of the task that minds a process.
enum Stop {
    Kill,
    Hang(bool),
    TakeDown,
}

struct Supervisor {
    directory: PathBuf,
    minders: BTreeMap<ProcessNumber, mpsc::UnboundedSender<Stop>>,
    reports: mpsc::UnboundedSender<Report>,
    inbox: mpsc::UnboundedReceiver<Report>,
    ports: Ports,
    /// The hosts whose cores are handed out, by place.
    hosts: BTreeSet<u16>,
}

impl Supervisor {
    fn new(directory: &Path) -> Self {
        let (reports, inbox) = mpsc::unbounded_channel();
        Self {
            directory: directory.to_owned(),
            minders: BTreeMap::new(),
            reports,
            inbox,
            ports: Ports::new(std::process::id()),
            hosts: BTreeSet::new(),
        }
    }

    /// Carries out orders until there are no more, then takes everything down.
    async fn serve(mut self) -> Result<(), String> {
        let (mut orders, mut out) = pipes().map_err(|e| format!("the agent's pipes are not there: {e}"))?;
        let mut terminate =
            signal(SignalKind::terminate()).map_err(|e| format!("SIGTERM cannot be listened for: {e}"))?;
        loop {
            tokio::select! {
                line = orders.next_line() => match line {
                    Ok(Some(line)) => self.carry_out(&line).await,
                    Ok(None) | Err(_) => break,
                },
                Some(report) = self.inbox.recv() => {
                    if let Report::Ended { process, .. } = &report {
                        self.minders.remove(process);
                    }
                    if say(&mut out, &report).await.is_err() {
                        break;
                    }
                }
                _ = terminate.recv() => break,
            }
        }
        self.take_down().await;
        Ok(())
    }

    async fn carry_out(&mut self, line: &str) {
        match serde_json::from_str(line) {
            Ok(Order::Start { process, port, assignment }) => {
                if let Err(how) = self.start(process, port, &assignment).await {
                    self.report(Report::Ended { process, how, last_words: String::new() });
                }
            }
            Ok(Order::Kill { process }) => {
                if let Some(minder) = self.minders.get(&process) {
                    // A minder that is gone has seen its process end already.
                    let _ = minder.send(Stop::Kill);
                }
            }
            Ok(Order::Hang { process, hangs }) => {
                if let Some(minder) = self.minders.get(&process) {
                    let _ = minder.send(Stop::Hang(hangs));
                }
            }
            Err(fault) => eprintln!("loadgen __supervise: an order cannot be read: {fault}"),
        }
    }

    fn report(&self, report: Report) {
        self.reports.send(report).expect("the receiving end lives as long as the supervisor");
    }

    async fn start(
        &mut self,
        process: ProcessNumber,
        port: Option<u16>,
        assignment: &Assignment,
    ) -> Result<(), String> {
        if self.minders.contains_key(&process) {
            return Err("it is running already".to_owned());
        }
        if let Some(host) = &assignment.host {
            self.open(host)?;
        }
        let listener = match port {
            Some(port) => port::listen_again(port)
                .await
                .map_err(|e| format!("port {port} of 127.0.0.1 cannot be listened on: {e}"))?,
            None => self.listen()?,
        };
        let port = port_of(&listener)?;
        let mut assignment = assignment.clone();
        // An engine listens itself: the port that was just held is free for it, and its desk has another; or the other way round.
        let desk = match &assignment.engine {
            None => listener,
            Some(_) if assignment.behind_desk => {
                assignment.engine_port = Some(port_of(&self.listen()?)?);
                listener
            }
            Some(_) => {
                assignment.engine_port = Some(port);
                self.listen()?
            }
        };
        let desk_port = port_of(&desk)?;
        let home = prepare_home(&self.directory, &assignment)
            .map_err(|e| format!("its directory in {} cannot be made: {e}", self.directory.display()))?;
        let mut child = Command::new(THIS_PROGRAM)
            .arg0("loadgen")
            .arg("__node")
            .current_dir(&home)
            .env_clear()
            .env(RUN_VARIABLE, &assignment.run)
            .process_group(0)
            // The node inherits the listening socket, so no other program can take the port in between.
            .stdin(Stdio::from(OwnedFd::from(desk)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("the process cannot be started: {e}"))?;
        let pid = child.id().expect("a child that was not waited for has an id");
        let words = child.stderr.take().expect("stderr was asked to be a pipe");
        let (minder, stops) = mpsc::unbounded_channel();
        self.minders.insert(process, minder);
        self.report(Report::Started { process, pid, port, desk: desk_port });
        let reports = self.reports.clone();
        tokio::spawn(async move {
            let (how, last_words) = mind(child, words, stops).await;
            // Nobody listens any more while everything is taken down.
            let _ = reports.send(Report::Ended { process, how, last_words });
        });
        Ok(())
    }

    /// Begins to hand out the cores of a host, when its first instance is started.
    fn open(&mut self, host: &Host) -> Result<(), String> {
        if self.hosts.insert(host.place) {
            host.open(&self.directory).map_err(|e| format!("the cores of its host cannot be shared: {e}"))?;
        }
        Ok(())
    }

    /// Listens on a port that is free.
    fn listen(&mut self) -> Result<TcpListener, String> {
        self.ports.listen().map_err(|e| format!("no free port was found on 127.0.0.1: {e}"))
    }

    /// Stops every process and waits until the last one is gone.
    async fn take_down(mut self) {
        for minder in self.minders.values() {
            let _ = minder.send(Stop::TakeDown);
        }
        while !self.minders.is_empty() {
            if let Some(Report::Ended { process, .. }) = self.inbox.recv().await {
                self.minders.remove(&process);
            }
        }
    }
}

fn port_of(listener: &TcpListener) -> Result<u16, String> {
    listener.local_addr().map(|address| address.port()).map_err(|e| e.to_string())
}

type Orders = Lines<BufReader<pipe::Receiver>>;

/// Both ends towards the agent, without the helping threads that standard input and output would take.
fn pipes() -> std::io::Result<(Orders, pipe::Sender)> {
    let input = std::io::stdin().as_fd().try_clone_to_owned()?;
    let output = std::io::stdout().as_fd().try_clone_to_owned()?;
    let orders = BufReader::new(pipe::Receiver::from_owned_fd(input)?).lines();
    Ok((orders, pipe::Sender::from_owned_fd(output)?))
}

async fn say(out: &mut pipe::Sender, report: &Report) -> std::io::Result<()> {
    let mut line = serde_json::to_string(report).map_err(std::io::Error::other)?;
    line.push('\n');
    out.write_all(line.as_bytes()).await
}

/// Makes the instance's own directory, unless it is there from its life before, and puts its assignment into it.
fn prepare_home(directory: &Path, assignment: &Assignment) -> std::io::Result<PathBuf> {
    let home = directory.join(format!("{}.{}", assignment.node, assignment.instance));
    if !home.exists() {
        run_directory::create_private(&home)?;
    }
    let path = home.join(ASSIGNMENT_FILE);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(&serde_json::to_vec(assignment).map_err(std::io::Error::other)?)?;
    Ok(home)
}

/// Waits for the end of a process, which may be asked for: how it ended and the last line that it wrote.
async fn mind(
    mut child: Child,
    words: ChildStderr,
    mut stops: mpsc::UnboundedReceiver<Stop>,
) -> (String, String) {
    let listening = tokio::spawn(last_words(words));
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            Some(stop) = stops.recv() => match stop {
                // An error here says that it has ended just now, and the next round sees that.
                Stop::Kill => {
                    if let Some(pid) = child.id() {
                        engine::kill_below(pid);
                    }
                    signal_to(&child, Signal::KILL);
                }
                Stop::Hang(hangs) => {
                    let what = if hangs { Signal::STOP } else { Signal::CONT };
                    signal_to(&child, what);
                    if let Some(pid) = child.id() {
                        engine::signal_below(pid, what);
                    }
                }
                Stop::TakeDown => break end(&mut child).await,
            },
        }
    };
    let how = status.map_or_else(|e| format!("its end was not seen: {e}"), |status| status.to_string());
    (how, listening.await.unwrap_or_default())
}

/// A signal to a process and what it has started, which is its group; it was not waited for yet, so that the id is still its own.
/// One that has just ended gets none.
fn signal_to(child: &Child, what: Signal) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process_group(pid, what);
    }
}

/// SIGTERM to the process itself: an engine that it has started is stopped by it, in that engine's own way.
fn ask_to_stop(child: &Child) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// Asks a process to stop, and kills it when it does not.
async fn end(child: &mut Child) -> std::io::Result<std::process::ExitStatus> {
    ask_to_stop(child);
    // One that hangs goes on, and hears it.
    signal_to(child, Signal::CONT);
    match tokio::time::timeout(GRACE, child.wait()).await {
        Ok(status) => status,
        Err(_) => {
            signal_to(child, Signal::KILL);
            child.wait().await
        }
    }
}

/// The last line that a process wrote, from the last few kilobytes: what it writes is read, and costs no disk.
pub(super) async fn last_words(mut words: impl AsyncRead + Unpin) -> String {
    let mut kept = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(n @ 1..) = words.read(&mut buffer).await {
        kept.extend_from_slice(&buffer[..n]);
        let surplus = kept.len().saturating_sub(WORDS_KEPT);
        kept.drain(..surplus);
    }
    let text = String::from_utf8_lossy(&kept);
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned()
}
