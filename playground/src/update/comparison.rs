//! Two designs or runs side by side: which, and what is known of them.
use super::{notice, study};
use crate::difference::Difference;
use crate::effect::Effect;
use crate::library::Kept;
use crate::model::{Drawer, Model};
use crate::run::{Compared, Compares, Figures, Party, Study};
use crate::shared::Shared;
use loadpath_core::order;
use loadpath_core::run::Run;
use loadpath_core::topology::{Topology, lessons};
use std::rc::Rc;

/// How many baselines are kept.
const MOST_KEPT: usize = 12;
/// How many designs of the library are offered.
const MOST_OFFERED: usize = 50;

/// What is compared with what.
#[derive(Debug, Default)]
pub struct Comparison {
    /// The baselines, the oldest first.
    pub kept: Shared<Vec<Shared<Topology>>>,
    /// The other designs that this browser keeps, as they were when the comparison was opened, the last changed first.
    pub others: Shared<Vec<Other>>,
    /// The first of the two.
    pub before: Side,
    /// The second of the two.
    pub after: Side,
    /// What they differ in, where the second is the design on the canvas.
    pub difference: Option<Shared<Difference>>,
    /// What was seen of both; none until it is known.
    pub compared: Option<Shared<Compared>>,
    /// The first one's figures of the subject, for the chart.
    pub figures: Option<Shared<Figures>>,
    /// Why they cannot be compared.
    pub refusal: Option<String>,
    /// The answer that is waited for, and what was asked.
    pending: Option<(u32, Asked)>,
    /// What the last answer is about.
    answered: Option<Asked>,
}

/// Designs and runs, by what they are: the same when they are one.
#[derive(Clone, Debug, PartialEq)]
struct Asked(Subject, Subject);

/// One of two.
#[derive(Clone, Debug, PartialEq)]
enum Subject {
    Design(Shared<Topology>),
    Run(Shared<Run>),
}

/// A design of the library.
#[derive(Clone, Debug, PartialEq)]
pub struct Other {
    /// Its key.
    pub id: Rc<str>,
    /// What it is.
    pub document: Shared<Topology>,
}

/// Where one of the two comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The design on the canvas.
    #[default]
    Current,
    /// A baseline, by its place.
    Kept(usize),
    /// A design of the library, by its key.
    Other(Rc<str>),
    /// The design before the last change.
    LastChange,
    /// The design of a lesson, by its id.
    Lesson(&'static str),
    /// The run that was measured, or opened from a file.
    Measured,
}

/// What a person does.
#[derive(Clone, Debug)]
pub enum Msg {
    /// Keep the design on the canvas, to compare others with.
    Keep,
    /// The first of the two is to be this.
    Before(Side),
    /// The second of the two is to be this.
    After(Side),
    /// Lay the measured run beside the design.
    Measured,
}

impl Comparison {
    /// Whether an answer is waited for.
    pub const fn is_running(&self) -> bool {
        self.pending.is_some()
    }
}

/// What can be one of the two, with what people call it.
pub fn sides(model: &Model) -> Vec<(Side, String)> {
    let named = |document: &Topology| {
        if document.name.is_empty() { "Untitled design".to_owned() } else { document.name.clone() }
    };
    let mut sides = vec![(Side::Current, "This design".to_owned())];
    let kept = model.comparison.kept.iter().enumerate();
    sides.extend(kept.map(|(i, kept)| (Side::Kept(i), format!("Baseline {}: {}", i + 1, named(kept)))));
    if model.history.can_undo() {
        sides.push((Side::LastChange, "Before the last change".to_owned()));
    }
    let others = model.comparison.others.iter();
    sides.extend(
        others.map(|it| (Side::Other(it.id.clone()), format!("My designs: {}", named(&it.document)))),
    );
    if let Some(lesson) = model.course.lesson() {
        sides.push((Side::Lesson(lesson.id), format!("Lesson: {}", lesson.title)));
        let previous = lesson.previous();
        sides.extend(previous.map(|it| (Side::Lesson(it.id), format!("Phase before: {}", it.title))));
    }
    if model.live.measured.is_some() {
        sides.push((Side::Measured, "Measured run".to_owned()));
    }
    sides
}

