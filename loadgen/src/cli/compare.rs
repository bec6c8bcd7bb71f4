//! `loadgen compare`: two runs side by side, or two designs under the same arrivals.
use super::input::{self, Input};
use super::sim::{Simulate, bar};
use super::{Failure, print, print_json};
use crate::report::{ComparisonReport, comparison_text, designs_text};
use loadpath_core::compare::{Comparison, compare, compared};
use loadpath_core::run::Run;
use loadpath_core::topology::Topology;
use serde::Serialize;

/// Of two runs it shows every figure that both have, and by how much B is larger than A. Two designs are simulated several times
/// under the same arrivals: each difference has its interval, and a verdict on B.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A run, or a design that is simulated first
    a: String,
    /// The run or design that is compared with it
    b: String,
    #[command(flatten)]
    simulate: Simulate,
    /// How often two designs are simulated
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=1_000))]
    replications: u32,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (a, b) = (input::read(&args.a)?, input::read(&args.b)?);
    if let (Input::Design(a), Input::Design(b)) = (&a, &b) {
        return args.designs(a, b);
    }
    let (a, b) = (args.run_of(&args.a, a)?, args.run_of(&args.b, b)?);
    let rows = compare(&a, &b);
    let (a, b) = (called(&a), called(&b));
    if args.json {
        return print_json(&ComparisonReport::new(a, b, &rows));
    }
    print(&comparison_text(&a, &b, &rows))
}

/// What `--json` prints of two designs.
#[derive(Serialize)]
struct DesignsReport<'a> {
    a: &'a str,
    b: &'a str,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

impl Args {
    fn run_of(&self, argument: &str, input: Input) -> Result<Run, Failure> {
        match input {
            Input::Run(run) => Ok(*run),
            Input::Design(design) => Ok(self.simulate.run(&input::check(argument, &design)?)),
        }
    }

    fn designs(&self, a: &Topology, b: &Topology) -> Result<(), Failure> {
        let (a, b) = (input::check(&self.a, a)?, input::check(&self.b, b)?);
        let bar = bar("simulating pairs", self.replications.into());
        let trials = self.simulate.trials(self.replications);
        let comparison =
            compared(&a, &b, self.simulate.seed(), &trials, |pairs| bar.set_position(pairs.into()));
        bar.finish_and_clear();
        if self.json {
            return print_json(&DesignsReport { a: &a.name, b: &b.name, comparison: &comparison });
        }
        print(&designs_text(&a.name, &b.name, &comparison))
    }
}

fn called(run: &Run) -> String {
    format!("{}, {}", run.name, run.source)
}
