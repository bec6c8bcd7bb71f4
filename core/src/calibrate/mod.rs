//! A model that learns from measurement: which parameters make the simulator show what was measured, and which of them this
//! measurement cannot tell.
//!
//! [`calibrate`] takes a document and runs of it at several loads, and fits each node's own time (mean, form and variation),
//! the network to it, its workers, pools, the skew of keys, and how work grows with load. The result writes documents: of the design
//! that was measured, at any load, and of others that have nodes of the same ids.
//!
//! ```
//! use loadpath_core::calibrate::{Observed, calibrate};
//! use loadpath_core::{rng::Seed, sim::simulate, time::Span, topology};
//! let mut truth = topology::three_tier();
//! truth.nodes[2].params.insert("service_time".into(), "exp 10ms".into());
//! let plan = topology::check(&truth).unwrap();
//! let run = simulate(&plan, Seed(1), Span::SECOND, Span::from_millis(10_000));
//! // The document says 8 ms.
//! let observed = [Observed { run: &run, seed: Seed(1) }];
//! let found = calibrate(&topology::three_tier(), &observed).unwrap();
//! let web = found.parameters.iter().find(|p| p.of == "web" && p.name == "service_time").unwrap();
//! assert!(web.before == "exp 8ms" && web.after.starts_with("exp 10"), "{} {}", web.before, web.after);
//! ```
mod contention;
mod counts;
mod fit;
mod known;
mod model;
mod moments;
mod shape;
#[cfg(test)]
mod tests;

pub use contention::Contention;
pub use known::Unknown;

use crate::rng::Seed;
use crate::run::Run;
use crate::topology::{Plan, Topology, Value, check};
use fit::Fitting;
use known::Knowledge;
use model::{Model, laws};
use moments::servers_param;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Runs of which more failed say little of what an answer takes.
const MOST_ERRORS: f64 = 0.02;

/// A run of the design, and what its arrivals came from.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The run: measured, or simulated.
    pub run: &'a Run,
    /// Its seed: a simulation from it has the same arrivals.
    pub seed: Seed,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// What differs from the document now, and what was looked at and stays.
    pub parameters: Vec<Parameter>,
    /// Nodes whose work grows or shrinks with the load.
    pub contention: Vec<Contention>,
    /// What this measurement cannot tell.
    pub unknown: Vec<Unknown>,
    /// What a reader must know.
    pub notes: Vec<String>,
    #[serde(skip)]
    model: Model,
    #[serde(skip)]
    design: Design,
}

/// The plan that the model is of: its nodes and edges by place.
#[derive(Clone, Debug)]
struct Design(Plan);

impl PartialEq for Design {
    fn eq(&self, other: &Self) -> bool {
        let ids = |plan: &Plan| plan.nodes.iter().map(|node| node.id.clone()).collect::<Vec<_>>();
        ids(&self.0) == ids(&other.0)
    }
}

/// A parameter, as a document writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The node's id, "A to B" for an edge, a class's name.
    pub of: String,
    /// Its name in the document.
    pub name: String,
    /// What the document said.
    pub before: String,
    /// What fits.
    pub after: String,
    /// By how many percent it may be off at 95 %; none where that is not known.
    pub percent_off: Option<u32>,
}

/// Why nothing could be fitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncalibrated(pub String);

impl fmt::Display for Uncalibrated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Uncalibrated {}

/// Fits a document to runs of it. Costs some fifty simulations of each run.
///
/// # Errors
/// When the document is faulty or has a closed loop, when there is no run with enough good answers, and when what fits is beyond
/// what a document can say.
pub fn calibrate(document: &Topology, observed: &[Observed]) -> Result<Calibration, Uncalibrated> {
    let plan =
        check(document).map_err(|faults| Uncalibrated(format!("the design is faulty: {}", faults[0])))?;
    let mut notes = Vec::new();
    let usable = usable(&plan, observed, &mut notes)?;
    let fitting = Fitting::new(document, plan, &usable);
    fitted(&fitting, notes).map_err(Uncalibrated)
}

/// Whether a design can be calibrated at all; better asked before it is measured.
///
/// # Errors
/// When its loop is closed: the rate is then an outcome, and not what was asked of it.
pub fn check_open(plan: &Plan) -> Result<(), Uncalibrated> {
    if plan.think_time.is_none() {
        return Ok(());
    }
    let why =
        "its loop is closed; calibrate with open arrivals (\"arrivals\": \"poisson\"), whose rate is known";
    Err(Uncalibrated(why.to_owned()))
}