pub(super) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Keep => keep(model),
        Msg::Before(side) => {
            model.comparison.before = side;
            refresh(model)
        }
        Msg::After(side) => {
            model.comparison.after = side;
            refresh(model)
        }
        Msg::Measured => {
            model.comparison.before = Side::Current;
            model.comparison.after = Side::Measured;
            show(model)
        }
    }
}

fn keep(model: &mut Model) -> Vec<Effect> {
    let mut kept = (*model.comparison.kept).clone();
    // The same design twice says no more than once.
    let place = kept.iter().position(|other| **other == *model.document).unwrap_or_else(|| {
        if kept.len() == MOST_KEPT {
            kept.remove(0);
        }
        kept.push(model.document.clone());
        kept.len() - 1
    });
    model.comparison.kept = Shared::new(kept);
    model.comparison.before = Side::Kept(place);
    model.comparison.after = Side::Current;
    let mut effects =
        notice(model, false, "Kept as a baseline: change the design, and see what it does.".to_owned());
    effects.push(Effect::KeepBaselines(written(&model.comparison.kept)));
    effects.extend(show(model));
    effects
}

/// The baselines as the browser keeps them: a list of documents, each as its text.
fn written(kept: &[Shared<Topology>]) -> String {
    let texts: Vec<String> = kept.iter().map(|document| document.to_json()).collect();
    serde_json::to_string(&texts).expect("texts are JSON")
}

/// Takes up the baselines that the browser kept; those that cannot be read are no loss to anything else.
pub(super) fn restore(model: &mut Model, written: Option<&str>) {
    let texts = written.and_then(|written| loadpath_core::json::read::<Vec<String>>(written).ok());
    let read = |text: String| Some(Shared::new(Topology::from_json(&text).ok()?));
    let kept = texts.unwrap_or_default().into_iter().take(MOST_KEPT).filter_map(read).collect();
    model.comparison.kept = Shared::new(kept);
}

/// Opens the comparison.
pub(super) fn show(model: &mut Model) -> Vec<Effect> {
    model.drawer = Some(Drawer::Compare);
    opened(model);
    refresh(model)
}

/// The comparison is open: the library's designs can be chosen. Those that cannot be read cannot.
pub(super) fn opened(model: &mut Model) {
    let library = &model.library;
    let mut designs: Vec<_> = library.designs.iter().filter(|kept| kept.id != library.current).collect();
    order::sort_by(&mut designs, |a, b| b.changed.total_cmp(&a.changed));
    let read = |kept: &&Kept| {
        let document = Topology::from_json(&kept.text).ok()?;
        Some(Other { id: kept.id.clone(), document: Shared::new(document) })
    };
    model.comparison.others = Shared::new(designs.iter().take(MOST_OFFERED).filter_map(read).collect());
}

/// Compares with a lesson's design: what is new stands on the canvas.
pub(super) fn with_lesson(model: &mut Model, lesson: &'static str) -> Vec<Effect> {
    model.comparison.before = Side::Lesson(lesson);
    model.comparison.after = Side::Current;
    refresh(model)
}

fn design(model: &Model, side: &Side) -> Option<Shared<Topology>> {
    match side {
        Side::Current => Some(model.document.clone()),
        Side::Kept(i) => model.comparison.kept.get(*i).cloned(),
        Side::Other(id) => {
            let other = model.comparison.others.iter().find(|other| other.id == *id)?;
            Some(other.document.clone())
        }
        Side::LastChange => model.history.last().map(|moment| moment.document.clone()),
        Side::Lesson(id) => lessons::find(id).map(|lesson| Shared::new(lesson.document())),
        Side::Measured => None,
    }
}

fn subject(model: &Model, side: &Side) -> Option<Subject> {
    if *side == Side::Measured {
        let measured = model.live.measured.as_deref()?;
        return Some(Subject::Run(Shared::new(measured.run.clone())));
    }
    design(model, side).map(Subject::Design)
}

