//! What has changed in a document, in a sentence, for those who hear the page.
use crate::describe;
use loadpath_core::topology::{Edge, Node, Topology};

/// More changes than this are told as a number.
const TOLD: usize = 3;

/// What is different after a change; none where nothing is that can be heard.
pub fn difference(before: &Topology, after: &Topology) -> Option<String> {
    if before.nodes.iter().all(|node| after.node(&node.id).is_none()) && !before.nodes.is_empty() {
        return Some(match after.nodes.len() {
            0 => "The canvas is empty".to_owned(),
            count => format!("Opened {} with {count} components", after.name),
        });
    }
    let added: Vec<&Node> = after.nodes.iter().filter(|node| before.node(&node.id).is_none()).collect();
    let removed: Vec<&Node> = before.nodes.iter().filter(|node| after.node(&node.id).is_none()).collect();
    let mut told = Vec::new();
    told.extend(several("Added", added.iter().map(|node| describe::label(node))));
    told.extend(several("Removed", removed.iter().map(|node| describe::label(node))));
    // Edges that come and go with a node need no words of their own.
    let with =
        |nodes: &[&Node], edge: &Edge| nodes.iter().any(|node| node.id == edge.from || node.id == edge.to);
    let new = after.edges.iter().filter(|edge| !has(before, edge) && !with(&added, edge));
    told.extend(several("Connected", new.map(|edge| ends(after, edge))));
    let gone = before.edges.iter().filter(|edge| !has(after, edge) && !with(&removed, edge));
    told.extend(several("Disconnected", gone.map(|edge| ends(before, edge))));
    let pairs = || after.nodes.iter().filter_map(|node| Some((before.node(&node.id)?, node)));
    told.extend(several(
        "Moved",
        pairs().filter(|(old, new)| old.at != new.at).map(|(_, new)| describe::label(new)),
    ));
    told.extend(several(
        "Changed",
        pairs().filter(|(old, new)| differs(old, new)).map(|(_, new)| describe::label(new)),
    ));
    if before.workload != after.workload {
        told.push("Changed the workload".to_owned());
    }
    (!told.is_empty()).then(|| told.join(". "))
}

fn differs(old: &Node, new: &Node) -> bool {
    old.params != new.params || old.label != new.label || old.zone != new.zone || old.host != new.host
}

fn has(document: &Topology, edge: &Edge) -> bool {
    document.edges.iter().any(|other| other.from == edge.from && other.to == edge.to)
}

fn ends(document: &Topology, edge: &Edge) -> String {
    let name = |id: &str| document.node(id).map_or_else(|| id.to_owned(), describe::label);
    format!("{} to {}", name(&edge.from), name(&edge.to))
}

fn several(verb: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let names: Vec<String> = names.collect();
    match names.len() {
        0 => None,
        count if count > TOLD => Some(format!("{verb} {count}")),
        _ => Some(format!("{verb} {}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit;
    use crate::geometry::WorldPoint;
    use loadpath_core::topology::{catalog, three_tier};
    use std::collections::BTreeSet;

    fn after(change: impl FnOnce(&mut Topology)) -> Option<String> {
        let before = three_tier();
        let mut after = before.clone();
        change(&mut after);
        difference(&before, &after)
    }

    #[test]
    fn each_change_is_told_by_the_names_on_the_screen() {
        let queue = catalog::kind("queue").unwrap();
        let told = [
            after(|d| _ = edit::add_node(d, queue, WorldPoint::default())),
            after(|d| edit::remove(d, &BTreeSet::from([3]), &BTreeSet::new())),
            after(|d| _ = edit::connect(d, 3, 4)),
            after(|d| edit::remove(d, &BTreeSet::new(), &BTreeSet::from([0]))),
            after(|d| edit::move_by(d, &BTreeSet::from([0, 1]), 10.0, 0.0)),
            after(|d| edit::set(d, &edit::Bag::Node(2), "workers", Some(3.0.into()))),
            after(|d| edit::set(d, &edit::Bag::Workload, "rate", Some("1k/s".into()))),
        ];
        let expected = [
            "Added Queue",
            "Removed Cache",
            "Connected Cache to Database",
            "Disconnected Clients to Balancer",
            "Moved Clients, Balancer",
            "Changed Web tier",
            "Changed the workload",
        ];
        assert_eq!(told, expected.map(|text| Some(text.to_owned())));
    }

    #[test]
    fn another_design_and_an_empty_canvas_are_told_as_such_and_no_change_as_nothing() {
        assert_eq!(after(|_| {}), None);
        assert_eq!(after(|d| d.nodes.clear()).as_deref(), Some("The canvas is empty"));
        let opened = after(|d| {
            d.name = "Other".to_owned();
            d.nodes.iter_mut().for_each(|node| node.id.insert(0, 'x'));
        });
        assert_eq!(opened.as_deref(), Some("Opened Other with 5 components"));
        let all = after(|d| edit::move_by(d, &(0..5).collect(), 10.0, 0.0));
        assert_eq!(all.as_deref(), Some("Moved 5"));
    }
}
