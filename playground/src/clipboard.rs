//! Parts of a design as text: what is selected, out; a part, a whole design or a link, in.
//!
//! A part is a small document of its own: nodes, the edges between them, and the zones and hosts that they stand in. It has
//! no classes of requests, which is how it is told from a whole design.
use crate::edit;
use crate::geometry::{GRID, WorldPoint};
use loadpath_core::order;
use loadpath_core::topology::link::{self, MAX_DOCUMENT};
use loadpath_core::topology::{Edge, LIMITS, Topology};
use std::collections::{BTreeMap, BTreeSet};

/// The longest sentence of a fault in a text that is shown; some quote what they found.
const MOST_SAID: usize = 240;

/// What happens to the clipboard.
#[derive(Clone, Debug)]
pub enum Msg {
    /// What is selected is to be cut, by a command.
    Cut,
    /// What is selected is to be copied, by a command.
    Copy,
    /// What is there is to be pasted, by a command.
    Ask,
    /// What is selected was put there by the browser's own cut or copy.
    Taken {
        /// Whether it was cut.
        cut: bool,
    },
    /// A text was pasted.
    Pasted(String),
    /// A text was copied, or could not be.
    Copied {
        /// Whether it was.
        done: bool,
        /// What it was, for people: "the embed code".
        what: &'static str,
    },
}

/// What a text turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A design, to be opened.
    Design(Topology),
    /// Part of one, to be added.
    Part(Topology),
}

/// These nodes and the edges between them as text; none when there are none.
pub fn part(document: &Topology, nodes: &BTreeSet<usize>) -> Option<String> {
    let mut part = Topology::new("");
    part.nodes = nodes.iter().filter_map(|&i| document.nodes.get(i)).cloned().collect();
    if part.nodes.is_empty() {
        return None;
    }
    let taken: BTreeSet<&str> = order::gather(part.nodes.iter().map(|node| node.id.as_str()));
    let inner = |edge: &&Edge| taken.contains(edge.from.as_str()) && taken.contains(edge.to.as_str());
    part.edges = document.edges.iter().filter(inner).cloned().collect();
    let zones: BTreeSet<&str> = order::gather(part.nodes.iter().map(|node| node.zone.as_str()));
    let hosts: BTreeSet<&str> = order::gather(part.nodes.iter().map(|node| node.host.as_str()));
    part.zones = document.zones.iter().filter(|zone| zones.contains(zone.id.as_str())).cloned().collect();
    part.hosts = document.hosts.iter().filter(|host| hosts.contains(host.id.as_str())).cloned().collect();
    let both = |a: &str, b: &str| zones.contains(a) && zones.contains(b);
    part.round_trips =
        document.round_trips.iter().filter(|trip| both(&trip.from, &trip.to)).cloned().collect();
    Some(part.to_json_pretty())
}

/// Reads what was pasted or dropped.
///
/// # Errors
/// Why it is neither a design, nor part of one, nor a link: one sentence.
pub fn read(text: &str) -> Result<Found, String> {
    let text = text.trim();
    if text.len() > MAX_DOCUMENT {
        let (has, most) = (text.len() >> 20, MAX_DOCUMENT >> 20);
        return Err(format!("it has {has} MB, and a design has at most {most} MB"));
    }
    let document = if text.starts_with('{') {
        Topology::from_json(text).map_err(|why| shortened(&why.to_string()))?
    } else if let Some(fragment) = fragment(text) {
        link::decode(fragment).map_err(|why| shortened(&why.to_string()))?
    } else {
        return Err("a design as JSON, nodes that were copied here, or a Loadpath link (#d1.…) can be \
                    opened, and this is none of them"
            .to_owned());
    };
    if document.nodes.len() > LIMITS.nodes || document.edges.len() > LIMITS.edges {
        return Err(format!(
            "it has {} nodes and {} edges, and a design has at most {} and {}",
            document.nodes.len(),
            document.edges.len(),
            LIMITS.nodes,
            LIMITS.edges
        ));
    }
    Ok(if document.workload.classes.is_empty() { Found::Part(document) } else { Found::Design(document) })
}

