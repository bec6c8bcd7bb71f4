//! The keys, listed.
use super::live_dialog::use_modal;
use crate::msg::Msg;
use yew::prelude::*;

/// The keys and what they do.
const KEYS: [(&str, &str); 17] = [
    ("Drag from a port", "connect to what it calls"),
    ("Shift + click, Shift + drag", "add to the selection"),
    ("Delete, Backspace", "delete what is selected"),
    ("Ctrl + Z", "undo"),
    ("Ctrl + Shift + Z, Ctrl + Y", "redo"),
    ("Ctrl + D", "duplicate"),
    ("Ctrl + A", "select everything"),
    ("Arrows, Shift + arrows", "move what is selected by one step, by five"),
    ("Wheel, Space + drag, middle button", "pan"),
    ("Ctrl + wheel, pinch, + and −", "zoom"),
    ("1", "show the whole design"),
    ("P", "pause and go on"),
    (".", "run on for 0.1 s, paused"),
    ("Arrows on a chart, Enter", "look around in it, find the requests behind a point"),
    ("Tab", "go from node to node"),
    ("Esc", "end what is under way, select nothing"),
    ("?", "this list"),
];

/// What the list needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// The list of keys.
#[component]
pub fn KeysDialog(props: &Props) -> Html {
    let dialog = use_modal();
    let close = props.tell.reform(|_: MouseEvent| Msg::Dialog(None));
    let onclose = props.tell.reform(|_: Event| Msg::Dialog(None));
    let rows =
        KEYS.iter().map(|(keys, what)| html! { <tr><th scope="row">{ keys }</th><td>{ what }</td></tr> });
    html! {
        <dialog ref={dialog} class="dialog wide" aria-labelledby="keys-title" {onclose}>
            <h2 id="keys-title">{ "Keys" }</h2>
            <table class="keys">{ for rows }</table>
            <div class="actions"><button type="button" class="btn" onclick={close}>{ "Close" }</button></div>
        </dialog>
    }
}
