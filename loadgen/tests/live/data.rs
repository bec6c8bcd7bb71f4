//! Databases and caches: what replicas miss, what a promotion loses, and what writes do to a cache.
use super::Both;
use loadpath_core::run::NodeRun;

/// Clients, a service that waits a millisecond, and a database of these parameters; half of the requests write.
pub(super) fn database(rate: u32, keys: u32, parameters: &str, timeline: &str) -> String {
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

/// Of two primaries the share of lost writes follows from their rates and the lag (derived beside core's `MultiPrimary`); here each
/// run is held to the other.
#[test]
fn primaries_contradict_one_another_as_often_as_their_lag_says() {
    for (replicas, lag) in [(1, "50ms"), (2, "exp 40ms")] {
        let copies = format!(r#""replicas":{replicas},"primaries":"many","replica_lag":"{lag}""#);
        let both = Both::of(&database(200, 10, &copies, ""), 8);
        // What loopback and a busy machine add to the lag, a millisecond or two of forty, lets a few more overlap.
        let share = conflicts_agree(&both, 0.05);
        assert!(share > 0.1, "{share}");
        // Ten writes a second to each key, half of which, or two thirds, are under way to whoever reads for as long as the lag.
        assert!(shares_agree(&both, "stale_reads", "read") > 0.1);
        // Nobody who writes waits for the others, forty milliseconds; but a write is a transaction more, of what may be merging then.
        let added = both.added("read");
        both.responses_agree("write", 2.0 * added);
    }
}

#[test]
fn a_primary_that_dies_costs_only_what_it_was_doing_for_its_users_write_to_another() {
    let dies = r#"{"at":"2s","action":"kill","node":"db","instance":1},
        {"at":"3s","action":"restore","node":"db","instance":1}"#;
    let copies = r#""replicas":1,"primaries":"many","replica_lag":"50ms","failover":"100ms""#;
    let both = Both::for_as_long(&database(200, 10, copies, dies), 5);
    both.errors_agree("write");
    both.errors_agree("read");
    assert_eq!(both.nodes("db").map(|node| count(node, "promotions")), [0, 0]);
    // While it is dead nobody contradicts the one that is left. What it had counted since it was asked last, up to a second of the four
    // in which both live, dies with it, and was half of all.
    conflicts_agree(&both, 0.5 / 4.0);
}

/// The share of writes that were in conflict is the simulator's, but for what is counted for a reason of its own, a share of that.
fn conflicts_agree(both: &Both, besides: f64) -> f64 {
    let [(live, of_live), (simulated, of_simulated)] = both.counted("db", "conflicts", "write");
    let [measured, expected] = [live as f64 / of_live as f64, simulated as f64 / of_simulated as f64];
    eprintln!("conflicts: live {measured:.4}, simulated {expected:.4}, n = {of_live}");
    // A binomial's deviation, of writes whose neighbours within two lags are not independent: at most three times the variance.
    let deviation = (3.0 * expected * (1.0 - expected) / of_live as f64).sqrt();
    let most = 4.0 * deviation + besides * expected;
    assert!((measured - expected).abs() < most && live > 0, "{measured}, not {expected}");
    measured
}

/// Clients, a service, and a cache before a database, or beside it.
fn cache(parameters: &str, classes: &str, is_behind: bool) -> String {
    let edges = if is_behind {
        r#"{"from":"app","to":"cache","latency":"200us"},{"from":"cache","to":"db","latency":"200us"}"#
    } else {
        r#"{"from":"app","to":"cache","latency":"200us"},{"from":"app","to":"db","latency":"200us"}"#
    };
    format!(
        r#"{{"loadpath":1,"name":"cache",
        "nodes":[
            {{"id":"users","kind":"clients","timeout":"3s"}},
            {{"id":"app","kind":"service","workers":256,"service_time":"1ms"}},
            {{"id":"cache","kind":"cache","workers":8,{parameters}}},
            {{"id":"db","kind":"database","connections":64,"read_time":"20ms","write_time":"20ms"}}],
        "edges":[{{"from":"users","to":"app","latency":"0s"}},{edges}],
        "workload":{{"arrivals":"poisson","rate":"200/s","users":20,"classes":[{classes}]}}}}"#
    )
}

const READS: &str = r#"{"name":"read","operation":"read","weight":4,"keys":100,"skew":0}"#;
const WRITES: &str = r#"{"name":"write","operation":"write","weight":1,"keys":100,"skew":0}"#;

