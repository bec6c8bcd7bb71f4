//! What is weak about the design: each finding with what it rests on, what mends it, and whether trying that confirms it.
use super::drawer::drawer;
use crate::canvas::{severity_class, severity_sign};
use crate::describe;
use crate::estimated::Estimated;
use crate::format;
use crate::model::Model;
use crate::msg::Msg;
use crate::shared::Shared;
use crate::update::advice::{self, Trial, Tried, selection, sentence};
use loadpath_core::advise::{Evidence, Finding, Verdict};
use loadpath_core::topology::{Place, Topology};
use yew::prelude::*;

/// What is found, and what came of trying.
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct Props {
    found: Found,
    tell: Callback<Msg>,
}

/// What is found of a design and of its run.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    estimated: Option<Shared<Estimated>>,
    of_run: Shared<Vec<Finding>>,
    trials: Shared<Vec<Tried>>,
}

impl Found {
    /// From the model.
    pub fn of(model: &Model) -> Self {
        let advice = &model.advice;
        Self {
            estimated: advice.estimated.clone(),
            of_run: advice.of_run.clone(),
            trials: advice.trials.clone(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Finding> {
        self.of_run.iter().chain(self.estimated.iter().flat_map(|estimated| &estimated.findings))
    }

    /// A card for each finding at a place.
    pub fn cards_at(&self, place: &Place, tell: &Callback<Msg>) -> Html {
        let here = self.all().filter(|finding| finding.place == *place);
        html! { <>{ for here.map(|finding| self.card(finding, None, tell)) }</> }
    }

    fn card(&self, finding: &Finding, name: Option<String>, tell: &Callback<Msg>) -> Html {
        let trial = self.trials.iter().find(|tried| tried.finding == *finding).map(|tried| &tried.trial);
        html! {
            <article class={classes!("finding", severity_class(finding.severity))} data-kind={format!("{:?}", finding.kind)}>
                <h3>
                    <span class="sign" aria-label={format!("{:?}", finding.severity)} role="img">{ severity_sign(finding.severity) }</span>
                    { finding.kind.title() }
                    if let Some(name) = name { { place(&finding.place, name, tell) } }
                </h3>
                <p>{ sentence(&finding.sentence) }</p>
                if !finding.evidence.is_empty() { { evidence(&finding.evidence) } }
                { mend(finding, trial, tell) }
            </article>
        }
    }
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        Self { found: Found::of(model), tell }
    }
}

/// The list of all.
#[component]
pub fn FindingsDrawer(props: &Props) -> Html {
    let document = props.found.estimated.as_deref().map(|estimated| &estimated.document);
    let cards: Vec<Html> = props
        .found
        .all()
        .map(|finding| {
            let name = document.map_or_else(String::new, |document| called(&finding.place, document));
            props.found.card(finding, Some(name), &props.tell)
        })
        .collect();
    let body = html! {
        if document.is_none() {
            <p class="mute">{ "Draw a design without faults: what is weak about it is said here." }</p>
        } else if cards.is_empty() {
            <p class="mute">{ "Nothing is found: no single point, no bottleneck nearby, no setting that turns against itself. A simulation under faults says more." }</p>
        } else {
            { for cards }
        }
    };
    drawer("Findings", &body, &props.tell)
}

/// What people call a place.
fn called(place: &Place, document: &Topology) -> String {
    let name = |id: &str| document.node(id).map_or_else(|| id.to_owned(), describe::label);
    match *place {
        Place::Node(node) => document.nodes.get(node).map_or_else(String::new, describe::label),
        Place::Edge(edge) => document
            .edges
            .get(edge)
            .map_or_else(String::new, |edge| format!("{} → {}", name(&edge.from), name(&edge.to))),
        Place::Objectives => "objectives".to_owned(),
        _ => "design".to_owned(),
    }
}

fn place(place: &Place, name: String, tell: &Callback<Msg>) -> Html {
    if selection(place).is_none() {
        return html! { <small>{ name }</small> };
    }
    let place = place.clone();
    let onclick = tell.reform(move |_: MouseEvent| Msg::Advice(advice::Msg::Show(place.clone())));
    html! { <button type="button" class="link where" {onclick}>{ name }</button> }
}

fn evidence(evidence: &[Evidence]) -> Html {
    let one = |evidence: &Evidence| {
        html! { <><dt>{ &evidence.what }</dt><dd>{ figure(evidence.value, &evidence.unit) }</dd></> }
    };
    html! { <dl>{ for evidence.iter().map(one) }</dl> }
}

/// A figure of core's, as people read it.
pub(super) fn figure(value: f64, unit: &str) -> String {
    match unit {
        "s" => format::seconds(value),
        "1/s" => format::rate(value),
        "%" => format::percent(value / 100.0),
        "$" => format::dollars(value),
        _ => format::amount(value),
    }
}

fn mend(finding: &Finding, trial: Option<&Trial>, tell: &Callback<Msg>) -> Html {
    let Some(mend) = &finding.mend else { return Html::default() };
    let on = |msg: fn(Box<Finding>) -> advice::Msg| {
        let finding = finding.clone();
        tell.reform(move |_: MouseEvent| Msg::Advice(msg(Box::new(finding.clone()))))
    };
    let runs = matches!(trial, Some(Trial::Runs(_)));
    html! {<>
        <p class="mend">
            <button type="button" class="link apply" onclick={on(advice::Msg::Mend)}>
                { sentence(&mend.sentence).trim_end_matches('.') }{ " →" }
            </button>
        </p>
        <div class="trial" role="status">
            {
                match trial {
                    Some(Trial::Done(verdict)) => outcome(verdict),
                    Some(Trial::Failed(why)) => html! { <span class="mute">{ sentence(why) }</span> },
                    _ => Html::default(),
                }
            }
            <button type="button" class="btn try" disabled={runs} onclick={on(advice::Msg::Try)}>
                { if runs { "simulating both…" } else if trial.is_some() { "Try again" } else { "Try it" } }
            </button>
        </div>
    </>}
}

fn outcome(verdict: &Verdict) -> Html {
    let (class, word) =
        if verdict.better { ("good", "✓ better") } else { ("middling", "≈ no clear gain") };
    html! {
        <div class="verdict" title={verdict.sentence.clone()}>
            <b {class}>{ word }</b>
            <span>{ format!("{}: {}", sentence(&verdict.condition).trim_end_matches('.'), verdict.figure) }</span>
            <span class="num">{ format!("{} → {}", figure(verdict.before, &verdict.unit), figure(verdict.after, &verdict.unit)) }</span>
        </div>
    }
}
