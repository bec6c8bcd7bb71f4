//! The drawing as one file of SVG: what the canvas shows of nodes and edges, with the colours in it, and nothing to load.
use super::escaped;
use crate::canvas::{EdgeFace, Face, Level, icon};
use crate::geometry::{Cubic, Rect, Scene, route};
use loadpath_core::topology::Topology;
use std::fmt::Write as _;
use yew::virtual_dom::VNode;

/// The room around the drawing.
const MARGIN: f64 = 32.0;
/// How many characters of a node's name fit beside its picture, and of the line below.
const NAME: usize = 16;
const SIZE: usize = 19;

/// The colours of a drawing: those of the style sheet, in one of its two schemes.
#[derive(Clone, Copy, Debug)]
pub struct Ink {
    ground: &'static str,
    panel: &'static str,
    ink: &'static str,
    mute: &'static str,
    line: &'static str,
    edge: &'static str,
    accent: &'static str,
    chip: &'static str,
    ok: &'static str,
    warm: &'static str,
    hot: &'static str,
}

impl Ink {
    /// The dark colours, or the light ones.
    pub const fn of(dark: bool) -> Self {
        if dark {
            Self {
                ground: "#0f1319",
                panel: "#171c24",
                ink: "#e8ecf2",
                mute: "#95a1b3",
                line: "#29303c",
                edge: "#3a4453",
                accent: "#7c9cff",
                chip: "#212834",
                ok: "#3ecf8e",
                warm: "#f0a53a",
                hot: "#ff6b6b",
            }
        } else {
            Self {
                ground: "#f6f7f9",
                panel: "#ffffff",
                ink: "#141a24",
                mute: "#5b6676",
                line: "#dfe3ea",
                edge: "#c3cad6",
                accent: "#3056d3",
                chip: "#eef1f6",
                ok: "#1f9d62",
                warm: "#b86e00",
                hot: "#d13438",
            }
        }
    }

    const fn level(&self, level: Level) -> &'static str {
        match level {
            Level::Ok => self.ok,
            Level::Warm => self.warm,
            Level::Hot => self.hot,
        }
    }
}

/// A drawing and its size.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// The file.
    pub svg: String,
    /// In pixels.
    pub width: f64,
    /// In pixels.
    pub height: f64,
}

/// Draws a design with what is written on its nodes and edges.
pub fn drawing(document: &Topology, scene: &Scene, faces: &(Vec<Face>, Vec<EdgeFace>), ink: Ink) -> Drawing {
    let around = Rect::around(scene.nodes.iter().copied()).unwrap_or_default();
    let (x, y) = (around.x - MARGIN, around.y - MARGIN);
    let (width, height) = (around.width + 2.0 * MARGIN, around.height + 2.0 * MARGIN);
    let mut body = String::new();
    for (i, ends) in scene.edges.iter().enumerate() {
        if let Some((from, to)) = *ends {
            let face = faces.1.get(i).cloned().unwrap_or_default();
            edge(&mut body, &route(scene.nodes[from], scene.nodes[to]), &face, ink);
        }
    }
    for (i, face) in faces.0.iter().enumerate() {
        node(&mut body, scene.nodes[i], &document.nodes[i].kind, face, ink);
    }
    let name = if document.name.is_empty() { "Untitled design" } else { &document.name };
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"{x} {y} {width} {height}\" \
         font-family=\"Inter, system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif\" font-size=\"13\">\n<title>{}</title>\n\
         <rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n{body}</svg>\n",
        escaped(name),
        ink.ground
    );
    Drawing { svg, width, height }
}

fn put(body: &mut String, element: &str) {
    writeln!(body, "{element}").expect("a string takes every character");
}

fn text(body: &mut String, x: f64, y: f64, fill: &str, more: &str, says: &str) {
    put(body, &format!("<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{fill}\" {more}>{}</text>", escaped(says)));
}

fn edge(body: &mut String, way: &Cubic, face: &EdgeFace, ink: Ink) {
    let width = [1.3, 1.6, 1.6, 2.2, 2.8, 3.4][usize::from(face.traffic.min(5))];
    let (stroke, dash) = match (face.is_faulty, face.level) {
        (true, _) => (ink.hot, " stroke-dasharray=\"5 4\""),
        (false, Level::Hot) => (ink.hot, ""),
        _ => (ink.edge, ""),
    };
    put(
        body,
        &format!(
            "<path d=\"{}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\"{dash}/>",
            way.path()
        ),
    );
    let [.., handle, end] = way.points;
    let (dx, dy) = (end.x - handle.x, end.y - handle.y);
    let turn = dy.atan2(dx).to_degrees();
    put(
        body,
        &format!(
            "<path d=\"M-7 -4L0 0L-7 4\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"1.5\" transform=\"translate({:.1} {:.1}) rotate({turn:.1})\"/>",
            end.x, end.y
        ),
    );
    if !face.rate.is_empty() {
        let (at, half) = (way.at(0.5), face.rate.chars().count() as f64 * 3.1 + 7.0);
        put(
            body,
            &format!(
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"17\" rx=\"8.5\" fill=\"{}\" stroke=\"{}\"/>",
                at.x - half,
                at.y - 8.5,
                half * 2.0,
                ink.panel,
                ink.line
            ),
        );
        text(body, at.x, at.y + 3.8, ink.mute, "font-size=\"10.5\" text-anchor=\"middle\"", &face.rate);
    }
}

