//! The figures of a run by name, each with the interval in which it lies.
use crate::stats::Interval;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is told of a run, a class, a node or an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// What ended per second, well or not.
    Rate,
    /// The share that did not end well, in [0, 1].
    ErrorShare,
    /// The share of the workers' time that was taken, in [0, 1].
    Utilization,
    /// The share of lookups that were answered from memory, in [0, 1].
    HitRatio,
    /// How many waited on average: by Little's law, from the waits of what was answered; of a queue, the messages that it kept,
    /// looked at once a second, besides.
    Backlog,
    /// The mean response, in seconds.
    Mean,
    /// The median response, in seconds.
    P50,
    /// The 90th percentile.
    P90,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
    /// The 99.9th percentile.
    P999,
    /// The mean time in the queue, in seconds.
    WaitMean,
    /// Its median.
    WaitP50,
    /// Its 90th percentile.
    WaitP90,
    /// Its 95th percentile.
    WaitP95,
    /// Its 99th percentile.
    WaitP99,
    /// Its 99.9th percentile.
    WaitP999,
}

impl Figure {
    /// The percentiles of the response that are told, with their quantiles.
    pub const RESPONSE: [(Self, f64); 5] =
        [(Self::P50, 0.5), (Self::P90, 0.9), (Self::P95, 0.95), (Self::P99, 0.99), (Self::P999, 0.999)];
    /// Those of the time in the queue, in the same order.
    pub const WAIT: [(Self, f64); 5] = [
        (Self::WaitP50, 0.5),
        (Self::WaitP90, 0.9),
        (Self::WaitP95, 0.95),
        (Self::WaitP99, 0.99),
        (Self::WaitP999, 0.999),
    ];
}

/// A figure with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The best guess.
    pub value: f64,
    /// Its 95 % interval; none when the run is too short for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
}

/// Figures by name. Empty where none were worked out, as in measurements.
pub type Figures = BTreeMap<Figure, Reading>;
