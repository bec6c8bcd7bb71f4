//! What the page has to say, in a corner; a screen reader says it too.
use crate::canvas::icon;
use crate::model::{Notice, Offer};
use crate::msg::Msg;
use yew::prelude::*;

/// What there is to say.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// The notices, the oldest first.
    pub notices: Vec<Notice>,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// The notices.
#[component]
pub fn Notices(props: &Props) -> Html {
    // Two regions that are always there: what appears in one is read, errors at once.
    let of = |is_error| {
        props.notices.iter().filter(move |n| n.is_error == is_error).map(|n| notice(n, &props.tell))
    };
    html! {
        <div class="notices">
            <div role="alert" aria-live="assertive">{ for of(true) }</div>
            <div role="status" aria-live="polite">{ for of(false) }</div>
        </div>
    }
}

fn notice(notice: &Notice, tell: &Callback<Msg>) -> Html {
    let number = notice.number;
    let onclick = tell.reform(move |_: MouseEvent| Msg::Dismiss(number));
    html! {
        <div key={number} class={classes!("notice", notice.is_error.then_some("error"))}>
            <p>{ &notice.text }</p>
            if let Some(offer) = &notice.offer { { taken_up(number, offer, tell) } }
            <button type="button" class="btn icon" aria-label="Close" {onclick}>{ icon("close", 14) }</button>
        </div>
    }
}

/// The button of what a notice offers. Taken up, the notice has said what it had to.
fn taken_up(number: u32, offer: &Offer, tell: &Callback<Msg>) -> Html {
    let (msg, tell) = (offer.msg(), tell.clone());
    let onclick = Callback::from(move |_: MouseEvent| {
        tell.emit(Msg::Dismiss(number));
        tell.emit(msg.clone());
    });
    html! { <button type="button" class="btn offer" {onclick}>{ offer.text() }</button> }
}