/// Hits as a share of lookups agree, within four deviations of a binomial's.
fn hits_agree(both: &Both) -> f64 {
    let [live, simulated] = both.nodes("cache").map(|node| node.hit_ratio.unwrap());
    let n = both.classes("read").map(|class| class.outcomes.total());
    let counted = |share: f64, of: u64| ((share * of as f64).round() as u64, of);
    super::shares_agree("hits", counted(live, n[0]), counted(simulated, n[1]))
}

#[test]
fn writes_go_around_through_or_back_as_the_cache_is_drawn() {
    let classes = format!("{READS},{WRITES}");
    for (writes, is_behind) in
        [("auto", false), ("through", false), ("through", true), ("around", true), ("back", true)]
    {
        let parameters = format!(r#""writes":"{writes}","instances":2,"ttl":"500ms","ttl_jitter":0.2"#);
        let both = Both::of(&cache(&parameters, &classes, is_behind), 5);
        eprintln!("{writes}, {}", if is_behind { "behind it the database" } else { "beside the database" });
        hits_agree(&both);
        let [live, simulated] = both.nodes("db").map(|node| node.outcomes.total());
        let per_request = [
            live as f64 / both.live.outcomes().total() as f64,
            simulated as f64 / both.simulated.outcomes().total() as f64,
        ];
        eprintln!(
            "calls of the database per request: live {:.3}, simulated {:.3}",
            per_request[0], per_request[1]
        );
        // What is asked of it is a share of the requests, at most one each; some of the last write-backs are not reported.
        assert!((per_request[0] - per_request[1]).abs() < 4.0 * 0.5 / 1_000.0_f64.sqrt(), "{per_request:?}");
        if writes == "back" {
            assert!(count(both.nodes("cache")[0], "written_back") > 0);
        }
    }
}

#[test]
fn equal_misses_share_a_fetch_where_the_cache_says_so() {
    let few = r#"{"name":"read","operation":"read","weight":1,"keys":4,"skew":0}"#;
    for is_behind in [true, false] {
        let both = Both::of(&cache(r#""coalesce":"on","ttl":"100ms""#, few, is_behind), 5);
        let [live, simulated] = both.nodes("cache").map(|node| count(node, "coalesced"));
        let [n, of] = both.classes("read").map(|class| class.outcomes.total());
        let share = super::shares_agree("coalesced", (live, n), (simulated, of));
        assert!(share > 0.05, "{share}");
    }
}

/// A third shard takes its keys while requests go on.
const GROWING: &str = r#"{
  "loadpath": 1,
  "nodes": [
    {"id": "users", "kind": "clients", "timeout": "1s"},
    {"id": "web", "kind": "service", "workers": 100, "service_time": "0s"},
    {"id": "db", "kind": "database", "shards": 2, "connections": 8, "read_time": "20ms", "write_time": "20ms"}
  ],
  "edges": [{"from": "users", "to": "web"}, {"from": "web", "to": "db"}],
  "workload": {"rate": "60/s", "classes": [{"name": "read", "keys": 600}]},
  "timeline": [{"at": "2s", "action": "add_shard", "node": "db", "rate": "200/s"}]
}"#;

#[test]
fn a_shard_more_takes_its_keys_at_their_rate_and_nobody_asks_in_vain() {
    for copies in ["", r#""replicas": 1, "#, r#""replicas": 1, "primaries": "many", "#] {
        grows(&GROWING.replace(r#""shards""#, &format!(r#"{copies}"shards""#)));
    }
}

fn grows(document: &str) {
    let both = Both::for_as_long(document, 5);
    let moved = both.nodes("db").map(|node| node.counters.get("moved_keys").copied().unwrap_or(0));
    eprintln!("keys moved: live {}, simulated {}", moved[0], moved[1]);
    // All of them, in two seconds.
    assert_eq!(moved[0], moved[1]);
    assert_eq!(both.live.outcomes().errors(), 0, "{:?}", both.live.notes);
    // Two servers at first and then three, with the work of moving, which is twice that of the requests. What a busy machine adds to 20 ms
    // is less than half of it.
    let [live, simulated] = both.nodes("db").map(|node| node.utilization.unwrap());
    eprintln!("utilization: live {live:.3}, simulated {simulated:.3}");
    assert!((live / simulated - 1.0).abs() < 0.5, "{live}, not {simulated}");
}
