//! Brokers as queues: the same designs, held to the same claims as our own queue.
use super::messages::{count, done_agree, jobs, published};
use super::{Both, is_here, shares_agree};
use loadpath_core::run::NodeRun;
use loadpath_core::topology::Engine;

fn who_gets_a_message(engine: &str, modes: &[&str]) {
    let workers = r#""instances":2,"workers":2,"service_time":"exp 5ms""#;
    let topics = [r#","binding":"mail.*""#, r#","binding":"film.#""#];
    for mode in modes {
        let queue = format!(r#""engine":"{engine}",{mode}"#);
        let bindings = if mode.contains("topic") { &topics } else { &["", ""] };
        let both = Both::of(&jobs(100, &queue, workers, bindings, ""), 3);
        eprintln!("{engine}, {mode}");
        if *mode == DIRECT {
            // Who of all workers does it is a matter of who is free, and on a busy machine that is the second tier more often.
            let done = |nodes: [&NodeRun; 2]| nodes.map(|node| node.outcomes.total());
            let (first, second) = (done(both.nodes("w1")), done(both.nodes("w2")));
            let [n, of] = published(&both);
            shares_agree("done", ((first[0] + second[0]).min(n), n), ((first[1] + second[1]).min(of), of));
        } else {
            done_agree(&both, "w1");
            done_agree(&both, "w2");
        }
        both.errors_agree("mail");
        let was = &both.live.notes;
        assert!(was.iter().any(|note| note.starts_with("mq#1 was ")), "{was:?}");
    }
}

fn failed_messages_come_back(engine: &str, modes: &[&str]) {
    let workers = r#""instances":1,"workers":4,"service_time":"2ms","error_share":0.5"#;
    for mode in modes {
        let queue = format!(r#""engine":"{engine}","deliveries":3,{mode}"#);
        let both = Both::of(&jobs(100, &queue, workers, &[""], ""), 4);
        let [n, of] = published(&both);
        for counter in ["redelivered", "dead_letters"] {
            let [live, simulated] = both.nodes("mq").map(|node| count(node, counter));
            let share = shares_agree(&format!("{engine}, {counter}"), (live, n), (simulated, of));
            assert!(share > 0.05, "{counter}: {share}");
        }
    }
}

/// Twice as many come as can be done, by a worker that is so slow that the way to it does not count.
fn a_full_one(engine: &str, overflow: &str) {
    let workers = r#""instances":1,"workers":1,"service_time":"40ms""#;
    let queue = format!(r#""engine":"{engine}","capacity":10,"overflow":"{overflow}""#);
    let both = Both::of(&jobs(50, &queue, workers, &[""], ""), 4);
    let lost = both.nodes("mq").map(|node| count(node, "overflowed"));
    let sent = [&both.live, &both.simulated].map(|run| run.outcomes().total());
    let share = shares_agree(&format!("{engine}, {overflow}"), (lost[0], sent[0]), (lost[1], sent[1]));
    assert!(share > 0.4, "{share}");
    both.errors_agree("mail");
}

fn dead_workers(engine: &str, modes: &[&str]) {
    let dies = r#"{"at":"1500ms","action":"kill","node":"w1","instance":1},
        {"at":"2500ms","action":"restore","node":"w1","instance":1}"#;
    for mode in modes {
        let workers = r#""instances":2,"workers":2,"service_time":"exp 5ms""#;
        let queue = format!(r#""engine":"{engine}",{mode}"#);
        let both = Both::for_as_long(&jobs(100, &queue, workers, &[""], dies), 4);
        let well = both.nodes("w1").map(|node| node.outcomes.ok);
        let [n, of] = published(&both);
        // All that was published is done, but what was under way at the end.
        shares_agree(&format!("{engine}, done"), (well[0].min(n), n), (well[1].min(of), of));
        both.errors_agree("mail");
    }
}

const DIRECT: &str = r#""mode":"direct""#;
const FAN_OUT: &str = r#""mode":"fan_out""#;
const TOPIC: &str = r#""mode":"topic""#;
const LOG: &str = r#""mode":"log","partitions":8"#;

#[test]
fn nats_gives_a_message_to_whom_the_queue_says() {
    if is_here(Engine::Nats) {
        who_gets_a_message("nats", &[DIRECT, FAN_OUT, TOPIC, LOG]);
    }
}

#[test]
fn nats_delivers_failed_messages_again_and_gives_them_up_at_last() {
    if is_here(Engine::Nats) {
        failed_messages_come_back("nats", &[DIRECT, LOG]);
    }
}

#[test]
fn nats_refuses_when_it_is_full() {
    if is_here(Engine::Nats) {
        a_full_one("nats", "reject");
    }
}

#[test]
fn nats_forgets_the_oldest_when_it_is_full() {
    if is_here(Engine::Nats) {
        a_full_one("nats", "drop_oldest");
    }
}

#[test]
fn what_dead_workers_held_of_nats_is_done_by_others() {
    if is_here(Engine::Nats) {
        dead_workers("nats", &[DIRECT, LOG]);
    }
}

// RabbitMQ takes ten seconds to start; `cargo xtask engines` installs it, and where it is missing these say so.

#[test]
fn rabbitmq_gives_a_message_to_whom_the_queue_says() {
    if is_here(Engine::Rabbitmq) {
        who_gets_a_message("rabbitmq", &[DIRECT, FAN_OUT, TOPIC]);
    }
}

#[test]
fn rabbitmq_delivers_failed_messages_again_and_gives_them_up_at_last() {
    if is_here(Engine::Rabbitmq) {
        failed_messages_come_back("rabbitmq", &[DIRECT]);
    }
}

#[test]
fn rabbitmq_refuses_when_it_is_full_or_forgets_the_oldest() {
    if is_here(Engine::Rabbitmq) {
        a_full_one("rabbitmq", "reject");
        a_full_one("rabbitmq", "drop_oldest");
    }
}

#[test]
fn what_dead_workers_held_of_rabbitmq_is_done_by_others() {
    if is_here(Engine::Rabbitmq) {
        dead_workers("rabbitmq", &[DIRECT]);
    }
}
