//! Places for the nodes of a document.
use crate::geometry::{self, Graph, WorldPoint};
use loadpath_core::order;
use loadpath_core::topology::{LIMITS, Node, Topology};
use std::collections::{BTreeMap, BTreeSet};

/// Gives a place to every node that has none, so that a document written by hand can be shown; what has one keeps it.
pub fn place_all(document: &mut Topology) {
    let placed: Vec<Option<WorldPoint>> = document.nodes.iter().map(settled).collect();
    if placed.iter().all(Option::is_some) || document.nodes.len() > LIMITS.nodes {
        return;
    }
    let places = geometry::place_missing(&graph(document), &placed);
    for (node, at) in document.nodes.iter_mut().zip(places) {
        node.at = Some([at.x, at.y]);
    }
}

/// Lays out these nodes, where their upper left one stands, or below what stands there already and stays; all of them when
/// there are fewer than two. Regions are drawn around their nodes again.
pub fn lay_out(document: &mut Topology, nodes: &BTreeSet<usize>) {
    let all = nodes.len() < 2;
    let chosen: Vec<usize> =
        if all { (0..document.nodes.len()).collect() } else { nodes.iter().copied().collect() };
    let places = geometry::lay_out(&part(&graph(document), &chosen));
    let corner = |places: &mut dyn Iterator<Item = WorldPoint>| {
        places.fold((f64::INFINITY, f64::INFINITY), |(x, y), at| (x.min(at.x), y.min(at.y)))
    };
    let (x, y) = corner(&mut chosen.iter().filter_map(|&i| settled(&document.nodes[i])));
    let (new_x, new_y) = corner(&mut places.iter().copied());
    let (dx, dy) = if all || !x.is_finite() { (0.0, 0.0) } else { (x - new_x, y - new_y) };
    let places: Vec<WorldPoint> = places.into_iter().map(|at| at.moved(dx, dy)).collect();
    let others = (0..document.nodes.len()).filter(|i| !all && !nodes.contains(i));
    let stays: Vec<WorldPoint> = others.filter_map(|i| settled(&document.nodes[i])).collect();
    let down = geometry::clearance(&places, &stays);
    for (&i, at) in chosen.iter().zip(places) {
        document.nodes[i].at = Some([at.x, at.y + down]);
    }
    if all {
        let used: BTreeSet<String> =
            order::gather(document.nodes.iter().flat_map(|node| [node.zone.clone(), node.host.clone()]));
        document.zones.iter_mut().filter(|zone| used.contains(&zone.id)).for_each(|zone| zone.area = None);
        document.hosts.iter_mut().filter(|host| used.contains(&host.id)).for_each(|host| host.area = None);
    }
}

fn settled(node: &Node) -> Option<WorldPoint> {
    let [x, y] = node.at.filter(|at| at.iter().all(|x| x.is_finite() && x.abs() <= 1e6))?;
    Some(WorldPoint::new(x, y))
}

/// Who calls whom and who stands together: in one zone, or else on one host.
fn graph(document: &Topology) -> Graph {
    let places: BTreeMap<&str, usize> =
        order::gather(document.nodes.iter().enumerate().rev().map(|(i, node)| (node.id.as_str(), i)));
    let place = |id: &str| places.get(id).copied();
    let edges = document.edges.iter().filter_map(|edge| place(&edge.from).zip(place(&edge.to))).collect();
    let zones = document.zones.len();
    let group = |node: &Node| {
        let zone = document.zones.iter().position(|zone| zone.id == node.zone);
        zone.or_else(|| Some(zones + document.hosts.iter().position(|host| host.id == node.host)?))
    };
    Graph { count: document.nodes.len(), edges, groups: document.nodes.iter().map(group).collect() }
}

/// The graph of these nodes alone, numbered anew.
fn part(graph: &Graph, chosen: &[usize]) -> Graph {
    let new: BTreeMap<usize, usize> = order::gather(chosen.iter().enumerate().map(|(new, &old)| (old, new)));
    let edge = |&(from, to): &(usize, usize)| Some((*new.get(&from)?, *new.get(&to)?));
    Graph {
        count: chosen.len(),
        edges: graph.edges.iter().filter_map(edge).collect(),
        groups: chosen.iter().map(|&i| graph.groups[i]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::three_tier;

    #[test]
    fn nodes_without_a_place_get_one_and_the_others_keep_theirs() {
        let mut document = three_tier();
        document.nodes[0].at = None;
        document.nodes[1].at = Some([f64::INFINITY, 0.0]);
        let kept = document.nodes[2].at;
        place_all(&mut document);
        assert!(document.nodes.iter().all(|node| node.at.is_some_and(|at| at[0].is_finite())));
        assert_eq!(document.nodes[2].at, kept);
    }

    #[test]
    fn what_is_laid_out_stands_on_nothing_that_stays() {
        let mut document = three_tier();
        let at: Vec<_> = document.nodes[..3].iter().map(|node| node.at).collect();
        // Left of the service, where its callers stand: the two would go right over them.
        document.nodes[3].at = Some([20.0, 170.0]);
        document.nodes[4].at = Some([30.0, 190.0]);
        lay_out(&mut document, &BTreeSet::from([3, 4]));
        assert!(document.nodes[..3].iter().map(|node| node.at).eq(at));
        let rects: Vec<_> = document.nodes.iter().filter_map(settled).map(geometry::node_rect).collect();
        for (i, rect) in rects.iter().enumerate() {
            assert!(rects[..i].iter().all(|other| !other.touches(rect)), "{rects:?}");
        }
    }

    #[test]
    fn several_are_laid_out_where_they_stand_and_the_others_stay() {
        let mut document = three_tier();
        let before = document.clone();
        document.nodes[3].at = Some([90.0, 900.0]);
        document.nodes[4].at = Some([70.0, 950.0]);
        lay_out(&mut document, &BTreeSet::from([3, 4]));
        assert_eq!(document.nodes[..3], before.nodes[..3]);
        let corner =
            |axis: usize| (3..5).map(|i| document.nodes[i].at.unwrap()[axis]).fold(f64::INFINITY, f64::min);
        assert_eq!((corner(0), corner(1)), (70.0, 900.0));
        lay_out(&mut document, &BTreeSet::new());
        assert!(document.edges.iter().all(|edge| {
            let x = |id: &str| document.node(id).unwrap().at.unwrap()[0];
            x(&edge.from) < x(&edge.to)
        }));
    }
}
