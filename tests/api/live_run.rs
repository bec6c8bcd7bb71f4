//! A live run through the API, as the page does it.
use super::{Serving, raw};
use crate::attack::TURN;
use crate::live::{design, processes_of, wait_until};
use loadpath_core::run::Run;
use loadpath_core::time::Span;
use loadpath_core::topology::Topology;
use loadpath_core::wire::{Event, Phase, RunSummary, StartRun, Started, Status};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

pub(super) fn start(serving: &Serving, token: &str, document: Topology, seconds: u64) -> raw::Answer {
    let start = StartRun { document, duration: Span(seconds * Span::SECOND.0), seed: 1 };
    serving.ask("POST", "/api/runs", Some(token), Some(&serde_json::to_string(&start).unwrap()))
}

pub(super) fn started(answer: &raw::Answer) -> String {
    assert_eq!(answer.status, 202, "{answer:?}");
    serde_json::from_str::<Started>(&answer.body).unwrap().id
}

/// A listener to a run's events.
pub(super) struct Events {
    lines: BufReader<TcpStream>,
}

impl Events {
    pub(super) fn open(serving: &Serving, id: &str, last: Option<u64>) -> Self {
        let mut stream = raw::connect(serving.address);
        let last = last.map_or(String::new(), |last| format!("last-event-id: {last}\r\n"));
        let request =
            format!("GET /api/runs/{id}/events HTTP/1.1\r\nhost: {}\r\n{last}\r\n", serving.address);
        stream.write_all(request.as_bytes()).unwrap();
        Self { lines: BufReader::new(stream) }
    }

    /// The next event and its number; none at the end of the stream.
    pub(super) fn next(&mut self) -> Option<(u64, Event)> {
        let mut number = None;
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            // The chunks' lengths stand between the lines.
            if let Some(id) = line.strip_prefix("id: ") {
                number = Some(id.trim().parse().unwrap());
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((number.expect("the number comes first"), serde_json::from_str(data).unwrap()));
            } else if line.trim() == "0" {
                return None;
            }
        }
    }
}

#[test]
fn a_run_is_followed_resumed_measured_and_kept() {
    let _turn = TURN.blocking_lock();
    let serving = Serving::start();
    let token = serving.token();
    let id = started(&start(&serving, &token, design("200/s"), 3));
    let status: Status = serde_json::from_str(&serving.ask("GET", "/api/status", None, None).body).unwrap();
    assert_eq!(status.running.as_deref(), Some(id.as_str()), "a page that is reloaded finds it");
    let busy = start(&serving, &token, design("200/s"), 3);
    assert!(busy.status == 409 && busy.body.contains(&id), "{busy:?}");

    // One listener follows from the start to the end; another leaves after an interval and comes back.
    let mut all = Events::open(&serving, &id, None);
    let mut leaving = Events::open(&serving, &id, None);
    let left_at = loop {
        if let (number, Event::Interval(_)) = leaving.next().expect("there is an interval") {
            break number;
        }
    };
    drop(leaving);
    let mut resumed = Events::open(&serving, &id, Some(left_at));
    assert_eq!(resumed.next().unwrap().0, left_at + 1, "not one is missing, and none comes twice");

    let (mut phases, mut intervals, mut done) = (Vec::new(), Vec::new(), None);
    let mut expected = 1;
    while let Some((number, event)) = all.next() {
        assert_eq!(number, expected);
        expected += 1;
        match event {
            Event::Phase { phase, .. } => phases.push(phase),
            Event::Interval(interval) => intervals.push(interval),
            Event::Done(run) => done = Some(run),
            Event::Failed { error } => panic!("{error}"),
        }
    }
    phases.dedup();
    assert_eq!(phases, [Phase::BringingUp, Phase::WarmingUp, Phase::Driving, Phase::TakingDown]);
    assert!(intervals.len() >= 5, "{} intervals of 2 s and 3 s", intervals.len());
    let web = &intervals[2].nodes[2];
    assert_eq!((web.id.as_str(), web.up.as_slice()), ("web", &[true, true][..]));
    assert!(web.utilization.is_some_and(|share| share > 0.0 && share < 1.0), "{:?}", web.utilization);
    assert!(intervals[2].nodes[0].up.is_empty(), "clients have no processes");
    let done = done.expect("the run was told");
    assert_eq!(done.outcomes().errors(), 0, "{:?}", done.notes);
    assert_eq!(processes_of(&id), [0; 0], "everything is down when it is told");

    // Who comes too late is told not to come back.
    let late = serving.ask("GET", &format!("/api/runs/{id}/events"), None, None);
    assert!(late.status == 200 && late.body.contains("\"done\""));
    let last = format!(
        "GET /api/runs/{id}/events HTTP/1.1\r\nhost: {}\r\nlast-event-id: {expected}\r\nconnection: close\r\n\r\n",
        serving.address
    );
    assert_eq!(raw::send(serving.address, &last).status, 204);

    let runs: Vec<RunSummary> =
        serde_json::from_str(&serving.ask("GET", "/api/runs", Some(&token), None).body).unwrap();
    assert_eq!(runs.len(), 1);
    let kept = serving.ask("GET", &format!("/api/runs/{}", runs[0].id), Some(&token), None);
    assert_eq!(Run::from_json(&kept.body).unwrap(), *done);
    assert_eq!(serving.ask("GET", "/api/runs/no-such-run", Some(&token), None).status, 404);
}

