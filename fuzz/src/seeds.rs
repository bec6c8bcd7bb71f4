//! What each decoder was made to read: small, so that much of it can be changed in little time.
use loadgen::agents::{Asked, Course, Order, Report, Task, What, Workload};
use loadgen::store::{Begun, Place, Recording};
use loadpath_core::rng::Seed;
use loadpath_core::run::{Run, Source};
use loadpath_core::sim::Simulation;
use loadpath_core::stats::Histogram;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Topology, check, lessons, link, three_tier};
use loadpath_core::wire::{Event, Interval, Phase, StartRun};
use serde::Serialize;

fn json(message: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(message).expect("a message holds only what JSON can say")
}

fn files(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn all_documents() -> Vec<Topology> {
    lessons::all().iter().map(lessons::Lesson::document).chain([three_tier()]).collect()
}

pub(crate) fn documents() -> Vec<Vec<u8>> {
    all_documents().iter().map(|document| document.to_json().into_bytes()).collect()
}

pub(crate) fn links() -> Vec<Vec<u8>> {
    let with = |document: &Topology| link::encode(document) + &link::asks(Some(7), Some(12));
    all_documents().iter().map(|document| with(document).into_bytes()).collect()
}

/// A simulated run, called a measurement by what only one has.
fn a_run() -> Run {
    let plan = check(&three_tier()).expect("the first design is sound");
    let mut simulation = Simulation::new(&plan, Seed(1));
    simulation.run_until(Time::ZERO + Span::from_millis(500));
    let mut run = simulation.run("seed");
    run.source = Source::Measured { target: "http://127.0.0.1:1/".to_owned(), by: "loadgen".to_owned() };
    (1..20).for_each(|i| run.connect.record(Span::from_micros(i * i)));
    run.send_delay = run.connect.clone();
    run.classes[0].breakdown.failed.record(Span::from_millis(3));
    run.notes.push("1 failed: HTTP status 500".to_owned());
    run
}

fn an_interval() -> Interval {
    Interval {
        number: 0,
        start: Span::ZERO,
        length: Span::SECOND,
        offered: 3,
        classes: Vec::new(),
        nodes: Vec::new(),
        send_delay: a_run().send_delay,
        connect: Histogram::default(),
    }
}

pub(crate) fn runs() -> Vec<Vec<u8>> {
    vec![a_run().to_json().into_bytes()]
}

pub(crate) fn histograms() -> Vec<Vec<u8>> {
    [Histogram::default(), a_run().response(), a_run().connect]
        .iter()
        .map(|histogram| histogram.to_base64().into_bytes())
        .collect()
}

pub(crate) fn messages() -> Vec<Vec<u8>> {
    let start = StartRun { document: three_tier(), duration: Span::SECOND, seed: 1 };
    let events = [
        Event::Phase { phase: Phase::Driving, text: "3 of 7 processes are ready".to_owned() },
        Event::Interval(Box::new(an_interval())),
        Event::Done(Box::new(a_run())),
        Event::Failed { error: "it fell over".to_owned() },
    ];
    events.iter().map(json).chain([json(&start)]).collect()
}

pub(crate) fn orders() -> Vec<Vec<u8>> {
    let workload = Workload {
        document: three_tier(),
        source: "users".to_owned(),
        entry: None,
        per_class: true,
        thinks: false,
    };
    let task = |what| Task {
        name: "seed".to_owned(),
        url: "http://127.0.0.1:1/".to_owned(),
        evenly: false,
        rate: 10.0,
        course: Course::Trace(vec![1, 2, 3]),
        seed: 1,
        warm_up: Span::ZERO,
        duration: Span::SECOND,
        timeout: Span::SECOND,
        connections: 3,
        what,
        http2: true,
        streams: 2,
        close: false,
        connect_timeout: None,
        first_byte_timeout: Some(Span::SECOND),
    };
    let prepare =
        |what| json(&Order::Prepare { run: "a".to_owned(), number: 0, of: 2, task: Box::new(task(what)) });
    let asked = Asked { classes: vec!["read:3 GET /{key}".to_owned()], keys: Some(5), ..Asked::default() };
    let ended = Report::Ended { run: Box::new(a_run()), stopped: false, woke_late_ns: 5 };
    vec![
        prepare(What::Requests(asked)),
        prepare(What::Design(Box::new(workload))),
        json(&Order::Begin { run: "a".to_owned(), at_ns: 9 }),
        json(&Report::Interval(Box::new(an_interval()))),
        json(&ended),
    ]
}

pub(crate) fn journals() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let path = folder.path().join("seed.run");
    let begun = Begun {
        name: "seed".to_owned(),
        source: a_run().source,
        started_unix: 1,
        offered_rate: 10.0,
        warm_up: Span::ZERO,
        duration: Span::SECOND,
    };
    let mut recording = Recording::new(Place::File(path.clone()), begun);
    recording.interval(&an_interval());
    recording.finish(&mut a_run()).expect("there is room for a file");
    vec![std::fs::read(path).expect("it was just written")]
}

