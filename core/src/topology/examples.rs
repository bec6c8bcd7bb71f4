//! Designs to start from.
use super::spec::Topology;

/// Clients, a load balancer, two web servers, a cache beside them, a database: what opens when nothing else does.
pub fn three_tier() -> Topology {
    Topology::from_json(include_str!("examples/three-tier.json")).expect("a test reads it")
}
