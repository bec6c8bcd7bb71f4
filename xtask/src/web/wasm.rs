//! Compiling the playground to WebAssembly.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::project::{Project, run};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Adds the WebAssembly target to the toolchain in use when it is missing.
pub(crate) fn add_target(project: &Project) -> Result<()> {
    if has_target(project)? {
        return Ok(());
    }
    eprintln!("      missing: running `rustup target add {TARGET}`");
    let added = Command::new("rustup").args(["target", "add", TARGET]).current_dir(&project.root).status();
    if !added.is_ok_and(|status| status.success()) || !has_target(project)? {
        bail!(
            "the page needs Rust's {TARGET} target and it could not be added; \
             run `rustup target add {TARGET}` where the network reaches static.rust-lang.org, then try again"
        );
    }
    Ok(())
}

/// Asks the compiler itself, so that a toolchain which does not come from rustup counts too.
fn has_target(project: &Project) -> Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(&project.root)
        .stderr(Stdio::inherit())
        .output()
        .context("rustc does not start")?;
    let folder = String::from_utf8_lossy(&output.stdout);
    let folder = Path::new(folder.trim());
    Ok(folder.is_dir() && folder.read_dir()?.next().is_some())
}

/// Builds the playground for the page and returns where the module lies.
pub(crate) fn compile(project: &Project) -> Result<PathBuf> {
    let mut cargo = project.cargo(&[
        "build",
        "--package",
        "loadpath-playground",
        "--lib",
        "--profile",
        "page",
        "--locked",
    ]);
    cargo.args(["--target", TARGET]).env("CARGO_ENCODED_RUSTFLAGS", flags(project));
    run(&mut cargo)?;
    Ok(project.target.join(TARGET).join("page/loadpath_playground.wasm"))
}

/// Panic messages carry paths of sources. Without this machine's folders in them the page is smaller, and the same
/// bytes wherever it is built.
fn flags(project: &Project) -> OsString {
    let mut flags = std::env::var_os("RUSTFLAGS").map(|flags| flags.to_string_lossy().replace(' ', "\u{1f}"));
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let folders = [home.map(|home| (home, "cargo")), Some((project.root.clone(), "loadpath"))];
    for (folder, name) in folders.into_iter().flatten() {
        let flags = flags.get_or_insert_default();
        if !flags.is_empty() {
            flags.push('\u{1f}');
        }
        flags.push_str(&format!("--remap-path-prefix={}={name}", folder.display()));
    }
    flags.unwrap_or_default().into()
}
