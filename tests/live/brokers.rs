//! Brokers as queues: what they have confirmed outlives them, nothing else does, and what they cannot be is said.
use super::deployment::{ask, run_id, up_of};
use super::engines::{are_here, parent_of};
use super::processes::listens_on;
use super::{processes_of, wait_until};
use loadgen::deploy::{Deployment, Stats, beyond};
use loadpath_core::topology::{Engine, Plan, Topology, check};
use std::time::{Duration, Instant};

/// An app that publishes jobs, a queue that is a broker, and one worker that takes 20 ms for each.
fn jobs(queue: &str, binding: &str) -> Topology {
    let document = format!(
        r#"{{"loadpath":1,"name":"jobs","nodes":[
            {{"id":"users","kind":"clients"}},
            {{"id":"app","kind":"service","service_time":"1ms"}},
            {{"id":"mq","kind":"queue",{queue}}},
            {{"id":"jobs","kind":"workers","instances":1,"workers":1,"service_time":"20ms"}}],
        "edges":[
            {{"from":"users","to":"app"}},{{"from":"app","to":"mq"}},
            {{"from":"mq","to":"jobs"{binding}}}],
        "workload":{{"arrivals":"poisson","rate":"10/s","users":1,
            "classes":[{{"name":"mail","operation":"job","topic":"mail.out"}}]}}}}"#
    );
    Topology::from_json(&document).unwrap()
}

/// What a node says of itself, once that is so.
async fn stats_when(deployment: &Deployment, plan: &Plan, node: &str, so: impl Fn(&Stats) -> bool) -> Stats {
    let (index, begun) = (plan.find(node).unwrap(), Instant::now());
    loop {
        let stats = deployment.stats().await.into_iter().find(|(other, _)| *other == index);
        let stats = stats.and_then(|(_, stats)| stats);
        match stats {
            Some(stats) if so(&stats) => return stats,
            other => assert!(begun.elapsed() < Duration::from_secs(30), "{node}: {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const MESSAGES: u64 = 20;

/// Twenty messages are published while nobody works; the broker is killed and comes back, and then the workers do.
async fn keeps_what_it_confirmed(engine: &str) {
    let document = jobs(&format!(r#""engine":"{engine}""#), "");
    let plan = check(&document).unwrap_or_else(|faults| panic!("{faults:?}"));
    let run = run_id(engine);
    let deployment = up_of(&run, &document, &plan, 3).await;
    let facts = deployment.engines().await;
    assert_eq!((facts.len(), facts[0].0.as_str(), facts[0].1), (1, "mq", 1));
    assert!(facts[0].2.version.starts_with(|c: char| c.is_ascii_digit()), "{facts:?}");
    let heard = processes_of(&run).into_iter().flat_map(listens_on).collect::<Vec<_>>();
    assert!(
        heard.len() >= 4 && heard.iter().all(|at| at.starts_with("0100007F:")),
        "on loopback alone: {heard:?}"
    );
    let entry = deployment.address_of("app", 0).unwrap();
    // One message goes all the way, and the next answer tells of it.
    assert_eq!(ask(entry, "PUT /c/mail/1").await.0, 200);
    stats_when(&deployment, &plan, "jobs", |jobs| jobs.busy_ns >= 20_000_000 && jobs.in_flight == 0).await;
    let (status, answer) = ask(entry, "PUT /c/mail/1").await;
    assert!(status == 200 && answer.contains("mq;dur=") && answer.contains("jobs;dur="), "{answer}");
    stats_when(&deployment, &plan, "mq", |mq| mq.backlog == 0).await;

    deployment.kill("jobs", 0).await.unwrap();
    for key in 0..MESSAGES {
        assert_eq!(ask(entry, &format!("PUT /c/mail/{key}")).await.0, 200, "it is confirmed");
    }
    stats_when(&deployment, &plan, "mq", |mq| mq.backlog >= MESSAGES - 1).await;
    let address = deployment.address_of("mq", 0);
    deployment.kill("mq", 0).await.unwrap();
    let (status, answer) = ask(entry, "PUT /c/mail/1").await;
    assert_ne!(status, 200, "nobody confirms it: {answer}");
    deployment.restore("mq", 0).await.unwrap();
    assert_eq!(deployment.address_of("mq", 0), address, "its callers know no other address");
    stats_when(&deployment, &plan, "mq", |mq| mq.backlog >= MESSAGES - 1).await;
    deployment.restore("jobs", 0).await.unwrap();
    // Each is done at least once. What was on its way when the broker died comes again, so some may be done twice.
    let done = MESSAGES * 20_000_000;
    stats_when(&deployment, &plan, "jobs", |jobs| jobs.busy_ns >= done && jobs.in_flight == 0).await;
    stats_when(&deployment, &plan, "mq", |mq| mq.backlog == 0).await;
    deployment.down().await.unwrap();
    // What it has started ends when it does, some of it a moment later.
    wait_until("its last children are gone", || processes_of(&run).is_empty());
}

/// The supervisor is killed, and all goes with it.
async fn dies_with_its_supervisor(engine: &str) {
    let document = jobs(&format!(r#""engine":"{engine}""#), "");
    let plan = check(&document).unwrap_or_else(|faults| panic!("{faults:?}"));
    let run = run_id(&format!("{engine}-orphans"));
    let deployment = up_of(&run, &document, &plan, 3).await;
    let all = processes_of(&run);
    assert!(all.len() >= 5, "a supervisor, three instances and a broker at least: {all:?}");
    let supervisor = *all.iter().find(|&&pid| parent_of(pid) == std::process::id()).unwrap();
    super::agent::signal("KILL", &[supervisor]);
    wait_until("every process is gone", || processes_of(&run).is_empty());
    drop(deployment);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_keeps_what_it_confirmed_when_it_is_killed() {
    if are_here(&[Engine::Nats]) {
        keeps_what_it_confirmed("nats").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_dies_with_its_supervisor() {
    if are_here(&[Engine::Nats]) {
        dies_with_its_supervisor("nats").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbitmq_keeps_what_it_confirmed_when_it_is_killed() {
    if are_here(&[Engine::Rabbitmq]) {
        keeps_what_it_confirmed("rabbitmq").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbitmq_dies_with_its_supervisor_and_leaves_no_epmd() {
    if are_here(&[Engine::Rabbitmq]) {
        dies_with_its_supervisor("rabbitmq").await;
    }
}

#[test]
fn what_a_broker_cannot_be_is_said_before_anything_starts() {
    let refused = |queue: &str, binding: &str| {
        let document = jobs(queue, binding);
        beyond(&check(&document).unwrap_or_else(|faults| panic!("{faults:?}"))).unwrap_or_default()
    };
    for mode in ["direct", "fan_out", "topic", "log"] {
        let queue = format!(r#""engine":"nats","mode":"{mode}""#);
        assert_eq!(refused(&queue, r#","connections":4"#), "", "{mode}");
    }
    let topics = r#""engine":"rabbitmq","mode":"topic""#;
    assert_eq!(refused(topics, r##","binding":"#.out""##), "", "its own bindings are like that");
    for (queue, binding, says) in [
        (r#""engine":"nats","mode":"topic""#, r##","binding":"#.out""##, "# only as the last"),
        (r#""engine":"nats","mode":"log","partitions":65"#, "", "64 at most"),
        (r#""engine":"rabbitmq","mode":"log""#, "", "forget what was read"),
    ] {
        let said = refused(queue, binding);
        assert!(said.contains("node \"mq\"") && said.contains(says), "{said}");
    }
}