/// The part of a link that holds the design.
fn fragment(text: &str) -> Option<&str> {
    let start = match text.find(&format!("#{}", link::PREFIX)) {
        Some(hash) => hash + 1,
        None if text.starts_with(link::PREFIX) => 0,
        None => return None,
    };
    let end = text[start..].find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
    Some(&text[start..end.map_or(text.len(), |end| start + end)])
}

/// At most so much of a sentence as can be read.
pub fn shortened(sentence: &str) -> String {
    match sentence.char_indices().nth(MOST_SAID) {
        Some((end, _)) => format!("{}…", &sentence[..end]),
        None => sentence.to_owned(),
    }
}

/// Adds a part: its nodes get ids of their own, and stand around `at` or, without one, a little off where they stood.
/// Gives their places.
pub fn insert(document: &mut Topology, mut part: Topology, at: Option<WorldPoint>) -> BTreeSet<usize> {
    edit::place_all(&mut part);
    let (dx, dy) = shift(&part, at);
    let mut taken: BTreeSet<String> = order::gather(document.nodes.iter().map(|node| node.id.clone()));
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    let mut tried = BTreeMap::new();
    let first = document.nodes.len();
    for mut node in part.nodes {
        let id = edit::free_among(&taken, &mut tried, &node.id);
        taken.insert(id.clone());
        // Of two with the same id, edges meant the first as far as anyone can tell.
        renamed.entry(std::mem::replace(&mut node.id, id.clone())).or_insert(id);
        let [x, y] = node.at.unwrap_or_default();
        node.at = Some([x + dx, y + dy]);
        document.nodes.push(node);
    }
    let renamed = |id: &String| renamed.get(id).cloned();
    document.edges.extend(part.edges.into_iter().filter_map(|edge| {
        Some(Edge { from: renamed(&edge.from)?, to: renamed(&edge.to)?, params: edge.params })
    }));
    settle(document, part.zones, part.hosts, part.round_trips);
    (first..document.nodes.len()).collect()
}

/// Where zones and hosts of the same id are there already, those are meant.
fn settle(
    document: &mut Topology,
    zones: Vec<loadpath_core::topology::Zone>,
    hosts: Vec<loadpath_core::topology::Host>,
    trips: Vec<loadpath_core::topology::RoundTrip>,
) {
    for zone in zones {
        if document.zones.iter().all(|other| other.id != zone.id) {
            document.zones.push(zone);
        }
    }
    for host in hosts {
        if document.hosts.iter().all(|other| other.id != host.id) {
            document.hosts.push(host);
        }
    }
    for trip in trips {
        let is_same = |other: &loadpath_core::topology::RoundTrip| {
            (&other.from, &other.to) == (&trip.from, &trip.to)
                || (&other.from, &other.to) == (&trip.to, &trip.from)
        };
        if !document.round_trips.iter().any(is_same) {
            document.round_trips.push(trip);
        }
    }
}

