//! What a timeline does to processes, and what it does in the simulator: the same errors for as long, and the same losses.
use super::{Both, shares_agree};

/// Clients, a balancer, two web servers in two zones, a cache and a database with a replica: also what the bench `failures` runs.
fn failing(timeline: &str) -> String {
    include_str!("failing.json").replace("\"timeline\": []", &format!("\"timeline\": [{timeline}]"))
}

/// Counted errors of all classes as a share of the requests agree, besides what one refused second more or less would be: probes
/// are not in step with the fault.
fn same_errors(what: &str, timeline: &str) -> Both {
    let both = Both::for_as_long(&failing(timeline), 5);
    let counted = [&both.live, &both.simulated].map(|run| (run.outcomes().errors(), run.outcomes().total()));
    eprintln!("{what}: live {:?}, simulated {:?}", counted[0], counted[1]);
    let [live, simulated] = counted.map(|(errors, total)| errors as f64 / total as f64);
    // Half a probe's interval, of half the requests, of five seconds: 2 %; and the deviation of a binomial.
    let deviation = (simulated * (1.0 - simulated) / counted[0].1 as f64).sqrt();
    assert!((live - simulated).abs() < 4.0 * deviation + 0.02, "{what}: {live}, not {simulated}");
    both
}

#[test]
fn a_dead_web_server_is_found_out_as_fast() {
    let both = same_errors(
        "a web server dies and comes back",
        r#"{"at":"2s","action":"kill","node":"web"},{"at":"4s","action":"restore","node":"web"}"#,
    );
    assert!(both.live.outcomes().errors() > 0, "{:?}", both.live.notes);
}

/// Clients in one zone and what they call in another, told by DNS: the process that stands for them loses their packets.
#[test]
fn clients_are_cut_off_as_any_caller_is() {
    let document = r#"{
      "loadpath": 1,
      "zones": [{"id": "here"}, {"id": "there"}],
      "round_trips": [{"from": "here", "to": "there", "time": "10ms"}],
      "nodes": [
        {"id": "near", "kind": "clients", "zone": "there", "timeout": "3s", "resolvers": 1},
        {"id": "far", "kind": "clients", "zone": "here", "timeout": "3s", "resolvers": 1},
        {"id": "dns", "kind": "dns", "zone": "there", "ttl": "30s"},
        {"id": "web", "kind": "service", "zone": "there", "workers": 100, "service_time": "5ms"}
      ],
      "edges": [{"from": "near", "to": "dns"}, {"from": "far", "to": "dns"}, {"from": "dns", "to": "web"}],
      "workload": {"rate": "100/s", "classes": [{"name": "read", "keys": 1}]},
      "timeline": [{"at": "2s", "action": "partition", "zone": "here"}, {"at": "3s", "action": "heal", "zone": "here"}]
    }"#;
    let both = Both::for_as_long(document, 4);
    let failed = |id: &str| both.nodes(id).map(|node| node.outcomes.errors());
    eprintln!("failed: near {:?}, far {:?}", failed("near"), failed("far"));
    assert_eq!(failed("near"), [0, 0], "{:?}", both.live.notes);
    let [live, simulated] = failed("far");
    // Half of a hundred requests, by the same Poisson law: two deviations of each.
    assert!(live.abs_diff(simulated) <= 28 && live > 20, "{live}, not {simulated}");
}

/// Three servers that fail every two seconds each, and are mended one at a time.
#[test]
fn what_fails_by_itself_fails_when_the_simulators_does_and_is_mended() {
    let document = r#"{
      "loadpath": 1,
      "nodes": [
        {"id": "users", "kind": "clients", "timeout": "1s"},
        {"id": "lb", "kind": "load_balancer", "check_interval": "100ms", "fall": 1},
        {"id": "web", "kind": "service", "instances": 3, "workers": 50, "service_time": "5ms",
         "mtbf": "2s", "mttr": "800ms", "repairers": 1}
      ],
      "edges": [{"from": "users", "to": "lb"}, {"from": "lb", "to": "web"}],
      "workload": {"rate": "100/s", "classes": [{"name": "read", "keys": 1}]}
    }"#;
    let both = Both::for_as_long(document, 7);
    let failures = both.nodes("web").map(|node| node.counters.get("failures").copied().unwrap_or(0));
    let errors = [&both.live, &both.simulated]
        .map(|run| run.outcomes().errors() as f64 / run.outcomes().total() as f64);
    eprintln!(
        "failures: live {}, simulated {}; errors {errors:.3?}; {:?}",
        failures[0], failures[1], both.live.notes
    );
    // The same draws; one that starts a new process more slowly than in no time may be spared a failure.
    assert!(failures[0].abs_diff(failures[1]) <= 1 && failures[0] > 3, "{failures:?}");
    // A new process takes a tenth of a second, or three on a busy machine, and a probe sees it a tenth later: of each failure.
    let most = 0.4 * failures[1] as f64 / 7.0;
    assert!((errors[0] - errors[1]).abs() < 0.05 + most / 3.0, "{errors:?}");
}

#[test]
fn a_cut_and_a_lost_zone_and_a_slow_database_cost_as_much() {
    same_errors(
        "an edge is cut for a second",
        r#"{"at":"2s","action":"cut","from":"web","to":"db"},{"at":"3s","action":"join","from":"web","to":"db"}"#,
    );
    same_errors("a zone is lost", r#"{"at":"2s","action":"lose_zone","zone":"west"}"#);
    let both = same_errors("a database is slow", r#"{"at":"1s","action":"slow","node":"db","factor":20}"#);
    let [live, simulated] = both.classes("write").map(|class| class.response.quantile(0.9).as_secs());
    assert!((live / simulated - 1.0).abs() < 0.1, "{live} {simulated}");
}

#[test]
fn a_flushed_cache_is_cold_and_a_restart_in_turn_costs_nobody_an_answer() {
    let both = same_errors("a cache is flushed", r#"{"at":"3s","action":"flush","node":"cache"}"#);
    let [live, simulated] = both.nodes("cache").map(|node| node.hit_ratio.unwrap());
    let n = both.classes("read").map(|class| class.outcomes.total());
    let hits = |share: f64, of: u64| ((share * of as f64).round() as u64, of);
    shares_agree("hits", hits(live, n[0]), hits(simulated, n[1]));
    let both = same_errors("a deploy", r#"{"at":"1s","action":"deploy","node":"web","pause":"500ms"}"#);
    assert_eq!(both.live.outcomes().errors(), 0, "{:?}", both.live.notes);
}

#[test]
fn a_replica_that_is_promoted_by_hand_loses_what_it_had_not() {
    let both = same_errors("a promotion", r#"{"at":"3s","action":"promote","node":"db","shard":1}"#);
    let lost = both.nodes("db").map(|node| node.counters.get("lost_writes").copied().unwrap_or(0));
    eprintln!("lost writes: live {}, simulated {}", lost[0], lost[1]);
    // Those of 100 ms at 20 a second: two, with a deviation of 1.4; of two counts.
    assert!(lost[0].abs_diff(lost[1]) <= 8, "{lost:?}");
}
