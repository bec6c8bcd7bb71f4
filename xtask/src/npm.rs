//! Packages from npm that only tests and benches need: fetched into the target folder, never shipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::project::{Project, run as run_command};
use crate::web;

/// The accessibility audit that the browser tests run inside the page.
const AXE: &str = "axe-core@4.14.1";

/// Fetches the audit, unless it is there.
pub(crate) fn fetch_audit(project: &Project) -> Result<()> {
    let folder = project.target.join("xtask/axe");
    install(&folder, &[AXE])
}

/// Installs packages, each with its exact version, into a folder; what is there already is not fetched again. Their
/// install scripts do not run.
pub(crate) fn install(folder: &Path, packages: &[&str]) -> Result<()> {
    let stamp = folder.join("installed.txt");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix"]);
    run_command(npm.arg(folder).args(packages))
        .context("npm is part of Node.js: `apt install npm` has it")?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Builds the peer of the page, React Flow, and returns its folder.
pub(crate) fn build_peer(project: &Project) -> Result<PathBuf> {
    let sources = project.root.join("benches/peers-page");
    let folder = project.target.join("xtask/peers-page");
    let manifest =
        std::fs::read_to_string(sources.join("package.json")).context("benches/peers-page is there")?;
    let manifest: serde_json::Value = serde_json::from_str(&manifest).context("its package.json is JSON")?;
    let versions = manifest["dependencies"].as_object().cloned().unwrap_or_default();
    let packages: Vec<String> = versions
        .iter()
        .map(|(name, version)| format!("{name}@{}", version.as_str().unwrap_or_default()))
        .collect();
    install(&folder, &packages.iter().map(String::as_str).collect::<Vec<_>>())?;
    let dist = folder.join("dist");
    std::fs::create_dir_all(&dist).context("the target folder can be written")?;
    for name in ["app.jsx", "app.css", "index.html"] {
        let to = if name == "index.html" { dist.join(name) } else { folder.join(name) };
        std::fs::copy(sources.join(name), &to).with_context(|| format!("cannot copy {name}"))?;
    }
    let mut esbuild = Command::new(folder.join("node_modules/.bin/esbuild"));
    esbuild.args(["app.jsx", "--bundle", "--minify", "--format=esm", "--jsx=automatic", "--outdir=dist"]);
    esbuild.args(["--define:process.env.NODE_ENV=\"production\"", "--log-level=warning"]);
    run_command(esbuild.current_dir(&folder))?;
    web::pack(&dist, &["app.js", "app.css", "index.html"])?;
    Ok(dist)
}
