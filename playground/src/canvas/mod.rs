//! The canvas: nodes as HTML, edges in one SVG, both in a layer that the camera moves.
mod edges;
mod face;
mod icon;
mod menu;
mod minimap;
mod name;
mod node;
mod regions;
pub(crate) mod stage;
mod told;

pub use face::{EdgeFace, Face, Level, at, faces};
pub use icon::icon;
pub use menu::{Line, Menu, Props as MenuProps};
pub use minimap::Minimap;
pub use told::{Badges, Told, class as severity_class, sign as severity_sign};

use crate::difference::Difference;
use crate::editing::{self, Finger, Named, Phase};
use crate::geometry::{Group, Scene, ScreenPoint, WorldPoint};
use crate::model::Selection;
use crate::msg::{Msg, Wheel};
use crate::shared::Shared;
use crate::tool::{Down, Held, Pointer};
use edges::Edges;
use gloo::events::{EventListener, EventListenerOptions};
use loadpath_core::topology::Topology;
use node::NodeCard;
use regions::Regions;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement, MouseEvent, ResizeObserver, WheelEvent};
use yew::prelude::*;

/// What the canvas shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// The document.
    pub document: Shared<Topology>,
    /// Where its nodes stand.
    pub scene: Shared<Scene>,
    /// What is written on nodes and edges.
    pub faces: Shared<(Vec<Face>, Vec<EdgeFace>)>,
    /// What it differs in from another design.
    pub difference: Option<Shared<Difference>>,
    /// What is selected.
    pub selection: Selection,
    /// Which nodes the edge that is being drawn may reach.
    pub targets: Option<Shared<Vec<bool>>>,
    /// The selected region.
    pub group: Option<Group>,
    /// Whose name is being written.
    pub renaming: Option<Named>,
    /// Whether a node is being chosen with the keyboard.
    pub chooses: bool,
    /// Whether traffic moves.
    pub flows: bool,
    /// Whether the space bar is held.
    pub pans: bool,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// The canvas.
#[component]
pub fn Canvas(props: &Props) -> Html {
    let canvas = use_node_ref();
    use_wheel(&canvas, &props.tell);
    use_size(&canvas, &props.tell);
    let onpointerdown = {
        let (tell, canvas, pans) = (props.tell.clone(), canvas.clone(), props.pans);
        Callback::from(move |event: PointerEvent| {
            let Some(down) = pressed(&event, &canvas, pans) else { return };
            tell.emit(if down.touch {
                let phase = Phase::Down(down.held);
                Msg::Editing(editing::Msg::Finger(Finger { id: event.pointer_id(), at: down.at, phase }))
            } else {
                Msg::Pointer(Pointer::Down(down))
            });
        })
    };
    let oncontextmenu = on_place(&canvas, &props.tell, |at, target| {
        // A field has a menu of the browser's own.
        let is_own = !target.matches("input, select, textarea").unwrap_or(false);
        is_own.then(|| editing::Msg::MenuAt { at, instance: instance(target) })
    });
    let ondblclick = on_place(&canvas, &props.tell, |at, _| Some(editing::Msg::DoubleClick(at)));
    let (nodes, edge_faces) = &*props.faces;
    let beside = beside(&props.scene);
    let stop = props.selection.nodes.first().or(props.scene.order.first()).copied();
    let cards = nodes.iter().enumerate().map(|(i, face)| {
        let rect = props.scene.nodes[i];
        let kind = props.document.nodes[i].kind.clone();
        html! {
            <NodeCard key={i} index={i} at={WorldPoint::new(rect.x, rect.y)} {kind} face={face.clone()}
                selected={props.selection.nodes.contains(&i)}
                target={props.targets.as_ref().map(|targets| targets[i])} is_stop={stop == Some(i)}
                beside={beside[i]} renames={props.renaming == Some(Named::Node(i))} tell={props.tell.clone()} />
        }
    });
    let class = classes!(
        "canvas",
        props.flows.then_some("flows"),
        props.pans.then_some("pans"),
        props.targets.is_some().then_some("connecting"),
        props.chooses.then_some("choosing")
    );
    html! {
        <div id="canvas" ref={canvas} {class} role="application" aria-label="Canvas" tabindex="-1" {onpointerdown}
            {oncontextmenu} {ondblclick}>
            <div id="viewport">
                <Regions document={props.document.clone()} scene={props.scene.clone()} selected={props.group}
                    renaming={props.renaming} tell={props.tell.clone()} />
                <Edges scene={props.scene.clone()} faces={edge_faces.clone()} selected={props.selection.edges.clone()} />
                { for props.difference.iter().flat_map(|difference| &difference.gone).map(node::gone) }
                { for cards }
                <svg class="over" aria-hidden="true">
                    <g id="lifted-wires" />
                    <path id="guides" class="guides" d="" />
                    <path id="wire" class="wire" d="" />
                    <rect id="marquee" class="marquee" x="0" y="0" width="0" height="0" />
                </svg>
                <div id="lifted" class="lifted" aria-hidden="true" />
            </div>
            <div id="hint" class="hint" role="status" hidden=true />
            <div id="ghost" class="ghost" aria-hidden="true" hidden=true />
        </div>
    }
}

