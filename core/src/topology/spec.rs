//! The document as it is written: plain data, loosely typed, so that any fault in it can be named at its place.
//!
//! A node, an edge, a class and the workload are each a bag of parameters ([`Params`]); what may stand in a bag, its unit,
//! range and default are rows of [`super::catalog`].
//!
//! ```
//! use loadpath_core::topology::Topology;
//! let text = r#"{
//!   "loadpath": 1,
//!   "nodes": [
//!     {"id": "users", "kind": "clients"},
//!     {"id": "web", "kind": "service", "service_time": "exp 8ms"}
//!   ],
//!   "edges": [{"from": "users", "to": "web"}],
//!   "workload": {"rate": "200/s", "classes": [{"name": "page"}]}
//! }"#;
//! let document = Topology::from_json(text).unwrap();
//! assert!(loadpath_core::topology::check(&document).is_ok());
//! ```
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// The version of the document that this code writes and reads.
pub const TOPOLOGY_VERSION: u32 = 1;

/// A design: what there is, who calls whom, and what is asked of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// The version of this format; see [`TOPOLOGY_VERSION`].
    pub loadpath: u32,
    /// What the design is called.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Data centers or regions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<Zone>,
    /// Round trips between zones, where they are stated and not taken from the distance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub round_trips: Vec<RoundTrip>,
    /// Machines that several nodes share.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<Host>,
    /// What there is.
    #[serde(default)]
    pub nodes: Vec<Node>,
    /// Who calls whom.
    #[serde(default)]
    pub edges: Vec<Edge>,
    /// What is asked of it.
    #[serde(default)]
    pub workload: Workload,
    /// What happens when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Happening>,
    /// What it is meant to hold.
    #[serde(default, skip_serializing_if = "Params::is_empty")]
    pub objectives: Params,
    /// What things cost, in dollars.
    #[serde(default, skip_serializing_if = "Params::is_empty")]
    pub prices: Params,
}

/// A data center or region.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Zone {
    /// Its name in the document, as a node's.
    pub id: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Where it is drawn on the canvas: left, top, width and height; around its nodes when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<[f64; 4]>,
    /// The zone's parameters.
    #[serde(flatten)]
    pub params: Params,
}

/// How long the network takes between two zones and back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RoundTrip {
    /// The id of one zone.
    pub from: String,
    /// The id of the other.
    pub to: String,
    /// Its parameters.
    #[serde(flatten)]
    pub params: Params,
}

/// A machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Host {
    /// Its name in the document, as a node's.
    pub id: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Where it is drawn on the canvas: left, top, width and height; around its nodes when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<[f64; 4]>,
    /// The host's parameters.
    #[serde(flatten)]
    pub params: Params,
}

/// Something that happens at an instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Happening {
    /// When: how long after the start, like "30s".
    pub at: String,
    /// What: the name of a row of [`super::catalog::ACTIONS`].
    pub action: String,
    /// The action's parameters.
    #[serde(flatten)]
    pub params: Params,
}

/// A component of the design.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Node {
    /// Its name in the document: a small letter, then small letters, digits and hyphens, 31 at most.
    pub id: String,
    /// Its kind: the name of a row of [`super::catalog::KINDS`].
    pub kind: String,
    /// What people call it; the kind's title when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// The id of the zone that it stands in; none when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub zone: String,
    /// The id of the host whose cores its instances use; their own when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// Where its upper left corner stands on the canvas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<[f64; 2]>,
    /// The kind's parameters.
    #[serde(flatten)]
    pub params: Params,
}

/// A call from one node to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Edge {
    /// The id of the node that calls.
    pub from: String,
    /// The id of the node that is called.
    pub to: String,
    /// The edge's parameters.
    #[serde(flatten)]
    pub params: Params,
}

/// What is asked of the design.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Workload {
    /// The classes of requests.
    #[serde(default)]
    pub classes: Vec<Class>,
    /// The arrivals' parameters.
    #[serde(flatten)]
    pub params: Params,
}

