//! `loadgen fidelity`: a design simulated, computed and measured at several loads, side by side.
use super::ramp::{self, Load, Runs};
use super::{Failure, block_on, input, print, print_json};
use crate::report::fidelity_text;
use loadpath_core::analytic;
use loadpath_core::compare::{Fidelity, fidelity};
use loadpath_core::topology::Topology;
use serde::Serialize;

/// The design is brought up at each load, driven and measured, and simulated from the same seeds, as cold and for as long. Each
/// figure stands in a row with its error; a mark (!) says that it is beyond its tolerance: throughput 2 %, p50 10 %, p90 15 %, p99
/// 20 %, hit ratio 2 points, utilization 5 points. The score: a figure with error e and tolerance t counts max(0, 1 - |e|/2t); half of
/// it is what users see, half the nodes. Every run is kept: see `loadgen runs`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A design, or a link to one
    file: String,
    /// Shares of the rate at which something saturates in such runs, whose caches begin empty, or rates
    #[arg(long, value_delimiter = ',', default_value = "30%,60%,85%", value_parser = ramp::load)]
    loads: Vec<Load>,
    /// How often each load is measured; medians are compared
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    repeats: u16,
    #[command(flatten)]
    runs: Runs,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  loadgen fidelity shop.json
  loadgen fidelity shop.json --loads 30%,60%,85% --repeats 5 --duration 30s
  loadgen fidelity shop.json --loads 200/s,400/s --json";

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    design: &'a str,
    /// The rate at which something saturates in such runs, whose caches begin empty, per second: loads are shares of it.
    saturation: Option<f64>,
    /// The rate at which formulas say that something does with full caches, per second.
    saturation_of_full_caches: Option<f64>,
    loads: &'a [Fidelity],
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let document = input::design(&args.file)?;
    let plan = input::check(&args.file, &document)?;
    let (rates, saturation) = args.runs.rates(&args.loads, &plan, args.repeats.into())?;
    let found = block_on(args.compare(&document, &rates))?;
    if args.json {
        let (warm, saturation) = (saturation.map(|it| it.warm), saturation.map(|it| it.rate));
        let report =
            Report { design: &plan.name, saturation, saturation_of_full_caches: warm, loads: &found };
        return print_json(&report);
    }
    let mut text = format!("{}: simulated, computed and measured\n", plan.name);
    if let Some(it) = saturation.filter(|it| it.rate < it.warm) {
        let (cold, warm) = (it.rate, it.warm);
        text.push_str(&format!(
            "  with caches that begin empty {cold:.1}/s saturate it, with full ones {warm:.1}/s\n"
        ));
    }
    for one in &found {
        let share = saturation
            .map(|it| format!(", {:.0} % of what saturates it", 100.0 * one.offered_rate / it.rate));
        text.push_str(&format!(
            "\n  at {:.1}/s{}: medians of {} (least..greatest)\n\n{}",
            one.offered_rate,
            share.unwrap_or_default(),
            one.repeats,
            fidelity_text(one)
        ));
    }
    print(&text)
}

impl Args {
    async fn compare(&self, document: &Topology, rates: &[f64]) -> Result<Vec<Fidelity>, Failure> {
        let mut found = Vec::new();
        for &rate in rates {
            let plan = ramp::plan_at(&self.file, document, rate)?;
            let (mut measured, mut simulated) = (Vec::new(), Vec::new());
            for seed in (self.runs.seed..).take(usize::from(self.repeats)) {
                measured.push(self.runs.measure(&self.file, document, rate, seed).await?);
                simulated.push(self.runs.simulate(&plan, seed));
            }
            found.push(fidelity(&plan, &analytic::solve(&plan), &simulated, &measured));
        }
        Ok(found)
    }
}
