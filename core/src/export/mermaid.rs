//! A Mermaid flowchart of a design: nodes by their labels, zones as subgraphs, dotted arrows for calls that nobody waits for.
use super::caption;
use crate::order;
use crate::topology::{Edge, Node, Topology};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The flowchart. Names in it are made here, so that no label or id of the design is ever read as Mermaid. An edge to or from a
/// node that is not there is left out.
// Compiled by who calls it: in the page for size, elsewhere for speed.
#[inline]
pub fn mermaid(document: &Topology) -> String {
    let mut text = String::from("flowchart LR\n");
    let names: BTreeMap<&str, usize> =
        order::gather(document.nodes.iter().enumerate().rev().map(|(i, node)| (node.id.as_str(), i)));
    for (z, zone) in document.zones.iter().enumerate() {
        let label = if zone.label.is_empty() { &zone.id } else { &zone.label };
        line(&mut text, &format!("  subgraph z{z} [\"{}\"]", plain(label)));
        let inside = document.nodes.iter().enumerate().filter(|(_, node)| node.zone == zone.id);
        inside.for_each(|(i, node)| line(&mut text, &format!("    {}", shape(document, i, node))));
        line(&mut text, "  end");
    }
    let is_zone = |id: &str| document.zones.iter().any(|zone| zone.id == id);
    let outside = document.nodes.iter().enumerate().filter(|(_, node)| !is_zone(&node.zone));
    outside.for_each(|(i, node)| line(&mut text, &format!("  {}", shape(document, i, node))));
    for edge in &document.edges {
        if let (Some(from), Some(to)) = (names.get(edge.from.as_str()), names.get(edge.to.as_str())) {
            line(&mut text, &format!("  n{from} {} n{to}", arrow(edge)));
        }
    }
    text
}

#[inline]
fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes every character");
}

#[inline]
fn shape(document: &Topology, place: usize, node: &Node) -> String {
    let label = format!("{}<br/>{}", plain(&caption::label(node)), plain(&caption::size(document, node)));
    let (open, close) = match node.kind.as_str() {
        "database" | "object_store" => ("[(", ")]"),
        "clients" => ("([", "])"),
        "queue" => ("[[", "]]"),
        "external" => ("[/", "/]"),
        _ => ("[", "]"),
    };
    format!("n{place}{open}\"{label}\"{close}")
}

#[inline]
fn arrow(edge: &Edge) -> String {
    let param = |name: &str| edge.params.get(name).map(ToString::to_string);
    let arrow = if param("mode").as_deref() == Some("asynchronous") { "-.->" } else { "-->" };
    param("calls").map_or_else(|| arrow.to_owned(), |calls| format!("{arrow}|\"{} calls\"|", plain(&calls)))
}

/// A text that Mermaid reads as nothing but a text: what could mean something is written as the number of its character.
#[inline]
fn plain(text: &str) -> String {
    let mut written = String::new();
    for c in text.chars().take(200) {
        match c {
            c if c.is_alphanumeric() || " .,:/+()%×·→–_-".contains(c) => written.push(c),
            c if c.is_control() => written.push(' '),
            c => write!(written, "#{};", u32::from(c)).expect("a string takes every character"),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::three_tier;

    #[test]
    fn a_design_becomes_a_flowchart() {
        let text = mermaid(&three_tier());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "flowchart LR");
        assert!(lines.contains(&"  n4[(\"Database<br/>8 connections\")]"), "{text}");
        assert_eq!(lines.iter().filter(|line| line.contains("-->")).count(), 4);
    }

    #[test]
    fn zones_are_subgraphs() {
        let mut document = three_tier();
        document.zones.push(serde_json::from_str(r#"{"id":"east","label":"East \"1\""}"#).unwrap());
        document.nodes[2].zone = "east".to_owned();
        let text = mermaid(&document);
        let inside: Vec<&str> = text
            .lines()
            .skip_while(|line| !line.contains("subgraph z0"))
            .take_while(|l| *l != "  end")
            .collect();
        assert_eq!(inside[0], "  subgraph z0 [\"East #34;1#34;\"]");
        assert!(inside.len() == 2 && inside[1].contains("n2["), "{text}");
    }

    #[test]
    fn nothing_in_a_label_or_an_id_is_read_as_mermaid() {
        let mut document = three_tier();
        document.nodes[2].label =
            "\"]; click n0 call evil() \n end %% <img src=x onerror=alert(1)>".to_owned();
        document.nodes[0].id = "end".to_owned();
        document.nodes[3].kind = "x\"] --> y".to_owned();
        let text = mermaid(&document);
        assert_eq!(text.lines().count(), mermaid(&three_tier()).lines().count() - 1, "{text}");
        for line in text.lines().filter(|line| line.contains('"')) {
            assert_eq!(line.matches('"').count(), 2, "{line}");
            assert!(!line.contains("<img") && !line.contains(';') || line.contains("#"), "{line}");
        }
    }
}
