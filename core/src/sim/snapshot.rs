//! What a running simulation shows: numbers of the last seconds, and of the whole run so far.
use crate::run::{Outcomes, Second};
use crate::stats::Estimate;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A simulation at an instant. "Recent" is the last two to three whole seconds of simulated time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The instant, in nanoseconds after the start.
    pub now_ns: u64,
    /// The arrival rate that is set, per second.
    pub offered_rate: f64,
    /// Completed requests per second, recently.
    pub achieved_rate: f64,
    /// How requests ended, recently.
    pub outcomes: Outcomes,
    /// How requests ended since warm-up.
    pub total: Outcomes,
    /// The 99th percentile of the response since warm-up, in seconds, with its 95 % interval when it is known.
    pub p99: Option<Estimate>,
    /// Each class, in the document's order.
    pub classes: Vec<ClassSnapshot>,
    /// Each node, in the document's order.
    pub nodes: Vec<NodeSnapshot>,
    /// Each edge, in the document's order.
    pub edges: Vec<EdgeSnapshot>,
    /// The last seconds, at most 120, oldest first; the last one is complete.
    pub series: Vec<Second>,
    /// Number of the first second of `series`.
    pub series_start: u64,
    /// Response time by percentile since warm-up, all classes; empty before the first answer.
    pub curve: Vec<CurvePoint>,
    /// Pairs of zones between which no packet passes, by their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<(String, String)>,
}

/// A class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassSnapshot {
    /// Its name.
    pub name: String,
    /// How its requests ended since warm-up.
    pub outcomes: Outcomes,
    /// Median response since warm-up, in seconds.
    pub p50: f64,
    /// 90th percentile, in seconds.
    pub p90: f64,
    /// 99th percentile, in seconds.
    pub p99: f64,
    /// Mean response in seconds with its 95 % interval, when it is known.
    pub mean: Option<Estimate>,
}

/// A node, recently.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeSnapshot {
    /// Its id.
    pub id: String,
    /// Requests that it answered, per second.
    pub rate: f64,
    /// The share of its workers' time that was taken, in [0, 1]; none for clients.
    pub utilization: Option<f64>,
    /// The 99th percentile of the time its callers waited for it, in seconds; none when nothing was answered.
    pub p99: Option<f64>,
    /// Mean time in its queue, in seconds.
    pub wait: f64,
    /// Mean time that a worker was given for a call, in seconds.
    #[serde(default)]
    pub work: f64,
    /// The share of lookups answered from memory, in [0, 1]; none for what is not a cache.
    pub hit_ratio: Option<f64>,
    /// The share of calls to it that did not end well, in [0, 1].
    pub error_share: f64,
    /// Requests that are in it at this instant.
    pub in_flight: u64,
    /// Requests that wait in its queues at this instant.
    pub backlog: u64,
    /// Which instances are up; empty for clients.
    pub up: Vec<bool>,
    /// Each instance's utilization, in [0, 1].
    pub busy: Vec<f64>,
    /// How many times longer each instance's work takes than it should, > 0; empty when all work as they should.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slow: Vec<f64>,
    /// Writes that each server of a database has not received yet, in the order of the instances; empty without replicas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behind: Vec<u64>,
    /// What else was counted since warm-up, by name, as in a run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counters: BTreeMap<String, u64>,
}

/// An edge, recently.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EdgeSnapshot {
    /// Calls per second.
    pub rate: f64,
    /// The share of calls that did not end well, in [0, 1].
    pub error_share: f64,
    /// No packet passes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// Its connections, all callers together; none where their number is not bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolSnapshot>,
}

/// The connections of an edge at this instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolSnapshot {
    /// Connections in use.
    pub open: u32,
    /// Connections at most.
    pub most: u32,
    /// Calls that wait for one.
    pub waiting: u32,
}

/// A point of the curve of latency by percentile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The share of requests that are not slower, in [0, 1).
    pub quantile: f64,
    /// Their response at most, in seconds.
    pub seconds: f64,
}

impl Snapshot {
    /// The instant.
    pub const fn now(&self) -> Time {
        Time(self.now_ns)
    }
}
