//! What is weak about a node or an edge, as a badge on it.
use crate::model::Model;
use loadpath_core::advise::Severity;
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

/// What is weak about each node and each edge, by their places; of a design that is being changed, what is known of the one
/// before, where it has as many.
pub(super) fn all(model: &Model) -> (BTreeMap<usize, Told>, BTreeMap<usize, Told>) {
    let mut all = (BTreeMap::new(), BTreeMap::new());
    let known = model.advice.estimated.as_deref().map(|estimated| &*estimated.document);
    let fits = |known: &loadpath_core::topology::Topology| {
        known.nodes.len() == model.document.nodes.len() && known.edges.len() == model.document.edges.len()
    };
    if !known.is_some_and(fits) {
        return all;
    }
    for finding in model.advice.findings() {
        let told: &mut Told = match finding.place {
            Place::Node(node) => all.0.entry(node).or_default(),
            Place::Edge(edge) => all.1.entry(edge).or_default(),
            _ => continue,
        };
        told.severity = told.severity.max(Some(finding.severity));
        told.sentences.push(format!("{}: {}", finding.kind.title(), finding.sentence));
    }
    all
}
