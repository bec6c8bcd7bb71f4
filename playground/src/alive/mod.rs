//! What runs, as a person sees and steers it: faults, the timeline, charts over time, single requests.
pub mod fault;

use crate::model::Model;
use loadpath_core::sim::Command;
use loadpath_core::topology::Edge;

pub use fault::{Target, faults_for, happening, targets};

/// Something happened to what runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// These are to be done to it, at once and in this order.
    Inject(Vec<Command>),
}

/// Whether an edge of the document is cut in the simulation; none when it is not simulated.
pub fn is_cut(model: &Model, edge: &Edge) -> Option<bool> {
    let simulated = model.simulated.document.as_deref()?;
    let same = |other: &Edge| other.from == edge.from && other.to == edge.to;
    let place = simulated.edges.iter().position(same)?;
    let seen = model.simulated.snapshot.as_deref()?.edges.get(place)?;
    Some(seen.cut)
}