/// How far to move a part so that its middle comes to `at`, in whole steps of the grid.
fn shift(part: &Topology, at: Option<WorldPoint>) -> (f64, f64) {
    let Some(at) = at else { return (30.0, 90.0) };
    let scene = crate::model::scene(part);
    let Some(bounds) = crate::geometry::Rect::around(scene.nodes.iter().copied()) else { return (0.0, 0.0) };
    let middle = bounds.middle();
    let whole = |d: f64| (d / GRID).round() * GRID;
    (whole(at.x - middle.x), whole(at.y - middle.y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{check, three_tier};

    fn web_and_cache() -> Topology {
        let document = three_tier();
        let two = [2, 3].into_iter().collect();
        let Ok(Found::Part(part)) = read(&part(&document, &two).unwrap()) else { panic!("a part is a part") };
        part
    }

    #[test]
    fn what_is_copied_is_a_document_that_holds_the_nodes_and_the_edges_between_them() {
        let part = web_and_cache();
        assert_eq!((part.nodes.len(), part.edges.len()), (2, 1));
        assert_eq!(part.nodes[0], three_tier().nodes[2]);
        assert_eq!(super::part(&three_tier(), &BTreeSet::from([77])), None);
    }

    #[test]
    fn what_is_pasted_gets_new_ids_and_stands_at_the_pointer() {
        let mut document = three_tier();
        let new = insert(&mut document, web_and_cache(), Some(WorldPoint::new(1_000.0, 1_000.0)));
        assert_eq!(new, BTreeSet::from([5, 6]));
        let last = document.edges.last().unwrap();
        assert_eq!((last.from.as_str(), last.to.as_str()), ("web-2", "cache-2"));
        let xs: Vec<f64> = new.iter().map(|&i| document.nodes[i].at.unwrap()[0]).collect();
        let middle =
            (xs.iter().copied().fold(f64::MAX, f64::min) + xs.iter().copied().fold(f64::MIN, f64::max)) / 2.0;
        assert!((middle + 75.0 - 1_000.0).abs() <= 5.0, "{xs:?}");
        // Pasted again and again, ids stay unique.
        for _ in 0..3 {
            insert(&mut document, web_and_cache(), None);
        }
        let ids: BTreeSet<&str> = document.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(ids.len(), document.nodes.len());
    }

    #[test]
    fn zones_and_hosts_come_along_once() {
        let mut source = three_tier();
        source.zones.push(serde_json::from_str(r#"{"id":"east"}"#).unwrap());
        source.nodes[2].zone = "east".to_owned();
        let text = part(&source, &BTreeSet::from([2])).unwrap();
        let Ok(Found::Part(part)) = read(&text) else { panic!("{text}") };
        let mut document = three_tier();
        insert(&mut document, part.clone(), None);
        insert(&mut document, part, None);
        assert_eq!(document.zones.len(), 1);
        assert!(check(&document).err().unwrap_or_default().iter().all(|f| !f.what.contains("zone")));
    }

    #[test]
    fn designs_parts_and_links_are_told_apart() {
        let design = three_tier();
        assert_eq!(read(&design.to_json_pretty()), Ok(Found::Design(design.clone())));
        let fragment = link::encode(&design);
        for link in [
            fragment.clone(),
            format!("#{fragment}"),
            format!(" https://example.org/loadpath/?x=1#{fragment}\n"),
            format!("<a href=\"http://127.0.0.1:8080/#{fragment}\">see</a>"),
        ] {
            assert_eq!(read(&link), Ok(Found::Design(design.clone())), "{link}");
        }
    }

    #[test]
    fn what_is_none_of_them_is_refused_with_a_short_sentence() {
        let long_name = format!("{{\"loadpath\":1,\"{}\":1}}", "x".repeat(100_000));
        for (text, says) in [
            ("hello", "a design as JSON"),
            ("", "a design as JSON"),
            ("{}", "no \"loadpath\""),
            ("#d1.AAAA", "damaged"),
            (&long_name, "unknown field"),
            (&"[".repeat(200_000), "a design as JSON"),
            (&format!("{{\"loadpath\":{}", "[".repeat(200_000)), "not a Loadpath topology"),
            (&"<img src=x onerror=alert(1)>".repeat(1 << 19), "at most"),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(says) && why.len() < 1_000, "{why}");
        }
    }

    #[test]
    fn more_nodes_than_a_design_may_have_are_refused_before_they_are_drawn() {
        let mut document = three_tier();
        let node = document.nodes[2].clone();
        document.nodes = vec![node; LIMITS.nodes + 1];
        assert!(read(&document.to_json()).unwrap_err().contains("at most"));
    }
}
