//! The request time machine: the requests behind a point of a chart, and one of them hop by hop, waiting apart from work.
use crate::canvas::icon;
use crate::describe;
use crate::format;
use crate::model::Model;
use crate::msg::Msg;
use crate::run::Found;
use crate::shared::Shared;
use crate::steering::request::{Bar, Requests, Traced, bars};
use crate::steering::{self};
use loadpath_core::run::Outcome;
use loadpath_core::sim::{Hop, Trace};
use loadpath_core::topology::{Topology, catalog};
use yew::prelude::*;

/// How many hops are drawn.
const MOST: usize = 400;

/// What the panel shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    document: Shared<Topology>,
    requests: Requests,
    tell: Callback<Msg>,
}

impl Props {
    /// From the model; none when no requests are shown.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Option<Self> {
        let requests = model.steering.requests.clone()?;
        let document = model.steering.loaded.clone().unwrap_or_else(|| model.document.clone());
        Some(Self { document, requests, tell })
    }
}

/// The panel.
#[component]
pub fn RequestsPanel(props: &Props) -> Html {
    let close = props.tell.reform(|_: MouseEvent| Msg::Steering(steering::Msg::Close));
    let onkeydown = {
        let tell = props.tell.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.stop_propagation();
                tell.emit(Msg::Steering(steering::Msg::Close));
            }
        })
    };
    html! {
        <section aria-label="Requests" class="requests" {onkeydown}>
            <h2>
                { &props.requests.says }
                { head(&props.requests, &props.tell) }
                { super::header::icon_button("close", "Close the requests", close, false) }
            </h2>
            <div class="requests-body">
                if props.requests.found.is_some() || props.requests.traced.is_none() { { list(props) } }
                { props.requests.traced.as_ref().map_or_else(Html::default, |traced| waterfall(props, traced)) }
            </div>
        </section>
    }
}

/// What is said of the request that is shown, and its link.
fn head(requests: &Requests, tell: &Callback<Msg>) -> Html {
    let Some(traced) = &requests.traced else { return Html::default() };
    let Some(trace) = &traced.trace else { return Html::default() };
    let copy = tell.reform(|_: MouseEvent| Msg::Steering(steering::Msg::CopyTrace));
    let took = trace
        .response()
        .map_or_else(String::new, |took| format!(" took {}", format::seconds(took.as_secs())));
    html! {<>
        <small>{ format!("request {}{took}", format::count(traced.request)) }</small>
        <span class="legend">
            <span class="key"><i class="k waits" />{ "wait" }</span>
            <span class="key"><i class="k works" />{ "own work" }</span>
            <span class="key"><i class="k calls" />{ "its calls" }</span>
        </span>
        <button type="button" class="btn" id="copy-request" data-link={traced.link.clone()} onclick={copy}>
            { icon("share", 13) }{ "Copy link" }
        </button>
    </>}
}

const fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Refused => "refused",
        Outcome::Failed => "failed",
        Outcome::TimedOut => "timed out",
    }
}

fn list(props: &Props) -> Html {
    let Some(found) = &props.requests.found else {
        return html! { <p class="mute">{ "looking…" }</p> };
    };
    if found.is_empty() {
        return html! { <p class="mute">{ "None was kept from there: a few of each cell of the last two minutes are." }</p> };
    }
    let shown = props.requests.traced.as_ref().map(|traced| traced.request);
    let line = |one: &Found| {
        let request = one.request;
        let onclick = props.tell.reform(move |_: MouseEvent| Msg::Steering(steering::Msg::Trace(request)));
        let is_on = shown == Some(request);
        let outcome = outcome_words(one.outcome);
        html! {
            <li>
                <button type="button" class={classes!("found", is_on.then_some("on"))} aria-pressed={is_on.to_string()} {onclick}>
                    <b>{ format::seconds(one.response_ns as f64 / 1e9) }</b>
                    <span>{ &one.class }</span>
                    <span class={classes!((one.outcome != Outcome::Ok).then_some("bad"))}>{ outcome }</span>
                    <span class="mute">{ format!("#{request}") }</span>
                </button>
            </li>
        }
    };
    html! { <ol class="found-list" aria-label="Requests that were found, slowest first">{ for found.iter().map(line) }</ol> }
}

