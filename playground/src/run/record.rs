//! What the worker keeps of the requests that ended: a column of a heat map for each second, a few requests for each of its
//! cells, and the batches that intervals come from. Bounded, however long it runs.
use super::figures::Subject;
use super::protocol::{Column, Found, Query};
use loadpath_core::order;
use loadpath_core::run::{Outcome, Outcomes};
use loadpath_core::sim::Ended;
use loadpath_core::stats::{Batches, Histogram, Moments};
use loadpath_core::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};

/// How many seconds are kept.
pub(crate) const KEPT: usize = 120;
/// Cells of a column for each factor of ten.
const PER_DECADE: f64 = 8.0;
/// Where the first cell begins.
const FIRST: Span = Span(10_000);
/// Cells of a column: from 10 µs to 100 s.
pub(crate) const CELLS: u16 = 56;
/// How many requests are kept for each cell of each class, good ones and others.
const SAMPLES: usize = 3;
/// How many requests are told at once.
const TOLD: usize = 24;
/// An interval needs so many batches, and twice as many are joined (Law 2015, §9.5.3).
const ENOUGH: usize = 16;
const CONFIDENCE: f64 = 0.95;

/// The cell of a response time.
pub(crate) fn cell_of(response: Span) -> u16 {
    let decades = (response.0.max(1) as f64 / FIRST.0 as f64).log10();
    (decades * PER_DECADE).floor().clamp(0.0, f64::from(CELLS - 1)) as u16
}

/// Where a cell begins, in seconds; the first has everything below too.
pub(crate) fn cell_start(cell: u16) -> f64 {
    FIRST.as_secs() * 10f64.powf(f64::from(cell) / PER_DECADE)
}

/// What is kept.
#[derive(Debug)]
pub(super) struct Record {
    classes: Vec<String>,
    seconds: VecDeque<Second>,
    /// Of all requests, then of each class.
    since_reset: Vec<SinceReset>,
    /// Of the node that is watched.
    node: NodeRecord,
}

/// A second's requests.
#[derive(Debug)]
struct Second {
    number: u64,
    /// Of each class: how many ended in each cell, and how many of all not well.
    cells: Vec<Vec<u32>>,
    errors: Vec<u32>,
    samples: BTreeMap<Cell, Samples>,
}

/// A class, a cell, whether it ended well.
type Cell = (u16, u16, bool);

#[derive(Debug, Default)]
struct Samples {
    seen: u64,
    kept: Vec<Ended>,
}

/// A stream of requests since the reset, in batches.
#[derive(Debug, Default)]
struct SinceReset {
    responses: Batches,
    seconds: Joined,
    running: (u64, u64),
}

/// Counts of consecutive seconds, joined two by two when they are many, so that there are always enough and never too many.
#[derive(Debug)]
struct Joined {
    /// How many ended, and how many not well.
    full: Vec<(u64, u64)>,
    length: u64,
    filling: (u64, u64, u64),
}

impl Default for Joined {
    fn default() -> Self {
        Self { full: Vec::new(), length: 1, filling: (0, 0, 0) }
    }
}

/// A node's seconds since the reset, or since it is watched.
#[derive(Debug, Default)]
struct NodeRecord {
    columns: VecDeque<Column>,
    seconds: Joined,
    /// The quantiles of each second.
    quantiles: [Moments; 4],
}

/// The half-widths of the intervals around figures, where they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct HalfWidths {
    pub(super) quantiles: [Option<f64>; 4],
    pub(super) rate: Option<f64>,
    pub(super) error_share: Option<f64>,
}

impl Joined {
    fn add(&mut self, ended: u64, errors: u64) {
        let (seconds, sum, wrong) = &mut self.filling;
        *seconds += 1;
        *sum += ended;
        *wrong += errors;
        if *seconds < self.length {
            return;
        }
        self.full.push((*sum, *wrong));
        self.filling = (0, 0, 0);
        if self.full.len() == 2 * ENOUGH {
            self.full =
                self.full.chunks(2).map(|pair| (pair[0].0 + pair[1].0, pair[0].1 + pair[1].1)).collect();
            self.length *= 2;
        }
    }

    fn half_width(&self, of: impl Fn(&(u64, u64)) -> f64) -> Option<f64> {
        let mut moments = Moments::default();
        self.full.iter().for_each(|batch| moments.add(of(batch)));
        moments.interval(CONFIDENCE).filter(|_| self.full.len() >= ENOUGH).map(|estimate| estimate.half_width)
    }

    fn rate(&self) -> Option<f64> {
        self.half_width(|(ended, _)| *ended as f64 / self.length as f64)
    }

    fn error_share(&self) -> Option<f64> {
        self.half_width(|(ended, errors)| *errors as f64 / (*ended).max(1) as f64)
    }
}

impl Samples {
    /// Keeps each request with the same chance, which its number decides (Vitter 1985, algorithm R).
    fn offer(&mut self, ended: Ended) {
        self.seen += 1;
        if self.kept.len() < SAMPLES {
            return self.kept.push(ended);
        }
        let draw = ended.request.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
        if let Some(place) = self.kept.get_mut((draw % self.seen) as usize) {
            *place = ended;
        }
    }
}

