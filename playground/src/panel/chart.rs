//! What charts share: their size, their grid, their labels.
use crate::geometry::{Axis, Frame};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, ResizeObserver};
use yew::prelude::*;

/// Room for the labels of the axes, in pixels.
pub(super) const LEFT: f64 = 58.0;
const RIGHT: f64 = 26.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 22.0;

/// The size of an element in pixels, followed as it changes; zero until it is known.
#[hook]
pub(super) fn use_size() -> (NodeRef, (f64, f64)) {
    let element = use_node_ref();
    let size = use_state_eq(|| (0.0, 0.0));
    {
        let (element, size) = (element.clone(), size.setter());
        use_effect_with((), move |()| {
            let observed = element.cast::<Element>().and_then(|element| {
                let watched = element.clone();
                let changed = Closure::<dyn Fn(JsValue)>::new(move |_| {
                    size.set((f64::from(watched.client_width()), f64::from(watched.client_height())));
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
    (element, *size)
}

/// The frame of a chart in a picture of this size, for values in these ranges.
pub(super) fn frame((width, height): (f64, f64), x: (f64, f64), y: (f64, f64)) -> Frame {
    Frame {
        x: Axis { low: x.0, high: x.1, start: LEFT, end: (width - RIGHT).max(LEFT + 1.0) },
        y: Axis { low: y.0, high: y.1, start: (height - BOTTOM).max(TOP + 1.0), end: TOP },
    }
}

/// A line across for each tick, with its label at the left.
pub(super) fn rows(frame: &Frame, ticks: &[f64], label: impl Fn(f64) -> String) -> Html {
    let row = |tick: &f64| {
        let y = format!("{:.1}", frame.y.place(*tick));
        html! {<>
            <line class="axis" x1={px(frame.x.start)} x2={px(frame.x.end)} y1={y.clone()} y2={y} />
            <text class="lbl" text-anchor="end" x={px(frame.x.start - 8.0)} y={px(frame.y.place(*tick) + 3.6)}>
                { label(*tick) }
            </text>
        </>}
    };
    html! { <g>{ for ticks.iter().map(row) }</g> }
}

/// A label under the chart for each value, and a line up where `lines`.
pub(super) fn columns(frame: &Frame, labels: &[(f64, String)], lines: bool) -> Html {
    let column = |(value, text): &(f64, String)| {
        let x = frame.x.place(*value);
        html! {<>
            if lines {
                <line class="axis" x1={px(x)} x2={px(x)} y1={px(frame.y.start)} y2={px(frame.y.end)} />
            }
            <text class="lbl" text-anchor="middle" x={px(x)} y={px(frame.y.start + 16.0)}>{ text }</text>
        </>}
    };
    html! { <g>{ for labels.iter().map(column) }</g> }
}

/// The names of the lines, for the chart's heading.
pub(super) fn legend(names: &[(&'static str, &'static str)]) -> Html {
    let entry = |(class, name): &(&'static str, &'static str)| {
        html! {
            <span class="key">
                <svg width="16" height="4" aria-hidden="true"><path class={*class} d="M0 2H16" /></svg>{ *name }
            </span>
        }
    };
    html! { <span class="legend">{ for names.iter().map(entry) }</span> }
}

/// A coordinate, as an attribute.
pub(super) fn px(value: f64) -> String {
    format!("{value:.1}")
}
