//! `cargo xtask fuzz`: every decoder under libFuzzer, which changes what it was given wherever that leads to code not seen before.
//!
//! Coverage is counted by LLVM's own pass, which the stable compiler has; what cargo-fuzz needs a nightly one for are sanitizers,
//! and there is no unsafe code here for them to watch.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::debian;
use crate::project::{Project, run as run_command};

/// As cargo-fuzz has it (its `project.rs`): counters at edges, and what comparisons compare.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                        -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";
/// No input is longer, in bytes.
const LONGEST: u32 = 64 << 10;
/// No input may take longer, in seconds, nor more memory, in MB, than this.
const MOST_SECONDS: u32 = 10;
const MOST_MEMORY: u32 = 1 << 10;
/// By these the program learns which decoder to run, or where to write the seeds of all.
const DECODER: &str = "LOADPATH_DECODER";
const SEEDS: &str = "LOADPATH_SEEDS";

/// The options of `fuzz`.
#[derive(Debug, PartialEq)]
pub(crate) struct Wishes {
    /// Decoders by name; none means all.
    pub(crate) decoders: Vec<String>,
    /// How long each is run.
    pub(crate) seconds: u64,
    /// A file that one decoder is given, and nothing else.
    pub(crate) input: Option<PathBuf>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { decoders: Vec::new(), seconds: 60, input: None }
    }
}

/// What became of one decoder.
struct Told {
    runs: String,
    covered: String,
    failed: bool,
}

/// Runs the decoders one after the other, and prints a line for each.
pub(crate) fn run(project: &Project, wishes: &Wishes) -> Result<()> {
    let program = build(project)?;
    let names = seeds(project, &program)?;
    if let Some(other) = wishes.decoders.iter().find(|name| !names.contains(name)) {
        bail!("there is no decoder {other:?}; there are: {}", names.join(", "));
    }
    if let Some(input) = &wishes.input {
        let [decoder] = wishes.decoders.as_slice() else {
            bail!("--input FILE is for one decoder: name it, as in `cargo xtask fuzz document --input FILE`")
        };
        return run_command(command(&program, decoder).arg(input));
    }
    let chosen = names.iter().filter(|name| wishes.decoders.is_empty() || wishes.decoders.contains(name));
    let found = project.target.join("fuzz/found");
    std::fs::create_dir_all(&found)?;
    let mut bad = Vec::new();
    println!("{:<16}{:>12}{:>12}", "decoder", "inputs", "edges");
    for name in chosen {
        let told = drive(project, &program, name, wishes.seconds)?;
        println!(
            "{name:<16}{:>12}{:>12}{}",
            told.runs,
            told.covered,
            if told.failed { "  FAILED" } else { "" }
        );
        bad.extend(told.failed.then_some(name.as_str()));
    }
    if !bad.is_empty() {
        bail!(
            "{} failed; the inputs lie in {}: run one with `cargo xtask fuzz DECODER --input FILE`",
            bad.join(", "),
            found.display()
        );
    }
    Ok(())
}

/// Builds the program with coverage counted, in a folder of its own: other flags make other objects.
fn build(project: &Project) -> Result<PathBuf> {
    debian::install_missing(&debian::OF_FUZZ)?;
    let target = project.target.join("fuzz");
    // A target that is named keeps the flags away from build scripts and macros.
    let host = host()?;
    let package = ["build", "--locked", "--package", "loadpath-fuzz", "--features", "libfuzzer", "--target"];
    let mut cargo = project.cargo(&package);
    cargo
        .arg(&host)
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", COVERAGE)
        .envs([("CARGO_PROFILE_DEV_OPT_LEVEL", "2"), ("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")]);
    run_command(&mut cargo)?;
    Ok(target.join(host).join("debug/fuzz"))
}

/// Writes what the decoders begin with, and names them.
fn seeds(project: &Project, program: &Path) -> Result<Vec<String>> {
    let mut writing = Command::new(program);
    writing.env(SEEDS, project.target.join("fuzz/corpus")).stdin(Stdio::null()).stderr(Stdio::inherit());
    let said = writing.output().context("the fuzzing program does not start")?;
    if !said.status.success() {
        bail!("the fuzzing program wrote no seeds; its message is above");
    }
    Ok(String::from_utf8_lossy(&said.stdout).lines().map(str::to_owned).collect())
}

/// The machine's own target, as rustc calls it.
fn host() -> Result<String> {
    let said = Command::new("rustc").arg("-vV").output().context("rustc does not start")?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc -vV names no host")
}

fn command(program: &Path, decoder: &str) -> Command {
    let mut command = Command::new(program);
    command.env(DECODER, decoder).stdin(Stdio::null()).args([
        format!("-rss_limit_mb={MOST_MEMORY}"),
        format!("-timeout={MOST_SECONDS}"),
        format!("-max_len={LONGEST}"),
    ]);
    command
}

/// Runs one decoder on its seeds and what earlier runs have found worth keeping.
fn drive(project: &Project, program: &Path, name: &str, seconds: u64) -> Result<Told> {
    let (corpus, found) = (project.target.join("fuzz/corpus").join(name), project.target.join("fuzz/found"));
    let log = project.target.join("fuzz").join(format!("{name}.log"));
    let mut command = command(program, name);
    command
        .args([format!("-max_total_time={seconds}"), "-print_final_stats=1".to_owned()])
        .arg(format!("-artifact_prefix={}/{name}-", found.display()))
        .arg(&corpus)
        .stderr(std::fs::File::create(&log)?);
    let status = command.status().context("the fuzzing program does not start")?;
    let said = String::from_utf8_lossy(&std::fs::read(&log)?).into_owned();
    if !status.success() {
        let end: Vec<_> = said.lines().filter(|line| !line.starts_with('#')).take(40).collect();
        eprintln!("{}\n(the whole of it is in {})", end.join("\n"), log.display());
    }
    Ok(told(&said, !status.success()))
}

/// What libFuzzer says at its end.
fn told(said: &str, failed: bool) -> Told {
    let runs = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let covered = said.lines().rev().find_map(|line| line.split_once(" cov: ")?.1.split(' ').next());
    let word = |found: Option<&str>| found.map_or("?", str::trim).to_owned();
    Told { runs: word(runs), covered: word(covered), failed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libfuzzer_says_at_its_end_is_read() {
        let said = "#2\tINITED cov: 3 ft: 4\n#9\tDONE   cov: 812 ft: 900 corp: 5/4b\nstat::number_of_executed_units: 4711\n";
        let told = told(said, false);
        assert_eq!((told.runs.as_str(), told.covered.as_str()), ("4711", "812"));
    }
}
