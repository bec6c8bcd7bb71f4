//! `cargo xtask engines`: the engines that nodes can be in live runs, installed and timed.

use std::process::Command;

use anyhow::Result;

use crate::debian;
use crate::project::{Project, run as run_command};

/// Installs what is missing and lists all; `times` also starts and stops each, and measures the balancers.
///
/// # Errors
/// When something did not get installed, or does not run.
pub(crate) fn run(project: &Project, times: bool) -> Result<()> {
    debian::install_missing(&debian::OF_ENGINES)?;
    let mut command = Command::new("cargo");
    command.current_dir(&project.root).args([
        "run",
        "--quiet",
        "--locked",
        "--release",
        "-p",
        "loadgen",
        "--",
    ]);
    command.arg("engines").args(times.then_some("--times"));
    run_command(&mut command)
}
