//! Policies of edges that would mean nothing where they stand: each is a fault at its field, so that none is for show.
use super::super::fault::{Fault, Place};
use super::super::kind::{NodeKind, QueueMode};
use super::super::plan::{PlanEdge, PlanNode};
use super::super::spec::Topology;
use super::{at, edge_called};

pub(super) fn check(
    document: &Topology,
    nodes: &[Option<PlanNode>],
    edges: &[Option<PlanEdge>],
    faults: &mut Vec<Fault>,
) {
    for (i, edge) in edges.iter().enumerate() {
        let Some(edge) = edge else { continue };
        let mut refuse = |field, what: &str| {
            let called = edge_called(&document.edges[i]);
            faults.push(at(Place::Edge(i), called, Some(field), what.to_owned()));
        };
        if edge.hedge_after.is_some() && edge.hedge_at.is_some() {
            refuse("hedge_at", "a call is hedged after a time or at a quantile; set one of the two to zero");
        }
        let kind = |node: crate::id::NodeIndex| nodes[node.index()].as_ref().map(|node| &node.kind);
        match (kind(edge.from), kind(edge.to)) {
            (Some(NodeKind::Clients(_)), Some(NodeKind::Dns(_))) => lookups(edge, &mut refuse),
            (Some(NodeKind::Queue(queue)), _) => deliveries(edge, queue.mode, &mut refuse),
            _ => {}
        }
    }
}

/// A lookup is a packet and its answer: it can be late, repeated and hedged, and nothing else.
fn lookups(edge: &PlanEdge, refuse: &mut impl FnMut(&'static str, &str)) {
    if edge.connections.is_some() {
        refuse("connections", "a name is looked up without a connection; set it on the edges that leave DNS");
    }
    if edge.breaker.is_some() {
        refuse("breaker", "resolvers have no breaker; set it on the edges that leave DNS");
    }
}

/// A queue delivers again by its own rules.
fn deliveries(edge: &PlanEdge, mode: QueueMode, refuse: &mut impl FnMut(&'static str, &str)) {
    if edge.retries > 0 {
        refuse("retries", "messages are delivered as often as the queue's deliveries say; set those instead");
    }
    if edge.breaker.is_some() {
        refuse("breaker", "a queue waits for workers that are free and has no breaker; set it to zero");
    }
    if edge.hedge_after.is_some() {
        refuse("hedge_after", "a message goes to one worker at a time; set a timeout to deliver it again");
    }
    if edge.hedge_at.is_some() {
        refuse("hedge_at", "a message goes to one worker at a time; set a timeout to deliver it again");
    }
    if edge.timeout.is_some() && mode == QueueMode::Log {
        refuse("timeout", "a log's partition is read in order, and its reader is not timed; set it to zero");
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use crate::topology::Topology;

    fn faults(nodes: &str, edges: &str) -> Vec<String> {
        let text = format!(
            r#"{{"loadpath": 1, "nodes": [{{"id": "users", "kind": "clients"}}, {nodes}], "edges": [{edges}],
            "workload": {{"classes": [{{"name": "job", "operation": "job"}}]}}}}"#
        );
        let document = Topology::from_json(&text).unwrap();
        check(&document)
            .map_or_else(|faults| faults.iter().map(ToString::to_string).collect(), |_| Vec::new())
    }

    #[test]
    fn a_policy_that_would_mean_nothing_is_refused_by_name() {
        let named = r#"{"id": "dns", "kind": "dns"}, {"id": "web", "kind": "service"}"#;
        let asks = |params: &str| {
            faults(
                named,
                &format!(r#"{{"from": "users", "to": "dns", {params}}}, {{"from": "dns", "to": "web"}}"#),
            )
        };
        for field in ["connections", "breaker"] {
            let told = asks(&format!(r#""{field}": 1"#));
            assert!(
                told.len() == 1 && told[0].starts_with(&format!("edge \"users\" to \"dns\", {field}")),
                "{told:?}"
            );
        }
        assert_eq!(asks(r#""timeout": "1s", "retries": 2, "hedge_after": "50ms""#), Vec::<String>::new());
        assert!(asks(r#""hedge_at": 0.9, "hedge_after": "50ms""#)[0].contains("hedge_at"));
        let queued = |mode: &str, params: &str| {
            let nodes = format!(
                r#"{{"id": "web", "kind": "service"}}, {{"id": "queue", "kind": "queue", "mode": "{mode}"}}, {{"id": "crew", "kind": "workers"}}"#
            );
            let edges = format!(
                r#"{{"from": "users", "to": "web"}}, {{"from": "web", "to": "queue"}}, {{"from": "queue", "to": "crew", {params}}}"#
            );
            faults(&nodes, &edges)
        };
        for (field, value) in
            [("retries", "1"), ("breaker", "0.5"), ("hedge_after", "\"1s\""), ("hedge_at", "0.9")]
        {
            let told = queued("direct", &format!(r#""{field}": {value}"#));
            assert!(told.len() == 1 && told[0].contains(&format!("\"crew\", {field}")), "{told:?}");
        }
        assert_eq!(queued("direct", r#""timeout": "1s", "connections": 2"#), Vec::<String>::new());
        assert!(queued("log", r#""timeout": "1s""#)[0].contains("timeout"));
    }
}
