//! `loadgen compare`: two runs side by side.
use super::input::{self, Input};
use super::sim::Simulate;
use super::{Failure, print, print_json};
use crate::report::{ComparisonReport, comparison_text};
use loadpath_core::compare::compare;
use loadpath_core::run::Run;

/// Shows every figure that both have, and by how much B is larger than A.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A run, or a design that is simulated first
    a: String,
    /// The run or design that is compared with it
    b: String,
    #[command(flatten)]
    simulate: Simulate,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let a = args.read(&args.a)?;
    let b = args.read(&args.b)?;
    let rows = compare(&a, &b);
    let (a, b) = (called(&a), called(&b));
    if args.json {
        return print_json(&ComparisonReport::new(a, b, &rows));
    }
    print(&comparison_text(&a, &b, &rows))
}

impl Args {
    fn read(&self, argument: &str) -> Result<Run, Failure> {
        match input::read(argument)? {
            Input::Run(run) => Ok(*run),
            Input::Design(design) => Ok(self.simulate.run(&input::check(argument, &design)?)),
        }
    }
}

fn called(run: &Run) -> String {
    format!("{}, {}", run.name, run.source)
}
