//! Latency over time as a heat map: a column for each second, a cell for each step of response time on a logarithmic axis.
use super::chart::{columns as labels, frame, px, use_size};
use super::charts::choice;
use super::compare::{chooser, name_of};
use super::cursor::{read_out, use_cursor};
use super::over_time::seconds;
use crate::format;
use crate::geometry::Frame;
use crate::model::Model;
use crate::msg::Msg;
use crate::run::record::{CELLS, cell_start};
use crate::run::{Column, Query, Subject, subjects};
use crate::shared::Shared;
use crate::steering::{self, Chart};
use loadpath_core::topology::Topology;
use std::fmt::Write as _;
use yew::prelude::*;

/// The least that the axis of time shows, in seconds.
const LEAST: u64 = 30;
/// Shades from few to many.
const SHADES: usize = 6;
/// Rows of the table for screen readers.
const ROWS: usize = 12;

/// What the chart shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    document: Shared<Topology>,
    subject: Subject,
    columns: Shared<Vec<Column>>,
    tell: Callback<Msg>,
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        Self {
            document: model.document.clone(),
            subject: model.subject.clone(),
            columns: model.steering.columns.clone(),
            tell,
        }
    }
}

/// Where the cells of a heat map stand.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Grid {
    frame: Frame,
    first: u64,
    end: u64,
    low: u16,
    high: u16,
}

impl Grid {
    fn of(columns: &[Column], size: (f64, f64)) -> Self {
        let first = columns.first().map_or(0, |column| column.second);
        let last = columns.last().map_or(0, |column| column.second + 1);
        let full = || columns.iter().filter(|column| !column.counts.is_empty());
        let low = full().map(|column| column.low).min().unwrap_or(0);
        let high = full().map(|column| column.low + column.counts.len() as u16).max().unwrap_or(CELLS);
        // Even where all are equally fast there is something to see.
        let high = high.max(low + 8).min(CELLS);
        let end = last.max(first + LEAST);
        let x = (first as f64, end as f64);
        Self { frame: frame(size, x, (f64::from(low), f64::from(high))), first, end, low, high }
    }

    /// The second and the cell at a place in the chart.
    fn at(&self, (x, y): (f64, f64)) -> Option<(u64, u16)> {
        let share = |value: f64, start: f64, end: f64| (value - start) / (end - start);
        let across = share(x, self.frame.x.start, self.frame.x.end);
        let up = share(y, self.frame.y.start, self.frame.y.end);
        if !(0.0..1.0).contains(&across) || !(0.0..1.0).contains(&up) {
            return None;
        }
        let second = self.first + (across * (self.end - self.first) as f64) as u64;
        Some((second, self.low + (up * f64::from(self.high - self.low)) as u16))
    }

    fn cell(&self, second: u64, cell: u16) -> [f64; 4] {
        let (left, right) = (self.frame.x.place(second as f64), self.frame.x.place(second as f64 + 1.0));
        let (bottom, top) = (self.frame.y.place(f64::from(cell)), self.frame.y.place(f64::from(cell) + 1.0));
        [left, top, right - left, bottom - top]
    }

    /// One path for each shade: however many cells, there are few elements.
    fn shades(&self, columns: &[Column]) -> [String; SHADES] {
        let most = columns.iter().flat_map(|column| &column.counts).copied().max().unwrap_or(1).max(2);
        let scale = f64::from(most).ln();
        let mut paths: [String; SHADES] = Default::default();
        for column in columns {
            for (i, count) in column.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let shade = (f64::from(*count).ln() / scale * (SHADES - 1) as f64).round() as usize;
                let [x, y, width, height] = self.cell(column.second, column.low + i as u16);
                write!(paths[shade], "M{x:.1} {y:.1}h{width:.1}v{height:.1}h{:.1}z", -width)
                    .expect("a string takes every character");
            }
        }
        paths
    }
}

/// The heat map.
#[component]
pub fn Heat(props: &Props) -> Html {
    let (chart, size) = use_size();
    let grid = Grid::of(&props.columns, size);
    let chosen = {
        let props = props.clone();
        Callback::from(move |at| {
            if let Some((query, says)) = grid.at(at).and_then(|at| asked(&props, at)) {
                props.tell.emit(Msg::Steering(steering::Msg::Find(query, says)));
            }
        })
    };
    let step = (size.0 / 60.0, size.1 / 24.0);
    let cursor = use_cursor(&chart, size, step, chosen);
    let at = cursor.at.and_then(|at| grid.at(at));
    let shades =
        use_memo((props.columns.clone(), size), |(columns, size)| Grid::of(columns, *size).shades(columns));
    let of = name_of(&props.subject, &props.document);
    html! {
        <section aria-label="Latency over time">
            <h2>
                { choice(Chart::Heat, &props.tell) }
                { chooser(&subjects(&props.document), &props.subject, &props.document, &props.tell) }
            </h2>
            <div class="chart" id="heat" ref={chart} tabindex="0" role="group"
                aria-label={format!("Heat map of the latency of {of}. Arrow keys look around, Enter finds requests.")}
                onpointermove={cursor.onpointermove} onpointerleave={cursor.onpointerleave}
                onkeydown={cursor.onkeydown} onclick={cursor.onclick}>
                if props.columns.is_empty() {
                    <p class="nothing">{ "the first seconds run…" }</p>
                } else if size.0 > 0.0 {
                    { drawing(&grid, &shades, at) }
                    { read_out(at.map(|at| told(&props.columns, at))) }
                }
            </div>
            { table(&props.columns) }
        </section>
    }
}

