//! A document inside a message, as a text: it has one reader and one writer, those of documents.
use loadpath_core::topology::Topology;
use serde::{Deserialize, Deserializer, Serializer, de};

/// Writes it as a text.
///
/// # Errors
/// Those of the writer.
pub fn serialize<S: Serializer>(document: &Topology, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&document.to_json())
}

/// Reads it from a text.
///
/// # Errors
/// When it is none, or its text is not a document.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Box<Topology>, D::Error> {
    Topology::from_json(&String::deserialize(from)?).map(Box::new).map_err(de::Error::custom)
}
