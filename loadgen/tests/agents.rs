//! Several agents, each a process of its own, meet over a real NATS server and drive one load together.
#![allow(clippy::unwrap_used, reason = "these are tests")]
mod answering;

use answering::target;
use loadgen::store::{self, State};
use loadpath_core::run::Run;
use loadpath_core::stats::{Histogram, Precision};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

const LOADGEN: &str = env!("CARGO_BIN_EXE_loadgen");

/// Ends a process with its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A NATS server that lets in who has the token, and its address.
fn nats(folder: &Path) -> (Ended, String) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = folder.join("nats.conf");
    fs::write(
        &config,
        format!("listen: 127.0.0.1:{free}\nauthorization {{ token: \"only for this test\" }}\n"),
    )
    .unwrap();
    fs::write(folder.join("token"), "only for this test\n").unwrap();
    // Debian puts it where only root looks.
    let debian = Path::new("/usr/sbin/nats-server");
    let mut command = Command::new(if debian.exists() { debian } else { Path::new("nats-server") });
    command.arg("--config").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
    let server = command.spawn().expect("nats-server must be there: apt-get install nats-server");
    let server = Ended(server);
    let late = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", free)).is_err() {
        assert!(Instant::now() < late, "the NATS server does not listen");
        thread::sleep(Duration::from_millis(20));
    }
    (server, format!("nats://127.0.0.1:{free}"))
}

fn loadgen(folder: &Path, nats: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(LOADGEN);
    command.current_dir(folder).env("XDG_DATA_HOME", folder).args(arguments);
    command.args(["--nats", nats, "--nats-token-file", "token"]).stdin(Stdio::null());
    command
}

