//! `loadgen` as a user runs it: its release build, on the clients' core, with the whole recording.
use crate::peers::Load;
use crate::tool::{self, Ran};
use loadpath_core::run::Run;
use loadpath_core::stats::Histogram;
use loadpath_core::time::Span;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A journey of one step: a closed loop of users who do not think.
const JOURNEY: &str = r#"{"steps": [{"name": "get", "path": "/"}]}"#;

/// A command of it with a home of its own.
pub(crate) fn command(home: &Path) -> Command {
    let mut command = tool::on_client_core(&crate::built::built_loadgen());
    command.current_dir(home).env("XDG_DATA_HOME", home);
    command
}

/// Drives the load in a closed loop, or in an open one where a rate is asked for; evenly spaced, without warm-up.
pub(crate) fn drive(load: &Load) -> Result<(Run, Ran), String> {
    let home = home()?;
    let mut command = command(home.path());
    let (connections, seconds) = (load.connections.to_string(), format!("{}s", load.seconds));
    if let Some(rate) = load.rate {
        let rate = format!("{rate}/s");
        let line = ["run", "--arrivals", "constant", "--rate", &rate, "--connections", &connections];
        command.args(line);
    } else {
        let file = home.path().join("journey.json");
        std::fs::write(&file, JOURNEY).map_err(|why| why.to_string())?;
        command.arg("journey").arg(file).args(["--users", &connections]);
    }
    let out = home.path().join("run.json");
    command.args(["--url", load.url, "--duration", &seconds, "--warm-up", "0s", "-q", "--out"]).arg(&out);
    let ran = tool::run(&mut command)?;
    let text = std::fs::read_to_string(&out).map_err(|_| format!("loadgen failed: {}", ran.error.trim()))?;
    let run = Run::from_json(&text).map_err(|why| why.to_string())?;
    Ok((run, ran))
}

pub(crate) fn home() -> Result<TempDir, String> {
    tempfile::tempdir().map_err(|why| format!("no temporary folder: {why}"))
}

/// How long requests took from their actual sends.
pub(crate) fn service(run: &Run) -> Histogram {
    let mut all = Histogram::default();
    run.classes.iter().for_each(|class| all.merge(&class.service));
    all
}

pub(crate) fn milliseconds(span: Span) -> f64 {
    span.as_millis()
}