impl Record {
    pub(super) fn new(classes: Vec<String>) -> Self {
        let since_reset = (0..=classes.len()).map(|_| SinceReset::default()).collect();
        Self { classes, seconds: VecDeque::new(), since_reset, node: NodeRecord::default() }
    }

    /// A request has ended.
    pub(super) fn add(&mut self, ended: Ended) {
        let number = ended.at.0 / Span::SECOND.0;
        if self.seconds.back().is_none_or(|last| last.number != number) {
            self.open(number);
        }
        let (class, cell) = (usize::from(ended.class), cell_of(ended.response));
        let is_error = ended.outcome != Outcome::Ok;
        let second = self.seconds.back_mut().expect("the second was just opened");
        second.cells[class][usize::from(cell)] += 1;
        second.errors[class] += u32::from(is_error);
        second.samples.entry((ended.class, cell, is_error)).or_default().offer(ended);
        for of in [0, class + 1] {
            let stream = &mut self.since_reset[of];
            stream.responses.add(ended.response);
            stream.running.0 += 1;
            stream.running.1 += u64::from(is_error);
        }
    }

    fn open(&mut self, number: u64) {
        let classes = self.classes.len();
        let cells = vec![vec![0; usize::from(CELLS)]; classes];
        self.seconds.push_back(Second { number, cells, errors: vec![0; classes], samples: BTreeMap::new() });
        if self.seconds.len() > KEPT {
            self.seconds.pop_front();
        }
    }

    /// A whole second has passed; of the node that is watched, how its calls ended in it.
    pub(super) fn second_passed(&mut self, number: u64, node: Option<(Outcomes, &Histogram)>) {
        if self.seconds.back().is_none_or(|last| last.number < number) {
            self.open(number);
        }
        for stream in &mut self.since_reset {
            let (ended, errors) = std::mem::take(&mut stream.running);
            stream.seconds.add(ended, errors);
        }
        if let Some((outcomes, response)) = node {
            self.node.add(number, &outcomes, response);
        }
    }

    /// Statistics start anew; what is shown over time goes on.
    pub(super) fn reset(&mut self) {
        self.since_reset.iter_mut().for_each(|stream| *stream = SinceReset::default());
        let columns = std::mem::take(&mut self.node.columns);
        self.node = NodeRecord { columns, ..NodeRecord::default() };
    }

    /// Another node is watched, or none.
    pub(super) fn watch(&mut self) {
        self.node = NodeRecord::default();
    }

    /// The columns of a subject from this second on, up to the last whole one before `end`.
    pub(super) fn columns(&self, subject: &Subject, from: u64, end: u64) -> Vec<Column> {
        let whole = from..end;
        if let Subject::Node(_) = subject {
            return self
                .node
                .columns
                .iter()
                .filter(|column| whole.contains(&column.second))
                .cloned()
                .collect();
        }
        let wanted = |class: usize| match subject {
            Subject::Class(name) => self.classes[class] == *name,
            _ => true,
        };
        let column = |second: &Second| {
            let mut counts = vec![0; usize::from(CELLS)];
            let mut errors = 0;
            for class in (0..self.classes.len()).filter(|&class| wanted(class)) {
                counts.iter_mut().zip(&second.cells[class]).for_each(|(sum, count)| *sum += count);
                errors += second.errors[class];
            }
            Column::new(second.number, errors, &counts)
        };
        self.seconds.iter().filter(|second| whole.contains(&second.number)).map(column).collect()
    }

    /// Requests that answer a query, slowest first.
    pub(super) fn find(&self, query: &Query) -> Vec<Found> {
        let fits = |&&(class, cell, is_error): &&Cell| {
            let class = self.classes.get(usize::from(class));
            let is_class = query.class.as_ref().is_none_or(|name| class == Some(name));
            is_class && (query.low..=query.high).contains(&cell) && (is_error || !query.only_errors)
        };
        let seconds = self.seconds.iter().filter(|second| (query.from..=query.to).contains(&second.number));
        let mut found: Vec<&Ended> = seconds
            .flat_map(|second| second.samples.iter().filter(|(cell, _)| fits(cell)))
            .flat_map(|(_, samples)| &samples.kept)
            .collect();
        order::sort_by_key(&mut found, |ended| (std::cmp::Reverse(ended.response), ended.request));
        let told = |ended: &&Ended| Found {
            request: ended.request,
            at_ns: ended.at.0,
            response_ns: ended.response.0,
            class: self.classes.get(usize::from(ended.class)).cloned().unwrap_or_default(),
            outcome: ended.outcome,
        };
        found.iter().take(TOLD).map(told).collect()
    }

    /// How sure the figures of a subject are.
    pub(super) fn half_widths(&self, subject: &Subject, quantiles: [f64; 4]) -> HalfWidths {
        let stream = match subject {
            Subject::All => Some(0),
            Subject::Class(name) => self.classes.iter().position(|class| class == name).map(|i| i + 1),
            Subject::Node(_) => None,
        };
        let Some(stream) = stream.and_then(|i| self.since_reset.get(i)) else {
            return self.node.half_widths();
        };
        HalfWidths {
            quantiles: quantiles.map(|q| Some(stream.responses.quantile(q, CONFIDENCE)?.half_width)),
            rate: stream.seconds.rate(),
            error_share: stream.seconds.error_share(),
        }
    }
}

