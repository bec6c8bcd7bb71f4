//! `cargo xtask test`: everything that must hold before a change is merged, and what CI runs.

use anyhow::{Result, bail};

use crate::project::{Project, run as run_command};
use crate::steps::Steps;
use crate::toolchain::{self, WASM};
use crate::{debian, npm, play, pypi, web};

const BEFORE: [&str; 6] = [
    "the programs that the tests drive (Chromium, nginx)",
    "the accessibility audit, from npm",
    "the validators of exported files, from PyPI",
    "rustfmt and clippy in the toolchain",
    "the sources' format",
    "clippy, every target of the workspace",
];
const AFTER: [&str; 3] = ["clippy, what is compiled to WebAssembly", "the agent (release)", "every test"];

/// Runs all steps and prints what became of each.
pub(crate) fn run(project: &Project) -> Result<()> {
    let mut steps = Steps::new([&BEFORE[..], &web::PLAN, &AFTER].concat());
    let result = check(project, &mut steps);
    steps.print_summary();
    result
}

fn check(project: &Project, steps: &mut Steps) -> Result<()> {
    let cargo = |arguments: &[&str]| run_command(&mut project.cargo(arguments));
    steps.run(|| debian::install_missing(&debian::OF_TESTS))?;
    steps.run(|| npm::fetch_audit(project))?;
    steps.run(|| pypi::fetch_validators(project))?;
    steps.run(|| toolchain::add_lints(project))?;
    // A fault of style keeps nobody from hearing what the tests say, and fails in the end all the same.
    let mut faults = Vec::new();
    faults.extend(steps.run(|| cargo(&["fmt", "--all", "--check"])).err());
    let everything = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    faults.extend(steps.run(|| cargo(&everything)).err());
    let page = web::build(project, steps)?;
    web::print_weight(&page);
    faults.extend(steps.run(|| cargo(&wasm_clippy())).err());
    // After the page, which it carries.
    steps.run(|| play::build_agent(project))?;
    faults.extend(steps.run(|| cargo(test_arguments(project))).err());
    match faults.as_slice() {
        [] => Ok(()),
        several => bail!("{}", several.iter().map(ToString::to_string).collect::<Vec<_>>().join("\nxtask: ")),
    }
}

fn wasm_clippy() -> Vec<&'static str> {
    let packages = ["--package", "loadpath-core", "--package", "loadpath-playground", "--lib"];
    [&["clippy", "--locked", "--target", WASM], &packages[..], &["--", "-D", "warnings"]].concat()
}

/// On a person's machine the first failing binary ends the run; in CI one run says everything.
fn test_arguments(project: &Project) -> &'static [&'static str] {
    if project.ci {
        &["test", "--workspace", "--locked", "--no-fail-fast"]
    } else {
        &["test", "--workspace", "--locked"]
    }
}