#[test]
fn a_killed_instance_shows_and_a_stop_keeps_what_was_measured() {
    let _turn = TURN.blocking_lock();
    let serving = Serving::start();
    let token = serving.token();
    let id = started(&start(&serving, &token, design("200/s"), 60));
    let act = |what: &str, body: Option<&str>| {
        serving.ask("POST", &format!("/api/runs/{id}/{what}"), Some(&token), body)
    };
    let mut events = Events::open(&serving, &id, None);
    let mut next_interval = || loop {
        match events.next().expect("the run goes on").1 {
            Event::Interval(interval) => return Some(interval),
            Event::Done(run) => {
                assert!(run.notes[0].contains("stopped after"), "{:?}", run.notes);
                return None;
            }
            Event::Failed { error } => panic!("{error}"),
            Event::Phase { .. } => {}
        }
    };
    next_interval();
    assert_eq!(act("kill", Some(r#"{"node":"web","instance":1}"#)).status, 204);
    let missing = act("kill", Some(r#"{"node":"web","instance":9}"#));
    assert!(missing.status == 409 && missing.body.contains("there is no web#10"), "{missing:?}");
    let mut refused = 0;
    loop {
        let interval = next_interval().expect("it was not stopped yet");
        refused += interval.nodes[2].outcomes.refused + interval.nodes[2].outcomes.failed;
        if interval.nodes[2].up == [true, false] && refused > 0 {
            break;
        }
    }
    // The balancer has found out: nothing is lost any more.
    next_interval();
    let after = next_interval().expect("it was not stopped yet");
    assert_eq!(after.nodes[2].outcomes.errors(), 0, "{:?}", after.nodes[2].outcomes);
    assert_eq!(act("stop", None).status, 204);
    while next_interval().is_some() {}
    wait_until("every process is gone", || processes_of(&id).is_empty());
    assert_eq!(act("kill", Some(r#"{"node":"web","instance":0}"#)).status, 409, "nothing is up");
}

#[test]
fn ctrl_c_in_the_middle_of_a_run_takes_it_down() {
    let _turn = TURN.blocking_lock();
    let mut serving = Serving::start();
    let token = serving.token();
    let id = started(&start(&serving, &token, design("50/s"), 60));
    wait_until("the design is up", || processes_of(&id).len() == 6);
    serving.agent.signal("INT");
    assert!(serving.agent.end().success());
    assert_eq!(processes_of(&id), [0; 0]);
}

#[test]
fn a_faulty_design_is_refused_with_its_faults() {
    let serving = Serving::start();
    let token = serving.token();
    let mut faulty = design("100/s");
    faulty.nodes[2].params.insert("workers".to_owned(), (-3.0).into());
    let answer = start(&serving, &token, faulty, 5);
    assert_eq!(answer.status, 422, "{answer:?}");
    let refusal: loadpath_core::wire::Refusal = serde_json::from_str(&answer.body).unwrap();
    assert!(refusal.faults.len() == 1 && refusal.error.contains("workers"), "{refusal:?}");
    let fast = start(&serving, &token, design("1M/s"), 5);
    assert!(fast.status == 422 && fast.body.contains("at most 20000/s"), "{fast:?}");
    let long = start(&serving, &token, design("100/s"), 7_200);
    assert!(long.status == 422 && long.body.contains("from 1s to 1h"), "{long:?}");
}
