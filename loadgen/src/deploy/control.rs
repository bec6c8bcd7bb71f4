//! What the agent tells a process that is up, besides requests.
use hyper::header::HeaderName;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Where a process hears it, by POST.
pub(super) const CONTROL: &str = "/__control";
/// In which header the agent shows that it is the agent: the process's own nonce.
pub(super) const NONCE: HeaderName = HeaderName::from_static("loadpath-nonce");

/// An order to a process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Control {
    /// The instances of a node are elsewhere from now on.
    Moved {
        /// The node's id.
        node: String,
        /// Where each instance is; none for those that get nothing new.
        addresses: Vec<Option<SocketAddr>>,
    },
}
