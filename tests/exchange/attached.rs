//! A deployment that `loadgen up` brought up is attached from outside, and measured as if it were a stranger's.
use crate::attack::TURN;
use crate::browser::built_loadgen;
use crate::live::{Agent, design, written};
use loadpath_core::run::{NodeRun, Run};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

fn attach(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(built_loadgen());
    command.arg("attach").args(arguments).current_dir(folder).env("XDG_DATA_HOME", folder);
    command.output().expect("the agent starts")
}

fn run(folder: &Path, output: &Output) -> Run {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Run::from_json(&std::fs::read_to_string(folder.join("run.json")).unwrap()).unwrap()
}

fn node<'r>(run: &'r Run, id: &str) -> &'r NodeRun {
    run.nodes.iter().find(|node| node.id == id).unwrap_or_else(|| panic!("{id} is not in the run"))
}

/// Where the balancer of a deployment that is up answers: the table's row begins with its name.
fn balancer(agent: &mut Agent) -> String {
    let row = agent.line_with("lb");
    let address = row.split_whitespace().find(|word| word.starts_with("127.0.0.1:"));
    format!("http://{}/", address.unwrap_or_else(|| panic!("no address in {row}")))
}

#[test]
fn every_hop_of_a_deployment_is_measured_from_outside() {
    let _turn = TURN.blocking_lock();
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), &design("200/s"));
    let mut agent = Agent::start(&["up", &file]);
    let at = format!("lb={}", balancer(&mut agent));
    let arguments = [
        &file,
        "--map",
        &at,
        "--per-class",
        "--duration",
        "3s",
        "--warm-up",
        "1s",
        "--out",
        "run.json",
        "--quiet",
    ];
    let run = run(folder.path(), &attach(folder.path(), &arguments));
    agent.signal("INT");
    assert!(agent.end().success() || agent.pid() > 0);

    let total = run.outcomes().total();
    // 600 expected with a standard deviation of 24.5.
    assert!((480..=720).contains(&total), "{total}");
    assert_eq!(run.outcomes().errors(), 0, "{:?}", run.notes);
    let [lb, web, cache, db] = ["lb", "web", "cache", "db"].map(|id| node(&run, id));
    assert_eq!((lb.outcomes.ok, web.outcomes.ok), (total, total), "each request passes both once");
    assert!(cache.outcomes.ok > 0 && db.outcomes.ok > 0);
    // Who waits for another takes longer; histograms of nodes keep two digits.
    assert!(lb.response.mean().as_secs() > 0.99 * web.response.mean().as_secs());
    // The law is the least that it takes: 1 ms of its own.
    assert!(web.response.mean().as_secs() > 0.9e-3, "{}", web.response.mean());
}

/// Answers every request with pages of a histogram of which each counts a thousand more, half of them up to 10 ms and half up to 50 ms.
fn page_of_metrics() -> (String, std::sync::mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (told, seen) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for (number, stream) in (1u64..).zip(listener.incoming()) {
            let Ok(mut stream) = stream else { break };
            // One request a connection, without a body.
            let _ = stream.read(&mut [0; 4096]);
            let (half, all) = (500 * number, 1_000 * number);
            let page = format!(
                "http_request_duration_seconds_bucket{{job=\"db\",le=\"0.01\"}} {half}\n\
                 http_request_duration_seconds_bucket{{job=\"db\",le=\"0.05\"}} {all}\n\
                 http_request_duration_seconds_bucket{{job=\"db\",le=\"+Inf\"}} {all}\n\
                 http_request_duration_seconds_bucket{{job=\"other\",le=\"+Inf\"}} 77\n"
            );
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", page.len());
            let _ = stream.write_all((head + &page).as_bytes());
            if told.send(()).is_err() {
                break;
            }
        }
    });
    (format!("http://{address}/metrics"), seen)
}

