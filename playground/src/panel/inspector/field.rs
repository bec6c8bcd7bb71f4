//! A parameter's field: what may stand there, what stands there by default, what is wrong with what stands there, and the
//! way back to the default.
use super::curve;
use crate::canvas::icon;
use crate::describe;
use crate::edit::Bag;
use crate::inspect::listing::Listed;
use crate::inspect::{self, entry, law};
use crate::msg::{Change, Msg};
use loadpath_core::dist::Law;
use loadpath_core::topology::Value;
use loadpath_core::topology::catalog::Form;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// What a field needs.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct Props {
    /// The parameter, and what stands there.
    pub row: Listed,
    /// Where it stands: in all of these.
    pub bags: Vec<Bag>,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// A field.
#[component]
pub(super) fn ParamField(props: &Props) -> Html {
    let Listed { param, fault, .. } = &props.row;
    let id = field_id(&props.bags, param.name);
    let control = match param.form {
        Form::Choice(choices) => select(props, choices, &id),
        Form::Law => html! { <div class="law">{ input(props, &id) }{ law_chooser(props, &id) }</div> },
        _ => input(props, &id),
    };
    let is_changed = props.row.is_changed();
    let class = classes!(
        "f",
        fault.is_some().then_some("faulty"),
        is_changed.then_some("changed"),
        (!props.row.applies).then_some("idle")
    );
    html! {
        <div {class}>
            <label for={id.clone()} title={param.about}>{ param.title }</label>
            <div class="control">
                { control }
                if is_changed { { reset(props) } }
            </div>
            { below(props, &id) }
            if let Some(fault) = fault {
                <small class="wrong" id={format!("{id}-fault")} role="alert">{ fault }</small>
            }
        </div>
    }
}

/// The element of a parameter's field.
fn field_id(bags: &[Bag], name: &str) -> String {
    let bag = match bags {
        [only] => only.called(),
        _ => "all".to_owned(),
    };
    format!("field-{bag}-{name}")
}

/// What stands under the control: what the choice means, the law's curve, and, while it has the focus, its range.
fn below(props: &Props, id: &str) -> Html {
    let param = props.row.param;
    let now = props.row.value.as_deref().unwrap_or(param.default);
    let idle =
        (!props.row.applies).then(|| html! { <small class="meaning">{ "no effect as things are" }</small> });
    let meaning = match param.form {
        Form::Choice(_) if props.row.is_mixed => Html::default(),
        Form::Choice(choices) => {
            let meaning = choices.iter().find(|(name, _)| *name == now).map(|(_, meaning)| *meaning);
            html! { if let Some(meaning) = meaning { <small class="meaning">{ meaning }</small> } }
        }
        Form::Law if !props.row.is_mixed => curve::show(now),
        _ => Html::default(),
    };
    let hint = entry::hint(param);
    html! {<>
        { meaning }
        { idle.unwrap_or_default() }
        if !hint.is_empty() { <small class="range" id={format!("{id}-hint")}>{ format!("{} {hint}.", param.about) }</small> }
    </>}
}

fn reset(props: &Props) -> Html {
    let Listed { param, .. } = &props.row;
    let onclick = {
        let props = props.clone();
        Callback::from(move |_: MouseEvent| props.tell.emit(set(&props, None)))
    };
    let default = if param.default.is_empty() { "nothing" } else { param.default };
    let says = format!("{} back to {}", param.title, describe::choice(default));
    html! {
        <button type="button" class="btn icon reset" aria-label={says.clone()} title={says} {onclick}>
            { icon("undo", 12) }
        </button>
    }
}

fn set(props: &Props, value: Option<Value>) -> Msg {
    let bags = props.bags.clone();
    Msg::Change(Change::Inspect(inspect::Change::SetAll { bags, name: props.row.param.name, value }))
}

