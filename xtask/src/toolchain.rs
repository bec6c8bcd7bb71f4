//! What must be in the Rust toolchain, added when it is missing.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::project::Project;

pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Makes sure that the toolchain in use compiles to WebAssembly.
pub(crate) fn add_wasm(project: &Project) -> Result<()> {
    add(project, &["target", "add", WASM], has_wasm)
}

/// Makes sure of `cargo fmt` and `cargo clippy`, which a minimal toolchain lacks.
pub(crate) fn add_lints(project: &Project) -> Result<()> {
    add(project, &["component", "add", "rustfmt", "clippy"], |project| {
        let there =
            |tool| project.cargo(&[tool, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        Ok(there("fmt")?.success() && there("clippy")?.success())
    })
}

fn add(project: &Project, rustup: &[&str], there: impl Fn(&Project) -> Result<bool>) -> Result<()> {
    if there(project)? {
        return Ok(());
    }
    let command = format!("rustup {}", rustup.join(" "));
    eprintln!("      missing: running `{command}`");
    let added = Command::new("rustup").args(rustup).current_dir(&project.root).status();
    if !added.is_ok_and(|status| status.success()) || !there(project)? {
        bail!(
            "the Rust toolchain lacks something and `{command}` did not add it; run that where the network allows it"
        );
    }
    Ok(())
}

/// Asks the compiler itself, so that a toolchain which does not come from rustup counts too.
fn has_wasm(project: &Project) -> Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", WASM])
        .current_dir(&project.root)
        .stderr(Stdio::inherit())
        .output()
        .context("rustc does not start")?;
    let folder = String::from_utf8_lossy(&output.stdout);
    let folder = Path::new(folder.trim());
    Ok(folder.is_dir() && folder.read_dir()?.next().is_some())
}
