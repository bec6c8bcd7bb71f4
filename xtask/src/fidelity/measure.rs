//! Runs of the agent, simulations of the same, and calibration.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use loadpath_core::analytic;
use loadpath_core::calibrate::{Calibration, Observed, calibrate};
use loadpath_core::compare::{Fidelity, fidelity};
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
use loadpath_core::sim::simulate;
use loadpath_core::time::Span;
use loadpath_core::topology::{NodeKind, Plan, Topology, Value, check};

use super::designs::Design;
use super::{FITTED, LOADS, Outcome, Wishes};
use crate::project::{Project, run as run_command};

/// How long each run lasts before it counts; the simulation starts as cold.
const WARM_UP: Span = Span(4 * Span::SECOND.0);
/// By how much the utilization of so short a run may be higher than in the long run, by chance.
const CHANCE: f64 = 0.03;
/// How often the range of rates is halved: to a thousandth.
const HALVINGS: u32 = 10;
/// What the agent exits with when a design is refused.
const REFUSED: i32 = 2;

/// The agent's program, and how it is used.
pub(crate) struct Agent {
    program: PathBuf,
    folder: PathBuf,
    repeats: u64,
    duration: Span,
}

/// A design at each load.
pub(crate) struct Measured {
    /// The simulation as the document says.
    pub(crate) before: Vec<Fidelity>,
    /// The simulation after calibration on the fitted load.
    pub(crate) after: Vec<Fidelity>,
    pub(crate) calibration: Calibration,
}

impl Agent {
    /// Builds it with all optimisation, as its own work must not show; unless one is named.
    pub(crate) fn build(project: &Project, wishes: &Wishes) -> Result<Self> {
        let folder = project.target.join("fidelity");
        std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let program = match &wishes.agent {
            Some(agent) => {
                agent.canonicalize().with_context(|| format!("{} is not there", agent.display()))?
            }
            None => {
                run_command(&mut project.cargo(&["build", "--release", "--locked", "--package", "loadgen"]))?;
                project.target.join("release").join("loadgen")
            }
        };
        let duration = Span(wishes.seconds * Span::SECOND.0);
        Ok(Self { program, folder, repeats: wishes.repeats, duration })
    }

    /// Begins with what caches begin with: nothing. Until they are full more goes past them than formulas for the long run say, and a
    /// share of what saturates the full ones would be an overload. So it is the simulation of just such a run that says which rate keeps
    /// the busiest node as busy as the highest load is to.
    pub(crate) fn settle(&self, design: &mut Design) -> Result<()> {
        let top = LOADS.iter().copied().fold(0.0, f64::max);
        let busiest = |saturation: f64| -> Result<f64> {
            let plan = plan(&at(&design.document, top * saturation))?;
            let runs =
                (1..=self.repeats.max(3)).map(|seed| simulate(&plan, Seed(seed), WARM_UP, self.duration));
            let each: Vec<f64> = runs
                .map(|run| run.nodes.iter().filter_map(|node| node.utilization).fold(0.0, f64::max))
                .collect();
            Ok(each.iter().sum::<f64>() / each.len() as f64)
        };
        let warm = design.saturation;
        if !has_caches(&plan(&design.document)?) || busiest(warm)? <= top + CHANCE {
            return Ok(());
        }
        let (mut low, mut high) = (0.0, warm);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if busiest(middle)? > top { high = middle } else { low = middle }
        }
        design.saturation = low;
        design
            .changes
            .push(format!("with caches that begin empty {low:.0}/s saturate it, with full ones {warm:.0}/s"));
        Ok(())
    }

    /// Each load as often as wished; what is refused says why.
    pub(crate) fn measure(&self, design: &Design) -> Result<Outcome> {
        let mut runs = Vec::new();
        for share in LOADS {
            let rate = (share * design.saturation * 10.0).round() / 10.0;
            let mut measured = Vec::new();
            for seed in 1..=self.repeats {
                match self.run(&design.document, rate, seed)? {
                    Ok(run) => measured.push(run),
                    Err(why) => return Ok(Outcome::Cannot(why)),
                }
            }
            runs.push((rate, measured));
        }
        self.compared(&design.document, &runs).map(|measured| Outcome::Measured(Box::new(measured)))
    }

    /// One run at a rate; why not, in a sentence, when the design is refused.
    pub(crate) fn run(&self, document: &Topology, rate: f64, seed: u64) -> Result<Result<Run, String>> {
        let (file, out) = (self.folder.join("design.json"), self.folder.join("run.json"));
        std::fs::write(&file, at(document, rate).to_json())?;
        let mut command = Command::new(&self.program);
        command.arg("run").arg(&file).arg("--out").arg(&out);
        command.args(["--quiet", "--seed", &seed.to_string(), "--rate", &format!("{rate}/s")]);
        command.args(["--warm-up", &WARM_UP.to_string(), "--duration", &self.duration.to_string()]);
        let output = command.stdin(Stdio::null()).output().context("the agent does not start")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().last().unwrap_or_default().trim_start_matches("loadgen: ");
            let said = said.split_once(".json: ").map_or(said, |(_, why)| why).to_owned();
            if output.status.code() == Some(REFUSED) {
                return Ok(Err(said));
            }
            bail!("{} at {rate}/s: {said}", document.name);
        }
        let text = std::fs::read_to_string(&out)?;
        Ok(Ok(Run::from_json(&text)?))
    }

    fn compared(&self, document: &Topology, runs: &[(f64, Vec<Run>)]) -> Result<Measured> {
        let (_, fitted) = &runs[FITTED];
        let observed: Vec<Observed> =
            fitted.iter().zip(1..).map(|(run, seed)| Observed { run, seed: Seed(seed) }).collect();
        let calibration = calibrate(document, &observed).with_context(|| document.name.clone())?;
        let compare = |of: &dyn Fn(f64) -> Topology| -> Result<Vec<Fidelity>> {
            let each = runs.iter().map(|(rate, measured)| self.fidelity(&of(*rate), *rate, measured));
            each.collect()
        };
        Ok(Measured {
            before: compare(&|_| document.clone())?,
            after: compare(&|rate| calibration.document_at(document, rate))?,
            calibration,
        })
    }

    fn fidelity(&self, document: &Topology, rate: f64, measured: &[Run]) -> Result<Fidelity> {
        let plan = plan(&at(document, rate))?;
        let simulated: Vec<Run> =
            (1..=self.repeats).map(|seed| simulate(&plan, Seed(seed), WARM_UP, self.duration)).collect();
        Ok(fidelity(&plan, &analytic::solve(&plan), &simulated, measured))
    }
}

fn has_caches(plan: &Plan) -> bool {
    plan.nodes.iter().any(|node| matches!(node.kind, NodeKind::Cache(_) | NodeKind::Cdn(_)))
}

fn at(document: &Topology, rate: f64) -> Topology {
    let mut document = document.clone();
    document.workload.params.insert("rate".to_owned(), Value::from(format!("{rate}/s").as_str()));
    document
}

fn plan(document: &Topology) -> Result<Plan> {
    check(document).map_err(|faults| anyhow::anyhow!("{}: {}", document.name, faults[0]))
}
