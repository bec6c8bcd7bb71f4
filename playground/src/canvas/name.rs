//! A name that is being written where it stands.
use crate::editing;
use crate::msg::Msg;
use web_sys::{HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

/// What the field needs.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct Props {
    /// The name so far.
    pub value: String,
    /// What a screen reader calls it.
    pub called: String,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// The field: it has the focus from the first, with all of the name selected; Enter and leaving keep what is written,
/// Escape does not.
#[component]
pub(super) fn NameField(props: &Props) -> Html {
    let field = use_node_ref();
    {
        let field = field.clone();
        use_effect_with((), move |()| {
            if let Some(field) = field.cast::<HtmlInputElement>() {
                // A field that is gone already takes no focus.
                let _ = field.focus();
                field.select();
            }
        });
    }
    let renamed = |name| Msg::Editing(editing::Msg::Renamed(name));
    let tell = props.tell.clone();
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        // The keys are the field's, also those that the canvas has a use for.
        event.stop_propagation();
        let input: HtmlInputElement = event.target_unchecked_into();
        match event.key().as_str() {
            "Enter" => tell.emit(renamed(Some(input.value()))),
            "Escape" => tell.emit(renamed(None)),
            _ => {}
        }
    });
    let onblur = props.tell.reform(move |event: FocusEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        renamed(Some(input.value()))
    });
    // The node's own focus is not this one's.
    let onfocus = Callback::from(|event: FocusEvent| event.stop_propagation());
    html! {
        <input ref={field} class="rename" type="text" value={props.value.clone()} aria-label={props.called.clone()} maxlength="200"
            autocomplete="off" spellcheck="false" {onkeydown} {onblur} {onfocus} />
    }
}
