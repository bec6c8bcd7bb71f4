//! The course: the list of lessons, and the lesson that is open, step by step.
mod lesson;

use super::drawer::drawer;
use crate::difference::Difference;
use crate::model::Model;
use crate::msg::Msg;
use crate::shared::Shared;
use crate::update::course::{self, Progress};
use loadpath_core::claims::{ClaimVerdict, NotJudged};
use loadpath_core::topology::lessons::{self, Lesson, Part};
use yew::prelude::*;

/// What is shown.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    progress: Shared<Progress>,
    claims: Shared<Vec<ClaimVerdict>>,
    goals: Shared<Vec<Result<ClaimVerdict, NotJudged>>>,
    checks_claims: bool,
    checks_goals: bool,
    difference: Option<Shared<Difference>>,
    tell: Callback<Msg>,
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        let course = &model.course;
        Self {
            progress: course.progress.clone(),
            claims: course.claims.clone(),
            goals: course.goals.clone(),
            checks_claims: course.checks_claims(),
            checks_goals: course.checks_goals(),
            difference: model.comparison.difference.clone(),
            tell,
        }
    }
}

/// The course.
#[component]
pub fn CourseDrawer(props: &Props) -> Html {
    let open = props.progress.lesson.as_deref().and_then(lessons::find);
    match open {
        Some(lesson) => {
            let body = html! {<>{ lesson::show(props, lesson) }{ aside(props) }</>};
            drawer(&lesson.title, &body, &props.tell)
        }
        None => drawer("Lessons", &html! {<>{ list(props) }{ aside(props) }</>}, &props.tell),
    }
}

fn on(props: &Props, msg: course::Msg) -> Callback<MouseEvent> {
    props.tell.reform(move |_: MouseEvent| Msg::Course(msg.clone()))
}

fn list(props: &Props) -> Html {
    let part = |part: Part| {
        let lessons = lessons::all().iter().filter(move |lesson| lesson.part == part);
        html! { <ol class="lessons">{ for lessons.map(|lesson| entry(props, lesson)) }</ol> }
    };
    let reached = props.progress.reached.len();
    html! {<>
        <p class="mute">{ "Each lesson is a design that runs: read, predict, see, and do it yourself. Your own design is kept aside meanwhile." }</p>
        <p class="mute small">{ format!("{reached} of {} done", lessons::all().len()) }</p>
        <h3>{ "Nine phases of growth" }</h3>
        { part(Part::Growth) }
        <h3>{ "Incidents" }</h3>
        { part(Part::Incident) }
    </>}
}

fn entry(props: &Props, lesson: &'static Lesson) -> Html {
    let is_reached = props.progress.reached.contains(lesson.id);
    html! {
        <li>
            <button type="button" class="link" data-lesson={lesson.id} title={lesson.goal.clone()}
                onclick={on(props, course::Msg::Begin(lesson.id))}>{ &lesson.title }</button>
            if is_reached { <span class="good" role="img" aria-label="done">{ "✓" }</span> }
        </li>
    }
}

/// One's own designs, which wait.
fn aside(props: &Props) -> Html {
    if props.progress.aside.is_empty() {
        return Html::default();
    }
    let designs = props.progress.aside.iter().enumerate().rev().map(|(i, design)| {
        let name = if design.name.is_empty() { "Untitled design" } else { &design.name };
        html! {
            <li>
                <span>{ name }</span>
                <button type="button" class="btn back" onclick={on(props, course::Msg::Back(i))}
                    aria-label={format!("Bring back {name}")}>{ "Bring back" }</button>
            </li>
        }
    });
    html! {<>
        <h3>{ "Kept aside" }</h3>
        <ul class="aside">{ for designs }</ul>
    </>}
}
