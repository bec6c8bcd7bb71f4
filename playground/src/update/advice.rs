//! What is said of a design at once, and what is weak about it: findings, their mends, and whether trying a mend confirms it.
use super::{document, notice, study};
use crate::canvas::Badges;
use crate::effect::Effect;
use crate::estimated::Estimated;
use crate::inspect::Page;
use crate::model::{Model, Selection};
use crate::msg::Change;
use crate::run::Study;
use crate::shared::Shared;
use loadpath_core::advise::{Finding, Verdict};
use loadpath_core::topology::{Place, Topology};

/// What is known without, or beside, the simulation.
#[derive(Debug, Default)]
pub struct Advice {
    /// Of the last design without faults.
    pub estimated: Option<Shared<Estimated>>,
    /// The same on the canvas, by place.
    pub badges: Shared<Badges>,
    /// What the running simulation does not hold.
    pub of_run: Shared<Vec<Finding>>,
    /// Mends that were tried on that design.
    pub trials: Shared<Vec<Tried>>,
}

/// A mend that is tried, or was.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// Of what.
    pub finding: Finding,
    /// What came of it.
    pub trial: Trial,
}

/// What came of trying a mend.
#[derive(Clone, Debug, PartialEq)]
pub enum Trial {
    /// It runs; its answer carries this number.
    Runs(u32),
    /// It ran.
    Done(Verdict),
    /// It could not run: why.
    Failed(String),
}

/// What a person does with a finding.
#[derive(Clone, Debug)]
pub enum Msg {
    /// Select where it belongs.
    Show(Place),
    /// Change the design as it proposes.
    Mend(Box<Finding>),
    /// Run the design with its mend and without.
    Try(Box<Finding>),
    /// Show the prices, to be changed.
    Prices,
}

impl Advice {
    /// All findings: the run's, then the design's, each the worst first.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.of_run.iter().chain(self.estimated.iter().flat_map(|estimated| &estimated.findings))
    }

    /// What came of trying a finding's mend.
    pub fn trial(&self, finding: &Finding) -> Option<&Trial> {
        self.trials.iter().find(|tried| tried.finding == *finding).map(|tried| &tried.trial)
    }
}

/// What to select in order to look at a place; none where the canvas shows no such thing.
pub(crate) fn selection(place: &Place) -> Option<Selection> {
    match *place {
        Place::Node(node) => Some(Selection::node(node)),
        Place::Edge(edge) => Some(Selection::edge(edge)),
        Place::Workload | Place::Class(_) => Some(Selection::default()),
        _ => None,
    }
}

/// The design has settled: says of it what can be said at once.
pub(super) fn refresh(model: &mut Model) {
    if model.document.nodes.is_empty() {
        model.advice = Advice::default();
        return;
    }
    let Some(estimated) = Estimated::of(&model.document) else { return };
    let is_same = |old: &Topology, new: &Topology| {
        old.nodes.len() == new.nodes.len() && super::simulation::behaves_alike(old, new)
    };
    model.advice.badges = Shared::new(Badges::of(estimated.findings.iter()));
    let old = model.advice.estimated.replace(Shared::new(estimated));
    if old.is_none_or(|old| !is_same(&old.document, &model.document)) {
        model.advice.trials = Shared::default();
        model.advice.of_run = Shared::default();
    }
}

pub(super) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Show(place) => {
            selection(&place).map_or_else(Vec::new, |selection| super::canvas::select(model, selection))
        }
        Msg::Mend(finding) => mend(model, &finding),
        Msg::Try(finding) => try_mend(model, *finding),
        Msg::Prices => {
            model.inspect.page = Page::Goals;
            super::canvas::select(model, Selection::default())
        }
    }
}

fn mend(model: &mut Model, finding: &Finding) -> Vec<Effect> {
    let Some(mend) = &finding.mend else { return Vec::new() };
    let before = model.document.clone();
    let mut effects = document::change(model, Change::Edits(mend.edits.clone()));
    if model.document != before {
        let text = format!("{} Undo takes it back.", sentence(&mend.sentence));
        effects.extend(notice(model, false, text));
    }
    effects
}

/// With a capital and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    let first = letters.next().map_or(String::new(), |first| first.to_uppercase().collect());
    format!("{first}{}.", letters.as_str())
}

fn try_mend(model: &mut Model, finding: Finding) -> Vec<Effect> {
    let Some(estimated) = model.advice.estimated.clone() else { return Vec::new() };
    if finding.mend.is_none() || matches!(model.advice.trial(&finding), Some(Trial::Runs(_))) {
        return Vec::new();
    }
    let document = Box::new((*estimated.document).clone());
    let (number, effect) = study::ask(model, Study::Mend { document, finding: Box::new(finding.clone()) });
    set(model, finding, Trial::Runs(number));
    vec![effect]
}

fn set(model: &mut Model, finding: Finding, trial: Trial) {
    let mut trials = (*model.advice.trials).clone();
    trials.retain(|tried| tried.finding != finding);
    trials.push(Tried { finding, trial });
    model.advice.trials = Shared::new(trials);
}

/// The trials that run end without an answer.
pub(super) fn unanswered(model: &mut Model, why: &str) {
    let mut trials = (*model.advice.trials).clone();
    let running = trials.iter_mut().filter(|tried| matches!(tried.trial, Trial::Runs(_)));
    running.for_each(|tried| tried.trial = Trial::Failed(why.to_owned()));
    model.advice.trials = Shared::new(trials);
}

/// A trial has ended. One of a design that has changed since is waited for no more.
pub(super) fn tried(model: &mut Model, number: u32, verdict: Result<Verdict, String>) -> Vec<Effect> {
    let waits = model.advice.trials.iter().find(|tried| tried.trial == Trial::Runs(number));
    if let Some(finding) = waits.map(|tried| tried.finding.clone()) {
        set(model, finding, verdict.map_or_else(Trial::Failed, Trial::Done));
    }
    Vec::new()
}
