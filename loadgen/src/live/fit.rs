//! Which designs can be run live, and the sentence for those that cannot.
use super::support;
use crate::deploy::{self, front};
use loadpath_core::id::NodeIndex;
use loadpath_core::time::Span;
use loadpath_core::topology::{self, Fault, NodeKind, Plan, Topology};
use loadpath_core::wire::{Caps, Refusal};
use std::fmt;

/// Why a design, or what is asked of it, cannot be run live.
#[derive(Clone, Debug, PartialEq)]
pub enum Unfit {
    /// The document is faulty.
    Faulty(Vec<Fault>),
    /// It cannot be brought up on one machine, or it asks for too much: one sentence.
    Cannot(String),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Faulty(faults) => {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                write!(f, "the design is faulty: {}", faults.join("; "))
            }
            Self::Cannot(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Unfit {}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        let error = unfit.to_string();
        let faults = if let Unfit::Faulty(faults) = unfit { faults } else { Vec::new() };
        Self { error, faults }
    }
}

/// The name of the requests of several clients nodes. It is no node's id.
const ALL_CLIENTS: &str = "*";

/// A design that can be driven.
#[derive(Clone, Debug)]
pub(super) struct Drivable {
    pub(super) plan: Plan,
    /// What the streams of chance of its requests are called: the one clients node, or all of them.
    pub(super) source: String,
    /// How long the most patient users wait.
    pub(super) timeout: Span,
    /// The node whose process the requests are sent to: the one that clients call, or one that stands for clients.
    pub(super) entry: NodeIndex,
}

/// Checks a design that is to be brought up.
///
/// # Errors
/// When it is faulty, or has no process or too many.
pub fn check_deployable(document: &Topology, caps: &Caps) -> Result<Plan, Unfit> {
    let plan = topology::check(document).map_err(Unfit::Faulty)?;
    if let Some(why) = support::missing(document) {
        return Err(Unfit::Cannot(why));
    }
    let unable = || plan.timeline.iter().find_map(|(_, action)| deploy::unable(&plan, action));
    if let Some(why) = deploy::beyond(&plan).or_else(unable).or_else(|| deploy::absent(&plan)) {
        return Err(Unfit::Cannot(why));
    }
    let processes: usize = (0_u16..)
        .zip(&plan.nodes)
        .filter(|(_, node)| !matches!(node.kind, NodeKind::Clients(_) | NodeKind::Monitoring(_)))
        .map(|(place, node)| node.kind.most_instances() + deploy::added_servers(&plan, NodeIndex(place)))
        .map(usize::from)
        .sum::<usize>()
        + usize::from(front(&plan).is_some());
    if processes > caps.processes {
        return Err(Unfit::Cannot(format!(
            "the design has {processes} instances, each a process; at most {} can be brought up: use fewer instances",
            caps.processes
        )));
    }
    Ok(plan)
}

/// Checks a design that is to be brought up and driven for `duration`.
pub(super) fn check_drivable(document: &Topology, duration: Span, caps: &Caps) -> Result<Drivable, Unfit> {
    let plan = check_deployable(document, caps)?;
    let cannot = |why: String| Err(Unfit::Cannot(why));
    let peak = crate::attack::shape(&plan).peak(plan.arrivals.rate);
    // Users of a closed loop send no faster than they are answered.
    if peak > caps.rate && plan.think_time.is_none() {
        let (rate, most) = (peak, caps.rate);
        return cannot(format!("a rate of {rate}/s is too much; a live run sends at most {most}/s"));
    }
    if duration < Span::SECOND || duration > caps.duration {
        let most = caps.duration;
        return cannot(format!("a live run lasts from 1s to {most}, not {duration}"));
    }
    let clients: Vec<_> = (0..plan.nodes.len())
        .filter_map(|i| match &plan.nodes[i].kind {
            NodeKind::Clients(clients) => Some((NodeIndex(i as u16), clients.clone())),
            _ => None,
        })
        .collect();
    let timeouts = clients.iter().map(|(_, spec)| spec.timeout);
    let timeout = timeouts.max().expect("check refuses a design without clients");
    let source = match clients.as_slice() {
        [(index, _)] => plan.node(*index).id.clone(),
        _ => ALL_CLIENTS.to_owned(),
    };
    let called = || plan.callees(clients[0].0).next().expect("check refuses clients that call nothing");
    let entry = front(&plan).unwrap_or_else(called);
    Ok(Drivable { plan, source, timeout, entry })
}

#[cfg(test)]
mod tests {
    use super::super::CAPS;
    use super::*;
    use loadpath_core::topology::three_tier;

    fn refused(change: impl FnOnce(&mut Topology), says: &str) {
        let mut document = three_tier();
        change(&mut document);
        let unfit = check_drivable(&document, Span::from_millis(5_000), &CAPS).unwrap_err().to_string();
        assert!(unfit.contains(says), "{unfit}");
    }

    #[test]
    fn the_example_can_be_driven_and_what_cannot_is_told_why() {
        let drivable = check_drivable(&three_tier(), Span::from_millis(5_000), &CAPS).unwrap();
        assert_eq!(drivable.plan.node(drivable.entry).id, "lb");
        let set = |node: usize, name: &'static str, value: f64| {
            move |document: &mut Topology| {
                document.nodes[node].params.insert(name.to_owned(), value.into());
            }
        };
        refused(set(2, "instances", 130.0), "at most 128 can be brought up");
        refused(set(2, "workers", -1.0), "the design is faulty: node \"web\", workers");
        refused(
            |document| drop(document.workload.params.insert("rate".to_owned(), "1M/s".into())),
            "at most 20000/s",
        );
        let long = check_drivable(&three_tier(), Span(2 * CAPS.duration.0), &CAPS).unwrap_err();
        assert!(long.to_string().contains("from 1s to 1h, not 2h"), "{long}");
    }
}
