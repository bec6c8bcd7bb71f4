//! `loadgen check`: says everything that is wrong with a design.
use super::{Failure, failure, input, print, print_json};
use loadpath_core::topology::{self, Fault, Topology};
use serde::Serialize;

/// Exits with 0 when the design is sound, with 1 when it has faults.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A design, or a link to one
    file: String,
    /// Print the faults as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    sound: bool,
    faults: &'a [Fault],
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let design = input::design(&args.file)?;
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

fn size(design: &Topology) -> String {
    let (nodes, edges, classes) = (design.nodes.len(), design.edges.len(), design.workload.classes.len());
    format!("{nodes} nodes, {edges} edges, {classes} classes of requests")
}
