//! Small plots in the inspector: a law of time as a density, and the load over time.
use crate::format;
use crate::inspect::law::Curve;
use crate::inspect::load::Load;
use std::fmt::Write;
use yew::prelude::*;

const WIDTH: f64 = 200.0;
const HEIGHT: f64 = 40.0;

/// The density of a law, with its mean and 99th percentile; nothing for what is no law or always the same.
pub(super) fn show(law: &str) -> Html {
    let Some(curve) = law.parse().ok().and_then(|law| Curve::of(&law)) else { return Html::default() };
    let x = |seconds: f64| format!("{:.1}", seconds / curve.end * WIDTH);
    let (mean, p99) = (format::seconds(curve.mean), format::seconds(curve.p99));
    html! {
        <figure class="small-plot">
            <svg viewBox={format!("0 0 {WIDTH} {HEIGHT}")} preserveAspectRatio="none" role="img"
                aria-label={format!("Density: mean {mean}, 99th percentile {p99}")}>
                <path class="density" d={area(&curve.bins)} />
                <line class="mean" x1={x(curve.mean)} x2={x(curve.mean)} y1="0" y2={HEIGHT.to_string()} />
                <line class="p99" x1={x(curve.p99)} x2={x(curve.p99)} y1="0" y2={HEIGHT.to_string()} />
            </svg>
            <figcaption><span>{ "mean " }<b>{ mean }</b></span><span>{ "p99 " }<b>{ p99 }</b></span></figcaption>
        </figure>
    }
}

/// The outline of bins of equal width, closed along the bottom.
fn area(bins: &[f64]) -> String {
    let width = WIDTH / bins.len().max(1) as f64;
    let mut path = format!("M0 {HEIGHT}");
    for (i, bin) in bins.iter().enumerate() {
        let y = HEIGHT - bin * (HEIGHT - 2.0);
        // Writing to a text cannot fail.
        let _ = write!(path, "L{:.1} {y:.1}L{:.1} {y:.1}", i as f64 * width, (i + 1) as f64 * width);
    }
    let _ = write!(path, "L{WIDTH} {HEIGHT}Z");
    path
}

/// The load over time, as wide as chance makes a second's arrivals.
pub(super) fn load(load: &Load) -> Html {
    let most = load.most().max(1e-9);
    let place = |(at, rate): (f64, f64)| (at / load.end * WIDTH, HEIGHT - rate / most * (HEIGHT - 3.0));
    let line = outline(load, |rate| rate, place);
    // There along the upper edge, and back along the lower one.
    let mut band = outline(load, |rate| load.around(rate).1, place);
    band.extend(outline(load, |rate| load.around(rate).0, place).into_iter().rev());
    let first = load.steps.first().map_or(0.0, |(_, rate)| *rate);
    let highest = load.steps.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
    let says = if highest > first {
        format!("{}, at most {}", format::rate(first), format::rate(highest))
    } else {
        format::rate(first)
    };
    html! {
        <figure class="small-plot load-plot" id="load-plot">
            <svg viewBox={format!("0 0 {WIDTH} {HEIGHT}")} preserveAspectRatio="none" role="img"
                aria-label={format!("Requests per second over {}: {says}", format::seconds(load.end))}>
                <path class="density" d={path(&band)} />
                <path class="planned" d={path(&line)} />
            </svg>
            <figcaption><span>{ "0 s" }</span><span><b>{ says }</b></span><span>{ format::seconds(load.end) }</span></figcaption>
        </figure>
    }
}

/// The corners of a stepped line.
fn outline(
    load: &Load,
    height: impl Fn(f64) -> f64,
    place: impl Fn((f64, f64)) -> (f64, f64),
) -> Vec<(f64, f64)> {
    let ends = load.steps.iter().skip(1).map(|(at, _)| *at).chain([load.end]);
    let steps = load.steps.iter().zip(ends);
    steps.flat_map(|((from, rate), to)| [place((*from, height(*rate))), place((to, height(*rate)))]).collect()
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (i, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
    }
    path
}
