//! Targets that refuse, fail, hang up, or are too slow: each request is counted once, as what it was.
use super::server::{Reply, Server};
use super::{attack, driven};
use loadgen::attack::AttackError;
use loadpath_core::run::Outcomes;
use loadpath_core::time::Span;
use std::net::TcpListener;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_where_nobody_listens_is_refused_before_anything_is_sent() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (run, intervals) = driven(attack(free, 100.0, Span::SECOND)).await;
    let fault = run.unwrap_err();
    assert!(matches!(fault, AttackError::Unreachable { address, .. } if address == free), "{fault}");
    assert!(fault.to_string().contains(&format!("nothing listens on {free}")), "{fault}");
    assert!(intervals.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statuses_are_counted_as_what_they_say_and_redirects_are_not_followed() {
    let server = Server::start(|number, _| match number % 4 {
        0 => Reply::status("200 OK"),
        1 => Reply::with_headers("302 Found", "location: /elsewhere\r\n"),
        2 => Reply::status("503 Service Unavailable"),
        _ => Reply::status("500 Internal Server Error"),
    })
    .await;
    let (run, _) = driven(attack(server.address, 400.0, Span::SECOND)).await;
    let run = run.unwrap();
    let asked = server.asked();
    let turn = |rest: usize| (0..asked.len()).filter(|number| number % 4 == rest).count() as u64;
    let expected = Outcomes { ok: turn(0) + turn(1), refused: turn(2), failed: turn(3), timed_out: 0 };
    assert_eq!(run.outcomes(), expected);
    assert!(asked.len().abs_diff(400) <= 1 && asked.iter().all(|line| line == "GET / HTTP/1.1"));
    for note in
        [format!("{} refused: HTTP status 503", turn(2)), format!("{} failed: HTTP status 500", turn(3))]
    {
        assert!(run.notes.contains(&note), "{note}: {:?}", run.notes);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_breaks_off_fails_and_the_next_request_has_a_new_connection() {
    let server = Server::start(|number, _| match number % 2 {
        0 => Reply {
            bytes: "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this".to_owned(),
            close: true,
            after: Duration::ZERO,
        },
        _ => Reply::status("200 OK"),
    })
    .await;
    let (run, _) = driven(attack(server.address, 300.0, Span::SECOND)).await;
    let run = run.unwrap();
    let asked = server.asked().len() as u64;
    assert_eq!(run.outcomes(), Outcomes { ok: asked / 2, failed: asked - asked / 2, ..Outcomes::default() });
    assert!(asked.abs_diff(300) <= 1, "{asked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_closes_every_connection_after_its_answer_fails_nothing() {
    // Half say so, half just close.
    let server = Server::start(|number, _| Reply {
        close: true,
        ..Reply::with_headers("200 OK", if number % 2 == 0 { "connection: close\r\n" } else { "" })
    })
    .await;
    let (run, _) = driven(attack(server.address, 300.0, Span::SECOND)).await;
    let run = run.unwrap();
    assert_eq!(run.outcomes().errors(), 0, "{:?}", run.notes);
    assert_eq!(run.outcomes().ok, server.asked().len() as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_too_slow_times_out_at_the_timeout() {
    let timeout = Span::from_millis(200);
    let server = Server::start(|number, _| {
        let after = if number % 2 == 0 { Duration::from_secs(60) } else { Duration::ZERO };
        Reply { after, ..Reply::status("200 OK") }
    })
    .await;
    let mut attack = attack(server.address, 100.0, Span::SECOND);
    attack.timeout = timeout;
    let (run, _) = driven(attack).await;
    let run = run.unwrap();
    let asked = server.asked().len() as u64;
    assert_eq!(
        run.outcomes(),
        Outcomes { ok: asked / 2, timed_out: asked - asked / 2, ..Outcomes::default() }
    );
    // 0.1 % is the precision of the histogram. Nothing stands between the good answers and the timeout.
    let response = run.response();
    for q in [0.6, 0.9, 1.0] {
        let off = response.quantile(q).as_millis() / timeout.as_millis() - 1.0;
        assert!(off.abs() <= 0.001, "{q}: {}", response.quantile(q));
    }
    assert!(response.quantile(0.4) < timeout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_never_answers_keeps_nobody_longer_than_the_timeout() {
    let server =
        Server::start(|_, _| Reply { after: Duration::from_secs(60), ..Reply::status("200 OK") }).await;
    let mut attack = attack(server.address, 200.0, Span::SECOND);
    attack.timeout = Span::from_millis(500);
    attack.connections = 4;
    let (run, intervals) = driven(attack).await;
    let run = run.unwrap();
    // Also those that stood in line for one of the four connections until their time was nearly up.
    let timed_out = run.outcomes().timed_out;
    assert!(timed_out.abs_diff(200) <= 1 && run.outcomes().total() == timed_out, "{:?}", run.outcomes());
    // The last is due at 1 s and given up at 1.5 s: a rate of 133 per second is what really ended.
    assert!((run.duration.as_secs() - 1.5).abs() < 0.05, "{}", run.duration);
    assert!(run.notes.iter().any(|note| note.contains("did not keep up")), "{:?}", run.notes);
    super::assert_add_up(&intervals, &run);
}
