//! The topology document: [`spec`](Topology) as people write it, the [`catalog`] of kinds, [`check`] from one to the other.
//!
//! A document is plain data and may say anything; [`check`] turns it into a [`Plan`], which cannot be wrong, or into every
//! [`Fault`] at once. [`link`] carries a document in a URL's fragment; [`lessons`] are documents to learn from.
pub mod catalog;
mod check;
mod edit;
mod examples;
mod fault;
mod kind;
pub mod lessons;
pub mod link;
mod plan;
mod policy;
mod reader;
mod spec;
mod steps;

pub use check::{LIMITS, Limits, check};
pub use edit::{Bag, Edit, EditFault};
pub use examples::three_tier;
pub use fault::{Fault, Place};
pub use kind::{
    Autoscaling, CacheNode, CdnNode, ClientsNode, DatabaseNode, DnsNode, DnsPolicy, Engine, ExternalNode,
    LoadBalancerNode, MonitoringNode, NodeKind, ObjectStoreNode, QueueMode, QueueNode, Reads, Reliability,
    Replication, ScaleBy, ServiceNode, Work, WorkersNode, Writes,
};
pub use plan::{Action, Mode, Objectives, Plan, PlanEdge, PlanHost, PlanNode, PlanZone, Prices};
pub use reader::parse_rate;
pub use spec::{
    Class, Edge, Happening, Host, Node, NotATopology, Params, RoundTrip, TOPOLOGY_VERSION, Topology, Value,
    Workload, Zone,
};
pub use steps::{Role, Step, Steps};
