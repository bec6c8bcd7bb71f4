//! The graph as a list: for those who do not see the canvas, and for whoever would rather walk it by keys. Its arrows move
//! the selection, and the selection moves it.
use crate::describe;
use crate::model::{Selection, Walk};
use crate::msg::Msg;
use crate::shared::Shared;
use loadpath_core::topology::{Fault, Node, Place, Topology, catalog};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

/// What the list shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// The document.
    pub document: Shared<Topology>,
    /// What is wrong with it.
    pub faults: Shared<Vec<Fault>>,
    /// What is selected.
    pub selection: Selection,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// The list. It is seen while it has the focus.
#[component]
pub fn Outline(props: &Props) -> Html {
    let nodes = &props.document.nodes;
    let active = props.selection.nodes.first().copied().filter(|&node| node < nodes.len());
    let tell = props.tell.clone();
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        match (event.key().as_str(), active) {
            ("Enter", Some(_)) => focus("inspector"),
            (key, _) => match walk(key) {
                Some(walk) => tell.emit(Msg::Walk(walk)),
                None => return,
            },
        }
        event.prevent_default();
        event.stop_propagation();
    });
    let items = nodes.iter().enumerate().map(|(i, node)| {
        let selected = props.selection.nodes.contains(&i);
        let onclick = props.tell.reform(move |_: MouseEvent| Msg::Select(Selection::node(i)));
        html! {
            <li id={format!("outline-{i}")} role="option" aria-selected={selected.to_string()} {onclick}>
                { sentence(&props.document, &props.faults, i, node) }
            </li>
        }
    });
    let says = "Components: arrows select, Enter goes to the parameters";
    html! {
        <ul id="outline" class="outline" role="listbox" tabindex="0" aria-label={says} aria-multiselectable="true"
            aria-activedescendant={active.map(|i| format!("outline-{i}"))} {onkeydown}>
            { for items }
        </ul>
    }
}

fn walk(key: &str) -> Option<Walk> {
    Some(match key {
        "ArrowDown" => Walk::Next,
        "ArrowUp" => Walk::Previous,
        "Home" => Walk::First,
        "End" => Walk::Last,
        _ => return None,
    })
}

/// Moves the focus to a part of the page.
pub(super) fn focus(id: &str) {
    let element = web_sys::window().and_then(|window| window.document()?.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // A part that cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}

/// A node, what it calls, and what is wrong with it.
fn sentence(document: &Topology, faults: &[Fault], i: usize, node: &Node) -> String {
    let kind = catalog::kind(&node.kind).map_or(node.kind.as_str(), |kind| kind.title);
    let mut text = format!(
        "{}, {}, {}",
        describe::label(node),
        kind.to_lowercase(),
        describe::size(document, node, None)
    );
    let called: Vec<String> = document
        .edges
        .iter()
        .filter(|edge| edge.from == node.id)
        .map(|edge| document.node(&edge.to).map_or_else(|| edge.to.clone(), describe::label))
        .collect();
    if !called.is_empty() {
        text.push_str("; calls ");
        text.push_str(&called.join(", "));
    }
    let wrong = faults.iter().filter(|fault| fault.place == Place::Node(i)).count();
    if wrong > 0 {
        text.push_str(&format!("; {wrong} {}", if wrong == 1 { "fault" } else { "faults" }));
    }
    text
}

/// What skip links need.
#[derive(Clone, PartialEq, Properties)]
pub struct SkipProps {}

/// The first stops of the Tab key: past what comes before, to a part of the page.
#[component]
pub fn SkipLinks(_: &SkipProps) -> Html {
    const PARTS: [(&str, &str); 3] = [
        ("outline", "Go to the components"),
        ("inspector", "Go to the inspector"),
        ("charts", "Go to the charts"),
    ];
    // Buttons and not links: the address's fragment holds the design.
    let skip = |(id, text): &(&'static str, &'static str)| {
        let id = *id;
        let onclick = Callback::from(move |_: MouseEvent| focus(id));
        html! { <button type="button" class="btn skip" {onclick}>{ *text }</button> }
    };
    html! { <nav class="skips" aria-label="Parts of the page">{ for PARTS.iter().map(skip) }</nav> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::three_tier;

    #[test]
    fn a_node_is_told_with_what_it_calls_and_what_is_wrong() {
        let document = three_tier();
        let says = sentence(&document, &[], 2, &document.nodes[2]);
        assert_eq!(says, "Web tier, service, 2 × 8 workers; calls Cache, Database");
        let fault = Fault { place: Place::Node(2), called: String::new(), field: None, what: String::new() };
        assert!(sentence(&document, &[fault], 2, &document.nodes[2]).ends_with("; 1 fault"));
    }
}
