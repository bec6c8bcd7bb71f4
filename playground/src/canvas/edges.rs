//! All edges, in one SVG under the nodes.
use super::face::EdgeFace;
use super::stage;
use super::told::Told;
use crate::difference::Mark;
use crate::geometry::{Cubic, Scene, WorldPoint, route};
use crate::shared::Shared;
use std::collections::BTreeSet;
use yew::prelude::*;

/// What the edges show.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct Props {
    /// Where the nodes stand.
    pub scene: Shared<Scene>,
    /// What is written on each edge.
    pub faces: Vec<EdgeFace>,
    /// Which are selected.
    pub selected: BTreeSet<usize>,
}

/// The edges.
#[component]
pub(super) fn Edges(props: &Props) -> Html {
    let edges = props.scene.edges.iter().enumerate().map(|(i, ends)| {
        let way = ends.map(|(from, to)| route(props.scene.nodes[from], props.scene.nodes[to]));
        let face = props.faces.get(i).cloned().unwrap_or_default();
        html! { <EdgeLine key={i} index={i} {way} {face} selected={props.selected.contains(&i)} /> }
    });
    html! { <svg class="wires" aria-hidden="true">{ for edges }</svg> }
}

#[derive(Clone, PartialEq, Properties)]
struct EdgeProps {
    index: usize,
    /// None for an edge that leads nowhere.
    way: Option<Cubic>,
    face: EdgeFace,
    selected: bool,
}

#[component]
fn EdgeLine(props: &EdgeProps) -> Html {
    let Some(way) = &props.way else { return Html::default() };
    let EdgeFace { rate, traffic, level, is_faulty, is_cut, told, mark } = &props.face;
    let d = way.path();
    let class = classes!(
        "edge",
        level.class(),
        format!("traffic-{traffic}"),
        props.selected.then_some("selected"),
        is_faulty.then_some("faulty"),
        mark.map(Mark::class),
        is_cut.then_some("cut"),
    );
    html! {
        <g id={stage::edge_id(props.index)} {class}>
            <path class="line" d={d.clone()} />
            <path class="flow" {d} />
            if !rate.is_empty() { { pill(way, rate) } }
            { badge(way, told.as_deref(), *mark) }
            if props.selected { { ends(way) } }
        </g>
    }
}

/// What is weak about the edge, and what became of it, above its middle.
fn badge(way: &Cubic, told: Option<&Told>, mark: Option<Mark>) -> Html {
    if told.is_none() && mark.is_none() {
        return Html::default();
    }
    let sign = told.map(|told| (told.sign().unwrap_or_default(), classes!("badge", told.class())));
    let mark = mark.map(|mark| (if mark == Mark::Added { "+" } else { "~" }, classes!("mark")));
    let signs = mark.into_iter().chain(sign).enumerate().map(|(i, (sign, class))| {
        let x = format!("{:.1}", i as f64 * 18.0);
        html! { <g {class}><circle cx={x.clone()} cy="-18" r="8" /><text {x} y="-14.4">{ sign }</text></g> }
    });
    html! {
        <g class="signs" transform={stage::middle(way)}>
            if let Some(told) = told { <title>{ told.sentences.join("\n") }</title> }
            { for signs }
        </g>
    }
}

/// The ends, which can be dragged elsewhere.
fn ends(way: &Cubic) -> Html {
    let end =
        |at: WorldPoint| html! { <circle class="end" cx={at.x.to_string()} cy={at.y.to_string()} r="5" /> };
    html! { <>{ end(way.points[0]) }{ end(way.points[3]) }</> }
}

/// The rate, in the middle of the edge.
fn pill(way: &Cubic, rate: &str) -> Html {
    // About 6.2 pixels a character at this size; the text stands in the middle whatever the font does.
    let width = rate.chars().count() as f64 * 6.2 + 14.0;
    html! {
        <g class="rate" transform={stage::middle(way)}>
            <rect x={format!("{:.1}", -width / 2.0)} y="-8.5" width={format!("{width:.1}")} height="17" rx="8.5" />
            <text y="3.8">{ rate.to_owned() }</text>
        </g>
    }
}
