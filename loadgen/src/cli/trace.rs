//! `loadgen trace`: one request of a simulation, hop by hop.
use super::{Failure, input, print, print_json};
use loadpath_core::rng::Seed;
use loadpath_core::sim::{Hop, Trace, trace};
use loadpath_core::time::{Span, Time};
use std::fmt::Write as _;

/// Requests are numbered from zero in the order in which they are sent; the same design and seed give the same ones.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen trace shop.json --request 1200
  loadgen trace shop.json --request 1200 --seed 7 --json")]
pub(super) struct Args {
    /// A design, or a link to one
    file: String,
    /// Which request
    #[arg(long)]
    request: u64,
    /// What the simulation's chance comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How much simulated time it is looked for in
    #[arg(long, default_value = "10m", value_parser = super::args::simulated)]
    within: Span,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let plan = input::plan(&args.file)?;
    let found = trace(&plan, Seed(args.seed), args.request, Time::ZERO + args.within);
    let Some(found) = found else {
        return Err(Failure::Went(format!(
            "no request {} is sent within {}: name a smaller one, or more time with --within",
            args.request, args.within
        )));
    };
    if args.json {
        return print_json(&found);
    }
    print(&tell(&found))
}

fn tell(trace: &Trace) -> String {
    let mut text = format!("request {}\n", trace.request);
    let start = trace.hops.first().map_or(0, |hop| hop.sent_ns);
    for hop in &trace.hops {
        let indent = "  ".repeat(depth(trace, hop));
        let name = format!("{indent}{}#{} {}", hop.node, hop.instance + 1, hop.ask);
        let at = Span(hop.sent_ns - start);
        let ended = match (hop.answered_ns, hop.outcome) {
            (Some(answered), Some(outcome)) => {
                format!("{} in {}, waited {}", word(outcome), Span(answered - hop.sent_ns), Span(hop.wait_ns))
            }
            _ => "not answered".to_owned(),
        };
        writeln!(text, "  {:>12}  {name:<40} {ended}", format!("+{at}")).expect("a string takes every text");
    }
    text
}

fn depth(trace: &Trace, hop: &Hop) -> usize {
    std::iter::successors(hop.parent, |&parent| trace.hops[parent].parent).count()
}

const fn word(outcome: loadpath_core::run::Outcome) -> &'static str {
    use loadpath_core::run::Outcome::{Failed, Ok, Refused, TimedOut};
    match outcome {
        Ok => "ok",
        Refused => "refused",
        Failed => "failed",
        TimedOut => "timed out",
    }
}
