//! What happens on the canvas: selection, gestures, the view.
use super::document;
use crate::edit;
use crate::effect::{Draw, Effect};
use crate::geometry::{
    Camera, Cubic, Insets, NODE_HEIGHT, NODE_WIDTH, Rect, Scene, ScreenPoint, WorldPoint, node_rect, route,
};
use crate::model::{Model, Selection};
use crate::msg::{Msg, Wheel};
use crate::shared::Shared;
use crate::tool::{Act, Ground, Pointer, Preview, Tool};

/// The palette, the toolbar and the banner lie over the canvas; a design is fitted between them.
const INSETS: Insets = Insets { left: 190.0, top: 40.0, right: 40.0, bottom: 90.0 };
/// What stands beside a design takes this much at the right, where the canvas has room for both.
const DRAWER: f64 = 374.0;
const DRAWER_FROM: f64 = 900.0;
/// Inside another page nothing lies over it.
const EMBEDDED: Insets = Insets { left: 24.0, top: 24.0, right: 24.0, bottom: 24.0 };
/// The room that the sentence beside the pointer needs, in pixels.
const HINT_WIDTH: f64 = 330.0;
/// How long the camera must rest before everything is drawn sharp, in milliseconds.
const REST_MS: u32 = 160;
/// Up to this many nodes, each target of an edge is checked in full while the edge is drawn.
const CHECKED_TARGETS: usize = 60;

pub(super) fn select(model: &mut Model, selection: Selection) -> Vec<Effect> {
    if selection != model.selection {
        model.selection = selection;
        model.history.settle();
    }
    Vec::new()
}

pub(super) fn select_all(model: &mut Model) -> Vec<Effect> {
    let nodes = (0..model.document.nodes.len()).collect();
    let edges = (0..model.document.edges.len()).collect();
    select(model, Selection { nodes, edges })
}

/// Focus by keyboard selects; focus by pointer comes with a gesture, which selects by itself.
pub(super) fn focused(model: &mut Model, node: usize) -> Vec<Effect> {
    if !matches!(model.tool, Tool::Idle) || model.selection.nodes.contains(&node) {
        return Vec::new();
    }
    select(model, Selection::node(node))
}

pub(super) fn pointer(model: &mut Model, pointer: &Pointer) -> Vec<Effect> {
    let ground = Ground { scene: &model.scene, camera: model.camera, selection: &model.selection };
    let (tool, acts) = std::mem::take(&mut model.tool).step(pointer, &ground);
    model.tool = tool;
    let effects = acts.into_iter().flat_map(|act| act_on(model, act)).collect();
    model.targets = match &model.tool {
        Tool::Connect(connect) if model.targets.is_none() => Some(targets(model, connect.from)),
        Tool::Connect(_) => model.targets.take(),
        _ => None,
    };
    effects
}

fn act_on(model: &mut Model, act: Act) -> Vec<Effect> {
    match act {
        Act::Select(selection) => select(model, selection),
        Act::Camera(camera) => look(model, camera),
        Act::Preview(preview) => self::preview(model, preview),
        Act::Change(change) => document::change(model, change),
        Act::Hover(edge) if edge == model.hover => Vec::new(),
        Act::Hover(edge) => {
            let old = std::mem::replace(&mut model.hover, edge);
            vec![Effect::Draw(Draw::Hover { old, new: edge })]
        }
    }
}

/// Which nodes an edge from this one may reach.
fn targets(model: &Model, from: usize) -> Shared<Vec<bool>> {
    let count = model.document.nodes.len();
    let may = |to| {
        edit::may_connect(&model.document, from, to)
            && (count > CHECKED_TARGETS || edit::refusal(&model.document, from, to).is_none())
    };
    Shared::new((0..count).map(may).collect())
}

fn preview(model: &Model, preview: Preview) -> Vec<Effect> {
    let draw = match preview {
        Preview::Moved { nodes, dx, dy } => moved(&model.scene, &nodes, dx, dy),
        Preview::Wire { from, to, over } => wire(model, from, to, over),
        Preview::Marquee(rect) => Draw::Marquee(rect),
        Preview::Ghost { kind, at } => Draw::Ghost { kind, at, zoom: model.camera.zoom },
        Preview::Clear => Draw::Clear,
    };
    vec![Effect::Draw(draw)]
}

