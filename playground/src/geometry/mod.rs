//! The canvas's arithmetic: points in, points and paths out. Nothing here knows the document, the browser or the app.
mod camera;
mod curve;
mod guides;
mod hit;
mod layout;
mod point;
mod region;
mod route;
mod snap;
mod ticks;

pub use camera::{Camera, Insets};
pub use curve::{Axis, Frame, PERCENTILES, line, percentile_place};
pub use guides::{Aligned, Guide, align};
pub use hit::{End, Hit, Scene, end_at, hit, inside};
pub use layout::{Graph, clearance, columns, lay_out, place_missing};
pub use point::{Rect, ScreenPoint, WorldPoint};
pub use region::{Group, LABEL_HEIGHT, Region, innermost};
pub use route::{Cubic, route};
pub use snap::{GRID, snap};
pub use ticks::ticks;

/// Below this zoom, what is too small to read is left out.
pub const FAR: f64 = 0.45;
/// A node's width on the canvas.
pub const NODE_WIDTH: f64 = 150.0;
/// A node's height on the canvas.
pub const NODE_HEIGHT: f64 = 76.0;

/// The rectangle of a node whose upper left corner stands here.
pub const fn node_rect(at: WorldPoint) -> Rect {
    Rect { x: at.x, y: at.y, width: NODE_WIDTH, height: NODE_HEIGHT }
}
