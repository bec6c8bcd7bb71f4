//! Where the design stands: its zones, the round trips between them, and the machines that nodes share.
use super::sections::plain;
use super::{Inspected, fault};
use crate::canvas::icon;
use crate::edit::Bag;
use crate::inspect::{Change as InspectChange, entry, stated};
use crate::msg::{Change, Msg};
use loadpath_core::topology::catalog::{self, Param};
use loadpath_core::topology::{LIMITS, Place, Topology};
use web_sys::HtmlInputElement;
use yew::prelude::*;

pub(super) fn show(inspected: &Inspected, tell: &Callback<Msg>) -> Html {
    let Topology { zones, hosts, nodes, .. } = &*inspected.document;
    let add_zone = change(tell, || InspectChange::AddZone);
    let add_host = change(tell, || InspectChange::AddHost);
    let zone_cards = zones.iter().enumerate().map(|(i, zone)| {
        let count = nodes.iter().filter(|node| node.zone == zone.id).count();
        let head = Head {
            what: "zone",
            id: &zone.id,
            label: &zone.label,
            count,
            fault: fault(&inspected.faults, &Place::Zone(i), "id"),
        };
        let renamed = tell.reform(move |label| tell_change(InspectChange::ZoneLabel(i, label)));
        let removed = change(tell, move || InspectChange::RemoveZone(i));
        card(&head, &renamed, removed, plain(inspected, Bag::Zone(i), tell))
    });
    let host_cards = hosts.iter().enumerate().map(|(i, host)| {
        let count = nodes.iter().filter(|node| node.host == host.id).count();
        let head = Head {
            what: "host",
            id: &host.id,
            label: &host.label,
            count,
            fault: fault(&inspected.faults, &Place::Host(i), "id"),
        };
        let renamed = tell.reform(move |label| tell_change(InspectChange::HostLabel(i, label)));
        let removed = change(tell, move || InspectChange::RemoveHost(i));
        card(&head, &renamed, removed, plain(inspected, Bag::Host(i), tell))
    });
    html! {<>
        <h3 class="part">{ "Zones" }</h3>
        if zones.is_empty() { <p class="mute">{ "Data centers or regions. Between zones a call takes their round trip." }</p> }
        { for zone_cards }
        <button type="button" class="btn wide" id="add-zone" onclick={add_zone} disabled={zones.len() >= LIMITS.zones}>
            { icon("plus", 14) }{ " Add a zone" }
        </button>
        if zones.len() > 1 { { round_trips(inspected, tell) } }
        <h3 class="part">{ "Hosts" }</h3>
        if hosts.is_empty() { <p class="mute">{ "Machines whose cores several components share." }</p> }
        { for host_cards }
        <button type="button" class="btn wide" id="add-host" onclick={add_host} disabled={hosts.len() >= LIMITS.hosts}>
            { icon("plus", 14) }{ " Add a host" }
        </button>
    </>}
}

fn tell_change(change: InspectChange) -> Msg {
    Msg::Change(Change::Inspect(change))
}

fn change(tell: &Callback<Msg>, change: impl Fn() -> InspectChange + 'static) -> Callback<MouseEvent> {
    tell.reform(move |_: MouseEvent| tell_change(change()))
}

/// What a zone and a host have in common.
struct Head<'a> {
    what: &'static str,
    id: &'a str,
    label: &'a str,
    /// How many nodes stand there.
    count: usize,
    fault: Option<String>,
}

fn card(head: &Head, renamed: &Callback<String>, removed: Callback<MouseEvent>, fields: Html) -> Html {
    let Head { what, id, label, count, fault } = head;
    let onchange = renamed.reform(|event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        input.value().trim().to_owned()
    });
    let remove = format!("Remove {what} {id}");
    html! {
        <fieldset class="class-card">
            <legend class="unseen">{ format!("{what} {id}") }</legend>
            <div class="class-head">
                <input class="name" aria-label={format!("The label of {what} {id}")} placeholder={(*id).to_owned()}
                    value={(*label).to_owned()} autocomplete="off" spellcheck="false" maxlength="200" {onchange} />
                <span class="mute" title="components that stand there">{ count }</span>
                <button type="button" class="btn icon" aria-label={remove.clone()} title={remove} onclick={removed}>
                    { icon("close", 13) }
                </button>
            </div>
            if let Some(fault) = fault { <small class="wrong" role="alert">{ fault }</small> }
            { fields }
        </fieldset>
    }
}

/// Who is how far from whom: a field for each pair, and from the distance where nothing is written.
fn round_trips(inspected: &Inspected, tell: &Callback<Msg>) -> Html {
    let zones = &inspected.document.zones;
    let columns = &zones[..zones.len() - 1];
    let head = columns.iter().map(|zone| html! { <th scope="col">{ zone.id.clone() }</th> });
    let row = |(i, from): (usize, &loadpath_core::topology::Zone)| {
        let cells =
            columns.iter().take(i).map(|to| html! { <td>{ trip(inspected, &from.id, &to.id, tell) }</td> });
        let rest = (i..columns.len()).map(|_| html! { <td/> });
        html! { <tr><th scope="row">{ from.id.clone() }</th>{ for cells }{ for rest }</tr> }
    };
    let rows = zones.iter().enumerate().skip(1).map(row);
    let faults = inspected.faults.iter().filter(|fault| matches!(fault.place, Place::RoundTrip(_)));
    let faults = faults.map(
        |fault| html! { <p class="wrong" role="alert">{ format!("{}: {}", fault.called, fault.what) }</p> },
    );
    html! {<>
        <h3 class="part">{ "Round trips" }</h3>
        <div class="matrix">
            <table>
                <caption class="unseen">{ "How long the network takes between two zones and back" }</caption>
                <thead><tr><td/>{ for head }</tr></thead>
                <tbody>{ for rows }</tbody>
            </table>
        </div>
        { for faults }
        <p class="mute small">{ "What is not written follows from the distance." }</p>
    </>}
}

fn trip(inspected: &Inspected, from: &str, to: &str, tell: &Callback<Msg>) -> Html {
    let document = &inspected.document;
    let place = stated(document, from, to);
    let value = place.and_then(|place| document.round_trips[place].params.get("time"));
    let is_faulty = place
        .is_some_and(|place| inspected.faults.iter().any(|fault| fault.place == Place::RoundTrip(place)));
    let onchange = {
        let (from, to, tell) = (from.to_owned(), to.to_owned(), tell.clone());
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let time = row().and_then(|row| entry::read(row, &input.value()));
            input.set_value(&time.as_ref().map(ToString::to_string).unwrap_or_default());
            tell.emit(tell_change(InspectChange::RoundTrip { from: from.clone(), to: to.clone(), time }));
        })
    };
    html! {
        <input id={format!("trip-{from}-{to}")} type="text" aria-label={format!("Round trip between {from} and {to}")}
            placeholder="auto" autocomplete="off" spellcheck="false" aria-invalid={is_faulty.to_string()}
            value={value.map(ToString::to_string).unwrap_or_default()} {onchange} />
    }
}

fn row() -> Option<&'static Param> {
    catalog::param(catalog::ROUND_TRIP, "time")
}
