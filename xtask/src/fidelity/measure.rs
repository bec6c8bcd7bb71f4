//! Runs of the agent, simulations of the same, and calibration.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use loadpath_core::analytic;
use loadpath_core::calibrate::{Calibration, Observed, calibrate};
use loadpath_core::compare::{Fidelity, RunPlan, fidelity, saturation};
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
use loadpath_core::sim::simulate;
use loadpath_core::time::Span;
use loadpath_core::topology::{Plan, Topology, Value, check};

use super::designs::Design;
use super::{FITTED, LOADS, Outcome, Wishes};
use crate::project::{Project, run as run_command};

/// How long each run lasts before it counts; the simulation starts as cold.
const WARM_UP: Span = Span(4 * Span::SECOND.0);
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

    /// Has loads be shares of what saturates such runs: their caches begin empty.
    pub(crate) fn settle(&self, design: &mut Design) -> Result<()> {
        let top = LOADS.iter().copied().fold(0.0, f64::max);
        let runs =
            RunPlan { warm_up: WARM_UP, duration: self.duration, seed: 1, repeats: self.repeats.max(3) };
        let Some(found) = saturation(&plan(&design.document)?, top, runs) else { return Ok(()) };
        if found.rate < found.warm {
            design.saturation = found.rate;
            design.changes.push(format!(
                "with caches that begin empty {:.0}/s saturate it, with full ones {:.0}/s",
                found.rate, found.warm
            ));
        }
        Ok(())
    }

    /// Each load as often as wished; what is refused says why.
    pub(crate) fn measure(&self, design: &Design) -> Result<Outcome> {
        let mut runs = Vec::new();
        for share in LOADS {
            let rate = design.rate(share);
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

fn at(document: &Topology, rate: f64) -> Topology {
    let mut document = document.clone();
    document.workload.params.insert("rate".to_owned(), Value::from(format!("{rate}/s").as_str()));
    document
}

fn plan(document: &Topology) -> Result<Plan> {
    check(document).map_err(|faults| anyhow::anyhow!("{}: {}", document.name, faults[0]))
}
