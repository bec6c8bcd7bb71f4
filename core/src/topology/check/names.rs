//! The names in a document: where each stands, and faults for those that are doubled or ill-formed.
use super::super::fault::{Fault, Place};
use super::super::reader::Reader;
use super::super::spec::Topology;
use super::{at, node_called};
use std::collections::BTreeMap;

/// Where each id stands in its list.
pub(super) struct Names<'d> {
    pub(super) nodes: BTreeMap<&'d str, usize>,
    pub(super) zones: BTreeMap<&'d str, usize>,
    hosts: BTreeMap<&'d str, usize>,
}

impl<'d> Names<'d> {
    pub(super) fn of(document: &'d Topology, faults: &mut Vec<Fault>) -> Self {
        let nodes = document.nodes.iter().enumerate();
        let zones = document.zones.iter().enumerate();
        let hosts = document.hosts.iter().enumerate();
        Self {
            nodes: places(
                nodes.map(|(i, n)| (n.id.as_str(), Place::Node(i), node_called(n))),
                "node",
                faults,
            ),
            zones: places(
                zones.map(|(i, z)| (z.id.as_str(), Place::Zone(i), format!("zone \"{}\"", z.id))),
                "zone",
                faults,
            ),
            hosts: places(
                hosts.map(|(i, h)| (h.id.as_str(), Place::Host(i), format!("host \"{}\"", h.id))),
                "host",
                faults,
            ),
        }
    }

    /// The place of a zone that is referred to in `field`; none for an empty id.
    pub(super) fn zone_of(&self, id: &str, field: &str, reader: &mut Reader) -> Option<u16> {
        referred(&self.zones, id, "zone", field, reader)
    }

    /// The place of a host that is referred to in `field`; none for an empty id.
    pub(super) fn host_of(&self, id: &str, field: &str, reader: &mut Reader) -> Option<u16> {
        referred(&self.hosts, id, "host", field, reader)
    }
}

fn referred(
    places: &BTreeMap<&str, usize>,
    id: &str,
    what: &str,
    field: &str,
    reader: &mut Reader,
) -> Option<u16> {
    if id.is_empty() {
        return None;
    }
    let place = places.get(id);
    if place.is_none() {
        reader.fault(Some(field), format!("there is no {what} \"{id}\"; add it, or name one that is there"));
    }
    // The limits keep every list below a u16.
    place.map(|&place| place as u16)
}

/// Whether `id` can name something: it goes into addresses, headers and file names.
pub(super) fn is_id(id: &str) -> bool {
    let rest = id.as_bytes().iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-');
    rest && id.len() <= 31 && id.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
}

fn places<'d>(
    things: impl Iterator<Item = (&'d str, Place, String)>,
    what: &str,
    faults: &mut Vec<Fault>,
) -> BTreeMap<&'d str, usize> {
    let mut places = BTreeMap::new();
    for (i, (id, place, called)) in things.enumerate() {
        if !is_id(id) {
            let what = "an id is a small letter, then small letters, digits and hyphens, 31 at most";
            faults.push(at(place.clone(), called.clone(), Some("id"), what.to_owned()));
        }
        if let Some(first) = places.insert(id, i) {
            places.insert(id, first);
            let what = format!("another {what} has this id already; give it one of its own");
            faults.push(at(place, called, Some("id"), what));
        }
    }
    places
}
