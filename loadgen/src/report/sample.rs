//! A small run that the tests of reports share.
use crate::store::{State, Story};
use loadpath_core::run::{ClassRun, Outcomes, Run, Second, Source};
use loadpath_core::stats::Histogram;
use loadpath_core::time::Span;

/// A thousand requests of one class, of 1 ms to 1 s.
pub(crate) fn story() -> Story {
    let source = Source::Measured { target: "http://127.0.0.1/".to_owned(), by: "loadgen".to_owned() };
    let mut run = Run::new("sample", source, 500.0);
    (run.started_unix, run.duration) = (1_767_225_600, Span(2 * Span::SECOND.0));
    let mut response = Histogram::default();
    (1..=1_000).for_each(|ms| response.record(Span::from_millis(ms)));
    let outcomes = Outcomes { ok: 1_000, ..Outcomes::default() };
    let service = response.clone();
    run.classes.push(ClassRun { outcomes, service, response, ..ClassRun::named("all, or not") });
    let second =
        |p99_ns| Second { outcomes: Outcomes { ok: 500, ..Outcomes::default() }, offered: 500, p99_ns };
    run.series = vec![second(900_000_000), second(950_000_000)];
    Story { run, tags: Vec::new(), state: State::Ended, intervals: Vec::new() }
}
