//! A node on the canvas.
use super::face::Face;
use super::name::NameField;
use super::{icon, stage};
use crate::difference::{Gone, Mark};
use crate::geometry::WorldPoint;
use crate::msg::Msg;
use web_sys::HtmlElement;
use yew::prelude::*;

/// What a node shows.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct Props {
    /// Its place in the document.
    pub index: usize,
    /// Where it stands.
    pub at: WorldPoint,
    /// Its kind.
    pub kind: String,
    /// What is written on it.
    pub face: Face,
    /// Whether it is selected.
    pub selected: bool,
    /// Whether the edge that is being drawn may reach it; none while none is drawn.
    pub target: Option<bool>,
    /// Whether its name is being written.
    pub renames: bool,
    /// The nodes before and after it, as the keyboard goes through them.
    pub beside: (Option<usize>, Option<usize>),
    /// Whether the keyboard comes to the nodes here.
    pub is_stop: bool,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// A node.
#[component]
pub(super) fn NodeCard(props: &Props) -> Html {
    let card = use_node_ref();
    {
        let card = card.clone();
        // Styles in markup are what the page's security policy forbids; a style that is set by a program is not.
        use_effect_with(props.at, move |at| {
            if let Some(card) = card.cast::<HtmlElement>() {
                stage::place(&card, *at);
            }
        });
    }
    let face = &props.face;
    let index = props.index;
    let onfocus = props.tell.reform(move |_: FocusEvent| Msg::Focused(index));
    let class = classes!(
        "node",
        face.level.class(),
        props.selected.then_some("selected"),
        face.mark.map(Mark::class),
        (!face.faults.is_empty()).then_some("faulty"),
        props.target.map(|may| if may { "target" } else { "no-target" }),
    );
    html! {
        <div ref={card} id={stage::node_id(index)} {class} tabindex={if props.is_stop { "0" } else { "-1" }} role="group"
            data-previous={beside(props.beside.0)} data-next={beside(props.beside.1)}
            aria-label={face.sentence.clone()} data-kind={props.kind.clone()} {onfocus}>
            <span class="port in" aria-hidden="true" />
            <span class="port out" aria-hidden="true" title="Drag to what it calls" />
            if let Some(mark) = face.mark {
                <span class="mark">{ mark.word() }</span>
            }
            <div class="row">
                { icon(&props.kind, 20) }
                <div class="t">
                    if props.renames {
                        <NameField value={face.label.clone()} called="Name of the node" tell={props.tell.clone()} />
                    } else {
                        <b>{ face.label.clone() }</b>
                    }
                    <small>{ face.size.clone() }</small>
                </div>
                if !face.faults.is_empty() {
                    <span class="fault" title={face.faults.join("\n")}>{ "!" }</span>
                } else if let Some(told) = &face.told {
                    <span class={classes!("badge", told.class())} title={told.sentences.join("\n")}>{ told.sign().unwrap_or_default() }</span>
                }
            </div>
            if !face.badges.is_empty() {
                <span class="badges" aria-hidden="true">{ for face.badges.iter().map(|badge| html! { <span class="state">{ badge }</span> }) }</span>
            }
            { bar(face) }
            <div class="row foot">
                <span class="dots">{ for dots(props) }</span>
                <span class="p99">
                    { face.p99.clone() }
                    if let Some(measured) = &face.measured {
                        <span class="measured" title="measured in the last second">{ format!(" {measured}") }</span>
                    }
                </span>
            </div>
        </div>
    }
}

fn beside(node: Option<usize>) -> Option<String> {
    node.map(stage::node_id)
}

/// How busy it is: as wide as the share of time that is taken.
fn bar(face: &Face) -> Html {
    let Some(busy) = face.busy else { return html! { <div class="bar none" /> } };
    let percent = crate::format::percent_whole(f64::from(busy) / 1_000.0);
    let (title, percent) = if face.is_estimated {
        (format!("estimate: {percent} of its workers' time is asked for"), format!("≈ {percent}"))
    } else {
        (format!("{percent} of its workers' time is taken"), percent)
    };
    html! {
        <div class={classes!("busy", face.is_estimated.then_some("estimated"))} {title}>
            // Not a picture of its own: a thousand of those are slow to paint.
            <progress class={classes!("bar", face.busy_level.class())} max="1000" value={busy.to_string()} aria-hidden="true" />
            <span class="percent">{ percent }</span>
        </div>
    }
}

/// Its instances, each a button that kills or restores it.
fn dots(props: &Props) -> Vec<Html> {
    let label = &props.face.label;
    let node = props.index;
    let dot = |(i, up): (usize, &bool)| {
        let instance = i as u16;
        let onclick = props.tell.reform(move |_: MouseEvent| Msg::Instance { node, instance });
        let number = i + 1;
        let (class, title) = if *up {
            ("dot", format!("{label} #{number} is up – click to kill it"))
        } else {
            ("dot down", format!("{label} #{number} is down – click to restore it"))
        };
        html! { <button type="button" {class} data-instance={i.to_string()} aria-label={title.clone()} {title} {onclick} tabindex="-1" /> }
    };
    let mut dots: Vec<Html> = props.face.dots.iter().enumerate().map(dot).collect();
    if props.face.more > 0 {
        dots.push(html! { <span class="more">{ format!("+{}", props.face.more) }</span> });
    }
    dots
}

/// A node that another design has and this one has not: its outline.
pub(super) fn gone(gone: &Gone) -> Html {
    html! { <GoneCard label={gone.label.clone()} at={gone.at} /> }
}

#[derive(Clone, PartialEq, Properties)]
struct GoneProps {
    label: String,
    at: WorldPoint,
}

#[component]
fn GoneCard(props: &GoneProps) -> Html {
    let card = use_node_ref();
    {
        let card = card.clone();
        use_effect_with(props.at, move |at| {
            if let Some(card) = card.cast::<HtmlElement>() {
                stage::place(&card, *at);
            }
        });
    }
    html! {
        <div ref={card} class="node gone">
            <span class="mark">{ "removed" }</span>
            <b>{ props.label.clone() }</b>
        </div>
    }
}
