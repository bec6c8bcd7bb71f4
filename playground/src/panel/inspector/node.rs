//! A node: its parameters, whom it calls, its metrics.
use super::sections::sections;
use super::{Inspected, explain, fault, metrics};
use crate::canvas::{at, icon};
use crate::describe;
use crate::edit::{self, Bag};
use crate::inspect;
use crate::model::{Selection, Tab};
use crate::msg::{Change, Msg};
use loadpath_core::topology::catalog;
use loadpath_core::topology::{Node, Place, Topology};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

pub(super) fn show(inspected: &Inspected, i: usize, tell: &Callback<Msg>) -> Html {
    let node = &inspected.document.nodes[i];
    let kind = catalog::kind(&node.kind);
    html! {<>
        <h2>{ describe::label(node) }</h2>
        <p class="mute" title={kind.map(|kind| kind.about)}>
            { kind.map_or(node.kind.as_str(), |kind| kind.title) }{ " · " }{ &inspected.size }
        </p>
        { tabs(inspected.tab, tell) }
        <div role="tabpanel">
            {
                match inspected.tab {
                    Tab::Configure => configure(inspected, i, node, tell),
                    Tab::Metrics => metrics::show(inspected, i, tell),
                    Tab::Explain => explain::show(inspected, i),
                }
            }
        </div>
    </>}
}

fn tabs(now: Tab, tell: &Callback<Msg>) -> Html {
    let tab = |tab: Tab, text| super::tab(text, tab == now, tell.reform(move |_| Msg::Tab(tab)));
    html! {
        <div class="tabs" role="tablist" aria-label="The component">
            { tab(Tab::Configure, "Configure") }{ tab(Tab::Metrics, "Metrics") }{ tab(Tab::Explain, "Explain") }
        </div>
    }
}

fn configure(inspected: &Inspected, i: usize, node: &Node, tell: &Callback<Msg>) -> Html {
    let delete = tell.reform(|_: MouseEvent| Msg::Change(Change::Delete));
    let duplicate = tell.reform(|_: MouseEvent| Msg::Change(Change::Duplicate));
    html! {<>
        { general_faults(inspected, i) }
        { text_field("Label", "field-label", node.label.clone(), describe_default(node), None,
            &tell.reform(move |text| Msg::Change(Change::Label(i, text)))) }
        { stands(inspected, i, node, tell) }
        { sections(inspected, &[Bag::Node(i)], tell) }
        { text_field("Id", "field-id", node.id.clone(), String::new(), fault(&inspected.faults, &Place::Node(i), "id"),
            &tell.reform(move |text| Msg::Change(Change::Id(i, text)))) }
        { inspected.found.cards_at(&Place::Node(i), tell) }
        { calls(&inspected.document, i, tell) }
        <div class="actions">
            <button type="button" class="btn" onclick={duplicate}>{ "Duplicate" }</button>
            <button type="button" class="btn danger" onclick={delete}>{ "Delete" }</button>
        </div>
    </>}
}

/// The zone and the host that it stands in and on, where the design has any.
fn stands(inspected: &Inspected, i: usize, node: &Node, tell: &Callback<Msg>) -> Html {
    let Topology { zones, hosts, .. } = &*inspected.document;
    let zones: Vec<&str> = zones.iter().map(|zone| zone.id.as_str()).collect();
    let hosts: Vec<&str> = hosts.iter().map(|host| host.id.as_str()).collect();
    let (zone, host) = (node.zone.clone(), node.host.clone());
    let stand =
        move |zone, host| Msg::Change(Change::Inspect(inspect::Change::Stand { node: i, zone, host }));
    let to_zone = tell.reform(move |zone| stand(zone, host.clone()));
    let to_host = tell.reform(move |host| stand(zone.clone(), host));
    let place = Place::Node(i);
    html! {<>
        { choose("Zone", "field-zone", &zones, &node.zone, fault(&inspected.faults, &place, "zone"), &to_zone) }
        { choose("Host", "field-host", &hosts, &node.host, fault(&inspected.faults, &place, "host"), &to_host) }
    </>}
}

