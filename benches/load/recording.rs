//! What recording adds to a request: from the user's push to every histogram of the interval, the second and the run.
use loadgen::measure::{Ending, Recorder, Sample, SeenHere, Tally};
use loadpath_core::rng::Seed;
use loadpath_core::time::{Span, Time};
use std::time::Instant;

/// Requests of a turn, and between two tallies: 50 ms at 20,000/s.
const REQUESTS: u64 = 2_000_000;
const AT_ONCE: u64 = 1_000;
const TURNS: usize = 5;

/// Prints it: the best of some turns, since whatever disturbs one only adds.
pub(crate) fn cost() {
    let best = (0..TURNS)
        .map(|_| turn())
        .fold((f64::INFINITY, f64::INFINITY), |best, turn| (best.0.min(turn.0), best.1.min(turn.1)));
    println!(
        "recording, for each request: {:.1} ns on the request's path, {:.1} ns in the tally beside it",
        best.0, best.1
    );
    crate::verdict("recording adds to a request, us", (best.0 + best.1) / 1e3, "<=", 0.1);
}

/// Nanoseconds per request: on its path, and in the tally.
fn turn() -> (f64, f64) {
    let recorder = Recorder::new(1);
    let limits = (Span::ZERO, Span(3_600 * Span::SECOND.0));
    let mut tally = Tally::new(vec!["get".to_owned()], Vec::new(), SeenHere::default(), Time::ZERO, limits);
    let mut chance = Seed(1).stream("recording");
    let mut samples: Vec<Sample> = (0..AT_ONCE).map(|number| sample(number, chance.bits())).collect();
    // They are told of as they end.
    samples.sort_by_key(|sample| sample.end);
    let (mut path, mut beside) = (0.0, 0.0);
    for batch in 0..REQUESTS / AT_ONCE {
        let shift = Span(batch * AT_ONCE * 50_000);
        let begun = Instant::now();
        for sample in &samples {
            let moved = Sample {
                due: sample.due + shift,
                sent: sample.sent + shift,
                end: sample.end + shift,
                ..*sample
            };
            recorder.record(0, moved, &[]);
        }
        let recorded = Instant::now();
        let now = Time(shift.0 + AT_ONCE * 50_000);
        tally.take(&recorder, now);
        if tally.interval_is_over(now) {
            drop(tally.close_interval(&recorder, now));
        }
        path += (recorded - begun).as_nanos() as f64;
        beside += recorded.elapsed().as_nanos() as f64;
    }
    assert_eq!(tally.ended(), REQUESTS);
    (path / REQUESTS as f64, beside / REQUESTS as f64)
}

/// One every 50 us, sent some microseconds late, answered within some hundreds.
fn sample(number: u64, chance: u64) -> Sample {
    let due = Time(number * 50_000);
    let sent = due + Span(5_000 + chance % 60_000);
    let end = sent + Span(50_000 + (chance >> 32) % 400_000);
    let first_byte = Some(end);
    Sample { class: 0, due, sent, first_byte, end, ending: Ending::Answered(200), waited: false }
}
