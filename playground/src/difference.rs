//! What one design has that another has not: for the canvas by place, for people in words.
use crate::describe;
use crate::geometry::WorldPoint;
use loadpath_core::topology::catalog::{self, Param};
use loadpath_core::topology::{Edge, Node, Params, Topology};

/// What became of a node or an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is new.
    Added,
    /// It has other parameters, or stands in another zone or on another host.
    Changed,
}

impl Mark {
    /// The word that stands beside it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "new",
            Self::Changed => "changed",
        }
    }

    /// Its class in the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "altered",
        }
    }
}

/// A node that is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Gone {
    /// What it was called.
    pub label: String,
    /// Where it stood.
    pub at: WorldPoint,
}

/// What a design has that another, older one has not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Of each node of the newer one, in its order.
    pub nodes: Vec<Option<Mark>>,
    /// Of each edge of the newer one, in its order.
    pub edges: Vec<Option<Mark>>,
    /// The nodes that are gone.
    pub gone: Vec<Gone>,
    /// All of it in words.
    pub words: Vec<String>,
}

impl Difference {
    /// From the older to the newer one. Places and labels do not count: they change nothing.
    pub fn between(old: &Topology, new: &Topology) -> Self {
        let mut difference = Self::default();
        difference.set("Workload", catalog::ARRIVALS, &old.workload.params, &new.workload.params);
        difference.classes(old, new);
        for node in &new.nodes {
            let mark = difference.node(old, node);
            difference.nodes.push(mark);
        }
        for node in old.nodes.iter().filter(|node| new.node(&node.id).is_none()) {
            let [x, y] = node.at.unwrap_or_default();
            let label = describe::label(node);
            difference.words.push(format!("{label}: removed"));
            difference.gone.push(Gone { label, at: WorldPoint::new(x, y) });
        }
        for edge in &new.edges {
            let mark = difference.edge(old, new, edge);
            difference.edges.push(mark);
        }
        let is_gone = |edge: &&Edge| {
            // An edge of a node that is gone is gone with it.
            find(new, edge).is_none() && new.node(&edge.from).is_some() && new.node(&edge.to).is_some()
        };
        for edge in old.edges.iter().filter(is_gone) {
            difference.words.push(format!("{}: removed", called(old, edge)));
        }
        difference.rest(old, new);
        difference
    }

    fn classes(&mut self, old: &Topology, new: &Topology) {
        let (old, new) = (&old.workload.classes, &new.workload.classes);
        for class in new {
            match old.iter().find(|other| other.name == class.name) {
                Some(other) => {
                    self.set(&format!("Class {}", class.name), catalog::CLASS, &other.params, &class.params);
                }
                None => self.words.push(format!("Class {}: new", class.name)),
            }
        }
        for class in old.iter().filter(|class| new.iter().all(|other| other.name != class.name)) {
            self.words.push(format!("Class {}: removed", class.name));
        }
    }

    fn node(&mut self, old: &Topology, node: &Node) -> Option<Mark> {
        let label = describe::label(node);
        let Some(other) = old.node(&node.id).filter(|other| other.kind == node.kind) else {
            self.words.push(format!("{label}: new"));
            return Some(Mark::Added);
        };
        let before = self.words.len();
        let rows = catalog::kind(&node.kind).map_or(&[][..], |kind| kind.params);
        self.set(&label, rows, &other.params, &node.params);
        for (what, old, new) in [("zone", &other.zone, &node.zone), ("host", &other.host, &node.host)] {
            if old != new {
                self.words.push(format!("{label}: {what} {} → {}", or_none(old), or_none(new)));
            }
        }
        (self.words.len() > before).then_some(Mark::Changed)
    }

    fn edge(&mut self, old: &Topology, new: &Topology, edge: &Edge) -> Option<Mark> {
        let Some(other) = find(old, edge) else {
            // An edge of a new node comes with it.
            if old.node(&edge.from).is_some() && old.node(&edge.to).is_some() {
                self.words.push(format!("{}: new", called(new, edge)));
            }
            return Some(Mark::Added);
        };
        let before = self.words.len();
        self.set(&called(new, edge), catalog::EDGE, &other.params, &edge.params);
        (self.words.len() > before).then_some(Mark::Changed)
    }

