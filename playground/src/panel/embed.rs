//! The page inside another page: the canvas, what plays and zooms it, and the way to the whole page.
use crate::canvas::icon;
use crate::msg::Msg;
use yew::prelude::*;

/// What is shown.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// The design's name.
    pub name: String,
    /// The design's link.
    pub fragment: String,
    /// Whether it runs.
    pub running: bool,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// The bar below the canvas.
#[component]
pub fn EmbedBar(props: &Props) -> Html {
    let toggle = props.tell.reform(|_: MouseEvent| Msg::TogglePlay);
    let zoom = |factor: f64| props.tell.reform(move |_: MouseEvent| Msg::Zoom(factor));
    let fit = props.tell.reform(|_: MouseEvent| Msg::Fit);
    let (picture, says) = if props.running { ("pause", "Pause") } else { ("play", "Go on") };
    let name = if props.name.is_empty() { "Untitled design" } else { &props.name };
    // Without its query, the address of this page is that of the whole one.
    let href = format!("./#{}", props.fragment);
    html! {
        <div class="embed-bar" role="toolbar" aria-label="Design">
            <button type="button" class="btn icon" id="play" aria-label={says} title={says} onclick={toggle}>{ icon(picture, 17) }</button>
            <b class="what">{ name }</b>
            <span class="sp" />
            <button type="button" class="btn icon" aria-label="Smaller" title="Smaller" onclick={zoom(1.0 / 1.2)}>{ icon("minus", 14) }</button>
            <span id="zoom-level" />
            <button type="button" class="btn icon" aria-label="Larger" title="Larger" onclick={zoom(1.2)}>{ icon("plus", 14) }</button>
            <button type="button" class="btn icon" aria-label="Show all" title="Show all" onclick={fit}>{ icon("fit", 14) }</button>
            <a class="btn pri" id="open-whole" {href} target="_blank" rel="noopener">{ "Open in Loadpath" }</a>
        </div>
    }
}
