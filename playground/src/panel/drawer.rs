//! What stands beside the design, over the canvas: findings, the course, a comparison. One at a time; none of it is modal.
use crate::canvas::icon;
use crate::model::{Drawer, Model};
use crate::msg::Msg;
use yew::prelude::*;

/// The buttons that open it.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    open: Option<Drawer>,
    findings: usize,
    tell: Callback<Msg>,
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        Self { open: model.drawer, findings: model.advice.findings().count(), tell }
    }
}

/// The buttons that open it, at the canvas's upper right.
#[component]
pub fn DrawerButtons(props: &Props) -> Html {
    let button = |drawer: Drawer, id: &'static str, text: String| {
        let is_open = props.open == Some(drawer);
        let onclick = toggle(drawer, is_open, &props.tell);
        html! {
            <button type="button" class={classes!("btn", is_open.then_some("on"))} {id} aria-expanded={is_open.to_string()}
                aria-controls="drawer" {onclick}>{ text }</button>
        }
    };
    html! {
        <div class="openers" role="group" aria-label="Beside the design">
            { button(Drawer::Findings, "open-findings", format!("Findings {}", props.findings)) }
            { button(Drawer::Compare, "open-compare", "Compare".to_owned()) }
        </div>
    }
}

/// Opens it, or closes it when it is open.
pub(super) fn toggle(drawer: Drawer, is_open: bool, tell: &Callback<Msg>) -> Callback<MouseEvent> {
    tell.reform(move |_: MouseEvent| Msg::Drawer((!is_open).then_some(drawer)))
}

/// Something that stands beside the design.
pub(super) fn drawer(title: &str, body: &Html, tell: &Callback<Msg>) -> Html {
    let close = tell.reform(|_: MouseEvent| Msg::Drawer(None));
    html! {
        <section id="drawer" class="drawer" aria-label={title.to_owned()}>
            <div class="drawer-head">
                <h2>{ title }</h2>
                <button type="button" class="btn icon" aria-label="Close" title="Close (Esc)" onclick={close}>{ icon("close", 14) }</button>
            </div>
            <div class="drawer-body">{ body.clone() }</div>
        </section>
    }
}