pub(crate) fn answers() -> Vec<Vec<u8>> {
    files(&[
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nserver-timing: web;dur=1.5\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\na: b\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.0 404 No\r\nconnection: keep-alive\r\n\r\nuntil the end",
    ])
}

pub(crate) fn server_timings() -> Vec<Vec<u8>> {
    files(&["web;dur=1.5;desc=\"ok\", web.q;dur=0.25, db;dur=0.5;desc=failed\ndb.hit;desc=1"])
}

pub(crate) fn metrics() -> Vec<Vec<u8>> {
    files(&[
        "# TYPE a_seconds histogram\na_seconds_bucket{le=\"0.1\"} 5\na_seconds_bucket{le=\"1\"} 7\na_seconds_bucket{le=\"+Inf\"} 9\n",
    ])
}

pub(crate) fn spans() -> Vec<Vec<u8>> {
    files(&[
        r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}}]},"scopeSpans":[{"spans":[{"traceId":"1","spanId":"2","parentSpanId":"","kind":3,"startTimeUnixNano":"5","endTimeUnixNano":"9"},{"traceId":"1","spanId":"3","parentSpanId":"2","kind":2,"startTimeUnixNano":6,"endTimeUnixNano":8,"status":{"code":2}}]}]}]}"#,
    ])
}

pub(crate) fn designs() -> Vec<Vec<u8>> {
    files(&[
        include_str!("../../tests/data/designs/shop.compose.yaml"),
        include_str!("../../tests/data/designs/isotope.yaml"),
        include_str!("../../tests/data/designs/jaeger.json"),
        include_str!("../../tests/data/designs/service-graph.prom"),
    ])
}

pub(crate) fn results() -> Vec<Vec<u8>> {
    files(&[
        include_str!("../../tests/data/interop/fortio.json"),
        include_str!("../../tests/data/interop/hey.csv"),
        include_str!("../../tests/data/interop/hey.txt"),
        include_str!("../../tests/data/interop/k6.json"),
        include_str!("../../tests/data/interop/oha.json"),
        include_str!("../../tests/data/interop/vegeta-hist.txt"),
        include_str!("../../tests/data/interop/vegeta.json"),
        include_str!("../../tests/data/interop/vegeta.ndjson"),
        include_str!("../../tests/data/interop/wrk.txt"),
        include_str!("../../tests/data/interop/wrk2.txt"),
    ])
}

pub(crate) fn requests() -> Vec<Vec<u8>> {
    files(&[
        r#"{"think":"exp 20ms","cookies":true,"steps":[{"name":"login","method":"POST","path":"/login?u={user}","headers":{"x-a":"{user}"},"body":"{user}","check":["status 200","json /ok = 1"],"take":{"token":"json /token"}},{"name":"cart","path":"/cart/{token}","think":"0s"}]}"#,
        "sku,who\n\"a b\",ann\nc,bob\n",
        "json /a/b = 2",
        "header content-type ~ text",
    ])
}
