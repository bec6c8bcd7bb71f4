//! `cargo xtask play`: from a checkout to a running topology in the browser.

use std::num::NonZeroU16;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::project::{Project, run as run_command};
use crate::steps::Steps;
use crate::web;

/// The options of `play`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Wishes {
    pub(crate) port: Option<NonZeroU16>,
    pub(crate) no_open: bool,
}

/// Builds the page and the agent, and becomes the agent.
pub(crate) fn run(project: &Project, wishes: &Wishes) -> Result<()> {
    let plan = [&web::PLAN[..], &["the agent (release)", "start; Ctrl-C stops it"]].concat();
    let mut steps = Steps::new(plan);
    web::build(project, &mut steps)?;
    steps.run(|| build_agent(project))?;
    let mut agent = Command::new(project.target.join("release/loadgen"));
    agent.current_dir(&project.root).arg("serve");
    if !wishes.no_open {
        agent.arg("--open");
    }
    if let Some(port) = wishes.port {
        agent.arg("--port").arg(port.to_string());
    }
    steps.run(|| become_program(&mut agent))
}

/// The release build of the agent, which also the tests drive.
pub(crate) fn build_agent(project: &Project) -> Result<()> {
    run_command(&mut project.cargo(&["build", "--release", "--package", "loadgen", "--locked"]))
}

/// Puts the program in our place: signals and the exit code are its own, and nobody is left between it and the terminal.
fn become_program(command: &mut Command) -> Result<()> {
    let fault = command.exec();
    Err(fault).with_context(|| format!("{} does not start", command.get_program().to_string_lossy()))
}
