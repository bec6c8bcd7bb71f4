//! What clients do themselves: DNS and its zones, several clients, several entries, retries, sessions, a CDN before an origin.
use super::{Both, shares_agree};

/// Two regions 60 ms apart, with clients in each, who are told the nearer of two entries; ways within a zone take nothing.
const REGIONS: &str = r#"{
  "loadpath": 1,
  "zones": [{"id": "east"}, {"id": "west"}],
  "round_trips": [{"from": "east", "to": "west", "time": "60ms"}],
  "nodes": [
    {"id": "here", "kind": "clients", "zone": "east", "share": 3, "timeout": "2s", "resolvers": 1},
    {"id": "there", "kind": "clients", "zone": "west", "share": 1, "timeout": "2s", "resolvers": 1},
    {"id": "dns", "kind": "dns", "zone": "east", "policy": "geo", "ttl": "10s", "lookup_time": "20ms"},
    {"id": "web-east", "kind": "service", "zone": "east", "instances": 2, "workers": 100, "service_time": "10ms"},
    {"id": "web-west", "kind": "service", "zone": "west", "workers": 100, "service_time": "10ms"},
    {"id": "mail", "kind": "service", "zone": "east", "workers": 100, "service_time": "10ms"}
  ],
  "edges": [
    {"from": "here", "to": "dns"}, {"from": "there", "to": "dns"},
    {"from": "dns", "to": "web-east"}, {"from": "dns", "to": "web-west"},
    {"from": "web-west", "to": "mail"}
  ],
  "workload": {"rate": "200/s", "users": 1000, "classes": [{"name": "read", "keys": 100}]}
}"#;

#[test]
fn clients_of_two_zones_find_the_nearer_entry_by_dns_and_far_ways_take_their_time() {
    let both = Both::of(REGIONS, 4);
    for (clients, web) in [("here", "web-east"), ("there", "web-west")] {
        let asked = both.nodes(clients).map(|node| node.outcomes.total());
        let served = both.nodes(web).map(|node| node.outcomes.total());
        // A few of the warm-up's end are reported in the run, and a few of the run's end are not.
        assert!(asked[0].abs_diff(served[0]) <= 8, "{asked:?} went to {served:?}");
        let all = both.live.outcomes().total();
        shares_agree(clients, (asked[0], all), (asked[1], both.simulated.outcomes().total()));
    }
    let mean = |id: &str| both.nodes(id).map(|node| node.response.mean().as_secs());
    let ([near, _], [far, simulated]) = (mean("web-east"), mean("web-west"));
    // Its own 10 ms, 60 ms to the other region and back, and 10 ms there.
    assert!((simulated - 0.080).abs() < 0.002, "{simulated}");
    let added = 2.0 * (near - 0.010) + 2e-3;
    eprintln!("here {near:.4} s; there {far:.4} s, simulated {simulated:.4} s");
    assert!(far > 0.079 && far < simulated + added, "{far}");
    assert_eq!(both.live.outcomes().errors(), 0);
}

/// Users whose sessions live in the memory of two instances, once by a balancer that keeps them there and once by one that does
/// not; and files from an origin behind two points of presence.
const SESSIONS: &str = r#"{
  "loadpath": 1,
  "nodes": [
    {"id": "users", "kind": "clients", "timeout": "1s"},
    {"id": "gate", "kind": "load_balancer", "instances": 2},
    {"id": "front", "kind": "service", "workers": 1000, "service_time": "0s"},
    {"id": "sticky", "kind": "load_balancer", "sticky": "on"},
    {"id": "home", "kind": "service", "instances": 2, "workers": 50, "service_time": "5ms", "sessions": "memory"},
    {"id": "loose", "kind": "load_balancer"},
    {"id": "anywhere", "kind": "service", "instances": 2, "workers": 50, "service_time": "5ms", "sessions": "memory"},
    {"id": "hashed", "kind": "load_balancer", "policy": "ip_hash", "rate_limit": "30/s", "burst": 1},
    {"id": "other", "kind": "service", "instances": 2, "workers": 50, "service_time": "5ms"}
  ],
  "edges": [
    {"from": "users", "to": "gate", "retries": 1},
    {"from": "gate", "to": "front"},
    {"from": "front", "to": "sticky", "classes": "kept"}, {"from": "sticky", "to": "home"},
    {"from": "front", "to": "loose", "classes": "lost"}, {"from": "loose", "to": "anywhere"},
    {"from": "front", "to": "hashed", "classes": "limited"}, {"from": "hashed", "to": "other"}
  ],
  "workload": {
    "rate": "200/s", "users": 20,
    "classes": [
      {"name": "kept", "session": "on"}, {"name": "lost", "session": "on"}, {"name": "limited"}
    ]
  }
}"#;

#[test]
fn sessions_stay_with_sticky_balancers_and_are_lost_elsewhere() {
    let both = Both::of(SESSIONS, 4);
    assert_eq!(both.errors_agree("kept"), 0.0);
    both.errors_agree("lost");
    both.errors_agree("limited");
    // Both balancers at the entry take their turns, and what failed is sent once more.
    let attempts = both.nodes("gate").map(|node| node.outcomes.total() as f64);
    let requests = [&both.live, &both.simulated].map(|run| run.outcomes().total() as f64);
    let [live, simulated] = [attempts[0] / requests[0], attempts[1] / requests[1]];
    assert!((live - simulated).abs() < 4.0 * 0.5 / requests[0].sqrt(), "{live} attempts, not {simulated}");
}

const FILES: &str = r#"{
  "loadpath": 1,
  "nodes": [
    {"id": "users", "kind": "clients", "timeout": "1s", "browser_cache": "300ms"},
    {"id": "cdn", "kind": "cdn", "instances": 2, "capacity": 60, "ttl": "2s", "coalesce": "on", "service_time": "1ms"},
    {"id": "files", "kind": "object_store", "service_time": "20ms", "error_share": 0.1}
  ],
  "edges": [{"from": "users", "to": "cdn"}, {"from": "cdn", "to": "files"}],
  "workload": {
    "rate": "250/s", "users": 10,
    "classes": [{"name": "file", "operation": "static", "keys": 200, "skew": 0.8}]
  }
}"#;

#[test]
fn files_are_kept_by_browsers_and_points_of_presence_and_pulled_from_the_origin() {
    let both = Both::of(FILES, 4);
    both.errors_agree("file");
    let [live, simulated] = both.nodes("cdn").map(|node| node.hit_ratio.unwrap());
    eprintln!("hit ratio: live {live:.4}, simulated {simulated:.4}");
    // The entries of 0.3 s of warm-up are few beside the 200 s that are simulated; a binomial's 0.016 of 1,000 lookups, four times.
    assert!((live - simulated).abs() < 0.07, "{live}, not {simulated}");
    let asked = |place: usize| {
        (both.nodes("cdn")[place].outcomes.total(), both.classes("file")[place].outcomes.total())
    };
    shares_agree("not in the browser", asked(0), asked(1));
    let pulled = |place: usize| {
        (both.nodes("files")[place].outcomes.total(), both.nodes("cdn")[place].outcomes.total())
    };
    shares_agree("pulled", pulled(0), pulled(1));
}
