//! Bills against figures that were worked out by hand.
use super::super::cost;
use super::*;
use crate::run::{ClassRun, Outcomes, Source};
use crate::stats::{Histogram, Precision};
use crate::time::Span;
use crate::topology::{Topology, check};

fn plan(text: &str) -> Plan {
    check(&Topology::from_json(text).unwrap()).unwrap()
}

fn line<'b>(bill: &'b Bill, id: &str, item: Item) -> &'b Line {
    let found = bill.lines.iter().find(|line| line.id == id && line.item == item);
    found.unwrap_or_else(|| panic!("{id} has no line of {item:?}: {:?}", bill.lines))
}

#[track_caller]
fn assert_near(x: f64, exact: f64) {
    // Sums and products of a dozen doubles.
    assert!((x - exact).abs() <= 1e-12 * exact.abs(), "{x} is not {exact}");
}

/// 1,000 a second of 1 MiB files by a CDN in two zones, of which the origin is in the other.
const WORLD: &str = r#"{"loadpath": 1,
  "zones": [{"id": "east"}, {"id": "west"}],
  "hosts": [{"id": "box", "cores": 4, "speed": 2}],
  "nodes": [
    {"id": "users", "kind": "clients"},
    {"id": "lb", "kind": "load_balancer", "instances": 3, "zone": "east"},
    {"id": "web", "kind": "service", "instances": 3, "cores": 2, "speed": 1.5, "zone": "east"},
    {"id": "api", "kind": "service", "host": "box", "zone": "west"},
    {"id": "db", "kind": "database", "shards": 2, "replicas": 1, "connections": 16, "zone": "east"}
  ],
  "edges": [
    {"from": "users", "to": "lb"}, {"from": "lb", "to": "web"},
    {"from": "web", "to": "api"}, {"from": "web", "to": "db"}
  ],
  "workload": {"rate": "1024/s", "classes": [{"name": "read", "size": "1MiB", "keys": 10240}]}
}"#;

#[test]
fn each_line_is_what_the_hand_says() {
    let bill = cost(&plan(WORLD), None);
    // 4 cores of double speed.
    assert_near(line(&bill, "box", Item::Cores).dollars, 4.0 * 2.0 * 730.0 * 0.05);
    assert_near(line(&bill, "lb", Item::Balancers).dollars, 3.0 * 730.0 * 0.025);
    assert_near(line(&bill, "web", Item::Cores).dollars, 3.0 * 2.0 * 1.5 * 730.0 * 0.05);
    // 2 shards of 2 servers with 8 cores.
    assert_near(line(&bill, "db", Item::DatabaseCores).dollars, 4.0 * 8.0 * 730.0 * 0.1);
    // 10,240 MiB are 10 GiB, kept twice.
    assert_near(line(&bill, "db", Item::Storage).dollars, 20.0 * 0.1);
    // 1,024 MiB a second are 1 GiB a second, for 2,628,000 seconds.
    assert_near(line(&bill, "lb", Item::Egress).dollars, 2_628_000.0 * 0.09);
    // From west to east.
    assert_near(line(&bill, "api", Item::Zones).dollars, 2_628_000.0 * 0.02);
    assert!(!bill.lines.iter().any(|line| line.id == "api" && line.item == Item::Cores), "the host is paid");
    assert_eq!(bill.lines.len(), 7);
    assert_near(bill.total(), bill.lines.iter().map(|line| line.amount * line.price).sum());
    assert_near(bill.of(&Place::Node(4)), 4.0 * 8.0 * 73.0 + 2.0);
}

#[test]
fn caches_files_and_queues_are_paid_by_what_they_hold_and_take() {
    let plan = plan(
        r#"{"loadpath": 1,
      "nodes": [
        {"id": "users", "kind": "clients"},
        {"id": "cdn", "kind": "cdn", "capacity": 1, "ttl": "1ms"},
        {"id": "web", "kind": "service"},
        {"id": "cache", "kind": "cache", "capacity": 262144, "instances": 2},
        {"id": "files", "kind": "object_store"},
        {"id": "queue", "kind": "queue"},
        {"id": "work", "kind": "workers"}
      ],
      "edges": [
        {"from": "users", "to": "cdn"}, {"from": "cdn", "to": "web"}, {"from": "web", "to": "cache"},
        {"from": "web", "to": "files"}, {"from": "web", "to": "queue"}, {"from": "queue", "to": "work"}
      ],
      "workload": {"rate": "400/s", "classes": [
        {"name": "read", "size": "4KiB"},
        {"name": "file", "operation": "static", "size": "1MiB", "keys": 1024, "skew": 0},
        {"name": "job", "operation": "job", "weight": 2, "size": 1}
      ]}
    }"#,
    );
    let bill = cost(&plan, None);
    // 2 × 256 Ki entries of 4 KiB are 2 GiB.
    assert_near(line(&bill, "cache", Item::Cache).amount, 2.0 * 730.0);
    assert_near(line(&bill, "files", Item::Storage).amount, 1.0);
    // 200 a second are taken in, and 200 handed out: 400 × 2.628 million.
    assert_near(line(&bill, "queue", Item::Requests).amount, 400.0 * 2.628);
    // 100 a second of each other class to users, by the CDN.
    let bytes = 100.0 * 4096.0 + 100.0 * 1048576.0 + 200.0;
    assert_near(line(&bill, "cdn", Item::Cdn).amount, bytes * 2_628_000.0 / 1073741824.0);
    // All requests pass it.
    assert_near(line(&bill, "cdn", Item::Requests).dollars, 400.0 * 2.628 * 0.4);
    assert!(!bill.lines.iter().any(|line| line.item == Item::Egress));
}

#[test]
fn a_closed_loop_has_no_traffic_until_it_was_run_and_a_run_counts_good_answers() {
    let mut document = Topology::from_json(WORLD).unwrap();
    document.workload.params.insert("arrivals".to_owned(), "closed".into());
    let plan = check(&document).unwrap();
    let bill = cost(&plan, None);
    assert!(!bill.lines.iter().any(|line| matches!(line.item, Item::Egress | Item::Zones)));
    assert!(bill.assumptions.iter().any(|sentence| sentence.contains("closed loop")));
    let mut run = Run::new("test", Source::Simulated { seed: 1 }, 0.0);
    run.duration = Span::from_millis(10_000);
    let response = Histogram::new(Precision::Fine);
    run.classes.push(ClassRun {
        outcomes: Outcomes { ok: 5_120, failed: 5_120, ..Outcomes::default() },
        response: response.clone(),
        service: response,
        ..ClassRun::named("read")
    });
    let bill = cost(&plan, Some(&run));
    // 1,024 a second, of which half reach the user.
    assert_near(line(&bill, "lb", Item::Egress).amount, 1_314_000.0);
    assert_near(line(&bill, "api", Item::Zones).amount, 2_628_000.0);
}

#[test]
fn names_are_looked_up_once_in_a_time_to_live_and_resolver() {
    let plan = plan(
        r#"{"loadpath": 1,
      "nodes": [{"id": "users", "kind": "clients", "resolvers": 10}, {"id": "dns", "kind": "dns", "ttl": "1s"},
        {"id": "web", "kind": "service"}],
      "edges": [{"from": "users", "to": "dns"}, {"from": "dns", "to": "web"}],
      "workload": {"rate": "40/s", "classes": [{"name": "read"}]}
    }"#,
    );
    // Each resolver is asked 4 times a second: once in 1 s + 1/4 s it must ask.
    assert_near(line(&cost(&plan, None), "dns", Item::Requests).amount, 10.0 / 1.25 * 2.628);
}
