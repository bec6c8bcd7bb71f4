//! The inspector: the parameters and the metrics of what is selected, as the catalog has them; of the workload when
//! nothing is.
mod curve;
mod edge;
mod event;
mod explain;
mod field;
mod goals;
mod metrics;
mod multiples;
mod node;
mod places;
mod sections;
mod workload;

use super::findings::Found;
use crate::canvas::Face;
use crate::edit::Bag;
use crate::estimated::Estimated;
use crate::inspect::{Inspect, Msg as InspectMsg, Page};
use crate::model::{Model, Selection, Single, Tab};
use crate::msg::{Change, Msg};
use crate::shared::Shared;
use crate::steering::Past;
use loadpath_core::sim::NodeSnapshot;
use loadpath_core::topology::{Fault, Place, Topology};
use loadpath_core::wire::NodeInterval;
use yew::prelude::*;

/// What the inspector shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspected {
    document: Shared<Topology>,
    faults: Shared<Vec<Fault>>,
    single: Single,
    /// What is selected, where it is more than one thing.
    several: Selection,
    tab: Tab,
    inspect: Inspect,
    /// The selected node in the simulation, where its metrics are shown.
    seen: Option<NodeSnapshot>,
    /// The selected node in the last second of the live run.
    measured: Option<NodeInterval>,
    size: String,
    found: Found,
    estimated: Option<Shared<Estimated>>,
    /// The event of the timeline that is chosen.
    event: Option<usize>,
    /// The last seconds, where metrics are shown.
    past: Option<Shared<Past>>,
}

impl Inspected {
    /// From the model.
    pub fn of(model: &Model, faces: &[Face]) -> Self {
        let single = model.selection.single();
        let node = match single {
            Single::Node(node) => model.document.nodes.get(node).map(|found| (node, found.id.as_str())),
            _ => None,
        };
        let metrics = node.filter(|_| model.tab != Tab::Configure).map(|(_, id)| id);
        let seen = metrics.and_then(|id| {
            let snapshot = model.simulated.snapshot.as_deref()?;
            snapshot.nodes.iter().find(|node| node.id == id).cloned()
        });
        let measured = metrics.and_then(|id| {
            let measured = model.live.measured.as_deref()?;
            measured.nodes.iter().find(|node| node.id == id).cloned()
        });
        Self {
            document: model.document.clone(),
            faults: model.faults.clone(),
            single,
            several: if single == Single::Many { model.selection.clone() } else { Selection::default() },
            tab: model.tab,
            inspect: model.inspect.clone(),
            seen,
            measured,
            event: model.steering.event,
            past: metrics.map(|_| model.steering.past.clone()),
            size: node.and_then(|(i, _)| faces.get(i)).map_or_else(String::new, |face| face.size.clone()),
            found: Found::of(model),
            estimated: model.advice.estimated.clone(),
        }
    }
}

/// What the inspector needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// What it shows.
    pub inspected: Inspected,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// The inspector.
#[component]
pub fn Inspector(props: &Props) -> Html {
    let inspected = &props.inspected;
    let event = inspected.event.filter(|event| *event < inspected.document.timeline.len());
    let body = match (event, inspected.single) {
        (Some(event), _) => event::show(inspected, event, &props.tell),
        (None, Single::Node(node)) if node < inspected.document.nodes.len() => {
            node::show(inspected, node, &props.tell)
        }
        (None, Single::Edge(edge)) if edge < inspected.document.edges.len() => {
            edge::show(inspected, edge, &props.tell)
        }
        (None, Single::Many) => several(inspected, &props.tell),
        _ => design(inspected, &props.tell),
    };
    html! { <aside id="inspector" aria-label="Inspector" tabindex="-1">{ body }</aside> }
}

/// The design as a whole, a page at a time.
fn design(inspected: &Inspected, tell: &Callback<Msg>) -> Html {
    const PAGES: [(Page, &str); 3] =
        [(Page::Workload, "Workload"), (Page::Places, "Places"), (Page::Goals, "Goals and prices")];
    let now = inspected.inspect.page;
    let tab = |(page, text): &(Page, &'static str)| {
        let page = *page;
        tab(text, page == now, tell.reform(move |_| Msg::Inspect(InspectMsg::Page(page))))
    };
    let body = match now {
        Page::Workload => workload::show(inspected, tell),
        Page::Places => places::show(inspected, tell),
        Page::Goals => goals::show(inspected, tell),
    };
    html! {<>
        <h2>{ "Design" }</h2>
        <p class="mute">{ "Select a component to see its own parameters." }</p>
        <div class="tabs" role="tablist" aria-label="The design">{ for PAGES.iter().map(tab) }</div>
        <div role="tabpanel">{ body }</div>
    </>}
}

/// A tab of the inspector.
fn tab(text: &'static str, is_on: bool, onclick: Callback<MouseEvent>) -> Html {
    html! {
        <button type="button" role="tab" aria-selected={is_on.to_string()} class={classes!(is_on.then_some("on"))}
            {onclick}>{ text }</button>
    }
}

/// What several have in common is changed in all of them at once.
fn several(inspected: &Inspected, tell: &Callback<Msg>) -> Html {
    let Selection { nodes, edges } = &inspected.several;
    let bags: Vec<Bag> = match (nodes.is_empty(), edges.is_empty()) {
        (false, true) => nodes.iter().map(|&i| Bag::Node(i)).collect(),
        // Edges come along with the nodes that a marquee takes; alone, it is them that are meant.
        (true, false) => edges.iter().map(|&i| Bag::Edge(i)).collect(),
        _ => nodes.iter().map(|&i| Bag::Node(i)).collect(),
    };
    let duplicate = tell.reform(|_: MouseEvent| Msg::Change(Change::Duplicate));
    let delete = tell.reform(|_: MouseEvent| Msg::Change(Change::Delete));
    html! {<>
        <h2>{ format!("{} selected", nodes.len() + edges.len()) }</h2>
        <p class="mute">{ "What they have in common is changed in all of them." }</p>
        <hr/>
        { sections::sections(inspected, &bags, tell) }
        <div class="actions">
            <button type="button" class="btn" onclick={duplicate}>{ "Duplicate" }</button>
            <button type="button" class="btn danger" onclick={delete}>{ "Delete" }</button>
        </div>
    </>}
}

/// The sentence of the fault of something that is no parameter.
fn fault(faults: &[Fault], place: &Place, name: &str) -> Option<String> {
    let here = faults.iter().find(|fault| fault.place == *place && fault.field.as_deref() == Some(name));
    here.map(|fault| fault.what.clone())
}
