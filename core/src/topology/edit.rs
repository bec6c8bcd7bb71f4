//! Changes to a document, as data: a page undoes them, a finding proposes them, a link can carry them.
//!
//! [`Edit::apply`] changes a document and gives the edit that takes the change back.
//!
//! ```
//! use loadpath_core::topology::{Bag, Edit, three_tier};
//! let mut document = three_tier();
//! let more = Edit::set(Bag::Node("web".into()), "instances", "4");
//! let back = more.apply(&mut document).unwrap();
//! assert_ne!(document, three_tier());
//! back.apply(&mut document).unwrap();
//! assert_eq!(document, three_tier());
//! ```
mod change;

use super::spec::{Edge, Happening, Host, Node, RoundTrip, Topology, Value, Zone};
use change::{
    add_host, add_node, add_zone, apply_all, edge_called, find_edge, put, remove_host, remove_node,
    remove_zone, set, stand, take,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A bag of parameters in a document, by the names of what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bag {
    /// Of the node of this id.
    Node(String),
    /// Of the edge from one id to another.
    Edge(String, String),
    /// Of the class of this name.
    Class(String),
    /// Of the arrivals.
    Workload,
    /// Of the zone of this id.
    Zone(String),
    /// Of the host of this id.
    Host(String),
    /// The objectives.
    Objectives,
    /// The prices.
    Prices,
}

/// A change to a document. A `place` is one in the document's list, at most its length; without one it is the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// A parameter gets a value; none takes it out, so that the catalog's default holds.
    Set {
        /// Whose parameter.
        of: Bag,
        /// Its name.
        name: String,
        /// What it gets.
        value: Option<Value>,
    },
    /// A node comes to stand in a zone and on a host; an empty id is none.
    Stand {
        /// The node's id.
        node: String,
        /// The zone's id.
        zone: String,
        /// The host's id.
        host: String,
    },
    /// A node is added.
    AddNode {
        /// Where in the list.
        place: Option<usize>,
        /// The node.
        node: Node,
    },
    /// A node is taken away, with its edges and what happens to it on the timeline.
    RemoveNode {
        /// Its id.
        id: String,
    },
    /// An edge is added.
    AddEdge {
        /// Where in the list.
        place: Option<usize>,
        /// The edge.
        edge: Edge,
    },
    /// An edge is taken away.
    RemoveEdge {
        /// The id of the node that calls.
        from: String,
        /// The id of the node that is called.
        to: String,
    },
    /// A zone is added.
    AddZone {
        /// Where in the list.
        place: Option<usize>,
        /// The zone.
        zone: Zone,
    },
    /// A zone is taken away, with its round trips and what happens to it; its nodes then stand in none.
    RemoveZone {
        /// Its id.
        id: String,
    },
    /// A round trip between two zones is stated.
    AddRoundTrip {
        /// Where in the list.
        place: Option<usize>,
        /// The round trip.
        round_trip: RoundTrip,
    },
    /// A stated round trip is taken away.
    RemoveRoundTrip {
        /// Where in the list.
        place: usize,
    },
    /// A host is added.
    AddHost {
        /// Where in the list.
        place: Option<usize>,
        /// The host.
        host: Host,
    },
    /// A host is taken away; its nodes then have cores of their own.
    RemoveHost {
        /// Its id.
        id: String,
    },
    /// Something is put on the timeline.
    AddHappening {
        /// Where in the list.
        place: Option<usize>,
        /// What.
        happening: Happening,
    },
    /// Something is taken off the timeline.
    RemoveHappening {
        /// Where in the list.
        place: usize,
    },
    /// Several changes, one after the other: all of them or none.
    Several(Vec<Self>),
}

/// Why a document could not be changed. It is as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditFault {
    /// There is no such thing: "node \"web\"".
    Missing(String),
    /// It is there already, or an edge leads to it already.
    Taken(String),
    /// Two of this name are there, and it is unclear which is meant.
    Doubled(String),
    /// The list is shorter than that.
    BeyondTheEnd(usize),
}

impl fmt::Display for EditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(what) => write!(f, "there is no {what}"),
            Self::Taken(what) => write!(f, "{what} is there already"),
            Self::Doubled(what) => write!(f, "there are two of {what}; rename one first"),
            Self::BeyondTheEnd(place) => write!(f, "the list has no place {place}"),
        }
    }
}

impl std::error::Error for EditFault {}

impl Edit {
    /// A parameter gets a value.
    pub fn set(of: Bag, name: &str, value: &str) -> Self {
        Self::Set { of, name: name.to_owned(), value: Some(value.into()) }
    }

    /// Changes the document; gives the edit that takes the change back. O(size of the document).
    ///
    /// # Errors
    /// When something that it names is not there, or is there twice; the document is as before.
    pub fn apply(&self, document: &mut Topology) -> Result<Self, EditFault> {
        match self {
            Self::Set { of, name, value } => set(document, of, name, value.clone()),
            Self::Stand { node, zone, host } => stand(document, node, zone, host),
            Self::AddNode { place, node } => add_node(document, *place, node),
            Self::RemoveNode { id } => remove_node(document, id),
            Self::AddEdge { place, edge } => {
                if document.edges.iter().any(|other| other.from == edge.from && other.to == edge.to) {
                    return Err(EditFault::Taken(edge_called(&edge.from, &edge.to)));
                }
                put(&mut document.edges, *place, edge)?;
                Ok(Self::RemoveEdge { from: edge.from.clone(), to: edge.to.clone() })
            }
            Self::RemoveEdge { from, to } => {
                let place = find_edge(document, from, to)?;
                Ok(Self::AddEdge { place: Some(place), edge: document.edges.remove(place) })
            }
            Self::AddZone { place, zone } => add_zone(document, *place, zone),
            Self::RemoveZone { id } => remove_zone(document, id),
            Self::AddRoundTrip { place, round_trip } => {
                let place = put(&mut document.round_trips, *place, round_trip)?;
                Ok(Self::RemoveRoundTrip { place })
            }
            Self::RemoveRoundTrip { place } => {
                let round_trip = take(&mut document.round_trips, *place)?;
                Ok(Self::AddRoundTrip { place: Some(*place), round_trip })
            }
            Self::AddHost { place, host } => add_host(document, *place, host),
            Self::RemoveHost { id } => remove_host(document, id),
            Self::AddHappening { place, happening } => {
                let place = put(&mut document.timeline, *place, happening)?;
                Ok(Self::RemoveHappening { place })
            }
            Self::RemoveHappening { place } => {
                let happening = take(&mut document.timeline, *place)?;
                Ok(Self::AddHappening { place: Some(*place), happening })
            }
            Self::Several(edits) => apply_all(edits, document),
        }
    }
}

#[cfg(test)]
mod tests;
