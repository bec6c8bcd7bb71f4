//! An event of the timeline: when, what, to whom, as the catalog has it.
use super::Inspected;
use super::node::text_field;
use super::sections::plain;
use crate::canvas::at;
use crate::edit::Bag;
use crate::msg::Msg;
use crate::panel::one_of::OneOf;
use crate::steering::{self, event_words};
use loadpath_core::topology::catalog::ACTIONS;
use loadpath_core::topology::{Fault, Place};
use yew::prelude::*;

pub(super) fn show(inspected: &Inspected, i: usize, tell: &Callback<Msg>) -> Html {
    let event = &inspected.document.timeline[i];
    let place = Place::Timeline(i);
    let kind = ACTIONS.iter().find(|action| action.name == event.action);
    let close = tell.reform(|_: MouseEvent| Msg::Steering(steering::Msg::Event(None)));
    let remove = tell.reform(move |_: MouseEvent| Msg::Steering(steering::Msg::RemoveEvent(i)));
    let general: Vec<Fault> =
        inspected.faults.iter().filter(|fault| fault.field.is_none()).cloned().collect();
    html! {<>
        <h2>{ event_words(&inspected.document, event) }</h2>
        <p class="mute">{ kind.map_or("Something happens.", |kind| kind.about) }</p>
        { for at(&general, &place).into_iter().map(|says| html! { <p class="note" role="alert">{ says }{ "." }</p> }) }
        { text_field("At", "field-event-at", event.at.clone(), "30s".to_owned(), fault(inspected, &place),
            &tell.reform(move |text| Msg::Steering(steering::Msg::When(i, text)))) }
        <div class="f">
            <label for="field-event-action">{ "What" }</label>
            { actions(&event.action, i, tell) }
        </div>
        { plain(inspected, Bag::Event(i), tell) }
        { ids(inspected) }
        <div class="actions">
            <button type="button" class="btn" onclick={close}>{ "Done" }</button>
            <button type="button" class="btn danger" onclick={remove}>{ "Delete" }</button>
        </div>
    </>}
}

/// The sentence of the fault of its time.
fn fault(inspected: &Inspected, place: &Place) -> Option<String> {
    let here = |fault: &&Fault| fault.place == *place && fault.field.as_deref() == Some("at");
    inspected.faults.iter().find(here).map(|fault| fault.what.clone())
}

fn actions(now: &str, i: usize, tell: &Callback<Msg>) -> Html {
    let place = ACTIONS.iter().position(|action| action.name == now).unwrap_or(ACTIONS.len());
    let names: Vec<String> = ACTIONS.iter().map(|action| action.title.to_owned()).collect();
    let chosen = crate::panel::perhaps(tell, move |place: usize| {
        ACTIONS.get(place).map(|action| Msg::Steering(steering::Msg::Action(i, action.name)))
    });
    html! { <OneOf id="field-event-action" label="What happens" {names} now={place} {chosen} /> }
}

/// The ids that can be named, which the browser offers while one is typed.
fn ids(inspected: &Inspected) -> Html {
    let document = &inspected.document;
    let nodes = || document.nodes.iter().map(|node| html! { <option value={node.id.clone()} /> });
    let zones = || document.zones.iter().map(|zone| html! { <option value={zone.id.clone()} /> });
    html! {<>
        { for ["node", "from", "to"].map(|of| html! { <datalist id={format!("ids-{of}")}>{ for nodes() }</datalist> }) }
        { for ["zone", "other"].map(|of| html! { <datalist id={format!("ids-{of}")}>{ for zones() }</datalist> }) }
    </>}
}
