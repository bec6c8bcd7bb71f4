//! Databases and caches: what replicas miss, what a promotion loses, and what writes do to a cache.
use super::Both;
use loadpath_core::run::NodeRun;

/// Clients, a service that waits a millisecond, and a database of these parameters; half of the requests write.
fn database(rate: u32, keys: u32, parameters: &str, timeline: &str) -> String {
    format!(
        r#"{{"loadpath":1,"name":"data",
        "nodes":[
            {{"id":"users","kind":"clients","timeout":"3s"}},
            {{"id":"app","kind":"service","workers":256,"service_time":"1ms"}},
            {{"id":"db","kind":"database","connections":64,"read_time":"2ms","write_time":"2ms",{parameters}}}],
        "edges":[
            {{"from":"users","to":"app","latency":"0s"}},
            {{"from":"app","to":"db","latency":"200us"}}],
        "workload":{{"arrivals":"poisson","rate":"{rate}/s","users":20,"classes":[
            {{"name":"read","operation":"read","weight":1,"keys":{keys},"skew":0}},
            {{"name":"write","operation":"write","weight":1,"keys":{keys},"skew":0}}]}},
        "timeline":[{timeline}]}}"#
    )
}

fn count(node: &NodeRun, counter: &str) -> u64 {
    node.counters.get(counter).copied().unwrap_or(0)
}

/// Counts of two runs as shares of what each is counted of.
fn shares_agree(both: &Both, counter: &str, class: &str) -> f64 {
    let [live, simulated] = both.nodes("db").map(|node| count(node, counter));
    let [of_live, of_simulated] = both.classes(class).map(|class| class.outcomes.total());
    super::shares_agree(counter, (live, of_live), (simulated, of_simulated))
}

#[test]
fn replicas_answer_with_old_values_as_often_as_their_lag_says() {
    let replicas = r#""replicas":2,"reads":"replicas","replica_lag":"exp 40ms""#;
    let both = Both::of(&database(200, 10, replicas, ""), 8);
    let stale = shares_agree(&both, "stale_reads", "read");
    // Ten writes a second to each key, each of which is missed for 40 ms.
    assert!(stale > 0.1, "{stale}");
    let added = both.added("read");
    both.responses_agree("write", added);
}

#[test]
fn whoever_wrote_reads_it_where_the_design_promises_that() {
    let promised = r#""replicas":2,"reads":"replicas","replica_lag":"exp 200ms","session":"own_writes""#;
    let both = Both::of(&database(200, 10, promised, ""), 6);
    // Users who wrote in the last moments are sent to the primary, which misses nothing.
    shares_agree(&both, "stale_reads", "read");
}

#[test]
fn a_write_waits_for_as_many_copies_as_must_have_it() {
    for replication in ["sync", "semi_sync", "quorum"] {
        let copies = format!(r#""replicas":2,"replica_lag":"exp 20ms","replication":"{replication}""#);
        let both = Both::of(&database(100, 1_000, &copies, ""), 6);
        let added = both.added("read");
        // A write waits for two messages more, each of which takes what sockets add.
        both.responses_agree("write", 2.0 * added);
    }
}

#[test]
fn a_promotion_loses_what_was_under_way_and_the_outage_is_as_long_as_the_failover() {
    let dies = r#"{"at":"3s","action":"kill","node":"db","instance":1}"#;
    let replicas = r#""replicas":2,"replica_lag":"200ms","failover":"1s""#;
    let both = Both::for_as_long(&database(100, 1_000, replicas, dies), 6);
    let [live, simulated] = both.nodes("db");
    assert_eq!((count(live, "promotions"), count(simulated, "promotions")), (1, 1));
    let [live, simulated] = [live, simulated].map(|node| count(node, "lost_writes") as f64);
    eprintln!("lost writes: live {live}, simulated {simulated}");
    // Those of 200 ms at 50 a second: ten, with a deviation of three; of two counts.
    assert!((live - simulated).abs() <= 4.0 * 20.0_f64.sqrt() && live > 0.0, "{live} {simulated}");
    both.errors_agree("write");
    // A second of six at 100 a second fails.
    both.errors_agree("read");
}
