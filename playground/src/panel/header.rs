//! The top of the page: which design, how it does as a whole, and what can be done with it.
use super::bill::{self, BillButton};
use super::drawer::toggle;
use super::figures::{self, Kpis};
use crate::canvas::icon;
use crate::command::{self, Command, Part};
use crate::effect::is_dark;
use crate::finder;
use crate::model::{Dialog, Drawer, Model, Stage};
use crate::msg::{Change, Msg};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// What the header shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// The design's name.
    pub name: String,
    /// How it does.
    pub kpis: Kpis,
    /// What it costs.
    pub bill: bill::Props,
    /// Whether the course is open.
    pub is_learning: bool,
    /// Whether there is something to undo, and to redo.
    pub can: (bool, bool),
    /// The commands of the menu, each with whether it can be asked for.
    pub menu: Vec<(&'static Command, bool)>,
    /// What the live run does.
    pub stage: Stage,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        let kpis = Kpis::of(model);
        Self {
            name: model.document.name.clone(),
            bill: bill::Props { estimated: model.advice.estimated.clone(), tell: tell.clone() },
            kpis,
            is_learning: model.drawer == Some(Drawer::Course),
            can: (model.history.can_undo(), model.history.can_redo()),
            menu: command::menu(model),
            stage: model.live.stage.clone(),
            tell,
        }
    }
}

/// The header.
#[component]
pub fn Header(props: &Props) -> Html {
    let on = |msg: Msg| props.tell.reform(move |_: MouseEvent| msg.clone());
    let theme = props.tell.reform(|_: MouseEvent| Msg::ToggleTheme { is_dark: is_dark() });
    let (can_undo, can_redo) = props.can;
    html! {
        <header>
            <h1 class="logo"><span aria-hidden="true">{ "◢ " }</span>{ "Loadpath" }</h1>
            { menu(props) }
            <Name name={props.name.clone()} tell={props.tell.clone()} />
            { icon_button("undo", "Undo (Ctrl+Z)", on(Msg::Undo), !can_undo) }
            { icon_button("redo", "Redo (Ctrl+Shift+Z)", on(Msg::Redo), !can_redo) }
            <span class="sp" />
            { figures::show(&props.kpis) }
            <BillButton ..props.bill.clone() />
            <span class="sp" />
            { icon_button("search", "Find anything (Ctrl+K)", on(Msg::Finder(finder::Msg::Open { only_kinds: false })), false) }
            <button type="button" class={classes!("btn", props.is_learning.then_some("on"))} id="lessons"
                aria-expanded={props.is_learning.to_string()} aria-controls="drawer"
                onclick={toggle(Drawer::Course, props.is_learning, &props.tell)}>{ "Lessons" }</button>
            { icon_button("keys", "Keys (?)", on(Msg::Dialog(Some(Dialog::Keys))), false) }
            { icon_button("moon", "Light or dark", theme, false) }
            <button type="button" class="btn" id="share" onclick={on(Msg::Share)}>{ "Share link" }</button>
            { live(props) }
        </header>
    }
}

/// A button with a picture and no words.
pub(super) fn icon_button(picture: &str, title: &str, onclick: Callback<MouseEvent>, disabled: bool) -> Html {
    let title = title.to_owned();
    html! {
        <button type="button" class="btn icon" aria-label={title.clone()} {title} {onclick} {disabled}>
            { icon(picture, 17) }
        </button>
    }
}

/// What becomes of the design as a whole: two parts of the table of commands. The browser's own popover closes by itself.
fn menu(props: &Props) -> Html {
    let item = |(command, can): &(&'static Command, bool)| {
        let msg = command.msg;
        let onclick = props.tell.reform(move |_: MouseEvent| msg());
        let keys = command.keys_text();
        html! {
            <button type="button" id={command.id} popovertarget="design-menu" popovertargetaction="hide"
                disabled={!can} {onclick}>
                { command.name }
                if !keys.is_empty() { <kbd>{ keys }</kbd> }
            </button>
        }
    };
    let of = |part: Part| props.menu.iter().filter(move |(command, _)| command.part == part).map(item);
    html! {<>
        <button type="button" class="btn" id="design" popovertarget="design-menu">{ "Design ▾" }</button>
        <div id="design-menu" class="menu" popover="auto">
            { for of(Part::Design) }
            <hr/>
            { for of(Part::Export) }
        </div>
    </>}
}

fn live(props: &Props) -> Html {
    if props.stage == Stage::None {
        let onclick = props.tell.reform(|_: MouseEvent| Msg::Dialog(Some(Dialog::Live)));
        html! { <button type="button" class="btn pri" id="run-live" {onclick}>{ "Run live…" }</button> }
    } else {
        let onclick = props.tell.reform(|_: MouseEvent| Msg::StopRun);
        let disabled = matches!(props.stage, Stage::Starting | Stage::Stopping);
        html! { <button type="button" class="btn stop" id="stop-live" {onclick} {disabled}>{ "Stop run" }</button> }
    }
}

#[derive(Clone, PartialEq, Properties)]
struct NameProps {
    name: String,
    tell: Callback<Msg>,
}

/// The design's name, which can be edited in its place.
#[component]
fn Name(props: &NameProps) -> Html {
    let onchange = props.tell.reform(|event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        Msg::Change(Change::Name(input.value().trim().to_owned()))
    });
    html! {
        <input class="name" id="design-name" aria-label="The design's name" placeholder="Untitled design"
            maxlength="200" autocomplete="off" spellcheck="false" value={props.name.clone()} {onchange} />
    }
}
