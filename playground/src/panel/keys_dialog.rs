//! The keys, listed.
use super::live_dialog::use_modal;
use crate::msg::Msg;
use yew::prelude::*;

/// The keys and what they do.
const KEYS: [(&str, &str); 26] = [
    ("Drag from a port", "connect to what it calls; on the empty canvas, choose what goes there"),
    ("Drag an end of the selected edge", "connect it to another node"),
    ("C, then arrows or Tab, Enter", "connect the selected node with the keyboard"),
    ("Shift + C", "add what the selected node calls"),
    ("Shift + click, Shift + drag", "add to the selection"),
    ("Right button, Shift + F10, long press", "open the menu of a node, an edge, a zone, the canvas"),
    ("Double click, F2, Enter", "rename a node or a zone"),
    ("G", "put what is selected into a new zone"),
    ("L", "lay out what is selected, or everything"),
    ("Delete, Backspace", "delete what is selected"),
    ("Ctrl + Z", "undo"),
    ("Ctrl + Shift + Z, Ctrl + Y", "redo"),
    ("Ctrl + D, Alt + drag", "duplicate"),
    ("Ctrl + A", "select everything"),
    ("Arrows, Shift + arrows", "move what is selected by one step, by five"),
    ("Shift while dragging", "keep to one axis"),
    ("Ctrl while dragging", "leave the grid and the lines alone"),
    ("Wheel, Space + drag, middle button", "pan"),
    ("Ctrl + wheel, pinch, + and −", "zoom"),
    ("1", "show the whole design"),
    ("2", "show what is selected"),
    ("0", "show it at its actual size"),
    ("P", "pause and go on"),
    ("Tab", "go from node to node, as the calls go"),
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
