//! What a node is, what its parameters mean for its figures now, where its time goes, and what the estimate takes for granted.
use super::Inspected;
use crate::describe;
use crate::format;
use loadpath_core::analytic::NodeEstimate;
use loadpath_core::sim::NodeSnapshot;
use loadpath_core::topology::{Node, Place, catalog};
use yew::prelude::*;

pub(super) fn show(inspected: &Inspected, i: usize) -> Html {
    let node = &inspected.document.nodes[i];
    let Some(kind) = catalog::kind(&node.kind) else { return Html::default() };
    let estimate = inspected.estimated.as_deref().and_then(|estimated| estimated.node(&node.id));
    let seen = inspected.seen.as_ref();
    let dollars = inspected.estimated.as_deref().map(|estimated| estimated.bill.of(&Place::Node(i)));
    html! {
        <div class="explain" id="explain">
            <p>{ kind.about }</p>
            if let Some(estimate) = estimate {
                <h3 class="part">{ "What that means now" }</h3>
                <ul>{ for meaning(estimate, dollars).into_iter().map(|said| html! { <li>{ said }</li> }) }</ul>
                { figures(estimate, seen) }
                { time(estimate, seen) }
                { assumptions(estimate) }
            } else {
                <p class="note">{ "Nothing is estimated: the design has faults, or nothing asks for anything." }</p>
            }
            { parameters(node, kind) }
        </div>
    }
}

/// In sentences, from the estimate.
fn meaning(estimate: &NodeEstimate, dollars: Option<f64>) -> Vec<String> {
    let mut said = Vec::new();
    let rate = format::rate(estimate.rate);
    match estimate.utilization {
        Some(share) if share > 1.0 => said.push(format!(
            "It is asked for {rate}, {share:.1} times what it can do: its queue grows until it is full."
        )),
        Some(share) if share > 0.0 => said.push(format!(
            "It is asked for {rate}. That takes {} of its workers' time, so it is full at about {}.",
            format::percent(share),
            format::rate(estimate.rate / share)
        )),
        _ => said.push(format!("It is asked for {rate}.")),
    }
    if let Some((hottest, share)) = estimate.hottest.zip(estimate.utilization)
        && hottest > share * 1.2
    {
        let (hot, all) = (format::percent(hottest.min(1.0)), format::percent(share));
        said.push(format!("Its busiest instance is {hot} busy, all together {all}: the load is not even."));
    }
    if let Some(share) = estimate.hit_ratio {
        let misses = format::rate(estimate.rate * (1.0 - share));
        said.push(format!(
            "It answers {} from memory; {misses} go on to what stands behind it.",
            format::percent(share)
        ));
    }
    if let Some(dollars) = dollars.filter(|dollars| *dollars > 0.0) {
        said.push(format!("It costs {} a month.", format::dollars(dollars)));
    }
    said
}

fn figures(estimate: &NodeEstimate, seen: Option<&NodeSnapshot>) -> Html {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| format::NONE.to_owned());
    let mut rows = vec![
        ("Calls", format::rate(estimate.rate), or_none(seen.map(|seen| format::rate(seen.rate)))),
        (
            "Busy",
            or_none(estimate.utilization.map(format::percent)),
            or_none(seen.and_then(|seen| seen.utilization).map(format::percent)),
        ),
        (
            "Mean wait",
            or_none(estimate.wait.map(format::seconds)),
            or_none(seen.map(|seen| format::seconds(seen.wait))),
        ),
    ];
    if estimate.hit_ratio.is_some() {
        rows.push((
            "Hit ratio",
            or_none(estimate.hit_ratio.map(format::percent)),
            or_none(seen.and_then(|seen| seen.hit_ratio).map(format::percent)),
        ));
    }
    let row = |(what, estimate, simulated): &(&'static str, String, String)| {
        html! { <tr><th scope="row">{ *what }</th><td>{ estimate }</td><td>{ simulated }</td></tr> }
    };
    html! {
        <table class="metrics">
            <thead><tr>
                <th><span class="unseen">{ "figure" }</span></th><th scope="col">{ "estimate" }</th><th scope="col">{ "simulated" }</th>
            </tr></thead>
            <tbody>{ for rows.iter().map(row) }</tbody>
        </table>
    }
}

/// Waiting apart from working and calling, by the estimate.
fn time(estimate: &NodeEstimate, seen: Option<&NodeSnapshot>) -> Html {
    let Some((wait, response)) = estimate.wait.zip(estimate.response).filter(|(_, all)| *all > 0.0) else {
        return Html::default();
    };
    let share = (wait / response).clamp(0.0, 1.0);
    let width = format!("{:.1}%", share * 100.0);
    let tail = seen.and_then(|seen| seen.p99);
    html! {<>
        <h3 class="part">{ "Where its time goes" }</h3>
        <svg class="bar split" role="img" aria-label={format!("{} of its response is waiting", format::percent(share))}>
            <rect class="track" width="100%" height="8" rx="2" />
            <rect class="taken" {width} height="8" rx="2" />
        </svg>
        <p>
            { format!(
                "Of {} on average, {} ({}) is waiting in its queue; the rest is its own work and what it calls.",
                format::seconds(response), format::seconds(wait), format::percent(share)
            ) }
            if let Some(tail) = tail {
                { format!(" One call in a hundred takes more than {}, as simulated.", format::seconds(tail)) }
            }
        </p>
    </>}
}

fn assumptions(estimate: &NodeEstimate) -> Html {
    html! {<>
        <h3 class="part">{ "What the estimate takes for granted" }</h3>
        if estimate.assumptions.is_empty() {
            <p>{ "Nothing that this design does not keep." }</p>
        } else {
            <p>{ "This design does not keep all of it, so trust the simulation more:" }</p>
            <ul id="assumptions">{ for estimate.assumptions.iter().map(|said| html! { <li>{ said.sentence() }</li> }) }</ul>
        }
    </>}
}

fn parameters(node: &Node, kind: &'static catalog::Kind) -> Html {
    let rows = kind.params.iter().map(|param| {
        let value = describe::parameter(node, kind, param.name);
        let is_written = node.params.contains_key(param.name);
        html! {<>
            <dt>{ param.title }{ " " }<b>{ describe::choice(&value) }</b>{ if is_written { "" } else { " (default)" } }</dt>
            <dd>{ param.about }</dd>
        </>}
    });
    html! {
        <details>
            <summary>{ "What each parameter does" }</summary>
            <dl>{ for rows }</dl>
        </details>
    }
}
