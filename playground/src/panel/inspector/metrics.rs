//! A node's metrics: simulated in the last seconds, measured in the last second of a live run, and each instance.
use super::Inspected;
use super::multiples::Multiples;
use crate::canvas::Level;
use crate::format;
use crate::msg::Msg;
use loadpath_core::sim::NodeSnapshot;
use loadpath_core::wire::NodeInterval;
use yew::prelude::*;

/// How many instances are listed.
const LISTED: usize = 64;

pub(super) fn show(inspected: &Inspected, node: usize, tell: &Callback<Msg>) -> Html {
    let Some(seen) = &inspected.seen else {
        return html! { <p class="mute">{ "Nothing yet: it is not part of the running simulation." }</p> };
    };
    let measured = inspected.measured.as_ref();
    let rows = rows(seen, measured);
    html! {<>
        <table class="metrics">
            if measured.is_some() {
                <thead><tr><th/><th scope="col">{ "sim" }</th><th scope="col">{ "measured" }</th></tr></thead>
            }
            <tbody>{ for rows.iter().map(|row| line(row, measured.is_some())) }</tbody>
        </table>
        { instances(seen, measured, node, tell) }
        if let Some(past) = &inspected.past {
            <Multiples document={inspected.document.clone()} past={past.clone()} node={seen.id.clone()} />
        }
        { counters(seen) }
        <p class="mute small">{ "Simulated figures are of the last two to three seconds." }</p>
    </>}
}

/// What else was counted since the last reset.
fn counters(seen: &NodeSnapshot) -> Html {
    if seen.counters.is_empty() {
        return Html::default();
    }
    let lines = seen.counters.iter().map(|(name, count)| {
        html! { <tr><th scope="row">{ name.replace('_', " ") }</th><td>{ format::count(*count) }</td></tr> }
    });
    html! { <><h3 class="part">{ "Counted" }</h3><table class="metrics"><tbody>{ for lines }</tbody></table></> }
}

type Row = (&'static str, String, String);

fn rows(seen: &NodeSnapshot, measured: Option<&NodeInterval>) -> Vec<Row> {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| format::NONE.to_owned());
    let p99 = measured.filter(|m| !m.response.is_empty()).map(|m| m.response.quantile(0.99).as_secs());
    let wait = measured.filter(|m| !m.wait.is_empty()).map(|m| m.wait.mean().as_secs());
    let mut rows = vec![
        (
            "Calls",
            format::rate(seen.rate),
            or_none(measured.map(|m| format::rate(m.outcomes.total() as f64))),
        ),
        (
            "Utilization",
            or_none(seen.utilization.map(format::percent)),
            or_none(measured.and_then(|m| m.utilization).map(format::percent)),
        ),
        ("p99", or_none(seen.p99.map(format::seconds)), or_none(p99.map(format::seconds))),
        ("Mean wait in queue", format::seconds(seen.wait), or_none(wait.map(format::seconds))),
        ("In flight", format::count(seen.in_flight), or_none(None)),
        ("Waiting", format::count(seen.backlog), or_none(None)),
        (
            "Errors",
            format::percent(seen.error_share),
            or_none(measured.map(|m| format::percent(m.outcomes.error_share()))),
        ),
    ];
    if let Some(share) = seen.hit_ratio {
        let measured = measured.and_then(|m| m.hit_ratio).map(format::percent);
        rows.push(("Hit ratio", format::percent(share), or_none(measured)));
    }
    rows
}

fn line((what, simulated, measured): &Row, has_measured: bool) -> Html {
    html! {
        <tr>
            <th scope="row">{ what }</th>
            <td>{ simulated }</td>
            if has_measured { <td class="mea-text">{ measured }</td> }
        </tr>
    }
}

fn instances(
    seen: &NodeSnapshot,
    measured: Option<&NodeInterval>,
    node: usize,
    tell: &Callback<Msg>,
) -> Html {
    if seen.up.is_empty() {
        return Html::default();
    }
    let really_up = |i: usize| measured.and_then(|m| m.up.get(i)).copied().unwrap_or(true);
    let lines = seen.up.iter().zip(&seen.busy).take(LISTED).enumerate().map(|(i, (up, busy))| {
        let instance = i as u16;
        let onclick = tell.reform(move |_: MouseEvent| Msg::Instance { node, instance });
        let name = format!("{}#{}", seen.id, i + 1);
        let verb = if *up { "Kill" } else { "Restore" };
        html! {
            <li>
                <span class={classes!("dot", (!*up || !really_up(i)).then_some("down"))} aria-hidden="true" />
                <span>{ &name }</span>
                { bar(*busy) }
                <span class="num">{ if *up { format::percent_whole(*busy) } else { "down".to_owned() } }{ slowness(seen, i) }</span>
                <button type="button" class="btn" aria-label={format!("{verb} {name}")} {onclick}>{ verb }</button>
            </li>
        }
    });
    let more = seen.up.len().saturating_sub(LISTED);
    html! {<>
        <h3 class="part">{ "Instances" }</h3>
        <ul class="instances">{ for lines }</ul>
        if more > 0 { <p class="mute">{ format!("and {more} more") }</p> }
    </>}
}

/// How slow an instance is, where it is.
fn slowness(seen: &NodeSnapshot, i: usize) -> String {
    let factor = seen.slow.get(i).copied().filter(|factor| *factor != 1.0);
    factor.map_or_else(String::new, |factor| format!(" ×{factor:.0}"))
}

fn bar(busy: f64) -> Html {
    let width = format!("{:.1}%", busy.clamp(0.0, 1.0) * 100.0);
    html! {
        <svg class={classes!("bar", Level::of_utilization(busy).class())} aria-hidden="true">
            <rect class="track" width="100%" height="4" rx="2" />
            <rect class="taken" {width} height="4" rx="2" />
        </svg>
    }
}
