//! An edge: from where to where, and its parameters.
use super::Inspected;
use super::sections::sections;
use crate::canvas::at;
use crate::describe;
use crate::edit::Bag;
use crate::msg::{Change, Msg};
use loadpath_core::topology::Place;
use yew::prelude::*;

pub(super) fn show(inspected: &Inspected, i: usize, tell: &Callback<Msg>) -> Html {
    let document = &inspected.document;
    let edge = &document.edges[i];
    let name = |id: &str| document.node(id).map_or_else(|| id.to_owned(), describe::label);
    let general: Vec<_> = inspected.faults.iter().filter(|fault| fault.field.is_none()).cloned().collect();
    let faults = at(&general, &Place::Edge(i));
    let delete = tell.reform(move |_: MouseEvent| Msg::Change(Change::DeleteEdge(i)));
    html! {<>
        <h2>{ format!("{} → {}", name(&edge.from), name(&edge.to)) }</h2>
        <p class="mute">{ format!("{} calls {}", edge.from, edge.to) }</p>
        <hr/>
        { for faults.into_iter().map(|fault| html! { <p class="note" role="alert">{ fault }{ "." }</p> }) }
        { sections(inspected, &[Bag::Edge(i)], tell) }
        { inspected.found.cards_at(&Place::Edge(i), tell) }
        <div class="actions">
            <button type="button" class="btn danger" onclick={delete}>{ "Delete edge" }</button>
        </div>
    </>}
}
