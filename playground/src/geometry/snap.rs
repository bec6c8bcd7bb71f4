//! The grid that nodes stand on.
use super::point::WorldPoint;

/// The grid's step.
pub const GRID: f64 = 10.0;

/// The nearest point of the grid.
pub fn snap(point: WorldPoint) -> WorldPoint {
    WorldPoint::new((point.x / GRID).round() * GRID, (point.y / GRID).round() * GRID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_moves_by_half_a_step_at_most() {
        for (x, y) in [(0.0, 0.0), (14.9, -15.1), (-3.0, 1e5 + 4.0)] {
            let point = WorldPoint::new(x, y);
            let snapped = snap(point);
            assert_eq!((snapped.x % GRID, snapped.y % GRID), (0.0, 0.0));
            assert!((snapped.x - x).abs() <= GRID / 2.0 && (snapped.y - y).abs() <= GRID / 2.0);
        }
    }
}
