//! Compiling the playground to WebAssembly.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;

use crate::project::{Project, run};
use crate::toolchain::WASM;

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
    cargo.args(["--target", WASM]).env("CARGO_ENCODED_RUSTFLAGS", flags(project));
    run(&mut cargo)?;
    Ok(project.target.join(WASM).join("page/loadpath_playground.wasm"))
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
