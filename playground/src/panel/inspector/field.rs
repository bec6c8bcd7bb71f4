//! A parameter's field: what may stand there, what stands there by default, what is wrong with what stands there.
use crate::describe;
use crate::edit::{self, Bag};
use crate::msg::{Change, Msg};
use loadpath_core::topology::catalog::{Form, Param};
use loadpath_core::topology::{Fault, Params, Place, Value};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::html::IntoPropValue;
use yew::prelude::*;

/// The fields of a bag of parameters, in the catalog's order.
pub(super) fn fields(
    rows: &'static [Param],
    params: &Params,
    bag: &Bag,
    faults: &[Fault],
    tell: &Callback<Msg>,
) -> Html {
    let place = match *bag {
        Bag::Node(i) => Place::Node(i),
        Bag::Edge(i) => Place::Edge(i),
        Bag::Workload => Place::Workload,
        Bag::Class(i) => Place::Class(i),
        Bag::Event(i) => Place::Timeline(i),
    };
    let known = rows.iter().map(|param| {
        let value = params.get(param.name).map(ToString::to_string);
        let fault = fault(faults, &place, param.name);
        html! {
            <ParamField key={format!("{bag:?}{}", param.name)} {param} {value} {fault} bag={bag.clone()} tell={tell.clone()} />
        }
    });
    // What no row knows can only be taken away.
    let strangers = params.keys().filter(|name| rows.iter().all(|row| row.name != name.as_str()));
    let strangers = strangers.filter_map(|name| {
        let fault = fault(faults, &place, name)?;
        Some(html! { <p class="wrong">{ format!("{name}: {fault}") }</p> })
    });
    html! { <>{ for known }{ for strangers }</> }
}

/// The sentence of the fault of a parameter.
pub(super) fn fault(faults: &[Fault], place: &Place, name: &str) -> Option<String> {
    let here = faults.iter().find(|fault| fault.place == *place && fault.field.as_deref() == Some(name));
    here.map(|fault| fault.what.clone())
}

#[derive(Clone, PartialEq, Properties)]
struct FieldProps {
    param: ParamRow,
    value: Option<String>,
    fault: Option<String>,
    bag: Bag,
    tell: Callback<Msg>,
}

/// A row of the catalog, which is the same when it is the same row.
#[derive(Clone, Copy, Debug)]
struct ParamRow(&'static Param);

impl PartialEq for ParamRow {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl IntoPropValue<ParamRow> for &'static Param {
    fn into_prop_value(self) -> ParamRow {
        ParamRow(self)
    }
}

#[component]
fn ParamField(props: &FieldProps) -> Html {
    let param = props.param.0;
    let id = field_id(&props.bag, param.name);
    let control = match param.form {
        Form::Choice(choices) => select(props, choices, &id),
        _ => input(props, &id),
    };
    let meaning = match param.form {
        Form::Choice(choices) => {
            let now = props.value.as_deref().unwrap_or(param.default);
            choices.iter().find(|(name, _)| *name == now).map(|(_, meaning)| *meaning)
        }
        _ => None,
    };
    html! {
        <div class={classes!("f", props.fault.is_some().then_some("faulty"))}>
            <label for={id.clone()} title={param.about}>{ param.title }</label>
            { control }
            if let Some(meaning) = meaning { <small class="meaning">{ meaning }</small> }
            if let Some(fault) = &props.fault {
                <small class="wrong" id={format!("{id}-fault")} role="alert">{ fault }</small>
            }
        </div>
    }
}

/// The element of a parameter's field.
fn field_id(bag: &Bag, name: &str) -> String {
    let bag = match bag {
        Bag::Node(_) => "node".to_owned(),
        Bag::Edge(_) => "edge".to_owned(),
        Bag::Workload => "workload".to_owned(),
        Bag::Class(i) => format!("class-{i}"),
        Bag::Event(_) => "event".to_owned(),
    };
    format!("field-{bag}-{name}")
}

fn set(props: &FieldProps, value: Option<Value>) -> Msg {
    Msg::Change(Change::Set { bag: props.bag.clone(), name: props.param.0.name, value })
}

fn input(props: &FieldProps, id: &str) -> Html {
    let param = props.param.0;
    let onchange = {
        let props = props.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            props.tell.emit(set(&props, edit::value(param, &input.value())));
        })
    };
    let onkeydown = {
        let props = props.clone();
        Callback::from(move |event: KeyboardEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let up = match event.key().as_str() {
                "ArrowUp" => true,
                "ArrowDown" => false,
                _ => return,
            };
            let now = if input.value().is_empty() { param.default.to_owned() } else { input.value() };
            if let Some(value) = edit::step(param, &now, up, event.shift_key()) {
                event.prevent_default();
                props.tell.emit(set(&props, Some(value)));
            }
        })
    };
    let list = (param.form == Form::Id).then(|| format!("ids-{}", param.name));
    let numeric = matches!(param.form, Form::Count { .. } | Form::Number { .. });
    html! {
        <input id={id.to_owned()} type="text" {list} inputmode={numeric.then_some("decimal")} autocomplete="off" spellcheck="false"
            placeholder={param.default} value={props.value.clone().unwrap_or_default()} title={param.about}
            aria-invalid={props.fault.is_some().to_string()}
            aria-describedby={props.fault.is_some().then(|| format!("{id}-fault"))} {onchange} {onkeydown} />
    }
}

fn select(props: &FieldProps, choices: &'static [(&'static str, &'static str)], id: &str) -> Html {
    let param = props.param.0;
    let now = props.value.clone().unwrap_or_else(|| param.default.to_owned());
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
    let options = choices.iter().map(|(name, meaning)| {
        html! { <option value={*name} title={*meaning} selected={*name == now}>{ describe::choice(name) }</option> }
    });
    html! {
        // Made anew when the value changes, since a person's choice outweighs what is marked as selected.
        <select key={now.clone()} id={id.to_owned()} title={param.about} {onchange}>
            { for options }
            if !is_known { <option selected=true>{ now.clone() }</option> }
        </select>
    }
}
