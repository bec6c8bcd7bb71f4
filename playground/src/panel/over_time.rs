//! Requests and errors, second by second, over the design's timeline.
use super::chart::{columns, frame, legend, rows, use_size};
use super::cursor::{hair, read_out, use_cursor};
use super::timeline::{Timeline, add_button};
use crate::format;
use crate::geometry::{line, ticks};
use crate::model::{Model, OverTime};
use crate::msg::Msg;
use crate::run::{Measured, Query};
use crate::shared::Shared;
use crate::steering;
use loadpath_core::run::Second;
use loadpath_core::sim::Snapshot;
use yew::prelude::*;

/// The least that the axis of time shows, in seconds.
const LEAST: f64 = 30.0;
/// How far ahead it shows what is to happen, in seconds.
const AHEAD: f64 = 60.0;
/// Rows of the table for screen readers.
const ROWS: usize = 12;

/// What the chart shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    snapshot: Option<Shared<Snapshot>>,
    measured: Option<Shared<Measured>>,
    shown: OverTime,
    timeline: Timeline,
    tell: Callback<Msg>,
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        Self {
            snapshot: model.simulated.snapshot.clone(),
            measured: model.live.measured.clone(),
            shown: model.over_time,
            timeline: Timeline::of(model),
            tell,
        }
    }
}

/// The chart over time.
#[component]
pub fn OverTimePanel(props: &Props) -> Html {
    let (chart, size) = use_size();
    let strip = use_node_ref();
    let is_measured = props.shown == OverTime::Measured && props.measured.is_some();
    let (series, start) = series(props, is_measured);
    let range = range(props, series, start, is_measured);
    let view = View { series, start, range, is_measured, size };
    let chosen = {
        let (tell, count) = (props.tell.clone(), series.len());
        Callback::from(move |(x, _): (f64, f64)| {
            let second = second_at(size, range, x);
            if !is_measured && second >= start && second < start + count as f64 {
                let (second, at) = (second as u64, format::clock(second));
                let query = Query { from: second, to: second, ..Query::default() };
                tell.emit(Msg::Steering(steering::Msg::Find(query, format!("Requests that ended at {at}"))));
            }
        })
    };
    let step = (size.0 / (range.1 - range.0).max(1.0), 0.0);
    let cursor = use_cursor(&chart, size, step, chosen);
    html! {
        <section aria-label="Over time">
            <h2>
                { "Per second" }
                { legend(&[(line_class(is_measured), "answered"), ("errl", "errors"), ("base", "offered")]) }
                if props.measured.is_some() {
                    <span class="segments small" role="group" aria-label="Of which run">
                        { choice(OverTime::Simulated, "sim", !is_measured, &props.tell) }
                        { choice(OverTime::Measured, "measured", is_measured, &props.tell) }
                    </span>
                }
                { add_button(&props.timeline, &props.tell) }
            </h2>
            <div class="chart" id="over-time" ref={chart} tabindex="0" role="group"
                aria-label="Requests over time. Arrow keys look around, Enter finds requests."
                onpointermove={cursor.onpointermove} onpointerleave={cursor.onpointerleave}
                onkeydown={cursor.onkeydown} onclick={cursor.onclick}>
                if size.0 > 0.0 { { drawing(props, &view, cursor.at) } }
            </div>
            if size.0 > 0.0 && !is_measured {
                { props.timeline.strip(&frame(size, range, (0.0, 1.0)), &strip, &props.tell) }
            }
            { table(series, start) }
        </section>
    }
}

/// What is drawn where.
struct View<'a> {
    series: &'a [Second],
    start: f64,
    range: (f64, f64),
    is_measured: bool,
    size: (f64, f64),
}

fn series(props: &Props, is_measured: bool) -> (&[Second], f64) {
    match (&props.measured, &props.snapshot) {
        (Some(measured), _) if is_measured => (&measured.run.series, 0.0),
        (_, Some(snapshot)) if !is_measured => (&snapshot.series, snapshot.series_start as f64),
        _ => (&[], 0.0),
    }
}

/// The seconds that the axis of time shows: those that have passed, and what is to happen soon after.
fn range(props: &Props, series: &[Second], start: f64, is_measured: bool) -> (f64, f64) {
    let now = start + series.len() as f64;
    let ahead = props.timeline.seconds().into_iter().filter(|second| !is_measured && *second <= now + AHEAD);
    let last = ahead.fold(now, |last, second| last.max(second + 2.0));
    (start, last.max(start + LEAST))
}

