//! Queues and workers: who gets a message, when it is done, and what becomes of those that fail or find no room.
use super::{Both, shares_agree};
use loadpath_core::run::NodeRun;

/// Clients, a service that publishes jobs, a queue, and workers: as many tiers as there are bindings.
pub(super) fn jobs(rate: u32, queue: &str, workers: &str, bindings: &[&str], timeline: &str) -> String {
    let name = |i: usize| format!("w{}", i + 1);
    let tiers: String = (0..bindings.len())
        .map(|i| format!(r#",{{"id":"{}","kind":"workers",{workers}}}"#, name(i)))
        .collect();
    let edges: String = bindings
        .iter()
        .enumerate()
        .map(|(i, binding)| format!(r#",{{"from":"mq","to":"{}","latency":"200us"{binding}}}"#, name(i)))
        .collect();
    format!(
        r#"{{"loadpath":1,"name":"jobs",
        "nodes":[
            {{"id":"users","kind":"clients","timeout":"3s"}},
            {{"id":"app","kind":"service","workers":256,"service_time":"1ms"}},
            {{"id":"mq","kind":"queue",{queue}}}{tiers}],
        "edges":[
            {{"from":"users","to":"app","latency":"0s"}},
            {{"from":"app","to":"mq","latency":"200us"}}{edges}],
        "workload":{{"arrivals":"poisson","rate":"{rate}/s","users":20,"classes":[
            {{"name":"mail","operation":"job","weight":1,"keys":1000,"skew":0,"topic":"mail.out"}},
            {{"name":"film","operation":"job","weight":1,"keys":1000,"skew":0,"topic":"film.cut"}}]}},
        "timeline":[{timeline}]}}"#
    )
}

pub(super) fn count(node: &NodeRun, counter: &str) -> u64 {
    node.counters.get(counter).copied().unwrap_or(0)
}

pub(super) fn published(both: &Both) -> [u64; 2] {
    both.nodes("mq").map(|node| count(node, "published"))
}

/// What was done of each published message by a tier agrees.
pub(super) fn done_agree(both: &Both, tier: &str) -> f64 {
    let [live, simulated] = both.nodes(tier).map(|node| node.outcomes.total());
    let [n, of] = published(both);
    // Those of the last moments are not reported, and those of the warm-up's are.
    let (live, simulated) = (live.min(n), simulated.min(of));
    shares_agree(&format!("done by {tier}"), (live, n), (simulated, of))
}

#[test]
fn who_gets_a_message_is_as_the_queue_says() {
    let workers = r#""instances":2,"workers":2,"service_time":"exp 5ms""#;
    let topics = [r#","binding":"mail.*""#, r#","binding":"film.#""#];
    for (mode, bindings) in [
        (r#""mode":"direct""#, &["", ""][..]),
        (r#""mode":"fan_out""#, &["", ""]),
        (r#""mode":"topic""#, &topics),
        (r#""mode":"log","partitions":8"#, &["", ""]),
    ] {
        let both = Both::of(&jobs(100, mode, workers, bindings, ""), 4);
        eprintln!("{mode}");
        done_agree(&both, "w1");
        done_agree(&both, "w2");
    }
}

#[test]
fn a_message_waits_for_a_worker_as_long_as_in_the_simulator() {
    // 28 a second for four workers of 100 ms: seven tenths busy, and two in five wait (Erlang's C formula: 0.43).
    let workers = r#""instances":2,"workers":2,"service_time":"100ms""#;
    let both = Both::of(&jobs(28, r#""service_time":"1ms""#, workers, &[""], ""), 10);
    let [live, simulated] = both.nodes("w1").map(|node| node.response.mean().as_secs());
    eprintln!("from publish to done: live {:.2} ms, simulated {:.2} ms", live * 1e3, simulated * 1e3);
    let added = both.added("mail");
    // The mean of 280 waits, each with a deviation of twice their mean, which are correlated: as many as fifty.
    let chance = 4.0 * 2.0 * (simulated - 0.1004).abs() / 50.0_f64.sqrt();
    // What sockets add to each message makes the workers busier too, and at seven tenths a wait grows three times as fast.
    assert!(live > simulated - chance && live < simulated + chance + 4.0 * added, "{live}, not {simulated}");
}

#[test]
fn failed_messages_come_back_and_are_given_up_at_last() {
    let workers = r#""instances":1,"workers":4,"service_time":"2ms","error_share":0.5"#;
    for mode in [r#""mode":"direct","deliveries":3"#, r#""mode":"log","partitions":8,"deliveries":3"#] {
        let both = Both::of(&jobs(100, mode, workers, &[""], ""), 5);
        let [n, of] = published(&both);
        for counter in ["redelivered", "dead_letters"] {
            let [live, simulated] = both.nodes("mq").map(|node| count(node, counter));
            shares_agree(counter, (live, n), (simulated, of));
        }
    }
}

#[test]
fn a_full_queue_refuses_or_forgets_the_oldest() {
    let workers = r#""instances":1,"workers":1,"service_time":"20ms""#;
    for overflow in ["reject", "drop_oldest"] {
        let queue = format!(r#""capacity":10,"overflow":"{overflow}""#);
        let both = Both::of(&jobs(100, &queue, workers, &[""], ""), 4);
        let lost = both.nodes("mq").map(|node| count(node, "overflowed"));
        let sent = [&both.live, &both.simulated].map(|run| run.outcomes().total());
        // Twice as many come as can be done.
        let share = shares_agree(overflow, (lost[0], sent[0]), (lost[1], sent[1]));
        assert!(share > 0.4, "{share}");
        both.errors_agree("mail");
    }
}

#[test]
fn dead_workers_get_nothing_and_what_they_held_is_done_by_others() {
    let dies = r#"{"at":"1500ms","action":"kill","node":"w1","instance":1},
        {"at":"2500ms","action":"restore","node":"w1","instance":1}"#;
    for mode in [r#""mode":"direct""#, r#""mode":"log","partitions":8"#] {
        let workers = r#""instances":2,"workers":2,"service_time":"exp 5ms""#;
        let both = Both::for_as_long(&jobs(100, mode, workers, &[""], dies), 4);
        let well = both.nodes("w1").map(|node| node.outcomes.ok);
        let [n, of] = published(&both);
        // All that was published is done, but what was under way at the end.
        shares_agree("done", (well[0].min(n), n), (well[1].min(of), of));
        both.errors_agree("mail");
    }
}
