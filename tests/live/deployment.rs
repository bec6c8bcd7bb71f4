//! A deployment as its owner sees it: an instance dies, its balancer finds out, it comes back.
use super::{design, processes_of};
use crate::browser::built_loadgen;
use loadgen::deploy::{Deployment, Design};
use loadpath_core::topology::{Plan, Topology, check};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

pub(super) async fn up(run: &str, document: &Topology, plan: &Plan) -> Deployment {
    up_of(run, document, plan, 5).await
}

/// A design of so many instances.
pub(super) async fn up_of(run: &str, document: &Topology, plan: &Plan, instances: usize) -> Deployment {
    let program = &built_loadgen();
    let design = Design { program, run, document, plan, seed: 1 };
    let mut told = Vec::new();
    let deployment =
        Deployment::up(&design, &CancellationToken::new(), |ready, total| told.push((ready, total))).await;
    let deployment = deployment.unwrap();
    let one_by_one: Vec<_> = (0..=instances).map(|ready| (ready, instances)).collect();
    assert_eq!(told, one_by_one, "progress is told one by one");
    deployment
}

/// A run id that no other test has.
pub(super) fn run_id(name: &str) -> String {
    format!("test-{name}-{}", std::process::id())
}

pub(super) async fn ask(address: SocketAddr, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{request} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("{answer:?}")), answer)
}

/// Asks until `want` requests in a row have this status; how many were asked.
pub(super) async fn ask_until(address: SocketAddr, status: u16, want: usize) -> Vec<u16> {
    let (begun, mut seen) = (Instant::now(), Vec::new());
    while seen.len() < want || seen[seen.len() - want..].iter().any(|&one| one != status) {
        assert!(begun.elapsed() < Duration::from_secs(10), "{seen:?}");
        seen.push(ask(address, "GET /c/read/7").await.0);
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_instance_refuses_until_it_is_found_out_and_serves_again_when_restored() {
    let mut document = design("100/s");
    // Long enough to see refusals before the second failed probe.
    document.nodes[1].params.insert("check_interval".to_owned(), "300ms".into());
    let plan = check(&document).unwrap();
    let (run, web) = (run_id("kill"), plan.find("web").unwrap());
    let deployment = up(&run, &document, &plan).await;
    let entry = deployment.address_of("lb", 0).unwrap();
    assert_eq!(ask(entry, "GET /c/read/7").await.0, 200);

    let old = deployment.address_of("web", 0).unwrap();
    deployment.kill("web", 0).await.unwrap();
    deployment.kill("web", 0).await.unwrap();
    assert_eq!(deployment.standing(web), [false, true]);
    assert_eq!(processes_of(&run).len(), 5, "a supervisor and four nodes");
    let seen = ask_until(entry, 200, 20).await;
    assert!(seen.contains(&503), "every other request is refused at first: {seen:?}");

    deployment.restore("web", 0).await.unwrap();
    deployment.restore("web", 0).await.unwrap();
    assert_eq!(deployment.standing(web), [true, true]);
    assert_eq!(deployment.address_of("web", 0), Some(old), "its callers know no other address");
    ask_until(old, 200, 1).await;

    let fault = deployment.kill("web", 2).await.unwrap_err().to_string();
    assert_eq!(fault, "there is no web#3");
    deployment.down().await.unwrap();
    assert_eq!(processes_of(&run), [0; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_cache_is_a_miss_and_a_dead_database_a_failure_whose_data_survive() {
    let document = design("100/s");
    let plan = check(&document).unwrap();
    let run = run_id("data");
    let deployment = up(&run, &document, &plan).await;
    let entry = deployment.address_of("lb", 0).unwrap();
    let shard = deployment.address_of("db", 0).unwrap();
    assert_eq!(ask(entry, "PUT /c/write/7").await.0, 200);

    deployment.kill("cache", 0).await.unwrap();
    let (status, answer) = ask(entry, "GET /c/read/7").await;
    assert_eq!(status, 200);
    assert!(
        answer.contains("cache;dur=") && answer.contains("desc=refused") && answer.contains("db;dur="),
        "{answer}"
    );

    deployment.kill("db", 0).await.unwrap();
    let (status, answer) = ask(entry, "GET /c/read/7").await;
    assert_eq!(status, 502);
    assert!(answer.contains("web;dur=") && answer.contains("desc=failed"), "{answer}");

    deployment.restore("cache", 0).await.unwrap();
    deployment.restore("db", 0).await.unwrap();
    assert_eq!(ask(shard, "GET /k/7").await.0, 200);
    // A miss fills the cache, which nobody waits for; then it hits.
    let begun = Instant::now();
    while !ask(entry, "GET /c/read/7").await.1.contains("cache.hit;dur=1") {
        assert!(begun.elapsed() < Duration::from_secs(10), "the cache is never filled");
    }
    deployment.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_and_what_a_node_says_of_itself_adds_up() {
    let mut document = design("100/s");
    let web = &mut document.nodes[2].params;
    web.insert("workers".to_owned(), 1.0.into());
    web.insert("queue".to_owned(), 1.0.into());
    web.insert("service_time".to_owned(), "200ms".into());
    let plan = check(&document).unwrap();
    let deployment = up(&run_id("queue"), &document, &plan).await;
    let web = deployment.address_of("web", 0).unwrap();
    let asked: Vec<_> = (0..4).map(|_| tokio::spawn(ask(web, "GET /c/read/7"))).collect();
    let mut statuses = Vec::new();
    for answer in asked {
        statuses.push(answer.await.unwrap().0);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 503, 503], "one is worked on, one waits, two find the queue full");
    let index = plan.find("web").unwrap();
    let stats = deployment.stats().await;
    let (_, of_web) = stats.iter().find(|(node, _)| *node == index).unwrap();
    let of_web = of_web.as_ref().unwrap();
    assert_eq!((of_web.workers, of_web.in_flight, of_web.backlog), (1, 0, 0));
    assert!(of_web.busy_ns >= 400_000_000, "two requests of 200 ms: {of_web:?}");
    deployment.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_start_is_named_and_takes_the_rest_with_it() {
    let document = design("100/s");
    let plan = check(&document).unwrap();
    let run = run_id("program");
    // A program that is no loadgen: it ends at once, as a broken build would.
    let program = std::path::Path::new("/bin/false");
    let design = Design { program, run: &run, document: &document, plan: &plan, seed: 1 };
    let up = Deployment::up(&design, &CancellationToken::new(), |_, _| ()).await;
    let fault = up.err().expect("nothing came up").to_string();
    assert!(fault.contains("supervisor"), "{fault}");
    assert_eq!(processes_of(&run), [0; 0]);
}
