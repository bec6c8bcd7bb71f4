//! Latency by percentile: simulated and measured on the same axes.
use super::chart::{columns, frame, legend, rows, use_size};
use super::compare::{ENOUGH, chooser, name_of};
use crate::format;
use crate::geometry::{Frame, PERCENTILES, line, percentile_place, ticks};
use crate::model::Model;
use crate::msg::Msg;
use crate::run::{Figures, Subject, subjects};
use crate::shared::Shared;
use loadpath_core::sim::CurvePoint;
use loadpath_core::topology::Topology;
use yew::prelude::*;

/// What the chart shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    document: Shared<Topology>,
    subject: Subject,
    simulated: Option<Shared<Figures>>,
    measured: Option<Shared<Figures>>,
    /// What the design is compared with.
    baseline: Option<Shared<Figures>>,
    tell: Callback<Msg>,
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        Self {
            document: model.document.clone(),
            subject: model.subject.clone(),
            simulated: model.simulated.figures.clone(),
            measured: model.live.figures.clone(),
            baseline: model.comparison.figures.clone(),
            tell,
        }
    }
}

/// The chart of latency by percentile.
#[component]
pub fn Percentiles(props: &Props) -> Html {
    let (svg, size) = use_size();
    html! {
        <section aria-label="Latency by percentile">
            <h4>
                { "Latency by percentile " }
                { legend(&names(props)) }
                { chooser(&subjects(&props.document), &props.subject, &props.document, &props.tell) }
            </h4>
            <div class="chart" ref={svg}>
                if size.0 > 0.0 { { drawing(props, size) } }
            </div>
        </section>
    }
}

fn drawing(props: &Props, size: (f64, f64)) -> Html {
    let simulated = props.simulated.as_deref().map_or(&[][..], |figures| &figures.curve);
    let measured = props.measured.as_deref().map_or(&[][..], |figures| &figures.curve);
    if simulated.is_empty() && measured.is_empty() {
        return html! { <p class="nothing">{ "nothing was answered yet" }</p> };
    }
    let baseline = props.baseline.as_deref().map_or(&[][..], |figures| &figures.curve);
    let most =
        simulated.iter().chain(measured).chain(baseline).map(|point| point.seconds).fold(0.0, f64::max);
    let marks = ticks(most, 3);
    let largest = marks[marks.len() - 1];
    let frame = frame(size, (0.0, 1.0), (0.0, largest));
    let labels = PERCENTILES.map(|(quantile, name)| (percentile_place(quantile), name.to_owned()));
    let of = name_of(&props.subject, &props.document);
    html! {
        <svg class="plot" role="img" aria-label={format!("Latency by percentile of {of}")}>
            { columns(&frame, &labels, true) }
            { rows(&frame, &marks, |value| format::axis_seconds(value, largest)) }
            { curve(&frame, "base", "baseline-curve", props.baseline.as_deref()) }
            { curve(&frame, "sim", "simulated-curve", props.simulated.as_deref()) }
            { curve(&frame, "mea", "measured-curve", props.measured.as_deref()) }
        </svg>
    }
}

fn names(props: &Props) -> Vec<(&'static str, &'static str)> {
    let measured = props.measured.as_ref().map(|_| ("mea", "measured"));
    let baseline = props.baseline.as_ref().map(|_| ("base", "before"));
    [("sim", "simulated")].into_iter().chain(measured).chain(baseline).collect()
}

/// A curve: whole where enough requests tell it, faint where fewer than ten lie beyond.
fn curve(frame: &Frame, class: &'static str, id: &'static str, figures: Option<&Figures>) -> Html {
    let Some(figures) = figures else { return Html::default() };
    let beyond = |point: &CurvePoint| (1.0 - point.quantile) * figures.count as f64;
    let sure = figures.curve.partition_point(|point| beyond(point) >= ENOUGH);
    // The faint part begins where the other ends.
    let (whole, faint) = (&figures.curve[..sure], &figures.curve[sure.saturating_sub(1)..]);
    html! {<>
        <path class={class} {id} d={path(frame, whole)} />
        <path class={classes!(class, "faint")} d={path(frame, faint)} />
    </>}
}

fn path(frame: &Frame, curve: &[CurvePoint]) -> String {
    line(frame, curve.iter().map(|point| (percentile_place(point.quantile), point.seconds)))
}
