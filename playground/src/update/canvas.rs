//! What happens on the canvas: selection, gestures, the view.
use super::{document, editing};
use crate::edit::{self, Wire};
use crate::effect::{Draw, Effect, Lifted, Moved};
use crate::geometry::{
    Camera, Cubic, Group, Guide, Insets, NODE_HEIGHT, NODE_WIDTH, Rect, Scene, ScreenPoint, WorldPoint,
    innermost, node_rect, route,
};
use crate::model::{Model, Selection, Walk};
use crate::msg::{Msg, Wheel};
use crate::shared::Shared;
use crate::tool::{Act, Ground, Pointer, Preview, Tool};

/// The palette, the toolbar and the banner lie over the canvas; a design is fitted between them.
const INSETS: Insets = Insets { left: 190.0, top: 40.0, right: 40.0, bottom: 90.0 };
/// On a phone there is no palette, and little room.
const PHONE: Insets = Insets { left: 16.0, top: 16.0, right: 16.0, bottom: 60.0 };
/// Below this width the window is a phone's, as in the style sheet.
const PHONE_WIDTH: f64 = 600.0;
/// What stands beside a design takes this much at the right, where the canvas has room for both.
const DRAWER: f64 = 374.0;
const DRAWER_FROM: f64 = 900.0;
/// Inside another page nothing lies over it.
const EMBEDDED: Insets = Insets { left: 24.0, top: 24.0, right: 24.0, bottom: 24.0 };
/// The room that the sentence beside the pointer needs, in pixels.
const HINT_WIDTH: f64 = 330.0;
/// How long the camera must rest before everything is drawn sharp, in milliseconds.
const REST_MS: u32 = 160;
/// The same for many nodes, whose frames are longer: what is drawn at rest must not come between two turns of the wheel.
const LONG_REST_MS: u32 = 500;
/// So many are many.
const MANY: usize = 100;
/// More nodes than this are moved as one picture.
const LIFTED: usize = 24;
/// Up to this many nodes, each target of an edge is checked in full while the edge is drawn.
const CHECKED_TARGETS: usize = 60;

pub(super) fn select(model: &mut Model, selection: Selection) -> Vec<Effect> {
    model.steering.event = None;
    if selection != model.selection {
        model.selection = selection;
        model.history.settle();
    }
    model.editing.group = None;
    Vec::new()
}

/// From what is selected now, and not from what was when the key's list was drawn: keys may come faster than frames.
pub(super) fn walk(model: &mut Model, walk: Walk) -> Vec<Effect> {
    let from = model.selection.nodes.first().copied();
    match walk.from(from, model.document.nodes.len()) {
        Some(node) => select(model, Selection::node(node)),
        None => Vec::new(),
    }
}

pub(super) fn select_all(model: &mut Model) -> Vec<Effect> {
    let nodes = (0..model.document.nodes.len()).collect();
    let edges = (0..model.document.edges.len()).collect();
    select(model, Selection { nodes, edges })
}

/// Focus by keyboard selects; focus by pointer comes with a gesture, which selects by itself.
pub(super) fn focused(model: &mut Model, node: usize) -> Vec<Effect> {
    // While a node is being chosen, the focus only shows which.
    let is_choosing = model.editing.reaching.is_some();
    if is_choosing || !matches!(model.tool, Tool::Idle) || model.selection.nodes.contains(&node) {
        return Vec::new();
    }
    select(model, Selection::node(node))
}

pub(super) fn pointer(model: &mut Model, pointer: &Pointer) -> Vec<Effect> {
    let mut effects = match pointer {
        Pointer::Down(_) | Pointer::Grab { .. } => editing::interrupted(model),
        _ => Vec::new(),
    };
    let ground = Ground { scene: &model.scene, camera: model.camera, selection: &model.selection };
    let (tool, acts) = std::mem::take(&mut model.tool).step(pointer, &ground);
    model.tool = tool;
    effects.extend(acts.into_iter().flat_map(|act| act_on(model, act)));
    model.targets = match &model.tool {
        Tool::Connect(connect) if model.targets.is_none() => Some(Shared::new(targets(model, connect.wire))),
        Tool::Connect(_) => model.targets.take(),
        _ => model.targets.take().filter(|_| model.editing.reaching.is_some()),
    };
    effects
}