fn drawing(grid: &Grid, shades: &[String; SHADES], at: Option<(u64, u16)>) -> Html {
    let decades = (grid.low..=grid.high).filter(|cell| cell % 8 == 0);
    let row = |cell: u16| {
        let y = grid.frame.y.place(f64::from(cell));
        let value = cell_start(cell);
        html! {<>
            <line class="axis" x1={px(grid.frame.x.start)} x2={px(grid.frame.x.end)} y1={px(y)} y2={px(y)} />
            <text class="lbl" text-anchor="end" x={px(grid.frame.x.start - 8.0)} y={px(y + 3.6)}>
                { format::seconds(value) }
            </text>
        </>}
    };
    let outline = at.map(|(second, cell)| {
        let [x, y, width, height] = grid.cell(second, cell);
        html! { <rect class="looked-at" x={px(x)} y={px(y)} width={px(width)} height={px(height)} /> }
    });
    html! {
        <svg class="plot" aria-hidden="true">
            { for shades.iter().enumerate().map(|(i, d)| html! { <path class={format!("shade shade-{i}")} d={d.clone()} /> }) }
            { for decades.map(row) }
            { labels(&grid.frame, &seconds(grid.first as f64, grid.end as f64), false) }
            { outline }
        </svg>
    }
}

/// What is asked for by a click: the requests of a cell; of a node, whatever ended in that second.
fn asked(props: &Props, (second, cell): (u64, u16)) -> Option<(Query, String)> {
    props.columns.iter().find(|column| column.second == second)?;
    let at = format::clock(second as f64);
    let all = Query { from: second, to: second, ..Query::default() };
    Some(match &props.subject {
        Subject::Node(_) => (all, format!("Requests that ended at {at}")),
        subject => {
            let class = if let Subject::Class(name) = subject { Some(name.clone()) } else { None };
            let says = format!("{} at {at}", span(cell));
            (Query { low: cell, high: cell, class, ..all }, says)
        }
    })
}

fn span(cell: u16) -> String {
    format!("{} to {}", format::seconds(cell_start(cell)), format::seconds(cell_start(cell + 1)))
}

fn told(columns: &[Column], (second, cell): (u64, u16)) -> String {
    let at = format::clock(second as f64);
    let Some(column) = columns.iter().find(|column| column.second == second) else { return at };
    let all: u32 = column.counts.iter().sum();
    let here = cell.checked_sub(column.low).and_then(|i| column.counts.get(usize::from(i))).copied();
    let (here, all) = (u64::from(here.unwrap_or(0)), u64::from(all));
    format!("{at} · {} · {} of {} requests", span(cell), format::count(here), format::count(all))
}

/// The last seconds as a table, for who does not see the picture.
fn table(columns: &[Column]) -> Html {
    let row = |column: &Column| {
        let all: u32 = column.counts.iter().sum();
        let quantile = |q: f64| {
            let wanted = (q * f64::from(all)).ceil() as u32;
            let mut seen = 0;
            let place = column.counts.iter().position(|count| {
                seen += count;
                seen >= wanted
            });
            place.map_or_else(|| format::NONE.to_owned(), |i| span(column.low + i as u16))
        };
        html! {
            <tr>
                <th scope="row">{ format::clock(column.second as f64) }</th>
                <td>{ format::count(u64::from(all)) }</td><td>{ quantile(0.5) }</td><td>{ quantile(0.99) }</td>
            </tr>
        }
    };
    let last = columns.iter().rev().take(ROWS);
    html! {
        <div class="unseen"><table>
            <caption>{ "Latency in the last seconds" }</caption>
            <thead><tr><th scope="col">{ "second" }</th><th scope="col">{ "requests" }</th>
                <th scope="col">{ "median" }</th><th scope="col">{ "99th percentile" }</th></tr></thead>
            <tbody>{ for last.map(row) }</tbody>
        </table></div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_picture_is_the_cell_that_is_drawn_there() {
        let columns: Vec<Column> =
            (5..50).map(|second| Column { second, errors: 0, low: 10, counts: vec![1; 20] }).collect();
        let grid = Grid::of(&columns, (600.0, 180.0));
        for (second, cell) in [(5, 10), (30, 17), (49, 29)] {
            let [x, y, width, height] = grid.cell(second, cell);
            assert_eq!(grid.at((x + width / 2.0, y + height / 2.0)), Some((second, cell)));
        }
        assert_eq!(grid.at((2.0, 2.0)), None);
        let shades = grid.shades(&columns);
        assert_eq!(shades[0].matches('z').count(), 45 * 20, "all are equally many");
    }
}
