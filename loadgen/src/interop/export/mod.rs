//! Designs as files of other tools: docker-compose, Kubernetes, and the JSON Schema of the document.
//!
//! What a document says is data: names are DNS labels made here, configurations are filled with numbers and such names only, and
//! YAML is written by a serializer. What a design does not know, an image above all, is asked of a person by name.
mod agents;
mod compose;
mod config;
mod engines;
mod kubernetes;
mod order;
mod own;
mod part;
mod parts;
mod schema;
#[cfg(test)]
mod tests;
mod yaml;

pub use agents::agents;
pub use compose::compose;
pub use kubernetes::kubernetes;
pub use parts::TooMany;
pub use schema::schema;

use std::collections::BTreeMap;

/// A design in another tool's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The file.
    pub text: String,
    /// What a person must supply before it runs, a sentence each.
    pub supply: Vec<String>,
    /// What of the design it does not say, a sentence each.
    pub lost: Vec<String>,
}

/// The images that a person gave: by the node's id.
pub type Images = BTreeMap<String, String>;