fn act_on(model: &mut Model, act: Act) -> Vec<Effect> {
    match act {
        Act::Select(selection) => select(model, selection),
        Act::Camera(camera) => look(model, camera),
        Act::Preview(preview) => self::preview(model, preview),
        Act::SelectGroup(group) => editing::select_group(model, group),
        Act::Offer { from, at } => editing::offer(model, from, at),
        Act::Change(change) => document::change(model, change),
        Act::Hover(edge) if edge == model.hover => Vec::new(),
        Act::Hover(edge) => {
            let old = std::mem::replace(&mut model.hover, edge);
            vec![Effect::Draw(Draw::Hover { old, new: edge })]
        }
    }
}

/// At which nodes the loose end of an edge may be made fast.
pub(super) fn targets(model: &Model, wire: Wire) -> Vec<bool> {
    let count = model.document.nodes.len();
    let may = |node| {
        let (from, to) = wire.ends(node);
        if count > CHECKED_TARGETS && wire.edge.is_none() {
            edit::may_connect(&model.document, from, to)
        } else {
            node != wire.anchor && edit::refusal_at(&model.document, wire, node).is_none()
        }
    };
    (0..count).map(may).collect()
}

fn preview(model: &Model, preview: Preview) -> Vec<Effect> {
    let draw = match preview {
        Preview::Moved { nodes, dx, dy, copies, guides } => {
            let into = joins(model, &nodes, dx, dy);
            Draw::Moved(Moved { guides, into, ..moved(&model.scene, &nodes, (dx, dy), copies) })
        }
        Preview::Region { region, dx, dy } => {
            let Some(found) = model.scene.regions.get(region) else { return Vec::new() };
            let mut all = moved(&model.scene, &found.members, (dx, dy), false);
            all.regions.retain(|(i, _)| *i != region);
            all.regions.push((region, found.rect.moved(dx, dy)));
            Draw::Moved(all)
        }
        Preview::Wire { wire, to, over } => return self::wire(model, wire, to, over),
        Preview::Marquee(rect) => Draw::Marquee(rect),
        Preview::Ghost { kind, at } => Draw::Ghost { kind, at, zoom: model.camera.zoom },
        Preview::Clear => Draw::Clear,
    };
    vec![Effect::Draw(draw)]
}

/// The region that the first of these nodes would join: a host rather than the zone in which it stands.
fn joins(model: &Model, nodes: &[usize], dx: f64, dy: f64) -> Option<usize> {
    let (scene, &first) = (&model.scene, nodes.first()?);
    let middle = scene.nodes.get(first)?.moved(dx, dy).middle();
    let runs = edit::runs_on_hosts(model.document.nodes.get(first)?);
    let host = if runs { innermost(&scene.regions, Group::Host(0), middle) } else { None };
    let into = host.or_else(|| innermost(&scene.regions, Group::Zone(0), middle))?;
    let region = &scene.regions[into];
    // Nodes that take their region along join nothing.
    (!region.goes_with(|i| nodes.contains(&i))).then_some(into)
}

