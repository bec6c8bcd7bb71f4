//! Programs from PyPI that only tests need: installed into an environment in the target folder, never shipped.

use std::process::Command;

use anyhow::{Context, Result};

use crate::project::{Project, run as run_command};

/// What reads exported files as their platforms' schemas say: docker-compose's, and Kubernetes'. Both carry their schemas.
const VALIDATORS: [&str; 2] = ["check-jsonschema==0.39.0", "kubernetes-validate==1.37.0"];

/// Installs the validators of exported files, unless they are there.
pub(crate) fn fetch_validators(project: &Project) -> Result<()> {
    let folder = project.target.join("xtask/validators");
    let (stamp, wanted) = (folder.join("installed.txt"), VALIDATORS.join("\n"));
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    let mut make = Command::new("python3");
    run_command(make.args(["-m", "venv", "--clear"]).arg(&folder))
        .context("python3 needs its module venv: `apt install python3-venv` has it")?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]);
    run_command(pip.args(VALIDATORS)).context("pip could not install the validators from PyPI")?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}
