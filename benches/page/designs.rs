//! The designs that editors are measured with: trees of services, ours and as React Flow takes them.
use loadpath_core::topology::{Class, Edge, Node, Params, Topology, check};
use std::fmt::Write;

/// So many nodes, an even number, and half as many edges again.
pub(crate) fn of(nodes: usize) -> Topology {
    let services = nodes / 2 - 1;
    let mut design = tree(services);
    for i in 0..services {
        design.edges.push(edge(&format!("s{i}"), &format!("d{}", (i + 1) % services), "0.01"));
    }
    design.edges.extend(["d7", "d8"].map(|to| edge("s0", to, "0.01")));
    assert_eq!((design.nodes.len(), design.edges.len()), (nodes, nodes / 2 * 3));
    check(&design).expect("the bench's design is sound");
    design
}

/// Clients, a balancer, and a binary tree of services, each with a database.
pub(crate) fn tree(services: usize) -> Topology {
    let mut design = Topology::new("A tree of services");
    design.nodes = vec![node("users", "clients", 0), node("lb", "load_balancer", 1)];
    design.edges = vec![edge("users", "lb", "1"), edge("lb", "s0", "1")];
    for i in 0..services {
        design.nodes.push(node(&format!("s{i}"), "service", 2 + 2 * i));
        design.nodes.push(node(&format!("d{i}"), "database", 3 + 2 * i));
        if i > 0 {
            // Each level gets four fifths of the calls of the one above.
            design.edges.push(edge(&format!("s{}", (i - 1) / 2), &format!("s{i}"), "0.4"));
        }
        design.edges.push(edge(&format!("s{i}"), &format!("d{i}"), "1"));
    }
    design.workload.params.insert("rate".to_owned(), "100/s".into());
    design.workload.classes.push(Class { name: "read".to_owned(), params: Params::new() });
    design
}

fn node(id: &str, kind: &str, place: usize) -> Node {
    let at = [(place % 40) as f64 * 200.0, (place / 40) as f64 * 130.0];
    Node { id: id.to_owned(), kind: kind.to_owned(), at: Some(at), ..Node::default() }
}

fn edge(from: &str, to: &str, calls: &str) -> Edge {
    let calls: f64 = calls.parse().expect("a number");
    let params = Params::from([("calls".to_owned(), calls.into())]);
    Edge { from: from.to_owned(), to: to.to_owned(), params }
}

/// The same nodes and edges, as React Flow takes them.
pub(crate) fn peers(design: &Topology) -> String {
    let place = |id: &str| design.nodes.iter().position(|node| node.id == id).expect("edges end at nodes");
    let mut text = "{\"nodes\":[".to_owned();
    for (i, node) in design.nodes.iter().enumerate() {
        let [x, y] = node.at.expect("each has a place");
        let comma = if i > 0 { "," } else { "" };
        write!(
            text,
            "{comma}{{\"id\":\"n{i}\",\"position\":{{\"x\":{x},\"y\":{y}}},\"data\":{{\"label\":\"{}\"}}}}",
            node.id
        )
        .expect("a text takes what is written");
    }
    text.push_str("],\"edges\":[");
    for (i, edge) in design.edges.iter().enumerate() {
        let (from, to) = (place(&edge.from), place(&edge.to));
        let comma = if i > 0 { "," } else { "" };
        write!(text, "{comma}{{\"id\":\"e{i}\",\"source\":\"n{from}\",\"target\":\"n{to}\"}}")
            .expect("a text takes what is written");
    }
    text.push_str("]}");
    text
}