fn input(props: &Props, id: &str) -> Html {
    let param = props.row.param;
    let onchange = {
        let props = props.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            // Nothing written where the bags differ leaves them so.
            if props.row.is_mixed && input.value().trim().is_empty() {
                return;
            }
            let value = entry::read(param, &input.value());
            // What was written means what is there already: the field shows it in the document's words all the same.
            input.set_value(&value.as_ref().map(ToString::to_string).unwrap_or_default());
            props.tell.emit(set(&props, value));
        })
    };
    let onkeydown = {
        let props = props.clone();
        Callback::from(move |event: KeyboardEvent| {
            let up = match event.key().as_str() {
                "ArrowUp" => true,
                "ArrowDown" => false,
                _ => return,
            };
            let input: HtmlInputElement = event.target_unchecked_into();
            let now = entry::read(param, &input.value())
                .map_or_else(|| param.default.to_owned(), |v| v.to_string());
            if let Some(value) = entry::step(param, &now, up, event.shift_key()) {
                event.prevent_default();
                let value = entry::read(param, &value.to_string());
                input.set_value(&value.as_ref().map(ToString::to_string).unwrap_or_default());
                props.tell.emit(set(&props, value));
            }
        })
    };
    let list = (param.form == Form::Id).then(|| format!("ids-{}", param.name));
    let numeric = matches!(param.form, Form::Count { .. } | Form::Number { .. });
    let placeholder = if props.row.is_mixed { "different" } else { param.default };
    let mut described = format!("{id}-hint");
    if props.row.fault.is_some() {
        described = format!("{id}-fault {described}");
    }
    html! {
        <input id={id.to_owned()} type="text" {list} inputmode={numeric.then_some("decimal")} autocomplete="off" spellcheck="false"
            {placeholder} value={props.row.value.clone().unwrap_or_default()} title={param.about}
            aria-invalid={props.row.fault.is_some().to_string()} aria-describedby={described} {onchange} {onkeydown} />
    }
}

fn select(props: &Props, choices: &'static [(&'static str, &'static str)], id: &str) -> Html {
    let param = props.row.param;
    let written = props.row.value.clone();
    let now =
        if props.row.is_mixed { String::new() } else { written.unwrap_or_else(|| param.default.to_owned()) };
    let onchange = {
        let props = props.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let chosen = usize::try_from(select.selected_index()).ok().and_then(|i| choices.get(i));
            // Past the choices stands what the document says and no choice is.
            let Some((name, _)) = chosen else { return };
            let value = (*name != param.default).then(|| Value::from(*name));
            props.tell.emit(set(&props, value));
        })
    };
    let is_known = choices.iter().any(|(name, _)| *name == now);
    let stranger = if props.row.is_mixed { "different".to_owned() } else { now.clone() };
    let options = choices.iter().map(|(name, meaning)| {
        html! { <option value={*name} title={*meaning} selected={*name == now}>{ describe::choice(name) }</option> }
    });
    html! {
        // Made anew when the value changes, since a person's choice outweighs what is marked as selected.
        <select key={now.clone()} id={id.to_owned()} title={param.about} {onchange}>
            { for options }
            if !is_known { <option selected=true>{ stranger }</option> }
        </select>
    }
}

/// Another law with the same mean.
fn law_chooser(props: &Props, id: &str) -> Html {
    let param = props.row.param;
    let now = props.row.value.as_deref().unwrap_or(param.default);
    let Ok(now) = now.parse::<Law>() else { return Html::default() };
    let place = law::place(&now);
    let onchange = {
        let props = props.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Ok(to) = usize::try_from(select.selected_index()) {
                props.tell.emit(set(&props, entry::read(param, &law::turned(&now, to).to_string())));
            }
        })
    };
    let options = law::LAWS.iter().enumerate().map(|(i, (name, meaning))| {
        html! { <option title={*meaning} selected={i == place}>{ *name }</option> }
    });
    html! {
        <select key={place} id={format!("{id}-law")} aria-label={format!("{}: law", param.title)} {onchange}>
            { for options }
        </select>
    }
}
