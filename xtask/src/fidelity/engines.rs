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
    let rate = design.rate(LOADS[0]);
    let most = most_engines(&design.document, |document| match agent.run(document, rate, 1)? {
        Err(refusal) if refusal.contains("cannot be brought up") => bail!("{}: {refusal}", document.name),
        done => Ok(done),
    })?;
    let (document, run, why_not) = match most {
        Ok(most) => most,
        Err(why) => return Ok(Err(why)),
    };
    let found = calibrate(&document, &[Observed { run: &run, seed: Seed(1) }])?.document(&document);
    rescaled(document, &found, why_not).map(Ok)
}

/// A document, what came of it, and which of its nodes stay embedded, in sentences.
type Most<T> = (Topology, T, Vec<String>);

/// The document with as many engines as are taken: who is refused is set back to embedded, and tried again as long as that frees others.
/// Why none is taken, in a sentence, where it is so.
fn most_engines<T>(
    document: &Topology,
    mut attempt: impl FnMut(&Topology) -> Result<Result<T, String>>,
) -> Result<Result<Most<T>, String>> {
    let mut document = document.clone();
    for node in &mut document.nodes {
        if let Some(engine) = engine_for(&node.kind) {
            node.params.insert("engine".to_owned(), Value::from(engine));
        }
    }
    let (mut taken, mut embedded) = (None, Vec::new());
    while taken.is_none() && document.nodes.iter().any(|node| engine_of(node).is_some()) {
        match attempt(&document)? {
            Ok(done) => taken = Some(done),
            Err(refusal) => {
                let Some(place) = refused(&document, &refusal) else { return Ok(Err(refusal)) };
                document.nodes[place].params.remove("engine");
                embedded.push((place, refusal));
            }
        }
    }
    while let Some((freed, done)) = first_taken(&document, &embedded, &mut attempt)? {
        let (place, _) = embedded.remove(freed);
        document = with_engine(&document, place);
        taken = Some(done);
    }
    let why_not = |(place, refusal): &(usize, String)| {
        format!("{} stays embedded: {refusal}", document.nodes[*place].id)
    };
    let mut why_not: Vec<String> = embedded.iter().map(why_not).collect();
    let none = || "none of its nodes can be an engine".to_owned();
    Ok(match taken {
        Some(done) => Ok((document, done, why_not)),
        None => Err(why_not.pop().unwrap_or_else(none)),
    })
}

/// The first of the nodes that were set back which is taken now, since others were too; what came of it.
fn first_taken<T>(
    document: &Topology,
    embedded: &[(usize, String)],
    attempt: &mut impl FnMut(&Topology) -> Result<Result<T, String>>,
) -> Result<Option<(usize, T)>> {
    for (freed, (place, _)) in embedded.iter().enumerate() {
        if let Ok(done) = attempt(&with_engine(document, *place))? {
            return Ok(Some((freed, done)));
        }
    }
    Ok(None)
}

/// The place of the node that a refusal names.
fn refused(document: &Topology, refusal: &str) -> Option<usize> {
    let named = |id: &str| refusal.starts_with(&format!("node \"{id}\" is "));
    document.nodes.iter().position(|node| engine_of(node).is_some() && named(&node.id))
}

fn with_engine(document: &Topology, place: usize) -> Topology {
    let mut document = document.clone();
    let node = &mut document.nodes[place];
    if let Some(engine) = engine_for(&node.kind) {
        node.params.insert("engine".to_owned(), Value::from(engine));
    }
    document
}

fn engine_for(kind: &str) -> Option<&'static str> {
    ENGINES.iter().find(|(of, _)| *of == kind).map(|(_, engine)| *engine)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A point of presence before a balancer before a database, and an agent that takes no engine before an engine, none of `never`, and
    /// says so as the real one does. What is taken, which nodes stay embedded, and how often a document was taken on the way.
    fn taken(never: &[&str]) -> (Result<Vec<String>, String>, usize) {
        let text = r#"{"loadpath": 1, "nodes": [{"id": "users", "kind": "clients"}, {"id": "edge", "kind": "cdn"},
            {"id": "lb", "kind": "load_balancer"}, {"id": "db", "kind": "database"}],
            "edges": [{"from": "users", "to": "edge"}, {"from": "edge", "to": "lb"}, {"from": "lb", "to": "db"}]}"#;
        let document = Topology::from_json(text).unwrap();
        let mut times = 0;
        let found = most_engines(&document, |document| {
            let engine = |id: &str| document.nodes.iter().find(|node| node.id == id).and_then(engine_of);
            let beyond = document.nodes.iter().find_map(|node| {
                let own = engine_of(node)?;
                let calls =
                    document.edges.iter().find(|edge| edge.from == node.id && engine(&edge.to).is_some());
                let why = calls.map(|edge| format!("it calls \"{}\", an engine too", edge.to));
                let why = why.or_else(|| never.contains(&&*node.id).then(|| "policy".to_owned()))?;
                Some(format!("node \"{}\" is {own}, which cannot be all that is drawn; {why}", node.id))
            });
            times += usize::from(beyond.is_none());
            Ok(beyond.map_or(Ok(()), Err))
        });
        let ids = |(document, ..): Most<()>| {
            let engines = document.nodes.into_iter().filter(|node| engine_of(node).is_some());
            engines.map(|node| node.id).collect::<Vec<_>>()
        };
        (found.unwrap().map(ids), times)
    }

    #[test]
    fn who_was_refused_because_of_another_is_tried_again_when_that_is_embedded() {
        // The balancer calls an engine, and so is none; then nothing is in the way of who calls the balancer.
        assert_eq!(taken(&[]), (Ok(vec!["edge".to_owned(), "db".to_owned()]), 2));
        // Nor of the balancer once the database is none, but the point of presence came first.
        assert_eq!(taken(&["db"]), (Ok(vec!["edge".to_owned()]), 1));
        assert_eq!(taken(&["db", "edge"]), (Ok(vec!["lb".to_owned()]), 1));
        let (why, times) = taken(&["db", "edge", "lb"]);
        assert!(why.unwrap_err().starts_with("db stays embedded: node"), "the last that was tried");
        assert_eq!(times, 0);
    }
}