/// An agent that keeps its share in NAME.json.
fn agent(folder: &Path, nats: &str, name: &str) -> Ended {
    let out = format!("{name}.json");
    let mut command = loadgen(folder, nats, &["agent", "--name", name, "--out", &out, "--quiet"]);
    Ended(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// Waits for the end of a process that must end by itself.
fn wait(mut process: Ended) -> i32 {
    let late = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(status) = process.0.try_wait().unwrap() {
            return status.code().unwrap_or(-1);
        }
        assert!(Instant::now() < late, "it does not end");
        thread::sleep(Duration::from_millis(20));
    }
}

fn run_of(path: impl AsRef<Path>) -> Run {
    store::read(path.as_ref()).unwrap()
}

/// How many requests one process would have sent, by the same plan; it is asked for the plan alone.
fn planned(target: SocketAddr, seconds: u64) -> u64 {
    use loadgen::attack::{Attack, Manner, Paths, Plan, Shape, Target};
    use loadpath_core::rng::Seed;
    use loadpath_core::time::{Span, Time};
    use loadpath_core::workload::{Arrivals, Class, Spacing};
    let second = |n: u64| Span(n * Span::SECOND.0);
    let attack = Attack {
        name: String::new(),
        target: Target::plain(target, Paths::Plain("/".to_owned())),
        manner: Manner::default(),
        arrivals: Arrivals { spacing: Spacing::Poisson, rate: 600.0 },
        shape: Shape::Flat,
        closed: None,
        classes: vec![Class::named("/")],
        users: 1,
        source: "clients".to_owned(),
        seed: Seed(11),
        warm_up: second(1),
        duration: second(seconds),
        timeout: second(10),
        connections: 1,
        nodes: Vec::new(),
        entry: None,
    };
    let last = Time::ZERO + second(1 + seconds);
    let counts = |due: Time| due >= Time::ZERO + second(1) && due < last;
    Plan::new(&attack).take_while(|one| one.due < last).filter(|one| counts(one.due)).count() as u64
}

const LOAD: [&str; 8] = ["run", "--rate", "600/s", "--seed", "11", "--warm-up", "1s", "--agents"];

#[test]
fn three_agents_send_one_plan_and_their_run_is_the_union_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, nats) = nats(folder.path());
    let (target, served) = target();
    let agents: Vec<Ended> = ["a", "b", "c"].iter().map(|name| agent(folder.path(), &nats, name)).collect();
    let url = format!("http://{target}/");
    let whole = [&LOAD[..], &["3", "--duration", "3s", "--url", &url, "--json", "--name", "all"]].concat();
    let output = loadgen(folder.path(), &nats, &whole).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    for name in ["a", "b", "c"] {
        assert!(said.contains(&format!("agent {name} has come")), "{said}");
        assert!(said.contains(&format!("agent {name} is ready; its clock is ")), "{said}");
    }
    agents.into_iter().for_each(|agent| assert_eq!(wait(agent), 0));
    let journal = fs::read_dir(folder.path().join("loadpath/runs")).unwrap().flatten();
    let journal = journal.map(|file| file.path()).find(|path| path.extension().is_some_and(|e| e == "run"));
    let story = store::story(&journal.unwrap()).unwrap();
    assert_eq!(story.state, State::Ended);
    let run = &story.run;
    // Exactly the plan of one: every request of it was sent by one of them, and by one alone.
    assert_eq!(run.outcomes().total(), planned(target, 3));
    assert_eq!(run.outcomes().ok, planned(target, 3), "{:?}", run.notes);
    let due: u64 = run.series.iter().map(|second| second.offered).sum();
    assert_eq!(due, served.load(Ordering::Relaxed));
    // The merged histograms are the union of what the agents kept themselves, bucket by bucket.
    let own = ["a", "b", "c"].map(|name| run_of(folder.path().join(format!("{name}.json"))));
    let (mut response, mut service) = (Histogram::new(Precision::Fine), Histogram::new(Precision::Fine));
    let mut send_delay = Histogram::new(Precision::Fine);
    for of in &own {
        response.merge(&of.classes[0].response);
        service.merge(&of.classes[0].service);
        send_delay.merge(&of.send_delay);
        let share = of.outcomes().total() as f64 / run.outcomes().total() as f64;
        assert!((share - 1.0 / 3.0).abs() < 1e-3, "every third is a third: {share}");
    }
    let same = |a: &Histogram, b: &Histogram| assert!(a.buckets().eq(b.buckets()));
    same(&run.classes[0].response, &response);
    same(&run.classes[0].service, &service);
    same(&run.send_delay, &send_delay);
    // The journal holds every request, those of the warm-up too, in one interval a second, as one agent would have written it.
    let told: u64 = story.intervals.iter().map(|interval| interval.offered).sum();
    let ended: u64 =
        story.intervals.iter().flat_map(|of| &of.classes).map(|class| class.outcomes.total()).sum();
    assert_eq!((told, ended), (due, due));
    assert!(story.intervals.iter().zip(0..).all(|(interval, number)| interval.number == number));
    assert!((4..=6).contains(&story.intervals.len()), "{}", story.intervals.len());
    assert!(
        run.notes.iter().any(|note| note.starts_with("3 agents sent every 3rd request")),
        "{:?}",
        run.notes
    );
}

#[test]
fn an_agent_that_is_killed_is_named_within_seconds_with_its_share() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, nats) = nats(folder.path());
    let (target, _) = target();
    let mut agents: Vec<Ended> =
        ["a", "b", "c"].iter().map(|name| agent(folder.path(), &nats, name)).collect();
    let url = format!("http://{target}/");
    let whole =
        [&LOAD[..], &["3", "--duration", "8s", "--url", &url, "--json", "--out", "all.json"]].concat();
    let mut command = loadgen(folder.path(), &nats, &whole);
    let mut run = Ended(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(run.0.stderr.take().unwrap()).lines().map_while(Result::ok);
    let seconds = lines.by_ref().filter(|line| line.contains("/s  p50"));
    assert_eq!(seconds.take(3).count(), 3, "the load begins");
    agents[1].0.kill().unwrap();
    let killed = Instant::now();
    let told = lines.find(|line| line.contains("agent b was lost")).expect("it is told");
    assert!(killed.elapsed() < Duration::from_secs(4), "told after {:?}", killed.elapsed());
    assert!(told.contains("33 % of the load was not sent after that; it told of "), "{told}");
    // The others go on; what was measured is kept, and is not called a success.
    assert!(lines.any(|line| line.contains("agent b was lost")), "it is said again at the end");
    assert_eq!(wait(run), 1);
    let merged = run_of(folder.path().join("all.json"));
    assert!(merged.notes[0].starts_with("agent b was lost at "), "{:?}", merged.notes);
    let own = |name: &str| run_of(folder.path().join(format!("{name}.json"))).outcomes().total();
    let (a, c, all) = (own("a"), own("c"), merged.outcomes().total());
    // Two whole shares, and what the third told of before it died.
    assert!(all > a + c && all < planned(target, 8), "{a} {c} {all} of {}", planned(target, 8));
    assert!(a + c >= planned(target, 8) * 2 / 3 - 2, "{a} {c}");
}

