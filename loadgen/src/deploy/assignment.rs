//! What a node's process is told when it starts: which instance of which design it is, and where the others are.
use super::host::Host;
use loadpath_core::time::Span;
use loadpath_core::topology::Topology;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The variable in the environment of every process of a run; its value is the run's id.
pub const RUN_VARIABLE: &str = "LOADGEN_RUN";

/// What a node's process is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignment {
    /// The run's id.
    pub(super) run: String,
    /// The design, which is checked again by the process itself.
    pub(super) document: Topology,
    /// The node's id.
    pub(super) node: String,
    /// Which of its instances, counted from zero.
    pub(super) instance: u16,
    /// What its chance comes from.
    pub(super) seed: u64,
    /// What `/healthz` answers, so that a stranger on the same port is not taken for this node.
    pub(super) nonce: String,
    /// What engines are opened by: only the run's own processes know it.
    #[serde(default)]
    pub(super) secret: String,
    /// Where the instances of the nodes are that it calls, by id, in order.
    pub(super) addresses: BTreeMap<String, Vec<SocketAddr>>,
    /// Which member of each shard is the primary, by the database's id, where that is not the first of all.
    #[serde(default)]
    pub(super) primaries: BTreeMap<String, Vec<u16>>,
    /// For a server of a database that is an engine: whom it follows; none for who leads.
    #[serde(default)]
    pub(super) primary: Option<SocketAddr>,
    /// The one-way latency of the clients' edge, when clients call this node: nobody else can add it.
    pub(super) entry_latency: Span,
    /// The host whose cores it shares with others, if it does.
    #[serde(default)]
    pub(super) host: Option<Host>,
    /// The program of a real engine, which listens itself; none for ours.
    #[serde(default)]
    pub(super) engine: Option<PathBuf>,
    /// Where the engine is to listen on loopback; the supervisor finds it.
    #[serde(default)]
    pub(super) engine_port: Option<u16>,
    /// Callers of the engine come to the process beside it, which speaks the engine's protocol for them.
    #[serde(default)]
    pub(super) behind_desk: bool,
    /// The supervisor's process id: the node ends with it.
    pub(super) supervisor: u32,
}
