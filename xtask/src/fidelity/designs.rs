//! The designs of the table: lessons as they are, and some of its own, each made so slow that two cores carry it.

use anyhow::{Context, Result};
use loadpath_core::analytic;
use loadpath_core::dist::Law;
use loadpath_core::time::Span;
use loadpath_core::topology::catalog;
use loadpath_core::topology::{Node, Topology, Value, check, lessons, three_tier};

/// The lessons: the nine phases of growth, a retry storm, a hot shard. Those of caches in trouble have no steady load to compare.
const LESSONS: [&str; 11] = [
    "single-server",
    "separate-database",
    "load-balancer",
    "replication",
    "cache-and-cdn",
    "stateless-tier",
    "data-centers",
    "message-queue",
    "sharding",
    "retry-storm",
    "celebrity",
];

/// Designs of the table's own.
const OWN: [&str; 5] = [
    include_str!("designs/single-queue.json"),
    include_str!("designs/fan-out.json"),
    include_str!("designs/hot-shard.json"),
    include_str!("designs/cache-aside.json"),
    include_str!("designs/read-through.json"),
];

/// The highest rate that is sent: clients, a dozen processes and their calls share two cores.
const MOST_RATE: f64 = 150.0;

/// A design of the table.
pub(crate) struct Design {
    pub(crate) document: Topology,
    /// The rate at which formulas say that something saturates, per second.
    pub(crate) saturation: f64,
    /// What was changed, in sentences.
    pub(crate) changes: Vec<String>,
}

/// All of them.
pub(crate) fn all() -> Result<Vec<Design>> {
    let lessons = LESSONS.iter().map(|id| {
        let lesson = lessons::all().iter().find(|lesson| lesson.id == *id);
        Ok(lesson.with_context(|| format!("there is no lesson {id:?}"))?.document())
    });
    let own = OWN.iter().map(|text| Topology::from_json(text).context("a design of the table is none"));
    lessons.chain([Ok(three_tier())]).chain(own).map(|document| steady(document?)).collect()
}

/// Without its timeline, and slow enough.
pub(crate) fn steady(mut document: Topology) -> Result<Design> {
    let mut changes = Vec::new();
    if !document.timeline.is_empty() {
        document.timeline.clear();
        changes.push("its timeline is taken off".to_owned());
    }
    let mut saturation = saturation(&document)?;
    let top = super::LOADS.iter().copied().fold(0.0, f64::max);
    let mut slower = 1.0;
    // A network that stays as fast as it was lets the rest saturate somewhat later than by as much.
    while top * saturation > MOST_RATE {
        let step = (top * saturation / MOST_RATE * 10.0).ceil() / 10.0;
        slow_down(&mut document, step);
        slower *= step;
        saturation = self::saturation(&document)?;
    }
    if slower > 1.0 {
        changes.push(format!(
            "all work takes, and entries live, {slower:.1} times as long; rates are as much lower"
        ));
    }
    Ok(Design { document, saturation, changes })
}

fn saturation(document: &Topology) -> Result<f64> {
    let plan = check(document).map_err(|faults| anyhow::anyhow!("{}: {}", document.name, faults[0]))?;
    let bottleneck = analytic::solve(&plan).bottleneck;
    Ok(bottleneck.with_context(|| format!("{}: nothing saturates", document.name))?.rate)
}

/// What a node's work and its entries take: times of the network stay as they are, since loopback has its own.
const SLOWED: [&str; 5] = ["service_time", "pause", "read_time", "write_time", "ttl"];

/// The engine that a node is, unless it is embedded.
pub(crate) fn engine_of(node: &Node) -> Option<String> {
    node.params.get("engine").map(Value::to_string).filter(|engine| engine != "embedded")
}

/// Makes every node's own times longer, the catalog's defaults too, and lets entries live as much longer: so hit ratios stay.
/// An engine takes the time that it takes.
fn slow_down(document: &mut Topology, slower: f64) {
    for node in document.nodes.iter_mut().filter(|node| engine_of(node).is_none()) {
        let rows = catalog::kind(&node.kind).map_or(&[][..], |kind| kind.params);
        for row in rows.iter().filter(|row| SLOWED.contains(&row.name)) {
            let written = node.params.get(row.name).map_or_else(|| row.default.to_owned(), Value::to_string);
            let longer = match (written.parse::<Span>(), written.parse::<Law>()) {
                (Ok(span), _) if span > Span::ZERO => Span((span.0 as f64 * slower) as u64).to_string(),
                (Err(_), Ok(law)) => law.scaled(slower).to_string(),
                // Zero, and "never".
                _ => continue,
            };
            node.params.insert(row.name.to_owned(), Value::from(longer.as_str()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_design_is_one_that_two_cores_carry() {
        let designs = all().unwrap();
        assert!(designs.len() >= 12);
        for design in designs {
            assert!(0.85 * design.saturation <= MOST_RATE, "{}", design.document.name);
            assert!(design.document.timeline.is_empty());
        }
    }
}
