//! The document as text, both ways: what is typed comes to the canvas when it pauses, what changes there is written anew.
use super::{canvas, document};
use crate::clipboard::shortened;
use crate::effect::Effect;
use crate::model::{Model, Selection};
use crate::shared::Shared;
use crate::source::{Mark, Msg, at_line, line_in, stands, written};
use loadpath_core::topology::link::MAX_DOCUMENT;
use loadpath_core::topology::{LIMITS, Place, Topology};

/// How long typing must pause before it counts, in milliseconds: between two words, not between two letters.
const PAUSE_MS: u32 = 350;

pub(super) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Toggle => toggle(model),
        Msg::Typed(text) => {
            model.source.text = text.into();
            model.source.typed += 1;
            let paused = crate::msg::Msg::Source(Msg::Paused(model.source.typed));
            vec![Effect::After { ms: PAUSE_MS, msg: Box::new(paused) }]
        }
        Msg::Paused(typed) if typed == model.source.typed => paused(model),
        Msg::Paused(_) => Vec::new(),
        Msg::Caret(line) => caret(model, line),
    }
}

fn toggle(model: &mut Model) -> Vec<Effect> {
    // What was typed a moment ago counts before the text goes.
    let effects = if model.source.is_open { paused(model) } else { Vec::new() };
    model.source.is_open = !model.source.is_open;
    // What could not be read stays as it was typed, unless the canvas went on without it.
    follow(model);
    effects
}

/// Writes the text anew when the document is no longer the one that it stands for.
pub(super) fn follow(model: &mut Model) {
    if !model.source.is_open || model.source.of.as_ref() == Some(&model.document) {
        return;
    }
    let text = written(&model.document);
    model.source.lines = Shared::new(stands(&text));
    model.source.text = text.into();
    model.source.of = Some(model.document.clone());
    model.source.wrong = None;
    // What was typed before and not read yet is of a document that is gone.
    model.source.typed += 1;
}

/// Reads what was typed. A design with faults comes to the canvas too, which marks them, as the text does.
fn paused(model: &mut Model) -> Vec<Effect> {
    let text = model.source.text.clone();
    match read(&text) {
        Ok(document) => {
            model.source.wrong = None;
            model.source.lines = Shared::new(stands(&text));
            if document == *model.document {
                model.source.of = Some(model.document.clone());
                return Vec::new();
            }
            take(model, document)
        }
        Err(wrong) => {
            model.source.wrong = Some(wrong);
            Vec::new()
        }
    }
}

fn read(text: &str) -> Result<Topology, Mark> {
    if text.len() > MAX_DOCUMENT {
        let what = format!("A design has at most {} MB of text.", MAX_DOCUMENT >> 20);
        return Err(Mark { line: 1, what });
    }
    let document = Topology::from_json(text).map_err(|why| {
        let why = why.to_string();
        Mark { line: line_in(&why), what: shortened(&why) }
    })?;
    if document.nodes.len() > LIMITS.nodes || document.edges.len() > LIMITS.edges {
        let what = format!("A design has at most {} nodes and {} edges.", LIMITS.nodes, LIMITS.edges);
        return Err(Mark { line: 1, what });
    }
    Ok(document)
}

/// Makes what was typed the document: one change, which one undo takes back.
fn take(model: &mut Model, mut document: Topology) -> Vec<Effect> {
    let typed = (model.source.text.clone(), model.source.lines.clone());
    crate::edit::place_all(&mut document);
    let selection = same(model, &document);
    let effects = document::commit(model, document, selection, None);
    // The text stays as it was typed: it says the same.
    (model.source.text, model.source.lines) = typed;
    model.source.of = Some(model.document.clone());
    effects
}

/// What was selected, by id: the text may have moved it.
fn same(model: &Model, document: &Topology) -> Selection {
    let ids = model.selection.nodes.iter().filter_map(|&i| model.document.nodes.get(i));
    let places = ids.filter_map(|node| document.nodes.iter().position(|other| other.id == node.id));
    Selection { nodes: places.collect(), ..Selection::default() }
}

