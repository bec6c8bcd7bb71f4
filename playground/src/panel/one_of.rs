//! A choice of one of several, which keeps the focus when what is chosen changes.
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// What can be chosen, and what is.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct Props {
    /// The element's id.
    pub(crate) id: &'static str,
    /// What it is of, for who does not see what stands beside it.
    pub(crate) label: AttrValue,
    /// What can be chosen.
    pub(crate) names: Vec<String>,
    /// Which one is.
    pub(crate) now: usize,
    /// Who is told which one was chosen.
    pub(crate) chosen: Callback<usize>,
}

/// The choice.
#[component]
pub(crate) fn OneOf(props: &Props) -> Html {
    let select = use_node_ref();
    {
        let select = select.clone();
        // A person's choice outweighs what is marked as selected in markup, and an element that is made anew loses the focus.
        use_effect_with((props.now, props.names.clone()), move |(now, _)| {
            if let Some(select) = select.cast::<HtmlSelectElement>() {
                select.set_selected_index(i32::try_from(*now).unwrap_or(-1));
            }
        });
    }
    let onchange = props.chosen.reform(|event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        usize::try_from(select.selected_index()).unwrap_or(0)
    });
    html! {
        <select ref={select} id={props.id} aria-label={props.label.clone()} {onchange}>
            { for props.names.iter().map(|name| html! { <option>{ name }</option> }) }
        </select>
    }
}
