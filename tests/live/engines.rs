//! Real engines in designs: they serve, are measured as our own are, fail, come back, and outlive nobody.
use super::deployment::{ask, ask_until, run_id, up, up_of};
use super::{design, processes_of, wait_until};
use loadgen::deploy::{Deployment, known};
use loadpath_core::topology::{Engine, Params, Topology, check};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
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

/// Clients, nginx as a point of presence that keeps files and reads for so long, and two web servers.
fn pulled(more: &[(&str, &str)]) -> Topology {
    let mut document = design("100/s");
    document.nodes.truncate(3);
    document.edges.truncate(2);
    (document.nodes[1].kind, document.nodes[1].params) = ("cdn".to_owned(), Params::new());
    let wanted = [("engine", "nginx"), ("keeps", "reads"), ("ttl", "1h"), ("capacity", "32")];
    for &(name, value) in wanted.iter().chain(more) {
        document.nodes[1].params.insert(name.to_owned(), value.into());
    }
    document.edges[0].params.insert("latency".to_owned(), "30ms".into());
    document
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_keeps_what_a_cdn_may_and_says_of_each_answer_what_it_was() {
    if !are_here(&[Engine::Nginx]) {
        return;
    }
    let document = pulled(&[]);
    let plan = check(&document).unwrap();
    let run = run_id("nginx-cdn");
    // The clients have a process, which waits for the network's time in the place of what has the answer itself.
    let deployment = up_of(&run, &document, &plan, 4).await;
    let entry = deployment.address_of("users", 0).unwrap();
    let engines = deployment.engines().await;
    assert_eq!((engines.len(), engines[0].0.as_str()), (1, "lb"));
    let hits = async |path: &str| {
        let begun = Instant::now();
        let (status, answer) = ask(entry, path).await;
        assert_eq!(status, 200, "{answer}");
        assert!(begun.elapsed() >= Duration::from_millis(60), "the network takes its time: {answer}");
        let (hit, missed) = (answer.contains("lb.hit;dur=1"), answer.contains("lb.hit;dur=0"));
        // Who was not asked has no hop in the answer; of a miss, the engine's callee tells.
        assert_eq!(answer.contains("web;dur="), !hit, "{answer}");
        assert!(hit || missed || path.starts_with("PUT"), "{answer}");
        hit
    };
    assert!(!hits("GET /c/read/7?u=1").await);
    assert!(hits("GET /c/read/7?u=2").await, "a key is the same whoever asks for it");
    assert!(!hits("PUT /c/write/7?u=1").await && !hits("PUT /c/write/7?u=1").await, "writes pass through");
    deployment.kill("web", 0).await.unwrap();
    deployment.kill("web", 1).await.unwrap();
    assert!(hits("GET /c/read/7").await, "what is kept needs no origin");
    assert_eq!(ask(entry, "GET /c/read/8").await.0, 502);
    deployment.restore("web", 0).await.unwrap();
    deployment.restore("web", 1).await.unwrap();

    let flush = loadpath_core::sim::Command::Flush { node: "lb".to_owned() };
    deployment.command(&flush).await.unwrap();
    assert!(!hits("GET /c/read/7").await, "what was flushed is not there");
    assert!(hits("GET /c/read/7").await);
    let inside = deployment.address_of("lb", 0).unwrap();
    for key in 100..132 {
        assert_eq!(ask(inside, &format!("GET /c/read/{key}")).await.0, 200);
    }
    assert!(!hits("GET /c/read/7").await, "as many as it has room for came after it");
    assert!(hits("GET /c/read/131").await);
    deployment.down().await.unwrap();
    assert_eq!(processes_of(&run), [0; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_misses_of_nginx_share_a_fetch_where_the_design_says_so() {
    if !are_here(&[Engine::Nginx]) {
        return;
    }
    let mut document = pulled(&[("coalesce", "on")]);
    document.nodes[2].params.insert("service_time".to_owned(), "300ms".into());
    let plan = check(&document).unwrap();
    let run = run_id("nginx-coalesce");
    let deployment = up_of(&run, &document, &plan, 4).await;
    let entry = deployment.address_of("users", 0).unwrap();
    let asked: Vec<_> = (0..8).map(|_| tokio::spawn(ask(entry, "GET /c/read/7"))).collect();
    let mut answers = Vec::new();
    for one in asked {
        answers.push(one.await.unwrap());
    }
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    let fetched = answers.iter().filter(|(_, answer)| answer.contains("web;dur=")).count();
    assert_eq!(fetched, 1, "{answers:?}");
    deployment.down().await.unwrap();
    assert_eq!(processes_of(&run), [0; 0]);
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

/// The smallest example with a PostgreSQL that has two replicas, and they alone are read from.
fn replicated(more: &[(usize, &str, &str)]) -> Topology {
    let replicas = [
        (4, "engine", "postgresql"),
        (4, "replicas", "2"),
        (4, "reads", "replicas"),
        (4, "failover", "100ms"),
    ];
    with(&[&replicas, more].concat())
}

/// What was counted of the database by the deployment itself: promotions, writes lost.
fn counted(deployment: &Deployment) -> BTreeMap<&'static str, u64> {
    deployment.counted().into_iter().map(|(_, what, count)| (what, count)).collect()
}

/// Writes keys, one after the other; how many were taken.
async fn write(entry: SocketAddr, keys: Range<u32>) -> usize {
    let mut taken = 0;
    for key in keys {
        taken += usize::from(ask(entry, &format!("PUT /c/write/{key}")).await.0 == 200);
    }
    taken
}

/// Asks until writes are taken again, which only a new primary can do.
async fn write_until_taken(entry: SocketAddr) {
    let begun = Instant::now();
    while write(entry, 0..1).await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "nobody takes the primary's place");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_of_postgresql_takes_the_place_of_a_dead_primary_and_all_follow_it() {
    if !are_here(&[Engine::Postgresql]) {
        return;
    }
    let document = replicated(&[]);
    let plan = check(&document).unwrap();
    let run = run_id("postgresql-failover");
    let deployment = up_of(&run, &document, &plan, 7).await;
    let engines = deployment.engines().await;
    assert_eq!(engines.len(), 3, "{engines:?}");
    let entry = deployment.address_of("lb", 0).unwrap();
    let used = async {
        assert_eq!(write(entry, 0..20).await, 20);
        assert_eq!(ask(entry, "GET /c/read/3").await.0, 200);
        // Replicas are read from while nobody leads.
        deployment.kill("db", 0).await.unwrap();
        assert_eq!(ask(entry, "GET /c/read/3").await.0, 200);
        write_until_taken(entry).await;
        let counted = counted(&deployment);
        assert_eq!(counted.get("promotions"), Some(&1), "{counted:?}");
        // It comes back as a copy of the one that leads now, and takes its place when all others are dead.
        deployment.restore("db", 0).await.unwrap();
        assert_eq!(write(entry, 20..40).await, 20);
        deployment.kill("db", 1).await.unwrap();
        deployment.kill("db", 2).await.unwrap();
        write_until_taken(entry).await;
        assert_eq!(ask(entry, "GET /c/read/3").await.0, 200, "where no replica is up the primary answers");
    };
    tokio::select! {
        () = used => {}
        () = deployment.mind() => {}
    }
    assert!(counted(&deployment).contains_key("promotions"));
    deployment.down().await.unwrap();
    wait_until("its last children are gone", || processes_of(&run).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_promotion_of_postgresql_loses_is_counted_in_the_dead_primarys_log() {
    if !are_here(&[Engine::Postgresql]) {
        return;
    }
    let document = replicated(&[]);
    let plan = check(&document).unwrap();
    let run = run_id("postgresql-lost");
    let deployment = up_of(&run, &document, &plan, 7).await;
    let entry = deployment.address_of("lb", 0).unwrap();
    assert_eq!(write(entry, 0..10).await, 10);
    for replica in [1, 2] {
        deployment.kill("db", replica).await.unwrap();
    }
    // As a copy it has all that was written until now.
    deployment.restore("db", 2).await.unwrap();
    deployment.kill("db", 2).await.unwrap();
    assert_eq!(write(entry, 5..12).await, 7, "commits wait for nobody");
    deployment.kill("db", 0).await.unwrap();
    // It goes on with what it has: its primary is not there to be copied.
    deployment.restore("db", 2).await.unwrap();
    let promote = loadpath_core::sim::Command::Promote { node: "db".to_owned(), shard: 0 };
    deployment.command(&promote).await.unwrap();
    assert_eq!(counted(&deployment), BTreeMap::from([("promotions", 1), ("lost_writes", 7)]));
    assert_eq!(write(entry, 0..5).await, 5);
    deployment.down().await.unwrap();
    wait_until("its last children are gone", || processes_of(&run).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_of_postgresql_that_steps_down_loses_nothing_and_follows() {
    if !are_here(&[Engine::Postgresql]) {
        return;
    }
    let document = replicated(&[]);
    let plan = check(&document).unwrap();
    let run = run_id("postgresql-switch");
    let deployment = up_of(&run, &document, &plan, 7).await;
    let entry = deployment.address_of("lb", 0).unwrap();
    assert_eq!(write(entry, 0..10).await, 10);
    let promote = loadpath_core::sim::Command::Promote { node: "db".to_owned(), shard: 0 };
    deployment.command(&promote).await.unwrap();
    assert_eq!(counted(&deployment), BTreeMap::from([("promotions", 1)]));
    assert_eq!(deployment.standing(plan.find("db").unwrap()), [true; 3]);
    assert_eq!(write(entry, 0..10).await, 10);
    // The one that has stepped down has all of it, and is asked to lead again.
    deployment.kill("db", 2).await.unwrap();
    deployment.command(&promote).await.unwrap();
    assert_eq!(write(entry, 0..10).await, 10);
    deployment.down().await.unwrap();
    wait_until("its last children are gone", || processes_of(&run).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quorum_of_postgresql_takes_no_write_alone_and_semi_sync_does() {
    if !are_here(&[Engine::Postgresql]) {
        return;
    }
    for (replication, is_taken) in [("quorum", false), ("semi_sync", true)] {
        let document = replicated(&[(4, "replication", replication)]);
        let plan = check(&document).unwrap();
        let run = run_id(replication);
        let deployment = up_of(&run, &document, &plan, 7).await;
        let entry = deployment.address_of("lb", 0).unwrap();
        write_until_taken(entry).await;
        for replica in [1, 2] {
            deployment.kill("db", replica).await.unwrap();
        }
        let begun = Instant::now();
        // Until the primary has noticed that it is alone; a write may be under way then.
        while (write(entry, 0..1).await == 1) != is_taken {
            assert!(begun.elapsed() < Duration::from_secs(10), "{replication}");
        }
        deployment.restore("db", 1).await.unwrap();
        write_until_taken(entry).await;
        deployment.down().await.unwrap();
        wait_until("its last children are gone", || processes_of(&run).is_empty());
    }
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
    // The system closes what a process had open a moment after its memory, by which it is known, is gone.
    for (node, address) in ports {
        let is_closed = || std::net::TcpStream::connect(address).is_err();
        wait_until(&format!("{node} listens on {address} no more"), is_closed);
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
        (
            vec![(4, "engine", "postgresql"), (4, "replicas", "1"), (4, "ship_interval", "1s")],
            "ship_interval",
        ),
        (
            vec![
                (4, "engine", "postgresql"),
                (4, "replicas", "1"),
                (4, "reads", "all"),
                (4, "session", "own_writes"),
            ],
            "session",
        ),
    ] {
        let said = refused(&changes);
        assert!(said.contains(says), "{said}");
    }
    for (name, value, says) in [
        ("ttl", "1500ms", "whole seconds"),
        ("eviction", "sieve", "nginx forgets"),
        ("ttl_jitter", "0.1", "ttl_jitter"),
        ("capacity", "8", "32 files"),
    ] {
        let said = loadgen::deploy::beyond(&check(&pulled(&[(name, value)])).unwrap()).unwrap();
        assert!(said.contains(says), "{said}");
    }
}
