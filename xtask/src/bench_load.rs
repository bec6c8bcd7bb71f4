//! `cargo xtask bench-load`: the load generator beside its peers, which are installed first; one that cannot be had is named.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::project::{Project, run as run_command};
use crate::steps::Steps;
use crate::{debian, npm, play};

/// Compiled from crates.io, with its own lock file.
const OHA: &str = "oha@1.16.0";
const AUTOCANNON: &str = "autocannon@9.0.0";
const LOCUST: &str = "locust==2.47.0";

/// Installs the peers, builds the agent, and runs the parts of the bench that are named.
pub(crate) fn run(project: &Project, parts: &[OsString]) -> Result<()> {
    let peers = project.target.join("xtask/peers-load");
    let mut steps = Steps::new(vec![
        "wrk, ab, h2load, hey, nginx and faketime, from Debian",
        "oha, from crates.io (compiled once, some minutes)",
        "autocannon, from npm",
        "locust, from PyPI",
        "the agent (release)",
        "the measurement",
    ]);
    let mut missing = Vec::new();
    let mut optional = |name: &str, done: Result<()>| {
        if let Err(why) = done {
            eprintln!("      going on without {name}: {why:#}");
            missing.push(name.to_owned());
        }
        Ok(())
    };
    steps.run(|| optional("Debian's tools", debian::install_missing(&debian::OF_LOAD)))?;
    steps.run(|| optional("oha", oha(project, &peers.join("oha"))))?;
    steps.run(|| optional("autocannon", npm::install(&peers.join("npm"), &[AUTOCANNON])))?;
    steps.run(|| optional("locust", locust(&peers.join("python"))))?;
    steps.run(|| play::build_agent(project))?;
    steps.run(|| {
        let mut cargo =
            project.cargo(&["bench", "--locked", "--package", "loadpath", "--bench", "load", "--"]);
        run_command(cargo.args(parts))
    })?;
    if !missing.is_empty() {
        println!("\nmeasured without {}: see above why", missing.join(", "));
    }
    Ok(())
}

fn oha(project: &Project, folder: &Path) -> Result<()> {
    if folder.join("bin/oha").is_file() {
        return Ok(());
    }
    let mut cargo =
        project.cargo(&["install", OHA, "--locked", "--no-default-features", "--features", "rustls"]);
    run_command(cargo.arg("--root").arg(folder)).context("oha comes from crates.io")
}

fn locust(folder: &Path) -> Result<()> {
    if folder.join("bin/locust").is_file() {
        return Ok(());
    }
    run_command(Command::new("python3").args(["-m", "venv"]).arg(folder))
        .context("python3-venv is needed")?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", LOCUST]);
    run_command(&mut pip).context("locust comes from PyPI")
}
