//! `cargo xtask deny`: what comes into the lock file, checked against `deny.toml` by cargo-deny.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::project::{Project, run as run_command};

/// The version that `deny.toml` was written for.
const VERSION: &str = "0.20.2";

/// Checks licences, sources and bans, and advisories where their database can be had.
pub(crate) fn run(project: &Project) -> Result<()> {
    let deny = install(project)?;
    let deny = |arguments: &[&str]| {
        let mut command = Command::new(&deny);
        command
            .current_dir(&project.root)
            .stdin(Stdio::null())
            .args(["--workspace", "--locked"])
            .args(arguments);
        command
    };
    run_command(&mut deny(&["check", "bans", "licenses", "sources"]))?;
    // It is a git repository on the network, or a copy of it that an earlier run left.
    if deny(&["fetch", "db"]).status().is_ok_and(|status| status.success()) {
        return run_command(&mut deny(&["--offline", "check", "advisories"]));
    }
    let why = "the database of advisories could not be fetched: known holes were NOT looked for";
    // A person sees it and decides; a machine that is to guard must not pass over it.
    if project.ci {
        bail!(why)
    }
    eprintln!("xtask: {why}");
    Ok(())
}

/// Where cargo-deny is, compiled into the target folder when it is not there yet: that takes some minutes, once.
fn install(project: &Project) -> Result<PathBuf> {
    let folder = project.target.join("xtask/cargo-deny");
    let program = folder.join("bin/cargo-deny");
    if !is_there(&program) {
        eprintln!("cargo-deny {VERSION} is compiled, once, into {}", folder.display());
        let version = format!("cargo-deny@{VERSION}");
        let mut cargo = project.cargo(&["install", "--locked", "--root"]);
        run_command(cargo.arg(&folder).arg(version)).context("cargo-deny comes from crates.io")?;
    }
    Ok(program)
}

fn is_there(program: &Path) -> bool {
    let said = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).trim().ends_with(VERSION))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every package of the lock file is from crates.io or from here: what cargo-deny says of sources, without it.
    #[test]
    fn every_locked_package_has_a_checksum_of_the_registry_or_is_ours() {
        let lock =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock")).unwrap();
        let (mut ours, mut theirs) = (Vec::new(), 0);
        for package in lock.split("[[package]]").skip(1) {
            let value = |key: &str| {
                let line = package.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
                line.map(|value| value.trim_matches('"').to_owned())
            };
            match value("source") {
                None => ours.push(value("name").unwrap()),
                Some(source) => {
                    assert_eq!(source, "registry+https://github.com/rust-lang/crates.io-index");
                    assert_eq!(value("checksum").map(|sum| sum.len()), Some(64), "{package}");
                    theirs += 1;
                }
            }
        }
        assert_eq!(
            ours,
            [
                "loadgen",
                "loadpath",
                "loadpath-bench-wasm",
                "loadpath-core",
                "loadpath-fuzz",
                "loadpath-playground",
                "xtask"
            ]
        );
        assert!(theirs > 100, "{theirs}");
    }
}
