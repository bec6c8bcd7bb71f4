//! What an empty canvas says.
use crate::model::Drawer;
use crate::msg::{Change, Msg};
use loadpath_core::topology::three_tier;
use yew::prelude::*;

/// What the empty state needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// The empty state.
#[component]
pub fn Empty(props: &Props) -> Html {
    let onclick = props.tell.reform(|_: MouseEvent| Msg::Change(Change::Open(Box::new(three_tier()))));
    let lessons = props.tell.reform(|_: MouseEvent| Msg::Drawer(Some(Drawer::Course)));
    html! {
        <div class="empty">
            <h2>{ "Draw what must carry the load" }</h2>
            <p>{ "Drag components from the left, connect them from port to port, and watch requests go through." }</p>
            <div class="actions">
                <button type="button" class="btn pri" {onclick} id="empty-example">{ "Start from three tiers" }</button>
                <button type="button" class="btn" onclick={lessons} id="empty-lessons">{ "Take a lesson" }</button>
            </div>
        </div>
    }
}
