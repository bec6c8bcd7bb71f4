//! The finder, over the canvas: a field, and below it what fits. It closes when the focus leaves it.
use crate::canvas::icon;
use crate::drawing::after_drawing;
use crate::finder::{self, Find, Found, Msg as Finds};
use crate::model::Model;
use crate::msg::Msg;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

/// What the finder shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// What was typed.
    text: String,
    /// Which one is active.
    active: usize,
    /// Whether only components are looked for.
    only_kinds: bool,
    /// What fits.
    found: Vec<Found>,
    /// Where messages go.
    tell: Callback<Msg>,
}

impl Props {
    /// From the model; none while it is closed.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Option<Self> {
        let opened = model.finder.open.as_ref()?;
        let found = finder::found(model, opened);
        let active = opened.active.min(found.len().saturating_sub(1));
        Some(Self { text: opened.text.clone(), active, only_kinds: opened.only_kinds, found, tell })
    }
}

/// The finder.
#[component]
pub fn FinderPanel(props: &Props) -> Html {
    let field = use_node_ref();
    use_focus_while_open(&field);
    use_active_in_sight(props.active, props.found.len());
    let oninput = props.tell.reform(|event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        Msg::Finder(Finds::Typed(input.value()))
    });
    let onblur = props.tell.reform(|_: FocusEvent| Msg::Finder(Finds::Close));
    let onkeydown = {
        let tell = props.tell.clone();
        Callback::from(move |event: KeyboardEvent| {
            if let Some(msg) = asks(&event) {
                event.prevent_default();
                tell.emit(Msg::Finder(msg));
            }
        })
    };
    let (placeholder, label) = if props.only_kinds {
        ("Add a component…", "Add a component")
    } else {
        ("Find a command, component, node or lesson…", "Find")
    };
    let active = (!props.found.is_empty()).then(|| line_id(props.active));
    html! {
        <div class="finder" id="finder">
            <input ref={field} type="text" role="combobox" aria-label={label} {placeholder} autocomplete="off"
                spellcheck="false" maxlength="200" aria-expanded="true" aria-controls="finder-list"
                aria-autocomplete="list" aria-activedescendant={active} value={props.text.clone()}
                {oninput} {onblur} {onkeydown} />
            <ul role="listbox" id="finder-list" aria-label="What fits">
                { for props.found.iter().enumerate().map(|(i, found)| line(i, found, props)) }
            </ul>
            if props.found.is_empty() {
                <p class="mute" role="status">{ "Nothing fits. Fewer letters find more; Esc closes." }</p>
            }
        </div>
    }
}

fn asks(event: &KeyboardEvent) -> Option<Finds> {
    match event.key().as_str() {
        "ArrowDown" => Some(Finds::Step(1)),
        "ArrowUp" => Some(Finds::Step(-1)),
        "Enter" if !event.is_composing() => Some(Finds::Choose(None)),
        "Escape" => Some(Finds::Close),
        _ => None,
    }
}

fn line(place: usize, found: &Found, props: &Props) -> Html {
    let is_active = place == props.active;
    // Before the field loses the focus, which would close the list under the pointer.
    let onmousedown = Callback::from(|event: MouseEvent| event.prevent_default());
    let onclick = props.tell.reform(move |_: MouseEvent| Msg::Finder(Finds::Choose(Some(place))));
    let picture = match &found.find {
        Find::Kind(kind) => kind.name,
        Find::Command(_) => "bolt",
        Find::Node(_) => "fit",
        Find::Lesson(_) => "play",
    };
    html! {
        <li role="option" id={line_id(place)} class={classes!(is_active.then_some("on"))}
            aria-selected={is_active.to_string()} {onmousedown} {onclick}>
            { icon(picture, 16) }
            <span class="what">{ &found.title }</span>
            <span class="mute small">{ &found.about }</span>
            if !found.key.is_empty() { <kbd>{ &found.key }</kbd> }
        </li>
    }
}

fn line_id(place: usize) -> String {
    format!("found-{place}")
}

/// The field has the focus while it is there; then what had it before gets it back.
#[hook]
fn use_focus_while_open(field: &NodeRef) {
    let field = field.clone();
    use_effect_with((), move |()| {
        let page = web_sys::window().and_then(|window| window.document());
        let before = page.and_then(|page| page.active_element());
        if let Some(field) = field.cast::<HtmlInputElement>() {
            // A field that cannot be focused can still be clicked.
            let _ = field.focus();
        }
        // Behind the drawing of what was chosen.
        move || {
            after_drawing(move || give_back(before)).forget();
        }
    });
}

/// A node that had the focus gives it to the one that is selected now: focus selects, and must not undo the choice.
fn give_back(before: Option<Element>) {
    let Some(before) = before else { return };
    let page = before.owner_document();
    let is_node = before.matches(".node").unwrap_or(false);
    let selected = page.and_then(|page| page.query_selector(".node.selected").ok().flatten());
    let to = selected.filter(|_| is_node).unwrap_or(before);
    if let Ok(to) = to.dyn_into::<HtmlElement>() {
        // What is gone takes no focus.
        let _ = to.focus();
    }
}

#[hook]
fn use_active_in_sight(active: usize, count: usize) {
    use_effect_with((active, count), |(active, _)| {
        let line = web_sys::window()
            .and_then(|window| window.document())
            .and_then(|page| page.get_element_by_id(&line_id(*active)));
        if let Some(line) = line {
            in_sight(&line);
        }
    });
}

/// Scrolls as little as shows it.
fn in_sight(element: &Element) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}
