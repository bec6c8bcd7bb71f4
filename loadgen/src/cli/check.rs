//! `loadgen check`: says everything that is wrong with a design, or whether a run meets what is asked of it (`gate`).
use super::gate::Gate;
use super::input::{self, Input};
use super::{Failure, failure, print, print_json};
use crate::store::Story;
use loadpath_core::topology::{self, Fault, Topology};
use serde::Serialize;

/// Exits with 0 when the design is sound, or the run meets everything that is asked; with 1 when not.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A design or a link to one; or a run: a file, or one that is kept by its id, name, or "last"
    file: String,
    #[command(flatten)]
    gate: Gate,
    /// Print the faults as JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  loadgen check shop.json
  loadgen check last --p99 '<200ms' --errors '<1%'
  loadgen check last --baseline base --output junit > results.xml
  loadgen check run.json --p99 '<50ms' --rate '>500/s' --output github";

#[derive(Serialize)]
struct Report<'a> {
    sound: bool,
    faults: &'a [Fault],
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let design = match input::read(&args.file)? {
        Input::Run(run) => return check_run(args, &input::with_seconds(&args.file, *run)?),
        Input::Design(_) if args.gate.is_asked() => {
            let shown = input::shown(&args.file);
            return Err(Failure::Input(format!("{shown}: this is a design, and limits are for runs")));
        }
        Input::Design(design) => design,
    };
    let faults = topology::check(&design).err().unwrap_or_default();
    let called = input::shown(&args.file);
    if args.json {
        print_json(&Report { sound: faults.is_empty(), faults: &faults })?;
    } else if faults.is_empty() {
        print(&format!("{called} is sound: {}\n", size(&design)))?;
    } else {
        print(&faults.iter().map(|fault| format!("{fault}\n")).collect::<String>())?;
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(Failure::Went(format!("{called} has {}", failure::count(faults.len()))))
}

fn check_run(args: &Args, story: &Story) -> Result<(), Failure> {
    if !args.gate.is_asked() {
        let shown = input::shown(&args.file);
        return Err(Failure::Input(format!(
            "{shown}: this is a run: say what it must meet, like --p99 '<200ms'"
        )));
    }
    let baseline = args.gate.baseline.as_deref().map(input::story_of).transpose()?;
    args.gate.check(story, baseline.as_ref(), args.json)
}

fn size(design: &Topology) -> String {
    let (nodes, edges, classes) = (design.nodes.len(), design.edges.len(), design.workload.classes.len());
    format!("{nodes} nodes, {edges} edges, {classes} classes of requests")
}
