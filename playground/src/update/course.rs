//! The course: lessons that are read, predicted, seen and done. The person's own design waits aside and comes back.
use super::{comparison, document, notice, simulation, study};
use crate::effect::Effect;
use crate::model::{Drawer, Model};
use crate::msg::Change;
use crate::run::Study;
use crate::shared::Shared;
use loadpath_core::claims::{ClaimVerdict, NotJudged};
use loadpath_core::topology::lessons::{self, Lesson};
use loadpath_core::topology::{Topology, check, three_tier};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many designs wait aside.
const MOST_ASIDE: usize = 8;

/// Where a learner is.
#[derive(Debug, Default)]
pub struct Course {
    /// What the browser keeps.
    pub progress: Shared<Progress>,
    /// What became of the lesson's claims, once they were checked.
    pub claims: Shared<Vec<ClaimVerdict>>,
    /// What became of the goals on the design on the canvas.
    pub goals: Shared<Vec<Result<ClaimVerdict, NotJudged>>>,
    /// The answer about claims that is waited for.
    claims_pending: Option<u32>,
    /// The answer about goals that is waited for, and the design that it is about.
    goals_pending: Option<(u32, Shared<Topology>)>,
    /// The design that `goals` is about.
    judged: Option<Shared<Topology>>,
}

/// What the browser keeps of the course.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The lesson that is open, by its id.
    pub lesson: Option<String>,
    /// How far it has come.
    pub step: Step,
    /// What was predicted, by lesson: the place of the choice.
    pub answers: BTreeMap<String, usize>,
    /// The lessons whose goals were reached.
    pub reached: BTreeSet<String>,
    /// The person's own designs, the latest last.
    pub aside: Vec<Topology>,
}

/// A step of a lesson.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// What the situation is.
    #[default]
    Read,
    /// What will happen?
    Predict,
    /// What happens, what it costs, what is new.
    See,
    /// Do it.
    Act,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Read, Self::Predict, Self::See, Self::Act];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Predict => "Predict",
            Self::See => "See",
            Self::Act => "Do",
        }
    }
}

/// What a learner does.
#[derive(Clone, Debug)]
pub enum Msg {
    /// Begin a lesson.
    Begin(&'static str),
    /// Go to a step.
    Step(Step),
    /// Predict: the place of the choice.
    Answer(usize),
    /// Run the design that a claim speaks of.
    See(usize),
    /// Have all claims checked.
    Check,
    /// Show a design that reaches the goals.
    Solution,
    /// Show the list of lessons.
    List,
    /// Bring back one's own design, by its place among those aside.
    Back(usize),
}

impl Course {
    /// The lesson that is open.
    pub fn lesson(&self) -> Option<&'static Lesson> {
        self.progress.lesson.as_deref().and_then(lessons::find)
    }

    /// Whether claims are being checked.
    pub const fn checks_claims(&self) -> bool {
        self.claims_pending.is_some()
    }

    /// Whether goals are being checked.
    pub const fn checks_goals(&self) -> bool {
        self.goals_pending.is_some()
    }
}

pub(super) fn update(model: &mut Model, msg: &Msg) -> Vec<Effect> {
    match *msg {
        Msg::Begin(id) => lessons::find(id).map_or_else(Vec::new, |lesson| begin(model, lesson)),
        Msg::Step(step) => go(model, step),
        Msg::Answer(choice) => answer(model, choice),
        Msg::See(claim) => see(model, claim),
        Msg::Check => check_claims(model),
        Msg::Solution => solution(model),
        Msg::List => {
            let mut effects = comparison::refresh(model);
            effects.extend(keep(model, |progress| progress.lesson = None));
            effects
        }
        Msg::Back(place) => back(model, place),
    }
}

/// Changes what is kept, and has it kept.
fn keep(model: &mut Model, change: impl FnOnce(&mut Progress)) -> Vec<Effect> {
    let mut progress = (*model.course.progress).clone();
    change(&mut progress);
    let text = serde_json::to_string(&progress).expect("progress holds only what JSON can say");
    model.course.progress = Shared::new(progress);
    vec![Effect::KeepCourse(text)]
}

/// Begins a lesson: its design comes to the canvas and waits, so that its end can be predicted before it is seen.
pub(super) fn begin(model: &mut Model, lesson: &'static Lesson) -> Vec<Effect> {
    let own = is_own(model).then(|| (*model.document).clone());
    model.drawer = Some(Drawer::Course);
    model.course.claims = Shared::default();
    model.course.claims_pending = None;
    model.course.goals = Shared::default();
    model.course.goals_pending = None;
    model.course.judged = None;
    let mut effects = keep(model, |progress| {
        progress.lesson = Some(lesson.id.to_owned());
        progress.step = Step::Read;
        if let Some(own) = own.filter(|own| !progress.aside.contains(own)) {
            if progress.aside.len() == MOST_ASIDE {
                progress.aside.remove(0);
            }
            progress.aside.push(own);
        }
    });
    effects.extend(show(model, lesson.document()));
    if model.simulated.running {
        effects.extend(simulation::toggle(model));
    }
    effects.extend(comparison::with_lesson(model, lesson.previous().map_or(lesson.id, |before| before.id)));
    effects
}

/// Whether a design is the person's, and not a lesson's, the example, or nothing at all.
fn is_own(model: &Model) -> bool {
    let document = &*model.document;
    let as_written = || lessons::all().iter().any(|lesson| lesson.document() == *document);
    // A lesson's tasks start from its design or from the one before.
    let open = model.course.lesson();
    let named = |lesson: &Lesson| lesson.document().name == document.name;
    let of_open = open.is_some_and(|lesson| named(lesson) || lesson.previous().is_some_and(named));
    !document.nodes.is_empty() && *document != three_tier() && !of_open && !as_written()
}