    /// What has no place on the canvas.
    fn rest(&mut self, old: &Topology, new: &Topology) {
        self.set("Objectives", catalog::OBJECTIVES, &old.objectives, &new.objectives);
        self.set("Prices", catalog::PRICES, &old.prices, &new.prices);
        for (what, same) in [
            ("Timeline", old.timeline == new.timeline),
            ("Zones", old.zones == new.zones && old.round_trips == new.round_trips),
            ("Hosts", old.hosts == new.hosts),
        ] {
            if !same {
                self.words.push(format!("{what}: changed"));
            }
        }
    }

    /// Each parameter that is another one; what is not written is the default.
    fn set(&mut self, what: &str, rows: &[Param], old: &Params, new: &Params) {
        let written = |params: &Params, row: &Param| {
            params.get(row.name).map_or_else(|| row.default.to_owned(), ToString::to_string)
        };
        for row in rows {
            let (before, after) = (written(old, row), written(new, row));
            if before != after {
                let (before, after) = (describe::choice(&before), describe::choice(&after));
                let title = row.title.to_lowercase();
                self.words.push(format!("{what}: {title} {} → {}", or_none(&before), or_none(&after)));
            }
        }
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

fn find<'d>(document: &'d Topology, edge: &Edge) -> Option<&'d Edge> {
    document.edges.iter().find(|other| other.from == edge.from && other.to == edge.to)
}

fn called(document: &Topology, edge: &Edge) -> String {
    let name = |id: &str| document.node(id).map_or_else(|| id.to_owned(), describe::label);
    format!("{} → {}", name(&edge.from), name(&edge.to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::lessons;
    use loadpath_core::topology::three_tier;

    #[test]
    fn a_design_does_not_differ_from_itself_wherever_its_nodes_stand() {
        let (old, mut new) = (three_tier(), three_tier());
        new.nodes[0].at = Some([900.0, 900.0]);
        "Other".clone_into(&mut new.nodes[1].label);
        let difference = Difference::between(&old, &new);
        assert!(difference.words.is_empty() && difference.gone.is_empty(), "{:?}", difference.words);
        assert!(difference.nodes.iter().chain(&difference.edges).all(Option::is_none));
    }

    #[test]
    fn more_servers_are_told_in_words_and_marked() {
        let (old, mut new) = (three_tier(), three_tier());
        let web = new.nodes.iter().position(|node| node.id == "web").unwrap();
        new.nodes[web].params.insert("instances".to_owned(), 6.0.into());
        let difference = Difference::between(&old, &new);
        let label = describe::label(&new.nodes[web]);
        assert_eq!(difference.words, [format!("{label}: instances 2 → 6")]);
        assert_eq!(difference.nodes[web], Some(Mark::Changed));
    }

    #[test]
    fn what_is_written_as_the_default_is_no_difference() {
        let (old, mut new) = (three_tier(), three_tier());
        let web = new.nodes.iter().position(|node| node.id == "web").unwrap();
        let kind = catalog::kind("service").unwrap();
        let row = kind.params.iter().find(|row| !old.nodes[web].params.contains_key(row.name)).unwrap();
        new.nodes[web].params.insert(row.name.to_owned(), row.default.into());
        assert_eq!(Difference::between(&old, &new).words, [""; 0]);
    }

    #[test]
    fn a_node_that_is_gone_is_told_once_without_its_edges() {
        let (old, mut new) = (three_tier(), three_tier());
        new.nodes.retain(|node| node.id != "cache");
        new.edges.retain(|edge| edge.from != "cache" && edge.to != "cache");
        let difference = Difference::between(&old, &new);
        assert_eq!((difference.gone.len(), difference.words.len()), (1, 1), "{:?}", difference.words);
    }

    #[test]
    fn every_phase_of_growth_differs_from_the_one_before() {
        for lesson in lessons::all() {
            let Some(previous) = lesson.previous() else { continue };
            let difference = Difference::between(&previous.document(), &lesson.document());
            assert!(!difference.words.is_empty(), "{}", lesson.id);
        }
    }
}
