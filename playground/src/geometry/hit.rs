//! What lies under the pointer.
use super::point::{Rect, WorldPoint};
use super::region::Region;
use super::route::route;

/// How near to a port's middle counts as on it.
const PORT_REACH: f64 = 11.0;

/// What can be hit: the nodes in painting order, and the edges between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// Where each node stands.
    pub nodes: Vec<Rect>,
    /// Which nodes each edge joins; none for an edge that leads nowhere.
    pub edges: Vec<Option<(usize, usize)>>,
    /// The regions behind the nodes, zones first.
    pub regions: Vec<Region>,
    /// The nodes as the keyboard goes through them: along the calls, column by column, each from top to bottom.
    pub order: Vec<usize>,
}

/// An end of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where the call leaves.
    From,
    /// Where it arrives.
    To,
}

/// What was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// The port where a node's calls leave.
    Output(usize),
    /// A node, or the port where calls reach it.
    Node(usize),
    /// The label of a region.
    Region(usize),
    /// An edge.
    Edge(usize),
    /// Nothing but the canvas.
    Canvas,
}

/// What lies under `point`; the upper of two nodes; else a region's label; else an edge at most `slack` away.
pub fn hit(scene: &Scene, point: WorldPoint, slack: f64) -> Hit {
    for (i, rect) in scene.nodes.iter().enumerate().rev() {
        if WorldPoint::new(rect.right(), rect.middle().y).distance(point) <= PORT_REACH {
            return Hit::Output(i);
        }
        if WorldPoint::new(rect.x, rect.middle().y).distance(point) <= PORT_REACH || rect.contains(point) {
            return Hit::Node(i);
        }
    }
    // A host's label lies above that of the zone around it.
    if let Some(i) = scene.regions.iter().rposition(|region| region.label().contains(point)) {
        return Hit::Region(i);
    }
    let near = |&(_, distance): &(usize, f64)| distance <= slack;
    let edges = (0..scene.edges.len()).filter_map(|i| Some((i, distance(scene, i, point, slack)?)));
    edges.filter(near).min_by(|a, b| a.1.total_cmp(&b.1)).map_or(Hit::Canvas, |(i, _)| Hit::Edge(i))
}

/// How far an edge is; none when it surely is farther than `slack`, or leads nowhere.
fn distance(scene: &Scene, edge: usize, point: WorldPoint, slack: f64) -> Option<f64> {
    let (from, to) = scene.edges[edge]?;
    let (from, to) = (scene.nodes[from], scene.nodes[to]);
    // A curve stays within the hull of its handles, which reach out by 160 at most.
    let bounds = Rect::around([from, to])?.grown(160.0 + slack);
    bounds.contains(point).then(|| route(from, to).distance(point))
}

/// Which end of an edge lies at most `reach` away.
pub fn end_at(scene: &Scene, edge: usize, point: WorldPoint, reach: f64) -> Option<End> {
    let (from, to) = scene.edges.get(edge).copied().flatten()?;
    let [start, .., end] = route(scene.nodes[from], scene.nodes[to]).points;
    let ends = [(End::To, end), (End::From, start)];
    ends.into_iter().find(|(_, at)| at.distance(point) <= reach).map(|(end, _)| end)
}

/// The nodes that a marquee touches, in painting order.
pub fn inside(scene: &Scene, marquee: Rect) -> Vec<usize> {
    (0..scene.nodes.len()).filter(|&i| scene.nodes[i].touches(&marquee)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene() -> Scene {
        let rect = |x, y| Rect { x, y, width: 150.0, height: 76.0 };
        Scene {
            nodes: vec![rect(0.0, 0.0), rect(400.0, 0.0), rect(500.0, 50.0)],
            edges: vec![Some((0, 1)), None],
            ..Scene::default()
        }
    }

    #[test]
    fn ports_come_before_nodes_and_nodes_before_edges() {
        let at = |x, y| hit(&scene(), WorldPoint::new(x, y), 6.0);
        assert_eq!(at(150.0, 38.0), Hit::Output(0));
        assert_eq!(at(75.0, 20.0), Hit::Node(0));
        assert_eq!(at(395.0, 38.0), Hit::Node(1));
        assert_eq!(at(275.0, 42.0), Hit::Edge(0));
        assert_eq!(at(275.0, 60.0), Hit::Canvas);
    }

    #[test]
    fn both_ends_of_an_edge_can_be_taken() {
        let at = |x, y| end_at(&scene(), 0, WorldPoint::new(x, y), 9.0);
        assert_eq!(
            (at(153.0, 40.0), at(397.0, 33.0), at(275.0, 38.0)),
            (Some(End::From), Some(End::To), None)
        );
        assert_eq!(end_at(&scene(), 1, WorldPoint::default(), 9.0), None);
    }

    #[test]
    fn the_upper_of_two_nodes_is_hit() {
        assert_eq!(hit(&scene(), WorldPoint::new(520.0, 70.0), 6.0), Hit::Node(2));
    }

    #[test]
    fn a_marquee_takes_what_it_touches() {
        let marquee = Rect::between(WorldPoint::new(140.0, 60.0), WorldPoint::new(410.0, 20.0));
        assert_eq!(inside(&scene(), marquee), vec![0, 1]);
    }
}
