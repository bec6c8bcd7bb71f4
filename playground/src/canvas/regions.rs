//! Zones and hosts: labelled regions behind the nodes.
use super::name::NameField;
use super::stage;
use crate::edit;
use crate::editing::{self, Named};
use crate::geometry::{Group, Rect, Scene};
use crate::msg::Msg;
use crate::shared::Shared;
use loadpath_core::topology::Topology;
use web_sys::HtmlElement;
use yew::prelude::*;

/// What the regions show.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct Props {
    /// The document.
    pub document: Shared<Topology>,
    /// Where everything stands.
    pub scene: Shared<Scene>,
    /// The selected region.
    pub selected: Option<Group>,
    /// Whose name is being written.
    pub renaming: Option<Named>,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// The regions.
#[component]
pub(super) fn Regions(props: &Props) -> Html {
    let regions = props.scene.regions.iter().enumerate().map(|(i, region)| {
        let group = region.group;
        html! {
            <RegionBox key={i} index={i} rect={region.rect} {group} name={edit::name_of(&props.document, group)}
                count={region.members.len()} selected={props.selected == Some(group)}
                renames={props.renaming == Some(Named::Group(group))} tell={props.tell.clone()} />
        }
    });
    html! { <div class="regions">{ for regions }</div> }
}

#[derive(Clone, PartialEq, Properties)]
struct RegionProps {
    index: usize,
    rect: Rect,
    group: Group,
    name: String,
    count: usize,
    selected: bool,
    renames: bool,
    tell: Callback<Msg>,
}

#[component]
fn RegionBox(props: &RegionProps) -> Html {
    let place = use_node_ref();
    {
        let place = place.clone();
        use_effect_with(props.rect, move |rect| {
            if let Some(element) = place.cast::<HtmlElement>() {
                stage::place_region(&element, *rect);
            }
        });
    }
    let group = props.group;
    let onfocus = props.tell.reform(move |_: FocusEvent| Msg::Editing(editing::Msg::FocusedGroup(group)));
    let (sort, class) = match group {
        Group::Zone(_) => ("zone", "region zone"),
        Group::Host(_) => ("host", "region host"),
    };
    let nodes = if props.count == 1 { "1 node".to_owned() } else { format!("{} nodes", props.count) };
    let spoken = format!("{}, {sort}, {nodes}", props.name);
    html! {
        <div ref={place} id={stage::region_id(props.index)} class={classes!(class, props.selected.then_some("selected"))}>
            if props.renames {
                <NameField value={props.name.clone()} called={format!("Name of the {sort}")} tell={props.tell.clone()} />
            } else {
                <div id={stage::label_id(props.index)} class="region-label" tabindex="0" role="group"
                    aria-label={spoken} {onfocus}>
                    { &props.name }
                    if props.count == 0 { <small>{ "drop nodes here" }</small> }
                </div>
            }
        </div>
    }
}
