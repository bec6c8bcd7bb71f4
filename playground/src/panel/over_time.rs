//! Requests and errors, second by second.
use super::chart::{columns, frame, legend, rows, use_size};
use crate::format;
use crate::geometry::{line, ticks};
use crate::model::{Model, OverTime};
use crate::msg::Msg;
use crate::run::Measured;
use crate::shared::Shared;
use loadpath_core::run::Second;
use loadpath_core::sim::Snapshot;
use yew::prelude::*;

/// The least that the axis of time shows, in seconds.
const LEAST: f64 = 30.0;

/// What the chart shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    snapshot: Option<Shared<Snapshot>>,
    measured: Option<Shared<Measured>>,
    shown: OverTime,
    tell: Callback<Msg>,
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        Self {
            snapshot: model.simulated.snapshot.clone(),
            measured: model.live.measured.clone(),
            shown: model.over_time,
            tell,
        }
    }
}

/// The chart over time.
#[component]
pub fn OverTimePanel(props: &Props) -> Html {
    let (svg, size) = use_size();
    let is_measured = props.shown == OverTime::Measured && props.measured.is_some();
    html! {
        <section aria-label="Over time">
            <h4>
                { "Per second" }
                { legend(&[(line_class(is_measured), "answered"), ("errl", "errors"), ("base", "offered")]) }
                if props.measured.is_some() {
                    <span class="segments small" role="group" aria-label="Of which run">
                        { choice(OverTime::Simulated, "sim", !is_measured, &props.tell) }
                        { choice(OverTime::Measured, "measured", is_measured, &props.tell) }
                    </span>
                }
            </h4>
            <div class="chart" ref={svg}>
                if size.0 > 0.0 { { drawing(props, is_measured, size) } }
            </div>
        </section>
    }
}

fn choice(shown: OverTime, text: &'static str, is_on: bool, tell: &Callback<Msg>) -> Html {
    let onclick = tell.reform(move |_: MouseEvent| Msg::OverTime(shown));
    html! {
        <button type="button" class={classes!(is_on.then_some("on"))} aria-pressed={is_on.to_string()} {onclick}>
            { text }
        </button>
    }
}

fn drawing(props: &Props, is_measured: bool, size: (f64, f64)) -> Html {
    let (series, start): (&[Second], f64) = match (&props.measured, &props.snapshot) {
        (Some(measured), _) if is_measured => (&measured.run.series, 0.0),
        (_, Some(snapshot)) if !is_measured => (&snapshot.series, snapshot.series_start as f64),
        _ => (&[], 0.0),
    };
    if series.len() < 2 {
        let says = match (is_measured, &props.snapshot) {
            (true, _) => "waiting for the first seconds…",
            (false, Some(_)) => "the first seconds run…",
            (false, None) => "nothing runs yet",
        };
        return html! { <p class="nothing">{ says }</p> };
    }
    let end = (start + series.len() as f64).max(start + LEAST);
    let most =
        series.iter().map(|s| s.offered.max(s.outcomes.ok).max(s.outcomes.errors())).max().unwrap_or(0);
    let marks = ticks(most as f64 * 1.05, 4);
    let frame = frame(size, (start, end), (0.0, marks[marks.len() - 1]));
    // A second's count is known at its end.
    let points = |of: fn(&Second) -> u64| {
        let points = series.iter().enumerate().map(|(i, second)| (start + i as f64 + 1.0, of(second) as f64));
        line(&frame, points.collect::<Vec<_>>())
    };
    html! {
        <svg class="plot" role="img" aria-label={summary(series)}>
            { rows(&frame, &marks, format::axis_rate) }
            { columns(&frame, &seconds(start, end), false) }
            <path class="base" d={points(|s| s.offered)} />
            <path class={line_class(is_measured)} d={points(|s| s.outcomes.ok)} />
            <path class="errl" d={points(|s| s.outcomes.errors())} />
        </svg>
    }
}

const fn line_class(is_measured: bool) -> &'static str {
    if is_measured { "mea" } else { "sim" }
}

/// Labels for the axis of time: every 10, 30 or 60 seconds.
fn seconds(start: f64, end: f64) -> Vec<(f64, String)> {
    let width = end - start;
    let step = [10.0, 30.0, 60.0, 300.0].into_iter().find(|step| width / step <= 6.0).unwrap_or(600.0);
    let first = (start / step).ceil() as u64;
    let marks = (first..).map(|i| i as f64 * step).take_while(|t| *t <= end);
    marks.map(|t| (t, format::clock(t))).collect()
}

fn summary(series: &[Second]) -> String {
    let last = series.last().cloned().unwrap_or_default();
    format!("In the last second {} were answered, {} were errors", last.outcomes.ok, last.outcomes.errors())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_of_time_has_a_few_labels_however_long_it_is() {
        for (start, end) in [(0.0, 30.0), (0.0, 60.0), (37.0, 157.0), (0.0, 600.0), (0.0, 3_600.0)] {
            let labels = seconds(start, end);
            assert!((2..=8).contains(&labels.len()), "{start} {end}: {labels:?}");
        }
    }
}
