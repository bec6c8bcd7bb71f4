//! The graph as a whole: that requests come from somewhere, lead somewhere, and end.
use super::super::catalog::Kind;
use super::super::fault::{Fault, Place};
use super::super::plan::PlanEdge;
use super::super::spec::Topology;
use super::{at, node_called, of_document};

/// Faults of the graph as a whole: nothing asks, a client or a reached balancer leads nowhere, calls that never end.
pub(super) fn check(
    document: &Topology,
    edges: &[Option<PlanEdge>],
    kinds: &[Option<&'static Kind>],
    faults: &mut Vec<Fault>,
) {
    let mut out = vec![Vec::new(); document.nodes.len()];
    edges.iter().flatten().for_each(|edge| out[edge.from.index()].push(edge.to.index()));
    let is = |i: usize, name: &str| kinds[i].is_some_and(|kind| kind.name == name);
    let clients: Vec<usize> = (0..out.len()).filter(|&i| is(i, "clients")).collect();
    if clients.is_empty() {
        faults.push(of_document("nothing sends requests; add clients and connect them".to_owned()));
    }
    let reached = reached(&clients, &out);
    for i in 0..out.len() {
        let node = &document.nodes[i];
        if is(i, "clients") && out[i].is_empty() {
            let what = "its requests go nowhere; connect it to a load balancer or a service".to_owned();
            faults.push(at(Place::Node(i), node_called(node), None, what));
        } else if is(i, "clients") && out[i].len() > 1 {
            let what = "clients call one address; put DNS or a load balancer before the others".to_owned();
            faults.push(at(Place::Node(i), node_called(node), None, what));
        } else if is(i, "load_balancer") && out[i].is_empty() && reached[i] {
            let what = "it has nothing to spread requests over; connect it to a service".to_owned();
            faults.push(at(Place::Node(i), node_called(node), None, what));
        } else if is(i, "dns") && out[i].is_empty() && reached[i] {
            let what = "it knows no address; connect it to a load balancer, a CDN or a service".to_owned();
            faults.push(at(Place::Node(i), node_called(node), None, what));
        } else if is(i, "cdn") && out[i].len() != 1 && reached[i] {
            let what = "it pulls from one origin; connect it to exactly one".to_owned();
            faults.push(at(Place::Node(i), node_called(node), None, what));
        } else if is(i, "cache") && out[i].len() > 1 {
            let what = "a cache reads through to one database; delete the other edges".to_owned();
            faults.push(at(Place::Node(i), node_called(node), None, what));
        }
    }
    if let Some(cycle) = find_cycle(&out) {
        let ids: Vec<&str> = cycle.iter().map(|&i| document.nodes[i].id.as_str()).collect();
        let last = document
            .edges
            .iter()
            .position(|edge| Some(&edge.from.as_str()) == ids.last() && edge.to == ids[0])
            .map_or(Place::Document, Place::Edge);
        let what = format!(
            "a request would go round for ever: {} calls {} again; delete one of these edges",
            ids.join(" calls "),
            ids[0]
        );
        faults.push(at(last, format!("edge \"{}\" to \"{}\"", ids[ids.len() - 1], ids[0]), None, what));
    }
}

fn reached(from: &[usize], out: &[Vec<usize>]) -> Vec<bool> {
    let mut reached = vec![false; out.len()];
    let mut open = from.to_vec();
    while let Some(i) = open.pop() {
        if !std::mem::replace(&mut reached[i], true) {
            open.extend(&out[i]);
        }
    }
    reached
}

/// The nodes of a cycle in calling order, if there is one. Depth first with a stack of our own: documents may be deep.
fn find_cycle(out: &[Vec<usize>]) -> Option<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; out.len()];
    for start in 0..out.len() {
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::Open;
        let mut path = vec![(start, 0)];
        while let Some((node, next)) = path.last_mut() {
            let Some(&callee) = out[*node].get(*next) else {
                marks[*node] = Mark::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match marks[callee] {
                Mark::New => {
                    marks[callee] = Mark::Open;
                    path.push((callee, 0));
                }
                Mark::Open => {
                    let nodes: Vec<usize> = path.iter().map(|&(node, _)| node).collect();
                    let first =
                        nodes.iter().position(|&node| node == callee).expect("an open node is on the path");
                    return Some(nodes[first..].to_vec());
                }
                Mark::Done => {}
            }
        }
    }
    None
}
