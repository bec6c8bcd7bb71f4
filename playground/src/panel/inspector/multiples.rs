//! A node's last two minutes as small multiples: one small chart for each of its figures, all over the same time.
use crate::format;
use crate::geometry::{Axis, Frame, line};
use crate::shared::Shared;
use crate::steering::Past;
use loadpath_core::sim::NodeSnapshot;
use loadpath_core::topology::Topology;
use std::fmt::Write as _;
use yew::prelude::*;

/// The picture's size; it is stretched to the inspector's width.
const WIDTH: f64 = 200.0;
const HEIGHT: f64 = 34.0;
/// The least that the axis of time shows, in seconds.
const LEAST: f64 = 30.0;
/// How many instances have a row of their own.
const ROWS: usize = 32;
/// Shades from idle to busy.
const SHADES: usize = 5;

/// What they show.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct Props {
    pub(super) document: Shared<Topology>,
    pub(super) past: Shared<Past>,
    /// The node's id.
    pub(super) node: String,
}

/// A figure over time.
struct Figure {
    name: &'static str,
    values: Vec<(u64, f64)>,
    /// The top of its axis, where that is fixed.
    top: Option<f64>,
    told: fn(f64) -> String,
}

fn whole(value: f64) -> String {
    format::axis_rate(value)
}

fn figures(props: &Props) -> Vec<Figure> {
    let past = &*props.past;
    let of = |value: fn(&NodeSnapshot) -> Option<f64>| past.of_node(&props.node, value);
    let figure = |name, values, top, told| Figure { name, values, top, told };
    let mut figures = vec![
        figure("Utilization", of(|node| node.utilization), Some(1.0), format::percent_whole),
        figure("Calls", of(|node| Some(node.rate)), None, format::rate),
        figure("p99", of(|node| node.p99), None, format::seconds),
        figure("Wait in queue", of(|node| Some(node.wait)), None, format::seconds),
        figure("Waiting", of(|node| Some(node.backlog as f64)), None, whole),
        figure("Errors", of(|node| Some(node.error_share)), None, format::percent),
        figure("Hit ratio", of(|node| node.hit_ratio), Some(1.0), format::percent),
        figure("Writes behind", of(behind), None, whole),
    ];
    figures.extend(pools(props));
    figures.retain(|figure| !figure.values.is_empty());
    figures
}

/// Writes that the replica that is farthest behind has not received.
fn behind(node: &NodeSnapshot) -> Option<f64> {
    node.behind.iter().max().map(|writes| *writes as f64)
}

/// The share of connections in use, of the edges that leave the node and have a pool.
fn pools(props: &Props) -> Option<Figure> {
    let edges = props.document.edges.iter().enumerate().filter(|(_, edge)| edge.from == props.node);
    let places: Vec<usize> = edges.map(|(i, _)| i).collect();
    let used = |moment: &crate::steering::past::Moment| {
        let pools = places.iter().filter_map(|i| moment.edges.get(*i)?.pool);
        pools.map(|pool| f64::from(pool.open) / f64::from(pool.most.max(1))).reduce(f64::max)
    };
    let values: Vec<(u64, f64)> =
        props.past.moments.iter().filter_map(|moment| Some((moment.second, used(moment)?))).collect();
    let told = format::percent_whole;
    (!values.is_empty()).then_some(Figure { name: "Pool in use", values, top: Some(1.0), told })
}

#[component]
pub(super) fn Multiples(props: &Props) -> Html {
    let (Some(first), Some(last)) = (props.past.moments.front(), props.past.moments.back()) else {
        return html! { <p class="mute small">{ "The charts begin with the first second." }</p> };
    };
    let time = (first.second as f64, (last.second as f64).max(first.second as f64 + LEAST));
    let busy: Vec<(u64, &[f64])> = props
        .past
        .moments
        .iter()
        .filter_map(|moment| {
            let node = moment.nodes.iter().find(|node| node.id == props.node)?;
            Some((moment.second, &node.busy[..]))
        })
        .collect();
    let is_sharded = props.document.node(&props.node).is_some_and(|node| node.kind == "database");
    html! {
        <div class="multiples" id="multiples">
            <h3 class="part">{ "Over the last two minutes" }</h3>
            { for figures(props).iter().map(|figure| small(figure, time)) }
            { heat(&busy, time, if is_sharded { "Heat of each server" } else { "Utilization of each instance" }) }
        </div>
    }
}

