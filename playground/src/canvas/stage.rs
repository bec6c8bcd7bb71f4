//! Drawing past the virtual DOM: during a gesture, the elements that move are written directly, and nothing is compared.
//!
//! What it writes are styles and attributes that no component renders twice with the same value, so that both agree again
//! as soon as the gesture is committed. It decides nothing.
mod lift;

use super::minimap::{HEIGHT, WIDTH};
use crate::effect::{Draw, Moved};
use crate::geometry::{Camera, Cubic, FAR, Guide, Rect, ScreenPoint, WorldPoint};
use std::fmt::Write as _;
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

/// The element of a region.
pub(crate) fn region_id(region: usize) -> String {
    format!("region-{region}")
}

/// The label of a region.
pub(crate) fn label_id(region: usize) -> String {
    format!("region-{region}-label")
}

/// Draws.
pub(crate) fn draw(draw: &Draw) {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    match draw {
        Draw::Camera { camera, shown } => show(&document, *camera, *shown),
        Draw::Moved(moved) => move_all(&document, moved),
        Draw::Wire { way, at, hint, is_refused } => wire(&document, way, *at, hint.as_deref(), *is_refused),
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

/// Puts a node's element to its place. By `left` and `top`: an element with a transform is painted apart from all others, and
/// sorting a thousand such paintings into layers would take longer than a frame.
pub(crate) fn place(element: &HtmlElement, at: WorldPoint) {
    style(element, "left", &format!("{}px", at.x));
    style(element, "top", &format!("{}px", at.y));
}

/// Puts a region's element to its place and gives it its size.
pub(crate) fn place_region(element: &HtmlElement, rect: Rect) {
    place(element, WorldPoint::new(rect.x, rect.y));
    style(element, "width", &format!("{}px", rect.width));
    style(element, "height", &format!("{}px", rect.height));
}

/// Puts a panel at a place of the canvas, moved so far that all of it is seen.
pub(crate) fn place_inside(element: &HtmlElement, at: ScreenPoint) {
    let parent = element.offset_parent();
    let (width, height) =
        parent.map_or((0.0, 0.0), |p| (f64::from(p.client_width()), f64::from(p.client_height())));
    let inside = |at: f64, size: i32, all: f64| at.min(all - f64::from(size) - 8.0).max(8.0);
    let (x, y) = (inside(at.x, element.offset_width(), width), inside(at.y, element.offset_height(), height));
    style(element, "transform", &format!("translate({x}px, {y}px)"));
}

/// Gives the keyboard's focus to an element, and says whether it is there.
pub(crate) fn focus(id: &str) -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    let Some(element) = document.and_then(|document| html(&document, id)) else { return false };
    let options = web_sys::FocusOptions::new();
    // The canvas is moved by its camera and never scrolled.
    options.set_prevent_scroll(true);
    // Whatever takes no focus leaves it where it is.
    let _ = element.focus_with_options(&options);
    true
}

fn move_all(document: &Document, moved: &Moved) {
    moved.nodes.iter().for_each(|(node, at)| place_by_id(document, &node_id(*node), *at));
    moved.edges.iter().for_each(|(edge, way)| bend(document, *edge, way));
    for (region, rect) in &moved.regions {
        if let Some(element) = html(document, &region_id(*region)) {
            place_region(&element, *rect);
        }
    }
    if let Some(lifted) = &moved.lifted {
        lift::lift(document, lifted);
    }
    guides(document, &moved.guides);
    into(document, moved.into);
}

fn guides(document: &Document, guides: &[Guide]) {
    let mut path = String::new();
    for Guide { from, to } in guides {
        write!(path, "M{:.1} {:.1}L{:.1} {:.1}", from.x, from.y, to.x, to.y)
            .expect("a string takes every character");
    }
    if let Some(element) = document.get_element_by_id("guides") {
        attribute(&element, "d", &path);
    }
}

/// Marks the region that something would join.
fn into(document: &Document, region: Option<usize>) {
    if let Ok(Some(old)) = document.query_selector("[data-into]") {
        old.remove_attribute("data-into").expect("the attribute's name is well-formed");
    }
    if let Some(region) = region {
        toggle(document, &region_id(region), "data-into", true);
    }
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
        match child.tag_name().as_str() {
            "path" => attribute(&child, "d", &path),
            "g" => attribute(&child, "transform", &middle(way)),
            _ => end_of(&child, way),
        }
    }
}

/// The first circle lies at the start, and the one after it at the end.
fn end_of(circle: &Element, way: &Cubic) {
    let is_last = circle.next_element_sibling().is_none();
    let at = way.points[if is_last { 3 } else { 0 }];
    attribute(circle, "cx", &at.x.to_string());
    attribute(circle, "cy", &at.y.to_string());
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
    if let Some(view) = html(document, "minimap-view") {
        place_frame(&view, shown);
    }
    if let Some(level) = document.get_element_by_id("zoom-level") {
        let text = format!("{:.0} %", zoom * 100.0);
        // A new text is laid out anew, also when it says the same.
        if level.text_content().as_deref() != Some(&text) {
            level.set_text_content(Some(&text));
        }
    }
}

/// Puts the minimap's frame around what is shown. By a transform, and in a layer of its own: it moves with every step of the
/// camera, and nothing is painted for it.
pub(crate) fn place_frame(frame: &HtmlElement, shown: Rect) {
    let number = |name: &str| frame.get_attribute(name).and_then(|value| value.parse::<f64>().ok());
    let (Some(x), Some(y), Some(scale)) = (number("data-x"), number("data-y"), number("data-scale")) else {
        return;
    };
    // What is shown beyond the map ends at its border, so that all four sides are seen.
    let within = |at: f64, size: f64| at.clamp(0.0, size - 2.0);
    let (left, right) = (within((shown.x - x) * scale, WIDTH), within((shown.right() - x) * scale, WIDTH));
    let (top, bottom) = (within((shown.y - y) * scale, HEIGHT), within((shown.bottom() - y) * scale, HEIGHT));
    style(frame, "transform", &format!("translate({left:.1}px, {top:.1}px)"));
    // The same size is no change to the browser.
    style(frame, "width", &format!("{:.1}px", right - left));
    style(frame, "height", &format!("{:.1}px", bottom - top));
}

fn wire(document: &Document, way: &Cubic, at: ScreenPoint, says: Option<&str>, is_refused: bool) {
    if let Some(path) = document.get_element_by_id("wire") {
        attribute(&path, "d", &way.path());
        attribute(&path, "class", if is_refused { "wire refused" } else { "wire" });
    }
    if let Some(hint) = html(document, "hint") {
        if hint.text_content().as_deref() != says {
            hint.set_text_content(says);
        }
        hint.toggle_attribute_with_force("data-refused", is_refused)
            .expect("the attribute's name is well-formed");
        style(&hint, "transform", &format!("translate({}px, {}px)", at.x + 14.0, at.y + 14.0));
        hint.set_hidden(says.is_none());
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
    lift::lower(document);
    guides(document, &[]);
    into(document, None);
    for id in ["hint", "ghost"] {
        if let Some(element) = html(document, id) {
            element.set_hidden(true);
        }
    }
}
