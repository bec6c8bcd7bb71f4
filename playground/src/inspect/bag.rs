//! A bag of parameters: where it is in a document, and by which rows it is read.
use crate::edit::Bag;
use loadpath_core::topology::catalog::{self, Param};
use loadpath_core::topology::{Params, Place, Topology};

impl Bag {
    /// Where faults in it are told.
    pub fn place(&self) -> Place {
        match *self {
            Self::Node(i) => Place::Node(i),
            Self::Edge(i) => Place::Edge(i),
            Self::Workload => Place::Workload,
            Self::Class(i) => Place::Class(i),
            Self::Event(i) => Place::Timeline(i),
            Self::Zone(i) => Place::Zone(i),
            Self::Host(i) => Place::Host(i),
            Self::Objectives => Place::Objectives,
            Self::Prices => Place::Prices,
        }
    }

    /// Part of the ids of its fields.
    pub fn called(&self) -> String {
        match *self {
            Self::Node(_) => "node".to_owned(),
            Self::Edge(_) => "edge".to_owned(),
            Self::Workload => "workload".to_owned(),
            Self::Class(i) => format!("class-{i}"),
            Self::Event(_) => "event".to_owned(),
            Self::Zone(i) => format!("zone-{i}"),
            Self::Host(i) => format!("host-{i}"),
            Self::Objectives => "objectives".to_owned(),
            Self::Prices => "prices".to_owned(),
        }
    }

    /// Its rows; none for a node of an unknown kind.
    pub fn rows(&self, document: &Topology) -> &'static [Param] {
        match *self {
            Self::Node(i) => {
                let kind = document.nodes.get(i).and_then(|node| catalog::kind(&node.kind));
                kind.map_or(&[], |kind| kind.params)
            }
            Self::Edge(_) => catalog::EDGE,
            Self::Workload => catalog::ARRIVALS,
            Self::Class(_) => catalog::CLASS,
            Self::Event(i) => {
                let action = document.timeline.get(i).map_or("", |event| event.action.as_str());
                catalog::ACTIONS.iter().find(|kind| kind.name == action).map_or(&[], |kind| kind.params)
            }
            Self::Zone(_) => catalog::ZONE,
            Self::Host(_) => catalog::HOST,
            Self::Objectives => catalog::OBJECTIVES,
            Self::Prices => catalog::PRICES,
        }
    }

    /// What is written in it; none where there is no such thing.
    pub fn params<'d>(&self, document: &'d Topology) -> Option<&'d Params> {
        match *self {
            Self::Node(i) => document.nodes.get(i).map(|node| &node.params),
            Self::Edge(i) => document.edges.get(i).map(|edge| &edge.params),
            Self::Workload => Some(&document.workload.params),
            Self::Class(i) => document.workload.classes.get(i).map(|class| &class.params),
            Self::Event(i) => document.timeline.get(i).map(|event| &event.params),
            Self::Zone(i) => document.zones.get(i).map(|zone| &zone.params),
            Self::Host(i) => document.hosts.get(i).map(|host| &host.params),
            Self::Objectives => Some(&document.objectives),
            Self::Prices => Some(&document.prices),
        }
    }

    /// The same, to be changed.
    pub fn params_mut<'d>(&self, document: &'d mut Topology) -> Option<&'d mut Params> {
        match *self {
            Self::Node(i) => document.nodes.get_mut(i).map(|node| &mut node.params),
            Self::Edge(i) => document.edges.get_mut(i).map(|edge| &mut edge.params),
            Self::Workload => Some(&mut document.workload.params),
            Self::Class(i) => document.workload.classes.get_mut(i).map(|class| &mut class.params),
            Self::Event(i) => document.timeline.get_mut(i).map(|event| &mut event.params),
            Self::Zone(i) => document.zones.get_mut(i).map(|zone| &mut zone.params),
            Self::Host(i) => document.hosts.get_mut(i).map(|host| &mut host.params),
            Self::Objectives => Some(&mut document.objectives),
            Self::Prices => Some(&mut document.prices),
        }
    }
}