fn small(figure: &Figure, time: (f64, f64)) -> Html {
    let most = figure.values.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let top = figure.top.unwrap_or(most * 1.1).max(1e-9);
    let frame = Frame {
        x: Axis { low: time.0, high: time.1, start: 0.0, end: WIDTH },
        y: Axis { low: 0.0, high: top, start: HEIGHT - 1.0, end: 1.0 },
    };
    let last = figure.values.last().map_or(0.0, |(_, value)| *value);
    let mean = Past::interval(&figure.values);
    let told = figure.told;
    let beside =
        mean.map_or_else(String::new, |(mean, width)| format!("mean {} ± {}", told(mean), told(width)));
    let says = format!("{}: now {}, {beside}, at most {}", figure.name, told(last), told(most));
    html! {
        <figure data-figure={figure.name}>
            <figcaption><span>{ figure.name }</span><b>{ told(last) }</b><small class="mute">{ beside }</small></figcaption>
            <svg viewBox={format!("0 0 {WIDTH} {HEIGHT}")} preserveAspectRatio="none" role="img" aria-label={says}>
                <path class="base-line" d={format!("M0 {HEIGHT}H{WIDTH}")} />
                <path class="sim" d={line(&frame, figure.values.iter().map(|(second, value)| (*second as f64, *value)))} />
            </svg>
        </figure>
    }
}

/// A row for each instance and a shade for how busy it was: a hot shard stands out as a dark row.
fn heat(busy: &[(u64, &[f64])], time: (f64, f64), name: &'static str) -> Html {
    let count = busy.iter().map(|(_, each)| each.len()).max().unwrap_or(0);
    let rows = count.min(ROWS);
    if rows < 2 {
        return Html::default();
    }
    let x = Axis { low: time.0, high: time.1, start: 0.0, end: WIDTH };
    let height = 9.0;
    let mut shades: [String; SHADES] = Default::default();
    for (second, each) in busy {
        let (left, right) = (x.place(*second as f64), x.place(*second as f64 + 1.0));
        for (row, share) in each.iter().take(rows).enumerate() {
            let shade = ((share.clamp(0.0, 1.0) * SHADES as f64) as usize).min(SHADES - 1);
            let (y, width) = (row as f64 * height, right - left);
            write!(shades[shade], "M{left:.1} {y:.1}h{width:.1}v{:.1}h{:.1}z", height - 1.0, -width)
                .expect("a string takes every character");
        }
    }
    let last = busy.last().map_or(&[][..], |(_, each)| each);
    let told = last.iter().take(rows).enumerate();
    let told: Vec<String> =
        told.map(|(i, share)| format!("#{} {}", i + 1, format::percent_whole(*share))).collect();
    let box_height = rows as f64 * height;
    html! {
        <figure data-figure="instances">
            <figcaption><span>{ name }</span><small class="mute">{ told.join("  ") }</small></figcaption>
            <svg class="rows" viewBox={format!("0 0 {WIDTH} {box_height}")} height={format!("{box_height}")}
                preserveAspectRatio="none" role="img" aria-label={format!("{name}: {}", told.join(", "))}>
                { for shades.iter().enumerate().map(|(i, d)| html! { <path class={format!("shade shade-{i}")} d={d.clone()} /> }) }
            </svg>
        </figure>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::sim::{EdgeSnapshot, PoolSnapshot, Snapshot};

    #[test]
    fn a_figure_is_shown_where_a_node_has_it() {
        let document = loadpath_core::topology::three_tier();
        let mut past = Past::default();
        for second in 0..40 {
            let node = |id: &str, hit_ratio| NodeSnapshot {
                id: id.to_owned(),
                utilization: Some(0.5),
                hit_ratio,
                ..NodeSnapshot::default()
            };
            let mut edges = vec![EdgeSnapshot::default(); document.edges.len()];
            let from_web = document.edges.iter().position(|edge| edge.from == "web").unwrap();
            edges[from_web].pool = Some(PoolSnapshot { open: 3, most: 4, waiting: 0 });
            let nodes = vec![node("web", None), node("cache", Some(0.9))];
            past.take(&Snapshot { now_ns: second * 1_000_000_000, nodes, edges, ..Snapshot::default() });
        }
        let (document, past) = (Shared::new(document), Shared::new(past));
        let names = |node: &str| -> Vec<&'static str> {
            let props = Props { document: document.clone(), past: past.clone(), node: node.to_owned() };
            figures(&props).iter().map(|figure| figure.name).collect()
        };
        assert!(names("cache").contains(&"Hit ratio") && !names("cache").contains(&"Pool in use"));
        assert!(names("web").contains(&"Pool in use") && !names("web").contains(&"Hit ratio"));
        assert!(!names("web").contains(&"Writes behind"));
    }
}
