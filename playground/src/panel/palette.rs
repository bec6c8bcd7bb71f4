//! The components that can be put on the canvas, as the catalog has them.
use crate::canvas::{icon, on_canvas};
use crate::editing;
use crate::msg::{Change, Msg};
use crate::tool::Pointer;
use loadpath_core::topology::catalog::{Group, KINDS, Kind};
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

/// What the palette needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// The palette.
#[component]
pub fn Palette(props: &Props) -> Html {
    let groups = Group::ALL.iter().map(|group| {
        let kinds = KINDS.iter().filter(|kind| kind.group == *group);
        html! {<>
            <h2>{ group.title() }</h2>
            { for kinds.map(|kind| item(kind, &props.tell)) }
        </>}
    });
    // Around what is selected, or empty.
    let zone = props
        .tell
        .reform(|_: MouseEvent| Msg::Change(Change::Editing(editing::Change::AddZone { area: None })));
    let host = props
        .tell
        .reform(|_: MouseEvent| Msg::Change(Change::Editing(editing::Change::AddHost { area: None })));
    html! {
        <nav class="palette" aria-label="Components">
            { for groups }
            <h2>{ "Places" }</h2>
            <div class="pair">
            <button type="button" class="pi" data-kind="zone" onclick={zone}
                title="A data center or region: drop nodes into it (G)">
                { icon("zone", 18) }<span>{ "Zone" }</span>
            </button>
            <button type="button" class="pi" data-kind="host" onclick={host}
                title="A machine: what is dropped onto it shares its cores">
                { icon("host", 18) }<span>{ "Host" }</span>
            </button>
            </div>
        </nav>
    }
}

fn item(kind: &'static Kind, tell: &Callback<Msg>) -> Html {
    let onpointerdown = {
        let tell = tell.clone();
        Callback::from(move |event: PointerEvent| {
            if event.button() == 0
                && let Some(msg) = grab(&event, kind)
            {
                tell.emit(msg);
            }
        })
    };
    // A click without a drag, or Enter: in the middle of the canvas.
    let onclick = tell.reform(move |_: MouseEvent| Msg::Change(Change::AddNode { kind, at: None }));
    html! {
        <button type="button" class="pi" data-kind={kind.name} title={kind.about} {onpointerdown} {onclick}>
            { icon(kind.name, 18) }<span>{ kind.title }</span>
        </button>
    }
}

fn grab(event: &PointerEvent, kind: &'static Kind) -> Option<Msg> {
    // Not the current target, which is the root of the page: there the framework listens for all.
    let touched = event.target()?.dyn_into::<Element>().ok()?;
    // A finger stays captured by what it touched first; let go, the drop finds what lies under it.
    let _ = touched.release_pointer_capture(event.pointer_id());
    let canvas = touched.owner_document()?.get_element_by_id("canvas")?;
    let at = on_canvas(&canvas, event.client_x(), event.client_y());
    Some(Msg::Pointer(Pointer::Grab { kind, at }))
}
