//! Where the project lives, and how to run programs in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The checkout and the folder that cargo builds into.
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    /// Nobody watches: no colours, no progress bars, no stop at the first failure.
    pub(crate) ci: bool,
}

impl Project {
    /// Asks cargo, so that `CARGO_TARGET_DIR` and a user's configuration count.
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies in a folder of the project")?
            .to_owned();
        let ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty() && ci != "false");
        let mut found = Self { root, target: PathBuf::new(), ci };
        let metadata = found.metadata()?;
        let target =
            metadata["target_directory"].as_str().context("cargo metadata names no target folder")?;
        found.target = target.into();
        Ok(found)
    }

    /// What cargo knows of the workspace's own packages.
    pub(crate) fn metadata(&self) -> Result<Value> {
        let mut cargo = self.cargo(&["metadata", "--no-deps", "--format-version", "1"]);
        let output = cargo.stderr(Stdio::inherit()).output().context("cargo metadata does not start")?;
        if !output.status.success() {
            bail!("cargo metadata failed; its message is above");
        }
        serde_json::from_slice(&output.stdout).context("cargo metadata prints no JSON")
    }

    /// The cargo that runs us, at the root, without what `cargo run` told us about the package `xtask`: build scripts
    /// watch such variables, and would make everything be built again.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
        let mut command = Command::new(cargo);
        command.args(args).current_dir(&self.root).stdin(Stdio::null());
        if self.ci {
            command.envs([("CARGO_TERM_COLOR", "never"), ("CARGO_TERM_PROGRESS_WHEN", "never")]);
        }
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(is_about_xtask) {
                command.env_remove(name);
            }
        }
        command
    }

    /// The version of `package` in `Cargo.lock`; a fault when the lock file has none, or several.
    pub(crate) fn locked_version(&self, package: &str) -> Result<String> {
        let path = self.root.join("Cargo.lock");
        let lock =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        match locked_versions(&lock, package).as_slice() {
            [version] => Ok((*version).to_owned()),
            [] => bail!("Cargo.lock has no package {package}"),
            several => bail!("Cargo.lock has several versions of {package}: {}", several.join(", ")),
        }
    }
}

/// Runs a command to its end, its output shown.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{name} does not start"))?;
    if !status.success() {
        let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
        let program =
            Path::new(&name).file_name().map_or(name.as_str().into(), |name| name.to_string_lossy());
        bail!("`{program} {}` failed ({status}); its message is above", args.join(" "));
    }
    Ok(())
}

fn is_about_xtask(variable: &str) -> bool {
    variable.starts_with("CARGO_PKG_")
        || variable.starts_with("CARGO_MANIFEST_")
        || variable == "CARGO_BIN_NAME"
}

/// Every version that a lock file holds of one package.
fn locked_versions<'a>(lock: &'a str, package: &str) -> Vec<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    let mut versions = Vec::new();
    while lines.any(|line| line == name) {
        let version = lines.next().and_then(|line| line.strip_prefix("version = \""));
        versions.extend(version.and_then(|version| version.strip_suffix('"')));
    }
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "\
[[package]]
name = \"yew\"
version = \"0.23.0\"
dependencies = [
 \"wasm-bindgen\",
]

[[package]]
name = \"syn\"
version = \"1.0.9\"

[[package]]
name = \"syn\"
version = \"2.0.1\"
";

    #[test]
    fn the_lock_file_gives_the_version_of_a_package_and_not_of_one_that_names_it() {
        assert_eq!(locked_versions(LOCK, "yew"), ["0.23.0"]);
        assert_eq!(locked_versions(LOCK, "syn"), ["1.0.9", "2.0.1"]);
        assert!(locked_versions(LOCK, "wasm-bindgen").is_empty());
    }

    #[test]
    fn only_what_cargo_says_of_the_running_package_is_hidden() {
        assert!(is_about_xtask("CARGO_PKG_VERSION") && is_about_xtask("CARGO_MANIFEST_DIR"));
        assert!(!is_about_xtask("CARGO_TARGET_DIR") && !is_about_xtask("CARGO_HOME"));
    }
}
