//! `loadgen import`: keeps results of other load tools as runs, and makes designs of what other tools know of a system.
use super::{Failure, input, print, print_json};
use crate::interop;
use crate::interop::design::{self, Drawn, Line};
use crate::report::RunReport;
use crate::store::Store;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Of a result it is said which clock the tool used, and what it cannot tell; every FILE argument of other commands takes results, too.
/// Of a design it is said line by line what was understood, what was assumed, and what was left out.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Results of fortio, k6, oha, vegeta, wrk, wrk2 or hey; or a docker-compose file, isotope's YAML, OpenTelemetry's service graph,
    /// Jaeger's dependencies: which of them is seen from what they hold
    #[arg(required = true)]
    files: Vec<String>,
    /// What the run is called; for one file
    #[arg(long)]
    name: Option<String>,
    /// Where a design is written; for one file [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the figures, or the design and how it came about, as JSON, a line for each
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  wrk2 -R2000 --latency http://127.0.0.1:8080/ > wrk2.txt; loadgen import wrk2.txt
  loadgen import fortio.json k6.json oha.json
  hey -o csv http://127.0.0.1:8080/ | loadgen import - --name hey
  loadgen compare wrk2.txt last
  loadgen import docker-compose.yml --output shop.json
  curl -s http://127.0.0.1:16686/api/dependencies?endTs=$(date +%s000) | loadgen import - --output system.json";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if args.name.is_some() && args.files.len() > 1 {
        return Err(Failure::Input("--name is for one file".to_owned()));
    }
    if args.output.is_some() && args.files.len() > 1 {
        return Err(Failure::Input("--output is for one file".to_owned()));
    }
    for file in &args.files {
        args.import(file)?;
    }
    Ok(())
}

impl Args {
    fn import(&self, file: &str) -> Result<(), Failure> {
        let shown = input::shown(file);
        let bad = |why: &dyn std::fmt::Display| Failure::Input(format!("{shown}: {why}"));
        let text = input::text(file).map_err(|why| bad(&why))?;
        if let Some(read) = interop::read(&text) {
            if self.output.is_some() {
                return Err(bad(&"this is a result, which is kept among the runs: leave --output out"));
            }
            return self.keep(&shown, read.map_err(|why| bad(&why))?);
        }
        let drawn = design::read(&text);
        let drawn = drawn.ok_or_else(|| {
            bad(&format!("this is no result of {}, and no design of {}", interop::TOOLS, design::DESIGNS))
        })?;
        self.deliver(&shown, &drawn.map_err(|why| bad(&why))?)
    }

    fn keep(&self, shown: &str, mut run: loadpath_core::run::Run) -> Result<(), Failure> {
        let store = Store::of_this_user().map_err(super::runs::failure)?;
        run.name = self.name.clone().unwrap_or(run.name);
        let kept = store.keep(&run).map_err(super::runs::failure)?;
        if self.json {
            return print_json(&RunReport::new(&run, Some(PathBuf::from(&kept.path))));
        }
        let notes: String = run.notes.iter().map(|note| format!("  note: {note}\n")).collect();
        print(&format!("{shown} is kept as {}, {}\n{notes}", kept.id, run.source))
    }

    fn deliver(&self, shown: &str, drawn: &Drawn) -> Result<(), Failure> {
        let mut document = drawn.document.clone();
        if let Some(name) = &self.name {
            document.name.clone_from(name);
        }
        let text = document.to_json_pretty() + "\n";
        if let Some(file) = &self.output {
            write(file, &text)?;
        }
        if self.json {
            let design = self.output.is_none().then_some(&document);
            return print_json(
                &serde_json::json!({ "tool": drawn.tool, "lines": drawn.lines, "design": design }),
            );
        }
        if self.output.is_none() {
            print(&text)?;
        }
        let mut error = io::stderr().lock();
        // When nobody reads standard error, nobody can be told.
        let _ = writeln!(error, "{shown} is a file of {}", drawn.tool);
        for line in &drawn.lines {
            let _ = match line {
                Line::Understood(what) => writeln!(error, "  understood: {what}"),
                Line::Assumed(what) => writeln!(error, "  assumed:    {what}"),
                Line::LeftOut(what) => writeln!(error, "  left out:   {what}"),
            };
        }
        Ok(())
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|why| Failure::Went(format!("{}: {why}", file.display())))
}
