//! Before a live run: what will happen, how long, and what stands in its way.
use crate::format;
use crate::model::{Agent, Model};
use crate::msg::Msg;
use loadpath_core::topology::{NodeKind, check};
use web_sys::{HtmlDialogElement, HtmlInputElement};
use yew::prelude::*;

/// What the dialog shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    seconds: u32,
    plan: Option<Planned>,
    obstacle: Option<String>,
    tell: Callback<Msg>,
}

/// What a live run will be.
#[derive(Clone, Debug, PartialEq)]
struct Planned {
    rate: String,
    processes: usize,
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        let plan = check(&model.document).ok();
        let called = |kind: &NodeKind| !matches!(kind, NodeKind::Clients(_));
        let planned = plan.as_ref().map(|plan| Planned {
            rate: format::rate(plan.arrivals.rate),
            processes: plan
                .nodes
                .iter()
                .map(|n| &n.kind)
                .filter(|k| called(k))
                .map(|k| usize::from(k.instances()))
                .sum(),
        });
        let rate = plan.as_ref().map_or(0.0, |plan| plan.arrivals.rate);
        let obstacle = obstacle(model, planned.as_ref(), rate);
        Self { seconds: model.live.seconds, plan: planned, obstacle, tell }
    }
}

/// Why a live run cannot start now, and what to do; none when it can.
fn obstacle(model: &Model, planned: Option<&Planned>, rate: f64) -> Option<String> {
    let caps = match &model.agent {
        Agent::Present { caps, .. } => caps,
        Agent::Unknown => return Some("Looking for the agent…".to_owned()),
        Agent::Gone => return Some(
            "The agent does not answer: start it again, with cargo xtask play in the project or loadgen serve. This page sees \
             when it is back."
                .to_owned(),
        ),
        Agent::Absent => return Some(
            "This page is a folder of files: it draws, simulates and shares. Live runs need the agent, which starts \
             the processes: run cargo xtask play in the project, or loadgen serve, and use the page that it opens. \
             The address bar holds your design; paste it there."
                .to_owned(),
        ),
    };
    if model.token.is_none() {
        return Some(
            "This page may look at the agent, but not act. Open the address that the agent printed when it started: \
             it carries a code that gives this right once."
                .to_owned(),
        );
    }
    let Some(planned) = planned else {
        return Some(
            "This design has faults. Mend them first: they are listed at the top of the canvas.".to_owned(),
        );
    };
    if rate > caps.rate {
        let most = format::rate(caps.rate);
        return Some(format!(
            "This design asks for {}, and the agent drives at most {most}. Lower the load.",
            planned.rate
        ));
    }
    (planned.processes > caps.processes).then(|| {
        let (needs, most) = (planned.processes, caps.processes);
        format!(
            "This design needs {needs} processes, and the agent starts at most {most}. Use fewer instances."
        )
    })
}

/// Opens the dialog as the browser's own modal one: focus stays inside, Escape closes it.
#[hook]
pub(super) fn use_modal() -> NodeRef {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                dialog.show_modal().expect("a dialog that was just made is not open yet");
            }
        });
    }
    dialog
}

/// The dialog.
#[component]
pub fn LiveDialog(props: &Props) -> Html {
    let dialog = use_modal();
    let close = props.tell.reform(|_: MouseEvent| Msg::Dialog(None));
    let onclose = props.tell.reform(|_: Event| Msg::Dialog(None));
    let onsubmit = props.tell.reform(|event: SubmitEvent| {
        event.prevent_default();
        Msg::StartRun
    });
    html! {
        <dialog ref={dialog} class="dialog" id="live-dialog" aria-labelledby="live-title" {onclose}>
            <form {onsubmit}>
                <h2 id="live-title">{ "Run live" }</h2>
                { body(props) }
                <div class="actions">
                    <button type="button" class="btn" onclick={close}>
                        { if props.obstacle.is_some() { "Close" } else { "Cancel" } }
                    </button>
                    if props.obstacle.is_none() {
                        <button type="submit" class="btn pri" id="start-live">{ "Start" }</button>
                    }
                </div>
            </form>
        </dialog>
    }
}

fn body(props: &Props) -> Html {
    if let Some(obstacle) = &props.obstacle {
        return html! { <p id="live-obstacle">{ obstacle }</p> };
    }
    let Some(plan) = &props.plan else { return Html::default() };
    let onchange = props.tell.reform(|event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let seconds = input.value_as_number();
        Msg::Seconds(if seconds.is_finite() { seconds.clamp(1.0, 3_600.0) as u32 } else { 10 })
    });
    html! {<>
        <p>
            { "The agent starts this design as " }<b>{ plan.processes }</b>{ " real processes on this machine, drives " }
            <b>{ &plan.rate }</b>{ " through them, and measures. The measured latency is laid over the simulated one." }
        </p>
        <label class="f">
            <span>{ "Duration in seconds" }</span>
            <input type="number" id="live-seconds" min="1" max="3600" value={props.seconds.to_string()} {onchange} />
        </label>
        <p class="mute">{ "Everything stays on 127.0.0.1, and nothing is left behind when it ends." }</p>
    </>}
}
