//! The workload: how many requests arrive, and of which classes.
use super::sections::plain;
use super::{Inspected, curve, fault};
use crate::canvas::icon;
use crate::edit::Bag;
use crate::inspect::load::Load;
use crate::msg::{Change, Msg};
use loadpath_core::topology::{Class, LIMITS, Place};
use web_sys::HtmlInputElement;
use yew::prelude::*;

pub(super) fn show(inspected: &Inspected, tell: &Callback<Msg>) -> Html {
    let workload = &inspected.document.workload;
    let add = tell.reform(|_: MouseEvent| Msg::Change(Change::AddClass));
    let classes = workload.classes.iter().enumerate().map(|(i, class)| card(inspected, i, class, tell));
    let none = fault(&inspected.faults, &Place::Workload, "classes");
    html! {<>
        { plain(inspected, Bag::Workload, tell) }
        if let Some(load) = Load::of(&inspected.document) { { curve::load(&load) } }
        <h3 class="part">{ "Classes of requests" }</h3>
        if let Some(none) = none { <p class="note" role="alert">{ none }{ "." }</p> }
        { for classes }
        if workload.classes.len() < LIMITS.classes {
            <button type="button" class="btn wide" id="add-class" onclick={add}>{ icon("plus", 14) }{ " Add a class" }</button>
        }
    </>}
}

fn card(inspected: &Inspected, i: usize, class: &Class, tell: &Callback<Msg>) -> Html {
    let remove = tell.reform(move |_: MouseEvent| Msg::Change(Change::RemoveClass(i)));
    let onchange = tell.reform(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        Msg::Change(Change::ClassName(i, input.value().trim().to_owned()))
    });
    let wrong = fault(&inspected.faults, &Place::Class(i), "name");
    let label = format!("Remove class {}", class.name);
    html! {
        <fieldset class="class-card">
            <legend class="unseen">{ format!("Class {}", class.name) }</legend>
            <div class="class-head">
                <input class="name" aria-label="The class's name" value={class.name.clone()} autocomplete="off"
                    spellcheck="false" maxlength="31" {onchange} />
                <span class="mute" title="its share of the requests">{ share(inspected, class) }</span>
                <button type="button" class="btn icon" aria-label={label.clone()} title={label} onclick={remove}>
                    { icon("close", 13) }
                </button>
            </div>
            if let Some(wrong) = wrong { <small class="wrong" role="alert">{ wrong }</small> }
            { plain(inspected, Bag::Class(i), tell) }
        </fieldset>
    }
}

/// A class's share of the requests, from the weights as they are written.
fn share(inspected: &Inspected, class: &Class) -> String {
    let weight = |class: &Class| {
        let written = class.params.get("weight").map(ToString::to_string);
        written.and_then(|text| text.parse::<f64>().ok()).unwrap_or(1.0)
    };
    let all: f64 = inspected.document.workload.classes.iter().map(weight).sum();
    if all > 0.0 { crate::format::percent(weight(class) / all) } else { String::new() }
}
