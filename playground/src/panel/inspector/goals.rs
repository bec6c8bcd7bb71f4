//! What the design is meant to hold, and what things cost.
use super::Inspected;
use super::sections::plain;
use crate::edit::Bag;
use crate::msg::Msg;
use loadpath_core::topology::Place;
use yew::prelude::*;

pub(super) fn show(inspected: &Inspected, tell: &Callback<Msg>) -> Html {
    html! {<>
        <h4 class="part">{ "Objectives" }</h4>
        { plain(inspected, Bag::Objectives, tell) }
        { inspected.found.cards_at(&Place::Objectives, tell) }
        <h4 class="part">{ "Prices in dollars" }</h4>
        { plain(inspected, Bag::Prices, tell) }
    </>}
}