fn waterfall(props: &Props, traced: &Traced) -> Html {
    let Some(trace) = &traced.trace else {
        let says = if traced.done {
            "This run never sends such a request, or not within its first hour.".to_owned()
        } else {
            format!(
                "The run is run again up to request {}: at {}…",
                traced.request,
                format::clock(traced.reached)
            )
        };
        return html! { <p class="mute grow" role="status">{ says }</p> };
    };
    let bars = bars(trace);
    let end = bars.iter().map(|bar| bar.ended).fold(0.0, f64::max).max(1e-9);
    let rows =
        trace.hops.iter().zip(&bars).take(MOST).map(|(hop, bar)| row(&props.document, trace, hop, bar, end));
    let more = trace.hops.len().saturating_sub(MOST);
    html! {
        <div class="waterfall grow" tabindex="0" role="region" aria-label="Hop by hop">
            <table id="waterfall">
                <thead><tr>
                    <th scope="col">{ "hop" }</th><th scope="col">{ "what" }</th>
                    <th scope="col" class="num">{ format!("0 to {}", format::seconds(end)) }</th>
                    <th scope="col">{ "wait" }</th><th scope="col">{ "own" }</th>
                </tr></thead>
                <tbody>{ for rows }</tbody>
            </table>
            if more > 0 { <p class="mute">{ format!("and {more} more hops") }</p> }
        </div>
    }
}

fn row(document: &Topology, trace: &Trace, hop: &Hop, bar: &Bar, end: f64) -> Html {
    let name = document.node(&hop.node).map_or_else(|| hop.node.clone(), describe::label);
    let percent = |value: f64| format!("{:.2}%", value / end * 100.0);
    let width = |from: f64, to: f64| percent((to - from).max(0.0));
    let failed = hop.outcome.filter(|outcome| *outcome != Outcome::Ok);
    let says = what(document, trace, hop);
    let indent = "\u{2003}".repeat(bar.depth.min(12));
    html! {
        <tr class={classes!(failed.map(|_| "wrong-hop"))} data-hop={hop.node.clone()}>
            <th scope="row"><span aria-hidden="true">{ indent }</span>{ format!("{name} #{}", hop.instance + 1) }</th>
            <td class="what">
                { says }
                if let Some(outcome) = failed { <span class="bad">{ format!(" {}", outcome_words(outcome)) }</span> }
            </td>
            <td class="bars">
                <svg width="100%" height="12" aria-hidden="true">
                    <rect class="way" x={percent(bar.sent)} y="5" width={width(bar.sent, bar.ended)} height="2" />
                    <rect class="waits" x={percent(bar.arrived)} width={width(bar.arrived, bar.begun)} height="12" />
                    <rect class={if bar.own < (bar.ended - bar.begun) * 0.999 { "calls" } else { "works" }}
                        x={percent(bar.begun)} width={width(bar.begun, bar.ended)} height="12" />
                    <rect class="works" x={percent(bar.begun)} width={percent(bar.own)} height="12" />
                </svg>
            </td>
            <td>{ format::seconds(bar.begun - bar.arrived) }</td>
            <td>{ format::seconds(bar.own) }</td>
        </tr>
    }
}

/// What a hop was: what was asked about which key, of which shard, whether a cache had it, which attempt it was.
fn what(document: &Topology, trace: &Trace, hop: &Hop) -> String {
    let mut words = vec![format!("{} key {}", hop.ask, hop.key)];
    if let Some(shard) = shard_of(document, hop) {
        words.push(shard);
    }
    words.extend(hop.hit.map(|hit| if hit { "hit" } else { "miss" }.to_owned()));
    // Attempts at the same call are counted by their edge's policy.
    if hop.attempt > 0 {
        words.push(format!("retry {}", hop.attempt));
    }
    if hop.outcome.is_none() && trace.is_open() {
        words.push("not answered".to_owned());
    }
    words.join(", ")
}

fn shard_of(document: &Topology, hop: &Hop) -> Option<String> {
    let node = document.node(&hop.node).filter(|node| node.kind == "database")?;
    let kind = catalog::kind(&node.kind)?;
    let number = |name: &str| describe::parameter(node, kind, name).parse::<u16>().unwrap_or(0);
    let (shards, replicas) = (number("shards"), number("replicas"));
    let copies = replicas + 1;
    let shard = (shards > 1).then(|| format!("shard {}", hop.instance / copies + 1));
    // Who is primary changes with a promotion; the server's number stays.
    let server = (replicas > 0).then(|| format!("server {}", hop.instance % copies + 1));
    let parts: Vec<String> = shard.into_iter().chain(server).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
