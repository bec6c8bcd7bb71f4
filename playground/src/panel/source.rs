//! The document as text, beside the canvas: numbered lines, what is wrong at its line, and what is selected.
use crate::canvas::icon;
use crate::model::{Model, Single};
use crate::msg::Msg;
use crate::source::{Ink, Mark, Msg as Texts, lines_of, marks, pieces};
use loadpath_core::topology::Place;
use std::rc::Rc;
use web_sys::{HtmlElement, HtmlTextAreaElement};
use yew::prelude::*;

/// A line's height in pixels, as the style sheet has it.
const LINE: usize = 18;
/// A longer text is written in one ink: so many pieces would make typing slow.
const INKED: usize = 48 << 10;
/// How many faults are listed.
const LISTED: usize = 20;

/// What is shown.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    text: Rc<str>,
    marks: Vec<Mark>,
    /// Whether the text could be read; else the canvas shows an older one.
    is_read: bool,
    /// The lines of what is selected.
    band: Option<(usize, usize)>,
    tell: Callback<Msg>,
}

impl Props {
    /// From the model; none while it is not shown.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Option<Self> {
        let source = &model.source;
        if !source.is_open {
            return None;
        }
        let marks = match &source.wrong {
            Some(wrong) => vec![wrong.clone()],
            None => marks(&source.lines, &model.faults),
        };
        let place = match model.selection.single() {
            Single::Node(node) => Some(Place::Node(node)),
            Single::Edge(edge) => Some(Place::Edge(edge)),
            Single::None | Single::Many => None,
        };
        let band = place.and_then(|place| lines_of(&source.lines, &place));
        Some(Self { text: source.text.clone(), marks, is_read: source.wrong.is_none(), band, tell })
    }
}

/// The text.
#[component]
pub fn SourcePanel(props: &Props) -> Html {
    let (scroller, field) = (use_node_ref(), use_node_ref());
    use_band_in_sight(&scroller, &field, props.band);
    let count = props.text.matches('\n').count() + 1;
    let longest = props.text.lines().map(|line| line.chars().count()).max().unwrap_or(0).clamp(20, 4_000);
    let numbers: String = (1..=count).map(|n| format!("{n}\n")).collect();
    let close = props.tell.reform(|_: MouseEvent| Msg::Source(Texts::Toggle));
    let oninput = props.tell.reform(|event: InputEvent| {
        let field: HtmlTextAreaElement = event.target_unchecked_into();
        Msg::Source(Texts::Typed(field.value()))
    });
    let moved = |field: &HtmlTextAreaElement| Msg::Source(Texts::Caret(caret_line(field)));
    let onclick = props.tell.reform(move |event: MouseEvent| moved(&event.target_unchecked_into()));
    let onkeyup = {
        let tell = props.tell.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key().starts_with("Arrow") || event.key().starts_with("Page") {
                tell.emit(moved(&event.target_unchecked_into()));
            }
        })
    };
    let is_inked = props.text.len() <= INKED;
    html! {
        <section class="source" id="source" aria-labelledby="source-title">
            <div class="head">
                <h2 id="source-title">{ "Document" }</h2>
                <button type="button" class="btn icon" aria-label="Close the text" onclick={close}>{ icon("close", 14) }</button>
            </div>
            <div class="lines" ref={scroller}>
                <pre class="numbers" aria-hidden="true">{ numbers }</pre>
                <svg class="under" width="100%" height={(count * LINE).to_string()} aria-hidden="true">
                    if let Some((first, last)) = props.band { { stripe("band", first, last) } }
                    { for props.marks.iter().map(|mark| stripe("wrong", mark.line, mark.line)) }
                </svg>
                if is_inked { <Inked text={props.text.clone()} /> }
                <textarea ref={field.clone()} id="source-text" class={classes!(is_inked.then_some("inked"))} aria-label="The document as JSON" spellcheck="false"
                    autocomplete="off" wrap="off" rows={count.to_string()} cols={longest.to_string()}
                    aria-invalid={(!props.is_read).to_string()} aria-describedby="source-faults"
                    value={props.text.to_string()} {oninput} {onclick} {onkeyup} />
            </div>
            <div id="source-faults" class="faults" role="status">
                if !props.is_read { <p>{ "The canvas shows the last version that could be read." }</p> }
                <ul>{ for props.marks.iter().take(LISTED).map(|mark| fault(mark, &field)) }</ul>
                if props.marks.len() > LISTED { <p class="mute">{ format!("and {} more", props.marks.len() - LISTED) }</p> }
            </div>
        </section>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct InkedProps {
    text: Rc<str>,
}

/// The text in its inks, under the field in which it is written: that has but one.
#[component]
fn Inked(props: &InkedProps) -> Html {
    let piece = |(ink, text): (Ink, &str)| {
        let class = match ink {
            Ink::Plain => return html! { text.to_owned() },
            Ink::Name => "name-ink",
            Ink::Text => "text-ink",
            Ink::Number => "number-ink",
            Ink::Word => "word-ink",
        };
        html! { <span {class}>{ text.to_owned() }</span> }
    };
    html! { <pre class="inks" aria-hidden="true">{ for pieces(&props.text).into_iter().map(piece) }</pre> }
}

fn stripe(class: &'static str, first: usize, last: usize) -> Html {
    let (y, height) = ((first - 1) * LINE, (last.max(first) - first + 1) * LINE);
    html! { <rect {class} x="0" y={y.to_string()} width="100%" height={height.to_string()} /> }
}

/// A fault; a click puts the caret on its line.
fn fault(mark: &Mark, field: &NodeRef) -> Html {
    let (line, field) = (mark.line, field.clone());
    let onclick = Callback::from(move |_: MouseEvent| {
        if let Some(field) = field.cast::<HtmlTextAreaElement>() {
            let text = field.value();
            let before = text.split_inclusive('\n').take(line - 1);
            // The browser counts in UTF-16.
            let start: usize = before.map(|line| line.encode_utf16().count()).sum();
            // A field that is gone needs no caret.
            let _ = field.focus();
            let _ = field.set_selection_range(start as u32, start as u32);
        }
    });
    html! {
        <li><button type="button" class="link" {onclick}><b>{ format!("Line {line}: ") }</b>{ &mark.what }</button></li>
    }
}

fn caret_line(field: &HtmlTextAreaElement) -> usize {
    let at = field.selection_start().ok().flatten().unwrap_or(0) as usize;
    field.value().encode_utf16().take(at).filter(|&unit| unit == u16::from(b'\n')).count() + 1
}

/// What is selected on the canvas comes into sight in the text; not while someone writes in it.
#[hook]
fn use_band_in_sight(scroller: &NodeRef, field: &NodeRef, band: Option<(usize, usize)>) {
    let (scroller, field) = (scroller.clone(), field.clone());
    use_effect_with(band, move |band| {
        let (Some(scroller), Some(field)) =
            (scroller.cast::<HtmlElement>(), field.cast::<HtmlTextAreaElement>())
        else {
            return;
        };
        let has_focus = field
            .owner_document()
            .and_then(|page| page.active_element())
            .is_some_and(|e| e.id() == field.id());
        if let (Some((first, _)), false) = (band, has_focus) {
            let top = ((first - 1) * LINE) as i32;
            scroller.set_scroll_top((top - scroller.client_height() / 3).max(0));
        }
    });
}