/// A class of requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Class {
    /// Its name.
    pub name: String,
    /// The class's parameters.
    #[serde(flatten)]
    pub params: Params,
}

/// Parameters by name. What is absent has the catalog's default.
pub type Params = BTreeMap<String, Value>;

/// A parameter as it is written.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(untagged))]
pub enum Value {
    /// `true` or `false`.
    Flag(bool),
    /// A bare number.
    Number(f64),
    /// A text: a choice, or a number with its unit.
    Text(String),
}

impl Topology {
    /// An empty design.
    pub fn new(name: &str) -> Self {
        Self { loadpath: TOPOLOGY_VERSION, name: name.to_owned(), ..Self::default() }
    }

    /// Reads a document. What it says may still be wrong: see [`super::check`].
    ///
    /// # Errors
    /// When the text is not JSON, not of a document's shape, or of a version that this code does not know.
    pub fn from_json(text: &str) -> Result<Self, NotATopology> {
        #[derive(Deserialize)]
        struct Version {
            loadpath: Option<u32>,
        }
        let version: Version = serde_json::from_str(text).map_err(|e| NotATopology(e.to_string()))?;
        match version.loadpath {
            None => Err(NotATopology("it has no \"loadpath\": 1 at its top".to_owned())),
            Some(TOPOLOGY_VERSION) => serde_json::from_str(text).map_err(|e| NotATopology(e.to_string())),
            Some(other) => Err(NotATopology(format!(
                "it has version {other}, and this program reads version {TOPOLOGY_VERSION}; a newer Loadpath may open it"
            ))),
        }
    }

    /// As a document on one line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a document holds only what JSON can say")
    }

    /// As a document for people to read and edit.
    pub fn to_json_pretty(&self) -> String {
        serde_json::to_string_pretty(self).expect("a document holds only what JSON can say")
    }

    /// The node of this id.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }
}

/// Why a text is not a topology document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotATopology(pub String);

impl fmt::Display for NotATopology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is not a Loadpath topology: {}", self.0)
    }
}

impl std::error::Error for NotATopology {}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            // Whole numbers without ".0", as a person writes them.
            Self::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => serializer.serialize_i64(*n as i64),
            Self::Number(n) => serializer.serialize_f64(*n),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;

        impl Visitor<'_> for ValueVisitor {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a parameter: a text, a number, true or false")
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Value, E> {
                Ok(Value::Flag(flag))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Number(number as f64))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
                Ok(Value::Number(number as f64))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
                Ok(Value::Number(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }
        }

        deserializer.deserialize_any(ValueVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_reads_back_what_it_wrote() {
        let text = r#"{"loadpath":1,"name":"x","nodes":[{"id":"a","kind":"service","at":[1.0,2.5],"workers":8}],"edges":[{"from":"a","to":"b","latency":"1ms"}],"workload":{"classes":[{"name":"read","weight":0.5}],"rate":"2k/s"}}"#;
        let document = Topology::from_json(text).unwrap();
        assert_eq!(document.to_json(), text);
    }

    #[test]
    fn what_is_not_a_document_is_refused_with_a_sentence() {
        for (text, says) in [
            ("", "EOF"),
            ("{}", "no \"loadpath\""),
            (r#"{"loadpath":2}"#, "version 2"),
            (r#"{"loadpath":1,"node":[]}"#, "unknown field `node`"),
            (r#"{"loadpath":1,"nodes":[{"id":"a","kind":"x","workers":[1]}]}"#, "a text, a number"),
            (r#"{"loadpath":1,"nodes":[{"id":"a","kind":"x","workers":1e999}]}"#, "out of range"),
        ] {
            let fault = Topology::from_json(text).unwrap_err().to_string();
            assert!(fault.contains(says), "{text}: {fault}");
        }
    }
}