#[test]
fn who_has_no_token_and_a_target_that_no_owner_allowed_are_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, nats) = nats(folder.path());
    let mut stranger = Command::new(LOADGEN);
    stranger.args(["agent", "--nats", &nats, "--name", "x"]).env("XDG_DATA_HOME", folder.path());
    let output = stranger.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("may you use it?"), "{said}");
    let secret = nats.replace("//", "//only%20for%20this%20test@");
    let output = loadgen(folder.path(), &secret, &["agent", "--name", "x"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("put it into a file"), "{said}");
    // 192.0.2.1 is nobody's (RFC 5737).
    let agent = agent(folder.path(), &nats, "careful");
    let whole = [&LOAD[..], &["1", "--duration", "3s", "--url", "http://192.0.2.1/"]].concat();
    let output = loadgen(folder.path(), &nats, &whole).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("agent careful refuses: 192.0.2.1:80 leads to 192.0.2.1"), "{said}");
    assert!(said.contains("--allow-target 192.0.2.1:80"), "{said}");
    // It waits on: the next run, which its owner allows, it takes part in.
    let (target, _) = target();
    let url = format!("http://{target}/");
    let whole =
        [&LOAD[..], &["1", "--duration", "1s", "--url", &url, "--json", "--out", "one.json"]].concat();
    let output = loadgen(folder.path(), &nats, &whole).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(wait(agent), 0);
    assert_eq!(run_of(folder.path().join("one.json")).outcomes().total(), planned(target, 1));
}

