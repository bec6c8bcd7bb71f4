//! SIGKILL: to the agent while it loads a design, and to its supervisor with it.
use super::Tried;
use super::agent::{Agent, any_lives, descendants, home, run_folders, signal, wait_for};
use loadgen::store::State;
use loadpath_core::rng::Seed;
use loadpath_core::topology::three_tier;
use std::time::{Duration, Instant};

/// So many at a time: most of it is waiting.
const AT_ONCE: u32 = 5;
/// The kill comes so long after the start at most, and not before half a second.
const LATEST_MS: u64 = 5_000;
/// A balancer, two web servers, a cache, a database and their supervisor.
const PROCESSES: usize = 6;

/// An agent that loads a design, written into its home.
fn started() -> Result<Agent, String> {
    let home = home()?;
    let mut design = three_tier();
    design.workload.params.insert("rate".to_owned(), "100/s".into());
    std::fs::write(home.path().join("design.json"), design.to_json()).map_err(|why| why.to_string())?;
    Agent::start(home, &["run", "design.json", "--duration", "60s", "--warm-up", "0s", "-q"])
}

/// Kills the agent at random times.
pub(super) fn agent(times: u32) -> Result<Tried, String> {
    let mut chance = Seed(1).stream("kill");
    let mut tried = Tried::default();
    let (mut late, mut most_missing) = (Duration::ZERO, 0.0_f64);
    for _ in 0..times / AT_ONCE {
        let begun = Instant::now();
        let agents: Vec<Agent> = (0..AT_ONCE).map(|_| started()).collect::<Result<_, _>>()?;
        let mut due: Vec<(u64, Agent)> =
            agents.into_iter().map(|agent| (500 + chance.below(LATEST_MS - 500), agent)).collect();
        due.sort_by_key(|(at, _)| *at);
        for (at, mut agent) in due {
            std::thread::sleep(Duration::from_millis(at).saturating_sub(begun.elapsed()));
            let (children, acknowledged) = (descendants(agent.pid()), agent.acknowledged());
            let since_first =
                agent.journal().and_then(|path| path.metadata().ok()?.created().ok()?.elapsed().ok());
            let killed = Instant::now();
            agent.child.kill().map_err(|why| why.to_string())?;
            agent.end()?;
            let gone = wait_for("every process is gone", || !any_lives(&children));
            late = late.max(killed.elapsed());
            tried.promise(gone.is_ok(), || "a process outlived the agent".to_owned());
            let swept = wait_for("the folder is gone", || run_folders(agent.home.path()) == 0);
            tried.promise(swept.is_ok(), || "the folder of the design is left behind".to_owned());
            let story = agent.story();
            let recovered = story.as_ref().map_or(0, |story| story.intervals.len());
            tried.add(acknowledged, recovered);
            if let (Some(story), Some(lived)) = (story, since_first) {
                tried.promise(story.state == State::Interrupted, || {
                    "it does not say that it was interrupted".to_owned()
                });
                // The journal begins with the first interval; each one after it is due a second later.
                most_missing = most_missing.max(lived.as_secs_f64() + 1.0 - recovered as f64);
            }
        }
    }
    tried.promise(most_missing <= 2.0, || format!("{most_missing:.1} s were not in the file"));
    tried.remark = format!(
        "children were all gone {:.0} ms after the kill at the latest; load that was not yet in the file: {most_missing:.1} s at most",
        late.as_secs_f64() * 1e3
    );
    Ok(tried)
}

/// Kills the agent and its supervisor together; the next agent in the same place sweeps.
pub(super) fn both(times: u32) -> Result<Tried, String> {
    let mut tried = Tried::default();
    for _ in 0..times {
        let mut agent = started()?;
        wait_for("two intervals are in the file", || agent.acknowledged() >= 2)?;
        let (children, acknowledged) = (descendants(agent.pid()), agent.acknowledged());
        tried.promise(children.len() >= PROCESSES, || format!("{} processes were seen", children.len()));
        // The supervisor is the agent's own child, and the others are its.
        let supervisor = children.iter().map(|(pid, _)| *pid).find(|pid| !descendants(*pid).is_empty());
        let supervisor = supervisor.ok_or("no supervisor was seen")?;
        signal("KILL", &[agent.pid(), supervisor]);
        agent.end()?;
        let gone = wait_for("every process is gone", || !any_lives(&children));
        tried.promise(gone.is_ok(), || "a process outlived both".to_owned());
        tried.add(acknowledged, agent.story().map_or(0, |story| story.intervals.len()));
        let arguments = ["run", "design.json", "--duration", "1s", "--warm-up", "0s", "-q"];
        let mut next = std::process::Command::new(crate::built::built_loadgen());
        next.args(arguments).current_dir(agent.home.path());
        next.env("XDG_DATA_HOME", agent.home.path()).env("TMPDIR", agent.home.path());
        let ran = crate::tool::run(&mut next)?;
        let left = run_folders(agent.home.path());
        tried.promise(ran.well && left == 0, || {
            format!("the next agent left {left} folders: {}", ran.error.trim())
        });
    }
    Ok(tried)
}
