//! Cut, copy and paste: through the browser's own events where it makes them, else by asking it.
use super::{document, finder, notice};
use crate::clipboard::{self, Found, Msg, insert, part};
use crate::edit;
use crate::effect::Effect;
use crate::geometry::{NODE_HEIGHT, NODE_WIDTH};
use crate::model::{Model, Selection};
use crate::msg::Change;

pub(super) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Cut => take(model, true),
        Msg::Copy => take(model, false),
        Msg::Ask => vec![Effect::AskClipboard],
        Msg::Taken { cut } => taken(model, cut),
        Msg::Pasted(text) => pasted(model, &text),
        Msg::Copied { done: true, what } => notice(model, false, format!("Copied {what}.")),
        Msg::Copied { done: false, what } => notice(
            model,
            true,
            format!("The browser did not let the page copy {what}; allow it and try again."),
        ),
    }
}

fn take(model: &mut Model, cut: bool) -> Vec<Effect> {
    let Some(text) = part(&model.document, &model.selection.nodes) else { return Vec::new() };
    let mut effects = vec![Effect::Copy { text, what: "what was selected" }];
    if cut {
        effects.extend(document::change(model, Change::Delete));
    }
    effects
}

fn taken(model: &mut Model, cut: bool) -> Vec<Effect> {
    let count = model.selection.nodes.len();
    let nodes = if count == 1 { "1 node".to_owned() } else { format!("{count} nodes") };
    let mut effects = if cut { document::change(model, Change::Delete) } else { Vec::new() };
    let done = if cut { "Cut" } else { "Copied" };
    let text = format!("{done} {nodes} as text: paste here, in another tab, or into an editor.");
    effects.extend(notice(model, false, text));
    effects
}

fn pasted(model: &mut Model, text: &str) -> Vec<Effect> {
    match clipboard::read(text) {
        Ok(Found::Design(design)) => {
            let mut effects = document::change(model, Change::Open(Box::new(design)));
            let told = "Opened what was pasted. Undo brings back the design before it.";
            effects.extend(notice(model, false, told.to_owned()));
            effects
        }
        Ok(Found::Part(part)) => {
            let middle = |at: crate::geometry::WorldPoint| at.moved(NODE_WIDTH / 2.0, NODE_HEIGHT / 2.0);
            let mut changed = (*model.document).clone();
            let nodes = insert(&mut changed, part, finder::at_pointer(model).map(middle));
            if nodes.is_empty() {
                return notice(model, false, "What was pasted has no nodes.".to_owned());
            }
            edit::place_all(&mut changed);
            let selection = Selection { nodes, ..Selection::default() };
            document::commit(model, changed, selection, None)
        }
        Err(why) => notice(model, true, format!("Nothing was pasted: {why}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msg;
    use crate::update::{Startup, open, update};
    use loadpath_core::topology::{link, three_tier};

    fn tell(model: &mut Model, msg: Msg) -> Vec<Effect> {
        update(model, msg::Msg::Clipboard(msg))
    }

    #[test]
    fn what_is_cut_in_one_tab_is_pasted_in_another() {
        let (mut one, mut other) = (open(&Startup::default()).0, open(&Startup::default()).0);
        update(&mut one, msg::Msg::Select(Selection { nodes: [2, 3].into(), ..Selection::default() }));
        let effects = tell(&mut one, Msg::Cut);
        let text =
            effects.iter().find_map(|e| if let Effect::Copy { text, .. } = e { Some(text) } else { None });
        let text = text.unwrap().clone();
        assert_eq!(one.document.nodes.len(), 3);
        tell(&mut other, Msg::Pasted(text));
        assert_eq!((other.document.nodes.len(), other.document.edges.len()), (7, 5));
        assert_eq!(other.selection.nodes, [5, 6].into());
        update(&mut other, msg::Msg::Undo);
        assert_eq!(*other.document, three_tier(), "one undo takes back a paste");
    }

    #[test]
    fn a_pasted_link_opens_and_undo_brings_back_what_was_there() {
        let mut model = open(&Startup::default()).0;
        let mut linked = three_tier();
        linked.name = "Linked".to_owned();
        tell(&mut model, Msg::Pasted(format!("https://example.org/#{}", link::encode(&linked))));
        assert_eq!(model.document.name, "Linked");
        update(&mut model, msg::Msg::Undo);
        assert_eq!(*model.document, three_tier());
    }

    #[test]
    fn a_paste_that_is_nothing_of_ours_says_what_it_would_accept() {
        let mut model = open(&Startup::default()).0;
        tell(&mut model, Msg::Pasted("a shopping list".to_owned()));
        let said = &model.notices.last().unwrap();
        assert!(said.is_error && said.text.contains("Loadpath link"), "{said:?}");
        assert_eq!(*model.document, three_tier());
    }
}
