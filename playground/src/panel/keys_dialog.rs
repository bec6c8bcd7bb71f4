//! The keys, listed.
use super::live_dialog::use_modal;
use crate::command::{COMMANDS, Part};
use crate::msg::Msg;
use yew::prelude::*;

/// What the pointer and single keys do, beside the commands.
const GESTURES: [(&str, &str); 16] = [
    ("Drag from a port", "connect to what it calls; on the empty canvas, choose what goes there"),
    ("Drag an end of the selected edge", "connect it to another node"),
    ("C, then arrows or Tab, Enter", "connect the selected node"),
    ("Shift + C", "add what the selected node calls"),
    ("Right button, Shift + F10, long press", "the menu of a node, an edge, a zone, the canvas"),
    ("Double click, Enter", "rename a node or a zone"),
    ("Shift + click, Shift + drag", "add to the selection"),
    ("Arrows, Shift + arrows", "move what is selected by one step, by five"),
    ("Shift while dragging", "keep to one axis"),
    ("Ctrl while dragging", "leave the grid and the lines alone"),
    ("Wheel, Space + drag, middle button", "pan"),
    ("Ctrl + wheel, pinch", "zoom"),
    ("Arrows on a chart, Enter", "look around in it, find the requests behind a point"),
    ("Tab", "go from node to node, as the calls go"),
    ("Alt + drag", "move a copy"),
    ("A letter", "add the component that has it: the finder (/) shows them"),
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
    let row = |keys: String, what: &str| {
        let what = what.to_owned();
        html! { <tr><th scope="row">{ keys }</th><td>{ what }</td></tr> }
    };
    let parts = Part::ALL.iter().flat_map(|part| COMMANDS.iter().filter(move |c| c.part == *part));
    let commands = parts.filter(|command| !command.keys.is_empty());
    let commands = commands.map(|command| row(command.keys_text(), command.name));
    let rows = GESTURES.iter().map(|(keys, what)| row((*keys).to_owned(), what)).chain(commands);
    html! {
        <dialog ref={dialog} class="dialog wide" aria-labelledby="keys-title" {onclose}>
            <h2 id="keys-title">{ "Keys" }</h2>
            <table class="keys">{ for rows }</table>
            <div class="actions"><button type="button" class="btn" onclick={close}>{ "Close" }</button></div>
        </dialog>
    }
}
