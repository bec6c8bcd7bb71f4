//! A plan for a URL, of which each agent sends its share.
use super::{Ended, agent, loadgen, nats, run_of, same, target, wait};
use loadgen::store::{self, State};
use loadpath_core::stats::{Histogram, Precision};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

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
    let mut stranger = Command::new(super::LOADGEN);
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

#[test]
fn a_limit_is_looked_for_by_agents_that_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, nats) = nats(folder.path());
    let (target, served) = target();
    let staying: Vec<Ended> = ["a", "b"]
        .iter()
        .map(|name| {
            let mut agent = loadgen(folder.path(), &nats, &["agent", "--name", name, "--stay", "--quiet"]);
            Ended(agent.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
        })
        .collect();
    let url = format!("http://{target}/");
    let line = ["limit", "--url", &url, "--rate", "50/s..200/s", "--agents", "2", "--duration", "1s"];
    let more = ["--warm-up", "0s", "--p99", "2s", "--json"];
    let output = loadgen(folder.path(), &nats, &[&line[..], &more].concat()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    // The target holds them all: the limit lies above, which is not what was looked for.
    assert!(output.status.code() == Some(1) && said.contains("the limit lies above"), "{said}");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let looks = found["looks"].as_array().unwrap();
    let rates: Vec<f64> = looks.iter().map(|look| look["rate"].as_f64().unwrap()).collect();
    // The highest is looked at once more, for twice as long.
    assert_eq!(rates, [50.0, 100.0, 200.0, 200.0]);
    let requests: u64 = looks.iter().map(|look| look["requests"].as_u64().unwrap()).sum();
    assert_eq!(requests, served.load(Ordering::Relaxed));
    // Each kept its own shares, of which all looks consist.
    let runs = fs::read_dir(folder.path().join("loadpath/runs")).unwrap().flatten().map(|file| file.path());
    let own = runs.filter(|path| path.extension().is_some_and(|e| e == "run")).map(|path| {
        let run = store::story(&path).unwrap().run;
        run.outcomes().total()
    });
    let own: Vec<u64> = own.collect();
    assert_eq!((own.len(), own.iter().sum::<u64>()), (8, requests));
    drop(staying);
}