/// Where moved nodes, the edges at them and the regions around them are to be drawn.
fn moved(scene: &Scene, nodes: &[usize], (dx, dy): (f64, f64), copies: bool) -> Moved {
    let mut is_moved = vec![false; scene.nodes.len()];
    nodes.iter().filter(|&&i| i < scene.nodes.len()).for_each(|&i| is_moved[i] = true);
    let rect = |i: usize| if is_moved[i] && !copies { scene.nodes[i].moved(dx, dy) } else { scene.nodes[i] };
    let chosen = || (0..scene.nodes.len()).filter(|&i| is_moved[i]);
    let ends = || scene.edges.iter().enumerate().filter_map(|(i, ends)| ends.map(|(from, to)| (i, from, to)));
    let is_inner = |&(_, from, to): &(usize, usize, usize)| is_moved[from] && is_moved[to];
    let lifts = copies || nodes.len() > LIFTED;
    let touched = ends().filter(|(_, from, to)| !copies && (is_moved[*from] || is_moved[*to]));
    let along = scene.regions.iter().enumerate().filter(|(_, r)| !copies && r.goes_with(|i| is_moved[i]));
    Moved {
        nodes: if lifts { Vec::new() } else { chosen().map(|i| (i, corner(rect(i)))).collect() },
        edges: touched
            .filter(|edge| !lifts || !is_inner(edge))
            .map(|(i, from, to)| (i, route(rect(from), rect(to))))
            .collect(),
        regions: along.map(|(i, region)| (i, region.rect.moved(dx, dy))).collect(),
        lifted: lifts.then(|| Lifted {
            nodes: chosen().collect(),
            edges: ends().filter(is_inner).map(|(i, ..)| i).collect(),
            dx,
            dy,
            copies,
        }),
        guides: Vec::<Guide>::new(),
        into: None,
    }
}

const fn corner(rect: Rect) -> WorldPoint {
    WorldPoint::new(rect.x, rect.y)
}

/// An edge with a loose end, and beside the pointer why it may not end there, or what happens if it does.
pub(super) fn wire(model: &Model, wire: Wire, to: WorldPoint, over: Option<usize>) -> Vec<Effect> {
    let Some(start) = model.scene.nodes.get(wire.anchor).copied() else {
        return vec![Effect::Draw(Draw::Clear)];
    };
    let end = over.and_then(|node| model.scene.nodes.get(node).copied());
    let way = match (end, wire.forward) {
        (Some(end), true) => route(start, end),
        (Some(end), false) => route(end, start),
        (None, true) => Cubic::to_pointer(start, to),
        (None, false) => Cubic::from_pointer(to, start),
    };
    let refusal = over.and_then(|node| edit::refusal_at(&model.document, wire, node));
    let is_refused = refusal.is_some();
    let open = (over.is_none() && wire.edge.is_none()).then(|| "Let go to choose what it calls".to_owned());
    let mut at = model.camera.to_screen(to);
    // The sentence stays inside the canvas.
    at.x = at.x.min(model.canvas.0 - HINT_WIDTH);
    vec![Effect::Draw(Draw::Wire { way, at, hint: refusal.or(open), is_refused })]
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
    let regions = model.scene.regions.iter().map(|region| region.rect);
    let bounds = Rect::around(model.scene.nodes.iter().copied().chain(regions));
    let camera = match bounds {
        Some(bounds) if width > 0.0 => {
            let insets = match model.drawer {
                _ if model.embed => EMBEDDED,
                _ if width <= PHONE_WIDTH => PHONE,
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

/// Shows a part of the plane.
pub(super) fn show(model: &mut Model, bounds: Rect) -> Vec<Effect> {
    let (width, height) = model.canvas;
    look(model, Camera::fit(bounds, width, height, INSETS))
}

pub(super) fn resized(model: &mut Model, width: f64, height: f64) -> Vec<Effect> {
    model.canvas = (width, height);
    if model.is_fitted { fit(model) } else { look(model, model.camera) }
}

pub(super) fn look(model: &mut Model, camera: Camera) -> Vec<Effect> {
    model.camera = camera;
    model.is_fitted = false;
    model.looks += 1;
    let rested = Box::new(Msg::Rested(model.looks));
    let ms = if model.document.nodes.len() > MANY { LONG_REST_MS } else { REST_MS };
    vec![
        Effect::Draw(Draw::Camera { camera, shown: camera.shown(model.canvas.0, model.canvas.1) }),
        Effect::AfterFrame { ms, msg: rested },
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
