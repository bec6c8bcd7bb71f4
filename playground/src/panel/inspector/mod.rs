//! The inspector: the parameters and the metrics of what is selected, as the catalog has them; of the workload when
//! nothing is.
mod edge;
mod event;
mod field;
mod metrics;
mod multiples;
mod node;
mod workload;

use crate::alive::Past;
use crate::canvas::Face;
use crate::model::{Model, Single, Tab};
use crate::msg::{Change, Msg};
use crate::shared::Shared;
use loadpath_core::sim::NodeSnapshot;
use loadpath_core::topology::{Fault, Topology};
use loadpath_core::wire::NodeInterval;
use yew::prelude::*;

/// What the inspector shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspected {
    document: Shared<Topology>,
    faults: Shared<Vec<Fault>>,
    single: Single,
    count: usize,
    tab: Tab,
    /// The selected node in the simulation, where its metrics are shown.
    seen: Option<NodeSnapshot>,
    /// The selected node in the last second of the live run.
    measured: Option<NodeInterval>,
    size: String,
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
        let metrics = node.filter(|_| model.tab == Tab::Metrics).map(|(_, id)| id);
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
            count: model.selection.nodes.len() + model.selection.edges.len(),
            tab: model.tab,
            seen,
            measured,
            event: model.alive.event,
            past: metrics.map(|_| model.alive.past.clone()),
            size: node.and_then(|(i, _)| faces.get(i)).map_or_else(String::new, |face| face.size.clone()),
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
        (None, Single::Many) => several(inspected.count, &props.tell),
        _ => workload::show(inspected, &props.tell),
    };
    html! { <aside id="inspector" aria-label="Inspector">{ body }</aside> }
}

fn several(count: usize, tell: &Callback<Msg>) -> Html {
    let duplicate = tell.reform(|_: MouseEvent| Msg::Change(Change::Duplicate));
    let delete = tell.reform(|_: MouseEvent| Msg::Change(Change::Delete));
    html! {<>
        <h3>{ format!("{count} selected") }</h3>
        <p class="mute">{ "Drag or use the arrows to move them together." }</p>
        <div class="actions">
            <button type="button" class="btn" onclick={duplicate}>{ "Duplicate" }</button>
            <button type="button" class="btn danger" onclick={delete}>{ "Delete" }</button>
        </div>
    </>}
}
