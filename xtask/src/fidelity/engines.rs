//! The same designs with real engines in the places that can have one.
//!
//! What an engine's work takes is not drawn but its own. So a short run at the least load is measured first; what calibration finds
//! of the engines' nodes is put into the document, and loads are shares of what then saturates it.

use anyhow::{Result, bail};
use loadpath_core::calibrate::{Observed, calibrate};
use loadpath_core::rng::Seed;
use loadpath_core::topology::{Topology, Value};

use super::LOADS;
use super::designs::{self, Design, engine_of};
use super::measure::Agent;

/// Which engine stands for a kind of node.
const ENGINES: [(&str, &str); 5] = [
    ("load_balancer", "haproxy"),
    ("cdn", "nginx"),
    ("cache", "redis"),
    ("database", "postgresql"),
    ("queue", "nats"),
];

/// The design with engines wherever the agent takes them; why not, in a sentence, when it takes none.
///
/// # Errors
/// When the agent does not run, or an engine is not on this machine.
pub(crate) fn with_engines(agent: &Agent, design: &Design) -> Result<Result<Design, String>> {
    let mut document = design.document.clone();
    for node in &mut document.nodes {
        if let Some((_, engine)) = ENGINES.iter().find(|(kind, _)| *kind == node.kind) {
            node.params.insert("engine".to_owned(), Value::from(*engine));
        }
    }
    let mut why_not = Vec::new();
    while document.nodes.iter().any(|node| engine_of(node).is_some()) {
        let refusal = match agent.run(&document, LOADS[0] * design.saturation, 1)? {
            Ok(run) => {
                let observed = [Observed { run: &run, seed: Seed(1) }];
                let found = calibrate(&document, &observed)?.document(&document);
                return rescaled(document, &found, why_not).map(Ok);
            }
            Err(refusal) => refusal,
        };
        if refusal.contains("cannot be brought up") {
            bail!("{}: {refusal}", document.name);
        }
        let named = |id: &str| refusal.starts_with(&format!("node \"{id}\" is "));
        let Some(node) = document.nodes.iter_mut().find(|node| engine_of(node).is_some() && named(&node.id))
        else {
            return Ok(Err(refusal));
        };
        node.params.remove("engine");
        why_not.push(format!("{} stays embedded: {refusal}", node.id));
    }
    Ok(Err(why_not.pop().unwrap_or_else(|| "none of its nodes can be an engine".to_owned())))
}

/// With the engines' own times in it.
fn rescaled(mut document: Topology, found: &Topology, why_not: Vec<String>) -> Result<Design> {
    let mut changes = Vec::new();
    for (node, found) in document.nodes.iter_mut().zip(&found.nodes) {
        if let Some(engine) = engine_of(node) {
            changes.push(format!("{} is {engine}", node.id));
            node.params = found.params.clone();
        }
    }
    changes.extend(why_not);
    let mut design = designs::steady(document)?;
    changes.append(&mut design.changes);
    Ok(Design { changes, ..design })
}
