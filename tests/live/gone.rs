//! Whatever ends the agent, nothing that it started outlives it.
use super::agent::signal;
use super::{Agent, design, processes_of, wait_until, written};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// A design that is up by `loadgen up`: the agent, the run's id, its processes.
struct Up {
    agent: Agent,
    run: String,
    /// The supervisor and five nodes.
    processes: Vec<u32>,
    supervisor: u32,
}

fn up() -> Up {
    let folder = tempfile::tempdir().unwrap();
    let mut agent = Agent::start(&["up", &written(folder.path(), &design("100/s"))]);
    let run = agent.line_with("run ").split_whitespace().nth(1).unwrap().to_owned();
    agent.line_with("Ctrl-C");
    let processes = processes_of(&run);
    assert_eq!(processes.len(), 6, "a supervisor and five nodes");
    let is_supervisor = |pid: &&u32| parent(**pid) == agent.pid();
    let supervisor = *processes.iter().find(is_supervisor).expect("the agent's child is the supervisor");
    Up { agent, run, processes, supervisor }
}

fn parent(pid: u32) -> u32 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    line.and_then(|pid| pid.trim().parse().ok()).unwrap_or(0)
}

fn run_directories(home: &Path) -> usize {
    let entries = fs::read_dir(home).unwrap().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("loadgen-")).count()
}

#[test]
fn ctrl_c_takes_everything_down_within_a_second() {
    let mut up = up();
    assert_eq!(run_directories(up.agent.home()), 1);
    let begun = Instant::now();
    up.agent.signal("INT");
    assert!(up.agent.end().success());
    // Twenty times what it takes on an idle machine.
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(processes_of(&up.run), [0; 0], "the agent ends after its processes");
    assert_eq!(run_directories(up.agent.home()), 0);
}

#[test]
fn nothing_outlives_an_agent_that_was_killed() {
    let mut up = up();
    up.agent.signal("KILL");
    up.agent.end();
    wait_until("every process is gone", || processes_of(&up.run).is_empty());
    wait_until("the directory is gone", || run_directories(up.agent.home()) == 0);
}

#[test]
fn nothing_outlives_an_agent_and_a_supervisor_that_were_killed_together() {
    let mut up = up();
    signal("KILL", &[up.agent.pid(), up.supervisor]);
    up.agent.end();
    wait_until("every process is gone", || processes_of(&up.run).is_empty());
    assert_eq!(run_directories(up.agent.home()), 1, "nobody was there to remove it");
    // The next agent that looks into the same place does.
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), &design("100/s"));
    let next = std::process::Command::new(crate::browser::built_loadgen())
        .args(["run", &file, "--duration", "1s", "--warm-up", "0s", "--quiet"])
        .env("TMPDIR", up.agent.home())
        .env("XDG_DATA_HOME", up.agent.home())
        .output()
        .unwrap();
    assert!(next.status.success(), "{next:?}");
    assert_eq!(run_directories(up.agent.home()), 0);
}

#[test]
fn a_node_that_hangs_is_taken_down_too() {
    let mut up = up();
    let nodes: Vec<u32> = up.processes.iter().copied().filter(|&pid| pid != up.supervisor).collect();
    signal("STOP", &nodes[..2]);
    up.agent.signal("TERM");
    assert!(up.agent.end().success());
    assert_eq!(processes_of(&up.run), [0; 0]);
}

#[test]
fn a_run_that_is_stopped_tells_what_it_saw_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut agent =
        Agent::start(&["run", &written(folder.path(), &design("100/s")), "--duration", "60s", "--json"]);
    let mut run = String::new();
    wait_until("the run is up", || {
        run = run_under(agent.pid()).unwrap_or_default();
        processes_of(&run).len() == 6
    });
    agent.signal("INT");
    // The rest of the first second or so: what counts is that nothing stays.
    assert_eq!(agent.end().code(), Some(130));
    assert_eq!(processes_of(&run), [0; 0]);
}

/// The id of the run whose supervisor is a child of `agent`.
fn run_under(agent: u32) -> Option<String> {
    let children = fs::read_to_string(format!("/proc/{agent}/task/{agent}/children")).ok()?;
    // Any thread of the agent may have started it.
    let tasks = fs::read_dir(format!("/proc/{agent}/task")).ok()?.flatten();
    let all =
        tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok()).collect::<String>();
    (children + &all).split_whitespace().find_map(|pid| {
        let environment = fs::read_to_string(format!("/proc/{pid}/environ")).ok()?;
        environment.split('\0').find_map(|variable| variable.strip_prefix("LOADGEN_RUN=").map(str::to_owned))
    })
}

#[test]
fn what_listens_listens_on_loopback_only() {
    let up = up();
    let listening: Vec<String> = up
        .processes
        .iter()
        .chain([&up.agent.pid()])
        .flat_map(|&pid| super::processes::listens_on(pid))
        .collect();
    assert_eq!(listening.len(), 5, "a socket for each node, and no other: {listening:?}");
    for address in listening {
        let (ip, port) = address.split_once(':').unwrap();
        let port = u16::from_str_radix(port, 16).unwrap();
        assert_eq!(ip, "0100007F", "127.0.0.1 as the system writes it");
        assert!(port < 32_768, "{port} lies where the system takes ports for outgoing connections");
    }
}
