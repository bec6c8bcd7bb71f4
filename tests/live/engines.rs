//! Real engines in designs: they serve, are measured as our own are, fail, come back, and outlive nobody.
use super::deployment::{ask, ask_until, run_id, up};
use super::{design, processes_of, wait_until};
use loadgen::deploy::known;
use loadpath_core::topology::{Engine, Topology, check};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Whether engines are on this machine; the test that asks says so when they are not.
pub(super) fn are_here(engines: &[Engine]) -> bool {
    let missing: Vec<String> = known()
        .into_iter()
        .filter(|(engine, _)| engines.contains(engine))
        .filter_map(|(_, found)| found.err())
        .collect();
    missing.iter().for_each(|why| eprintln!("skipped: {why}"));
    missing.is_empty()
}

/// The process that started another; zero when that has ended.
pub(super) fn parent_of(pid: u32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:").map(|pid| pid.trim().to_owned()));
    line.and_then(|pid| pid.parse::<u32>().ok()).unwrap_or(0)
}

fn with(changes: &[(usize, &str, &str)]) -> Topology {
    let mut document = design("100/s");
    for &(node, name, value) in changes {
        document.nodes[node].params.insert(name.to_owned(), value.into());
    }
    document
}

async fn balances(engine: &str) {
    let document = with(&[(1, "engine", engine), (1, "cores", "1")]);
    let plan = check(&document).unwrap();
    let run = run_id(engine);
    let deployment = up(&run, &document, &plan).await;
    let facts = deployment.engines().await;
    assert_eq!((facts.len(), facts[0].0.as_str(), facts[0].1), (1, "lb", 1));
    assert!(facts[0].2.version.starts_with(|c: char| c.is_ascii_digit()), "{facts:?}");
    let entry = deployment.address_of("lb", 0).unwrap();
    // What the engine cannot measure, its callee does.
    let (status, answer) = ask(entry, "GET /c/read/7").await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("web;dur=") && answer.contains("db;dur="), "{answer}");

    deployment.kill("web", 0).await.unwrap();
    ask_until(entry, 200, 20).await;
    deployment.restore("web", 0).await.unwrap();
    ask_until(entry, 200, 1).await;

    let address = deployment.address_of("lb", 0);
    deployment.kill("lb", 0).await.unwrap();
    wait_until("nobody listens", || std::net::TcpStream::connect(entry).is_err());
    deployment.restore("lb", 0).await.unwrap();
    assert_eq!(deployment.address_of("lb", 0), address, "its callers know no other address");
    ask_until(entry, 200, 5).await;
    deployment.down().await.unwrap();
    assert_eq!(processes_of(&run), [0; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_balances_measures_and_comes_back() {
    if are_here(&[Engine::Haproxy]) {
        balances("haproxy").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_balances_measures_and_comes_back() {
    if are_here(&[Engine::Nginx]) {
        balances("nginx").await;
    }
}

async fn remembers(engine: &str) {
    let document = with(&[(3, "engine", engine)]);
    let plan = check(&document).unwrap();
    let run = run_id(engine);
    let deployment = up(&run, &document, &plan).await;
    let entry = deployment.address_of("lb", 0).unwrap();
    let hits = |answer: &str| answer.contains("cache.hit;dur=1");
    let begun = Instant::now();
    while !hits(&ask(entry, "GET /c/read/7").await.1) {
        assert!(begun.elapsed() < Duration::from_secs(10), "the cache is never filled");
    }
    let flush = loadpath_core::sim::Command::Flush { node: "cache".to_owned() };
    deployment.command(&flush).await.unwrap();
    assert!(!hits(&ask(entry, "GET /c/read/7").await.1), "what was flushed is not there");
    deployment.kill("cache", 0).await.unwrap();
    let (status, answer) = ask(entry, "GET /c/read/7").await;
    assert_eq!(status, 200, "a dead cache is a miss: {answer}");
    deployment.restore("cache", 0).await.unwrap();
    let begun = Instant::now();
    while !hits(&ask(entry, "GET /c/read/7").await.1) {
        assert!(begun.elapsed() < Duration::from_secs(10), "callers do not find it again");
    }
    deployment.down().await.unwrap();
    assert_eq!(processes_of(&run), [0; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_remembers_forgets_and_comes_back() {
    if are_here(&[Engine::Redis]) {
        remembers("redis").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memcached_remembers_forgets_and_comes_back() {
    if are_here(&[Engine::Memcached]) {
        remembers("memcached").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_keeps_what_was_written_when_it_is_killed() {
    if !are_here(&[Engine::Postgresql]) {
        return;
    }
    let document = with(&[(4, "engine", "postgresql")]);
    let plan = check(&document).unwrap();
    let run = run_id("postgresql");
    let deployment = up(&run, &document, &plan).await;
    let entry = deployment.address_of("lb", 0).unwrap();
    assert_eq!(ask(entry, "PUT /c/write/7").await.0, 200);
    deployment.kill("db", 0).await.unwrap();
    assert_eq!(ask(entry, "PUT /c/write/8").await.0, 502);
    deployment.restore("db", 0).await.unwrap();
    let (status, answer) = ask(entry, "PUT /c/write/7").await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("db;dur="), "{answer}");
    deployment.down().await.unwrap();
    wait_until("its last children are gone", || processes_of(&run).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_dies_with_its_supervisor() {
    if !are_here(&[Engine::Haproxy, Engine::Redis]) {
        return;
    }
    let document = with(&[(1, "engine", "haproxy"), (3, "engine", "redis")]);
    let plan = check(&document).unwrap();
    let run = run_id("engine-orphans");
    let deployment = up(&run, &document, &plan).await;
    let all = processes_of(&run);
    assert_eq!(all.len(), 8, "a supervisor, five instances and two engines");
    let ports: BTreeMap<String, _> =
        deployment.running().into_iter().map(|one| (one.node.clone(), one.address)).collect();
    let supervisor = *all.iter().find(|&&pid| parent_of(pid) == std::process::id()).unwrap();
    super::agent::signal("KILL", &[supervisor]);
    wait_until("every process is gone", || processes_of(&run).is_empty());
    for (node, address) in ports {
        assert!(std::net::TcpStream::connect(address).is_err(), "{node} still listens on {address}");
    }
    // The next start removes what nobody was there to remove; any will do.
    drop(deployment);
    let plan = check(&design("100/s")).unwrap();
    let next = up(&run_id("engine-next"), &design("100/s"), &plan).await;
    assert!(!std::env::temp_dir().join(format!("loadgen-{run}")).exists());
    next.down().await.unwrap();
}

#[tokio::test]
async fn what_an_engine_cannot_be_is_said_before_anything_starts() {
    let refused = |changes: &[(usize, &str, &str)]| {
        let plan = check(&with(changes)).unwrap();
        loadgen::deploy::beyond(&plan).unwrap_or_default()
    };
    assert_eq!(refused(&[(1, "engine", "haproxy")]), "");
    for (changes, says) in [
        (vec![(1, "engine", "haproxy"), (1, "policy", "maglev")], "HAProxy has no such hashing"),
        (vec![(1, "engine", "nginx"), (1, "slow_start", "1s")], "slow_start"),
        (vec![(3, "engine", "memcached"), (3, "ttl", "1500ms")], "whole seconds"),
        (vec![(3, "engine", "redis"), (3, "eviction", "sieve")], "Redis forgets"),
        (vec![(4, "engine", "postgresql"), (4, "replicas", "1")], "replicas"),
    ] {
        let said = refused(&changes);
        assert!(said.contains(says), "{said}");
    }
}
