//! `loadgen calibrate`: fits a design to what was measured of it, and predicts what was not.
use super::input::Input;
use super::ramp::{self, Load, Runs};
use super::run::writable;
use super::{Failure, block_on, input, print, print_json};
use crate::report::{calibration_text, prediction_text};
use loadpath_core::analytic;
use loadpath_core::calibrate::{Calibration, Observed, Uncalibrated, calibrate, check_open};
use loadpath_core::compare::{Fidelity, fidelity};
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
use loadpath_core::topology::Topology;
use serde::Serialize;
use std::path::PathBuf;

/// The design is brought up and measured at each of the loads. The simulator, from the same seeds, is fitted to that: each node's
/// own time (mean, form and variation), the network to it, its workers and pools, the skew of keys, and how work grows with the load. Then
/// loads and designs that were not measured are predicted, measured, and compared: how far off the simulation was before, and is
/// now. What this measurement cannot tell is said, with what would help.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A design, or a link to one
    file: String,
    /// What is measured and fitted: shares of the rate at which something saturates in such runs, whose caches begin empty, or rates
    #[arg(long, value_delimiter = ',', default_value = "30%,60%", value_parser = ramp::load)]
    loads: Vec<Load>,
    /// Fit to these runs instead: files, or runs that are kept
    #[arg(long, value_name = "RUN", value_delimiter = ',', conflicts_with = "loads")]
    from: Vec<String>,
    /// A load to predict, then to measure
    #[arg(long, value_name = "LOAD", value_parser = ramp::load)]
    predict: Option<Load>,
    /// A design to predict, then to measure: it gets what was learnt of the nodes and edges that it shares
    #[arg(long, value_name = "DESIGN")]
    predict_design: Option<String>,
    /// Write the calibrated design to this file
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    runs: Runs,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

/// How many simulations say what saturates the design: their chance is a third of one's variance.
const REPEATS: u64 = 3;

const EXAMPLES: &str = "\
Examples:
  loadgen calibrate shop.json --save shop-calibrated.json
  loadgen calibrate shop.json --loads 20%,40%,60% --predict 85%
  loadgen calibrate shop.json --predict 60% --predict-design shop-with-cache.json --json
  loadgen calibrate shop.json --from monday,tuesday --save shop-calibrated.json";

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    design: &'a str,
    /// The rates of the runs that it was fitted to, per second.
    fitted_to: Vec<f64>,
    #[serde(flatten)]
    found: &'a Calibration,
    predictions: &'a [Prediction],
    /// The calibrated design.
    document: &'a Topology,
}

/// What was not fitted, before and after.
#[derive(Serialize)]
struct Prediction {
    design: String,
    rate: f64,
    before: Fidelity,
    after: Fidelity,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let document = input::design(&args.file)?;
    let plan = input::check(&args.file, &document)?;
    let bad = |fault: Uncalibrated| Failure::Input(format!("{}: {fault}", input::shown(&args.file)));
    check_open(&plan).map_err(bad)?;
    args.save.as_deref().map_or(Ok(()), |file| writable("--save", file))?;
    let other = args.predict_design.as_deref().map(input::design).transpose()?;
    let fitted = if args.from.is_empty() { &*args.loads } else { &[] };
    // All of them are shares of the same.
    let loads: Vec<Load> = fitted.iter().copied().chain(args.predict).collect();
    let (mut loads, _) = args.runs.rates(&loads, &plan, REPEATS)?;
    let predicted = loads.split_off(fitted.len()).pop();
    let (runs, seeds) =
        if args.from.is_empty() { block_on(args.measure(&document, &loads))? } else { args.read()? };
    let observed: Vec<Observed> =
        runs.iter().zip(&seeds).map(|(run, &seed)| Observed { run, seed: Seed(seed) }).collect();
    args.runs.say("fitting");
    let found = calibrate(&document, &observed).map_err(bad)?;
    let predictions = block_on(args.predict((&document, predicted), other.as_ref(), &found))?;
    let calibrated = found.document(&document);
    if let Some(file) = &args.save {
        std::fs::write(file, calibrated.to_json_pretty() + "\n")
            .map_err(|why| Failure::Went(format!("--save {}: {why}", file.display())))?;
    }
    if args.json {
        let fitted_to = runs.iter().map(|run| run.offered_rate).collect();
        let (design, predictions, document) = (&*plan.name, &*predictions, &calibrated);
        return print_json(&Report { design, fitted_to, found: &found, predictions, document });
    }
    print(&args.text(&plan.name, &runs, &found, &predictions))
}

