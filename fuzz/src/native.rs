//! What the agent reads.
use loadgen::agents::{Answer, Order, Report};
use loadgen::attach::{Buckets, Spans, spread};
use loadgen::attack::recipe::{Check, Rows, Template};
use loadgen::attack::{Journey, answer_of};
use loadgen::interop;
use loadgen::measure::{MAX_METRICS, hops};
use loadgen::store::story_of;
use loadpath_core::run::Run;
use loadpath_core::topology::{Topology, check};
use serde_json::from_slice;
use std::str::from_utf8;

/// What a coordinator and its agents say over NATS.
pub(crate) fn order(bytes: &[u8]) {
    if let Ok(order) = from_slice::<Order>(bytes) {
        let again = serde_json::to_vec(&order).expect("an order holds only what JSON can say");
        assert_eq!(from_slice::<Order>(&again).as_ref().ok(), Some(&order));
        if let Order::Prepare { task, .. } = order {
            let _ = task.check().is_ok();
        }
    }
    let _ = from_slice::<Answer>(bytes).is_ok();
    let _ = from_slice::<Report>(bytes).is_ok();
}

/// A journal, whole or damaged, is a run that can be told.
pub(crate) fn journal(bytes: &[u8]) {
    if let Some(story) = story_of(bytes) {
        assert_eq!(Run::from_json(&story.run.to_json()).as_ref(), Ok(&story.run));
        assert!(story.intervals.is_sorted_by_key(|interval| interval.number));
    }
}

/// An answer of HTTP/1.1; in how many pieces it arrives makes no difference.
pub(crate) fn answer(bytes: &[u8]) {
    let whole = answer_of(bytes, &[]);
    let (first, second) = bytes.split_at(bytes.len() / 2);
    assert_eq!(answer_of(first, second), whole, "its halves say something else");
}

/// `Server-Timing`, of however many metrics.
pub(crate) fn server_timing(bytes: &[u8]) {
    let (mut read, nodes) = (Vec::new(), ["web".to_owned(), "db".to_owned()]);
    hops(bytes.split(|&byte| byte == b'\n'), &nodes, &mut read);
    assert!(read.len() <= MAX_METRICS);
}

/// A page of Prometheus'.
pub(crate) fn metrics(bytes: &[u8]) {
    let Ok(page) = from_utf8(bytes) else { return };
    for metric in [None, Some("a_seconds")] {
        let read = Buckets::read(page, metric, &[]);
        let all = spread(&read.since(&Buckets::default()));
        assert!(all.quantile(0.5) <= all.quantile(0.99));
    }
}

/// Spans of OpenTelemetry's.
pub(crate) fn spans(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    if let Ok(spans) = Spans::read(text, 0, u64::MAX) {
        assert!(spans.services().values().all(|seen| seen.with_caller <= seen.told.outcomes.total()));
    }
}

/// A description of a system becomes a design that is sound.
pub(crate) fn design(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    if let Some(Ok(drawn)) = interop::design::read(text) {
        assert!(check(&drawn.document).is_ok());
        assert_eq!(Topology::from_json(&drawn.document.to_json()), Ok(drawn.document));
    }
}

/// The result of another load tool becomes a run.
pub(crate) fn result(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    if let Some(Ok(run)) = interop::read(text) {
        assert_eq!(Run::from_json(&run.to_json()).as_ref(), Ok(&run));
    }
}

/// Journeys, templates, checks and rows, which a person wrote or was given.
pub(crate) fn requests(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    let _ = Journey::from_json(text).is_ok();
    let _ = text.parse::<Check>().is_ok();
    let rows = Rows::parse(text);
    let names = rows.map(|rows| rows.names()).unwrap_or_default();
    let _ = Template::parse(text, &names).is_ok();
}
