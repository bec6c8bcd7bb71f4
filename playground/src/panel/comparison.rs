//! Two designs or runs side by side: what they differ in, in words, and each figure with what can be said of it.
use super::drawer::drawer;
use super::fidelity;
use crate::difference::Difference;
use crate::format;
use crate::model::Model;
use crate::msg::Msg;
use crate::run::{Better, Compared, Figure, Row};
use crate::shared::Shared;
use crate::update::comparison::{self, Side, sides};
use loadpath_core::compare::Fidelity;
use loadpath_core::stats::Estimate;
use loadpath_core::topology::Topology;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// What is shown.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    sides: Vec<(Side, String)>,
    before: Side,
    after: Side,
    difference: Option<Shared<Difference>>,
    compared: Option<Shared<Compared>>,
    refusal: Option<String>,
    is_running: bool,
    fidelity: Option<Shared<Fidelity>>,
    document: Shared<Topology>,
    tell: Callback<Msg>,
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        let comparison = &model.comparison;
        let is_measured = [&comparison.before, &comparison.after].contains(&&Side::Measured);
        Self {
            sides: sides(model),
            before: comparison.before.clone(),
            after: comparison.after.clone(),
            difference: comparison.difference.clone(),
            compared: comparison.compared.clone(),
            refusal: comparison.refusal.clone(),
            is_running: comparison.is_running(),
            fidelity: model.live.fidelity.clone().filter(|_| is_measured),
            document: model.document.clone(),
            tell,
        }
    }
}

/// The comparison.
#[component]
pub fn CompareDrawer(props: &Props) -> Html {
    let keep = props.tell.reform(|_: MouseEvent| Msg::Comparison(comparison::Msg::Keep));
    let body = html! {<>
        <div class="sides">
            { chooser(props, "Before", "compare-before", &props.before, comparison::Msg::Before) }
            { chooser(props, "After", "compare-after", &props.after, comparison::Msg::After) }
        </div>
        <button type="button" class="btn" id="keep-baseline" onclick={keep}>{ "Keep as baseline" }</button>
        if props.before == props.after {
            <p class="mute">{ "Keep this design as a baseline, then change it: what differs is marked on the canvas, and both are simulated under the same requests. Or choose another one above." }</p>
        } else {
            if let Some(difference) = &props.difference { { words(difference) } }
            if let Some(refusal) = &props.refusal { <p class="note" role="alert">{ refusal }{ "." }</p> }
            <p class="mute" role="status" id="comparing">{ if props.is_running { "Simulating both…" } else { "" } }</p>
            if let Some(compared) = &props.compared { { table(compared) } }
            if let Some(fidelity) = &props.fidelity { { fidelity::section(fidelity, &props.document) } }
        }
    </>};
    drawer("Compare", &body, &props.tell)
}

fn chooser(
    props: &Props,
    title: &'static str,
    id: &'static str,
    now: &Side,
    msg: fn(Side) -> comparison::Msg,
) -> Html {
    let onchange = {
        let (sides, tell) = (props.sides.clone(), props.tell.clone());
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let chosen = usize::try_from(select.selected_index()).ok().and_then(|i| sides.get(i));
            if let Some((side, _)) = chosen {
                tell.emit(Msg::Comparison(msg(side.clone())));
            }
        })
    };
    let options =
        props.sides.iter().map(|(side, name)| html! { <option selected={side == now}>{ name }</option> });
    html! {
        <div class="f">
            <label for={id}>{ title }</label>
            // Made anew when the value changes, since a person's choice outweighs what is marked as selected.
            <select key={format!("{now:?}{}", props.sides.len())} {id} {onchange}>{ for options }</select>
        </div>
    }
}

/// What differs, in words.
pub(super) fn words(difference: &Difference) -> Html {
    html! {
        if difference.words.is_empty() {
            <p class="mute" id="difference">{ "They differ in nothing that matters." }</p>
        } else {
            <ul class="words" id="difference">{ for difference.words.iter().map(|word| html! { <li>{ word }</li> }) }</ul>
        }
    }
}

fn table(compared: &Compared) -> Html {
    html! {<>
        <table id="comparison">
            <thead><tr>
                <th><span class="unseen">{ "figure" }</span></th>
                <th scope="col">{ "before" }</th><th scope="col">{ "after" }</th><th scope="col">{ "verdict" }</th>
            </tr></thead>
            <tbody>{ for compared.rows.iter().map(line) }</tbody>
        </table>
        <p class="mute small">{ &compared.how }</p>
    </>}
}

fn line(row: &Row) -> Html {
    let (class, sign) = match row.better {
        Better::Better => ("good", "✓ "),
        Better::Worse => ("bad", "✗ "),
        Better::CannotTell => ("mute", "≈ "),
    };
    html! {
        <tr data-row={row.figure.name()} data-verdict={row.better.word()}>
            <th scope="row">{ row.figure.name() }</th>
            <td>{ told(row.figure, row.before) }</td>
            <td>{ told(row.figure, row.after) }</td>
            <td {class} title={format!("difference: {}", difference(row))}>{ sign }{ row.better.word() }</td>
        </tr>
    }
}

/// A figure with its interval.
fn told(figure: Figure, of: Estimate) -> Html {
    let (value, half) = match figure {
        Figure::Mean | Figure::P50 | Figure::P99 => {
            (format::seconds(of.value), format::half_width(of.value, of.half_width))
        }
        Figure::Errors => (format::percent(of.value), format!("± {}", format::amount(of.half_width * 100.0))),
        Figure::Goodput => (format::rate_number(of.value), format!("± {}", format::amount(of.half_width))),
        Figure::Cost => (format::dollars(of.value), String::new()),
    };
    html! { <>{ value }<small>{ " " }{ half }</small></> }
}

fn difference(row: &Row) -> String {
    let (value, half) = (row.difference.value, row.difference.half_width);
    let sign = if value < 0.0 { "−" } else { "+" };
    match row.figure {
        Figure::Mean | Figure::P50 | Figure::P99 => {
            format!("{sign}{} ± {}", format::seconds(value.abs()), format::seconds(half))
        }
        Figure::Errors => format!("{sign}{} ± {}", format::percent(value.abs()), format::percent(half)),
        Figure::Goodput => format!("{sign}{} ± {}", format::rate(value.abs()), format::rate(half)),
        Figure::Cost => format!("{sign}{}", format::dollars(value.abs())),
    }
}
