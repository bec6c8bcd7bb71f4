//! The menu of what was pressed with the right button, or is selected: lines that the arrows go through.
use super::{icon, stage};
use crate::drawing::after_drawing;
use crate::editing;
use crate::geometry::ScreenPoint;
use crate::msg::Msg;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::prelude::*;

/// A line, as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it says.
    pub title: String,
    /// The keys that do the same.
    pub keys: &'static str,
    /// The picture before it: a kind's name, or none.
    pub icon: &'static str,
    /// Whether it can be chosen; else it only says something.
    pub is_open: bool,
    /// Whether something goes away.
    pub is_danger: bool,
}

/// What the menu shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// Where, on the canvas.
    pub at: ScreenPoint,
    /// What it is of.
    pub title: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

fn has_focus(menu: &HtmlElement) -> bool {
    menu.owner_document().and_then(|page| page.active_element()).is_some_and(|it| menu.contains(Some(&it)))
}

/// The menu.
#[component]
pub fn Menu(props: &Props) -> Html {
    let menu = use_node_ref();
    {
        let menu = menu.clone();
        use_effect_with((props.at, props.title.clone(), props.lines.clone()), move |(at, ..)| {
            if let Some(element) = menu.cast::<HtmlElement>() {
                stage::place_inside(&element, *at);
                go(&element, Step::To(0));
            }
            // What had the focus may have gone in the same drawing, and taken the focus along.
            let again = after_drawing(move || {
                let element = menu.cast::<HtmlElement>();
                if let Some(element) = element.filter(|element| !has_focus(element)) {
                    go(&element, Step::To(0));
                }
            });
            move || drop(again)
        });
    }
    let close = |refocus| Msg::Editing(editing::Msg::CloseMenu { refocus });
    let onkeydown = {
        let (menu, tell) = (menu.clone(), props.tell.clone());
        Callback::from(move |event: KeyboardEvent| {
            let Some(element) = menu.cast::<HtmlElement>() else { return };
            event.stop_propagation();
            match event.key().as_str() {
                "ArrowDown" => go(&element, Step::By(1)),
                "ArrowUp" => go(&element, Step::By(-1)),
                "Home" | "PageUp" => go(&element, Step::To(0)),
                "End" | "PageDown" => go(&element, Step::To(-1)),
                "Escape" | "Tab" => tell.emit(close(true)),
                // A button's own keys.
                "Enter" | " " => return,
                key if key.chars().count() == 1 => go(&element, Step::Letter(key.to_lowercase())),
                _ => return,
            }
            event.prevent_default();
        })
    };
    let onfocusout = {
        let (menu, tell) = (menu.clone(), props.tell.clone());
        Callback::from(move |event: FocusEvent| {
            let to = event.related_target().and_then(|to| to.dyn_into::<Element>().ok());
            let inside = menu.cast::<Element>().zip(to).is_some_and(|(menu, to)| menu.contains(Some(&to)));
            // Without a next owner the focus left the window, or went to what a press makes of it.
            if !inside && event.related_target().is_some() {
                tell.emit(close(false));
            }
        })
    };
    let lines = props.lines.iter().enumerate().map(|(i, line)| item(i, line, &props.tell));
    html! {
        <div ref={menu} id="menu" class="context-menu" role="menu" aria-label={props.title.clone()} tabindex="-1"
            {onkeydown} {onfocusout}>
            <p class="menu-title" aria-hidden="true">{ &props.title }</p>
            { for lines }
        </div>
    }
}

fn item(i: usize, line: &Line, tell: &Callback<Msg>) -> Html {
    let onclick = tell.reform(move |_: MouseEvent| Msg::Editing(editing::Msg::Chosen(i)));
    let class = classes!("menu-line", line.is_danger.then_some("danger"));
    if !line.is_open {
        return html! {
            <div class="menu-line says" role="menuitem" aria-disabled="true" tabindex="-1">{ &line.title }</div>
        };
    }
    html! {
        <button type="button" {class} role="menuitem" tabindex="-1" {onclick}>
            if !line.icon.is_empty() { { icon(line.icon, 16) } }
            <span>{ &line.title }</span>
            if !line.keys.is_empty() { <kbd aria-hidden="true">{ line.keys }</kbd> }
        </button>
    }
}

/// To which line the focus goes.
enum Step {
    /// So many further, around the ends.
    By(i32),
    /// This one; counted from the end when below zero.
    To(i32),
    /// The next one that begins with this letter.
    Letter(String),
}

fn go(menu: &HtmlElement, step: Step) {
    let lines: Vec<HtmlElement> = {
        let found = menu.get_elements_by_class_name("menu-line");
        (0..found.length()).filter_map(|i| found.item(i)?.dyn_into().ok()).collect()
    };
    let count = i32::try_from(lines.len()).unwrap_or(0);
    if count == 0 {
        return;
    }
    let active = menu.owner_document().and_then(|document| document.active_element());
    let is_active =
        |line: &HtmlElement| active.as_ref().is_some_and(|active| active.is_same_node(Some(line)));
    let now = lines.iter().position(is_active).and_then(|i| i32::try_from(i).ok());
    let next = match step {
        Step::By(by) => now.map_or(0, |now| now + by).rem_euclid(count),
        Step::To(place) => place.rem_euclid(count),
        Step::Letter(letter) => {
            let from = now.unwrap_or(-1);
            let begins = |i: &i32| {
                let text = usize::try_from(*i).ok().and_then(|i| lines[i].text_content()).unwrap_or_default();
                text.to_lowercase().starts_with(&letter)
            };
            let around = (1..=count).map(|by| (from + by).rem_euclid(count));
            match around.into_iter().find(begins) {
                Some(found) => found,
                None => return,
            }
        }
    };
    if let Some(line) = usize::try_from(next).ok().and_then(|i| lines.get(i)) {
        // What is drawn takes the focus.
        let _ = line.focus();
    }
}
