//! Which node answers where.
use loadpath_core::id::NodeIndex;
use loadpath_core::topology::{NodeKind, Plan};
use std::collections::BTreeMap;

/// Where nodes answer: URLs by node.
pub type Where = BTreeMap<String, String>;

/// Where a node's histograms are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// The node's id.
    pub node: String,
    /// The page.
    pub url: String,
    /// What the labels of its samples must be, where a page tells of several nodes.
    pub labels: Vec<(String, String)>,
}

impl Metrics {
    /// Reads `NODE=URL`, or `NODE=URL#LABEL=VALUE,...`.
    ///
    /// # Errors
    /// A sentence, when it is not of this form.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "\"{text}\" maps nothing: write NODE=http://HOST:PORT/metrics, or with #job=NAME behind it"
            )
        };
        let (node, url) = text.split_once('=').ok_or_else(wrong)?;
        let (url, labels) = url.split_once('#').unwrap_or((url, ""));
        let label = |pair: &str| {
            pair.split_once('=').map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        };
        let labels: Option<Vec<_>> = labels.split(',').filter(|pair| !pair.is_empty()).map(label).collect();
        Ok(Self { node: node.trim().to_owned(), url: url.to_owned(), labels: labels.ok_or_else(wrong)? })
    }
}

/// The clients, and the node that their requests come in by: the first that answers somewhere of those that they call, by themselves
/// or by names.
///
/// # Errors
/// A sentence that names the nodes of which one must be mapped.
pub fn way_in(plan: &Plan, answers: &Where) -> Result<(NodeIndex, NodeIndex), String> {
    let mut wanted = Vec::new();
    for (i, node) in plan.nodes.iter().enumerate() {
        if !matches!(node.kind, NodeKind::Clients(_)) {
            continue;
        }
        let clients = NodeIndex(i as u16);
        for called in plan.callees(clients) {
            let is_dns = matches!(plan.node(called).kind, NodeKind::Dns(_));
            let entries = if is_dns { plan.callees(called).collect() } else { vec![called] };
            for entry in entries {
                if answers.contains_key(&plan.node(entry).id) {
                    return Ok((clients, entry));
                }
                wanted.push(plan.node(entry).id.clone());
            }
        }
    }
    wanted.dedup();
    let names = wanted.join("\" or \"");
    Err(format!(
        "where does the load go? map what the clients call: --map {}=http://HOST:PORT/ (\"{names}\")",
        wanted.first().map_or("NODE", String::as_str)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{check, three_tier};

    #[test]
    fn a_page_is_mapped_with_the_labels_that_tell_nodes_apart() {
        let read =
            Metrics::parse("web=http://127.0.0.1:9090/federate?match[]=x#job=web,instance=a:1").unwrap();
        assert_eq!(read.url, "http://127.0.0.1:9090/federate?match[]=x");
        assert_eq!(
            read.labels,
            [("job", "web"), ("instance", "a:1")].map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
        assert!(Metrics::parse("http").is_err() && Metrics::parse("web=http://x#job").is_err());
    }

    #[test]
    fn the_way_in_is_what_the_clients_call() {
        let plan = check(&three_tier()).unwrap();
        let at = |node: &str| Where::from([(node.to_owned(), "http://127.0.0.1:1/".to_owned())]);
        let (clients, entry) = way_in(&plan, &at("lb")).unwrap();
        assert_eq!((plan.node(clients).id.as_str(), plan.node(entry).id.as_str()), ("users", "lb"));
        assert!(way_in(&plan, &at("db")).unwrap_err().contains("--map lb="));
    }
}