/// Selects what the caret came to.
fn caret(model: &mut Model, line: usize) -> Vec<Effect> {
    let selection = match at_line(&model.source.lines, line) {
        Some(Place::Node(node)) if node < model.document.nodes.len() => Selection::node(node),
        Some(Place::Edge(edge)) if edge < model.document.edges.len() => Selection::edge(edge),
        _ => return Vec::new(),
    };
    canvas::select(model, selection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msg::{self, Change};
    use crate::update::{Startup, open, update};
    use loadpath_core::topology::three_tier;

    fn opened() -> Model {
        let mut model = open(&Startup::default()).0;
        update(&mut model, msg::Msg::Source(Msg::Toggle));
        model
    }

    fn types(model: &mut Model, text: &str) {
        update(model, msg::Msg::Source(Msg::Typed(text.to_owned())));
        let typed = model.source.typed;
        update(model, msg::Msg::Source(Msg::Paused(typed)));
    }

    #[test]
    fn what_is_typed_comes_to_the_canvas_and_one_undo_takes_it_back() {
        let mut model = opened();
        let text = model.source.text.replace("\"Web tier\"", "\"Front\"");
        for part in [&text[..40], &text[..80], &text] {
            update(&mut model, msg::Msg::Source(Msg::Typed(part.to_owned())));
        }
        let typed = model.source.typed;
        update(&mut model, msg::Msg::Source(Msg::Paused(typed - 1)));
        assert_eq!(*model.document, three_tier(), "nothing counts before typing pauses");
        update(&mut model, msg::Msg::Source(Msg::Paused(typed)));
        assert_eq!(model.document.node("web").unwrap().label, "Front");
        assert_eq!(*model.source.text, *text, "the text stays as it was typed");
        update(&mut model, msg::Msg::Undo);
        assert_eq!(*model.document, three_tier());
        assert!(model.source.text.contains("\"Web tier\""));
    }

    #[test]
    fn what_changes_on_the_canvas_is_written_into_the_text() {
        let mut model = opened();
        update(&mut model, msg::Msg::Change(Change::Label(2, "Front".to_owned())));
        assert!(model.source.text.contains("\"label\": \"Front\""));
    }

    #[test]
    fn what_cannot_be_read_says_so_at_its_line_and_the_canvas_stays() {
        let mut model = opened();
        let broken = model.source.text.replacen("\"nodes\": [", "\"nodes\": [,", 1);
        let line = broken.lines().position(|line| line.contains("[,")).unwrap() + 1;
        types(&mut model, &broken);
        assert_eq!(model.source.wrong.as_ref().unwrap().line, line);
        assert_eq!((&*model.source.text, &*model.document), (broken.as_str(), &three_tier()));
    }

    #[test]
    fn a_design_with_faults_comes_to_the_canvas_and_both_mark_them() {
        let mut model = opened();
        let text = model.source.text.replacen("\"workers\": 8", "\"workers\": \"many\"", 1);
        types(&mut model, &text);
        assert!(model.source.wrong.is_none() && !model.faults.is_empty());
        let marks = crate::source::marks(&model.source.lines, &model.faults);
        assert!(text.lines().nth(marks[0].line - 1).unwrap().contains("many"));
    }

    #[test]
    fn hostile_text_is_refused_in_a_sentence() {
        let mut model = opened();
        for text in [
            "x".repeat(10 << 20),
            "[".repeat(1 << 20),
            format!("{{\"loadpath\":1,\"name\":{}", "[".repeat(1 << 20)),
            "<script>alert(1)</script>".to_owned(),
        ] {
            types(&mut model, &text);
            assert!(model.source.wrong.as_ref().is_some_and(|wrong| wrong.what.len() < 1_000));
            assert_eq!(*model.document, three_tier());
        }
    }

    #[test]
    fn text_that_cannot_be_read_yet_is_there_again_when_it_is_shown_again() {
        let mut model = opened();
        types(&mut model, "{ not yet");
        for _ in 0..2 {
            update(&mut model, msg::Msg::Source(Msg::Toggle));
        }
        assert_eq!(&*model.source.text, "{ not yet");
        assert!(model.source.wrong.is_some());
    }

    #[test]
    fn the_caret_selects_what_it_stands_in() {
        let mut model = opened();
        let line = model.source.text.lines().position(|line| line.contains("\"id\": \"db\"")).unwrap() + 1;
        update(&mut model, msg::Msg::Source(Msg::Caret(line)));
        assert_eq!(model.selection, Selection::node(4));
        update(&mut model, msg::Msg::Source(Msg::Caret(1)));
        assert_eq!(model.selection, Selection::node(4), "a line of nothing selects nothing else");
    }
}