fn node(body: &mut String, rect: Rect, kind: &str, face: &Face, ink: Ink) {
    let Rect { x, y, width, height } = rect;
    let stroke = if face.level == Level::Hot { ink.hot } else { ink.line };
    let dash = if face.faults.is_empty() { "" } else { " stroke-dasharray=\"4 3\"" };
    put(
        body,
        &format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"11\" fill=\"{}\" stroke=\"{stroke}\"{dash}/>",
            ink.panel
        ),
    );
    let mut picture = String::new();
    markup(&icon(kind, 20), &mut picture);
    let accent = ink.accent;
    put(
        body,
        &format!(
            "<g transform=\"translate({:.1} {:.1})\" color=\"{accent}\" fill=\"none\" stroke=\"{accent}\" stroke-width=\"1.6\" stroke-linecap=\"round\" stroke-linejoin=\"round\">{picture}</g>",
            x + 11.0,
            y + 10.0
        ),
    );
    text(body, x + 39.0, y + 20.0, ink.ink, "font-weight=\"620\"", &cut(&face.label, NAME));
    text(body, x + 39.0, y + 34.0, ink.mute, "font-size=\"11\"", &cut(&face.size, SIZE));
    if let Some(busy) = face.busy {
        let whole = width - 56.0;
        let taken = whole * f64::from(busy.min(1_000)) / 1_000.0;
        put(
            body,
            &format!(
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{whole:.1}\" height=\"4\" rx=\"2\" fill=\"{}\"/>",
                x + 11.0,
                y + 47.0,
                ink.chip
            ),
        );
        put(
            body,
            &format!(
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{taken:.1}\" height=\"4\" rx=\"2\" fill=\"{}\"/>",
                x + 11.0,
                y + 47.0,
                ink.level(face.busy_level)
            ),
        );
        let percent = crate::format::percent_whole(f64::from(busy) / 1_000.0);
        text(body, x + width - 11.0, y + 53.0, ink.mute, "font-size=\"10\" text-anchor=\"end\"", &percent);
    }
    for (i, up) in face.dots.iter().enumerate() {
        let (cx, cy) = (x + 14.0 + 10.0 * i as f64, y + height - 11.0);
        put(
            body,
            &if *up {
                format!("<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"3\" fill=\"{}\"/>", ink.ok)
            } else {
                format!("<path d=\"M{cx:.1} {:.1}l4 4l-4 4l-4 -4z\" fill=\"{}\"/>", cy - 4.0, ink.hot)
            },
        );
    }
    text(
        body,
        x + width - 11.0,
        y + height - 7.0,
        ink.mute,
        "font-size=\"11\" text-anchor=\"end\"",
        &face.p99,
    );
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(most - 1).collect::<String>().trim_end())
}

/// A picture of the page as text: its elements and their attributes.
fn markup(node: &VNode, out: &mut String) {
    match node {
        VNode::VTag(tag) => {
            write!(out, "<{}", tag.tag()).expect("a string takes every character");
            // The page's style sheet does not come along, and the group around it says where it stands.
            for (name, value) in
                tag.attributes.iter().filter(|(name, _)| !matches!(*name, "class" | "aria-hidden"))
            {
                write!(out, " {name}=\"{}\"", escaped(value)).expect("a string takes every character");
            }
            out.push('>');
            tag.children().into_iter().for_each(|child| markup(child, out));
            write!(out, "</{}>", tag.tag()).expect("a string takes every character");
        }
        VNode::VList(list) => list.iter().for_each(|child| markup(child, out)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::faces;
    use crate::model::Model;
    use loadpath_core::topology::three_tier;

    fn drawn(model: &Model, dark: bool) -> Drawing {
        drawing(&model.document, &model.scene, &faces(model), Ink::of(dark))
    }

    /// Whether every element that begins also ends, in order, and every attribute is quoted.
    fn is_well_formed(svg: &str) -> bool {
        let mut open: Vec<&str> = Vec::new();
        for part in svg.split('<').skip(1) {
            let Some((tag, _)) = part.split_once('>') else { return false };
            if tag.matches('"').count() % 2 != 0 {
                return false;
            }
            if let Some(name) = tag.strip_prefix('/') {
                if open.pop() != Some(name) {
                    return false;
                }
            } else if !tag.ends_with('/') {
                open.push(tag.split(' ').next().unwrap_or_default());
            }
        }
        open.is_empty()
    }

    #[test]
    fn every_node_and_edge_is_in_the_drawing_with_its_picture() {
        let model = Model::new(three_tier());
        let drawing = drawn(&model, false);
        assert!(is_well_formed(&drawing.svg), "{}", drawing.svg);
        for node in &model.document.nodes {
            assert!(drawing.svg.contains(&format!(">{}<", node.label)), "{}", node.label);
        }
        assert!(drawing.svg.contains("<ellipse cx=\"12\""), "the database has its picture: {}", drawing.svg);
        // An edge is a way and the point of an arrow.
        assert_eq!(drawing.svg.matches("<path d=\"M-7 -4").count(), 4);
        assert!(drawing.width > 500.0 && drawing.height > 100.0);
    }

    #[test]
    fn the_file_needs_nothing_else_and_has_the_colours_of_its_scheme() {
        let model = Model::new(three_tier());
        for (dark, ground) in [(false, "#f6f7f9"), (true, "#0f1319")] {
            let svg = drawn(&model, dark).svg;
            assert!(svg.contains(ground) && !svg.contains("var(") && !svg.contains("class="), "{svg}");
            // The namespace is a name, and the only address.
            assert_eq!(svg.matches("http").count(), 1);
        }
    }

    #[test]
    fn markup_in_names_is_only_ever_text() {
        let mut document = three_tier();
        document.name = "</title><script>alert(1)</script>".to_owned();
        document.nodes[2].label = "\"/><script>\u{1}&".to_owned();
        let svg = drawn(&Model::new(document), false).svg;
        assert!(is_well_formed(&svg) && !svg.contains("<script") && !svg.contains('\u{1}'), "{svg}");
    }
}
