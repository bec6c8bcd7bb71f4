//! The designs that this browser keeps. The one on the canvas is kept on every change; what another tab wrote is never
//! overwritten: this tab's version then becomes a design of its own.
use super::{document, notice, offer};
use crate::effect::Effect;
use crate::library::{Kept, Msg, Row, rows};
use crate::model::{Model, Offer};
use crate::msg::Change;
use crate::shared::Shared;
use loadpath_core::topology::{Topology, three_tier};
use std::rc::Rc;

/// How many deleted designs can be brought back.
const DELETED: usize = 20;

pub(super) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let effects = match msg {
        Msg::Show(true) => {
            let effects = keep(model);
            model.library.rows = Some(Shared::default());
            effects
        }
        Msg::Show(false) => {
            model.library.rows = None;
            Vec::new()
        }
        Msg::Open(id) => open(model, &id),
        Msg::Rename(id, name) => rename(model, &id, name.trim()),
        Msg::Duplicate(id) => duplicate(model, &id),
        Msg::Delete(id) => delete(model, &id),
        Msg::Restore(id) => restore(model, &id),
        Msg::Elsewhere { id, written } => elsewhere(model, &id, written.as_deref()),
        Msg::Late { id, written } => late(model, &id, &written),
        Msg::Refused(why) => refused(model, &why),
        Msg::TakeOver => take_over(model),
        Msg::Leave => leave(model),
    };
    list(model);
    effects
}

/// Writes the list anew, where it is shown.
fn list(model: &mut Model) {
    if model.library.rows.is_some() {
        let rows: Vec<Row> = rows(&model.library, model.now);
        model.library.rows = Some(Shared::new(rows));
    }
}

/// Which kept design a document is: one that says the same, or a new one.
pub(super) fn design_of(model: &mut Model, document: &Topology) -> Rc<str> {
    let same = model.library.same(&document.to_json()).map(|kept| kept.id.clone());
    same.unwrap_or_else(|| model.library.fresh(model.now))
}

/// Keeps the design on the canvas as it is now.
pub(super) fn keep(model: &mut Model) -> Vec<Effect> {
    let text: Rc<str> = model.document.to_json().into();
    let before = model.library.find(&model.library.current).map(|kept| kept.text.clone());
    if before.as_ref() == Some(&text) {
        return Vec::new();
    }
    if model.library.is_taken {
        return part_ways(model);
    }
    let kept = Kept { id: model.library.current.clone(), changed: model.now, text };
    model.library.put(kept.clone());
    list(model);
    vec![Effect::Keep { kept, before }]
}

/// Another tab has this design: what this tab shows goes on as a design of its own.
fn part_ways(model: &mut Model) -> Vec<Effect> {
    let mut document = (*model.document).clone();
    document.name = copy_name(&document.name);
    model.library.current = model.library.fresh(model.now);
    let_go(model);
    let told = format!(
        "Another tab changed this design too. Your version is kept beside it, as “{}”.",
        document.name
    );
    model.document = Shared::new(document);
    super::source::follow(model);
    let mut effects = keep(model);
    effects.push(document::store(model));
    effects.extend(notice(model, false, told));
    effects
}

/// The design on the canvas is no other tab's: what was offered because it was is void.
pub(super) fn let_go(model: &mut Model) {
    model.library.is_taken = false;
    model.notices.retain(|notice| notice.offer != Some(Offer::TakeOver));
}

fn copy_name(name: &str) -> String {
    let name = if name.is_empty() { "Untitled design" } else { name };
    // The longest name that a design may have, less what is added.
    format!("{} (copy)", name.chars().take(190).collect::<String>())
}

fn open(model: &mut Model, id: &Rc<str>) -> Vec<Effect> {
    if *id == model.library.current {
        return Vec::new();
    }
    let Some(kept) = model.library.find(id) else { return Vec::new() };
    match Topology::from_json(&kept.text) {
        Ok(mut document) => {
            crate::edit::place_all(&mut document);
            document::open_as(model, document, id.clone())
        }
        Err(why) => {
            let why = crate::clipboard::shortened(&why.to_string());
            notice(model, true, format!("This design cannot be read, and was left as it is: {why}."))
        }
    }
}

fn rename(model: &mut Model, id: &Rc<str>, name: &str) -> Vec<Effect> {
    if *id == model.library.current {
        return document::change(model, Change::Name(name.to_owned()));
    }
    rewrite(model, id, |document| name.clone_into(&mut document.name))
}

fn rewrite(model: &mut Model, id: &Rc<str>, change: impl FnOnce(&mut Topology)) -> Vec<Effect> {
    let Some(kept) = model.library.find(id).cloned() else { return Vec::new() };
    let Ok(mut document) = Topology::from_json(&kept.text) else { return Vec::new() };
    change(&mut document);
    let changed = Kept { text: document.to_json().into(), ..kept.clone() };
    model.library.put(changed.clone());
    vec![Effect::Keep { kept: changed, before: Some(kept.text) }]
}

