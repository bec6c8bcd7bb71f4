//! For each kind of finding: a design that has it, one that has not, a mend that takes it away, and a run that confirms it.
use super::*;
use crate::rng::Seed;
use crate::sim::simulate;
use crate::time::Span;
use crate::topology::{Bag, Edit, Place, check, three_tier};

fn document(text: &str) -> Topology {
    Topology::from_json(text).unwrap()
}

fn with(mut document: Topology, sets: &[(Bag, &str, &str)]) -> Topology {
    for (of, name, value) in sets {
        Edit::set(of.clone(), name, value).apply(&mut document).unwrap();
    }
    document
}

fn node(id: &str) -> Bag {
    Bag::Node(id.to_owned())
}

fn edge(from: &str, to: &str) -> Bag {
    Bag::Edge(from.to_owned(), to.to_owned())
}

fn found(document: &Topology) -> Vec<Finding> {
    let plan = check(document).unwrap_or_else(|faults| panic!("{}", faults[0]));
    findings(&plan, document)
}

fn of_kind(document: &Topology, kind: FindingKind) -> Vec<Finding> {
    found(document).into_iter().filter(|finding| finding.kind == kind).collect()
}

/// The sick design has it, the sound one has not, the mend takes it away, and a run of both says that it is better.
#[track_caller]
fn assert_mended(kind: FindingKind, sick: &Topology, sound: &Topology) -> Verdict {
    assert_eq!(of_kind(sound, kind), [], "the sound design");
    let findings = of_kind(sick, kind);
    let finding = findings.first().unwrap_or_else(|| panic!("{kind:?} is not among {:#?}", found(sick)));
    let mut mended = sick.clone();
    for edit in &finding.mend.as_ref().expect("it has a mend").edits {
        edit.apply(&mut mended).unwrap();
    }
    let left = of_kind(&mended, kind);
    assert!(left.iter().all(|left| left.place != finding.place), "{left:#?}");
    let verdict = verify(sick, finding, Seed(1)).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(verdict.better, "{} {:?}", verdict.sentence, finding.mend);
    assert_eq!(verify(sick, finding, Seed(1)).unwrap(), verdict, "the same seed gives the same verdict");
    verdict
}

/// Two web servers behind two balancers, which clients ask in turn; two calls deep.
fn deep() -> Topology {
    document(
        r#"{"loadpath": 1,
      "nodes": [{"id": "users", "kind": "clients"},
        {"id": "lb", "kind": "load_balancer", "instances": 2},
        {"id": "web", "kind": "service", "instances": 2},
        {"id": "api", "kind": "service", "instances": 2},
        {"id": "pay", "kind": "external", "service_time": "exp 20ms"}],
      "edges": [{"from": "users", "to": "lb", "retries": 1}, {"from": "lb", "to": "web"},
        {"from": "web", "to": "api", "timeout": "500ms"}, {"from": "api", "to": "pay", "timeout": "200ms"}],
      "workload": {"rate": "50/s", "classes": [{"name": "read"}]}
    }"#,
    )
}

/// A service that publishes to a queue.
fn queued() -> Topology {
    document(
        r#"{"loadpath": 1,
      "nodes": [{"id": "users", "kind": "clients"}, {"id": "web", "kind": "service"},
        {"id": "queue", "kind": "queue"}, {"id": "work", "kind": "workers", "instances": 2}],
      "edges": [{"from": "users", "to": "web"}, {"from": "web", "to": "queue"}, {"from": "queue", "to": "work"}],
      "workload": {"rate": "100/s", "classes": [{"name": "job", "operation": "job"}]}
    }"#,
    )
}

/// A database by itself behind a service.
fn stored() -> Topology {
    document(
        r#"{"loadpath": 1,
      "nodes": [{"id": "users", "kind": "clients"}, {"id": "web", "kind": "service", "instances": 2, "workers": 64},
        {"id": "db", "kind": "database", "replicas": 1}],
      "edges": [{"from": "users", "to": "web", "retries": 1}, {"from": "web", "to": "db"}],
      "workload": {"rate": "200/s", "classes": [{"name": "read", "weight": 4}, {"name": "write", "operation": "write"}]}
    }"#,
    )
}