/// Where moved nodes and the edges at them are to be drawn.
fn moved(scene: &Scene, nodes: &[usize], dx: f64, dy: f64) -> Draw {
    let mut is_moved = vec![false; scene.nodes.len()];
    let nodes = || nodes.iter().copied().filter(|&i| i < scene.nodes.len());
    nodes().for_each(|i| is_moved[i] = true);
    let rect = |i: usize| {
        let Rect { x, y, .. } = scene.nodes[i];
        node_rect(if is_moved[i] { WorldPoint::new(x + dx, y + dy) } else { WorldPoint::new(x, y) })
    };
    let nodes = nodes().map(|i| (i, WorldPoint::new(rect(i).x, rect(i).y))).collect();
    let ends = scene.edges.iter().enumerate().filter_map(|(i, ends)| ends.map(|(from, to)| (i, from, to)));
    let touched = ends.filter(|&(_, from, to)| is_moved[from] || is_moved[to]);
    let edges = touched.map(|(i, from, to)| (i, route(rect(from), rect(to)))).collect();
    Draw::Moved { nodes, edges }
}

fn wire(model: &Model, from: usize, to: WorldPoint, over: Option<usize>) -> Draw {
    let Some(start) = model.scene.nodes.get(from).copied() else { return Draw::Clear };
    let end = over.and_then(|node| model.scene.nodes.get(node).copied());
    let way = end.map_or_else(|| Cubic::to_pointer(start, to), |end| route(start, end));
    let refusal = over.and_then(|node| edit::refusal(&model.document, from, node));
    let mut at = model.camera.to_screen(to);
    // The sentence stays inside the canvas.
    at.x = at.x.min(model.canvas.0 - HINT_WIDTH);
    Draw::Wire { way, at, refusal }
}

pub(super) fn wheel(model: &mut Model, wheel: &Wheel) -> Vec<Effect> {
    let camera = if wheel.zooms {
        // A notch of a wheel is about 100, a pinch's step a few.
        model.camera.zoomed(wheel.at, (-wheel.dy.clamp(-60.0, 60.0) * 0.006).exp())
    } else {
        model.camera.panned(-wheel.dx, -wheel.dy)
    };
    look(model, camera)
}

pub(super) fn zoom(model: &mut Model, factor: f64) -> Vec<Effect> {
    let middle = ScreenPoint::new(model.canvas.0 / 2.0, model.canvas.1 / 2.0);
    let camera = model.camera.zoomed(middle, factor);
    look(model, camera)
}

pub(super) fn centre(model: &mut Model, point: WorldPoint) -> Vec<Effect> {
    let camera = model.camera.centred(point, model.canvas.0, model.canvas.1);
    look(model, camera)
}

/// Shows all of the design.
pub(super) fn fit(model: &mut Model) -> Vec<Effect> {
    let (width, height) = model.canvas;
    let bounds = Rect::around(model.scene.nodes.iter().copied());
    let camera = match bounds {
        Some(bounds) if width > 0.0 => {
            let insets = match model.drawer {
                _ if model.embed => EMBEDDED,
                Some(_) if width > DRAWER_FROM => Insets { right: DRAWER, ..INSETS },
                _ => INSETS,
            };
            Camera::fit(bounds, width, height, insets)
        }
        _ => Camera::default(),
    };
    let effects = look(model, camera);
    model.is_fitted = true;
    effects
}

pub(super) fn resized(model: &mut Model, width: f64, height: f64) -> Vec<Effect> {
    model.canvas = (width, height);
    if model.is_fitted { fit(model) } else { look(model, model.camera) }
}

fn look(model: &mut Model, camera: Camera) -> Vec<Effect> {
    model.camera = camera;
    model.is_fitted = false;
    model.looks += 1;
    let rested = Box::new(Msg::Rested(model.looks));
    vec![
        Effect::Draw(Draw::Camera { camera, shown: camera.shown(model.canvas.0, model.canvas.1) }),
        Effect::After { ms: REST_MS, msg: rested },
    ]
}

pub(super) fn rested(model: &Model, looks: u32) -> Vec<Effect> {
    if looks == model.looks { vec![Effect::Draw(Draw::Rest)] } else { Vec::new() }
}

/// A place in the middle of what is shown that no node covers.
pub(super) fn free_place(model: &Model) -> WorldPoint {
    let (width, height) = model.canvas;
    let middle = model.camera.to_world(ScreenPoint::new((width + INSETS.left) / 2.0, height / 2.0));
    free_from(model, middle.moved(-NODE_WIDTH / 2.0, -NODE_HEIGHT / 2.0))
}

/// The first place that no node covers, from here downwards.
pub(super) fn free_from(model: &Model, mut at: WorldPoint) -> WorldPoint {
    let covered = |at: WorldPoint| model.scene.nodes.iter().any(|rect| rect.touches(&node_rect(at)));
    // Every step leaves some nodes behind, so that it ends after as many steps as there are nodes.
    for _ in 0..=model.scene.nodes.len() {
        if !covered(at) {
            break;
        }
        at = at.moved(0.0, NODE_HEIGHT + 24.0);
    }
    at
}
