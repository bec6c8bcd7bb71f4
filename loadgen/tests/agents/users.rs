//! Users on journeys, and the clients of a design, divided among agents.
use super::{Ended, agent, listening, loadgen, nats, run_of, same, target, wait};
use loadgen::attack::{Attack, Paths, Plan, Target};
use loadpath_core::rng::Seed;
use loadpath_core::run::{Run, Source};
use loadpath_core::stats::{Histogram, Precision};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Topology, check};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

const JOURNEY: &str = r#"{"think": "20ms", "steps": [
    {"name": "look", "path": "/look/{user}"}, {"name": "buy", "path": "/buy/{user}"}]}"#;

/// Open: 400 requests a second of two classes, over keys.
const OPEN: &str = r#"{
  "loadpath": 1,
  "name": "shop",
  "nodes": [
    {"id": "clients", "kind": "clients"},
    {"id": "web", "kind": "service", "workers": 10, "service_time": "2ms"},
    {"id": "cache", "kind": "cache", "capacity": 1000},
    {"id": "db", "kind": "database", "read_time": "1ms", "write_time": "1ms"}
  ],
  "edges": [
    {"from": "clients", "to": "web"}, {"from": "web", "to": "cache"}, {"from": "cache", "to": "db"}
  ],
  "workload": {"rate": "400/s", "classes": [
    {"name": "read", "weight": 3, "keys": 100}, {"name": "write", "operation": "write", "keys": 100}]}
}"#;

/// Closed: nine users who think.
const CLOSED: &str = r#"{
  "loadpath": 1,
  "name": "desk",
  "nodes": [
    {"id": "clients", "kind": "clients"},
    {"id": "web", "kind": "service", "workers": 10, "service_time": "1ms"}
  ],
  "edges": [{"from": "clients", "to": "web"}],
  "workload": {"arrivals": "closed", "users": 9, "think_time": "exp 30ms", "classes": [{"name": "read", "keys": 10}]}
}"#;

fn agents(folder: &Path, nats: &str, names: &[&str]) -> Vec<Ended> {
    names.iter().map(|name| agent(folder, nats, name)).collect()
}

/// What is asked of the users, each once: which user stands at the end of a path.
fn users_seen() -> (SocketAddr, Arc<Mutex<BTreeMap<String, u64>>>) {
    let seen: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
    let into = Arc::clone(&seen);
    let (target, _) = listening(move |head| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let user = path.rsplit(['/', '=']).next().unwrap_or_default().to_owned();
        *into.lock().unwrap().entry(user).or_default() += 1;
    });
    (target, seen)
}

/// The merged run is the union of the agents' own.
fn is_the_union(run: &Run, own: &[Run]) {
    for (place, class) in run.classes.iter().enumerate() {
        let (mut response, mut service) = (Histogram::new(Precision::Fine), Histogram::new(Precision::Fine));
        for of in own {
            response.merge(&of.classes[place].response);
            service.merge(&of.classes[place].service);
        }
        same(&class.response, &response);
        same(&class.service, &service);
        let outcomes: u64 = own.iter().map(|of| of.classes[place].outcomes.total()).sum();
        assert_eq!(class.outcomes.total(), outcomes);
    }
    for (place, node) in run.nodes.iter().enumerate() {
        let (mut response, mut wait) = (Histogram::new(Precision::Coarse), Histogram::new(Precision::Coarse));
        for of in own {
            assert_eq!(of.nodes[place].id, node.id);
            response.merge(&of.nodes[place].response);
            wait.merge(&of.nodes[place].wait);
        }
        same(&node.response, &response);
        same(&node.wait, &wait);
    }
}

fn own_runs(folder: &Path, names: &[&str]) -> Vec<Run> {
    names.iter().map(|name| run_of(folder.join(format!("{name}.json")))).collect()
}

#[test]
fn users_on_journeys_are_divided_and_each_travels_at_one_agent() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, nats) = nats(folder.path());
    let (target, seen) = users_seen();
    fs::write(folder.path().join("buy.json"), JOURNEY).unwrap();
    let names = ["a", "b", "c"];
    let agents = agents(folder.path(), &nats, &names);
    let url = format!("http://{target}/");
    let line = ["journey", "buy.json", "--url", &url, "--users", "7", "--agents", "3", "--duration", "2s"];
    let more = ["--warm-up", "500ms", "--out", "all.json", "--json"];
    let output = loadgen(folder.path(), &nats, &[&line[..], &more].concat()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    agents.into_iter().for_each(|agent| assert_eq!(wait(agent), 0));
    let run = run_of(folder.path().join("all.json"));
    let own = own_runs(folder.path(), &names);
    is_the_union(&run, &own);
    assert_eq!(run.classes.iter().map(|class| class.name.as_str()).collect::<Vec<_>>(), ["look", "buy"]);
    // Every user is somebody's, and nobody's twice: each goes around as often as one who thinks twice for 20 ms can.
    let seen = seen.lock().unwrap().clone();
    let users: Vec<&str> = seen.keys().map(String::as_str).collect();
    assert_eq!(users, ["0", "1", "2", "3", "4", "5", "6"]);
    assert!(seen.values().all(|&steps| steps <= 2_500 / 20 + 1), "{seen:?}");
    // 3, 2 and 2 users: 3/7 of the steps are of one of them, in the order in which they came.
    let mut shares: Vec<f64> =
        own.iter().map(|of| of.outcomes().total() as f64 / run.outcomes().total() as f64).collect();
    shares.sort_by(f64::total_cmp);
    assert!((shares[2] - 3.0 / 7.0).abs() < 0.05, "{shares:?}");
    let says = |text: &str| run.notes.iter().any(|note| note.starts_with(text));
    assert!(says("7 users who think") && says("3 agents had every 3rd user each"), "{:?}", run.notes);
    assert!((run.offered_rate - run.achieved_rate()).abs() < 1e-9);
}

