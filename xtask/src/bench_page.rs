//! `cargo xtask bench-page`: what the page weighs and how fast it is, beside React Flow on the same machine in the same run.
//! `cargo xtask pictures`: what its screens look like, in both colour schemes.

use std::ffi::OsString;

use anyhow::Result;

use crate::project::{Project, run as run_command};
use crate::steps::Steps;
use crate::{npm, play, web};

/// Builds the page, the agent and the peer, and then runs the measurement, which prints one table.
pub(crate) fn run(project: &Project) -> Result<()> {
    let plan = [&web::PLAN[..], &["the agent (release)", "React Flow, from npm", "the measurement"]].concat();
    let mut steps = Steps::new(plan);
    web::build(project, &mut steps)?;
    steps.run(|| play::build_agent(project))?;
    let peer = steps.run(|| npm::build_peer(project))?;
    steps.run(|| bench(project, &["--editor".into(), peer.into()]))
}

/// Builds the page and the agent, and writes the pictures into `docs/`.
pub(crate) fn pictures(project: &Project) -> Result<()> {
    let plan = [&web::PLAN[..], &["the agent (release)", "the pictures"]].concat();
    let mut steps = Steps::new(plan);
    web::build(project, &mut steps)?;
    steps.run(|| play::build_agent(project))?;
    steps.run(|| bench(project, &["--pictures".into(), project.root.join("docs").into()]))
}

/// Drives the browser. What is measured runs in there: the driver is what `cargo test` has built, not another build of it all.
fn bench(project: &Project, arguments: &[OsString]) -> Result<()> {
    let mut cargo = project.cargo(&["bench", "--locked", "--profile", "dev", "--package", "loadpath"]);
    cargo.args(["--bench", "page", "--"]);
    run_command(cargo.args(arguments))
}
