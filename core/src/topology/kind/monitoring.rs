//! Monitoring: without it nobody notices anything.
use super::super::catalog::{Group, HOUR_NS, Kind, Param, SECOND_NS, span};
use super::super::reader::Reader;
use crate::time::Span;

/// The row of monitoring.
pub(crate) const KIND: Kind = Kind {
    name: "monitoring",
    title: "Monitoring",
    group: Group::Operations,
    about: "Watches every node. Autoscaling acts on what it saw, as late as its interval says.",
    calls: &[],
    params: &[Param::new(
        "interval",
        "Interval",
        "How often it looks: the delay with which anyone notices.",
        span(SECOND_NS / 10, HOUR_NS),
        "15s",
    )
    .essential()],
};

/// Monitoring.
#[derive(Clone, Debug)]
pub struct MonitoringNode {
    /// How often it looks, > 0.
    pub interval: Span,
}

impl MonitoringNode {
    pub(crate) fn read(r: &mut Reader) -> Self {
        Self { interval: r.span("interval") }
    }
}
