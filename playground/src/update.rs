//! The reducer: what happened and the state before, in; the state after and what is to be done, out. It touches nothing
//! else, so it is tested without a browser.
pub mod advice;
mod canvas;
mod clipboard;
pub mod comparison;
pub mod course;
mod document;
mod editing;
mod export;
mod fidelity;
mod finder;
mod library;
mod live;
mod opening;
mod recovery;
mod simulation;
mod source;
mod steering;
mod study;

pub use editing::{Entry, entries, title};
pub use opening::{Startup, open, read};

use crate::effect::Effect;
use crate::embed;
use crate::inspect;
use crate::model::{Agent, Dialog, Drawer, Model, Notice, Offer, Theme};
use crate::msg::Msg;
use crate::tool::{Pointer, Tool};

/// How long a notice that is no error stays, in milliseconds.
const NOTICE_MS: u32 = 6_000;

/// Takes a message into the model and says what is to be done.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let Some(msg) = (if model.embed { embed::allowed(msg) } else { Some(msg) }) else { return Vec::new() };
    match msg {
        Msg::Change(change) => document::change(model, change),
        Msg::Undo => document::undo(model),
        Msg::Redo => document::redo(model),
        Msg::Settled(edits) => document::settled(model, edits),

        Msg::Select(selection) => canvas::select(model, selection),
        Msg::Walk(walk) => canvas::walk(model, walk),
        Msg::SelectAll => canvas::select_all(model),
        Msg::Focused(node) => canvas::focused(model, node),
        Msg::Tab(tab) => only(|| model.tab = tab),
        Msg::Inspect(msg) => inspect::update(model, msg),

        Msg::Pointer(pointer) => {
            finder::seen(model, &pointer);
            canvas::pointer(model, &pointer)
        }
        Msg::Editing(msg) => editing::update(model, msg),
        Msg::Wheel(wheel) => canvas::wheel(model, &wheel),
        Msg::Escape => escape(model),
        Msg::Space(held) => only(|| model.space = held),
        Msg::Resized(width, height) => canvas::resized(model, width, height),
        Msg::Fit => canvas::fit(model),
        Msg::Rested(looks) => canvas::rested(model, looks),
        Msg::Zoom(factor) => canvas::zoom(model, factor),
        Msg::Centre(point) => canvas::centre(model, point),

        Msg::TogglePlay => simulation::toggle(model),
        Msg::Speed(speed) => simulation::speed(model, speed),
        Msg::Restart => simulation::restart(model),
        Msg::Slide(rate) => simulation::slide(model, rate),
        Msg::Slid => simulation::slid(model),
        Msg::Instance { node, instance } => simulation::instance(model, node, instance),
        Msg::Worker(message) => simulation::told(model, *message),
        Msg::WorkerBroke(thread, why) => recovery::broke(model, thread, &why),

        Msg::Steering(msg) => steering::update(model, msg),
        Msg::Watch(subject) => simulation::watch(model, subject),
        Msg::OverTime(shown) => only(|| model.over_time = shown),

        Msg::Drawer(drawer) => self::drawer(model, drawer),
        Msg::Advice(msg) => advice::update(model, msg),
        Msg::Course(msg) => course::update(model, &msg),
        Msg::Comparison(msg) => comparison::update(model, msg),

        Msg::Dialog(dialog) => self::dialog(model, dialog),
        Msg::ToggleTheme { is_dark } => {
            model.theme = if is_dark { Theme::Light } else { Theme::Dark };
            vec![Effect::Theme(model.theme)]
        }
        Msg::Dismiss(number) => only(|| model.notices.retain(|notice| notice.number != number)),

        Msg::Hash(fragment) => opening::hash(model, &fragment),
        Msg::Share => opening::share(model),
        Msg::Copied(is_copied) => opening::copied(model, is_copied),
        Msg::Export(form) => export::update(model, form),
        Msg::PickFile => vec![Effect::PickFile],
        Msg::File { name, text } => opening::file(model, &name, &text),
        Msg::Failed(error) => notice(model, true, error),

        Msg::Agent(status) => live::agent(model, status.map(|status| *status)),
        Msg::Token(token) => live::token(model, token),
        Msg::StartRun => live::start(model),
        Msg::Seconds(seconds) => only(|| model.live.seconds = seconds),
        Msg::Started(id) => live::started(model, id),
        Msg::Refused(error) => live::refused(model, error),
        Msg::StopRun => live::stop(model),
        Msg::Live(event) => live::event(model, *event),
        Msg::LiveLost => live::lost(model),
        Msg::LiveBroke => vec![Effect::AskAgent],
        Msg::AgentDue(asking) => live::due(model, asking),

        Msg::Finder(msg) => finder::update(model, msg),
        Msg::Clipboard(msg) => clipboard::update(model, msg),
        Msg::Library(msg) => library::update(model, msg),
        Msg::Source(msg) => source::update(model, msg),
        Msg::Renewed => offer(model, "A new version of Loadpath is ready.".to_owned(), Offer::Reload),
        Msg::Reload => {
            let mut effects = library::update(model, crate::library::Msg::Leave);
            effects.push(Effect::Reload);
            effects
        }
    }
}