impl NodeRecord {
    fn add(&mut self, number: u64, outcomes: &Outcomes, response: &Histogram) {
        let mut counts = vec![0u32; usize::from(CELLS)];
        response.buckets().for_each(|(span, count)| {
            counts[usize::from(cell_of(span))] += u32::try_from(count).unwrap_or(u32::MAX);
        });
        self.columns.push_back(Column::new(number, outcomes.errors() as u32, &counts));
        if self.columns.len() > KEPT {
            self.columns.pop_front();
        }
        self.seconds.add(outcomes.total(), outcomes.errors());
        if !response.is_empty() {
            for (moments, (_, q)) in self.quantiles.iter_mut().zip(super::QUANTILES) {
                moments.add(response.quantile(q).as_secs());
            }
        }
    }

    fn half_widths(&self) -> HalfWidths {
        let width = |moments: &Moments| {
            let estimate = moments.interval(CONFIDENCE).filter(|_| moments.count >= ENOUGH as u64)?;
            Some(estimate.half_width)
        };
        HalfWidths {
            quantiles: [0, 1, 2, 3].map(|i| width(&self.quantiles[i])),
            rate: self.seconds.rate(),
            error_share: self.seconds.error_share(),
        }
    }
}

/// The last whole second at an instant, by its number plus one.
pub(super) const fn whole_seconds(now: Time) -> u64 {
    now.0 / Span::SECOND.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(request: u64, second: u64, micros: u64, outcome: Outcome) -> Ended {
        let at = Time(second * Span::SECOND.0 + request % 1_000);
        Ended { request, at, response: Span(micros * 1_000), class: (request % 2) as u16, outcome }
    }

    fn record() -> Record {
        let mut record = Record::new(vec!["read".to_owned(), "write".to_owned()]);
        for second in 0..200u64 {
            for i in 0..100 {
                let outcome = if i == 7 { Outcome::Failed } else { Outcome::Ok };
                record.add(ended(second * 100 + i, second, 100 + 90 * i, outcome));
            }
            record.second_passed(second, None);
        }
        record
    }

    #[test]
    fn a_column_counts_each_request_once_and_what_is_kept_is_bounded() {
        let record = record();
        let columns = record.columns(&Subject::All, 0, 200);
        assert_eq!((columns.len(), columns[0].second), (KEPT, 200 - KEPT as u64));
        assert!(columns.iter().all(|column| column.counts.iter().sum::<u32>() == 100 && column.errors == 1));
        let read = record.columns(&Subject::Class("read".to_owned()), 199, 200);
        assert_eq!((read.len(), read[0].counts.iter().sum::<u32>(), read[0].errors), (1, 50, 0));
        assert!(
            record.seconds.iter().all(|s| s.samples.values().all(|samples| samples.kept.len() <= SAMPLES))
        );
    }

    #[test]
    fn a_cell_gives_requests_that_were_in_it() {
        let record = record();
        let cell = cell_of(Span(5_000_000));
        let query = Query { from: 150, to: 150, low: cell, high: cell, ..Query::default() };
        let found = record.find(&query);
        assert!(!found.is_empty() && found.len() <= 2 * SAMPLES);
        for one in &found {
            assert_eq!((cell_of(Span(one.response_ns)), one.request / 100), (cell, 150));
        }
        assert!(found.windows(2).all(|pair| pair[0].response_ns >= pair[1].response_ns));
        let errors = record.find(&Query { from: 80, to: 199, only_errors: true, ..Query::default() });
        assert!(errors.iter().all(|one| one.outcome == Outcome::Failed) && errors.len() == TOLD);
        let writes = Query { class: Some("write".to_owned()), ..query };
        assert!(record.find(&writes).iter().all(|one| one.class == "write"));
    }

    #[test]
    fn cells_lie_side_by_side_from_ten_microseconds_to_a_hundred_seconds() {
        for cell in 0..CELLS {
            let start = Span::from_secs(cell_start(cell) * 1.000_1);
            assert_eq!(cell_of(start), cell, "{start}");
        }
        assert_eq!((cell_of(Span(0)), cell_of(Span(u64::MAX / 2))), (0, CELLS - 1));
        assert!((cell_start(CELLS) - 100.0).abs() < 1e-6);
    }

    #[test]
    fn a_steady_stream_has_an_interval_of_no_width_and_a_short_one_has_none() {
        let record = record();
        let widths = record.half_widths(&Subject::All, [0.5, 0.9, 0.99, 0.999]);
        assert_eq!((widths.rate, widths.error_share), (Some(0.0), Some(0.0)));
        assert!(widths.quantiles[0].is_some_and(|width| width < 0.001), "{widths:?}");
        let mut short = Record::new(vec!["read".to_owned()]);
        short.second_passed(0, None);
        assert_eq!(short.half_widths(&Subject::All, [0.5; 4]), HalfWidths::default());
    }
}
