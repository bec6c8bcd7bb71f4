//! Latency by percentile: simulated and measured on the same axes.
use super::chart::{columns, frame, legend, rows, use_size};
use super::charts::choice;
use super::compare::{ENOUGH, chooser, name_of};
use super::cursor::{hair, read_out, use_cursor};
use crate::format;
use crate::geometry::{Frame, PERCENTILES, line, percentile_place, ticks};
use crate::model::Model;
use crate::msg::Msg;
use crate::run::record::cell_of;
use crate::run::{Figures, Query, Subject, subjects};
use crate::shared::Shared;
use crate::steering::{self, Chart};
use loadpath_core::sim::CurvePoint;
use loadpath_core::time::Span;
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
    let (chart, size) = use_size();
    let chosen = {
        let props = props.clone();
        Callback::from(move |at| {
            let point = props.simulated.as_deref().and_then(|figures| point_at(figures, size, at));
            if let Some(point) = point {
                let (query, says) = asked(&props.subject, point);
                props.tell.emit(Msg::Steering(steering::Msg::Find(query, says)));
            }
        })
    };
    let cursor = use_cursor(&chart, size, (size.0 / 48.0, 0.0), chosen);
    html! {
        <section aria-label="Latency by percentile">
            <h2>
                { choice(Chart::Percentiles, &props.tell) }
                { legend(&names(props)) }
                { chooser(&subjects(&props.document), &props.subject, &props.document, &props.tell) }
            </h2>
            <div class="chart" id="percentiles" ref={chart} tabindex="0" role="group"
                aria-label="Latency by percentile. Arrow keys look around, Enter finds requests."
                onpointermove={cursor.onpointermove} onpointerleave={cursor.onpointerleave}
                onkeydown={cursor.onkeydown} onclick={cursor.onclick}>
                if size.0 > 0.0 { { drawing(props, size, cursor.at) } }
            </div>
            { table(props) }
        </section>
    }
}

fn drawing(props: &Props, size: (f64, f64), cursor: Option<(f64, f64)>) -> Html {
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
    let at = cursor.and_then(|at| {
        let figures = props.simulated.as_deref().or(props.measured.as_deref())?;
        point_at(figures, size, at)
    });
    html! {<>
        <svg class="plot" role="img" aria-label={format!("Latency by percentile of {of}")}>
            { columns(&frame, &labels, true) }
            { rows(&frame, &marks, |value| format::axis_seconds(value, largest)) }
            { curve(&frame, "base", "baseline-curve", props.baseline.as_deref()) }
            { curve(&frame, "sim", "simulated-curve", props.simulated.as_deref()) }
            { curve(&frame, "mea", "measured-curve", props.measured.as_deref()) }
            if let Some(point) = at { { hair(frame.x.place(percentile_place(point.quantile)), frame.y.start) } }
        </svg>
        { read_out(at.map(|point| told(props, point))) }
    </>}
}

/// The point of the curve over a place in the chart.
fn point_at(figures: &Figures, size: (f64, f64), (x, _): (f64, f64)) -> Option<CurvePoint> {
    let axis = frame(size, (0.0, 1.0), (0.0, 1.0)).x;
    let share = (x - axis.start) / (axis.end - axis.start);
    let off = |point: &CurvePoint| (percentile_place(point.quantile) - share).abs();
    figures.curve.iter().copied().min_by(|a, b| off(a).total_cmp(&off(b)))
}

/// A percentile as people write it.
fn percent(quantile: f64) -> String {
    let digits = (-(1.0 - quantile).max(1e-6).log10() - 1.0).ceil().clamp(0.0, 4.0) as usize;
    format!("{:.digits$} %", quantile * 100.0)
}

fn told(props: &Props, point: CurvePoint) -> String {
    let beside = |name: &str, figures: Option<&Figures>| {
        let curve = &figures?.curve;
        let point = curve.iter().find(|other| other.quantile >= point.quantile - 1e-9)?;
        Some(format!(" · {name} {}", format::seconds(point.seconds)))
    };
    let simulated = beside("simulated", props.simulated.as_deref()).unwrap_or_default();
    let measured = beside("measured", props.measured.as_deref()).unwrap_or_default();
    format!("{} of requests are not slower{simulated}{measured}", percent(point.quantile))
}

/// What is asked for by a click: requests that took about as long as the point says; of a node, the slowest.
fn asked(subject: &Subject, point: CurvePoint) -> (Query, String) {
    let class = match subject {
        Subject::Node(_) => return (Query::default(), "The slowest requests".to_owned()),
        Subject::Class(name) => Some(name.clone()),
        Subject::All => None,
    };
    let cell = cell_of(Span::from_secs(point.seconds));
    let says =
        format!("At the percentile {}: about {}", percent(point.quantile), format::seconds(point.seconds));
    (Query { low: cell, high: cell, class, ..Query::default() }, says)
}

/// The percentiles as a table, for who does not see the picture.
fn table(props: &Props) -> Html {
    let of = |figures: Option<&Figures>, i: usize| {
        figures.map_or_else(|| format::NONE.to_owned(), |figures| format::seconds(figures.quantiles[i]))
    };
    let row = |(i, (name, _)): (usize, &(&'static str, f64))| {
        html! {
            <tr><th scope="row">{ *name }</th>
                <td>{ of(props.simulated.as_deref(), i) }</td><td>{ of(props.measured.as_deref(), i) }</td></tr>
        }
    };
    html! {
        <div class="unseen"><table>
            <caption>{ "Latency by percentile" }</caption>
            <thead><tr><th scope="col">{ "percentile" }</th><th scope="col">{ "simulated" }</th>
                <th scope="col">{ "measured" }</th></tr></thead>
            <tbody>{ for crate::run::QUANTILES.iter().enumerate().map(row) }</tbody>
        </table></div>
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
