//! `loadgen compare`: two runs side by side, or two designs under the same arrivals.
use super::input::{self, Input};
use super::sim::{Simulate, bar};
use super::{Failure, print, print_json};
use crate::report::{ComparisonReport, comparison_text, designs_text, judge, judged_text, shape};
use crate::store::Story;
use loadpath_core::compare::{Comparison, compare, compared};
use loadpath_core::run::Run;
use loadpath_core::topology::Topology;
use serde::Serialize;

/// Of two runs it shows every figure that both have, by how much B is larger than A, and a verdict on B from 95 % intervals. A run may be
/// a file, a result of another tool (see `loadgen import`), or one that is kept: its id, its name, or "last". Two designs are simulated several times
/// under the same arrivals: each difference has its interval, and a verdict on B.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
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

const EXAMPLES: &str = "\
Examples:
  loadgen compare base last
  loadgen compare run.json wrk2.txt --json
  loadgen compare shop.json last
  loadgen compare shop.json shop-with-cache.json";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (a, b) = (input::read(&args.a)?, input::read(&args.b)?);
    if let (Input::Design(a), Input::Design(b)) = (&a, &b) {
        return args.designs(a, b);
    }
    let (a, b) = (args.run_of(&args.a, a)?, args.run_of(&args.b, b)?);
    let rows = compare(&a.run, &b.run);
    let (judged, shape) = (judge(&a, &b), shape(&a.run.response(), &b.run.response()));
    let known_seconds = !a.intervals.is_empty() && !b.intervals.is_empty();
    let (a, b) = (called(&a.run), called(&b.run));
    if args.json {
        return print_json(&ComparisonReport::new(a, b, &rows, (judged, shape)));
    }
    print(&format!("{}\n{}", comparison_text(&a, &b, &rows), judged_text(&judged, shape, known_seconds)))
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
    fn run_of(&self, argument: &str, input: Input) -> Result<Story, Failure> {
        match input {
            Input::Run(run) => input::with_seconds(argument, *run),
            Input::Design(design) => Ok(Story::whole(self.simulate.run(&input::check(argument, &design)?))),
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