/// A change of the model that asks for nothing else.
fn only(change: impl FnOnce()) -> Vec<Effect> {
    change();
    Vec::new()
}

/// Shows a dialog, or none. Before a live run an agent must be known.
fn dialog(model: &mut Model, dialog: Option<Dialog>) -> Vec<Effect> {
    model.dialog = dialog;
    let asks = dialog == Some(Dialog::Live) && !matches!(model.agent, Agent::Present { .. });
    if asks { vec![Effect::AskAgent] } else { Vec::new() }
}

/// Shows what stands beside the design, or nothing.
fn drawer(model: &mut Model, drawer: Option<Drawer>) -> Vec<Effect> {
    model.drawer = drawer;
    if drawer == Some(Drawer::Compare) {
        comparison::opened(model);
    }
    let mut effects = if model.is_fitted { canvas::fit(model) } else { Vec::new() };
    effects.extend(comparison::refresh(model));
    effects.extend(course::settled(model));
    effects
}

/// Says something; an error stays until it is closed.
fn notice(model: &mut Model, is_error: bool, text: String) -> Vec<Effect> {
    // The same sentence twice says no more than once.
    model.notices.retain(|notice| notice.text != text);
    model.noticed += 1;
    let number = model.noticed;
    model.notices.push(Notice { number, is_error, text, offer: None });
    if is_error {
        Vec::new()
    } else {
        vec![Effect::After { ms: NOTICE_MS, msg: Box::new(Msg::Dismiss(number)) }]
    }
}

/// Says what a change did beyond what was asked for, and offers to take it back.
fn notice_of_change(model: &mut Model, text: String) -> Vec<Effect> {
    let effects = notice(model, false, text);
    if let Some(notice) = model.notices.last_mut() {
        notice.offer = Some(Offer::Undo);
    }
    effects
}

/// Says something and offers to do something about it; it stays until it is closed or taken up.
fn offer(model: &mut Model, text: String, offer: Offer) -> Vec<Effect> {
    // The same offer is made once.
    model.notices.retain(|notice| notice.offer.as_ref() != Some(&offer));
    model.noticed += 1;
    model.notices.push(Notice { number: model.noticed, is_error: false, text, offer: Some(offer) });
    Vec::new()
}

/// Ends the nearest thing that is under way.
fn escape(model: &mut Model) -> Vec<Effect> {
    if !matches!(model.tool, Tool::Idle) {
        return canvas::pointer(model, &Pointer::Cancelled);
    }
    if model.dialog.take().is_some() || model.library.rows.take().is_some() {
        return Vec::new();
    }
    if let Some(effects) = steering::escape(model) {
        return effects;
    }
    if model.selection.is_empty() && model.drawer.is_some() {
        return drawer(model, None);
    }
    if let Some(effects) = editing::escape(model) {
        return effects;
    }
    canvas::select(model, crate::model::Selection::default())
}

#[cfg(test)]
mod presence_tests;
#[cfg(test)]
mod teaching_tests;
#[cfg(test)]
mod tests;
