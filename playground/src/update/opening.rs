//! How a design comes into the page and leaves it: links, files, what the browser kept.
use super::{advice, comparison, course, document, library, live, notice, simulation};
use crate::clipboard::{self, Found, shortened};
use crate::edit;
use crate::effect::Effect;
use crate::history::Moment;
use crate::library::Kept;
use crate::model::{Drawer, Model, OverTime, Selection, Theme};
use crate::msg::{Change, Msg};
use crate::run::Measured;
use crate::shared::Shared;
use loadpath_core::run::Run;
use loadpath_core::topology::{Topology, lessons, link, three_tier};
use std::rc::Rc;

/// What the fragment starts with when an agent opened the page.
const CODE: &str = "code=";

/// What the page finds when it starts.
#[derive(Clone, Debug, Default)]
pub struct Startup {
    /// The address's fragment, without the `#`.
    pub fragment: String,
    /// The designs that the browser keeps.
    pub designs: Vec<Kept>,
    /// Which of them this tab showed last.
    pub session: Option<String>,
    /// What this tab could undo.
    pub history: Option<String>,
    /// The time, in milliseconds since 1970.
    pub now: f64,
    /// Whether the page is shown inside another, to be looked at.
    pub embed: bool,
    /// The colours that were chosen.
    pub theme: Option<Theme>,
    /// The right to act on the agent, from before a reload.
    pub token: Option<String>,
    /// How far the course has come.
    pub course: Option<String>,
    /// The baselines of comparisons.
    pub baselines: Option<String>,
    /// The lesson that the address asks for.
    pub lesson: Option<String>,
}

/// The model to start with, and what is to be done first.
pub fn open(startup: &Startup) -> (Model, Vec<Effect>) {
    let mut model = Model::new(edit::blank());
    model.theme = startup.theme.unwrap_or_default();
    model.token.clone_from(&startup.token);
    model.now = startup.now;
    model.embed = startup.embed;
    model.library.designs.clone_from(&startup.designs);
    let mut effects = vec![Effect::Theme(model.theme)];
    // Who has neither code nor token was not opened by an agent, and may not act on one; asking a folder of files would
    // only leave an error in the console.
    if startup.token.is_some() || startup.fragment.starts_with(CODE) {
        effects.push(Effect::AskAgent);
    }
    let (stored, told) = stored(&mut model, startup);
    effects.extend(told);
    let linked = match startup.fragment.as_str() {
        "" => None,
        fragment if fragment.starts_with(CODE) => {
            effects.push(Effect::Exchange(fragment[CODE.len()..].to_owned()));
            None
        }
        fragment => match link::decode(fragment) {
            Ok(document) => {
                super::steering::asked_by_link(&mut model, fragment);
                Some(document)
            }
            Err(why) => {
                let instead = if stored.is_some() { "your last design" } else { "the example" };
                let why = shortened(&why.to_string());
                let text = format!("Nothing was opened, and {instead} is shown: {why}.");
                effects.extend(notice(&mut model, true, text));
                None
            }
        },
    };
    effects.extend(first(&mut model, linked, stored));
    if let Some(written) = &startup.history {
        let now = document::now(&model);
        model.history.restore(written, &now);
    }
    comparison::restore(&mut model, startup.baselines.as_deref());
    course::restore(&mut model, startup.course.as_deref());
    effects.extend(lesson(&mut model, startup.lesson.as_deref()));
    if startup.embed {
        // What is only looked at is not this browser's to keep.
        effects.retain(|effect| !matches!(effect, Effect::Store { .. } | Effect::Keep { .. }));
    }
    (model, effects)
}

/// Begins the lesson that the address asks for; goes on with one that is open.
fn lesson(model: &mut Model, asked: Option<&str>) -> Vec<Effect> {
    if model.course.lesson().is_some() {
        model.drawer = Some(Drawer::Course);
    }
    let Some(id) = asked else { return course::settled(model) };
    match lessons::find(id) {
        Some(lesson) => course::begin(model, lesson),
        None => notice(model, true, format!("There is no lesson \"{id}\"; see the list under Lessons.")),
    }
}

/// A design with the key under which it is kept.
type Stored = (Topology, Rc<str>);

