//! `loadgen import`: keeps results of other load tools as runs.
use super::{Failure, input, print, print_json};
use crate::interop;
use crate::report::RunReport;
use crate::store::Store;
use std::path::PathBuf;

/// Of each it is said which clock the tool used, and what it cannot tell. Every FILE argument of other commands takes such results too.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Results of fortio, k6, oha, vegeta, wrk, wrk2 or hey; which of them is seen from what they hold
    #[arg(required = true)]
    files: Vec<String>,
    /// What the run is called; for one file
    #[arg(long)]
    name: Option<String>,
    /// Print the figures as JSON, a line for each
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  wrk2 -R2000 --latency http://127.0.0.1:8080/ > wrk2.txt; loadgen import wrk2.txt
  loadgen import fortio.json k6.json oha.json
  hey -o csv http://127.0.0.1:8080/ | loadgen import - --name hey
  loadgen compare wrk2.txt last";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if args.name.is_some() && args.files.len() > 1 {
        return Err(Failure::Input("--name is for one file".to_owned()));
    }
    let store = Store::of_this_user().map_err(super::runs::failure)?;
    for file in &args.files {
        let shown = input::shown(file);
        let text = input::text(file).map_err(|why| Failure::Input(format!("{shown}: {why}")))?;
        let read = interop::read(&text);
        let read =
            read.ok_or_else(|| Failure::Input(format!("{shown}: this is no result of {}", interop::TOOLS)))?;
        let mut run = read.map_err(|why| Failure::Input(format!("{shown}: {why}")))?;
        run.name = args.name.clone().unwrap_or(run.name);
        let kept = store.keep(&run).map_err(super::runs::failure)?;
        if args.json {
            print_json(&RunReport::new(&run, Some(PathBuf::from(&kept.path))))?;
        } else {
            let notes: String = run.notes.iter().map(|note| format!("  note: {note}\n")).collect();
            print(&format!("{shown} is kept as {}, {}\n{notes}", kept.id, run.source))?;
        }
    }
    Ok(())
}
