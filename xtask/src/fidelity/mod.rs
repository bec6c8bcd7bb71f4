//! `cargo xtask fidelity`: designs up on embedded parts or on real engines, measured at three loads, beside their simulation before and after
//! calibration on one of the loads.
//!
//! What two cores cannot carry, clients and servers together, is slowed down: the work of all nodes takes so many times longer, the
//! entries of caches live as much longer, and rates are as much lower, which leaves utilization and hit ratios as they are. The timeline is taken off: loads are
//! to be steady. What a design has that does not come up yet is told by the agent's own sentence.

mod designs;
mod engines;
mod measure;
mod table;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::project::Project;
use designs::Design;
use measure::{Agent, Measured};

/// The loads, as shares of what saturates a design by the formulas.
const LOADS: [f64; 3] = [0.30, 0.60, 0.85];
/// The load that calibration sees; the others are predicted.
const FITTED: usize = 1;

/// The options of `fidelity`.
#[derive(Debug, PartialEq)]
pub(crate) struct Wishes {
    /// Only designs whose name holds this.
    pub(crate) only: String,
    /// How often each load is measured.
    pub(crate) repeats: u64,
    /// How many seconds of each run count.
    pub(crate) seconds: u64,
    pub(crate) json: bool,
    /// Real engines wherever a node can be one.
    pub(crate) engines: bool,
    /// An agent that was built before; none builds it.
    pub(crate) agent: Option<PathBuf>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { only: String::new(), repeats: 3, seconds: 10, json: false, engines: false, agent: None }
    }
}

/// What came of a design.
pub(crate) enum Outcome {
    Measured(Box<Measured>),
    /// It does not come up, in a sentence.
    Cannot(String),
}

/// Measures every design and prints the table.
///
/// # Errors
/// When the agent cannot be built or started, or no design comes up. Disagreement is no error: it is what the table shows.
pub(crate) fn run(project: &Project, wishes: &Wishes) -> Result<()> {
    let begun = Instant::now();
    let mut designs = designs::all()?;
    designs.retain(|design| design.document.name.to_lowercase().contains(&wishes.only.to_lowercase()));
    if designs.is_empty() {
        bail!("no design's name holds {:?}", wishes.only);
    }
    let agent = Agent::build(project, wishes)?;
    let mut outcomes: Vec<(Design, Outcome)> = Vec::new();
    for design in designs {
        let (design, outcome) = outcome_of(&agent, design, wishes)?;
        let word = match &outcome {
            Outcome::Measured(_) => "measured",
            Outcome::Cannot(_) => "does not come up",
        };
        eprintln!("{:>6.0} s  {}: {word}", begun.elapsed().as_secs_f64(), design.document.name);
        if !wishes.json {
            table::print_design(&design, &outcome);
        }
        outcomes.push((design, outcome));
    }
    if wishes.json {
        println!("{}", serde_json::to_string_pretty(&table::to_json(&outcomes))?);
    } else {
        table::print_summary(&outcomes);
    }
    if outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Cannot(_))) {
        bail!("no design came up");
    }
    Ok(())
}

fn outcome_of(agent: &Agent, design: Design, wishes: &Wishes) -> Result<(Design, Outcome)> {
    let with_engines = wishes.engines.then(|| engines::with_engines(agent, &design)).transpose()?;
    let mut design = match with_engines {
        None => design,
        Some(Ok(with_engines)) => with_engines,
        Some(Err(why)) => return Ok((design, Outcome::Cannot(why))),
    };
    agent.settle(&mut design)?;
    let outcome = agent.measure(&design)?;
    Ok((design, outcome))
}
