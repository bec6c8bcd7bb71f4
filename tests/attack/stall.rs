//! No coordinated omission: a server that stops for a second shows in full, to everyone who was to be served in it.
use super::server::{Reply, Server};
use super::{assert_add_up, attack, driven};
use loadpath_core::time::Span;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

const RATE: f64 = 1_000.0;
const LOAD: Span = Span(6 * Span::SECOND.0);
const STALL_AT: Duration = Duration::from_secs(3);
const STALL: Duration = Duration::from_secs(1);
/// How long after the stall the backlog is watched: it takes 85 ms to be served on a quiet machine, longer on a busy one.
const WATCHED: Duration = Duration::from_millis(40);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_of_a_second_shows_in_full_in_the_response_and_not_in_the_service() {
    let first = OnceLock::new();
    let served = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&served);
    let server = Server::start(move |_, _| {
        let now = first.get_or_init(Instant::now).elapsed();
        if (STALL_AT + STALL..STALL_AT + STALL + WATCHED).contains(&now) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let after =
            if (STALL_AT..STALL_AT + STALL).contains(&now) { STALL_AT + STALL - now } else { Duration::ZERO };
        Reply { after, ..Reply::status("200 OK") }
    })
    .await;
    let (run, intervals) = driven(attack(server.address, RATE, LOAD)).await;
    let run = run.unwrap();
    assert_eq!(run.outcomes().errors(), 0, "{:?}", run.notes);
    assert_add_up(&intervals, &run);

    // A request that is due u seconds into the stall waits until its end, and then for those before it, which are served
    // m per second: 1 - u (1 - r) with r = RATE / m. One in six is due in the stall, so a share (1 - x) / (1 - r) / 6 of
    // all waits longer than x. How fast the backlog is served depends on what else the machine does; the server has
    // counted it, over a part of that time, so 5 % are allowed.
    let drain_rate = f64::from(served.load(Ordering::Relaxed)) / WATCHED.as_secs_f64();
    let r = RATE / drain_rate;
    let response = run.response();
    for (q, share) in [(0.90, 0.1), (0.99, 0.01)] {
        let expected = (1.0 - 6.0 * share * (1.0 - r)) * 1_000.0;
        let told = response.quantile(q).as_millis();
        assert!(
            (told / expected - 1.0).abs() < 0.05,
            "{q}: {told} ms for {expected} ms, at {drain_rate} per second"
        );
    }

    // The 32 requests that were on the wire are 0.53 % of all: the p99 of the service does not see the stall.
    let service = run.classes[0].service.quantile(0.99);
    assert!(service < Span::from_millis(100), "service p99 {service}");
    let waited = run.notes.iter().any(|note| note.contains("waited for one"));
    assert!(waited, "who waited for a connection is told: {:?}", run.notes);
}
