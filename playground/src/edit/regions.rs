//! Zones and hosts as regions of the canvas: what they hold, joining and leaving them, and changes of them.
use super::move_by;
use crate::geometry::{Group, Rect, Region, WorldPoint, innermost};
use loadpath_core::order;
use loadpath_core::topology::{Edit, Host, Node, Topology, Zone};
use std::collections::BTreeSet;

/// A letter of a label is about so wide.
const LETTER: f64 = 7.6;
/// What runs on a machine; clients, queues and whatever else do not.
const ON_HOSTS: [&str; 5] = ["service", "workers", "database", "cache", "load_balancer"];

/// The regions of a document whose nodes stand in these places, zones first. A group without a node is drawn where the
/// document says, and below all nodes where it does not.
pub fn regions(document: &Topology, nodes: &[Rect]) -> Vec<Region> {
    let hosts: Vec<Region> =
        (0..document.hosts.len()).map(|i| region(document, Group::Host(i), nodes, &[])).collect();
    let zones = (0..document.zones.len()).map(|i| region(document, Group::Zone(i), nodes, &hosts));
    zones.chain(hosts.iter().cloned()).collect()
}

fn region(document: &Topology, group: Group, nodes: &[Rect], hosts: &[Region]) -> Region {
    let members: Vec<usize> =
        (0..nodes.len()).filter(|&i| is_in(document, &document.nodes[i], group)).collect();
    // A machine that stands in one zone lies inside that zone's region.
    let whole = hosts
        .iter()
        .filter(|host| !host.members.is_empty() && host.members.iter().all(|i| members.contains(i)));
    let inner = members.iter().map(|&i| nodes[i]).chain(whole.map(|host| host.rect));
    let drawn = area(document, group).map(|[x, y, width, height]| Rect { x, y, width, height });
    let known = Rect::around(Rect::around(inner).map(|inner| group.around(inner)).into_iter().chain(drawn));
    let rect = known.unwrap_or_else(|| below(group, nodes));
    let label_width = name_of(document, group).chars().count() as f64 * LETTER + 16.0;
    Region { group, rect, members, label_width }
}

/// Room for what is to come, below all nodes, one group beside the other.
fn below(group: Group, nodes: &[Rect]) -> Rect {
    let (place, down) = match group {
        Group::Zone(i) => (i, 0.0),
        Group::Host(i) => (i, 200.0),
    };
    let all = Rect::around(nodes.iter().copied()).unwrap_or_default();
    Rect { x: all.x + place as f64 * 340.0, y: all.bottom() + 60.0 + down, width: 320.0, height: 180.0 }
}

fn is_in(document: &Topology, node: &Node, group: Group) -> bool {
    match group {
        Group::Zone(i) => {
            !node.zone.is_empty() && document.zones.get(i).is_some_and(|zone| zone.id == node.zone)
        }
        Group::Host(i) => {
            !node.host.is_empty() && document.hosts.get(i).is_some_and(|host| host.id == node.host)
        }
    }
}

fn area(document: &Topology, group: Group) -> Option<[f64; 4]> {
    match group {
        Group::Zone(i) => document.zones.get(i)?.area,
        Group::Host(i) => document.hosts.get(i)?.area,
    }
}

fn area_mut(document: &mut Topology, group: Group) -> Option<&mut Option<[f64; 4]>> {
    match group {
        Group::Zone(i) => document.zones.get_mut(i).map(|zone| &mut zone.area),
        Group::Host(i) => document.hosts.get_mut(i).map(|host| &mut host.area),
    }
}

/// What people call a group; empty when there is none.
pub fn name_of(document: &Topology, group: Group) -> String {
    let (label, id) = match group {
        Group::Zone(i) => document.zones.get(i).map(|zone| (&zone.label, &zone.id)),
        Group::Host(i) => document.hosts.get(i).map(|host| (&host.label, &host.id)),
    }
    .unzip();
    label.filter(|label| !label.is_empty()).or(id).cloned().unwrap_or_default()
}