fn duplicate(model: &mut Model, id: &Rc<str>) -> Vec<Effect> {
    let Some(kept) = model.library.find(id).cloned() else { return Vec::new() };
    let Ok(mut document) = Topology::from_json(&kept.text) else { return Vec::new() };
    document.name = copy_name(&document.name);
    let copy =
        Kept { id: model.library.fresh(model.now), changed: model.now, text: document.to_json().into() };
    model.library.put(copy.clone());
    vec![Effect::Keep { kept: copy, before: None }]
}

/// Deleted, a design can be brought back by its notice. Where it was on the canvas, the next one comes there.
fn delete(model: &mut Model, id: &Rc<str>) -> Vec<Effect> {
    let Some(kept) = model.library.find(id).cloned() else { return Vec::new() };
    let mut effects = if *id == model.library.current { keep(model) } else { Vec::new() };
    let kept = model.library.find(id).cloned().unwrap_or(kept);
    model.library.designs.retain(|other| other.id != *id);
    if *id == model.library.current {
        effects.extend(show_next(model));
    }
    let name = Topology::from_json(&kept.text).map(|document| document.name).unwrap_or_default();
    let name = if name.is_empty() { "The design".to_owned() } else { format!("“{name}”") };
    if model.library.deleted.len() == DELETED {
        model.library.deleted.remove(0);
    }
    model.library.deleted.push(kept);
    effects.push(Effect::Forget(id.clone()));
    effects.extend(offer(model, format!("{name} was deleted."), Offer::Restore(id.clone())));
    effects
}

/// Shows the design that was changed last, or the example.
fn show_next(model: &mut Model) -> Vec<Effect> {
    let readable =
        |kept: &Kept| Topology::from_json(&kept.text).ok().map(|document| (kept.id.clone(), document));
    let mut next = model.library.latest().and_then(readable);
    if let Some((_, document)) = &mut next {
        crate::edit::place_all(document);
    }
    let (id, document) = match next {
        Some(next) => next,
        None => (model.library.fresh(model.now), three_tier()),
    };
    let mut effects = super::simulation::unload(model);
    let moment = crate::history::Moment {
        document: Shared::new(document),
        selection: crate::model::Selection::default(),
        design: id,
    };
    effects.extend(document::set(model, moment));
    effects.extend(super::canvas::fit(model));
    effects
}

fn restore(model: &mut Model, id: &Rc<str>) -> Vec<Effect> {
    let Some(place) = model.library.deleted.iter().position(|kept| kept.id == *id) else { return Vec::new() };
    let kept = model.library.deleted.remove(place);
    model.library.put(kept.clone());
    let mut effects = vec![Effect::Keep { kept, before: None }];
    effects.extend(open(model, id));
    effects
}

/// Another tab wrote, or deleted. Only what is on the canvas here needs words.
fn elsewhere(model: &mut Model, id: &Rc<str>, written: Option<&str>) -> Vec<Effect> {
    let is_shown = *id == model.library.current;
    let Some(written) = written else {
        model.library.designs.retain(|kept| kept.id != *id);
        let told = "This design was deleted in another tab. It stays here, and a change keeps it again.";
        return if is_shown { notice(model, false, told.to_owned()) } else { Vec::new() };
    };
    let kept = Kept::of(id, written);
    let is_other = *kept.text != *model.document.to_json();
    // What was changed here and not written yet parts ways at once; else at the next change.
    let is_unsaved =
        is_shown && model.library.find(id).is_some_and(|before| *before.text != *model.document.to_json());
    model.library.put(kept);
    if !is_shown || !is_other {
        return Vec::new();
    }
    if is_unsaved {
        return part_ways(model);
    }
    model.library.is_taken = true;
    let told = "This design was changed in another tab. What you change here will be kept beside it.";
    offer(model, told.to_owned(), Offer::TakeOver)
}

/// This tab came too late: the storage holds what another wrote.
fn late(model: &mut Model, id: &Rc<str>, written: &str) -> Vec<Effect> {
    model.library.put(Kept::of(id, written));
    if *id == model.library.current { part_ways(model) } else { Vec::new() }
}

/// Shows what the other tab wrote; undo brings back what was here.
fn take_over(model: &mut Model) -> Vec<Effect> {
    let kept = model.library.find(&model.library.current);
    let Some(Ok(document)) = kept.map(|kept| Topology::from_json(&kept.text)) else { return Vec::new() };
    let_go(model);
    document::commit(model, document, crate::model::Selection::default(), None)
}

/// Says once that the browser keeps nothing.
fn refused(model: &mut Model, why: &str) -> Vec<Effect> {
    // It was not written: the next change tries again.
    let current = model.library.current.clone();
    model.library.designs.retain(|kept| kept.id != current);
    if std::mem::replace(&mut model.library.is_refused, true) {
        return Vec::new();
    }
    let told = format!(
        "The browser did not keep this design ({why}). Its link in the address bar still holds it: delete designs that \
         you no longer need, or export this one."
    );
    notice(model, true, told)
}

/// The page is being left: whatever waits for changes to pause is kept now, and what can be undone after a reload too.
fn leave(model: &mut Model) -> Vec<Effect> {
    let mut effects = keep(model);
    effects.push(document::store(model));
    let now = document::now(model);
    effects.push(Effect::KeepHistory(model.history.written(&now)));
    effects
}

#[cfg(test)]
mod tests;
