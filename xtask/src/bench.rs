//! `cargo xtask bench`: the benches of the workspace by name; `bench-peers`: the one that stands apart; `bench-wasm`: the engine's
//! in WebAssembly too.

use std::ffi::OsString;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::project::{Project, run as run_command};
use crate::{debian, toolchain};

/// The options of `bench`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Benches {
    pub(crate) list: bool,
    /// One bench; none means all.
    pub(crate) name: Option<String>,
    /// Passed on to it.
    pub(crate) arguments: Vec<OsString>,
}

/// Runs the chosen benches one after the other: they measure, so nothing else should run.
pub(crate) fn run(project: &Project, benches: Benches) -> Result<()> {
    let present = present(&project.metadata()?);
    if present.is_empty() {
        bail!("this checkout has no bench: none of its packages declares a [[bench]]");
    }
    if benches.list {
        present.iter().for_each(|(package, bench)| println!("{bench} ({package})"));
        return Ok(());
    }
    let chosen: Vec<_> =
        present.iter().filter(|(_, bench)| benches.name.as_ref().is_none_or(|name| name == bench)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = present.iter().map(|(_, bench)| bench.as_str()).collect();
        bail!("there is no bench {:?}; there are: {}", benches.name.unwrap_or_default(), names.join(", "));
    }
    for (package, bench) in chosen {
        let mut cargo = project.cargo(&["bench", "--locked", "--package", package, "--bench", bench, "--"]);
        run_command(cargo.args(&benches.arguments))?;
    }
    Ok(())
}

/// Runs the simulator beside its peers, all or those of these names. They are a workspace of their own, so that nothing they
/// depend on enters this one's lock file; what they build and install lies in a folder of its own too.
pub(crate) fn run_peers(project: &Project, names: &[OsString]) -> Result<()> {
    let mut cargo =
        project.cargo(&["run", "--release", "--locked", "--manifest-path", "benches/peers/Cargo.toml"]);
    run_command(cargo.arg("--target-dir").arg(project.target.join("peers")).arg("--").args(names))
}

/// Runs the engine's designs natively and as WebAssembly in Node.js, which is installed where that is allowed. Core is compiled
/// as the page has it.
pub(crate) fn run_wasm(project: &Project) -> Result<()> {
    toolchain::add_wasm(project)?;
    debian::install_missing(&debian::OF_WASM)?;
    let package = ["build", "--locked", "--package", "loadpath-bench-wasm", "--profile", "page"];
    run_command(project.cargo(&package).args(["--target", toolchain::WASM]))?;
    let module = project.target.join(toolchain::WASM).join("page/loadpath_bench_wasm.wasm");
    let bench = ["bench", "--locked", "--package", "loadpath", "--bench", "engine", "--", "--wasm"];
    run_command(project.cargo(&bench).arg(module))
}

/// Package and name of every bench that cargo knows of.
fn present(metadata: &Value) -> Vec<(String, String)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut present = Vec::new();
    for package in list(&metadata["packages"]) {
        for target in list(&package["targets"]) {
            if list(&target["kind"]).iter().any(|kind| kind == "bench") {
                present.push((text(&package["name"]), text(&target["name"])));
            }
        }
    }
    present
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bench_targets_are_benches() {
        let metadata = serde_json::json!({ "packages": [{ "name": "loadpath", "targets": [
            { "name": "engine", "kind": ["bench"] }, { "name": "loadpath", "kind": ["test"] },
        ] }] });
        assert_eq!(present(&metadata), [("loadpath".to_owned(), "engine".to_owned())]);
    }
}
