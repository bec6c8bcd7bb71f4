//! The topology document: [`spec`](Topology) as people write it, the [`catalog`] of kinds, [`check`] from one to the other.
//!
//! A document is plain data and may say anything; [`check`] turns it into a [`Plan`], which cannot be wrong, or into every
//! [`Fault`] at once. [`link`] carries a document in a URL's fragment.
pub mod catalog;
mod check;
mod examples;
mod fault;
pub mod link;
mod plan;
mod reader;
mod spec;

pub use check::{LIMITS, Limits, check};
pub use examples::three_tier;
pub use fault::{Fault, Place};
pub use plan::{
    CacheNode, ClientsNode, DatabaseNode, LoadBalancerNode, NodeKind, Plan, PlanEdge, PlanNode, ServiceNode,
};
pub use reader::parse_rate;
pub use spec::{Class, Edge, Node, NotATopology, Params, TOPOLOGY_VERSION, Topology, Value, Workload};
