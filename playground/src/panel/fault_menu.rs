//! The menu of faults: what can happen now to what is selected, or to what is chosen in it; and what was done so far.
use super::one_of::OneOf;
use crate::canvas::icon;
use crate::format;
use crate::model::{Model, Single};
use crate::msg::Msg;
use crate::shared::Shared;
use crate::steering::{self, Injected, Target, event_words, faults_for, happening, targets};
use loadpath_core::topology::Topology;
use yew::prelude::*;

/// How many of the last deeds are listed.
const LISTED: usize = 8;

/// What the menu shows; nothing of it is made while it is closed.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    open: bool,
    targets: Vec<(Target, String)>,
    /// Which of them it is of.
    aim: usize,
    offers: Vec<String>,
    /// The messages that they stand for.
    #[prop_or_default]
    messages: Messages,
    document: Shared<Topology>,
    injected: Vec<Injected>,
    tell: Callback<Msg>,
}

/// What the offers ask for. The sentences say whether they are the same.
#[derive(Clone, Debug, Default)]
pub struct Messages(Vec<Msg>);

impl PartialEq for Messages {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
    }
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        let open = model.steering.menu;
        let targets = if open { targets(model) } else { Vec::new() };
        let selected = match model.selection.single() {
            Single::Node(node) => Some(Target::Node(node)),
            Single::Edge(edge) => Some(Target::Edge(edge)),
            _ => None,
        };
        let wanted = model.steering.aim.clone().or(selected);
        let aim =
            targets.iter().position(|(target, _)| Some(target) == wanted.as_ref()).unwrap_or_else(|| {
                // What has instances is the likeliest.
                targets
                    .iter()
                    .position(|(_, name)| !name.contains('→'))
                    .map_or(0, |first| (first + 1).min(targets.len().saturating_sub(1)))
            });
        let offers = targets.get(aim).map_or_else(Vec::new, |(target, _)| faults_for(model, target));
        let (offers, messages) = offers.into_iter().unzip();
        let injected = if open { model.steering.injected.clone() } else { Vec::new() };
        let document = model.document.clone();
        Self { open, targets, aim, offers, messages: Messages(messages), document, injected, tell }
    }
}

/// The button, and the menu when it is open.
#[component]
pub fn FaultMenu(props: &Props) -> Html {
    let open = props.open;
    let toggle = props.tell.reform(move |_: MouseEvent| Msg::Steering(steering::Msg::Menu(!open)));
    let onkeydown = {
        let tell = props.tell.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" && open {
                event.stop_propagation();
                tell.emit(Msg::Steering(steering::Msg::Menu(false)));
            }
        })
    };
    html! {
        <div class="faults-menu" {onkeydown}>
            <button type="button" class="btn" id="fault" aria-expanded={open.to_string()} aria-controls="inject"
                title="Kill, slow down, cut, flush…" onclick={toggle}>{ icon("bolt", 15) }{ "Fault" }</button>
            if open { { menu(props) } }
        </div>
    }
}

fn menu(props: &Props) -> Html {
    if props.targets.is_empty() {
        return html! {
            <div class="pop" id="inject"><p class="mute">{ "Nothing runs yet that something could happen to." }</p></div>
        };
    }
    let chosen = {
        let targets = props.targets.clone();
        super::perhaps(&props.tell, move |place: usize| {
            targets.get(place).map(|(target, _)| Msg::Steering(steering::Msg::Aim(target.clone())))
        })
    };
    let names: Vec<String> = props.targets.iter().map(|(_, name)| name.clone()).collect();
    let offers = props.offers.iter().zip(&props.messages.0).map(|(says, msg)| {
        let msg = msg.clone();
        let onclick = props.tell.reform(move |_: MouseEvent| msg.clone());
        html! { <li><button type="button" class="offer" {onclick}>{ says }</button></li> }
    });
    html! {
        <div class="pop" id="inject" role="group" aria-label="Inject a fault">
            <OneOf id="fault-target" label="What it happens to" {names} now={props.aim} {chosen} />
            <ul>{ for offers }</ul>
            { deeds(props) }
        </div>
    }
}

/// What was done so far, each with a way to keep it.
fn deeds(props: &Props) -> Html {
    if props.injected.is_empty() {
        return Html::default();
    }
    let lines = props.injected.iter().enumerate().rev().take(LISTED).map(|(i, deed)| {
        let onclick = props.tell.reform(move |_: MouseEvent| Msg::Steering(steering::Msg::Keep(i)));
        let words = event_words(&props.document, &happening(deed.at, &deed.command));
        let at = format::clock(deed.at.as_secs());
        html! {
            <li class="deed">
                <span class="mute">{ at }</span><span>{ &words }</span>
                if deed.kept {
                    <span class="mute">{ "on the timeline" }</span>
                } else {
                    <button type="button" class="btn" aria-label={format!("Add to the timeline: {words}")} {onclick}>
                        { "Add to timeline" }
                    </button>
                }
            </li>
        }
    });
    html! { <><h3 class="part">{ "Done by hand" }</h3><ul>{ for lines }</ul></> }
}