/// The second at a place in the chart, not rounded up.
fn second_at(size: (f64, f64), range: (f64, f64), x: f64) -> f64 {
    let axis = frame(size, range, (0.0, 1.0)).x;
    let share = (x - axis.start) / (axis.end - axis.start);
    (range.0 + share.clamp(0.0, 1.0) * (range.1 - range.0)).floor()
}

fn choice(shown: OverTime, text: &'static str, is_on: bool, tell: &Callback<Msg>) -> Html {
    let onclick = tell.reform(move |_: MouseEvent| Msg::OverTime(shown));
    html! {
        <button type="button" class={classes!(is_on.then_some("on"))} aria-pressed={is_on.to_string()} {onclick}>
            { text }
        </button>
    }
}

fn drawing(props: &Props, view: &View<'_>, cursor: Option<(f64, f64)>) -> Html {
    let View { series, start, range, is_measured, size } = *view;
    if series.len() < 2 {
        let says = match (is_measured, &props.snapshot) {
            (true, _) => "waiting for the first seconds…",
            (false, Some(_)) => "the first seconds run…",
            (false, None) => "nothing runs yet",
        };
        return html! { <p class="nothing">{ says }</p> };
    }
    let most =
        series.iter().map(|s| s.offered.max(s.outcomes.ok).max(s.outcomes.errors())).max().unwrap_or(0);
    let marks = ticks(most as f64 * 1.05, 4);
    let frame = frame(size, range, (0.0, marks[marks.len() - 1]));
    // A second's count is known at its end.
    let points = |of: fn(&Second) -> u64| {
        let points = series.iter().enumerate().map(|(i, second)| (start + i as f64 + 1.0, of(second) as f64));
        line(&frame, points.collect::<Vec<_>>())
    };
    let looked_at = cursor.map(|(x, _)| second_at(size, range, x));
    let found = looked_at.and_then(|second| Some((second, series.get((second - start) as usize)?)));
    html! {<>
        <svg class="plot" role="img" aria-label={summary(series)}>
            { rows(&frame, &marks, format::axis_rate) }
            { columns(&frame, &seconds(range.0, range.1), false) }
            if !is_measured { { props.timeline.marks(&frame, frame.y.start) } }
            <path class="base" d={points(|s| s.offered)} />
            <path class={line_class(is_measured)} d={points(|s| s.outcomes.ok)} />
            <path class="errl" d={points(|s| s.outcomes.errors())} />
            if let Some((second, _)) = found { { hair(frame.x.place(second + 1.0), frame.y.start) } }
        </svg>
        { read_out(found.map(|(second, counts)| told(second, counts))) }
    </>}
}

/// A second in words.
fn told(second: f64, counts: &Second) -> String {
    format!(
        "{} · {} offered · {} answered · {} errors · p99 {}",
        format::clock(second),
        format::count(counts.offered),
        format::count(counts.outcomes.ok),
        format::count(counts.outcomes.errors()),
        format::seconds(counts.p99_ns as f64 / 1e9),
    )
}

/// The last seconds as a table, for who does not see the picture.
fn table(series: &[Second], start: f64) -> Html {
    let row = |(i, counts): (usize, &Second)| {
        html! {
            <tr>
                <th scope="row">{ format::clock(start + i as f64) }</th>
                <td>{ counts.offered }</td><td>{ counts.outcomes.ok }</td><td>{ counts.outcomes.errors() }</td>
            </tr>
        }
    };
    html! {
        <div class="unseen"><table>
            <caption>{ "The last seconds" }</caption>
            <thead><tr><th scope="col">{ "second" }</th><th scope="col">{ "offered" }</th>
                <th scope="col">{ "answered" }</th><th scope="col">{ "errors" }</th></tr></thead>
            <tbody>{ for series.iter().enumerate().rev().take(ROWS).map(row) }</tbody>
        </table></div>
    }
}

const fn line_class(is_measured: bool) -> &'static str {
    if is_measured { "mea" } else { "sim" }
}

/// Labels for the axis of time: every 10, 30 or 60 seconds.
pub(super) fn seconds(start: f64, end: f64) -> Vec<(f64, String)> {
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
