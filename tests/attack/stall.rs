//! No coordinated omission: a server that stops for a second shows in full, to everyone who was to be served in it.
use super::server::{Reply, Server};
use super::{assert_add_up, attack, driven};
use loadpath_core::time::Span;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const RATE: f64 = 1_000.0;
const SECONDS: u64 = 6;
const STALL_AT: Duration = Duration::from_secs(3);
const STALL_END: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_of_a_second_shows_in_full_in_the_response_and_not_in_the_service() {
    let arrivals = Arc::new(Mutex::new(Vec::<Instant>::new()));
    let log = Arc::clone(&arrivals);
    let server = Server::start(move |_, _| {
        let mut log = log.lock().unwrap();
        log.push(Instant::now());
        let now = log[log.len() - 1] - log[0];
        let stalled = (STALL_AT..STALL_END).contains(&now);
        Reply { after: if stalled { STALL_END - now } else { Duration::ZERO }, ..Reply::status("200 OK") }
    })
    .await;
    let (run, intervals) = driven(attack(server.address, RATE, Span(SECONDS * Span::SECOND.0))).await;
    let run = run.unwrap();
    assert_eq!(run.outcomes().errors(), 0, "{:?}", run.notes);
    assert_add_up(&intervals, &run);

    // Who is due u seconds into the stall waits until its end, and then for those before it, of whom m are served in a
    // second: 1 - u (1 - r) seconds with r = RATE / m. Of all, a share (1 - x) / (1 - r) / SECONDS waits longer than x.
    let r = drain_load(&arrivals.lock().unwrap());
    let quantile = |q: f64| 1.0 - (1.0 - q) * SECONDS as f64 * (1.0 - r);
    let response = run.response();
    for q in [0.90, 0.95, 0.99] {
        let (told, expected) = (response.quantile(q).as_secs(), quantile(q));
        assert!((told / expected - 1.0).abs() < 0.05, "p{}: {told} s for {expected} s, r = {r}", q * 100.0);
    }

    // The 32 requests that were on the wire are 0.53 % of all: the p99 of the service does not see the stall.
    let service = run.classes[0].service.quantile(0.99);
    assert!(service < Span::from_millis(100), "service p99 {service}");
    let waited = run.notes.iter().any(|note| note.contains("waited for one"));
    assert!(waited, "who waited for a connection is told: {:?}", run.notes);
}

/// RATE / m, where m is how many per second the server was seen to take after the stall, until it had caught up. In d seconds
/// it takes those of the stall and those that have become due meanwhile: m d = RATE (1 + d), so r = d / (1 + d).
fn drain_load(arrivals: &[Instant]) -> f64 {
    let due_at_the_end = (RATE * STALL_END.as_secs_f64()) as usize;
    let caught_up = arrivals.iter().enumerate().skip(due_at_the_end).find_map(|(number, at)| {
        let since = (*at - arrivals[0]).as_secs_f64();
        (since - number as f64 / RATE < 0.002).then_some(since)
    });
    let d = caught_up.expect("a second suffices to catch up") - STALL_END.as_secs_f64();
    d / (1.0 + d)
}