/// Another name of a group. Its id stays, so that what refers to it does too.
pub fn rename_group(document: &mut Topology, group: Group, name: &str) {
    let (label, id) = match group {
        Group::Zone(i) => document.zones.get_mut(i).map(|zone| (&mut zone.label, &zone.id)),
        Group::Host(i) => document.hosts.get_mut(i).map(|host| (&mut host.label, &host.id)),
    }
    .unzip();
    if let Some((label, id)) = label.zip(id) {
        *label = if name == id.as_str() { String::new() } else { name.to_owned() };
    }
}

/// After nodes were moved: those that now stand in a region join it, and those that stand in none any more leave theirs. A
/// region all of whose nodes were moved together went with them. `before` is how regions were drawn before the move.
pub fn settle(document: &mut Topology, moved: &BTreeSet<usize>, before: &[Region], dx: f64, dy: f64) {
    let goes = |region: &Region| region.goes_with(|i| moved.contains(&i));
    carry(document, moved, before, dx, dy);
    let stays: Vec<Region> = before.iter().filter(|region| !goes(region)).cloned().collect();
    for &i in moved {
        let Some([x, y]) = document.nodes.get(i).and_then(|node| node.at) else { continue };
        let middle = crate::geometry::node_rect(WorldPoint::new(x, y)).middle();
        for sort in [Group::Zone(0), Group::Host(0)] {
            let carried = before.iter().any(|r| r.group.is_like(sort) && goes(r) && r.members.contains(&i));
            if !carried {
                let into = innermost(&stays, sort, middle).map(|found| stays[found].group);
                stand(&mut *document, i, sort, into);
            }
        }
    }
    keep_emptied(document, &stays);
}

/// Regions all of whose nodes are moved go with them.
fn carry(document: &mut Topology, moved: &BTreeSet<usize>, before: &[Region], dx: f64, dy: f64) {
    for region in before.iter().filter(|region| region.goes_with(|i| moved.contains(&i))) {
        shift(document, region.group, dx, dy);
    }
}

/// Moves nodes a little. Whoever goes by small steps wants to leave nothing: regions grow with their nodes.
pub fn nudge(document: &mut Topology, nodes: &BTreeSet<usize>, before: &[Region], dx: f64, dy: f64) {
    move_by(document, nodes, dx, dy);
    carry(document, nodes, before, dx, dy);
}

/// Whether a node runs on a machine of yours.
pub fn runs_on_hosts(node: &Node) -> bool {
    ON_HOSTS.contains(&node.kind.as_str())
}

/// Puts a node into a group of this sort, or into none.
fn stand(document: &mut Topology, node: usize, sort: Group, into: Option<Group>) {
    let id = match into {
        Some(Group::Zone(i)) => document.zones[i].id.clone(),
        Some(Group::Host(i)) => document.hosts[i].id.clone(),
        None => String::new(),
    };
    let node = &mut document.nodes[node];
    match sort {
        Group::Zone(_) => node.zone = id,
        Group::Host(_) if id.is_empty() || runs_on_hosts(node) => node.host = id,
        Group::Host(_) => {}
    }
}

/// A region whose last node has left stays where it was drawn.
fn keep_emptied(document: &mut Topology, before: &[Region]) {
    for region in before.iter().filter(|region| !region.members.is_empty()) {
        let is_empty = !document.nodes.iter().any(|node| is_in(document, node, region.group));
        if is_empty && let Some(area @ None) = area_mut(document, region.group) {
            let Rect { x, y, width, height } = region.rect;
            *area = Some([x, y, width, height]);
        }
    }
}

fn shift(document: &mut Topology, group: Group, dx: f64, dy: f64) {
    if let Some(Some([x, y, ..])) = area_mut(document, group) {
        (*x, *y) = (*x + dx, *y + dy);
    }
}

/// Moves a region with all that stands in it.
pub fn move_group(document: &mut Topology, regions: &[Region], group: Group, dx: f64, dy: f64) {
    let Some(region) = regions.iter().find(|region| region.group == group) else { return };
    let members: BTreeSet<usize> = order::gather(region.members.iter().copied());
    move_by(document, &members, dx, dy);
    let inside =
        |other: &Region| !other.members.is_empty() && other.members.iter().all(|i| members.contains(i));
    if let (true, Some(area @ None)) = (members.is_empty(), area_mut(document, group)) {
        let Rect { x, y, width, height } = region.rect;
        *area = Some([x, y, width, height]);
    }
    for other in regions.iter().filter(|other| other.group == group || inside(other)) {
        shift(document, other.group, dx, dy);
    }
}

