//! Replicas, shards and several primaries.
use crate::{Lab, class_of, counter, faults, is_poisson, is_share, node_of};
use loadpath_core::component::{ReshardPlan, Sharding, Shards};
use loadpath_core::math;
use loadpath_core::sim::Command;
use loadpath_core::topology::Place;

/// A service that takes no time before a database, and a workload.
fn design(database: &str, workload: &str) -> String {
    format!(
        r#""nodes":[{{"id":"users","kind":"clients"}},
        {{"id":"app","kind":"service","workers":4096,"service_time":"0s"}},
        {{"id":"db","kind":"database","connections":4096,"read_time":"0s","write_time":"0s",{database}}}],
        "edges":[{{"from":"users","to":"app","latency":"0s"}},{{"from":"app","to":"db","latency":"0s"}}],
        "workload":{{{workload}}}"#
    )
}

const READS_AND_WRITES: &str =
    r#"[{"name":"read","keys":1,"weight":100},{"name":"write","operation":"write","keys":1}]"#;

/// A replica is stale while a write is on its way to it: the writes on their way are M/G/inf, so the share of time is
/// 1 - e^(-w E[D]) (Takács 1962), whatever the law of the lag and although writes arrive in order.
#[test]
fn a_replica_is_stale_for_the_share_of_time_in_which_a_write_is_on_its_way() {
    for lag in ["exp 50ms", "50ms"] {
        let database = format!(r#""replicas":1,"reads":"replicas","replica_lag":"{lag}""#);
        let workload = format!(r#""rate":"404/s","classes":{READS_AND_WRITES}"#);
        let run = Lab::ran(&design(&database, &workload), 300.0);
        let reads = class_of(&run, "read").ok;
        let share = counter(&run, "db", "stale_reads") as f64 / reads as f64;
        // 4 writes a second: w E[D] = 0.2. The covariance of the empty state integrates to less than D w D e^(-0.2), so that
        // over 300 s the standard deviation is below (2 * 0.05 * 0.21 * 0.67 / 300)^0.5 = 0.0069.
        assert!((share - (1.0 - math::exp(-0.2))).abs() < 4.0 * 0.0069, "{share}");
    }
}

/// One user of a closed loop, who reads or writes every 20 ms. A read misses the write j steps before with P(D > 20 ms j), so it
/// is fresh with the product over all j of 1 - e^(-20 j / 50) / 2 (tests/data/theory.json, "read-your-writes ...").
fn lonely_user(session: &str) -> (f64, u64) {
    let database =
        format!(r#""replicas":1,"reads":"replicas","replica_lag":"exp 50ms","session":"{session}""#);
    let workload = r#""arrivals":"closed","users":1,"think_time":"20ms","classes":[{"name":"read","keys":1},
        {"name":"write","operation":"write","keys":1}]"#;
    let run = Lab::ran(&design(&database, workload), 2_000.0);
    assert_eq!(run.outcomes().errors(), 0);
    let reads = class_of(&run, "read").ok;
    (counter(&run, "db", "stale_reads") as f64 / reads as f64, reads)
}

#[test]
fn a_user_reads_an_own_old_value_as_often_as_the_lag_outlasts_the_pause() {
    let (share, reads) = lonely_user("eventual");
    let fresh: f64 = (1..200).map(|j| 1.0 - math::exp(-0.4 * f64::from(j)) / 2.0).product();
    // Neighbours within a few lags (2.5 steps each) are not independent: taken as ten to one.
    assert!(is_share(share, 1.0 - fresh, reads / 10), "{share} {}", 1.0 - fresh);
}

#[test]
fn users_always_see_their_own_writes_when_that_is_promised() {
    assert_eq!(lonely_user("own_writes").0, 0.0);
}

/// Mean of the k-th of n exponential lags: H_n - H_(n-k) (tests/data/theory.json, "quorum wait ...").
#[test]
fn semi_sync_waits_for_the_faster_replica_and_sync_for_the_slower() {
    for (replication, mean, std) in [("async", 0.0, 0.0), ("semi_sync", 0.025, 0.025), ("sync", 0.075, 0.056)]
    {
        let database = format!(r#""replicas":2,"replica_lag":"exp 50ms","replication":"{replication}""#);
        let workload = r#""rate":"0.2/s","classes":[{"name":"write","operation":"write"}]"#;
        let run = Lab::ran(&design(&database, workload), 20_000.0);
        let response = &run.classes[0].response;
        // One write in a hundred follows another within a lag, and then waits for it at most once more; the finest
        // bucket of the histogram is below a microsecond.
        let bound = 4.0 * std / (response.count() as f64).sqrt() + 0.01 * mean + 1e-6;
        assert!((response.mean().as_secs() - mean).abs() <= bound, "{replication} {:?}", response.mean());
    }
}

/// Two primaries that write one key λ times a second each and tell one another after d: the share of lost writes is
/// e^(-λd) (1 - e^(-2λd)) / 2, derived beside `MultiPrimary`.
#[test]
fn conflicts_grow_with_lag_as_writes_overlap_and_with_skew() {
    let share = |lag: &str, class: &str| {
        let database = format!(r#""replicas":1,"primaries":"many","replica_lag":"{lag}""#);
        let workload = format!(r#""rate":"10/s","classes":[{{"name":"write","operation":"write",{class}}}]"#);
        let run = Lab::ran(&design(&database, &workload), 2_000.0);
        let writes = class_of(&run, "write").ok;
        (counter(&run, "db", "conflicts") as f64 / writes as f64, writes)
    };
    let expected = |lag: f64| math::exp(-5.0 * lag) * (1.0 - math::exp(-10.0 * lag)) / 2.0;
    for (lag, seconds) in [("5ms", 0.005), ("50ms", 0.05)] {
        let (share, writes) = share(lag, r#""keys":1"#);
        // Neighbours within 2 d are not independent: at most three times the variance.
        assert!(is_share(share, expected(seconds), writes / 3), "{lag} {share} {}", expected(seconds));
    }
    let (even, skewed) =
        (share("50ms", r#""keys":100,"skew":0"#).0, share("50ms", r#""keys":100,"skew":2"#).0);
    // Of 100 equal keys one write in 20 meets another's at most; of skewed ones the first key has 61 %.
    assert!(skewed > 5.0 * even, "{skewed} {even}");
}

#[test]
fn more_primaries_than_can_be_told_apart_are_a_fault_at_the_replicas() {
    let sound = |replicas: u32| {
        faults(&design(
            &format!(r#""replicas":{replicas},"primaries":"many""#),
            r#""classes":[{"name":"write","operation":"write"}]"#,
        ))
    };
    assert_eq!(sound(7), []);
    assert_eq!(sound(8).len(), 1);
    assert_eq!((&sound(8)[0].place, sound(8)[0].field.as_deref()), (&Place::Node(2), Some("replicas")));
}

/// The share of each of four range shards under Zipf's law, with the first `isolated` of 1,000 keys dealt out one by one.
fn heat(isolated: usize) -> [f64; 4] {
    let mut shares = [0.0; 4];
    (0..1_000).for_each(|key| {
        shares[if key < isolated { key % 4 } else { key / 250 }] += 1.0 / (key + 1) as f64;
    });
    let total: f64 = shares.iter().sum();
    shares.map(|share| share / total)
}

#[test]
fn the_heat_of_shards_follows_the_keys_and_isolation_cools_it() {
    for isolated in [0, 100] {
        let database = format!(r#""shards":4,"sharding":"range","isolated_keys":{isolated}"#);
        let workload = r#""rate":"4k/s","classes":[{"name":"read","keys":1000,"skew":1}]"#;
        let text = design(&database, workload).replace(r#""read_time":"0s""#, r#""read_time":"1ms""#);
        let busy = Lab::new(&text).run_to(4.0).busy("db");
        let total: f64 = busy.iter().sum();
        for (busy, expected) in busy.iter().zip(heat(isolated)) {
            // Two whole seconds: 8,000 reads.
            assert!(is_share(busy / total, expected, 8_000), "{isolated} {busy} {total} {expected}");
        }
    }
}

/// E[max] of n exponentials is H_n (tests/data/theory.json, "fan-out over exponential leaves").
#[test]
fn a_join_waits_for_the_slowest_of_all_shards() {
    let text = design(r#""shards":8,"joins":1"#, r#""rate":"100/s","classes":[{"name":"read"}]"#);
    let run = Lab::ran(&text.replace(r#""read_time":"0s""#, r#""read_time":"exp 10ms""#), 50.0);
    let response = &run.classes[0].response;
    let (mean, variance) =
        (1..=8).map(f64::from).fold((0.0, 0.0), |(m, v), k| (m + 1.0 / k, v + 1.0 / k / k));
    let std = 0.01 * (variance / response.count() as f64).sqrt();
    assert!((response.mean().as_secs() - 0.01 * mean).abs() < 4.0 * std, "{:?}", response.mean());
    assert_eq!(node_of(&run, "db").outcomes.total() / response.count(), 8);
}

#[test]
fn a_new_shard_takes_its_keys_at_the_rate_and_each_move_is_work() {
    let keys = 2_000;
    for (name, sharding) in
        [("modulo", Sharding::Modulo), ("ring", Sharding::Ring), ("range", Sharding::Range)]
    {
        let before = Shards::over(sharding, 3, keys);
        let mut after = before.clone();
        after.grow();
        let moving = ReshardPlan::between(before, after, keys).moved();
        let workload = r#""rate":"1k/s","classes":[{"name":"read","keys":2000,"skew":0}]"#;
        let mut lab = Lab::new(&design(&format!(r#""shards":3,"sharding":"{name}""#), workload));
        lab.run_to(1.0).act(&Command::AddShard { node: "db".to_owned(), rate: 200.0 });
        lab.run_to(2.0);
        assert_eq!(lab.counter("db", "moved_keys"), 200, "{name}");
        lab.run_to(1.0 + moving as f64 / 200.0 + 1.0);
        assert_eq!(lab.counter("db", "moved_keys"), moving, "{name}");
        let run = lab.run();
        assert_eq!(run.outcomes().errors(), 0, "{name}");
        // Each moved key was read once and written once besides what clients asked for.
        assert_eq!(node_of(&run, "db").outcomes.total(), run.outcomes().total() + 2 * moving, "{name}");
    }
}

#[test]
fn after_a_reshard_each_shard_answers_for_its_keys() {
    let workload = r#""rate":"4k/s","classes":[{"name":"read","keys":1000,"skew":0}]"#;
    let text = design(r#""shards":3,"replicas":1"#, workload);
    let mut lab = Lab::new(&text.replace(r#""read_time":"0s""#, r#""read_time":"1ms""#));
    lab.run_to(0.5).act(&Command::AddShard { node: "db".to_owned(), rate: 10_000.0 });
    let busy = lab.run_to(5.0).busy("db");
    assert_eq!((busy.len(), lab.up("db").len()), (8, 8));
    let map = Shards::over(Sharding::Modulo, 4, 1_000);
    let total: f64 = busy.iter().sum();
    for shard in 0..4 {
        let expected = (0..1_000).filter(|&key| map.shard(key) == shard).count() as f64 / 1_000.0;
        assert!(is_share(busy[2 * usize::from(shard)] / total, expected, 8_000), "{shard} {busy:?}");
    }
    // The new shard can fail like any other: what it has is refused.
    let before = lab.run().outcomes();
    lab.kill("db", 6).run_to(6.0);
    let now = lab.run().outcomes();
    let lost = (0..1_000).filter(|&key| map.shard(key) == 3).count() as f64 / 1_000.0;
    assert!(is_poisson(now.errors() - before.errors(), 4_000.0 * lost), "{now:?}");
}

/// Writes far apart, so that each replica has one after an exponential time of its own.
fn writes(database: &str) -> Lab {
    let workload = r#""rate":"5/s","users":1,"classes":[{"name":"write","operation":"write"}]"#;
    Lab::new(&design(database, workload))
}

#[test]
fn a_write_by_quorum_waits_for_the_kth_of_its_replicas() {
    // The primary and two of three replicas: 1/3 + 1/2 of a mean lag. The deviation of 10,000 such waits is 0.6 %.
    let mut lab = writes(r#""replicas":3,"replication":"quorum","write_quorum":3,"replica_lag":"exp 1ms""#);
    lab.run_to(2_000.0);
    let mean = node_of(&lab.run(), "db").response.mean().as_secs();
    assert!((mean / 0.001 / (1.0 / 3.0 + 1.0 / 2.0) - 1.0).abs() < 0.025, "{mean}");
}

#[test]
fn writes_fail_without_a_majority_and_go_on_with_one() {
    let mut lab = writes(r#""replicas":2,"replication":"quorum","replica_lag":"1ms""#);
    lab.run_to(10.0);
    lab.kill("db", 2).reset().run_to(20.0);
    assert_eq!(lab.run().outcomes().errors(), 0);
    lab.kill("db", 1).reset().run_to(30.0);
    assert_eq!(lab.run().outcomes().ok, 0);
    lab.restore("db", 1).run_to(31.0);
    lab.reset().run_to(40.0);
    assert_eq!(lab.run().outcomes().errors(), 0);
    let told = faults(&design(r#""replicas":1,"write_quorum":3"#, r#""rate":"1/s""#));
    assert!(told.iter().any(|fault| fault.field.as_deref() == Some("write_quorum")), "{told:?}");
}

#[test]
fn a_log_that_is_shipped_every_second_loses_what_was_not_shipped() {
    let workload =
        r#""arrivals":"constant","rate":"100/s","users":1,"classes":[{"name":"write","operation":"write"}]"#;
    let database = r#""replicas":1,"replica_lag":"100ms","ship_interval":"1s","failover":"1ms""#;
    let lost = |dies: f64| {
        let mut lab = Lab::new(&design(database, workload));
        lab.run_to(dies).kill("db", 0).run_to(dies + 0.5);
        lab.counter("db", "lost_writes")
    };
    // What was written since 10 s; and at 10.05 s, when the shipment of 10 s is still on its way, since 9 s.
    assert!((39..=41).contains(&lost(10.4)), "{}", lost(10.4));
    assert!((104..=106).contains(&lost(10.05)), "{}", lost(10.05));
}

/// Of two primaries each shows the last write of a key but while it is on its way from the other: for w writes a second and a
/// lag d the last write is younger than d with 1 - e^(-wd), and every second one is the other's.
#[test]
fn a_read_misses_what_another_primary_has_taken_and_never_what_its_own_has() {
    let database = r#""replicas":1,"primaries":"many","replica_lag":"50ms""#;
    let workload = format!(r#""rate":"404/s","classes":{READS_AND_WRITES}"#);
    let run = Lab::ran(&design(database, &workload), 300.0);
    let share = counter(&run, "db", "stale_reads") as f64 / class_of(&run, "read").ok as f64;
    let expected = (1.0 - math::exp(-0.2)) / 2.0;
    // Of 300 s / 50 ms spans half are independent of one another, and the reads in one are not.
    assert!(is_share(share, expected, 3_000), "{share} {expected}");
}

#[test]
fn a_primary_that_was_down_gets_what_it_missed_and_nobody_who_writes_fails() {
    let database = r#""replicas":2,"primaries":"many","replica_lag":"50ms","failover":"1ms""#;
    let workload = r#""rate":"100/s","classes":[{"name":"write","operation":"write"}]"#;
    let mut lab = Lab::new(&design(database, workload));
    lab.run_to(1.0).kill("db", 1).run_to(3.0);
    let behind = lab.behind("db");
    assert!(is_poisson(behind[1], 200.0), "{behind:?}");
    lab.restore("db", 1).run_to(4.0);
    assert_eq!((lab.run().outcomes().errors(), lab.counter("db", "promotions")), (0, 0));
    // Of the last 50 ms, which the two others took.
    let behind = lab.behind("db")[1];
    assert!(is_poisson(behind, 5.0 * 2.0 / 3.0), "{behind}");
    let promote = Command::Promote { node: "db".to_owned(), shard: 0 };
    assert!(lab.simulation.command(&promote).is_err(), "all take writes already");
}
