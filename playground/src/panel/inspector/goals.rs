//! What the design is meant to hold, and what things cost.
use super::Inspected;
use super::sections::plain;
use crate::edit::Bag;
use crate::msg::Msg;
use loadpath_core::topology::Place;
use yew::prelude::*;

pub(super) fn show(inspected: &Inspected, tell: &Callback<Msg>) -> Html {
    html! {<>
        <h3 class="part">{ "Objectives" }</h3>
        { plain(inspected, Bag::Objectives, tell) }
        { inspected.found.cards_at(&Place::Objectives, tell) }
        <h3 class="part">{ "Prices in dollars" }</h3>
        { plain(inspected, Bag::Prices, tell) }
    </>}
}