/// A point of the page, relative to the canvas.
pub(crate) fn on_canvas(canvas: &Element, x: i32, y: i32) -> ScreenPoint {
    let rect = canvas.get_bounding_client_rect();
    ScreenPoint::new(f64::from(x) - rect.left(), f64::from(y) - rect.top())
}

/// A press on the canvas itself or on what stands on it, unless it is on a button there.
fn pressed(event: &PointerEvent, canvas: &NodeRef, pans: bool) -> Option<Down> {
    let canvas = canvas.cast::<HtmlElement>()?;
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let is_control = target.closest("button, input, select, a").ok()?.is_some();
    let middle = event.button() == 1;
    if is_control || !(event.button() == 0 || middle) {
        return None;
    }
    // Without capture a gesture would end at the window's edge. A pointer that is gone already needs none.
    let _ = canvas.set_pointer_capture(event.pointer_id());
    // What was typed elsewhere is taken over.
    if let Some(active) = canvas.owner_document().and_then(|d| d.active_element()) {
        let in_field = active.matches("input, select, textarea").unwrap_or(false);
        let _ = in_field.then(|| active.dyn_into::<HtmlElement>().map(|field| field.blur()));
    }
    if middle {
        event.prevent_default();
    }
    Some(Down {
        at: on_canvas(&canvas, event.client_x(), event.client_y()),
        pans: pans || middle,
        held: Held {
            shift: event.shift_key(),
            alt: event.alt_key(),
            ctrl: event.ctrl_key() || event.meta_key(),
        },
        touch: event.pointer_type() == "touch",
    })
}

/// The nodes before and after each, as the keyboard goes through them.
fn beside(scene: &Scene) -> Vec<(Option<usize>, Option<usize>)> {
    let mut beside = vec![(None, None); scene.nodes.len()];
    for pair in scene.order.windows(2) {
        beside[pair[0]].1 = Some(pair[1]);
        beside[pair[1]].0 = Some(pair[0]);
    }
    beside
}

/// Answers an event of the pointer, at a place of the canvas, in the place of the browser; where there is an answer.
fn on_place(
    canvas: &NodeRef,
    tell: &Callback<Msg>,
    answer: fn(ScreenPoint, &Element) -> Option<editing::Msg>,
) -> Callback<MouseEvent> {
    let (canvas, tell) = (canvas.clone(), tell.clone());
    Callback::from(move |event: MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some((canvas, target)) = canvas.cast::<Element>().zip(target) else { return };
        if let Some(msg) = answer(on_canvas(&canvas, event.client_x(), event.client_y()), &target) {
            event.prevent_default();
            tell.emit(Msg::Editing(msg));
        }
    })
}

/// The node and the instance whose dot this is.
fn instance(target: &Element) -> Option<(usize, u16)> {
    let instance = target.get_attribute("data-instance")?.parse().ok()?;
    let node = target.closest(".node").ok()??.id();
    Some((node.strip_prefix("node-")?.parse().ok()?, instance))
}

/// The wheel pans and zooms the canvas, and not the page.
#[hook]
fn use_wheel(canvas: &NodeRef, tell: &Callback<Msg>) {
    let (canvas, tell) = (canvas.clone(), tell.clone());
    use_effect_with((), move |()| {
        let element = canvas.cast::<HtmlElement>();
        let listener = element.map(|element| {
            let options = EventListenerOptions::enable_prevent_default();
            let canvas = element.clone();
            EventListener::new_with_options(&element, "wheel", options, move |event| {
                event.prevent_default();
                tell.emit(Msg::Wheel(wheel(event.unchecked_ref(), &canvas)));
            })
        });
        move || drop(listener)
    });
}

fn wheel(event: &WheelEvent, canvas: &HtmlElement) -> Wheel {
    // Lines and pages, as some mice count, in pixels.
    let unit = match event.delta_mode() {
        WheelEvent::DOM_DELTA_LINE => 16.0,
        WheelEvent::DOM_DELTA_PAGE => 400.0,
        _ => 1.0,
    };
    let (dx, dy) = (event.delta_x() * unit, event.delta_y() * unit);
    let sideways = event.shift_key() && dx == 0.0;
    Wheel {
        at: on_canvas(canvas, event.client_x(), event.client_y()),
        dx: if sideways { dy } else { dx },
        dy: if sideways { 0.0 } else { dy },
        zooms: event.ctrl_key() || event.meta_key(),
    }
}

/// Tells the canvas's size, at first and whenever it changes.
#[hook]
fn use_size(canvas: &NodeRef, tell: &Callback<Msg>) {
    let (canvas, tell) = (canvas.clone(), tell.clone());
    use_effect_with((), move |()| {
        let element = canvas.cast::<HtmlElement>();
        let observed = element.and_then(|element| {
            let watched = element.clone();
            let changed = Closure::<dyn Fn(JsValue)>::new(move |_| {
                tell.emit(Msg::Resized(
                    f64::from(watched.client_width()),
                    f64::from(watched.client_height()),
                ));
            });
            let observer = ResizeObserver::new(changed.as_ref().unchecked_ref()).ok()?;
            observer.observe(&element);
            Some((observer, changed))
        });
        move || {
            if let Some((observer, _changed)) = &observed {
                observer.disconnect();
            }
        }
    });
}
