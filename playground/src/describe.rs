//! What a node says of itself on the canvas: its name, a line about its size, and for a cache how often it hits.
use crate::format;
use loadpath_core::export;
use loadpath_core::topology::{Node, Topology, catalog};

pub use loadpath_core::export::{choice, label, parameter};

/// The line below a node's name: how many of what, and for a cache how often it hits.
pub fn size(document: &Topology, node: &Node, hit_ratio: Option<f64>) -> String {
    match (node.kind.as_str(), catalog::kind(&node.kind), hit_ratio) {
        ("cache" | "cdn", Some(kind), Some(share)) => {
            let eviction = parameter(node, kind, "eviction");
            format!("{} · hit {}", export::short_eviction(&eviction), format::percent(share))
        }
        _ => export::size(document, node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_says_how_often_it_hits_once_that_is_known() {
        let document = loadpath_core::topology::three_tier();
        let says = |id: &str, hit| size(&document, document.node(id).unwrap(), hit);
        assert_eq!(says("cache", None), "LRU · 20,000 entries");
        assert_eq!(says("cache", Some(0.884)), "LRU · hit 88.4 %");
        assert_eq!(says("db", Some(0.884)), "8 connections");
    }
}
