//! What core reads.
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
use loadpath_core::sim::Simulation;
use loadpath_core::stats::Histogram;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Topology, check, link};
use loadpath_core::wire::{Event, Refusal, StartRun, Status};
use loadpath_core::{advise, analytic};
use std::str::from_utf8;

/// So much of a design is simulated, in so many events at most: more would take long and find nothing else.
const SIMULATED: Span = Span::from_millis(300);
const MOST_EVENTS: u64 = 2_000;

/// A document is told its faults, or it is a design: it is written as it was read, estimated, advised, simulated.
pub(crate) fn document(bytes: &[u8]) {
    let Some(document) = from_utf8(bytes).ok().and_then(|text| Topology::from_json(text).ok()) else {
        return;
    };
    assert_eq!(
        Topology::from_json(&document.to_json()).as_ref(),
        Ok(&document),
        "it is written as it was read"
    );
    let plan = match check(&document) {
        Ok(plan) => plan,
        Err(faults) => {
            assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.to_string().is_empty()));
            return;
        }
    };
    drop(analytic::solve(&plan));
    drop(advise::findings(&plan, &document));
    let mut simulation = Simulation::new(&plan, Seed(1));
    simulation.run_some(Time::ZERO + SIMULATED, MOST_EVENTS);
    let run = simulation.run("fuzz");
    assert_eq!(Run::from_json(&run.to_json()).as_ref(), Ok(&run));
}

/// What a link holds is a document like any other.
pub(crate) fn link(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    let _ = link::asked(text);
    if let Ok(document) = link::decode(text) {
        assert_eq!(link::decode(&link::encode(&document)).as_ref(), Ok(&document));
    }
}

/// A run that was read can be told, and is the same when it is read again.
pub(crate) fn run(bytes: &[u8]) {
    let Some(run) = from_utf8(bytes).ok().and_then(|text| Run::from_json(text).ok()) else { return };
    assert_eq!(Run::from_json(&run.to_json()).as_ref(), Ok(&run));
    histogram_holds(&run.response());
    histogram_holds(&run.send_delay);
    for class in &run.classes {
        let well = class.breakdown.well(&class.response);
        assert!(well.count() <= class.response.count());
    }
}

/// A histogram in base64.
pub(crate) fn histogram(bytes: &[u8]) {
    let Some(histogram) = from_utf8(bytes).ok().and_then(|text| Histogram::from_base64(text).ok()) else {
        return;
    };
    histogram_holds(&histogram);
    let again = Histogram::from_base64(&histogram.to_base64());
    assert_eq!(again.map(|again| again.count()), Ok(histogram.count()));
}

fn histogram_holds(histogram: &Histogram) {
    let quantiles = [0.0, 0.5, 0.99, 1.0].map(|q| histogram.quantile(q));
    assert!(quantiles.is_sorted());
    let mut twice = histogram.clone();
    twice.merge(histogram);
    assert_eq!(twice.count(), histogram.count().saturating_mul(2));
}

/// What page and agent say to one another.
pub(crate) fn message(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    if let Ok(event) = serde_json::from_str::<Event>(text) {
        let again = serde_json::to_string(&event).expect("a message holds only what JSON can say");
        assert_eq!(serde_json::from_str::<Event>(&again).ok(), Some(event));
    }
    let _ = serde_json::from_str::<StartRun>(text).is_ok();
    let _ = serde_json::from_str::<Status>(text).is_ok();
    let _ = serde_json::from_str::<Refusal>(text).is_ok();
}
