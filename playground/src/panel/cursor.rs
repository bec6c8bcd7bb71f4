//! A place in a chart that a person looks at: by the pointer, or by the arrow keys when the chart has the focus.
use web_sys::Element;
use yew::prelude::*;

/// The place, in pixels of the chart, and what makes it follow pointer and keys.
#[derive(Clone)]
pub(super) struct Cursor {
    pub(super) at: Option<(f64, f64)>,
    pub(super) onpointermove: Callback<PointerEvent>,
    pub(super) onpointerleave: Callback<PointerEvent>,
    pub(super) onkeydown: Callback<KeyboardEvent>,
    pub(super) onclick: Callback<MouseEvent>,
}

/// A cursor over the element, whose keys move it by a step; `chosen` is told where a click or Enter was.
#[hook]
pub(super) fn use_cursor(
    element: &NodeRef,
    size: (f64, f64),
    step: (f64, f64),
    chosen: Callback<(f64, f64)>,
) -> Cursor {
    let at = use_state_eq(|| None::<(f64, f64)>);
    let place = {
        let element = element.clone();
        move |x: i32, y: i32| {
            let rect = element.cast::<Element>()?.get_bounding_client_rect();
            Some((f64::from(x) - rect.left(), f64::from(y) - rect.top()))
        }
    };
    let onpointermove = {
        let (at, place) = (at.setter(), place.clone());
        Callback::from(move |event: PointerEvent| at.set(place(event.client_x(), event.client_y())))
    };
    let onpointerleave = {
        let at = at.setter();
        Callback::from(move |_: PointerEvent| at.set(None))
    };
    let onclick = {
        let chosen = chosen.clone();
        Callback::from(move |event: MouseEvent| {
            if let Some(place) = place(event.client_x(), event.client_y()) {
                chosen.emit(place);
            }
        })
    };
    let onkeydown = {
        let at = at.clone();
        Callback::from(move |event: KeyboardEvent| {
            let (x, y) = at.unwrap_or((size.0 - 30.0, size.1 / 2.0));
            let to = match event.key().as_str() {
                "ArrowLeft" => (x - step.0, y),
                "ArrowRight" => (x + step.0, y),
                "ArrowUp" => (x, y - step.1),
                "ArrowDown" => (x, y + step.1),
                "Enter" => {
                    event.stop_propagation();
                    chosen.emit((x, y));
                    return;
                }
                _ => return,
            };
            event.prevent_default();
            // The canvas would take the arrows for its nodes.
            event.stop_propagation();
            at.set(Some((to.0.clamp(0.0, size.0), to.1.clamp(0.0, size.1))));
        })
    };
    Cursor { at: *at, onpointermove, onpointerleave, onkeydown, onclick }
}

/// What a chart says of the place that is looked at; spoken too, since it stands in a live region.
pub(super) fn read_out(text: Option<String>) -> Html {
    html! { <p class={classes!("read-out", text.is_none().then_some("unseen"))} role="status">{ text.unwrap_or_default() }</p> }
}

/// A line up at a place, for the eye.
pub(super) fn hair(x: f64, height: f64) -> Html {
    let x = super::chart::px(x);
    html! { <line class="hair" x1={x.clone()} x2={x} y1="0" y2={super::chart::px(height)} /> }
}
