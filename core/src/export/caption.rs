//! What a node says of itself in a drawing: its name, and a line about its size.
use crate::topology::catalog::{self, Kind};
use crate::topology::{Node, Topology};

/// What people call a node.
#[inline]
pub fn label(node: &Node) -> String {
    if !node.label.is_empty() {
        return node.label.clone();
    }
    catalog::kind(&node.kind).map_or_else(|| node.kind.clone(), |kind| kind.title.to_owned())
}

/// A choice's name as people read it: "least connections".
#[inline]
pub fn choice(name: &str) -> String {
    name.replace('_', " ")
}

/// What stands as a parameter: what is written, or the default.
#[inline]
pub fn parameter(node: &Node, kind: &'static Kind, name: &str) -> String {
    let written = node.params.get(name).map(ToString::to_string);
    written.unwrap_or_else(|| {
        catalog::param(kind.params, name).map_or_else(String::new, |p| p.default.to_owned())
    })
}

/// The line below a node's name: how many of what.
#[inline]
pub fn size(document: &Topology, node: &Node) -> String {
    let Some(kind) = catalog::kind(&node.kind) else { return format!("unknown kind {}", node.kind) };
    let of = |name| parameter(node, kind, name);
    match kind.name {
        "clients" => {
            let rate = document.workload.params.get("rate");
            let rate = rate.map_or_else(|| default_rate().to_owned(), ToString::to_string);
            let workload = |name| document.workload.params.get(name).map(ToString::to_string);
            if workload("arrivals").as_deref() == Some("closed") {
                let users = workload("users").unwrap_or_else(|| "10000".to_owned());
                return format!("closed loop · {} users", grouped(&users));
            }
            format!("open loop · {rate}")
        }
        "load_balancer" => format!("{} · {}×", short_policy(&of("policy")), of("instances")),
        "service" => format!("{} × {} workers", of("instances"), of("workers")),
        "cache" | "cdn" => {
            format!("{} · {} entries", short_eviction(&of("eviction")), grouped(&of("capacity")))
        }
        "dns" => format!("{} · TTL {}", of("policy"), of("ttl")),
        "queue" => format!("{} · room for {}", choice(&of("mode")), grouped(&of("capacity"))),
        "workers" => format!("{} × {} at once", of("instances"), of("workers")),
        "object_store" | "external" => of("service_time"),
        "monitoring" => format!("every {}", of("interval")),
        "database" if of("replicas") != "0" && of("shards") == "1" => {
            format!("1 + {} replicas", of("replicas"))
        }
        "database" if of("replicas") != "0" => {
            format!("{} × (1 + {} replicas)", of("shards"), of("replicas"))
        }
        "database" if of("shards") == "1" => format!("{} connections", of("connections")),
        "database" => format!("{} shards × {} conn.", of("shards"), of("connections")),
        _ => kind.title.to_owned(),
    }
}

#[inline]
fn default_rate() -> &'static str {
    catalog::param(catalog::ARRIVALS, "rate").map_or("", |param| param.default)
}

/// What people call an eviction policy: "LRU".
#[inline]
pub fn short_eviction(name: &str) -> String {
    match name {
        "lru" | "lfu" | "fifo" => name.to_uppercase(),
        "clock" => "CLOCK".to_owned(),
        "sieve" => "SIEVE".to_owned(),
        "s3fifo" => "S3-FIFO".to_owned(),
        "tinylfu" => "W-TinyLFU".to_owned(),
        other => other.to_owned(),
    }
}

#[inline]
fn short_policy(name: &str) -> String {
    match name {
        "least_connections" => "least-conn".to_owned(),
        other => choice(other),
    }
}

/// A whole number with commas: "1,204"; any other text as it is.
#[inline]
fn grouped(text: &str) -> String {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return text.to_owned();
    }
    let mut grouped = String::with_capacity(text.len() + text.len() / 3);
    for (i, digit) in text.chars().enumerate() {
        if i > 0 && (text.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_says_how_many_of_what() {
        let document = crate::topology::three_tier();
        let says = |id: &str| size(&document, document.node(id).unwrap());
        assert_eq!(says("users"), "open loop · 400/s");
        assert_eq!(says("lb"), "least-conn · 1×");
        assert_eq!(says("web"), "2 × 8 workers");
        assert_eq!(says("cache"), "LRU · 20,000 entries");
        assert_eq!(says("db"), "8 connections");
    }

    #[test]
    fn every_kind_of_the_catalog_is_described_by_its_defaults() {
        let document = Topology::new("x");
        for kind in catalog::KINDS {
            let node = Node { id: "a".to_owned(), kind: kind.name.to_owned(), ..Node::default() };
            assert!(!size(&document, &node).is_empty(), "{}", kind.name);
            assert_eq!(label(&node), kind.title);
        }
    }
}
