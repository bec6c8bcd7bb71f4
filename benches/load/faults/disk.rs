//! The disk: full, damaged, cut short.
use super::Tried;
use super::agent::{Agent, home};
use crate::server;
use crate::target::Own;
use loadgen::store::{State, story};
use loadpath_core::rng::Seed;
use std::path::Path;
use std::process::Command;

/// A file of so many kilobytes is full: some seconds of a run, also of one whose histograms are narrow.
const LIMIT_KB: u32 = 6;

/// No file may be longer than the limit; without the trap the signal of that limit would end the agent.
pub(super) fn full(times: u32) -> Result<Tried, String> {
    let mut tried = Tried::default();
    for _ in 0..times {
        let server = Own::start(server::PROMPT);
        let program = crate::built::built_loadgen();
        let line = format!(
            "trap '' XFSZ; ulimit -f {LIMIT_KB}; exec '{}' run --url http://{}/ --rate 500/s --duration 8s --warm-up 0s -q",
            program.display(),
            server.address
        );
        let mut agent = Agent::start_with(home()?, Command::new("bash").args(["-c", &line]))?;
        let mut acknowledged = 0;
        let status = loop {
            acknowledged = acknowledged.max(agent.acknowledged());
            match agent.child.try_wait() {
                Ok(Some(status)) => break status,
                _ => std::thread::sleep(std::time::Duration::from_millis(50)),
            }
        };
        let story = agent.story().ok_or("the run cannot be read")?;
        tried.add(acknowledged, story.intervals.len());
        tried.promise(acknowledged < 8, || "the disk was not full".to_owned());
        tried.promise(status.code() == Some(1), || format!("it ended with {status}"));
        let complaint = agent.complaint();
        tried.promise(complaint.contains("the run was not written"), || format!("it says only: {complaint}"));
        let torn = story.run.notes.iter().any(|note| note.contains("cannot be read"));
        tried.promise(!torn, || "half a frame is left in the file".to_owned());
    }
    Ok(tried)
}

/// The bytes of a run of some seconds, and how many intervals it has.
fn sample() -> Result<(Vec<u8>, usize), String> {
    let server = Own::start(server::PROMPT);
    let url = format!("http://{}/", server.address);
    let line = ["run", "--url", &url, "--rate", "500/s", "--duration", "5s", "--warm-up", "0s", "-q"];
    let mut agent = Agent::start(home()?, &line)?;
    agent.end()?;
    let journal = agent.journal().ok_or("the run was not kept")?;
    let bytes = std::fs::read(journal).map_err(|why| why.to_string())?;
    Ok((bytes, agent.story().ok_or("the run cannot be read")?.intervals.len()))
}

/// Flips one random bit, again and again.
pub(super) fn corrupt(times: u32) -> Result<Tried, String> {
    let (bytes, intervals) = sample()?;
    let (mut tried, mut chance) = (Tried::default(), Seed(1).stream("corrupt"));
    let folder = home()?;
    for _ in 0..times {
        let mut damaged = bytes.clone();
        damaged[chance.below(bytes.len() as u64) as usize] ^= 1 << chance.below(8);
        let Some((recovered, told, _)) = read(&folder.path().join("damaged.run"), &damaged) else {
            tried.add(intervals, 0);
            tried.promise(false, || "one bit made a run unreadable".to_owned());
            continue;
        };
        tried.add(intervals, recovered);
        tried.promise(told, || "damage is passed over in silence".to_owned());
        tried.promise(recovered + 1 >= intervals, || {
            format!("one bit cost {} intervals", intervals - recovered)
        });
    }
    Ok(tried)
}

/// Cuts it at a random place, again and again.
pub(super) fn cut(times: u32) -> Result<Tried, String> {
    let (bytes, intervals) = sample()?;
    let (mut tried, mut chance) = (Tried::default(), Seed(1).stream("cut"));
    let folder = home()?;
    for _ in 0..times {
        let short = &bytes[..chance.below(bytes.len() as u64) as usize];
        let lines = short.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
        let whole = lines.filter(|line| String::from_utf8_lossy(line).contains("{\"interval\":")).count();
        match read(&folder.path().join("short.run"), short) {
            Some((recovered, _, state)) => {
                tried.add(intervals, recovered);
                // A frame that lacks only its line break is whole too.
                tried.promise(recovered >= whole, || {
                    format!("{recovered} of {whole} whole intervals are read")
                });
                tried.promise(state == State::Interrupted, || "a cut run is told as whole".to_owned());
            }
            None => {
                tried.add(intervals, 0);
                tried.promise(whole == 0, || format!("{whole} whole intervals are not read"));
            }
        }
    }
    Ok(tried)
}

/// How many intervals are read, whether anything is said of it, and how the run is said to have ended.
fn read(path: &Path, bytes: &[u8]) -> Option<(usize, bool, State)> {
    std::fs::write(path, bytes).ok()?;
    let story = story(path).ok()?;
    let told = |note: &String| note.contains("damaged") || note.contains("interrupted");
    Some((story.intervals.len(), story.run.notes.iter().any(told), story.state))
}
