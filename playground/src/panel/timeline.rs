//! The design's timeline under the chart over time: events that can be added, dragged, edited and taken away.
use super::chart::px;
use crate::format;
use crate::geometry::Frame;
use crate::model::Model;
use crate::msg::Msg;
use crate::shared::Shared;
use crate::steering::{self, event_words, second_of};
use loadpath_core::topology::{Happening, Topology};
use web_sys::Element;
use yew::prelude::*;

/// How far the keys move an event, in seconds; and with shift.
const STEP: f64 = 1.0;
const FAR: f64 = 10.0;
/// Characters of an event's words that are written beside it.
const WORDS: usize = 22;

/// What the timeline shows.
#[derive(Clone, PartialEq)]
pub struct Timeline {
    document: Shared<Topology>,
    chosen: Option<usize>,
    drag: Option<(usize, f64)>,
    now: f64,
}

impl Timeline {
    /// From the model.
    pub fn of(model: &Model) -> Self {
        let snapshot = model.simulated.snapshot.as_deref();
        Self {
            document: model.document.clone(),
            chosen: model.steering.event,
            drag: model.steering.drag,
            // To the second: the present is not drawn finer than that.
            now: snapshot.map_or(0.0, |snapshot| snapshot.now().as_secs().floor()),
        }
    }

    fn events(&self) -> &[Happening] {
        &self.document.timeline
    }

    /// When an event happens, or where it is dragged to.
    fn second(&self, i: usize) -> Option<f64> {
        match self.drag {
            Some((event, second)) if event == i => Some(second),
            _ => second_of(self.events().get(i)?),
        }
    }

    /// The seconds of the events, for a chart that is to show them too.
    pub(super) fn seconds(&self) -> Vec<f64> {
        (0..self.events().len()).filter_map(|i| second_of(&self.events()[i])).collect()
    }

    /// A line up through the chart for each event that has happened.
    pub(super) fn marks(&self, frame: &Frame, height: f64) -> Html {
        let past = self.seconds().into_iter().filter(|second| *second <= self.now && *second >= frame.x.low);
        let mark = |second: f64| {
            let x = px(frame.x.place(second));
            html! { <line class="event-mark" x1={x.clone()} x2={x} y1="0" y2={px(height)} /> }
        };
        html! { <g>{ for past.map(mark) }</g> }
    }

    /// The strip with the events.
    pub(super) fn strip(&self, frame: &Frame, strip: &NodeRef, tell: &Callback<Msg>) -> Html {
        let second_at = {
            let (strip, axis) = (strip.clone(), frame.x);
            move |x: i32| {
                let left = strip.cast::<Element>()?.get_bounding_client_rect().left();
                let share = (f64::from(x) - left - axis.start) / (axis.end - axis.start);
                Some((axis.low + share * (axis.high - axis.low)).max(0.0))
            }
        };
        let onpointermove = {
            let (tell, second_at, drag) = (tell.clone(), second_at.clone(), self.drag);
            Callback::from(move |event: PointerEvent| {
                if let (Some((place, _)), Some(second)) = (drag, second_at(event.client_x())) {
                    tell.emit(Msg::Steering(steering::Msg::Drag(place, second)));
                }
            })
        };
        let onpointerup = tell.reform(|_: PointerEvent| Msg::Steering(steering::Msg::Drop));
        let ondblclick = {
            let tell = tell.clone();
            Callback::from(move |event: MouseEvent| {
                if let Some(second) = second_at(event.client_x()) {
                    tell.emit(Msg::Steering(steering::Msg::AddEvent(second)));
                }
            })
        };
        let shown = (0..self.events().len()).filter_map(|i| Some((i, self.second(i)?)));
        let shown = shown.filter(|(_, second)| *second >= frame.x.low && *second <= frame.x.high);
        let present = px(frame.x.place(self.now));
        html! {
            <svg class="events" ref={strip.clone()} role="group" aria-label="Timeline" {onpointermove} {onpointerup} {ondblclick}>
                <title>{ "Double click to let something happen" }</title>
                <line class="axis" x1={px(frame.x.start)} x2={px(frame.x.end)} y1="9" y2="9" />
                <path class="present" d={format!("M{present} 3v12")} />
                { for shown.map(|(i, second)| self.event(i, second, frame, strip, tell)) }
            </svg>
        }
    }

    fn event(&self, i: usize, second: f64, frame: &Frame, strip: &NodeRef, tell: &Callback<Msg>) -> Html {
        let x = frame.x.place(second);
        let words = event_words(&self.document, &self.events()[i]);
        let state = if second <= self.now { "past" } else { "ahead" };
        let says = format!(
            "{words} at {}. Arrow keys move it, Enter edits it, Delete takes it away",
            format::clock(second)
        );
        let short: String = if words.chars().count() > WORDS {
            words.chars().take(WORDS).chain(['…']).collect()
        } else {
            words
        };
        // Near the right end the words stand to the left.
        let (anchor, at) = if x > frame.x.end - 120.0 { ("end", x - 9.0) } else { ("start", x + 9.0) };
        let onpointerdown = {
            let (tell, strip) = (tell.clone(), strip.clone());
            Callback::from(move |event: PointerEvent| {
                // Without capture the event would stay behind where the pointer leaves the strip.
                let _ = strip.cast::<Element>().map(|strip| strip.set_pointer_capture(event.pointer_id()));
                tell.emit(Msg::Steering(steering::Msg::Event(Some(i))));
                tell.emit(Msg::Steering(steering::Msg::Drag(i, second)));
            })
        };
        let class = classes!("event", state, (self.chosen == Some(i)).then_some("chosen"));
        html! {
            <g key={i} {class} id={format!("event-{i}")} tabindex="0" role="button" aria-label={says} {onpointerdown}
                onkeydown={keys(i, tell)}>
                <rect x={px(x - 7.0)} y="1" width="14" height="16" fill="transparent" />
                <path d={format!("M{} 3l6 6-6 6-6-6z", px(x))} />
                <text x={px(at)} y="13" text-anchor={anchor}>{ short }</text>
            </g>
        }
    }
}

fn keys(i: usize, tell: &Callback<Msg>) -> Callback<KeyboardEvent> {
    let tell = tell.clone();
    Callback::from(move |event: KeyboardEvent| {
        let step = if event.shift_key() { FAR } else { STEP };
        let msg = match event.key().as_str() {
            "ArrowLeft" => steering::Msg::Shift(i, -step),
            "ArrowRight" => steering::Msg::Shift(i, step),
            "Enter" => steering::Msg::Event(Some(i)),
            "Delete" | "Backspace" => steering::Msg::RemoveEvent(i),
            _ => return,
        };
        event.prevent_default();
        // On the canvas these keys are for nodes.
        event.stop_propagation();
        tell.emit(Msg::Steering(msg));
    })
}

/// The button that lets something happen a little after now.
pub(super) fn add_button(timeline: &Timeline, tell: &Callback<Msg>) -> Html {
    let second = timeline.now + FAR;
    let add = tell.reform(move |_: MouseEvent| Msg::Steering(steering::Msg::AddEvent(second)));
    html! {
        <button type="button" class="btn small" id="add-event" title="Let something happen at a time" onclick={add}>
            { "+ Event" }
        </button>
    }
}
