//! Targets that die, hang and reset; clocks that jump; an agent that stands still: the plan is kept, and each request ends once.
use super::Tried;
use super::agent::{Agent, home, signal, wait_for};
use crate::server;
use crate::target::Own;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

const RATE: u64 = 500;
const SECONDS: u64 = 4;
/// When the fault comes: so many intervals are in the file.
const AFTER: usize = 2;

fn loading(url: &str) -> Result<Agent, String> {
    let (rate, duration) = (format!("{RATE}/s"), format!("{SECONDS}s"));
    let line = ["run", "--url", url, "--rate", &rate, "--arrivals", "constant", "--duration", &duration];
    let rest = ["--warm-up", "0s", "--timeout", "1s", "-q"];
    Agent::start(home()?, &[&line[..], &rest].concat())
}

/// Does a fault to a server under load; every planned request must end, and some badly.
fn under_load(times: u32, behaviour: &str, fault: impl Fn(&mut Own)) -> Result<Tried, String> {
    let mut tried = Tried::default();
    let mut errors = 0;
    for _ in 0..times {
        let mut server = Own::start(behaviour);
        let mut agent = loading(&format!("http://{}/", server.address))?;
        wait_for("intervals are in the file", || agent.acknowledged() >= AFTER)?;
        let acknowledged = agent.acknowledged();
        fault(&mut server);
        let status = agent.end()?;
        let story = agent.story().ok_or("the run cannot be read")?;
        tried.add(acknowledged, story.intervals.len());
        tried.promise(status.success(), || format!("it ended with {status}"));
        let (all, planned) = (story.run.outcomes().total(), RATE * SECONDS);
        tried.promise(all.abs_diff(planned) <= 1, || format!("{all} requests ended, {planned} were planned"));
        tried.promise(story.run.outcomes().errors() > 0, || "the fault did not show".to_owned());
        errors += story.run.outcomes().errors();
    }
    tried.remark =
        format!("{errors} requests of {} ended badly and were counted", u64::from(times) * RATE * SECONDS);
    Ok(tried)
}

pub(super) fn dies(times: u32) -> Result<Tried, String> {
    under_load(times, server::PROMPT, |server| signal("KILL", &[server.pid()]))
}

pub(super) fn hangs(times: u32) -> Result<Tried, String> {
    under_load(times, server::PROMPT, |server| signal("STOP", &[server.pid()]))
}

pub(super) fn resets(times: u32) -> Result<Tried, String> {
    under_load(times, server::RESET, |_| {})
}

/// Stops the agent itself for a while.
pub(super) fn suspended(times: u32) -> Result<Tried, String> {
    let mut tried = Tried::default();
    for _ in 0..times {
        let server = Own::start(server::PROMPT);
        let mut agent = loading(&format!("http://{}/", server.address))?;
        wait_for("an interval is in the file", || agent.acknowledged() >= 1)?;
        let acknowledged = agent.acknowledged();
        signal("STOP", &[agent.pid()]);
        sleep(Duration::from_millis(2_500));
        signal("CONT", &[agent.pid()]);
        agent.end()?;
        let story = agent.story().ok_or("the run cannot be read")?;
        tried.add(acknowledged, story.intervals.len());
        let told = story
            .run
            .notes
            .iter()
            .any(|note| note.starts_with("stalled: the agent itself stood still for 2."));
        tried.promise(told, || format!("it says only {:?}", story.run.notes));
    }
    Ok(tried)
}

/// Sets the agent's calendar back an hour, and not its monotonic clock.
pub(super) fn clock(times: u32) -> Result<Tried, String> {
    let places = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"];
    let library = places.iter().map(|place| Path::new(place).join("faketime/libfaketimeMT.so.1"));
    let library =
        library.into_iter().find(|library| library.is_file()).ok_or("apt-get install libfaketime")?;
    let mut tried = Tried::default();
    for _ in 0..times {
        let server = Own::start(server::PROMPT);
        let home = home()?;
        let offset = home.path().join("offset");
        std::fs::write(&offset, "+0\n").map_err(|why| why.to_string())?;
        let url = format!("http://{}/", server.address);
        let mut command = Command::new(crate::built::built_loadgen());
        command.args(["run", "--url", &url, "--rate", "500/s", "--arrivals", "constant", "--duration", "4s"]);
        command
            .args(["--warm-up", "0s", "-q"])
            .env("LD_PRELOAD", &library)
            .env("FAKETIME_TIMESTAMP_FILE", &offset);
        for name in ["FAKETIME_NO_CACHE", "FAKETIME_DONT_FAKE_MONOTONIC", "DONT_FAKE_MONOTONIC"] {
            command.env(name, "1");
        }
        let mut agent = Agent::start_with(home, &mut command)?;
        wait_for("an interval is in the file", || agent.acknowledged() >= 1)?;
        let acknowledged = agent.acknowledged();
        std::fs::write(&offset, "-3600\n").map_err(|why| why.to_string())?;
        agent.end()?;
        let story = agent.story().ok_or("the run cannot be read")?;
        tried.add(acknowledged, story.intervals.len());
        let (ok, longest) = (story.run.outcomes().ok, story.run.response().max().as_secs());
        tried.promise(ok.abs_diff(2_000) <= 1 && longest < 2.0, || {
            format!("{ok} of 2000 ended well, the slowest after {longest} s")
        });
        let told = story.run.notes.iter().any(|note| note.contains("monotonic clock"));
        tried.promise(told, || format!("it says only {:?}", story.run.notes));
    }
    Ok(tried)
}