/// Adds a zone around these nodes, or an empty one; gives it.
pub fn add_zone(document: &mut Topology, nodes: &BTreeSet<usize>, area: Option<Rect>) -> Group {
    let id = free("zone", document.zones.iter().map(|zone| zone.id.as_str()));
    document.zones.push(Zone { id, area: area.map(written), ..Zone::default() });
    let zone = document.zones.len() - 1;
    join(document, nodes, Some(zone));
    Group::Zone(zone)
}

/// Adds a host under those of these nodes that run on one, or an empty one; gives it.
pub fn add_host(document: &mut Topology, nodes: &BTreeSet<usize>, area: Option<Rect>) -> Group {
    let id = free("host", document.hosts.iter().map(|host| host.id.as_str()));
    document.hosts.push(Host { id, area: area.map(written), ..Host::default() });
    let host = Group::Host(document.hosts.len() - 1);
    for &node in nodes.iter().filter(|&&node| node < document.nodes.len()).collect::<Vec<_>>() {
        stand(document, node, host, Some(host));
    }
    host
}

/// The first of "zone-1", "zone-2", ... that is free.
fn free<'a>(base: &str, taken: impl Iterator<Item = &'a str>) -> String {
    let taken: BTreeSet<&str> = order::gather(taken);
    let names = (1u32..).map(|n| format!("{base}-{n}"));
    names.into_iter().find(|id| !taken.contains(id.as_str())).expect("there are more numbers than names")
}

fn written(Rect { x, y, width, height }: Rect) -> [f64; 4] {
    [x, y, width, height]
}

/// Puts nodes into a zone, or into none.
pub fn join(document: &mut Topology, nodes: &BTreeSet<usize>, zone: Option<usize>) {
    for &i in nodes.iter().filter(|&&i| i < document.nodes.len()).collect::<Vec<_>>() {
        stand(document, i, Group::Zone(0), zone.filter(|&zone| zone < document.zones.len()).map(Group::Zone));
    }
}