#[test]
fn an_agent_that_dies_takes_its_users_with_it_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, nats) = nats(folder.path());
    let (target, _) = target();
    fs::write(folder.path().join("buy.json"), JOURNEY).unwrap();
    let mut agents = agents(folder.path(), &nats, &["a", "b"]);
    let url = format!("http://{target}/");
    let line = ["journey", "buy.json", "--url", &url, "--users", "8", "--agents", "2", "--duration", "4s"];
    let more = ["--warm-up", "0s", "--out", "all.json", "--json"];
    let mut command = loadgen(folder.path(), &nats, &[&line[..], &more].concat());
    let mut run = Ended(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(run.0.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert_eq!(lines.by_ref().filter(|line| line.contains("/s  p50")).take(2).count(), 2, "the load begins");
    agents[0].0.kill().unwrap();
    let told = lines.find(|line| line.contains("agent a was lost")).expect("it is told");
    assert!(told.contains("50 % of the load was not sent after that; it told of "), "{told}");
    assert_eq!(wait(run), 1);
    assert_eq!(wait(agents.remove(1)), 0);
    let merged = run_of(folder.path().join("all.json"));
    assert!(merged.notes[0].starts_with("agent a was lost at "), "{:?}", merged.notes);
    let whole = run_of(folder.path().join("b.json")).outcomes().total();
    let of_lost = merged.outcomes().total() - whole;
    // What it told of before it died, at the speed of the other.
    assert!(of_lost > whole / 10 && of_lost < whole * 3 / 4, "{of_lost} of {whole}");
}

#[test]
fn a_design_is_brought_up_and_two_agents_send_what_its_clients_would() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, nats) = nats(folder.path());
    fs::write(folder.path().join("shop.json"), OPEN).unwrap();
    let names = ["a", "b"];
    let agents = agents(folder.path(), &nats, &names);
    let line = ["run", "shop.json", "--agents", "2", "--duration", "3s", "--warm-up", "1s", "--seed", "5"];
    let output =
        loadgen(folder.path(), &nats, &[&line[..], &["--out", "all.json"]].concat()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("agent b is ready; its clock is "), "{said}");
    agents.into_iter().for_each(|agent| assert_eq!(wait(agent), 0));
    let run = run_of(folder.path().join("all.json"));
    let own = own_runs(folder.path(), &names);
    is_the_union(&run, &own);
    // The plan is the simulator's: each request of it was sent by one of them.
    let plan = check(&Topology::from_json(OPEN).unwrap()).unwrap();
    let nowhere = Target::plain(([127, 0, 0, 1], 1).into(), Paths::PerClass);
    let attack = Attack { seed: Seed(5), ..Attack::of_plan(&plan, nowhere, "clients") };
    let (from, until) = (Time::ZERO + Span::SECOND, Time::ZERO + Span(4 * Span::SECOND.0));
    let planned = Plan::new(&attack).take_while(|one| one.due < until).filter(|one| one.due >= from).count();
    assert_eq!(run.outcomes().total(), planned as u64);
    assert_eq!(run.outcomes().errors(), 0, "{:?}", run.notes);
    // The nodes are known as by one agent: hop by hop, with what only the coordinator can see.
    let node = |id: &str| run.nodes.iter().find(|node| node.id == id).unwrap();
    assert_eq!(node("web").outcomes.total(), planned as u64);
    assert!(node("cache").hit_ratio.is_some_and(|share| share > 0.5), "{:?}", node("cache").hit_ratio);
    assert!(node("web").utilization.is_some() && node("db").response.count() > 0);
    let Source::Measured { target, by } = &run.source else { panic!("{:?}", run.source) };
    assert!(target == "embedded" && by.contains(", 2 agents: "), "{target} by {by}");
}

#[test]
fn a_deployment_that_runs_already_is_loaded_by_agents_with_the_users_of_a_design() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, nats) = nats(folder.path());
    let (target, seen) = users_seen();
    fs::write(folder.path().join("desk.json"), CLOSED).unwrap();
    let names = ["a", "b"];
    let agents = agents(folder.path(), &nats, &names);
    let map = format!("web=http://{target}/");
    let line = ["attach", "desk.json", "--map", &map, "--per-class", "--agents", "2", "--duration", "2s"];
    let more = ["--warm-up", "0s", "--out", "all.json"];
    let output = loadgen(folder.path(), &nats, &[&line[..], &more].concat()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    agents.into_iter().for_each(|agent| assert_eq!(wait(agent), 0));
    let run = run_of(folder.path().join("all.json"));
    let own = own_runs(folder.path(), &names);
    is_the_union(&run, &own);
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.keys().map(String::as_str).collect::<String>(), "012345678");
    let says = |text: &str| run.notes.iter().any(|note| note.starts_with(text));
    assert!(says("9 users who think") && says("2 agents had every 2nd user each"), "{:?}", run.notes);
    // Nine users who think for 30 ms in the mean of an answer that takes nearly nothing; some 600 thoughts have a deviation of 4 %.
    let expected = 9.0 / (0.030 + run.response().mean().as_secs());
    assert!((run.achieved_rate() / expected - 1.0).abs() < 0.16, "{} for {expected}", run.achieved_rate());
    // Agents may not load what their owner did not allow, whoever asks.
    let careful = agent(folder.path(), &nats, "careful");
    let line = ["attach", "desk.json", "--map", "web=http://192.0.2.1/", "--agents", "1", "--duration", "2s"];
    let output = loadgen(folder.path(), &nats, &line).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("agent careful refuses: 192.0.2.1:80 leads to"),
        "{said}"
    );
    drop(careful);
}