impl Args {
    async fn measure(&self, document: &Topology, rates: &[f64]) -> Result<(Vec<Run>, Vec<u64>), Failure> {
        let (mut runs, mut seeds) = (Vec::new(), Vec::new());
        for (&rate, seed) in rates.iter().zip(self.runs.seed..) {
            runs.push(self.runs.measure(&self.file, document, rate, seed).await?);
            seeds.push(seed);
        }
        Ok((runs, seeds))
    }

    fn read(&self) -> Result<(Vec<Run>, Vec<u64>), Failure> {
        let run = |name: &String| match input::read(name)? {
            Input::Run(run) => Ok(*run),
            Input::Design(_) => Err(Failure::Input(format!(
                "{}: this is a design, and a run is needed here",
                input::shown(name)
            ))),
        };
        let runs: Vec<Run> = self.from.iter().map(run).collect::<Result<_, _>>()?;
        let seeds = vec![self.runs.seed; runs.len()];
        Ok((runs, seeds))
    }

    async fn predict(
        &self,
        (document, rate): (&Topology, Option<f64>),
        other: Option<&Topology>,
        found: &Calibration,
    ) -> Result<Vec<Prediction>, Failure> {
        let mut predictions = Vec::new();
        if let Some(rate) = rate {
            predictions.push(self.prediction(&self.file, document, rate, found).await?);
        }
        if let (Some(file), Some(other)) = (&self.predict_design, other) {
            let load = self.predict.unwrap_or(Load::Share(0.6));
            let (rates, _) = self.runs.rates(&[load], &input::check(file, other)?, REPEATS)?;
            predictions.push(self.prediction(file, other, rates[0], found).await?);
        }
        Ok(predictions)
    }

    async fn prediction(
        &self,
        file: &str,
        document: &Topology,
        rate: f64,
        found: &Calibration,
    ) -> Result<Prediction, Failure> {
        // Another seed than those of the runs that were fitted.
        let seed = self.runs.seed + 1_000;
        let measured = self.runs.measure(file, document, rate, seed).await?;
        let compare = |document: &Topology| -> Result<Fidelity, Failure> {
            let plan = ramp::plan_at(file, document, rate)?;
            let simulated = self.runs.simulate(&plan, seed);
            Ok(fidelity(&plan, &analytic::solve(&plan), &[simulated], std::slice::from_ref(&measured)))
        };
        Ok(Prediction {
            design: document.name.clone(),
            rate,
            before: compare(document)?,
            after: compare(&found.document_at(document, rate))?,
        })
    }

    fn text(&self, name: &str, runs: &[Run], found: &Calibration, predictions: &[Prediction]) -> String {
        let rates: Vec<String> = runs.iter().map(|run| format!("{:.1}/s", run.offered_rate)).collect();
        let mut text =
            format!("{name}: fitted to runs at {}\n\n{}", rates.join(", "), calibration_text(found));
        for one in predictions {
            text.push_str(&format!(
                "\n  {} at {:.1}/s, which was not fitted:\n\n{}",
                one.design,
                one.rate,
                prediction_text(&one.before, &one.after)
            ));
        }
        if let Some(file) = &self.save {
            text.push_str(&format!("\n  written to {}\n", file.display()));
        }
        text
    }
}