#[tokio::test]
async fn nodes_that_tell_nothing_themselves_are_known_by_their_histograms_and_spans() {
    let _turn = TURN.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), &design("50/s"));
    // A stranger: it answers, and has no Server-Timing.
    let server =
        crate::attack::server::Server::start(|_, _| crate::attack::server::Reply::status("200 OK")).await;
    let (page, read) = page_of_metrics();
    let spans = folder.path().join("spans.json");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
    // One span each tenth of a second, ten seconds on end: those within the run count.
    let span = |i: u64| {
        let start = now + i * 100_000_000;
        format!(
            "{{\"traceId\":\"{i}\",\"spanId\":\"a\",\"kind\":2,\"startTimeUnixNano\":\"{start}\",\"endTimeUnixNano\":\"{}\"}}",
            start + 4_000_000
        )
    };
    let all: Vec<String> = (0..100).map(span).collect();
    let text = format!(
        "{{\"resourceSpans\":[{{\"resource\":{{\"attributes\":[{{\"key\":\"service.name\",\"value\":{{\"stringValue\":\"shop-web\"}}}}]}},\"scopeSpans\":[{{\"spans\":[{}]}}]}}]}}\n",
        all.join(",")
    );
    std::fs::write(&spans, text).unwrap();
    let (at, metrics) = (format!("lb=http://{}/", server.address), format!("db={page}#job=db"));
    let (traces, folder_path) = (spans.to_str().unwrap().to_owned(), folder.path().to_owned());
    let attached = tokio::task::spawn_blocking(move || {
        let arguments = [
            &file,
            "--map",
            &at,
            "--histograms",
            &metrics,
            "--traces",
            &traces,
            "--service",
            "web=shop-web",
            "--duration",
            "2s",
            "--warm-up",
            "1s",
            "--out",
            "run.json",
            "--quiet",
        ];
        attach(&folder_path, &arguments)
    });
    let run = run(folder.path(), &attached.await.unwrap());

    let reads = read.try_iter().count() as u64;
    // The first two readings come before the load counts; after them each counts a thousand more.
    let db = node(&run, "db");
    assert_eq!(db.outcomes.ok, 1_000 * (reads - 2), "{reads} readings, {:?}", run.notes);
    // Half are up to 10 ms, and the slowest are at the last end but for half a place and the histogram's rounding.
    assert!((db.response.share_within(loadpath_core::time::Span::from_millis(10)) - 0.5).abs() < 0.02);
    assert!((49.0..=50.5).contains(&db.response.max().as_millis()), "{}", db.response.max());
    // Ten a second for the two seconds that count, and for the one more by which the start is not known.
    let web = node(&run, "web");
    assert!((15..=31).contains(&web.outcomes.ok), "{}", web.outcomes.ok);
    assert!((web.response.mean().as_millis() - 4.0).abs() < 0.1);
    assert_eq!(node(&run, "cache").outcomes.total(), 0, "nobody told of it");
    assert!(node(&run, "lb").outcomes.ok > 0);
}

#[test]
fn what_cannot_be_attached_is_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), &design("50/s"));
    for (arguments, says) in [
        (&["--map", "db=http://127.0.0.1:1/"][..], "--map lb="),
        (&["--map", "lbb=http://127.0.0.1:1/"], "no node \"lbb\""),
        (&["--map", "lb=http://192.0.2.1/"], "--allow-target 192.0.2.1:80"),
        (&["--map", "lb=http://169.254.169.254/", "--allow-target", "169.254.169.254:80"], "never loaded"),
        (
            &["--map", "lb=http://127.0.0.1:9/", "--histograms", "db=http://192.0.2.1/metrics"],
            "--allow-target 192.0.2.1:80",
        ),
        (
            &["--map", "lb=http://127.0.0.1:9/", "--histograms", "db=http://127.0.0.1:9/metrics"],
            "metrics of \"db\" were not read",
        ),
    ] {
        let output = attach(folder.path(), &[&[file.as_str()], arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(says), "{arguments:?}: {said}");
    }
}
