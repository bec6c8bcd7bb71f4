//! A lesson, step by step: read, predict, see, do.
use super::super::comparison::words;
use super::{Props, on};
use crate::format;
use crate::update::course::{self, Step};
use loadpath_core::claims::{ClaimVerdict, NotJudged};
use loadpath_core::stats::Estimate;
use loadpath_core::topology::lessons::{self, Claim, Lesson, Measure, Relation, Shows};
use yew::prelude::*;

pub(super) fn show(props: &Props, lesson: &'static Lesson) -> Html {
    let step = props.progress.step;
    html! {<>
        <button type="button" class="link all" onclick={on(props, course::Msg::List)}>{ "← All lessons" }</button>
        <div class="tabs steps" role="tablist" aria-label="Steps">
            { for Step::ALL.into_iter().map(|it| tab(props, it, step)) }
        </div>
        {
            match step {
                Step::Read => read(props, lesson),
                Step::Predict => predict(props, lesson),
                Step::See => see(props, lesson),
                Step::Act => act(props, lesson),
            }
        }
    </>}
}

fn tab(props: &Props, step: Step, now: Step) -> Html {
    let is_on = step == now;
    html! {
        <button type="button" role="tab" aria-selected={is_on.to_string()} class={classes!(is_on.then_some("on"))}
            data-step={step.title()} onclick={on(props, course::Msg::Step(step))}>{ step.title() }</button>
    }
}

fn next(props: &Props, step: Step, text: &'static str) -> Html {
    html! {
        <div class="actions">
            <button type="button" class="btn pri" id="next-step" onclick={on(props, course::Msg::Step(step))}>{ text }</button>
        </div>
    }
}

fn read(props: &Props, lesson: &'static Lesson) -> Html {
    html! {<>
        <p><b>{ &lesson.goal }</b></p>
        <p>{ &lesson.reason }</p>
        if let (Some(previous), Some(difference)) = (lesson.previous(), &props.difference) {
            <h3>{ format!("New since \u{201c}{}\u{201d}", previous.title) }</h3>
            { words(difference) }
        }
        { next(props, Step::Predict, "Predict what happens") }
    </>}
}

fn predict(props: &Props, lesson: &'static Lesson) -> Html {
    let question = &lesson.predict;
    let answer = props.progress.answers.get(lesson.id).copied();
    let choices = question.choices.iter().enumerate().map(|(i, choice)| {
        let state = answer.map(|answer| match (i == question.right, i == answer) {
            (true, _) => ("right", "✓ "),
            (false, true) => ("wrong", "✗ "),
            (false, false) => ("", ""),
        });
        let (class, sign) = state.unwrap_or_default();
        html! {
            <button type="button" class={classes!("choice", class)} aria-pressed={(answer == Some(i)).to_string()}
                disabled={answer.is_some()} onclick={on(props, course::Msg::Answer(i))}>{ sign }{ choice }</button>
        }
    });
    html! {<>
        <p><b>{ &question.asks }</b></p>
        <div class="choices" role="group" aria-label="Answers">{ for choices }</div>
        <div role="status">
            if let Some(answer) = answer {
                <p><b>{ if answer == question.right { "Right. " } else { "Not so. " } }</b>{ &question.because }</p>
            }
        </div>
        if answer.is_some() { { next(props, Step::See, "See it run") } }
    </>}
}

fn see(props: &Props, lesson: &'static Lesson) -> Html {
    let claims = lesson.claims.iter().enumerate().map(|(i, claim)| {
        let verdict = props.claims.get(i);
        let (class, sign) = match verdict {
            Some(verdict) => tick(verdict.holds),
            None => ("mute", "·"),
        };
        html! {
            <li>
                <span class={classes!("tick", class)} aria-hidden="true">{ sign }</span>
                <div>
                    <small class="mute">{ shows(claim.shows) }</small>
                    <p>{ &claim.says }</p>
                    if let Some(verdict) = verdict { <small class="num">{ measured(claim, verdict) }</small> }
                </div>
                <button type="button" class="btn" aria-label={format!("Show: {}", claim.says)}
                    onclick={on(props, course::Msg::See(i))}>{ "Show" }</button>
            </li>
        }
    });
    let check = on(props, course::Msg::Check);
    html! {<>
        <p class="mute">{ "The design runs. “Show” puts the design on the canvas that a sentence speaks of." }</p>
        <ul class="claims">{ for claims }</ul>
        <button type="button" class="btn" id="check-claims" disabled={props.checks_claims} onclick={check}>
            { if props.checks_claims { "Simulating…" } else { "Check them by simulation" } }
        </button>
        <h3>{ "What it costs" }</h3>
        <p>{ &lesson.costs }</p>
        <h3>{ "What is new and can go wrong" }</h3>
        <p>{ &lesson.weakness }</p>
        { next(props, Step::Act, "Do it yourself") }
    </>}
}

