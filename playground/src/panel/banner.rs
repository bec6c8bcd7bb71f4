//! What the canvas says at its top: that the drawn design has faults, and what a live run does.
use crate::format;
use crate::model::{Model, Selection, Stage};
use crate::msg::Msg;
use loadpath_core::topology::{Fault, Place};
use loadpath_core::wire::Phase;
use yew::prelude::*;

/// How many faults are listed.
const LISTED: usize = 6;

/// What the banner says.
#[derive(Clone, Debug, Default, PartialEq)]
struct Said {
    faults: Vec<(String, Option<Selection>)>,
    more: usize,
    still_runs: bool,
    live: Option<Progress>,
}

#[derive(Clone, Debug, PartialEq)]
struct Progress {
    phase: &'static str,
    text: String,
    /// The share of the load that was driven, in [0, 1].
    share: f64,
}

/// What the banner needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    said: Said,
    tell: Callback<Msg>,
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        let listed = if model.document.nodes.is_empty() { &[][..] } else { &model.faults[..] };
        let faults = listed.iter().take(LISTED).map(|fault| (sentence(fault), target(fault))).collect();
        let still_runs = model.simulated.document.is_some();
        let more = listed.len().saturating_sub(LISTED);
        Self { said: Said { faults, more, still_runs, live: progress(model) }, tell }
    }
}

fn sentence(fault: &Fault) -> String {
    format!("{fault}.")
}

/// What to select in order to mend it.
fn target(fault: &Fault) -> Option<Selection> {
    match fault.place {
        Place::Node(node) => Some(Selection::node(node)),
        Place::Edge(edge) => Some(Selection::edge(edge)),
        Place::Workload | Place::Class(_) => Some(Selection::default()),
        // What has no place on the canvas.
        Place::Zone(_) | Place::RoundTrip(_) | Place::Host(_) | Place::Timeline(_) => None,
        Place::Objectives | Place::Prices | Place::Document => None,
    }
}

fn progress(model: &Model) -> Option<Progress> {
    let driven = model.live.measured.as_deref().map_or(0.0, |m| m.duration().as_secs());
    let share = (driven / f64::from(model.live.seconds.max(1))).clamp(0.0, 1.0);
    let (phase, text) = match &model.live.stage {
        Stage::None => return None,
        Stage::Starting => ("Starting", "asking the agent…".to_owned()),
        Stage::Stopping => ("Stopping", "taking the processes down…".to_owned()),
        Stage::Under { phase: Phase::Driving, .. } => {
            (title(Phase::Driving), format!("{driven:.0} of {} s", model.live.seconds))
        }
        Stage::Under { phase, text } => (title(*phase), text.clone()),
    };
    let figures = model
        .live
        .all
        .as_deref()
        .map(|all| format!(" · {} · p99 {}", format::rate(all.rate), format::seconds(all.quantiles[2])));
    Some(Progress { phase, text: text + &figures.unwrap_or_default(), share })
}

const fn title(phase: Phase) -> &'static str {
    match phase {
        Phase::BringingUp => "Bringing up",
        Phase::WarmingUp => "Warming up",
        Phase::Driving => "Driving load",
        Phase::TakingDown => "Taking down",
    }
}

/// The banner.
#[component]
pub fn Banner(props: &Props) -> Html {
    let Said { faults, more, still_runs, live } = &props.said;
    let count = faults.len() + more;
    html! {
        <div class="banners">
            if let Some(live) = live {
                <div class="banner live" role="status">
                    <span class="pulse" aria-hidden="true" />
                    <b>{ live.phase }</b><span>{ &live.text }</span>
                    <progress max="1" value={live.share.to_string()} aria-label="How much of the load was driven" />
                </div>
            }
            if count > 0 {
                <div role="status">
                    <details class="banner faults" id="faults">
                        <summary>
                            <b>{ if count == 1 { "One fault".to_owned() } else { format!("{count} faults") } }</b>
                            <span>{ if *still_runs {
                                "The last version without faults goes on running."
                            } else {
                                "It runs as soon as they are mended."
                            } }</span>
                        </summary>
                        <ul>{ for faults.iter().map(|fault| line(fault, &props.tell)) }</ul>
                        if *more > 0 { <p>{ format!("and {more} more") }</p> }
                    </details>
                </div>
            }
        </div>
    }
}

fn line((text, target): &(String, Option<Selection>), tell: &Callback<Msg>) -> Html {
    match target.clone() {
        Some(selection) => {
            let onclick = tell.reform(move |_: MouseEvent| Msg::Select(selection.clone()));
            html! { <li><button type="button" class="link" {onclick}>{ text }</button></li> }
        }
        None => html! { <li>{ text }</li> },
    }
}
