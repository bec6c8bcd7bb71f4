//! The designs that this browser keeps: a list beside the canvas, each with its picture.
use crate::canvas::icon;
use crate::library::{Msg as Keeps, Picture, Row};
use crate::model::Model;
use crate::msg::Msg;
use crate::shared::Shared;
use std::rc::Rc;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

/// What the list shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    rows: Shared<Vec<Row>>,
    current: Rc<str>,
    tell: Callback<Msg>,
}

impl Props {
    /// From the model; none while it is not shown.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Option<Self> {
        let rows = model.library.rows.clone()?;
        Some(Self { rows, current: model.library.current.clone(), tell })
    }
}

/// The list.
#[component]
pub fn LibraryPanel(props: &Props) -> Html {
    let panel = use_node_ref();
    {
        let panel = panel.clone();
        use_effect_with((), move |()| {
            if let Some(panel) = panel.cast::<HtmlElement>() {
                // Who opened it by a key goes on in it by keys; where that fails, Tab still finds it.
                let _ = panel.focus();
            }
        });
    }
    let close = props.tell.reform(|_: MouseEvent| Msg::Library(Keeps::Show(false)));
    let onkeydown = {
        let tell = props.tell.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.stop_propagation();
                tell.emit(Msg::Library(Keeps::Show(false)));
            }
        })
    };
    html! {
        <section class="library" id="library" ref={panel} tabindex="-1" aria-labelledby="library-title" {onkeydown}>
            <div class="head">
                <h2 id="library-title">{ "Your designs" }</h2>
                <button type="button" class="btn icon" aria-label="Close" onclick={close}>{ icon("close", 14) }</button>
            </div>
            <p class="mute small">{ "Kept in this browser as you draw. A link or a file takes them elsewhere." }</p>
            <ul>{ for props.rows.iter().map(|row| line(row, props)) }</ul>
        </section>
    }
}

fn line(row: &Row, props: &Props) -> Html {
    let is_current = row.id == props.current;
    let on = |msg: fn(Rc<str>) -> Keeps| {
        let id = row.id.clone();
        props.tell.reform(move |_: MouseEvent| Msg::Library(msg(id.clone())))
    };
    let id = row.id.clone();
    let onchange = props.tell.reform(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        Msg::Library(Keeps::Rename(id.clone(), input.value()))
    });
    let said = |what: &str| format!("{what} {}", row.name);
    html! {
        <li key={row.id.to_string()} class={classes!(is_current.then_some("current"))}>
            <button type="button" class="picture" aria-label={said("Open")} onclick={on(Keeps::Open)}
                aria-current={is_current.then_some("true")}>{ picture(&row.picture) }</button>
            <div class="words">
                <input class="name" aria-label={said("Name of")} value={row.name.clone()} maxlength="200"
                    autocomplete="off" spellcheck="false" {onchange} />
                <span class="mute small">
                    { &row.changed }{ " · " }{ &row.size }
                    if is_current { <b>{ " · on the canvas" }</b> }
                </span>
                <span class="deeds">
                    <button type="button" class="link" onclick={on(Keeps::Open)} disabled={is_current}
                        aria-label={said("Open")}>{ "Open" }</button>
                    <button type="button" class="link" onclick={on(Keeps::Duplicate)}
                        aria-label={said("Duplicate")}>{ "Duplicate" }</button>
                    <button type="button" class="link bad" onclick={on(Keeps::Delete)}
                        aria-label={said("Delete")}>{ "Delete" }</button>
                </span>
            </div>
        </li>
    }
}

fn picture(picture: &Picture) -> Html {
    let bounds = picture.bounds;
    let shown = format!("{} {} {} {}", bounds.x, bounds.y, bounds.width.max(1.0), bounds.height.max(1.0));
    let nodes = picture.nodes.iter().map(|node| {
        html! {
            <rect class="spot" x={node.x.to_string()} y={node.y.to_string()} width={node.width.to_string()}
                height={node.height.to_string()} rx="14" />
        }
    });
    html! {
        <svg viewBox={shown} aria-hidden="true"><path class="way" d={picture.edges.clone()} />{ for nodes }</svg>
    }
}
