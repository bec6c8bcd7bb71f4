//! How a design comes into the page and leaves it: links, files, what the browser kept.
use super::{document, live, notice, simulation};
use crate::edit;
use crate::effect::Effect;
use crate::history::Moment;
use crate::model::{Model, OverTime, Selection, Theme};
use crate::msg::{Change, Msg};
use crate::run::Measured;
use crate::shared::Shared;
use loadpath_core::run::Run;
use loadpath_core::topology::{Topology, link, three_tier};

/// What the fragment starts with when an agent opened the page.
const CODE: &str = "code=";

/// What the page finds when it starts.
#[derive(Clone, Debug, Default)]
pub struct Startup {
    /// The address's fragment, without the `#`.
    pub fragment: String,
    /// The document that the browser kept.
    pub stored: Option<String>,
    /// The colours that were chosen.
    pub theme: Option<Theme>,
    /// The right to act on the agent, from before a reload.
    pub token: Option<String>,
}

/// The model to start with, and what is to be done first.
pub fn open(startup: &Startup) -> (Model, Vec<Effect>) {
    let mut model = Model::new(edit::blank());
    model.theme = startup.theme.unwrap_or_default();
    model.token.clone_from(&startup.token);
    let mut effects = vec![Effect::Theme(model.theme)];
    // Who has neither code nor token was not opened by an agent, and may not act on one; asking a folder of files would
    // only leave an error in the console.
    if startup.token.is_some() || startup.fragment.starts_with(CODE) {
        effects.push(Effect::AskAgent);
    }
    let stored = startup.stored.as_deref().map(Topology::from_json);
    if let Some(Err(why)) = &stored {
        let text =
            format!("The design that this browser kept cannot be read, so the example is shown: {why}.");
        effects.extend(notice(&mut model, true, text));
    }
    let stored = stored.and_then(Result::ok);
    let linked = match startup.fragment.as_str() {
        "" => None,
        fragment if fragment.starts_with(CODE) => {
            effects.push(Effect::Exchange(fragment[CODE.len()..].to_owned()));
            None
        }
        fragment => match link::decode(fragment) {
            Ok(document) => {
                super::alive::asked_by_link(&mut model, fragment);
                Some(document)
            }
            Err(why) => {
                let instead = if stored.is_some() { "your last design" } else { "the example" };
                let text = format!("Nothing was opened, and {instead} is shown: {why}.");
                effects.extend(notice(&mut model, true, text));
                None
            }
        },
    };
    effects.extend(first(&mut model, linked, stored));
    (model, effects)
}

/// Shows the first document: what the link says, else what was kept, else the example.
fn first(model: &mut Model, linked: Option<Topology>, stored: Option<Topology>) -> Vec<Effect> {
    let mut effects = Vec::new();
    let is_other = linked.is_some() && stored.is_some() && linked != stored;
    if is_other && let Some(mut stored) = stored.clone() {
        edit::place_all(&mut stored);
        let before = Moment { document: Shared::new(stored), selection: Selection::default() };
        model.history.record(before, None);
        let text = "Opened from the link. Undo brings back your last design.";
        effects.extend(notice(model, false, text.to_owned()));
    }
    let mut document = linked.or(stored).unwrap_or_else(three_tier);
    edit::place_all(&mut document);
    let shown = Moment { document: Shared::new(document), selection: Selection::default() };
    // Nothing to wait for: this is no row of changes.
    document::set(model, shown);
    effects.extend(simulation::follow(model));
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
            super::alive::asked_by_link(model, fragment);
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

/// Saves the design as a file.
pub(super) fn export(model: &Model) -> Vec<Effect> {
    let name = file_name(&model.document.name);
    let text = model.document.to_json_pretty();
    vec![Effect::Download { name, text }]
}

/// A file name made of a design's name: small letters, digits and hyphens.
fn file_name(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let name = if words.is_empty() { "design".to_owned() } else { words.join("-") };
    format!("{}.loadpath.json", &name[..name.len().min(60)])
}

/// Opens a file: a design, or a run that is laid over the simulated one.
pub(super) fn file(model: &mut Model, name: &str, text: &str) -> Vec<Effect> {
    if let Ok(run) = Run::from_json(text) {
        let told = format!("{name}: a run of {} is shown as the measured one.", run.duration);
        live::show(model, Measured::done(run));
        model.over_time = OverTime::Measured;
        return notice(model, false, told);
    }
    match Topology::from_json(text) {
        Ok(document) => {
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
