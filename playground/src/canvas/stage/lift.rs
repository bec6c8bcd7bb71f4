//! Many nodes moved as one picture: copies of their elements in a group of its own, while the originals are not seen.
use super::{attribute, edge_id, html, node_id, style};
use crate::effect::Lifted;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, Node};

/// Moves the picture; makes it first where there is none.
pub(super) fn lift(document: &Document, lifted: &Lifted) {
    let (Some(group), Some(wires)) = (html(document, "lifted"), document.get_element_by_id("lifted-wires"))
    else {
        return;
    };
    if group.first_element_child().is_none() {
        let nodes = lifted.nodes.iter().map(|&node| node_id(node));
        nodes.for_each(|id| copy(document, &id, &group, lifted.copies));
        let edges = lifted.edges.iter().map(|&edge| edge_id(edge));
        edges.for_each(|id| copy(document, &id, &wires, lifted.copies));
    }
    style(&group, "transform", &format!("translate({}px, {}px)", lifted.dx, lifted.dy));
    attribute(&wires, "transform", &format!("translate({} {})", lifted.dx, lifted.dy));
}

/// Copies an element into the picture. An original that is moved is made invisible, and keeps the focus.
fn copy(document: &Document, id: &str, into: &Element, stays: bool) {
    let Some(original) = document.get_element_by_id(id) else { return };
    let Ok(copy) = original.clone_node_with_deep(true).map(Node::unchecked_into::<Element>) else { return };
    for name in ["id", "tabindex", "role", "aria-label"] {
        copy.remove_attribute(name).expect("the attribute's name is well-formed");
    }
    if into.append_child(&copy).is_ok() && !stays {
        attribute(&original, "data-lifted", "");
    }
}

/// Takes the picture away and shows the originals.
pub(super) fn lower(document: &Document) {
    for id in ["lifted", "lifted-wires"] {
        if let Some(group) = document.get_element_by_id(id) {
            group.set_text_content(None);
        }
    }
    while let Ok(Some(original)) = document.query_selector("[data-lifted]") {
        original.remove_attribute("data-lifted").expect("the attribute's name is well-formed");
    }
}
