//! What is wrong with a document: where, what, and what to do.
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where in a document something stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The document as a whole.
    Document,
    /// A node, by its place in the list (ids may be doubled or missing).
    Node(usize),
    /// An edge, by its place in the list.
    Edge(usize),
    /// A zone, by its place in the list.
    Zone(usize),
    /// A stated round trip, by its place in the list.
    RoundTrip(usize),
    /// A host, by its place in the list.
    Host(usize),
    /// The workload.
    Workload,
    /// A class of requests, by its place in the list.
    Class(usize),
    /// Something on the timeline, by its place in the list.
    Timeline(usize),
    /// The objectives.
    Objectives,
    /// The prices.
    Prices,
}

/// Something that is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What that place is called by people: `node "web"`, `edge "lb" to "web"`.
    pub called: String,
    /// The parameter, where it is one.
    pub field: Option<String>,
    /// What is wrong and what to do: one sentence, without a full stop.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.called)?;
        if let Some(field) = &self.field {
            write!(f, ", {field}")?;
        }
        write!(f, ": {}", self.what)
    }
}
