//! What the inspector shows and does beyond what is selected: which sections are open, what is searched for, which page of
//! the design is shown; and the changes that only it makes.
pub mod bag;
pub mod entry;
pub mod law;
pub mod listing;
pub mod load;

use crate::edit::{self, Bag};
use crate::effect::Effect;
use crate::model::Model;
use loadpath_core::topology::catalog::Section;
use loadpath_core::topology::{Edit, Params, RoundTrip, Topology, Value};
use std::collections::BTreeSet;

/// The inspector's own state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspect {
    /// The sections that are open.
    pub open: BTreeSet<Section>,
    /// What is searched for among the parameters.
    pub search: String,
    /// The page that is shown of the design as a whole.
    pub page: Page,
    /// Whether it is pulled up, on a phone.
    pub sheet: bool,
}

/// A page of the design as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// How many requests arrive, and of which classes.
    #[default]
    Workload,
    /// Zones, round trips and hosts.
    Places,
    /// Objectives and prices.
    Goals,
}

/// What can happen to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Msg {
    /// A section is to be opened, or folded.
    Fold(Section),
    /// Something is searched for.
    Search(String),
    /// A page of the design was chosen.
    Page(Page),
    /// On a phone, it is to be pulled up, or down.
    Sheet,
}

/// A change of the document that is made in it.
#[derive(Clone, Debug)]
pub enum Change {
    /// A parameter, the same in all of these.
    SetAll {
        /// Of what.
        bags: Vec<Bag>,
        /// Which.
        name: &'static str,
        /// What; the default when none.
        value: Option<Value>,
    },
    /// A node stands in a zone and on a host; empty for none.
    Stand {
        /// The node, by its place.
        node: usize,
        /// The zone's id.
        zone: String,
        /// The host's id.
        host: String,
    },
    /// A new zone.
    AddZone,
    /// A zone, no more.
    RemoveZone(usize),
    /// Another label of a zone.
    ZoneLabel(usize, String),
    /// How long it takes between two zones and back; from their distance when none.
    RoundTrip {
        /// The id of one.
        from: String,
        /// The id of the other.
        to: String,
        /// As it is written.
        time: Option<Value>,
    },
    /// A new host.
    AddHost,
    /// A host, no more.
    RemoveHost(usize),
    /// Another label of a host.
    HostLabel(usize, String),
}

/// Takes a message into the model.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let inspect = &mut model.inspect;
    match msg {
        Msg::Fold(section) => {
            if !inspect.open.remove(&section) {
                inspect.open.insert(section);
            }
        }
        Msg::Search(text) => inspect.search = text,
        Msg::Page(page) => inspect.page = page,
        Msg::Sheet => inspect.sheet = !inspect.sheet,
    }
    Vec::new()
}

/// Changes a document.
pub fn change(document: &mut Topology, change: Change) {
    match change {
        Change::SetAll { bags, name, value } => {
            bags.iter().for_each(|bag| edit::set(document, bag, name, value.clone()));
        }
        Change::Stand { node, zone, host } => {
            if let Some(node) = document.nodes.get_mut(node) {
                (node.zone, node.host) = (zone, host);
            }
        }
        Change::AddZone => {
            edit::add_zone(document, &BTreeSet::new(), None);
        }
        Change::RemoveZone(i) => {
            let id = document.zones.get(i).map(|zone| zone.id.clone());
            apply(document, id.map(|id| Edit::RemoveZone { id }));
        }
        Change::ZoneLabel(i, label) => {
            document.zones.get_mut(i).into_iter().for_each(|zone| zone.label.clone_from(&label));
        }
        Change::RoundTrip { from, to, time } => round_trip(document, &from, &to, time),
        Change::AddHost => {
            edit::add_host(document, &BTreeSet::new(), None);
        }
        Change::RemoveHost(i) => {
            let id = document.hosts.get(i).map(|host| host.id.clone());
            apply(document, id.map(|id| Edit::RemoveHost { id }));
        }
        Change::HostLabel(i, label) => {
            document.hosts.get_mut(i).into_iter().for_each(|host| host.label.clone_from(&label));
        }
    }
}

/// An edit that cannot be made, since an id is doubled, leaves the document as it is; its fault says so already.
fn apply(document: &mut Topology, edit: Option<Edit>) {
    let _ = edit.and_then(|edit| edit.apply(document).ok());
}

/// The place of what is stated between two zones, whichever of them comes first.
pub fn stated(document: &Topology, from: &str, to: &str) -> Option<usize> {
    let is = |trip: &RoundTrip| (trip.from == from && trip.to == to) || (trip.from == to && trip.to == from);
    document.round_trips.iter().position(is)
}

fn round_trip(document: &mut Topology, from: &str, to: &str, time: Option<Value>) {
    let place = stated(document, from, to);
    match (place, time) {
        (Some(place), Some(time)) => {
            document.round_trips[place].params.insert("time".to_owned(), time);
        }
        (None, Some(time)) => document.round_trips.push(RoundTrip {
            from: from.to_owned(),
            to: to.to_owned(),
            params: Params::from([("time".to_owned(), time)]),
        }),
        (Some(place), None) => {
            document.round_trips.remove(place);
        }
        (None, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{check, three_tier};

    #[test]
    fn zones_and_hosts_are_added_stood_in_and_taken_away_with_what_names_them() {
        let mut document = three_tier();
        for _ in 0..2 {
            change(&mut document, Change::AddZone);
        }
        change(&mut document, Change::AddHost);
        for node in 0..document.nodes.len() {
            let zone = "zone-1".to_owned();
            change(&mut document, Change::Stand { node, zone, host: String::new() });
        }
        let time = Some(Value::from("80ms"));
        let trip = Change::RoundTrip { from: "zone-2".into(), to: "zone-1".into(), time };
        change(&mut document, trip.clone());
        change(&mut document, trip);
        assert_eq!((document.zones.len(), document.hosts.len(), document.round_trips.len()), (2, 1, 1));
        assert!(check(&document).is_ok(), "{:?}", check(&document));
        change(&mut document, Change::RemoveZone(0));
        change(&mut document, Change::RemoveHost(0));
        assert!(document.round_trips.is_empty() && document.nodes.iter().all(|node| node.zone.is_empty()));
        assert!(check(&document).is_ok(), "{:?}", check(&document));
    }

    #[test]
    fn a_round_trip_is_found_from_either_end_and_can_be_left_to_the_distance_again() {
        let mut document = three_tier();
        let trip = |from: &str, to: &str, time: Option<&str>| Change::RoundTrip {
            from: from.to_owned(),
            to: to.to_owned(),
            time: time.map(Value::from),
        };
        change(&mut document, trip("a", "b", Some("10ms")));
        change(&mut document, trip("b", "a", Some("20ms")));
        assert_eq!(document.round_trips.len(), 1);
        assert_eq!(document.round_trips[0].params["time"], Value::from("20ms"));
        change(&mut document, trip("b", "a", None));
        assert!(document.round_trips.is_empty());
    }
}