#[tokio::test]
async fn a_hostile_coordinator_gets_sentences_and_no_load() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, nats) = nats(folder.path());
    let (target, served) = target();
    let _agent = agent(folder.path(), &nats, "a");
    let options = async_nats::ConnectOptions::new().token("only for this test".to_owned());
    let client = options.connect(&nats).await.unwrap();
    let call = format!("{{\"version\":\"{}\"}}", env!("CARGO_PKG_VERSION"));
    let late = Instant::now() + Duration::from_secs(20);
    let here = loop {
        if let Ok(here) = client.request("loadgen.call", call.clone().into()).await {
            break here;
        }
        assert!(Instant::now() < late, "the agent does not come");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let here: serde_json::Value = serde_json::from_slice(&here.payload).unwrap();
    let ear = format!("loadgen.agent.{}", here["id"].as_str().unwrap());
    let task = |changes: &[(&str, serde_json::Value)]| {
        let mut task = serde_json::json!({
            "name": "x", "url": format!("http://{target}/"), "evenly": true, "rate": 10.0, "course": "flat", "seed": 1,
            "warm_up": "0s", "duration": "1s", "timeout": "1s", "connections": 1,
            "asked": { "classes": [], "method": null, "headers": [], "bodies": [], "checks": [], "keys": null, "skew": null, "rows": null },
            "http2": false, "close": false, "connect_timeout": null, "first_byte_timeout": null,
        });
        changes.iter().for_each(|(key, value)| task[*key] = value.clone());
        serde_json::json!({ "prepare": { "run": "r", "number": 0, "of": 1, "task": task } }).to_string()
    };
    let asked = |part: serde_json::Value| {
        let mut asked = serde_json::json!({
            "classes": [], "method": null, "headers": [], "bodies": [], "checks": [], "keys": null, "skew": null, "rows": null,
        });
        part.as_object().unwrap().iter().for_each(|(key, value)| asked[key] = value.clone());
        task(&[("asked", asked)])
    };
    for (order, says) in [
        ("nonsense".to_owned(), "not understood"),
        (r#"{"run_shell":{"command":"id"}}"#.to_owned(), "unknown variant"),
        (task(&[("allow_target", "10.0.0.5:80".into())]), "unknown field `allow_target`"),
        (task(&[]).replace("\"of\":1", "\"of\":0"), "no such share"),
        (task(&[]).replace("\"run\":\"r\"", "\"run\":\"\u{7}>\""), "not understood"),
        (task(&[]).replace("\"run\":\"r\"", "\"run\":\"a.>\u{20}\""), "no proper id"),
        (task(&[("rate", 1e9.into())]), "its rate"),
        (task(&[("rate", (-1.0).into())]), "its rate"),
        (task(&[("duration", "1000h".into())]), "2 h"),
        (task(&[("timeout", "0s".into())]), "its timeout"),
        (task(&[("connections", 1_000_000.into())]), "connection"),
        (task(&[("url", "http://169.254.169.254/".into())]), "is never loaded"),
        (task(&[("url", "http://192.0.2.1/".into())]), "not this machine"),
        (task(&[("url", "file:///etc/passwd".into())]), "not"),
        (asked(serde_json::json!({ "keys": 0 })), "is not a number of keys"),
        (asked(serde_json::json!({ "headers": ["x: a\u{7}b"] })), "control characters"),
        (asked(serde_json::json!({ "method": "GET /\r\n" })), "is no method"),
        (r#"{"begin":{"run":"r","at_ns":5}}"#.to_owned(), "it is in no run"),
        (r#"{"stop":{"run":"r"}}"#.to_owned(), "it is in no run"),
    ] {
        let answer = client.request(ear.clone(), order.clone().into()).await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap();
        let why = answer["refused"]["why"].as_str().unwrap_or_default();
        assert!(why.contains(says), "{order}\n{answer}");
    }
    // Prepared, it takes orders of its own run only, and only such as make sense.
    let answer = client.request(ear.clone(), task(&[]).into()).await.unwrap();
    assert_eq!(&answer.payload[..], br#""prepared""#);
    for (order, says) in [
        (r#"{"begin":{"run":"other","at_ns":5}}"#.to_owned(), "another run"),
        (r#"{"stop":{"run":"other"}}"#.to_owned(), "another run"),
        (task(&[]), "it is prepared"),
        (
            r#"{"begin":{"run":"r","at_ns":18446744073709551615}}"#.to_owned(),
            "not open yet|more than a minute",
        ),
    ] {
        let answer = client.request(ear.clone(), order.clone().into()).await.unwrap();
        let answer = String::from_utf8_lossy(&answer.payload).into_owned();
        assert!(
            answer.starts_with("{\"refused\"") && says.split('|').any(|says| answer.contains(says)),
            "{order}: {answer}"
        );
    }
    assert_eq!(served.load(Ordering::Relaxed), 0);
}

#[test]
fn ctrl_c_at_the_coordinator_stops_every_agent_and_keeps_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, nats) = nats(folder.path());
    let (target, served) = target();
    let agents: Vec<Ended> = ["a", "b"].iter().map(|name| agent(folder.path(), &nats, name)).collect();
    let url = format!("http://{target}/");
    let whole =
        [&LOAD[..], &["2", "--duration", "30s", "--url", &url, "--json", "--out", "all.json"]].concat();
    let mut command = loadgen(folder.path(), &nats, &whole);
    let run = Ended(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let late = Instant::now() + Duration::from_secs(20);
    while served.load(Ordering::Relaxed) < 900 {
        assert!(Instant::now() < late, "the load does not begin");
        thread::sleep(Duration::from_millis(20));
    }
    let sent = Command::new("sh").args(["-c", &format!("kill -INT {}", run.0.id())]).status().unwrap();
    assert!(sent.success());
    assert_eq!(wait(run), 130);
    agents.into_iter().for_each(|agent| assert_ne!(wait(agent), 101));
    let after = served.load(Ordering::Relaxed);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(served.load(Ordering::Relaxed), after, "nobody sends any more");
    let merged = run_of(folder.path().join("all.json"));
    assert!(merged.outcomes().total() > 0);
    assert!(merged.notes.iter().any(|note| note.contains("it was stopped after")), "{:?}", merged.notes);
}