/// Two balancers that DNS leads to.
fn named() -> Topology {
    document(
        r#"{"loadpath": 1,
      "nodes": [{"id": "users", "kind": "clients"}, {"id": "dns", "kind": "dns", "policy": "failover"},
        {"id": "a", "kind": "load_balancer"}, {"id": "b", "kind": "load_balancer"},
        {"id": "web", "kind": "service", "instances": 2}],
      "edges": [{"from": "users", "to": "dns"}, {"from": "dns", "to": "a"}, {"from": "dns", "to": "b"},
        {"from": "a", "to": "web"}, {"from": "b", "to": "web"}],
      "workload": {"rate": "50/s", "classes": [{"name": "read"}]}
    }"#,
    )
}

#[test]
fn a_single_instance_that_requests_need() {
    let one = with(deep(), &[(node("api"), "instances", "1")]);
    let verdict =
        assert_mended(FindingKind::SinglePoint, &one, &with(deep(), &[(edge("web", "api"), "calls", "0")]));
    assert!(verdict.before > 99.0, "{}", verdict.sentence);
    let third_party = of_kind(&deep(), FindingKind::SinglePoint);
    assert_eq!(third_party.len(), 1);
    assert_eq!((third_party[0].severity, &third_party[0].mend), (Severity::Note, &None));
}

#[test]
fn a_database_without_a_replica() {
    let alone = with(stored(), &[(node("db"), "replicas", "0")]);
    assert_mended(FindingKind::SinglePoint, &alone, &stored());
}

#[test]
fn a_cache_aside_is_no_single_point_and_one_that_is_read_through_is() {
    let at = |document: &Topology| -> Vec<Place> {
        of_kind(document, FindingKind::SinglePoint).into_iter().map(|finding| finding.place).collect()
    };
    assert_eq!(at(&three_tier()), [Place::Node(4)]);
    let mut through = three_tier();
    Edit::RemoveEdge { from: "web".to_owned(), to: "db".to_owned() }.apply(&mut through).unwrap();
    let edge = crate::topology::Edge { from: "cache".to_owned(), to: "db".to_owned(), ..Default::default() };
    Edit::AddEdge { place: None, edge }.apply(&mut through).unwrap();
    assert_eq!(at(&through), [Place::Node(3), Place::Node(4)]);
}

#[test]
fn zones_and_hosts_that_everything_needs() {
    let mut document = named();
    for (zone, nodes) in [("east", ["a", "web"]), ("west", ["b", "b"])] {
        let added = crate::topology::Zone { id: zone.to_owned(), ..Default::default() };
        Edit::AddZone { place: None, zone: added }.apply(&mut document).unwrap();
        for node in nodes {
            let stand = Edit::Stand { node: node.to_owned(), zone: zone.to_owned(), host: String::new() };
            stand.apply(&mut document).unwrap();
        }
    }
    let places: Vec<Place> =
        of_kind(&document, FindingKind::SinglePoint).into_iter().map(|finding| finding.place).collect();
    // East has the only web tier; of the balancers one is left.
    assert_eq!(places, [Place::Zone(0)]);
}

