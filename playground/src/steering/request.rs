//! Single requests: those that were found behind a point of a chart, and one of them hop by hop.
use crate::run::Found;
use crate::shared::Shared;
use loadpath_core::order;
use loadpath_core::sim::Trace;

/// The requests that are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requests {
    /// What was asked for, in words.
    pub says: String,
    /// What was found; none before the answer.
    pub found: Option<Shared<Vec<Found>>>,
    /// The request that is shown hop by hop.
    pub traced: Option<Traced>,
}

/// A request hop by hop.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traced {
    /// Its number.
    pub request: u64,
    /// How far its replay is, in seconds after the start.
    pub reached: f64,
    /// Whether the replay is over.
    pub done: bool,
    /// What happened to it.
    pub trace: Option<Shared<Trace>>,
    /// The fragment of its link; empty when the design does not fit into one.
    pub link: String,
}

/// A hop as a waterfall draws it; times in seconds after the request was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// How deep it is below the request.
    pub depth: usize,
    /// When it was sent.
    pub sent: f64,
    /// When it reached its node; when it ended, if it never did.
    pub arrived: f64,
    /// When a worker took it.
    pub begun: f64,
    /// When its answer was back.
    pub ended: f64,
    /// How long it worked by itself, or its way back took: what neither waited in the queue nor for calls of its own.
    pub own: f64,
}

/// The bars of a trace, in the order of its hops.
pub fn bars(trace: &Trace) -> Vec<Bar> {
    let start = trace.hops.first().map_or(0, |hop| hop.sent_ns);
    let since = |ns: u64| ns.saturating_sub(start) as f64 / 1e9;
    let last = trace.hops.iter().filter_map(|hop| hop.answered_ns).max().unwrap_or(start);
    let mut depths: Vec<usize> = Vec::new();
    let mut bars: Vec<Bar> = Vec::new();
    for hop in &trace.hops {
        let depth = hop.parent.and_then(|parent| depths.get(parent)).map_or(0, |depth| depth + 1);
        depths.push(depth);
        let ended = since(hop.answered_ns.unwrap_or(last).max(hop.sent_ns));
        let arrived = since(hop.arrived_ns.unwrap_or(hop.sent_ns)).min(ended);
        let begun = (arrived + hop.wait_ns as f64 / 1e9).min(ended);
        bars.push(Bar { depth, sent: since(hop.sent_ns), arrived, begun, ended, own: 0.0 });
    }
    for i in 0..bars.len() {
        let children = trace.hops.iter().zip(&bars).filter(|(hop, _)| hop.parent == Some(i));
        let mut spans: Vec<(f64, f64)> = children.map(|(_, bar)| (bar.sent, bar.ended)).collect();
        order::sort_by(&mut spans, |a, b| a.0.total_cmp(&b.0));
        let (begun, ended) = (bars[i].begun, bars[i].ended);
        let (mut covered, mut until) = (0.0, begun);
        for (from, to) in spans {
            let (from, to) = (from.max(until), to.min(ended));
            if to > from {
                covered += to - from;
                until = to;
            }
        }
        bars[i].own = (ended - begun - covered).max(0.0);
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::sim::Hop;

    fn hop(parent: Option<usize>, sent: u64, wait: u64, answered: u64) -> Hop {
        Hop {
            parent,
            node: "web".to_owned(),
            instance: 0,
            ask: "read".to_owned(),
            key: 7,
            attempt: 0,
            hit: None,
            sent_ns: sent,
            arrived_ns: Some(sent),
            wait_ns: wait,
            answered_ns: Some(answered),
            outcome: None,
        }
    }

    #[test]
    fn what_calls_take_is_not_a_hops_own_time_however_they_overlap() {
        let second = 1_000_000_000;
        let hops = vec![
            hop(None, 5 * second, second, 15 * second),
            hop(Some(0), 7 * second, 0, 9 * second),
            hop(Some(0), 8 * second, 0, 11 * second),
            hop(Some(2), 9 * second, 0, 10 * second),
        ];
        let bars = bars(&Trace { request: 1, hops });
        assert_eq!(bars.iter().map(|bar| bar.depth).collect::<Vec<_>>(), [0, 1, 1, 2]);
        assert_eq!((bars[0].sent, bars[0].begun, bars[0].ended), (0.0, 1.0, 10.0));
        // Nine seconds with a worker, of which calls took those from the second to the sixth.
        assert_eq!((bars[0].own, bars[2].own), (5.0, 2.0));
    }
}
