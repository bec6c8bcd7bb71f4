//! Figures in which a weakness shows.
use crate::sim::Simulation;

/// A figure of a simulation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Figure {
    /// The share of requests that do not end well.
    Errors,
    /// Requests that end well, per second.
    Goodput,
    /// The 99th percentile of the response, in seconds.
    P99,
    /// The same of the calls to a node.
    P99Of(String),
    /// The utilization of a node's busiest instance, the mean of each second.
    Hottest(String),
    /// Something that a node counts, per second.
    Counter(String, &'static str),
    /// Calls to a node for each request of a client.
    Calls(String),
    /// A cache's hit ratio.
    Hits(String),
    /// What waits in a queue at the end.
    Backlog(String),
}

impl Figure {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Errors => "requests that do not end well".to_owned(),
            Self::Goodput => "requests that end well".to_owned(),
            Self::P99 => "99th percentile of the response".to_owned(),
            Self::P99Of(id) => format!("99th percentile of the calls to \"{id}\""),
            Self::Hottest(id) => format!("utilization of the busiest instance of \"{id}\""),
            Self::Counter(id, name) => format!("{} of \"{id}\"", name.replace('_', " ")),
            Self::Calls(id) => format!("calls to \"{id}\" for each request"),
            Self::Hits(id) => format!("hit ratio of \"{id}\""),
            Self::Backlog(id) => format!("messages that wait in \"{id}\" at the end"),
        }
    }

    pub(super) const fn unit(&self) -> &'static str {
        match self {
            Self::Errors | Self::Hottest(_) | Self::Hits(_) => "%",
            Self::Goodput | Self::Counter(..) => "1/s",
            Self::P99 | Self::P99Of(_) => "s",
            Self::Calls(_) | Self::Backlog(_) => "",
        }
    }

    pub(super) const fn more_is_better(&self) -> bool {
        matches!(self, Self::Goodput | Self::Hits(_))
    }

    /// Reads it off a simulation; `busy` is the mean of the busiest instance's utilization.
    pub(super) fn read(&self, simulation: &Simulation, busy: f64) -> f64 {
        let run = simulation.run("");
        let seconds = run.duration.as_secs().max(1e-9);
        let node = |id: &str| run.nodes.iter().find(|node| node.id == id);
        match self {
            Self::Errors => run.outcomes().error_share() * 100.0,
            Self::Goodput => run.outcomes().ok as f64 / seconds,
            Self::P99 => run.response().quantile(0.99).as_secs(),
            Self::P99Of(id) => node(id).map_or(0.0, |node| node.response.quantile(0.99).as_secs()),
            Self::Hottest(_) => busy * 100.0,
            Self::Counter(id, name) => node(id)
                .and_then(|node| node.counters.get(*name))
                .map_or(0.0, |&count| count as f64 / seconds),
            Self::Calls(id) => {
                let calls = node(id).map_or(0, |node| node.outcomes.total());
                calls as f64 / run.outcomes().total().max(1) as f64
            }
            Self::Hits(id) => node(id).and_then(|node| node.hit_ratio).unwrap_or(0.0) * 100.0,
            Self::Backlog(id) => {
                let snapshot = simulation.snapshot();
                snapshot.nodes.iter().find(|node| &node.id == id).map_or(0.0, |node| node.backlog as f64)
            }
        }
    }
}
