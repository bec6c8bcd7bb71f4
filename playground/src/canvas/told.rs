//! What is weak about a node or an edge, as a badge on it.
use crate::shared::Shared;
use loadpath_core::advise::{Finding, Severity};
use loadpath_core::order;
use loadpath_core::topology::Place;
use std::collections::BTreeMap;

/// What is weak about something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// How bad the worst of it is.
    pub severity: Option<Severity>,
    /// In sentences, the worst first.
    pub sentences: Vec<String>,
}

impl Told {
    /// The sign on its badge: another one for each severity, since colour alone says nothing to some.
    pub fn sign(&self) -> Option<&'static str> {
        self.severity.map(sign)
    }

    /// Its class in the style sheet.
    pub fn class(&self) -> &'static str {
        self.severity.map_or("", class)
    }
}

/// The sign of a severity.
pub fn sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "i",
        Severity::Warning => "▲",
        Severity::Critical => "◆",
    }
}

/// The class of a severity in the style sheet.
pub fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "remark",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

/// What is weak about each node and each edge, by their places in the design that was judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Badges {
    /// Of nodes.
    pub nodes: BTreeMap<usize, Shared<Told>>,
    /// Of edges.
    pub edges: BTreeMap<usize, Shared<Told>>,
}

impl Badges {
    /// Of what was found, the worst first.
    pub fn of<'f>(findings: impl Iterator<Item = &'f Finding>) -> Self {
        let (mut nodes, mut edges) = (BTreeMap::new(), BTreeMap::new());
        for finding in findings {
            let told: &mut Told = match finding.place {
                Place::Node(node) => nodes.entry(node).or_default(),
                Place::Edge(edge) => edges.entry(edge).or_default(),
                _ => continue,
            };
            told.severity = told.severity.max(Some(finding.severity));
            told.sentences.push(format!("{}: {}", finding.kind.title(), finding.sentence));
        }
        let shared = |told: BTreeMap<usize, Told>| {
            order::gather(told.into_iter().map(|(place, told)| (place, Shared::new(told))))
        };
        Self { nodes: shared(nodes), edges: shared(edges) }
    }
}
