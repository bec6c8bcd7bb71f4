//! How each edit changes a document, and what takes it back.
use super::super::spec::{Edge, Happening, Host, Node, Params, RoundTrip, Topology, Value, Zone};
use super::{Bag, Edit, EditFault};

/// Applies all edits or none; gives the one that takes them back.
pub(super) fn apply_all(edits: &[Edit], document: &mut Topology) -> Result<Edit, EditFault> {
    let mut back = Vec::with_capacity(edits.len());
    for edit in edits {
        match edit.apply(document) {
            Ok(inverse) => back.push(inverse),
            Err(fault) => {
                for inverse in back.iter().rev() {
                    inverse.apply(document).expect("an edit that was just made can be taken back");
                }
                return Err(fault);
            }
        }
    }
    back.reverse();
    Ok(Edit::Several(back))
}

/// The place of the only thing of this kind and name.
fn only<T>(list: &[T], called: String, is: impl Fn(&T) -> bool) -> Result<usize, EditFault> {
    let mut places = list.iter().enumerate().filter(|(_, item)| is(item)).map(|(place, _)| place);
    match (places.next(), places.next()) {
        (None, _) => Err(EditFault::Missing(called)),
        (Some(place), None) => Ok(place),
        _ => Err(EditFault::Doubled(called)),
    }
}

fn node_called(id: &str) -> String {
    format!("node \"{id}\"")
}

pub(super) fn edge_called(from: &str, to: &str) -> String {
    format!("edge \"{from}\" to \"{to}\"")
}

fn zone_called(id: &str) -> String {
    format!("zone \"{id}\"")
}

fn host_called(id: &str) -> String {
    format!("host \"{id}\"")
}

fn find_node(document: &Topology, id: &str) -> Result<usize, EditFault> {
    only(&document.nodes, node_called(id), |node| node.id == id)
}

pub(super) fn find_edge(document: &Topology, from: &str, to: &str) -> Result<usize, EditFault> {
    only(&document.edges, edge_called(from, to), |edge| edge.from == from && edge.to == to)
}

fn find_zone(document: &Topology, id: &str) -> Result<usize, EditFault> {
    only(&document.zones, zone_called(id), |zone| zone.id == id)
}

fn find_host(document: &Topology, id: &str) -> Result<usize, EditFault> {
    only(&document.hosts, host_called(id), |host| host.id == id)
}

/// The nodes that are about to be moved can be moved back: each id is there once.
fn each_only_once(document: &Topology, moved: impl Fn(&Node) -> bool) -> Result<(), EditFault> {
    document
        .nodes
        .iter()
        .filter(|node| moved(node))
        .try_for_each(|node| find_node(document, &node.id).map(drop))
}

pub(super) fn put<T: Clone>(list: &mut Vec<T>, place: Option<usize>, item: &T) -> Result<usize, EditFault> {
    let place = place.unwrap_or(list.len());
    if place > list.len() {
        return Err(EditFault::BeyondTheEnd(place));
    }
    list.insert(place, item.clone());
    Ok(place)
}

pub(super) fn take<T>(list: &mut Vec<T>, place: usize) -> Result<T, EditFault> {
    if place >= list.len() {
        return Err(EditFault::BeyondTheEnd(place));
    }
    Ok(list.remove(place))
}

/// Takes out what fits, and gives the edits that put it back, in the order in which they must be made.
fn take_all<T>(list: &mut Vec<T>, fits: impl Fn(&T) -> bool, back: impl Fn(usize, T) -> Edit) -> Vec<Edit> {
    let places: Vec<usize> = (0..list.len()).filter(|&place| fits(&list[place])).collect();
    let mut edits: Vec<Edit> =
        places.into_iter().rev().map(|place| back(place, list.remove(place))).collect();
    edits.reverse();
    edits
}

pub(super) fn set(
    document: &mut Topology,
    of: &Bag,
    name: &str,
    value: Option<Value>,
) -> Result<Edit, EditFault> {
    let params = bag(document, of)?;
    let before = match value {
        Some(value) => params.insert(name.to_owned(), value),
        None => params.remove(name),
    };
    Ok(Edit::Set { of: of.clone(), name: name.to_owned(), value: before })
}

fn bag<'d>(document: &'d mut Topology, of: &Bag) -> Result<&'d mut Params, EditFault> {
    Ok(match of {
        Bag::Node(id) => {
            let place = find_node(document, id)?;
            &mut document.nodes[place].params
        }
        Bag::Edge(from, to) => {
            let place = find_edge(document, from, to)?;
            &mut document.edges[place].params
        }
        Bag::Class(name) => {
            let classes = &mut document.workload.classes;
            let place = only(classes, format!("class \"{name}\""), |class| &class.name == name)?;
            &mut classes[place].params
        }
        Bag::Workload => &mut document.workload.params,
        Bag::Zone(id) => {
            let place = find_zone(document, id)?;
            &mut document.zones[place].params
        }
        Bag::Host(id) => {
            let place = find_host(document, id)?;
            &mut document.hosts[place].params
        }
        Bag::Objectives => &mut document.objectives,
        Bag::Prices => &mut document.prices,
    })
}

