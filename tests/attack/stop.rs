//! Stopping, dropping, a slow listener, two at once: nothing is lost, and nothing runs on.
use super::server::{Reply, Server};
use super::{TURN, assert_add_up, attack};
use loadgen::attack::{AttackError, drive};
use loadpath_core::time::Span;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// What goose needs to notice that its users have ended, and a busy machine on top.
const SOON: Duration = Duration::from_secs(5);

async fn polite() -> Server {
    Server::start(|_, _| Reply::status("200 OK")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_attack_ends_soon_and_tells_what_it_saw() {
    let _turn = TURN.lock().await;
    let server = Server::start(|number, _| {
        // The last ones are still open when it is stopped.
        let after = if number > 100 { Duration::from_secs(60) } else { Duration::ZERO };
        Reply { after, ..Reply::status("200 OK") }
    })
    .await;
    let stop = CancellationToken::new();
    let (sender, mut receiver) = mpsc::channel(64);
    let driving =
        tokio::spawn(drive(attack(server.address, 200.0, Span(60 * Span::SECOND.0)), stop.clone(), sender));
    let second = receiver.recv().await.expect("the first second is told");
    assert!(second.classes[0].outcomes.ok > 50, "{second:?}");
    stop.cancel();
    let run = timeout(SOON, driving).await.expect("it ends soon").unwrap().unwrap();
    assert_eq!((run.outcomes().ok, run.outcomes().errors()), (101, 0));
    assert!((0.9..5.0).contains(&run.duration.as_secs()), "{}", run.duration);
    let note = &run.notes[0];
    assert!(note.contains("stopped after") && note.contains("requests had no end yet"), "{note}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_attack_is_refused_and_a_dropped_one_sends_nothing_more() {
    let _turn = TURN.lock().await;
    let server = polite().await;
    let load = || attack(server.address, 200.0, Span(60 * Span::SECOND.0));
    let (sender, mut receiver) = mpsc::channel(64);
    let driving = tokio::spawn(drive(load(), CancellationToken::new(), sender));
    receiver.recv().await.expect("the first second is told");

    let (sender, _receiver) = mpsc::channel(64);
    let second = drive(load(), CancellationToken::new(), sender).await;
    assert!(matches!(second, Err(AttackError::Busy)), "{second:?}");

    driving.abort();
    assert!(driving.await.unwrap_err().is_cancelled());
    // The next attack gets its turn when goose has really ended, and by then nobody sends.
    let begun = Instant::now();
    let (next, sent) = loop {
        let sent = server.asked().len();
        let (sender, _receiver) = mpsc::channel(64);
        let mut one = attack(server.address, 1.0, Span::from_millis(500));
        one.arrivals.rate = 1.0;
        match drive(one, CancellationToken::new(), sender).await {
            Err(AttackError::Busy) => assert!(begun.elapsed() < SOON, "goose has not ended"),
            next => break (next, sent),
        }
        sleep(Duration::from_millis(10)).await;
    };
    // One per second for half a second: none is due.
    assert_eq!(next.unwrap().outcomes().total(), 0);
    assert_eq!(server.asked().len(), sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_listener_gets_longer_intervals_and_slows_nothing() {
    let _turn = TURN.lock().await;
    let server = polite().await;
    let (sender, mut receiver) = mpsc::channel(1);
    let listen = async {
        let mut intervals = Vec::new();
        while let Some(interval) = receiver.recv().await {
            intervals.push(interval);
            sleep(Duration::from_millis(2_300)).await;
        }
        intervals
    };
    let load =
        drive(attack(server.address, 300.0, Span(5 * Span::SECOND.0)), CancellationToken::new(), sender);
    let (run, intervals) = tokio::join!(load, listen);
    let run = run.unwrap();
    assert!(run.outcomes().ok.abs_diff(1_500) <= 1, "{:?}", run.outcomes());
    assert_add_up(&intervals, &run);
    assert!(
        intervals.len() < 5 && intervals.iter().any(|interval| interval.length > Span::from_millis(1_500))
    );
}