/// The design has settled, or something else is to be compared: says what differs, and asks for the figures where the
/// comparison is open.
pub(super) fn refresh(model: &mut Model) -> Vec<Effect> {
    let (before, after) = (model.comparison.before.clone(), model.comparison.after.clone());
    let old = design(model, &before).filter(|_| model.marks());
    let new = design(model, &after).filter(|_| after == Side::Current);
    model.comparison.difference = old.zip(new).map(|(old, new)| Shared::new(Difference::between(&old, &new)));
    if model.drawer.is_none() && before == Side::LastChange {
        // It would be another one after every change.
        forget(model);
    }
    if model.drawer == Some(Drawer::Compare) { figures(model, &before, &after) } else { Vec::new() }
}

fn figures(model: &mut Model, before: &Side, after: &Side) -> Vec<Effect> {
    if !model.faults.is_empty() {
        return Vec::new();
    }
    let both = subject(model, before).zip(subject(model, after));
    let Some((old, new)) = both.filter(|(old, new)| !same(old, new)) else {
        forget(model);
        return Vec::new();
    };
    let asked = Asked(old, new);
    let known = model.comparison.pending.as_ref().map(|(_, asked)| asked);
    // One question at a time: when its answer comes, what is of interest then is asked.
    if known.is_some() || model.comparison.answered.as_ref().is_some_and(|known| alike(known, &asked)) {
        return Vec::new();
    }
    let (number, effect) = study::ask(model, Study::Compare(Box::new(question(&asked))));
    model.comparison.pending = Some((number, asked));
    vec![effect]
}

fn forget(model: &mut Model) {
    let comparison = &mut model.comparison;
    comparison.compared = None;
    comparison.figures = None;
    comparison.refusal = None;
    comparison.answered = None;
}

/// Whether the answer to one is the answer to the other.
fn alike(a: &Asked, b: &Asked) -> bool {
    same(&a.0, &b.0) && same(&a.1, &b.1)
}

fn same(a: &Subject, b: &Subject) -> bool {
    match (a, b) {
        (Subject::Design(a), Subject::Design(b)) => a == b || super::simulation::behaves_alike(a, b),
        (Subject::Run(a), Subject::Run(b)) => **a == **b,
        _ => false,
    }
}

fn question(Asked(before, after): &Asked) -> Compares {
    let party = |subject: &Subject| match subject {
        Subject::Design(document) => Party::Design(Box::new((**document).clone())),
        Subject::Run(run) => Party::Run(Box::new((**run).clone())),
    };
    Compares { before: party(before), after: party(after) }
}

/// The answer came; when something else is of interest by now, that is asked.
pub(super) fn compared(
    model: &mut Model,
    number: u32,
    compared: Result<Box<Compared>, String>,
) -> Vec<Effect> {
    let Some((_, asked)) = model.comparison.pending.take_if(|(pending, _)| *pending == number) else {
        return Vec::new();
    };
    model.comparison.answered = Some(asked);
    match compared {
        Ok(compared) => {
            model.comparison.compared = Some(Shared::new(*compared));
            model.comparison.refusal = None;
        }
        Err(why) => {
            forget(model);
            model.comparison.refusal = Some(why);
        }
    }
    cut(model);
    refresh(model)
}

/// The answer that is waited for will not come; the same is not asked again by itself.
pub(super) fn unanswered(model: &mut Model, why: &str) {
    if let Some((_, asked)) = model.comparison.pending.take() {
        forget(model);
        model.comparison.answered = Some(asked);
        model.comparison.refusal = Some(why.to_owned());
    }
}

/// Cuts the first one's figures of the subject.
pub(super) fn cut(model: &mut Model) {
    let before = model.comparison.compared.as_deref().map(|compared| &compared.before);
    model.comparison.figures = before.and_then(|run| Figures::of(run, &model.subject)).map(Shared::new);
}
