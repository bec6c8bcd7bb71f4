//! Where a request's time goes: at each node, waiting apart from work, for the mean request of the last seconds.
use super::charts::choice;
use crate::describe;
use crate::format;
use crate::model::Model;
use crate::msg::Msg;
use crate::shared::Shared;
use crate::steering::{Chart, Past};
use loadpath_core::order;
use loadpath_core::sim::NodeSnapshot;
use loadpath_core::topology::Topology;
use yew::prelude::*;

/// How many nodes are shown: those that take most.
const SHOWN: usize = 9;

/// What the chart shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    document: Shared<Topology>,
    past: Shared<Past>,
    tell: Callback<Msg>,
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        Self { document: model.document.clone(), past: model.steering.past.clone(), tell }
    }
}

/// A node's part in the mean request, in seconds, with half-widths where they are known.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    name: String,
    wait: (f64, Option<f64>),
    work: (f64, Option<f64>),
}

fn parts(document: &Topology, past: &Past) -> Vec<Part> {
    let Some(last) = past.moments.back() else { return Vec::new() };
    let part = |node: &NodeSnapshot| {
        let name = document.node(&node.id).map_or_else(|| node.id.clone(), describe::label);
        let values = |of: fn(&NodeSnapshot) -> f64| -> (f64, Option<f64>) {
            let each: Vec<(u64, f64)> = past
                .moments
                .iter()
                .filter(|moment| moment.rate > 0.0)
                .filter_map(|moment| {
                    let node = moment.nodes.iter().find(|other| other.id == node.id)?;
                    Some((moment.second, node.rate / moment.rate * of(node)))
                })
                .collect();
            match Past::interval(&each) {
                Some((mean, half_width)) => (mean, Some(half_width)),
                None => (each.last().map_or(0.0, |(_, value)| *value), None),
            }
        };
        Part { name, wait: values(|node| node.wait), work: values(|node| node.work) }
    };
    let mut parts: Vec<Part> = last.nodes.iter().filter(|node| !node.up.is_empty()).map(part).collect();
    parts.retain(|part| part.wait.0 + part.work.0 > 0.0);
    let total = |part: &Part| part.wait.0 + part.work.0;
    if parts.len() > SHOWN {
        order::sort_by(&mut parts, |a, b| total(b).total_cmp(&total(a)));
        parts.truncate(SHOWN);
    }
    parts
}

/// The chart.
#[component]
pub fn Shares(props: &Props) -> Html {
    let parts = parts(&props.document, &props.past);
    let most = parts.iter().map(|part| part.wait.0 + part.work.0).fold(0.0, f64::max).max(1e-12);
    html! {
        <section aria-label="Where a request's time goes">
            <h2>{ choice(Chart::Shares, &props.tell) }</h2>
            if parts.is_empty() {
                <div class="chart"><p class="nothing">{ "nothing was answered yet" }</p></div>
            } else {
                <div class="chart scroll" tabindex="0" role="region" aria-label="Wait and work by node">
                    <table class="shares" id="shares">
                        <thead><tr>
                            <th scope="col">{ "per request" }</th>
                            <th scope="col">{ key("waits", "wait") }{ key("works", "work") }</th>
                            <th scope="col">{ "wait" }</th><th scope="col">{ "work" }</th>
                        </tr></thead>
                        <tbody>{ for parts.iter().map(|part| row(part, most)) }</tbody>
                    </table>
                </div>
            }
        </section>
    }
}

fn key(class: &'static str, name: &'static str) -> Html {
    html! { <span class="key"><svg width="12" height="8" aria-hidden="true"><rect {class} width="12" height="8" rx="2" /></svg>{ name }</span> }
}

fn row(part: &Part, most: f64) -> Html {
    let percent = |value: f64| format!("{:.2}%", value / most * 100.0);
    let told = |(value, width): (f64, Option<f64>)| {
        let width = width.map_or_else(String::new, |width| format!(" {}", format::half_width(value, width)));
        html! { <>{ format::seconds(value) }<span class="mute">{ width }</span></> }
    };
    html! {
        <tr>
            <th scope="row">{ &part.name }</th>
            <td class="bars">
                <svg width="100%" height="12" aria-hidden="true">
                    <rect class="waits" width={percent(part.wait.0)} height="12" />
                    <rect class="works" x={percent(part.wait.0)} width={percent(part.work.0)} height="12" />
                </svg>
            </td>
            <td>{ told(part.wait) }</td>
            <td>{ told(part.work) }</td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::sim::Snapshot;

    #[test]
    fn a_nodes_part_counts_each_of_its_calls() {
        let document = loadpath_core::topology::three_tier();
        let mut past = Past::default();
        for second in 0..60 {
            let db = NodeSnapshot {
                id: "db".to_owned(),
                up: vec![true],
                rate: 200.0,
                wait: 0.002,
                work: 0.010,
                ..NodeSnapshot::default()
            };
            let users = NodeSnapshot { id: "users".to_owned(), wait: 1.0, ..NodeSnapshot::default() };
            past.take(&Snapshot {
                now_ns: second * 1_000_000_000,
                achieved_rate: 100.0,
                nodes: vec![users, db],
                ..Snapshot::default()
            });
        }
        let parts = parts(&document, &past);
        assert_eq!(parts.len(), 1, "{parts:?}");
        // Two queries a request.
        assert!((parts[0].wait.0 - 0.004).abs() < 1e-9 && (parts[0].work.0 - 0.020).abs() < 1e-9);
        assert!(parts[0].work.1.is_some_and(|width| width < 1e-9));
    }
}