/// The runs that say something.
fn usable<'a>(
    plan: &Plan,
    observed: &[Observed<'a>],
    notes: &mut Vec<String>,
) -> Result<Vec<Observed<'a>>, Uncalibrated> {
    check_open(plan)?;
    let mut usable = Vec::new();
    for one in observed {
        let (run, share) = (one.run, one.run.outcomes().error_share());
        let knows = |node: &crate::topology::PlanNode| run.nodes.iter().any(|seen| seen.id == node.id);
        if !plan.nodes.iter().all(knows) {
            return Err(Uncalibrated(format!(
                "run \"{}\" is of another design: it has other nodes",
                run.name
            )));
        }
        if run.outcomes().total() == 0 || share > MOST_ERRORS {
            notes.push(format!(
                "the run at {:.0}/s is left out: {:.1} % of its requests failed",
                run.offered_rate,
                share * 100.0
            ));
        } else {
            usable.push(*one);
        }
    }
    if usable.is_empty() {
        return Err(Uncalibrated("there is no run with enough good answers; measure lower loads".to_owned()));
    }
    Ok(usable)
}

fn fitted(fitting: &Fitting, notes: Vec<String>) -> Result<Calibration, String> {
    let nodes = 0..fitting.plan.nodes.len();
    let mut model = Model::of(&fitting.plan);
    fitting.settle(&mut model)?;
    for node in nodes.clone() {
        fitting.choose_form(&mut model, node)?;
    }
    counts::fit_counts(fitting, &mut model)?;
    fitting.settle(&mut model)?;
    let cv2: Vec<f64> = nodes.map(|node| fitting.cv2(&model, node)).collect();
    let contention = contention::contention(fitting, &cv2, &fitting.simulated(&model)?);
    let known = known::known(fitting, &model)?;
    Ok(Calibration {
        parameters: parameters(&fitting.plan, &model, &known),
        contention,
        unknown: known.unknown,
        notes,
        model,
        design: Design(fitting.plan.clone()),
    })
}

impl Calibration {
    /// The calibrated document, at the loads that were measured. Also of another design: what it has in common with the measured
    /// one, by the ids of nodes and edges, gets the fitted values.
    pub fn document(&self, base: &Topology) -> Topology {
        self.model.on(&self.design.0, base)
    }

    /// The same at an arrival rate, per second: work that grows with the load is as long as it will be there.
    pub fn document_at(&self, base: &Topology, rate: f64) -> Topology {
        let mut model = self.model.clone();
        for found in &self.contention {
            if let Some(place) = self.design.0.find(&found.node) {
                model.nodes[place.index()].factor *= found.factor(rate);
            }
        }
        let mut document = model.on(&self.design.0, base);
        document.workload.params.insert("rate".to_owned(), Value::Text(format!("{rate}/s")));
        document
    }
}

fn parameters(plan: &Plan, model: &Model, known: &Knowledge) -> Vec<Parameter> {
    let mut found = Vec::new();
    let percent = |error: f64| (error < 1.0).then(|| (error * 196.0).ceil() as u32);
    for (place, node) in plan.nodes.iter().enumerate() {
        let (fitted, errors) = (&model.nodes[place], known.errors[place]);
        let mut add = |name: &str, before: String, after: String, percent_off: Option<u32>| {
            found.push(Parameter { of: node.id.clone(), name: name.to_owned(), before, after, percent_off });
        };
        for (name, law) in laws(&node.kind) {
            let off = errors.and_then(|errors| percent(errors[0]));
            add(name, law.to_string(), fitted.law(&law).to_string(), off);
        }
        let servers = moments::servers(&node.kind).filter(|&before| before != fitted.servers);
        if let Some(before) = servers {
            add(servers_param(&node.kind), before.to_string(), fitted.servers.to_string(), None);
        }
    }
    found.extend(edge_parameters(plan, model));
    let skewed = plan.classes.iter().filter(|class| class.keys > 1 && model.skew != 0.0);
    found.extend(skewed.map(|class| Parameter {
        of: class.name.clone(),
        name: "skew".to_owned(),
        before: class.skew.to_string(),
        after: format!("{:.3}", (class.skew + model.skew).clamp(0.0, 5.0)),
        percent_off: None,
    }));
    found
}

fn edge_parameters(plan: &Plan, model: &Model) -> Vec<Parameter> {
    let mut found = Vec::new();
    for (edge, pool) in plan.edges.iter().zip(&model.pools) {
        let (from, to) = (plan.node(edge.from), plan.node(edge.to));
        let mut add = |name: &str, before: String, after: String| {
            let of = format!("{} to {}", from.id, to.id);
            found.push(Parameter { of, name: name.to_owned(), before, after, percent_off: None });
        };
        let network = model.nodes[edge.to.index()].network;
        if network != 0.0 {
            let own = edge.latency.as_secs() - plan.one_way(from.zone, to.zone).as_secs();
            add(
                "latency",
                shape::rounded(own).to_string(),
                shape::rounded((own + network).max(0.0)).to_string(),
            );
        }
        if let (Some(before), Some(after)) = (edge.connections, pool)
            && before != *after
        {
            add("connections", before.to_string(), after.to_string());
        }
    }
    found
}