/// Whether clients are cut off is the same as whether a walk from them over what is left arrives: on chains, where each node
/// needs the next, what is found is every node of which there is one.
#[test]
fn on_a_chain_every_single_node_is_found_and_no_other() {
    let mut rng = Seed(5).stream("chains");
    for _ in 0..50 {
        let length = 1 + rng.below(6);
        let single: Vec<bool> = (0..length).map(|_| rng.below(2) == 0).collect();
        let mut text = r#"{"loadpath":1,"nodes":[{"id":"users","kind":"clients"}"#.to_owned();
        let mut edges = String::new();
        for (i, single) in single.iter().enumerate() {
            let instances = if *single { 1 } else { 2 };
            text += &format!(r#",{{"id":"s{i}","kind":"service","instances":{instances}}}"#);
            let from = if i == 0 { "users".to_owned() } else { format!("s{}", i - 1) };
            edges += &format!(r#"{}{{"from":"{from}","to":"s{i}"}}"#, if i == 0 { "" } else { "," });
        }
        text += &format!(r#"],"edges":[{edges}],"workload":{{"classes":[{{"name":"read"}}]}}}}"#);
        let places: Vec<Place> =
            of_kind(&document(&text), FindingKind::SinglePoint).into_iter().map(|f| f.place).collect();
        let expected: Vec<Place> =
            (0..single.len()).filter(|&i| single[i]).map(|i| Place::Node(i + 1)).collect();
        assert_eq!(places, expected);
    }
}

#[test]
fn one_load_balancer() {
    let verdict = assert_mended(FindingKind::OneBalancer, &three_tier(), &deep());
    // Whom the dead one refuses asks the other, since a dead one is left alone for a while: nobody is lost.
    assert!(verdict.before > 99.0 && verdict.after < 0.1, "{}", verdict.sentence);
}

#[test]
fn a_bottleneck_that_is_too_small_and_one_that_is_only_busy() {
    let full = with(three_tier(), &[(node("db"), "connections", "1")]);
    assert_mended(FindingKind::Bottleneck, &full, &three_tier());
    let busy = with(
        deep(),
        &[
            (node("api"), "workers", "1"),
            (node("pay"), "service_time", "1ms"),
            (Bag::Workload, "rate", "250/s"),
        ],
    );
    assert_mended(FindingKind::Bottleneck, &busy, &deep());
}

#[test]
fn a_hot_range_of_keys_and_a_celebrity() {
    let spread =
        [(node("db"), "shards", "4"), (node("db"), "connections", "2"), (Bag::Workload, "rate", "300/s")];
    let even = with(stored(), &spread);
    let range = with(even.clone(), &[(node("db"), "sharding", "range")]);
    assert_mended(FindingKind::HotShard, &range, &even);
    // One key has half of the load: no way to spread keys helps.
    let star = with(even, &[(Bag::Class("read".to_owned()), "skew", "2")]);
    assert_eq!(of_kind(&star, FindingKind::HotShard)[0].mend, None);
}

#[test]
fn a_queue_without_a_bound() {
    let endless = with(
        deep(),
        &[
            (node("api"), "queue", "1000000"),
            (node("api"), "workers", "2"),
            (node("web"), "workers", "500"),
            (edge("web", "api"), "timeout", "0s"),
        ],
    );
    assert_mended(FindingKind::UnboundedQueue, &endless, &deep());
}

#[test]
fn timeouts_that_cross() {
    let crossed =
        with(deep(), &[(edge("api", "pay"), "timeout", "300ms"), (edge("api", "pay"), "retries", "1")]);
    assert_mended(FindingKind::CrossedTimeouts, &crossed, &deep());
    let longer = with(deep(), &[(edge("web", "api"), "timeout", "5s")]);
    assert_mended(FindingKind::CrossedTimeouts, &longer, &deep());
}

#[test]
fn retries_of_retries() {
    let retrying = [
        (edge("web", "api"), "retries", "3"),
        (edge("api", "pay"), "retries", "3"),
        (edge("users", "lb"), "retries", "0"),
    ];
    // So few that all have time for all their attempts.
    let retrying = with(with(deep(), &retrying), &[(Bag::Workload, "rate", "5/s")]);
    let verdict = assert_mended(FindingKind::RetryAmplification, &retrying, &deep());
    // Four times four, less what the deadline cuts off, and some calls of requests that were sent before.
    assert!(verdict.before > 12.0 && verdict.before < 17.0, "{}", verdict.sentence);
}

#[test]
fn a_third_party_that_is_waited_for_without_a_limit() {
    let endless = with(deep(), &[(edge("api", "pay"), "timeout", "0s")]);
    assert_mended(FindingKind::NoTimeout, &endless, &deep());
}

#[test]
fn sessions_in_memory_behind_a_balancer_that_knows_no_users() {
    let session = (Bag::Class("read".to_owned()), "session", "on");
    let stateful = with(deep(), &[(node("web"), "sessions", "memory"), session.clone()]);
    let verdict = assert_mended(FindingKind::LostSessions, &stateful, &with(deep(), &[session]));
    assert_eq!(verdict.after, 0.0);
    assert_eq!(of_kind(&with(stateful, &[(node("lb"), "policy", "ip_hash")]), FindingKind::LostSessions), []);
    // Without a balancer that could, sessions must leave the instances.
    let direct = with(
        stored(),
        &[
            (node("web"), "sessions", "memory"),
            (Bag::Class("read".to_owned()), "session", "on"),
            (Bag::Workload, "users", "100"),
        ],
    );
    assert_mended(FindingKind::LostSessions, &direct, &stored());
}

#[test]
fn entries_that_die_too_early_and_entries_without_room() {
    let class = |name: &'static str, value: &'static str| (Bag::Class("read".to_owned()), name, value);
    let sound = with(three_tier(), &[class("keys", "2000"), (node("cache"), "ttl", "1h")]);
    let short = with(sound.clone(), &[(node("cache"), "ttl", "2s")]);
    assert_mended(FindingKind::ShortTtl, &short, &sound);
    let small = with(sound.clone(), &[(node("cache"), "capacity", "50")]);
    assert_mended(FindingKind::SmallCache, &small, &sound);
}

#[test]
fn replicas_that_are_read_too_early() {
    let early = with(stored(), &[(node("db"), "reads", "replicas"), (node("db"), "replica_lag", "exp 50ms")]);
    assert_mended(FindingKind::StaleSessions, &early, &stored());
}

#[test]
fn replicas_that_never_take_over() {
    let stuck = with(stored(), &[(node("db"), "failover", "0s")]);
    assert_mended(FindingKind::NoFailover, &stuck, &stored());
}

#[test]
fn autoscaling_that_comes_too_late() {
    let mut sound = with(
        deep(),
        &[
            (node("api"), "autoscale", "target"),
            (node("api"), "instances", "4"),
            (node("api"), "workers", "2"),
        ],
    );
    let watch =
        crate::topology::Node { id: "watch".to_owned(), kind: "monitoring".to_owned(), ..Default::default() };
    Edit::AddNode { place: None, node: watch }.apply(&mut sound).unwrap();
    let late = with(
        sound.clone(),
        &[
            (node("api"), "instances", "1"),
            (node("api"), "start_time", "30s"),
            (Bag::Workload, "rate", "60/s"),
        ],
    );
    assert_mended(FindingKind::SlowScaling, &late, &sound);
}

#[test]
fn a_queue_that_nobody_takes_from() {
    let mut alone = queued();
    Edit::RemoveNode { id: "work".to_owned() }.apply(&mut alone).unwrap();
    assert_mended(FindingKind::NoWorkers, &alone, &queued());
}

#[test]
fn workers_that_are_too_slow() {
    let slow = with(queued(), &[(node("work"), "service_time", "exp 100ms")]);
    let verdict = assert_mended(FindingKind::SlowWorkers, &slow, &queued());
    // 100 come and 80 go each second, for a minute; 60 × (√100 + √80) is the standard deviation squared and more.
    assert!((verdict.before - 1_200.0).abs() < 4.0 * 60.0, "{}", verdict.sentence);
}

#[test]
fn names_that_lead_to_the_dead() {
    let blind = with(named(), &[(node("dns"), "policy", "simple")]);
    assert_mended(FindingKind::BlindNames, &blind, &named());
    let asked = (Bag::Objectives, "availability", "0.9999");
    let long = with(named(), &[(node("dns"), "ttl", "1h"), asked.clone()]);
    assert_mended(FindingKind::LongNames, &long, &with(named(), &[asked]));
}

#[test]
fn objectives_that_a_run_missed() {
    let asked = [
        (Bag::Objectives, "p99", "100ms"),
        (Bag::Objectives, "availability", "0.99"),
        (Bag::Objectives, "cost", "100"),
    ];
    let missed = |document: &Topology| {
        let plan = check(document).unwrap();
        let run = simulate(&plan, Seed(2), Span::SECOND, Span::from_millis(20_000));
        findings_of_run(&plan, &run)
    };
    let full = with(with(three_tier(), &asked), &[(node("db"), "connections", "1")]);
    let kinds: Vec<FindingKind> = missed(&full).iter().map(|finding| finding.kind).collect();
    let of = FindingKind::MissedObjective;
    assert_eq!(kinds, [of(Objective::P99), of(Objective::Availability), of(Objective::Cost)]);
    for finding in missed(&full).iter().filter(|finding| finding.mend.is_some()) {
        let verdict = verify(&full, finding, Seed(1)).unwrap();
        assert!(verdict.better, "{}", verdict.sentence);
    }
    assert_eq!(missed(&with(three_tier(), &asked[..2])), []);
}

#[test]
fn a_finding_of_another_design_gets_no_verdict() {
    let finding = of_kind(&three_tier(), FindingKind::OneBalancer).remove(0);
    let mut other = deep();
    other.nodes.truncate(1);
    assert!(verify(&other, &finding, Seed(1)).is_err());
    let note = of_kind(&deep(), FindingKind::SinglePoint).remove(0);
    assert_eq!(verify(&deep(), &note, Seed(1)), Err(NoVerdict::NoMend));
}

#[test]
fn a_finding_reads_back_what_it_wrote() {
    for finding in found(&three_tier()).into_iter().chain(found(&deep())) {
        let text = serde_json::to_string(&finding).unwrap();
        assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), finding);
    }
}
