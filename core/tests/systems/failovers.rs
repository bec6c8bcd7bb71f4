//! A database's primary dies: what is lost, how long nobody can write, and who follows whom afterwards.
use crate::{Lab, during, is_poisson};
use loadpath_core::sim::Command;

const SHARDS: u16 = 16;

/// Sixteen shards with a replica each, 8,000 writes per second in all, a lag of 50 ms, failover after 2 s.
fn design(replication: &str) -> String {
    format!(
        r#""nodes":[{{"id":"users","kind":"clients"}},
        {{"id":"app","kind":"service","workers":4096,"service_time":"0s"}},
        {{"id":"db","kind":"database","shards":{SHARDS},"replicas":1,"connections":4096,"queue":100000,
          "write_time":"0s","read_time":"0s","replica_lag":"50ms","failover":"2s","replication":"{replication}","reads":"replicas"}}],
        "edges":[{{"from":"users","to":"app","latency":"0s"}},{{"from":"app","to":"db","latency":"0s"}}],
        "workload":{{"rate":"9k/s","classes":[{{"name":"read","weight":1}},{{"name":"write","operation":"write","weight":8}}]}}"#
    )
}

fn kill_primaries(lab: &mut Lab, member: u16) {
    for shard in 0..SHARDS {
        lab.kill("db", 2 * shard + member);
    }
}

/// tests/data/theory.json, "lost writes at async failover": Poisson of mean w E[D].
#[test]
fn async_loses_the_writes_that_were_on_their_way() {
    let mut lab = Lab::new(&design("async"));
    kill_primaries(lab.run_to(2.0), 0);
    lab.run_to(6.0);
    let lost = lab.counter("db", "lost_writes");
    assert!(is_poisson(lost, 8_000.0 * 0.05), "{lost}");
    assert_eq!(lab.counter("db", "promotions"), u64::from(SHARDS));
}

#[test]
fn semi_sync_and_sync_lose_nothing_and_cost_the_lag() {
    for replication in ["semi_sync", "sync"] {
        let mut lab = Lab::new(&design(replication));
        lab.run_to(2.0);
        let response = &lab.run().classes[1].response;
        // The histogram's buckets are 1 % wide at most.
        assert!((response.mean().as_secs() / 0.05 - 1.0).abs() < 0.01, "{:?}", response.mean());
        kill_primaries(&mut lab, 0);
        lab.run_to(6.0);
        assert_eq!(lab.counter("db", "promotions"), u64::from(SHARDS));
        assert_eq!(lab.counter("db", "lost_writes"), 0, "{replication}");
        // With no replica left a write waits for nobody, as MySQL's semi-synchronous replication falls back to asynchronous.
        lab.reset().run_to(7.0);
        assert_eq!(lab.run().outcomes().errors(), 0);
    }
}

#[test]
fn nobody_writes_until_the_failover_and_replicas_answer_reads_all_the_while() {
    let mut lab = Lab::new(&design("async"));
    kill_primaries(lab.run_to(2.0), 0);
    lab.reset().run_to(4.0 - 1e-6);
    let run = lab.run();
    let (reads, writes) = (run.classes[0].outcomes, run.classes[1].outcomes);
    assert!(reads.errors() == 0 && is_poisson(reads.ok, 2_000.0), "{reads:?}");
    assert!(writes.ok == 0 && is_poisson(writes.errors(), 16_000.0), "{writes:?}");
    lab.run_to(4.001).reset().run_to(6.0);
    let writes = lab.run().classes[1].outcomes;
    assert!(writes.errors() == 0 && is_poisson(writes.ok, 15_992.0), "{writes:?}");
}

#[test]
fn without_a_failover_nobody_is_promoted_and_a_restored_primary_goes_on() {
    let mut lab = Lab::new(&design("async").replace(r#""failover":"2s""#, r#""failover":"0s""#));
    kill_primaries(lab.run_to(1.0), 0);
    lab.run_to(9.0);
    assert!(during(&lab.run(), 2, 9).ok < 9_000 && lab.counter("db", "promotions") == 0);
    for shard in 0..SHARDS {
        lab.restore("db", 2 * shard);
    }
    lab.run_to(10.0);
    assert_eq!(during(&lab.run(), 9, 10).errors(), 0);
    assert_eq!(lab.counter("db", "lost_writes"), 0);
}

#[test]
fn a_restored_primary_follows_and_can_take_over_again() {
    let mut lab = Lab::new(&design("async"));
    kill_primaries(lab.run_to(1.0), 0);
    lab.run_to(4.0);
    for shard in 0..SHARDS {
        lab.restore("db", 2 * shard);
    }
    kill_primaries(lab.run_to(8.0).reset(), 1);
    lab.run_to(12.0);
    // Had it not followed, four seconds of writes were gone.
    let lost = lab.counter("db", "lost_writes");
    assert!(is_poisson(lost, 8_000.0 * 0.05) && lab.counter("db", "promotions") == 16, "{lost}");
}

#[test]
fn a_primary_that_dies_again_is_given_the_whole_time_to_return() {
    let mut lab = Lab::new(&design("async"));
    lab.run_to(1.0).kill("db", 0).run_to(2.0).restore("db", 0).run_to(2.5).kill("db", 0);
    assert_eq!(lab.run_to(4.4).counter("db", "promotions"), 0);
    assert_eq!(lab.run_to(4.6).counter("db", "promotions"), 1);
}

#[test]
fn a_replica_that_was_dead_at_the_failover_is_promoted_when_it_returns() {
    let mut lab = Lab::new(&design("async"));
    lab.run_to(1.0).kill("db", 0).kill("db", 1).run_to(5.0);
    assert_eq!(lab.counter("db", "promotions"), 0);
    lab.restore("db", 1).run_to(6.0);
    let lost = lab.counter("db", "lost_writes");
    // One shard of sixteen.
    assert!(lab.counter("db", "promotions") == 1 && is_poisson(lost, 500.0 * 0.05), "{lost}");
    assert_eq!(during(&lab.run(), 5, 6).errors(), 0);
}

#[test]
fn a_promotion_by_hand_loses_what_was_on_its_way_and_hardly_an_answer() {
    let mut lab = Lab::new(&design("async"));
    lab.run_to(1.0);
    for shard in 0..SHARDS {
        lab.act(&Command::Promote { node: "db".to_owned(), shard });
    }
    lab.run_to(3.0);
    let lost = lab.counter("db", "lost_writes");
    assert!(is_poisson(lost, 8_000.0 * 0.05), "{lost}");
    assert_eq!((lab.counter("db", "promotions"), lab.run().outcomes().errors()), (16, 0));
    // Back again: the old primaries follow by now.
    for shard in 0..SHARDS {
        lab.act(&Command::Promote { node: "db".to_owned(), shard });
    }
    let lost = lab.reset().run_to(4.0).counter("db", "lost_writes");
    assert_eq!(lost, 0, "what was lost was counted before the reset");
}

#[test]
fn where_every_copy_takes_writes_another_takes_over_at_once() {
    let text = design("async").replace(r#""failover":"2s""#, r#""failover":"0s","primaries":"many""#);
    let mut lab = Lab::new(&text);
    kill_primaries(lab.run_to(1.0), 0);
    lab.run_to(4.0);
    assert_eq!(lab.run().outcomes().errors(), 0);
    kill_primaries(lab.reset(), 1);
    assert_eq!(lab.run_to(5.0).run().outcomes().ok, 0);
}
