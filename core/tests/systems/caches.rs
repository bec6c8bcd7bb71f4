//! Caches beside a service and before a database: what hits, what a write does, what is lost, what a herd does.
use crate::{Lab, class_of, counter, is_poisson, is_share, node_of};
use loadpath_core::run::Run;
use loadpath_core::sim::Command;

/// A cache beside the service, where nothing takes time.
fn aside(cache: &str, workload: &str) -> String {
    format!(
        r#""nodes":[{{"id":"users","kind":"clients"}},
        {{"id":"app","kind":"service","workers":4096,"service_time":"0s"}},
        {{"id":"cache","kind":"cache","workers":4096,"service_time":"0s",{cache}}},
        {{"id":"db","kind":"database","connections":4096,"read_time":"0s","write_time":"0s"}}],
        "edges":[{{"from":"users","to":"app","latency":"0s"}},{{"from":"app","to":"cache","latency":"0s"}},
        {{"from":"app","to":"db","latency":"0s"}}],"workload":{{{workload}}}"#
    )
}

/// A cache that the service writes and reads through.
fn wired(cache: &str, workload: &str) -> String {
    aside(cache, workload).replace(r#"{"from":"app","to":"db""#, r#"{"from":"cache","to":"db""#)
}

fn hit_ratio(run: &Run) -> f64 {
    node_of(run, "cache").hit_ratio.unwrap()
}

const ONE_KEY: &str = r#""classes":[{"name":"read","keys":1},{"name":"write","operation":"write","keys":1}]"#;

/// tests/data/theory.json, lru_mid_N100_a1.0_C10: exact for LRU and FIFO; nothing beats the ten most popular keys.
#[test]
fn each_eviction_policy_hits_as_often_as_theory_says_it_can() {
    let policies = ["lru", "lfu", "fifo", "clock", "sieve", "s3fifo", "tinylfu"];
    let ratios = policies.map(|eviction| {
        let cache = format!(r#""capacity":10,"ttl":"24h","eviction":"{eviction}""#);
        let workload = r#""rate":"2k/s","classes":[{"name":"read","keys":100,"skew":1}]"#;
        let mut lab = Lab::new(&aside(&cache, workload));
        hit_ratio(&lab.run_to(5.0).reset().run_to(55.0).run())
    });
    // 100,000 lookups, of which neighbours within a cacheful are not independent: as if they were a tenth.
    assert!(is_share(ratios[0], 0.397802437, 10_000), "lru {}", ratios[0]);
    assert!(is_share(ratios[2], 0.350043716, 10_000), "fifo {}", ratios[2]);
    for (policy, ratio) in policies.into_iter().zip(ratios) {
        // Sampling alone is worth at most 4 * 0.5 / 100,000^0.5 = 0.006.
        assert!((0.35 - 0.02..0.564633718 + 0.006).contains(&ratio), "{policy} {ratio}");
    }
    assert!((1..7).all(|i| ratios[..i].iter().all(|&other| other != ratios[i])), "{ratios:?}");
}

/// tests/data/theory.json, ttl_0.1_10 in another unit of time: λT / (1 + λT). With jitter the renewal argument has the mean
/// lifetime in T's place, which is T.
#[test]
fn a_time_to_live_costs_hits_as_theory_says_and_its_jitter_none() {
    for jitter in ["0", "0.5"] {
        let cache = format!(r#""ttl":"100ms","ttl_jitter":{jitter}"#);
        let run = Lab::ran(&aside(&cache, r#""rate":"10/s","classes":[{"name":"read","keys":1}]"#), 2_000.0);
        assert!(is_share(hit_ratio(&run), 0.5, run.outcomes().ok), "{jitter} {}", hit_ratio(&run));
    }
}

#[test]
fn a_hot_key_that_expires_is_fetched_by_all_or_coalesced_by_one() {
    let fetches = |coalesce: &str| {
        let cache = format!(r#""ttl":"1s","coalesce":"{coalesce}""#);
        let text = aside(&cache, r#""rate":"500/s","classes":[{"name":"read","keys":1}]"#);
        let text = text.replace(r#""read_time":"0s""#, r#""read_time":"40ms""#);
        let run = Lab::ran(&text, 60.0);
        assert_eq!(run.outcomes().errors(), 0);
        (node_of(&run, "db").outcomes.total(), counter(&run, "cache", "coalesced"))
    };
    // A lifetime, a gap of 2 ms on average and a fetch: 57.6 rounds, give or take the gaps and one that is cut.
    let (alone, waited) = fetches("on");
    assert!((56..=59).contains(&alone), "{alone}");
    // 20 requests come during each fetch, and with `coalesce` they wait for it.
    assert!(is_poisson(waited, 20.0 * alone as f64), "{waited}");
    // The last of the herd's fills prolongs the life of the entry by 40 ms at most: 55 to 58 rounds of 21.
    let (herd, none) = fetches("off");
    assert!(herd as f64 > 21.0 * 55.0 - 4.0 * 1_155f64.sqrt() && none == 0, "{herd}");
}

#[test]
fn jitter_spreads_the_expiries_of_keys_that_were_filled_together() {
    let busiest = |jitter: &str| {
        let cache = format!(r#""ttl":"2s","ttl_jitter":{jitter}"#);
        let workload = r#""rate":"20k/s","classes":[{"name":"read","keys":500,"skew":0}]"#;
        let mut lab = Lab::new(&aside(&cache, workload));
        let mut before = lab.run_to(0.9).calls("db");
        let windows = (10..=30).map(|tenth| {
            let now = lab.run_to(f64::from(tenth) / 10.0).calls("db");
            now - std::mem::replace(&mut before, now)
        });
        windows.max().unwrap()
    };
    // Nearly all 500 expire within 0.1 s after a lifetime; spread over two seconds it is 25, with a standard deviation of 5.
    assert!(busiest("0") > 400);
    assert!(busiest("0.5") < 25 + 4 * 5);
}

/// One key, half reads and half writes: a read finds the value unless a write was the last thing that happened.
#[test]
fn a_write_takes_the_value_out_or_puts_the_new_one_in() {
    let cases = [
        (aside("\"writes\":\"auto\"", ""), 0.5),
        (aside("\"writes\":\"around\"", ""), 0.5),
        (aside("\"writes\":\"through\"", ""), 1.0),
        (wired("\"writes\":\"auto\"", ""), 1.0),
        (wired("\"writes\":\"through\"", ""), 1.0),
        (wired("\"writes\":\"around\"", ""), 0.5),
        (wired("\"writes\":\"back\"", ""), 1.0),
    ];
    for (text, expected) in cases {
        let text = text.replace(r#""workload":{}"#, &format!(r#""workload":{{"rate":"100/s",{ONE_KEY}}}"#));
        let run = Lab::ran(&text, 100.0);
        let reads = class_of(&run, "read").ok;
        let ratio = hit_ratio(&run);
        // Only the very first read can miss where writes leave a value.
        let holds = if expected == 1.0 {
            ratio >= 1.0 - 1.5 / reads as f64
        } else {
            is_share(ratio, expected, reads)
        };
        assert!(holds && run.outcomes().errors() == 0, "{text} {ratio}");
    }
}

/// 1,000 writes a second of 10 million keys that are asked for evenly: of n writes n²/20,000,000 meet a key again.
fn write_back(interval: &str) -> Lab {
    let cache = format!(r#""writes":"back","flush_interval":"{interval}","capacity":100000"#);
    let workload =
        r#""rate":"1k/s","classes":[{"name":"write","operation":"write","keys":10000000,"skew":0}]"#;
    Lab::new(&wired(&cache, workload))
}

#[test]
fn a_value_that_was_only_in_memory_is_written_back_or_lost_with_it() {
    let mut lab = write_back("1s");
    lab.run_to(2.5).kill("cache", 0).run_to(2.6);
    let run = lab.run();
    let (back, lost) = (counter(&run, "cache", "written_back"), counter(&run, "cache", "lost_writes"));
    // Written back about 1.001 s and 2.002 s after the start: half a second was not.
    assert!(is_poisson(lost, 498.0), "{lost}");
    let answered = run.outcomes().ok;
    assert!((back + lost).abs_diff(answered) <= 2, "{back} {lost} {answered}");
    assert_eq!(node_of(&run, "db").outcomes.ok, back);
}

#[test]
fn a_value_that_cannot_be_written_back_is_counted_as_lost() {
    let mut lab = write_back("500ms");
    lab.run_to(0.7).kill("db", 0).run_to(1.2);
    let run = lab.run();
    assert!(
        is_poisson(counter(&run, "cache", "lost_writes"), 500.0),
        "{:?}",
        node_of(&run, "cache").counters
    );
}

#[test]
fn a_flush_empties_the_cache_and_leaves_nobody_waiting() {
    let cache = r#""ttl":"1h","coalesce":"on""#;
    let text = aside(cache, r#""rate":"2k/s","classes":[{"name":"read","keys":100,"skew":0}]"#);
    let mut lab = Lab::new(&text.replace(r#""read_time":"0s""#, r#""read_time":"300ms""#));
    let flush = Command::Flush { node: "cache".to_owned() };
    assert_eq!(lab.run_to(2.0).calls("db"), 100);
    lab.act(&flush).run_to(2.1).act(&flush).run_to(4.0);
    // Each key again, once: the second flush came before the fetches were back.
    assert_eq!(lab.calls("db"), 200);
    assert_eq!((lab.run().outcomes().errors(), lab.in_flight("cache")), (0, 0));
    let slowest = lab.run().response().max();
    assert!(slowest.as_secs() < 0.31, "{slowest:?}");
}

#[test]
fn an_entry_that_is_renewed_by_use_lives_while_it_is_asked_for() {
    let hits = |ttl_from: &str| {
        let parts = format!(
            r#""nodes":[{{"id":"users","kind":"clients"}},{{"id":"app","kind":"service","workers":4096,"service_time":"0s"}},
            {{"id":"cache","kind":"cache","ttl":"1s","ttl_from":"{ttl_from}","service_time":"0s"}},
            {{"id":"db","kind":"database","read_time":"0s"}}],
            "edges":[{{"from":"users","to":"app","latency":"0s"}},{{"from":"app","to":"cache","latency":"0s"}},
            {{"from":"app","to":"db","latency":"0s"}}],
            "workload":{{"rate":"5/s","users":1,"classes":[{{"name":"read","keys":1}}]}}"#
        );
        let simulated = node_of(&Lab::ran(&parts, 20_000.0), "cache").hit_ratio.unwrap();
        let estimate = loadpath_core::analytic::solve(&crate::plan(&parts)).nodes[2].hit_ratio.unwrap();
        assert!((simulated - estimate).abs() < 0.005, "{ttl_from}: {simulated} {estimate}");
        simulated
    };
    // theory.json, ttl_5_1; a share of 100,000 requests deviates by 0.1 % at most.
    assert!((hits("fill") - 0.833_333_333).abs() < 0.005);
    assert!((hits("use") - 0.993_262_053).abs() < 0.005);
}
