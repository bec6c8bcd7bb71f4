//! The way of an edge from one node to another: one cubic, from side to side, or from below when nodes are stacked.
use super::point::{Rect, WorldPoint};
use std::fmt::Write as _;

/// A cubic Bézier curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cubic {
    /// Its start, two handles, and its end.
    pub points: [WorldPoint; 4],
}

/// The way from a port of one node to a port of another.
pub fn route(from: Rect, to: Rect) -> Cubic {
    let (out, into) = (from.middle(), to.middle());
    let stacked = from.x < to.right() && to.x < from.right();
    if stacked && from.bottom() < to.y {
        vertical(WorldPoint::new(out.x, from.bottom()), WorldPoint::new(into.x, to.y), 1.0)
    } else if stacked && to.bottom() < from.y {
        vertical(WorldPoint::new(out.x, from.y), WorldPoint::new(into.x, to.bottom()), -1.0)
    } else {
        horizontal(WorldPoint::new(from.right(), out.y), WorldPoint::new(to.x, into.y))
    }
}

impl Cubic {
    /// The way to the pointer, while an edge is being drawn.
    pub fn to_pointer(from: Rect, pointer: WorldPoint) -> Self {
        horizontal(WorldPoint::new(from.right(), from.middle().y), pointer)
    }

    /// The way from the pointer, while an edge's start is dragged.
    pub fn from_pointer(pointer: WorldPoint, to: Rect) -> Self {
        horizontal(pointer, WorldPoint::new(to.x, to.middle().y))
    }

    /// The point at `t` in [0, 1].
    pub fn at(&self, t: f64) -> WorldPoint {
        let u = 1.0 - t;
        let weights = [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t];
        let sum =
            |of: fn(&WorldPoint) -> f64| self.points.iter().map(of).zip(weights).map(|(p, w)| p * w).sum();
        WorldPoint { x: sum(|p| p.x), y: sum(|p| p.y) }
    }

    /// As the `d` of an SVG path.
    pub fn path(&self) -> String {
        let [a, b, c, d] = self.points;
        let mut path = String::with_capacity(64);
        write!(
            path,
            "M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
            a.x, a.y, b.x, b.y, c.x, c.y, d.x, d.y
        )
        .expect("a string takes every character");
        path
    }

    /// How far a point is from the curve, to within a twentieth of its length.
    pub fn distance(&self, point: WorldPoint) -> f64 {
        const PIECES: usize = 24;
        let at = |i: usize| self.at(i as f64 / PIECES as f64);
        (0..PIECES).map(|i| distance_to_piece(at(i), at(i + 1), point)).fold(f64::INFINITY, f64::min)
    }
}

fn horizontal(a: WorldPoint, d: WorldPoint) -> Cubic {
    let dx = d.x - a.x;
    // Backwards, the handles reach out so that the curve leaves and enters at the ports' sides.
    let steep = ((d.y - a.y).abs() / 2.0).min(48.0);
    let reach = if dx >= 0.0 { (dx / 2.0).max(steep) } else { (-dx / 2.0).clamp(48.0, 160.0) };
    Cubic { points: [a, a.moved(reach, 0.0), d.moved(-reach, 0.0), d] }
}

fn vertical(a: WorldPoint, d: WorldPoint, down: f64) -> Cubic {
    let reach = (d.y - a.y).abs() / 2.0 * down;
    Cubic { points: [a, a.moved(0.0, reach), d.moved(0.0, -reach), d] }
}

fn distance_to_piece(a: WorldPoint, b: WorldPoint, p: WorldPoint) -> f64 {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let length = dx * dx + dy * dy;
    let t =
        if length == 0.0 { 0.0 } else { (((p.x - a.x) * dx + (p.y - a.y) * dy) / length).clamp(0.0, 1.0) };
    a.moved(t * dx, t * dy).distance(p)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: f64, y: f64) -> Rect {
        Rect { x, y, width: 150.0, height: 76.0 }
    }

    #[test]
    fn an_edge_leaves_at_the_right_and_enters_at_the_left() {
        for (x, y) in [(300.0, 0.0), (300.0, 500.0), (-400.0, 90.0), (170.0, 10.0)] {
            let way = route(rect(0.0, 0.0), rect(x, y));
            assert_eq!(way.points[0], WorldPoint::new(150.0, 38.0));
            assert_eq!(way.points[3], WorldPoint::new(x, y + 38.0));
            assert!(way.points[1].x >= way.points[0].x && way.points[2].x <= way.points[3].x, "{way:?}");
        }
    }

    #[test]
    fn stacked_nodes_are_joined_from_below_or_above() {
        assert_eq!(route(rect(0.0, 0.0), rect(10.0, 200.0)).points[0], WorldPoint::new(75.0, 76.0));
        assert_eq!(route(rect(0.0, 0.0), rect(10.0, -200.0)).points[3], WorldPoint::new(85.0, -124.0));
    }

    #[test]
    fn a_point_of_the_curve_is_on_it_and_one_beside_it_is_as_far_as_it_looks() {
        let way = route(rect(0.0, 0.0), rect(400.0, 0.0));
        assert!(way.distance(way.at(0.37)) < 0.5);
        assert!((way.distance(WorldPoint::new(275.0, 48.0)) - 10.0).abs() < 0.1);
    }
}
