//! DNS: who is told what, and for how long it is believed.
use crate::{Lab, during, is_share, node_of};
use loadpath_core::run::Run;

/// Two addresses behind DNS; each is a service that takes no time.
fn design(dns: &str, edges: [&str; 2], workload: &str) -> String {
    format!(
        r#""nodes":[{{"id":"users","kind":"clients","resolvers":20}},
        {{"id":"dns","kind":"dns","lookup_time":"0s"{dns}}},
        {{"id":"a","kind":"service","workers":4096,"service_time":"0s"}},
        {{"id":"b","kind":"service","workers":4096,"service_time":"0s"}}],
        "edges":[{{"from":"users","to":"dns","latency":"0s"}},{{"from":"dns","to":"a","latency":"0s"{}}},
        {{"from":"dns","to":"b","latency":"0s"{}}}],"workload":{{{workload}}}"#,
        edges[0], edges[1]
    )
}

const READS: &str = r#""rate":"1k/s","classes":[{"name":"read"}]"#;

fn share_of_a(run: &Run) -> f64 {
    let [a, b] = ["a", "b"].map(|id| node_of(run, id).outcomes.total() as f64);
    a / (a + b)
}

#[test]
fn weights_are_the_shares_of_answers() {
    let dns = r#","policy":"weighted","ttl":"0s""#;
    let run = Lab::ran(&design(dns, [r#","weight":3"#, ""], READS), 20.0);
    assert!(is_share(share_of_a(&run), 0.75, run.outcomes().ok), "{}", share_of_a(&run));
}

#[test]
fn an_answer_is_believed_for_its_time_to_live() {
    let mut lab = Lab::new(&design(r#","ttl":"10s""#, ["", ""], READS));
    // 20 resolvers ask when their first user does; the next time at 10 s and a few ms.
    assert_eq!(lab.run_to(9.9).counter("users", "dns_lookups"), 20);
    assert_eq!(lab.run_to(19.9).counter("users", "dns_lookups"), 40);
}

#[test]
fn a_failover_is_noticed_by_probes_and_believed_after_the_time_to_live() {
    let dns = r#","policy":"failover","ttl":"10s","check_interval":"1s","fall":2"#;
    let mut lab = Lab::new(&design(dns, ["", ""], READS));
    let run = lab.run_to(11.5).kill("a", 0).run_to(30.0).run();
    assert_eq!(during(&run, 0, 11).errors(), 0);
    // Probes fail at 12 and 13 s; resolvers asked at about 10 s and ask again at 20.
    assert_eq!(during(&run, 12, 20).ok, 0);
    assert_eq!(during(&run, 21, 30).errors(), 0);
    // It is back with the same delays: nobody who believes in b is harmed.
    lab.restore("a", 0).reset().run_to(60.0);
    assert_eq!(lab.run().outcomes().errors(), 0);
    assert!(lab.calls("a") > 0);
}

#[test]
fn with_a_short_time_to_live_errors_last_as_long_as_the_probes() {
    let dns = r#","policy":"failover","ttl":"0s","check_interval":"1s","fall":2"#;
    let run = Lab::new(&design(dns, ["", ""], READS)).run_to(5.0).kill("a", 0).run_to(20.0).run();
    // The probes at 6 and 7 s; one at 5 s came before the death at that instant or after it, and then it is 6 s.
    assert_eq!((during(&run, 5, 6).ok, during(&run, 7, 20).errors()), (0, 0));
}

#[test]
fn simple_dns_goes_on_sending_to_a_dead_address() {
    let mut lab = Lab::new(&design(r#","ttl":"2s""#, ["", ""], READS));
    lab.run_to(5.0).kill("a", 0).reset().run_to(60.0);
    let outcomes = lab.run().outcomes();
    // Resolvers are told the addresses in turn: ten of the twenty at any time, but for the moments of change.
    assert!((outcomes.error_share() - 0.5).abs() < 0.05, "{outcomes:?}");
}

#[test]
fn the_nearest_address_answers_over_the_stated_way() {
    let text = design(r#","policy":"geo","ttl":"1s","check_interval":"100ms""#, ["", ""], READS)
        .replace(r#""id":"users","#, r#""id":"users","zone":"west","#)
        .replace(r#""id":"a","#, r#""id":"a","zone":"east","#)
        .replace(r#""id":"b","#, r#""id":"b","zone":"west","#);
    let zones =
        r#""zones":[{"id":"west"},{"id":"east"}],"round_trips":[{"from":"west","to":"east","time":"80ms"}],"#;
    let mut lab = Lab::new(&format!("{zones}{text}"));
    let run = lab.run_to(5.0).run();
    assert_eq!(node_of(&run, "a").outcomes.total(), 0);
    assert!(run.response().max().as_secs() < 0.001);
    // The near one dies: after probes and the time to live the far one answers, a round trip away.
    lab.kill("b", 0).run_to(8.0).reset().run_to(10.0);
    let response = lab.run().response();
    assert_eq!(lab.run().outcomes().errors(), 0);
    // A bucket of the histogram is 1 % wide at most.
    assert!((response.quantile(0.5).as_secs() / 0.08 - 1.0).abs() < 0.01, "{:?}", response.quantile(0.5));
    assert!((response.max().as_secs() / 0.08 - 1.0).abs() < 0.01);
}
