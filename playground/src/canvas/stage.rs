//! Drawing past the virtual DOM: during a gesture, the elements that move are written directly, and nothing is compared.
//!
//! What it writes are styles and attributes that no component renders twice with the same value, so that both agree again
//! as soon as the gesture is committed. It decides nothing.
use crate::effect::Draw;
use crate::geometry::{Camera, Cubic, FAR, Rect, ScreenPoint, WorldPoint};
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement};

/// The grid's step on the plane.
const GRID: f64 = 20.0;

/// The element of a node.
pub(crate) fn node_id(node: usize) -> String {
    format!("node-{node}")
}

/// The element of an edge.
pub(crate) fn edge_id(edge: usize) -> String {
    format!("edge-{edge}")
}

/// Draws.
pub(crate) fn draw(draw: &Draw) {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    match draw {
        Draw::Camera { camera, shown } => show(&document, *camera, *shown),
        Draw::Moved { nodes, edges } => {
            nodes.iter().for_each(|(node, at)| place_by_id(&document, &node_id(*node), *at));
            edges.iter().for_each(|(edge, way)| bend(&document, *edge, way));
        }
        Draw::Wire { way, at, refusal } => wire(&document, way, *at, refusal.as_deref()),
        Draw::Marquee(rect) => marquee(&document, *rect),
        Draw::Ghost { kind, at, zoom } => ghost(&document, kind, *at, *zoom),
        Draw::Rest => toggle(&document, "viewport", "data-moving", false),
        Draw::Clear => clear(&document),
        Draw::Hover { old, new } => {
            let classes = |edge: &usize| Some(document.get_element_by_id(&edge_id(*edge))?.class_list());
            // A class list takes every name without a space.
            let _ = old.as_ref().and_then(classes).map(|list| list.remove_1("hover"));
            let _ = new.as_ref().and_then(classes).map(|list| list.add_1("hover"));
            toggle(&document, "canvas", "data-on-edge", new.is_some());
        }
    }
}

/// Puts a node's element to its place.
pub(crate) fn place(element: &HtmlElement, at: WorldPoint) {
    style(element, "transform", &format!("translate({}px, {}px)", at.x, at.y));
}

fn style(element: &HtmlElement, name: &str, value: &str) {
    element.style().set_property(name, value).expect("the property and its value are well-formed");
}

fn attribute(element: &Element, name: &str, value: &str) {
    element.set_attribute(name, value).expect("the attribute's name is well-formed");
}

fn html(document: &Document, id: &str) -> Option<HtmlElement> {
    document.get_element_by_id(id)?.dyn_into().ok()
}

/// An attribute and not a class: classes are the components' own.
fn toggle(document: &Document, id: &str, name: &str, on: bool) {
    if let Some(element) = document.get_element_by_id(id) {
        element.toggle_attribute_with_force(name, on).expect("the attribute's name is well-formed");
    }
}

fn place_by_id(document: &Document, id: &str, at: WorldPoint) {
    if let Some(element) = html(document, id) {
        place(&element, at);
    }
}

fn bend(document: &Document, edge: usize, way: &Cubic) {
    let Some(group) = document.get_element_by_id(&edge_id(edge)) else { return };
    let path = way.path();
    let children = group.children();
    for child in (0..children.length()).filter_map(|i| children.item(i)) {
        if child.tag_name() == "path" {
            attribute(&child, "d", &path);
        } else {
            attribute(&child, "transform", &middle(way));
        }
    }
}

/// The transform of what stands in the middle of an edge.
pub(crate) fn middle(way: &Cubic) -> String {
    let at = way.at(0.5);
    format!("translate({:.1} {:.1})", at.x, at.y)
}

fn show(document: &Document, camera: Camera, shown: Rect) {
    let Camera { x, y, zoom } = camera;
    if let Some(viewport) = html(document, "viewport") {
        style(&viewport, "transform", &format!("translate({x}px, {y}px) scale({zoom})"));
    }
    if let Some(canvas) = html(document, "canvas") {
        // Far away the dots would become a grey veil: every other one is left out.
        let step = GRID * zoom * if zoom < FAR { 4.0 } else { 1.0 };
        style(&canvas, "background-size", &format!("{step}px {step}px"));
        style(&canvas, "background-position", &format!("{x}px {y}px"));
    }
    toggle(document, "viewport", "data-far", zoom < FAR);
    toggle(document, "viewport", "data-moving", true);
    if let Some(view) = document.get_element_by_id("minimap-view") {
        attribute(&view, "x", &shown.x.to_string());
        attribute(&view, "y", &shown.y.to_string());
        attribute(&view, "width", &shown.width.to_string());
        attribute(&view, "height", &shown.height.to_string());
    }
    if let Some(level) = document.get_element_by_id("zoom-level") {
        level.set_text_content(Some(&format!("{:.0} %", zoom * 100.0)));
    }
}

fn wire(document: &Document, way: &Cubic, at: ScreenPoint, refusal: Option<&str>) {
    if let Some(path) = document.get_element_by_id("wire") {
        attribute(&path, "d", &way.path());
        attribute(&path, "class", if refusal.is_some() { "wire refused" } else { "wire" });
    }
    if let Some(hint) = html(document, "hint") {
        hint.set_text_content(refusal);
        style(&hint, "transform", &format!("translate({}px, {}px)", at.x + 14.0, at.y + 14.0));
        hint.set_hidden(refusal.is_none());
    }
}

fn marquee(document: &Document, rect: Rect) {
    let Some(element) = document.get_element_by_id("marquee") else { return };
    attribute(&element, "x", &rect.x.to_string());
    attribute(&element, "y", &rect.y.to_string());
    attribute(&element, "width", &rect.width.to_string());
    attribute(&element, "height", &rect.height.to_string());
}

fn ghost(document: &Document, kind: &str, at: ScreenPoint, zoom: f64) {
    let Some(ghost) = html(document, "ghost") else { return };
    if let Some(kind) = loadpath_core::topology::catalog::kind(kind) {
        ghost.set_text_content(Some(kind.title));
    }
    let transform = format!("translate({}px, {}px) scale({zoom}) translate(-50%, -50%)", at.x, at.y);
    style(&ghost, "transform", &transform);
    ghost.set_hidden(false);
}

fn clear(document: &Document) {
    if let Some(path) = document.get_element_by_id("wire") {
        attribute(&path, "d", "");
    }
    marquee(document, Rect::default());
    for id in ["hint", "ghost"] {
        if let Some(element) = html(document, id) {
            element.set_hidden(true);
        }
    }
}
