//! Which part of the plane the canvas shows, and how large.
use super::point::{Rect, ScreenPoint, WorldPoint};

/// How small the plane may be shown.
const LEAST_ZOOM: f64 = 0.1;
/// How large.
const MOST_ZOOM: f64 = 2.5;
/// Fitting a small design does not blow it up.
const MOST_FIT: f64 = 1.1;

/// The view: `screen = world × zoom + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Where the plane's origin is on the screen, to the right.
    pub x: f64,
    /// Where the plane's origin is on the screen, downwards.
    pub y: f64,
    /// Pixels per unit of the plane.
    pub zoom: f64,
}

impl Default for Camera {
    fn default() -> Self {
        Self { x: 0.0, y: 0.0, zoom: 1.0 }
    }
}

/// What lies over the canvas's sides, in pixels: panels that a design should not hide under.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Insets {
    /// Left.
    pub left: f64,
    /// Top.
    pub top: f64,
    /// Right.
    pub right: f64,
    /// Bottom.
    pub bottom: f64,
}

impl Camera {
    /// The point of the plane that is shown here.
    pub fn to_world(self, point: ScreenPoint) -> WorldPoint {
        WorldPoint::new((point.x - self.x) / self.zoom, (point.y - self.y) / self.zoom)
    }

    /// Where a point of the plane is shown.
    pub fn to_screen(self, point: WorldPoint) -> ScreenPoint {
        ScreenPoint::new(point.x * self.zoom + self.x, point.y * self.zoom + self.y)
    }

    /// The view after the plane was pulled by so many pixels.
    #[must_use]
    pub fn panned(self, dx: f64, dy: f64) -> Self {
        Self { x: self.x + dx, y: self.y + dy, ..self }
    }

    /// The view after growing by `factor` around a point of the screen, which stays where it is.
    #[must_use]
    pub fn zoomed(self, around: ScreenPoint, factor: f64) -> Self {
        let zoom = (self.zoom * factor).clamp(LEAST_ZOOM, MOST_ZOOM);
        let world = self.to_world(around);
        Self { x: around.x - world.x * zoom, y: around.y - world.y * zoom, zoom }
    }

    /// The view after two fingers went from one pair of points to another: what lay under each lies under it still.
    #[must_use]
    pub fn pinched(self, from: [ScreenPoint; 2], to: [ScreenPoint; 2]) -> Self {
        let apart = |[a, b]: [ScreenPoint; 2]| a.distance(b).max(1.0);
        let middle = |[a, b]: [ScreenPoint; 2]| ScreenPoint::new((a.x + b.x) / 2.0, (a.y + b.y) / 2.0);
        let (start, end) = (middle(from), middle(to));
        self.zoomed(start, apart(to) / apart(from)).panned(end.x - start.x, end.y - start.y)
    }

    /// The view that shows all of `bounds` in a canvas of this size, in the middle of what the insets leave free.
    pub fn fit(bounds: Rect, width: f64, height: f64, insets: Insets) -> Self {
        let free_width = (width - insets.left - insets.right).max(1.0);
        let free_height = (height - insets.top - insets.bottom).max(1.0);
        let zoom = (free_width / bounds.width.max(1.0)).min(free_height / bounds.height.max(1.0));
        let zoom = zoom.clamp(LEAST_ZOOM, MOST_FIT);
        let middle = bounds.middle();
        Self {
            x: insets.left + free_width / 2.0 - middle.x * zoom,
            y: insets.top + free_height / 2.0 - middle.y * zoom,
            zoom,
        }
    }

    /// The view of the same size whose middle is this point.
    #[must_use]
    pub fn centred(self, at: WorldPoint, width: f64, height: f64) -> Self {
        Self { x: width / 2.0 - at.x * self.zoom, y: height / 2.0 - at.y * self.zoom, ..self }
    }

    /// The part of the plane that a canvas of this size shows.
    pub fn shown(self, width: f64, height: f64) -> Rect {
        let corner = self.to_world(ScreenPoint::new(0.0, 0.0));
        Rect { x: corner.x, y: corner.y, width: width / self.zoom, height: height / self.zoom }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_point_under_the_pointer_stays_under_it_while_zooming() {
        let camera = Camera { x: 30.0, y: -20.0, zoom: 0.8 };
        let pointer = ScreenPoint::new(400.0, 250.0);
        let before = camera.to_world(pointer);
        for factor in [0.01, 0.5, 1.1, 100.0] {
            let after = camera.zoomed(pointer, factor).to_world(pointer);
            assert!(before.distance(after) < 1e-9, "{factor}: {before:?} {after:?}");
        }
    }

    #[test]
    fn what_lies_under_two_fingers_stays_under_them() {
        let camera = Camera { x: 30.0, y: -20.0, zoom: 0.8 };
        let from = [ScreenPoint::new(100.0, 100.0), ScreenPoint::new(200.0, 100.0)];
        let to = [ScreenPoint::new(90.0, 150.0), ScreenPoint::new(240.0, 150.0)];
        let pinched = camera.pinched(from, to);
        for (before, after) in from.into_iter().zip(to) {
            assert!(camera.to_world(before).distance(pinched.to_world(after)) < 1e-9);
        }
    }

    #[test]
    fn fitting_shows_every_corner_between_the_insets() {
        let bounds = Rect { x: -500.0, y: 100.0, width: 3_000.0, height: 900.0 };
        let insets = Insets { left: 180.0, top: 20.0, right: 10.0, bottom: 70.0 };
        let camera = Camera::fit(bounds, 1_100.0, 600.0, insets);
        let a = camera.to_screen(WorldPoint::new(bounds.x, bounds.y));
        let b = camera.to_screen(WorldPoint::new(bounds.right(), bounds.bottom()));
        assert!(a.x >= 180.0 - 1e-9 && a.y >= 20.0 - 1e-9, "{a:?}");
        assert!(b.x <= 1_090.0 + 1e-9 && b.y <= 530.0 + 1e-9, "{b:?}");
    }

    #[test]
    fn a_single_node_is_not_blown_up() {
        let bounds = Rect { x: 0.0, y: 0.0, width: 150.0, height: 76.0 };
        assert_eq!(Camera::fit(bounds, 2_000.0, 1_000.0, Insets::default()).zoom, MOST_FIT);
    }
}