/// What the browser kept: this tab's own design, else the one that was changed last.
fn stored(model: &mut Model, startup: &Startup) -> (Option<Stored>, Vec<Effect>) {
    let own = startup.session.as_deref().and_then(|id| model.library.find(id));
    let Some(kept) = own.or_else(|| model.library.latest()) else { return (None, Vec::new()) };
    match Topology::from_json(&kept.text) {
        Ok(document) => (Some((document, kept.id.clone())), Vec::new()),
        Err(why) => {
            let text = format!(
                "The design that this browser kept cannot be read, so the example is shown: {}.",
                shortened(&why.to_string())
            );
            (None, notice(model, true, text))
        }
    }
}

/// Shows the first document: what the link says, else what was kept, else the example.
fn first(model: &mut Model, linked: Option<Topology>, stored: Option<Stored>) -> Vec<Effect> {
    let mut effects = Vec::new();
    let placed = |mut document: Topology| {
        edit::place_all(&mut document);
        document
    };
    let stored = stored.map(|(document, id)| (placed(document), id));
    let linked = linked.map(placed);
    let (document, design) = match (linked, stored) {
        (Some(linked), Some((stored, id))) if linked != stored => {
            let before =
                Moment { document: Shared::new(stored), selection: Selection::default(), design: id };
            model.history.record(before, None);
            if !model.embed {
                let text = "Opened from the link. Undo brings back your last design.";
                effects.extend(notice(model, false, text.to_owned()));
            }
            let design = library::design_of(model, &linked);
            (linked, design)
        }
        (_, Some(stored)) => stored,
        (linked, None) => {
            let document = linked.unwrap_or_else(three_tier);
            let design = library::design_of(model, &document);
            (document, design)
        }
    };
    let shown = Moment { document: Shared::new(document), selection: Selection::default(), design };
    // Nothing to wait for: this is no row of changes.
    document::set(model, shown);
    effects.extend(simulation::follow(model));
    effects.extend(library::keep(model));
    advice::refresh(model);
    effects.push(document::store(model));
    effects
}

/// The address changed while the page is open: someone pasted a link, or the agent opened the page again.
pub(super) fn hash(model: &mut Model, fragment: &str) -> Vec<Effect> {
    if fragment.is_empty() || fragment == model.fragment {
        return Vec::new();
    }
    if let Some(code) = fragment.strip_prefix(CODE) {
        return vec![Effect::Exchange(code.to_owned()), document::store(model)];
    }
    match link::decode(fragment) {
        Ok(opened) => {
            super::steering::asked_by_link(model, fragment);
            document::change(model, Change::Open(Box::new(opened)))
        }
        Err(why) => {
            let mut effects = notice(model, true, format!("Nothing was opened: {why}."));
            // The address says again what is shown.
            effects.push(document::store(model));
            effects
        }
    }
}

/// Copies the address. The design may have changed a moment ago, so the address is written first.
pub(super) fn share(model: &mut Model) -> Vec<Effect> {
    let store = document::store(model);
    if model.fragment.is_empty() {
        let text = "This design is too large for a link; export it as a file instead.";
        return notice(model, true, text.to_owned());
    }
    vec![store, Effect::CopyAddress]
}

/// The browser has copied the link, or has not.
pub(super) fn copied(model: &mut Model, is_copied: bool) -> Vec<Effect> {
    let text = if is_copied {
        "The link to this design is copied."
    } else {
        "The browser did not let the link be copied; copy it from the address bar."
    };
    notice(model, !is_copied, text.to_owned())
}

/// Opens a file: a design, or a run that is laid over the simulated one.
pub(super) fn file(model: &mut Model, name: &str, text: &str) -> Vec<Effect> {
    if let Ok(run) = Run::from_json(text) {
        let told = format!("{name}: a run of {} is shown as the measured one.", run.duration);
        live::show(model, Measured::done(run));
        model.over_time = OverTime::Measured;
        return notice(model, false, told);
    }
    match clipboard::read(text) {
        Ok(Found::Design(document) | Found::Part(document)) => {
            let mut effects = document::change(model, Change::Open(Box::new(document)));
            effects.extend(notice(
                model,
                false,
                format!("Opened {name}. Undo brings back the design before it."),
            ));
            effects
        }
        Err(why) => notice(model, true, format!("{name} was not opened: {why}.")),
    }
}

/// The message of a file that was read.
pub fn read(name: String, text: Option<String>) -> Msg {
    match text {
        Some(text) => Msg::File { name, text },
        None => Msg::Failed(format!("{name} could not be read as text.")),
    }
}