/// A field in which one of these ids is chosen, or none; no field where there is nothing to choose.
fn choose(
    title: &'static str,
    id: &'static str,
    ids: &[&str],
    now: &str,
    fault: Option<String>,
    chosen: &Callback<String>,
) -> Html {
    if ids.is_empty() && now.is_empty() {
        return Html::default();
    }
    let onchange = chosen.reform(|event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        select.value()
    });
    let is_known = now.is_empty() || ids.contains(&now);
    let options = ids
        .iter()
        .map(|id| html! { <option value={(*id).to_owned()} selected={*id == now}>{ *id }</option> });
    html! {
        <div class={classes!("f", fault.is_some().then_some("faulty"))}>
            <label for={id}>{ title }</label>
            <div class="control">
                <select key={now.to_owned()} {id} {onchange}>
                    <option value="" selected={now.is_empty()}>{ "none" }</option>
                    { for options }
                    if !is_known { <option value={now.to_owned()} selected=true>{ now.to_owned() }</option> }
                </select>
            </div>
            if let Some(fault) = fault { <small class="wrong" role="alert">{ fault }</small> }
        </div>
    }
}

fn describe_default(node: &Node) -> String {
    catalog::kind(&node.kind).map_or_else(String::new, |kind| kind.title.to_owned())
}

/// What is wrong with the node, and not with one of its fields.
fn general_faults(inspected: &Inspected, i: usize) -> Html {
    let general: Vec<_> = inspected.faults.iter().filter(|fault| fault.field.is_none()).cloned().collect();
    let faults = at(&general, &Place::Node(i));
    html! { <>{ for faults.into_iter().map(|fault| html! { <p class="note" role="alert">{ fault }{ "." }</p> }) }</> }
}

/// A field that is no parameter.
pub(super) fn text_field(
    title: &'static str,
    id: &'static str,
    value: String,
    placeholder: String,
    fault: Option<String>,
    changed: &Callback<String>,
) -> Html {
    let onchange = changed.reform(|event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        input.value().trim().to_owned()
    });
    html! {
        <div class={classes!("f", fault.is_some().then_some("faulty"))}>
            <label for={id}>{ title }</label>
            <input {id} type="text" {value} {placeholder} maxlength="200" autocomplete="off" spellcheck="false" {onchange} />
            if let Some(fault) = fault { <small class="wrong" role="alert">{ fault }</small> }
        </div>
    }
}

/// Whom the node calls, in order, and whom it could: the way to connect without a pointer.
fn calls(document: &Topology, from: usize, tell: &Callback<Msg>) -> Html {
    let id = &document.nodes[from].id;
    let out = document.edges.iter().enumerate().filter(|(_, edge)| edge.from == *id);
    let lines = out.map(|(i, edge)| {
        let target = document.node(&edge.to);
        let name = target.map_or_else(|| edge.to.clone(), describe::label);
        let select = tell.reform(move |_: MouseEvent| Msg::Select(Selection::edge(i)));
        let delete = tell.reform(move |_: MouseEvent| Msg::Change(Change::DeleteEdge(i)));
        let label = format!("Do not call {name}");
        html! {
            <li>
                { icon(target.map_or("", |node| node.kind.as_str()), 16) }
                <button type="button" class="link" onclick={select}>{ name }</button>
                <button type="button" class="btn icon" aria-label={label.clone()} title={label} onclick={delete}>
                    { icon("close", 13) }
                </button>
            </li>
        }
    });
    let lines: Vec<Html> = lines.collect();
    let open: Vec<usize> =
        (0..document.nodes.len()).filter(|&to| edit::may_connect(document, from, to)).collect();
    if lines.is_empty() && open.is_empty() {
        return Html::default();
    }
    html! {<>
        <h3 class="part">{ "Calls" }</h3>
        <ul class="calls">{ for lines }</ul>
        { connect(document, from, &open, tell) }
    </>}
}

fn connect(document: &Topology, from: usize, open: &[usize], tell: &Callback<Msg>) -> Html {
    if open.is_empty() {
        return Html::default();
    }
    let onchange = {
        let (open, tell) = (open.to_vec(), tell.clone());
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            // The first one is the invitation.
            let chosen = usize::try_from(select.selected_index()).ok().and_then(|i| i.checked_sub(1));
            if let Some(&to) = chosen.and_then(|i| open.get(i)) {
                tell.emit(Msg::Change(Change::Connect { from, to }));
            }
        })
    };
    let options = open.iter().map(|&to| html! { <option>{ describe::label(&document.nodes[to]) }</option> });
    html! {
        <select key={format!("{open:?}")} class="connect" aria-label="Connect to" {onchange}>
            <option selected=true>{ "Connect to…" }</option>
            { for options }
        </select>
    }
}