/// Whether there is such a zone or host, [`super::check`] says.
pub(super) fn stand(document: &mut Topology, id: &str, zone: &str, host: &str) -> Result<Edit, EditFault> {
    let place = find_node(document, id)?;
    let node = &mut document.nodes[place];
    let zone = std::mem::replace(&mut node.zone, zone.to_owned());
    let host = std::mem::replace(&mut node.host, host.to_owned());
    Ok(Edit::Stand { node: id.to_owned(), zone, host })
}

/// Refused where edges lead to the id already: taking the node away again would take them too.
pub(super) fn add_node(
    document: &mut Topology,
    place: Option<usize>,
    node: &Node,
) -> Result<Edit, EditFault> {
    let awaited = document.edges.iter().any(|edge| edge.from == node.id || edge.to == node.id)
        || document.timeline.iter().any(|happening| names(happening, "node", &node.id));
    if awaited || document.node(&node.id).is_some() {
        return Err(EditFault::Taken(node_called(&node.id)));
    }
    put(&mut document.nodes, place, node)?;
    Ok(Edit::RemoveNode { id: node.id.clone() })
}

fn names(happening: &Happening, param: &str, id: &str) -> bool {
    happening.params.get(param) == Some(&Value::from(id))
}

pub(super) fn remove_node(document: &mut Topology, id: &str) -> Result<Edit, EditFault> {
    let place = find_node(document, id)?;
    let mut back = vec![Edit::AddNode { place: Some(place), node: document.nodes.remove(place) }];
    let touches = |edge: &Edge| edge.from == id || edge.to == id;
    back.extend(take_all(&mut document.edges, touches, |place, edge| Edit::AddEdge {
        place: Some(place),
        edge,
    }));
    back.extend(take_happenings(document, |happening| names(happening, "node", id)));
    Ok(Edit::Several(back))
}

fn take_happenings(document: &mut Topology, fits: impl Fn(&Happening) -> bool) -> Vec<Edit> {
    let back = |place, happening| Edit::AddHappening { place: Some(place), happening };
    take_all(&mut document.timeline, fits, back)
}

/// Refused where something stands in the id already, as for nodes.
pub(super) fn add_zone(
    document: &mut Topology,
    place: Option<usize>,
    zone: &Zone,
) -> Result<Edit, EditFault> {
    let id = &zone.id;
    let awaited = document.nodes.iter().any(|node| &node.zone == id)
        || document.round_trips.iter().any(|trip| &trip.from == id || &trip.to == id)
        || document.timeline.iter().any(|h| names(h, "zone", id) || names(h, "other", id));
    if awaited || document.zones.iter().any(|other| &other.id == id) {
        return Err(EditFault::Taken(zone_called(id)));
    }
    put(&mut document.zones, place, zone)?;
    Ok(Edit::RemoveZone { id: id.clone() })
}

pub(super) fn remove_zone(document: &mut Topology, id: &str) -> Result<Edit, EditFault> {
    let place = find_zone(document, id)?;
    each_only_once(document, |node| node.zone == id)?;
    let mut back = vec![Edit::AddZone { place: Some(place), zone: document.zones.remove(place) }];
    for node in document.nodes.iter_mut().filter(|node| node.zone == id) {
        let zone = std::mem::take(&mut node.zone);
        back.push(Edit::Stand { node: node.id.clone(), zone, host: node.host.clone() });
    }
    let touches = |trip: &RoundTrip| trip.from == id || trip.to == id;
    let trips = |place, round_trip| Edit::AddRoundTrip { place: Some(place), round_trip };
    back.extend(take_all(&mut document.round_trips, touches, trips));
    back.extend(take_happenings(document, |h| names(h, "zone", id) || names(h, "other", id)));
    Ok(Edit::Several(back))
}

pub(super) fn add_host(
    document: &mut Topology,
    place: Option<usize>,
    host: &Host,
) -> Result<Edit, EditFault> {
    let awaited = document.nodes.iter().any(|node| node.host == host.id);
    if awaited || document.hosts.iter().any(|other| other.id == host.id) {
        return Err(EditFault::Taken(host_called(&host.id)));
    }
    put(&mut document.hosts, place, host)?;
    Ok(Edit::RemoveHost { id: host.id.clone() })
}

pub(super) fn remove_host(document: &mut Topology, id: &str) -> Result<Edit, EditFault> {
    let place = find_host(document, id)?;
    each_only_once(document, |node| node.host == id)?;
    let mut back = vec![Edit::AddHost { place: Some(place), host: document.hosts.remove(place) }];
    for node in document.nodes.iter_mut().filter(|node| node.host == id) {
        let host = std::mem::take(&mut node.host);
        back.push(Edit::Stand { node: node.id.clone(), zone: node.zone.clone(), host });
    }
    Ok(Edit::Several(back))
}
