//! Real engines in the place of our own processes: found on this machine, configured, checked, started and stopped.
//!
//! ```text
//! supervisor ──starts──▶ loadgen __node, the desk ──starts──▶ the engine
//!                        answers the agent                    answers its callers, on a port of its own
//! ```
//!
//! The desk is the instance's process to the agent: it says when the engine is ready, how busy it is and which version it
//! has, and passes on the faults that it can be given. When it dies, the kernel kills the engine; when the engine dies, it
//! ends and says why. What forks itself is in the desk's group of processes, and written down for the next start to reap.
mod balancer;
mod broker;
mod desk;
mod find;
mod haproxy;
mod manifest;
mod member;
mod nginx;
mod nginx_cache;
mod postgresql;
mod process;
mod recipe;
mod rows;
mod store;
mod support;
mod wal;

pub(super) use broker::Relay;
use desk::DIRECTORY;
pub(super) use desk::{Desk, ready_within};
pub(super) use find::path_of;
pub use find::{Found, known};
pub(super) use manifest::{kill_below, reap, signal_below};
pub use process::become_engine;
pub(super) use rows::Rows;
pub use support::{absent, beyond, unable};
pub(super) use wal::lost_writes;

use super::assignment::Assignment;
use super::deployment::{Deployment, number};
use super::node::{Instance, Node};
use super::probe;
use super::server;
use loadpath_core::id::NodeIndex;
use loadpath_core::time::Span;
use loadpath_core::topology::Plan;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::pin::pin;
use std::rc::Rc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Where a desk says which engine it is for.
pub(super) const FACTS: &str = "/__engine";

/// Which engine an instance is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// What it is called.
    pub engine: String,
    /// As it says itself.
    pub version: String,
    /// What its configuration is known by: the same in every run of the same design.
    pub configuration: String,
    /// How long it took from its start until it answered.
    pub ready_after: Span,
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, version, configuration, ready_after } = self;
        write!(f, "{engine} {version}, configuration {configuration}, ready after {ready_after}")
    }
}

/// Serves as an instance that is an engine, until that ends or is to be stopped.
///
/// # Errors
/// When it cannot be started, or ends by itself.
pub(super) async fn serve(
    listener: TcpListener,
    plan: Plan,
    index: NodeIndex,
    assignment: Assignment,
    instance: Instance,
) -> Result<(), String> {
    let mut terminate =
        signal(SignalKind::terminate()).map_err(|e| format!("SIGTERM cannot be listened for: {e}"))?;
    // It is needed as long as the process lives.
    let plan: &'static Plan = Box::leak(Box::new(plan));
    let (desk, mut process) = tokio::select! {
        opened = Desk::open(plan, index, &assignment, instance) => opened?,
        // What was started dies with this process.
        _ = terminate.recv() => return Ok(()),
    };
    let title = desk.facts().engine.clone();
    let node = Rc::new(Node::Engine(Box::new(desk)));
    let mut served = pin!(server::serve(listener, plan, index, node.clone(), assignment));
    let mut has_ended = false;
    loop {
        tokio::select! {
            how = process.ended(), if !has_ended => {
                has_ended = node.engine().is_some_and(Desk::may_end);
                if !has_ended {
                    return Err(format!("{title} ended: {how}"));
                }
            }
            served = &mut served => return served,
            _ = terminate.recv() => break,
        }
    }
    process.stop().await;
    Ok(())
}

impl Deployment {
    /// Which engines its instances are, in the document's order: the node's id, the instance counted from one, and what is
    /// known of it.
    pub async fn engines(&self) -> Vec<(String, u32, Facts)> {
        let mut engines = Vec::new();
        for (place, instance) in self.instances.iter().enumerate() {
            let assignment = &instance.assignment;
            let desk = self.desk(number(place)).filter(|_| assignment.engine.is_some());
            let Some(desk) = desk else { continue };
            let said = probe::get(desk, FACTS).await.ok();
            let facts = said.and_then(|said| serde_json::from_str(&said).ok());
            let number = u32::from(assignment.instance) + 1;
            engines.extend(facts.map(|facts| (assignment.node.clone(), number, facts)));
        }
        engines
    }
}
