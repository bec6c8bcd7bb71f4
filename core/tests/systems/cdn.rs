//! A content delivery network, and browsers, before an object store and a service.
use crate::{Lab, class_of, counter, is_poisson, node_of};
use loadpath_core::sim::Command;

fn design(users: &str, cdn: &str, workload: &str) -> String {
    format!(
        r#""nodes":[{{"id":"users","kind":"clients"{users}}},
        {{"id":"cdn","kind":"cdn","workers":4096,"service_time":"0s"{cdn}}},
        {{"id":"web","kind":"service","workers":4096,"service_time":"0s"}},
        {{"id":"files","kind":"object_store","service_time":"50ms"}},
        {{"id":"db","kind":"database","read_time":"0s"}}],
        "edges":[{{"from":"users","to":"cdn","latency":"0s"}},{{"from":"cdn","to":"web","latency":"0s"}},
        {{"from":"web","to":"files","latency":"0s"}},{{"from":"web","to":"db","latency":"0s"}}],
        "workload":{{{workload}}}"#
    )
}

const FILES_AND_READS: &str =
    r#""rate":"1k/s","classes":[{"name":"file","operation":"static","keys":20,"skew":0},{"name":"read"}]"#;

#[test]
fn files_are_pulled_once_by_each_point_and_everything_else_passes() {
    let cdn = r#","instances":2,"ttl":"1h","coalesce":"on""#;
    let mut lab = Lab::new(&design("", cdn, FILES_AND_READS));
    let run = lab.run_to(20.0).run();
    assert_eq!(node_of(&run, "files").outcomes.total(), 40);
    assert_eq!(node_of(&run, "web").outcomes.total(), 40 + class_of(&run, "read").ok);
    assert_eq!(node_of(&run, "db").outcomes.total(), class_of(&run, "read").ok);
    assert_eq!(run.outcomes().errors(), 0);
    // A flush is an invalidation: each file once more.
    lab.act(&Command::Flush { node: "cdn".to_owned() }).run_to(40.0);
    assert_eq!(lab.calls("files"), 80);
    // A point of presence that died comes back empty.
    lab.kill("cdn", 0).restore("cdn", 0).run_to(60.0);
    assert_eq!(lab.calls("files"), 100);
}

#[test]
fn it_keeps_reads_too_when_it_is_told_to() {
    let cdn = r#","ttl":"1h","coalesce":"on","keeps":"reads""#;
    let workload = r#""rate":"1k/s","classes":[{"name":"read","keys":20,"skew":0}]"#;
    assert_eq!(Lab::new(&design("", cdn, workload)).run_to(10.0).calls("db"), 20);
}

#[test]
fn an_expired_file_is_pulled_by_all_who_ask_or_by_one() {
    let pulls = |coalesce: &str| {
        let cdn = format!(r#","ttl":"1s","coalesce":"{coalesce}""#);
        let workload = r#""rate":"400/s","classes":[{"name":"file","operation":"static","keys":1}]"#;
        Lab::new(&design("", &cdn, workload)).run_to(60.0).calls("files")
    };
    // Rounds of a lifetime, a gap of 2.5 ms and a pull of 50 ms: 57. During a pull 20 more ask.
    let alone = pulls("on");
    assert!((55..=58).contains(&alone), "{alone}");
    assert!(pulls("off") as f64 > 21.0 * 54.0 - 4.0 * 1_134f64.sqrt());
}

#[test]
fn a_browser_asks_for_each_file_once_in_its_lifetime() {
    let workload =
        r#""users":10,"rate":"20/s","classes":[{"name":"file","operation":"static","keys":5,"skew":0}]"#;
    let run = Lab::ran(&design(r#","browser_cache":"1h""#, "", workload), 300.0);
    let hits = counter(&run, "users", "browser_hits");
    // Ten users times five files; a second request while the first is under way is about (0.4/s * 50 ms) likely for each.
    let sent = node_of(&run, "cdn").outcomes.total();
    assert!((50..=50 + 6).contains(&sent), "{sent}");
    assert_eq!(hits + sent, run.outcomes().ok);
    assert!(is_poisson(run.outcomes().ok, 6_000.0));
}