/// Puts a design of the lesson on the canvas.
fn show(model: &mut Model, design: Topology) -> Vec<Effect> {
    document::change(model, Change::Open(Box::new(design)))
}

/// Runs what is on the canvas from its beginning.
fn run(model: &mut Model) -> Vec<Effect> {
    if model.simulated.running { Vec::new() } else { simulation::toggle(model) }
}

fn go(model: &mut Model, step: Step) -> Vec<Effect> {
    let Some(lesson) = model.course.lesson() else { return Vec::new() };
    let was = model.course.progress.step;
    let mut effects = keep(model, |progress| progress.step = step);
    match step {
        Step::Act if was != Step::Act => {
            effects.extend(lesson.variant(&lesson.task.start).map_or_else(Vec::new, |d| show(model, d)));
            effects.extend(run(model));
        }
        Step::See if was != Step::See => {
            effects.extend(show(model, lesson.document()));
            effects.extend(run(model));
        }
        _ => {}
    }
    effects.extend(settled(model));
    effects
}

fn answer(model: &mut Model, choice: usize) -> Vec<Effect> {
    let Some(lesson) = model.course.lesson().filter(|lesson| choice < lesson.predict.choices.len()) else {
        return Vec::new();
    };
    let mut effects = keep(model, |progress| {
        progress.answers.insert(lesson.id.to_owned(), choice);
    });
    effects.extend(run(model));
    effects.extend(simulation::restart(model));
    effects
}

fn see(model: &mut Model, claim: usize) -> Vec<Effect> {
    let Some(lesson) = model.course.lesson() else { return Vec::new() };
    let design = lesson.claims.get(claim).and_then(|claim| lesson.variant(&claim.design));
    let mut effects = design.map_or_else(Vec::new, |design| show(model, design));
    effects.extend(run(model));
    effects
}

fn check_claims(model: &mut Model) -> Vec<Effect> {
    let Some(lesson) = model.course.lesson().filter(|_| !model.course.checks_claims()) else {
        return Vec::new();
    };
    let (number, effect) = study::ask(model, Study::Claims { lesson: lesson.id.to_owned() });
    model.course.claims_pending = Some(number);
    vec![effect]
}

pub(super) fn claims_checked(model: &mut Model, number: u32, verdicts: Vec<ClaimVerdict>) -> Vec<Effect> {
    if model.course.claims_pending.take_if(|pending| *pending == number).is_some() {
        model.course.claims = Shared::new(verdicts);
    }
    Vec::new()
}

fn solution(model: &mut Model) -> Vec<Effect> {
    let Some(lesson) = model.course.lesson() else { return Vec::new() };
    let design = lesson.variant(&lesson.task.solution);
    let mut effects = design.map_or_else(Vec::new, |design| show(model, design));
    effects.extend(notice(model, false, "One way of several. Undo brings back yours.".to_owned()));
    effects
}

fn back(model: &mut Model, place: usize) -> Vec<Effect> {
    let Some(own) = model.course.progress.aside.get(place).cloned() else { return Vec::new() };
    let mut effects = keep(model, |progress| {
        progress.aside.remove(place);
        progress.lesson = None;
    });
    effects.extend(show(model, own));
    effects.extend(run(model));
    effects.extend(notice(model, false, "Your own design is back.".to_owned()));
    effects
}

/// The design has settled: where a lesson asks for something to be done, whether it is done.
pub(super) fn settled(model: &mut Model) -> Vec<Effect> {
    let Some(lesson) = model.course.lesson() else { return Vec::new() };
    let acts = model.course.progress.step == Step::Act && model.drawer == Some(Drawer::Course);
    let known = model.course.judged.as_ref();
    let is_known = known.is_some_and(|known| simulation::behaves_alike(known, &model.document));
    if !acts || is_known || model.course.goals_pending.is_some() || check(&model.document).is_err() {
        return Vec::new();
    }
    let document = model.document.clone();
    let question = Study::Goals { lesson: lesson.id.to_owned(), document: Box::new((*document).clone()) };
    let (number, effect) = study::ask(model, question);
    model.course.goals_pending = Some((number, document));
    vec![effect]
}

/// Nothing is checked any more: the answers will not come. The goals are asked for again when the design changes.
pub(super) fn unanswered(model: &mut Model) {
    model.course.claims_pending = None;
    if let Some((_, judged)) = model.course.goals_pending.take() {
        model.course.judged = Some(judged);
    }
}

/// The goals were checked; when the design has changed since, they are checked anew.
pub(super) fn goals_checked(
    model: &mut Model,
    number: u32,
    goals: Vec<Result<ClaimVerdict, NotJudged>>,
) -> Vec<Effect> {
    let Some((_, judged)) = model.course.goals_pending.take_if(|(pending, _)| *pending == number) else {
        return Vec::new();
    };
    let all = !goals.is_empty() && goals.iter().all(|goal| matches!(goal, Ok(verdict) if verdict.holds));
    model.course.goals = Shared::new(goals);
    model.course.judged = Some(judged.clone());
    let mut effects = Vec::new();
    if let Some(lesson) = model.course.lesson().filter(|_| all && judged == model.document)
        && !model.course.progress.reached.contains(lesson.id)
    {
        effects = keep(model, |progress| {
            progress.reached.insert(lesson.id.to_owned());
        });
        effects.extend(notice(model, false, format!("{}: all goals are reached.", lesson.title)));
    }
    effects.extend(settled(model));
    effects
}

/// What the browser kept; nothing of it where it cannot be read.
pub(super) fn restore(model: &mut Model, kept: Option<&str>) {
    let progress = kept.and_then(|text| loadpath_core::json::read::<Progress>(text).ok());
    model.course.progress = Shared::new(progress.unwrap_or_default());
}
