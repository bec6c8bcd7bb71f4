//! A design leaves the page.
use super::{document, notice};
use crate::canvas::faces;
use crate::effect::{Effect, Picture};
use crate::export::{Drawing, Form, Ink, drawing, file_name, mermaid};
use crate::model::Model;

pub(super) fn update(model: &mut Model, form: Form) -> Vec<Effect> {
    let named = |ending: &str| file_name(&model.document.name, ending);
    match form {
        Form::Json => {
            let (name, text) = (named("loadpath.json"), model.document.to_json_pretty());
            vec![Effect::Download { name, kind: "application/json", text }]
        }
        Form::Svg { dark } => {
            let Drawing { svg, .. } = drawn(model, dark);
            vec![Effect::Download { name: named("svg"), kind: "image/svg+xml", text: svg }]
        }
        Form::Png { dark } => {
            let Drawing { svg, width, height } = drawn(model, dark);
            vec![Effect::Picture(Picture { name: named("png"), svg, width, height })]
        }
        Form::Mermaid => {
            let text = mermaid(&model.document);
            vec![Effect::Download { name: named("mmd"), kind: "text/plain", text }]
        }
        Form::Embed => embed(model),
    }
}

fn drawn(model: &Model, dark: bool) -> Drawing {
    drawing(&model.document, &model.scene, &faces(model), Ink::of(dark))
}

fn embed(model: &mut Model) -> Vec<Effect> {
    let store = document::store(model);
    if model.fragment.is_empty() {
        let text =
            "This design is too large for a link, and so for a frame in another page; export it instead.";
        return notice(model, true, text.to_owned());
    }
    vec![store, Effect::CopyEmbed { fragment: model.fragment.clone(), name: model.document.name.clone() }]
}