fn act(props: &Props, lesson: &'static Lesson) -> Html {
    let goals = lesson.task.goals.iter().enumerate().map(|(i, goal)| {
        let (class, sign, told) = match props.goals.get(i) {
            Some(Ok(verdict)) => {
                let (class, sign) = tick(verdict.holds);
                (class, sign, measured(goal, verdict))
            }
            Some(Err(why)) => ("bad", "✗", refusal(why)),
            None => ("mute", "…", String::new()),
        };
        html! {
            <li data-goal={sign}>
                <span class={classes!("tick", class)} aria-hidden="true">{ sign }</span>
                <div><p>{ &goal.says }</p><small class="num">{ told }</small></div>
            </li>
        }
    });
    let reached = props.progress.reached.contains(lesson.id);
    let is_now = !props.goals.is_empty() && props.goals.iter().all(|g| matches!(g, Ok(v) if v.holds));
    let place = lessons::all().iter().position(|other| other.id == lesson.id);
    let following = place.and_then(|place| lessons::all().get(place + 1));
    html! {<>
        <p><b>{ &lesson.task.asks }</b></p>
        <ul class="claims goals" aria-live="polite">{ for goals }</ul>
        <p class="mute small" id="judging">
            { if props.checks_goals { "Simulating your design…" } else { "Judged by the simulator on your design, whenever you change it." } }
        </p>
        if is_now { <p class="reached" id="reached" role="status"><b class="good">{ "✓ Reached." }</b>{ " The design on the canvas does it." }</p> }
        <div class="actions">
            if let Some(following) = following.filter(|_| reached) {
                <button type="button" class="btn pri" id="next-lesson" onclick={on(props, course::Msg::Begin(following.id))}>
                    { format!("Next: {}", following.title) }
                </button>
            }
            <button type="button" class="btn" id="solution" onclick={on(props, course::Msg::Solution)}>{ "Show a solution" }</button>
        </div>
        if let Some(difference) = &props.difference {
            <h3>{ format!("Changed since \u{201c}{}\u{201d}", lesson.previous().unwrap_or(lesson).title) }</h3>
            { words(difference) }
        }
    </>}
}

fn refusal(why: &NotJudged) -> String {
    crate::update::advice::sentence(&why.to_string())
}

const fn tick(holds: bool) -> (&'static str, &'static str) {
    if holds { ("good", "✓") } else { ("bad", "✗") }
}

const fn shows(shows: Shows) -> &'static str {
    match shows {
        Shows::Benefit => "benefit",
        Shows::Cost => "cost",
        Shows::Weakness => "weakness",
    }
}

/// What was measured, beside the bound.
fn measured(claim: &Claim, verdict: &ClaimVerdict) -> String {
    let told = |of: Estimate| figure(&claim.measure, of.value);
    let half = half_width(&claim.measure, verdict.measured);
    let bound = match (&claim.holds, verdict.compared) {
        (Relation::Below(bound), _) => format!("below {}", figure(&claim.measure, *bound)),
        (Relation::Above(bound), _) => format!("above {}", figure(&claim.measure, *bound)),
        (Relation::BelowTimes(factor, _), Some(of)) => format!("below {factor} × {}", told(of)),
        (Relation::AboveTimes(factor, _), Some(of)) => format!("above {factor} × {}", told(of)),
        (Relation::BelowTimes(..) | Relation::AboveTimes(..), None) => String::new(),
    };
    format!("{} {half} · {bound}", told(verdict.measured))
}

fn half_width(measure: &Measure, of: Estimate) -> String {
    match measure {
        Measure::P50 | Measure::P99 | Measure::NodeP50(_) | Measure::NodeP99(_) => {
            format::half_width(of.value, of.half_width)
        }
        Measure::ErrorShare
        | Measure::NodeErrorShare(_)
        | Measure::HitRatio(_)
        | Measure::Utilization(_)
        | Measure::Hottest(_) => format!("± {}", format::amount(of.half_width * 100.0)),
        _ => format!("± {}", format::amount(of.half_width)),
    }
}

fn figure(measure: &Measure, value: f64) -> String {
    match measure {
        Measure::P50 | Measure::P99 | Measure::NodeP50(_) | Measure::NodeP99(_) => format::seconds(value),
        Measure::ErrorShare
        | Measure::NodeErrorShare(_)
        | Measure::HitRatio(_)
        | Measure::Utilization(_)
        | Measure::Hottest(_) => format::percent(value),
        Measure::Throughput | Measure::NodeRate(_) => format::rate(value),
        Measure::Backlog(_) | Measure::Instances(_) | Measure::Counter { .. } => format::amount(value),
    }
}
