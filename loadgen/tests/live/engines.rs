//! Engines that keep data: the same designs, held to the claims of our own caches and databases.
use super::{Both, is_here, shares_agree};
use loadpath_core::run::NodeRun;
use loadpath_core::topology::Engine;

fn count(node: &NodeRun, counter: &str) -> u64 {
    node.counters.get(counter).copied().unwrap_or(0)
}

/// Files of a service behind a CDN that keeps them for longer than the run; it loses all of them in the middle.
const FILES: &str = r#"{
  "loadpath": 1,
  "nodes": [
    {"id": "users", "kind": "clients", "timeout": "3s"},
    {"id": "edge", "kind": "cdn", "engine": "nginx", "eviction": "lru", "ttl": "1h", "ttl_jitter": 0, "capacity": 5000},
    {"id": "web", "kind": "service", "workers": 64, "service_time": "2ms"}
  ],
  "edges": [{"from": "users", "to": "edge", "latency": "0s"}, {"from": "edge", "to": "web", "latency": "0s"}],
  "workload": {"rate": "150/s", "classes": [{"name": "file", "operation": "static", "keys": 400, "skew": 0.8, "size": "1KB"}]},
  "timeline": [{"at": "4s", "action": "flush", "node": "edge"}]
}"#;

#[test]
fn nginx_as_a_cdn_hits_as_often_as_what_it_keeps_says_and_starts_over_when_it_is_flushed() {
    if !is_here(Engine::Nginx) {
        return;
    }
    let both = Both::for_as_long(FILES, 6);
    let asked = both.classes("file").map(|class| class.outcomes.total());
    let [hits, expected] = both.nodes("edge").map(|node| node.hit_ratio.unwrap());
    let counted = |share: f64, of: u64| ((share * of as f64).round() as u64, of);
    let share = shares_agree("hits", counted(hits, asked[0]), counted(expected, asked[1]));
    assert!((0.3..0.9).contains(&share), "{share}");
    // What was missed is what the service was asked for.
    let fetched = both.nodes("web").map(|node| node.outcomes.total());
    shares_agree("fetched", (fetched[0].min(asked[0]), asked[0]), (fetched[1].min(asked[1]), asked[1]));
    both.errors_agree("file");
}

/// Reads and writes of a database whose primary dies; its replicas are read from.
const COPIES: &str = r#"{
  "loadpath": 1,
  "nodes": [
    {"id": "users", "kind": "clients", "timeout": "3s"},
    {"id": "app", "kind": "service", "workers": 256, "service_time": "1ms"},
    {"id": "db", "kind": "database", "engine": "postgresql", "connections": 32, "read_time": "1ms", "write_time": "1ms",
     "replicas": 2, "reads": "replicas", "replica_lag": "1ms", "failover": "1s"}
  ],
  "edges": [{"from": "users", "to": "app", "latency": "0s"}, {"from": "app", "to": "db", "latency": "0s"}],
  "workload": {"rate": "100/s", "classes": [
    {"name": "read", "operation": "read", "weight": 1, "keys": 1000},
    {"name": "write", "operation": "write", "weight": 1, "keys": 1000}]},
  "timeline": [{"at": "3s", "action": "kill", "node": "db", "instance": 1}]
}"#;

#[test]
fn postgresql_without_its_primary_takes_no_writes_for_as_long_as_the_failover_and_is_read_from_throughout() {
    if !is_here(Engine::Postgresql) {
        return;
    }
    let both = Both::for_as_long(COPIES, 7);
    assert_eq!(both.nodes("db").map(|node| count(node, "promotions")), [1, 1]);
    let writes = both.errors_agree("write");
    assert!(writes > 0.05, "a second of seven is without a primary, and {writes} of all writes failed");
    both.errors_agree("read");
}

/// A third shard takes its keys while they are read and written.
const GROWING: &str = r#"{
  "loadpath": 1,
  "nodes": [
    {"id": "users", "kind": "clients", "timeout": "3s"},
    {"id": "app", "kind": "service", "workers": 256, "service_time": "1ms"},
    {"id": "db", "kind": "database", "engine": "postgresql", "shards": 2, "sharding": "ring", "connections": 32,
     "read_time": "1ms", "write_time": "1ms", "replicas": 1, "reads": "all", "replica_lag": "1ms"}
  ],
  "edges": [{"from": "users", "to": "app", "latency": "0s"}, {"from": "app", "to": "db", "latency": "0s"}],
  "workload": {"rate": "100/s", "classes": [
    {"name": "read", "operation": "read", "weight": 1, "keys": 100, "skew": 0},
    {"name": "write", "operation": "write", "weight": 1, "keys": 100, "skew": 0}]},
  "timeline": [{"at": "3s", "action": "add_shard", "node": "db", "rate": "100/s"}]
}"#;

#[test]
fn a_shard_more_of_postgresql_takes_the_rows_of_its_keys_and_they_are_read_there() {
    if !is_here(Engine::Postgresql) {
        return;
    }
    let both = Both::for_as_long(GROWING, 11);
    let moved = both.nodes("db").map(|node| count(node, "moved_keys"));
    let stale = both.nodes("db").map(|node| count(node, "stale_reads"));
    eprintln!(
        "keys moved: live {}, simulated {}; stale reads {stale:?}; {:?}",
        moved[0], moved[1], both.live.notes
    );
    assert!(moved[0] == moved[1] && moved[0] > 10, "{moved:?}");
    assert_eq!(both.live.outcomes().errors(), 0, "{:?}", both.live.notes);
    // Who reads a key that has moved finds its last version, as nearly everybody does: had its row stayed behind, a third of all reads in
    // the last seconds would miss what was written before.
    let reads = both.classes("read")[0].outcomes.total();
    assert!(stale[0] < reads / 20, "{} of {reads}", stale[0]);
}