/// Takes a group away; its nodes stay.
///
/// # Errors
/// The sentence that says what must be mended first.
pub fn remove_group(document: &mut Topology, group: Group) -> Result<(), String> {
    let edit = match group {
        Group::Zone(i) => document.zones.get(i).map(|zone| Edit::RemoveZone { id: zone.id.clone() }),
        Group::Host(i) => document.hosts.get(i).map(|host| Edit::RemoveHost { id: host.id.clone() }),
    };
    edit.map_or(Ok(()), |edit| edit.apply(document).map(|_| ()).map_err(|why| why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scene;
    use loadpath_core::topology::{check, three_tier};

    /// Three tiers with the service, the cache and the database in a zone.
    fn zoned() -> Topology {
        let mut document = three_tier();
        add_zone(&mut document, &BTreeSet::from([2, 3, 4]), None);
        document
    }

    fn moved(document: &mut Topology, nodes: &[usize], dx: f64, dy: f64) {
        let before = scene(document).regions;
        let nodes: BTreeSet<usize> = nodes.iter().copied().collect();
        move_by(document, &nodes, dx, dy);
        settle(document, &nodes, &before, dx, dy);
    }

    #[test]
    fn a_zone_is_drawn_around_its_nodes_and_one_without_any_where_it_says() {
        let mut document = zoned();
        let scene = scene(&document);
        let [region] = &scene.regions[..] else { panic!("{:?}", scene.regions) };
        assert_eq!(region.members, [2, 3, 4]);
        assert!(region.members.iter().all(|&i| region.rect.contains(scene.nodes[i].middle())));
        add_zone(&mut document, &BTreeSet::new(), None);
        let empty = regions(&document, &scene.nodes)[1].rect;
        assert!(scene.nodes.iter().all(|node| node.bottom() < empty.y), "it waits below all nodes");
        document.zones[1].area = Some([0.0, 900.0, 300.0, 200.0]);
        assert_eq!(regions(&document, &scene.nodes)[1].rect.bottom(), 1_100.0);
        assert!(check(&document).is_ok());
    }

    #[test]
    fn a_node_joins_where_it_is_dropped_and_leaves_where_it_is_dragged_out() {
        let mut document = zoned();
        let into = scene(&document).regions[0].rect.middle();
        let [x, y] = document.nodes[1].at.unwrap();
        moved(&mut document, &[1], into.x - x - 75.0, into.y - y - 38.0);
        assert_eq!(document.nodes[1].zone, "zone-1");
        moved(&mut document, &[1], 0.0, 2_000.0);
        assert_eq!(document.nodes[1].zone, "");
        assert!(document.zones[0].area.is_none());
    }

    #[test]
    fn the_last_node_leaves_and_the_zone_stays_where_it_was() {
        let mut document = three_tier();
        add_zone(&mut document, &BTreeSet::from([4]), None);
        let drawn = scene(&document).regions[0].rect;
        moved(&mut document, &[4], 0.0, 900.0);
        assert_eq!(document.nodes[4].zone, "");
        assert_eq!(scene(&document).regions[0].rect, drawn);
        moved(&mut document, &[4], 0.0, -900.0);
        assert_eq!(document.nodes[4].zone, "zone-1");
    }

    #[test]
    fn all_nodes_of_a_zone_take_it_along() {
        let mut document = zoned();
        document.zones[0].area = Some([500.0, 100.0, 400.0, 400.0]);
        let drawn = scene(&document).regions[0].rect;
        moved(&mut document, &[0, 1, 2, 3, 4], 3_000.0, 50.0);
        assert!((2..5).all(|i| document.nodes[i].zone == "zone-1") && document.nodes[0].zone.is_empty());
        let now = scene(&document).regions[0].rect;
        assert_eq!((now.x - drawn.x, now.y - drawn.y), (3_000.0, 50.0));
    }

    #[test]
    fn a_region_moves_with_its_nodes_and_the_machines_in_it() {
        let mut document = zoned();
        let area = Some([0.0, 0.0, 10.0, 10.0]);
        let host = Host { id: "box".to_owned(), area, ..Default::default() };
        document.hosts.push(host);
        document.nodes[4].host = "box".to_owned();
        let before = scene(&document).regions;
        move_group(&mut document, &before, Group::Zone(0), 100.0, 10.0);
        assert_eq!(document.hosts[0].area, Some([100.0, 10.0, 10.0, 10.0]));
        assert!(before.iter().zip(scene(&document).regions).all(|(a, b)| b.rect.x - a.rect.x == 100.0));
    }

    #[test]
    fn a_host_is_made_under_what_runs_on_one_or_empty() {
        let mut document = three_tier();
        assert_eq!(add_host(&mut document, &BTreeSet::from([0, 2, 4]), None), Group::Host(0));
        let hosts: Vec<&str> = document.nodes.iter().map(|node| node.host.as_str()).collect();
        assert_eq!(hosts, ["", "", "host-1", "", "host-1"]);
        let area = Rect { x: 1.0, y: 2.0, width: 300.0, height: 200.0 };
        assert_eq!(add_host(&mut document, &BTreeSet::new(), Some(area)), Group::Host(1));
        assert_eq!(document.hosts[1].id, "host-2");
        assert_eq!(document.hosts[1].area, Some([1.0, 2.0, 300.0, 200.0]));
        assert!(check(&document).is_ok(), "{:?}", check(&document));
    }

    #[test]
    fn what_runs_on_no_machine_joins_none() {
        let mut document = three_tier();
        let area = Some([-1e4, -1e4, 2e4, 2e4]);
        document.hosts.push(Host { id: "box".to_owned(), area, ..Default::default() });
        moved(&mut document, &[0, 4], 1.0, 0.0);
        assert_eq!((document.nodes[0].host.as_str(), document.nodes[4].host.as_str()), ("", "box"));
        assert!(check(&document).is_ok(), "{:?}", check(&document));
    }

    #[test]
    fn a_zone_that_is_taken_away_leaves_its_nodes() {
        let mut document = zoned();
        rename_group(&mut document, Group::Zone(0), "us-east");
        assert_eq!(name_of(&document, Group::Zone(0)), "us-east");
        remove_group(&mut document, Group::Zone(0)).unwrap();
        assert_eq!(document, three_tier());
    }
}
