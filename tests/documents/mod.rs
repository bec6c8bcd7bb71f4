//! Whatever a stranger writes: documents and links of any content are told what is wrong, or they work. Nothing panics.
use loadpath_core::rng::Seed;
use loadpath_core::sim::{Command, Simulation};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{
    Class, Edge, Happening, Host, Node, Params, RoundTrip, Topology, Value, Workload, Zone, catalog, check,
    link, parse_rate, three_tier,
};
use proptest::prelude::*;

/// Values that a person or an attacker might write, right and wrong.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Flag),
        any::<f64>().prop_filter("JSON has no other numbers", |n| n.is_finite()).prop_map(Value::Number),
        (0..2_000i32).prop_map(|n| Value::Number(f64::from(n))),
        "\\PC{0,20}".prop_map(Value::Text),
        prop::sample::select(vec![
            "1ms",
            "0s",
            "exp 8ms",
            "lognormal 2ms p99 9ms",
            "hyperexp 2ms cv2 4",
            "uniform 1ms..3ms",
            "-1ms",
            "1h",
            "round_robin",
            "least_connections",
            "power_of_two",
            "hash_ring",
            "ring",
            "modulo",
            "write",
            "read",
            "constant",
            "2k/s",
            "0/s",
            "1e9/s",
            "exp 10m",
            "999999",
            "closed",
            "bursty",
            "static",
            "job",
            "none",
            "all",
            "a, b",
            "64KiB",
            "own_writes",
            "replicas",
            "semi_sync",
            "back",
            "on",
            "parallel",
            "asynchronous",
            "order.#",
            "a",
            "b",
        ])
        .prop_map(Value::from),
    ]
}

fn params(rows: &'static [catalog::Param]) -> impl Strategy<Value = Params> {
    let names: Vec<String> =
        rows.iter().map(|row| row.name.to_owned()).chain(["stranger".to_owned()]).collect();
    prop::collection::btree_map(prop::sample::select(names), value(), 0..4)
}

/// Parameters that a kind accepts, so that whole documents often do.
fn sound_params(rows: &'static [catalog::Param]) -> Params {
    rows.iter().map(|row| (row.name.to_owned(), Value::from(row.default))).collect()
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![9 => "[a-e]", 1 => "\\PC{0,8}"]
}

fn node(sound: bool) -> impl Strategy<Value = Node> {
    let kinds: Vec<&'static catalog::Kind> = catalog::KINDS.iter().collect();
    (id(), prop::sample::select(kinds), prop::option::of(any::<[i32; 2]>())).prop_flat_map(
        move |(id, kind, at)| {
            let params =
                if sound { Just(sound_params(kind.params)).boxed() } else { params(kind.params).boxed() };
            params.prop_map(move |params| Node {
                id: id.clone(),
                kind: kind.name.to_owned(),
                label: String::new(),
                zone: String::new(),
                host: String::new(),
                at: at.map(|at| at.map(f64::from)),
                params,
            })
        },
    )
}

fn edge() -> impl Strategy<Value = Edge> {
    (id(), id(), params(catalog::EDGE)).prop_map(|(from, to, params)| Edge { from, to, params })
}

fn any_document(sound: bool) -> impl Strategy<Value = Topology> {
    let class = ("[a-c]", params(catalog::CLASS)).prop_map(|(name, params)| Class { name, params });
    let workload = (prop::collection::vec(class, 0..4), params(catalog::ARRIVALS))
        .prop_map(|(classes, params)| Workload { classes, params });
    let nodes = prop::collection::vec(node(sound), 0..8);
    let zone =
        ("[a-c]", params(catalog::ZONE)).prop_map(|(id, params)| Zone { id, params, ..Zone::default() });
    let host =
        ("[a-c]", params(catalog::HOST)).prop_map(|(id, params)| Host { id, params, ..Host::default() });
    let trip = ("[a-c]", "[a-c]", params(catalog::ROUND_TRIP)).prop_map(|(from, to, params)| RoundTrip {
        from,
        to,
        params,
    });
    let places = (
        prop::collection::vec(zone, 0..3),
        prop::collection::vec(trip, 0..2),
        prop::collection::vec(host, 0..2),
        prop::collection::vec(happening(), 0..4),
        prop::collection::vec(("[a-c]?", "[a-c]?"), 8),
    );
    let bags = (params(catalog::OBJECTIVES), params(catalog::PRICES));
    (nodes, prop::collection::vec(edge(), 0..12), workload, "\\PC{0,30}", places, bags).prop_map(
        move |(mut nodes, edges, workload, name, places, (objectives, prices))| {
            let (zones, round_trips, hosts, timeline, standing) = places;
            if sound {
                return Topology { loadpath: 1, name, nodes, edges, workload, ..Topology::default() };
            }
            for (node, (zone, host)) in nodes.iter_mut().zip(standing) {
                (node.zone, node.host) = (zone, host);
            }
            Topology {
                loadpath: 1,
                name,
                zones,
                round_trips,
                hosts,
                nodes,
                edges,
                workload,
                timeline,
                objectives,
                prices,
            }
        },
    )
}

fn happening() -> impl Strategy<Value = Happening> {
    let actions: Vec<&'static catalog::ActionKind> = catalog::ACTIONS.iter().collect();
    ("[0-9]{1,3}ms", prop::sample::select(actions)).prop_flat_map(|(at, action)| {
        params(action.params).prop_map(move |params| Happening {
            at: at.clone(),
            action: action.name.to_owned(),
            params,
        })
    })
}

/// A document that is sound for certain: clients, then layers that may call one another.
fn sound_document() -> impl Strategy<Value = Topology> {
    let count = || 1..4u32;
    let law = prop::sample::select(vec!["0s", "1ms", "exp 5ms", "lognormal 2ms p99 9ms", "erlang 3 2ms"]);
    (count(), count(), count(), law, 0..6u32, prop::sample::select(vec!["10/s", "300/s", "5k/s"]), any::<bool>()).prop_map(
        |(balancers, webs, shards, law, queue, rate, through)| {
            let edge = if through { r#"{"from":"cache","to":"db"}"# } else { r#"{"from":"web","to":"db","latency":"0s"}"# };
            let text = format!(
                r#"{{"loadpath":1,"nodes":[{{"id":"u","kind":"clients","timeout":"50ms"}},
                {{"id":"lb","kind":"load_balancer","instances":{balancers},"queue":{queue},"policy":"power_of_two"}},
                {{"id":"web","kind":"service","instances":{webs},"workers":2,"queue":{queue},"service_time":"{law}"}},
                {{"id":"cache","kind":"cache","instances":{shards},"capacity":50,"ttl":"100ms"}},
                {{"id":"db","kind":"database","shards":{shards},"queue":{queue},"sharding":"ring"}}],
                "edges":[{{"from":"u","to":"lb"}},{{"from":"lb","to":"web"}},{{"from":"web","to":"cache","latency":"0s"}},{edge}],
                "workload":{{"rate":"{rate}","classes":[{{"name":"r","keys":500}},{{"name":"w","operation":"write","keys":500}}]}}}}"#
            );
            Topology::from_json(&text).unwrap()
        },
    )
}

/// Runs it for a moment, with everything that can be done to it done.
fn exercise(document: &Topology) {
    let Ok(plan) = check(document) else { return };
    let mut simulation = Simulation::new(&plan, Seed(1));
    simulation.run_some(Time::ZERO + Span::from_millis(300), 20_000);
    for node in &plan.nodes {
        for instance in 0..node.kind.instances() {
            // Clients refuse it, and say so; the others die.
            let _ = simulation.command(&Command::Kill { node: node.id.clone(), instance });
            simulation.run_some(simulation.now() + Span::from_millis(20), 5_000);
            let _ = simulation.command(&Command::Restore { node: node.id.clone(), instance });
        }
    }
    simulation.command(&Command::SetRate { rate: plan.arrivals.rate / 2.0 }).unwrap();
    simulation.reset_statistics();
    simulation.run_some(simulation.now() + Span::from_millis(300), 20_000);
    let snapshot = simulation.snapshot();
    for node in &snapshot.nodes {
        assert!(node.utilization.is_none_or(|u| (0.0..=1.0).contains(&u)), "{node:?}");
        assert!(node.hit_ratio.is_none_or(|h| (0.0..=1.0).contains(&h)), "{node:?}");
    }
    assert_eq!(simulation.digest(), simulation.clone().digest());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_document_is_a_plan_that_runs_or_faults_that_name_their_place(document in any_document(false)) {
        if let Err(faults) = check(&document) {
            prop_assert!(!faults.is_empty());
            prop_assert!(faults.iter().all(|fault| !fault.what.is_empty() && !fault.called.is_empty()));
        }
        exercise(&document);
    }

    #[test]
    fn any_wiring_of_sound_nodes_is_a_plan_that_runs_or_faults(document in any_document(true)) {
        exercise(&document);
    }

    #[test]
    fn a_sound_design_survives_kills_restores_and_load(document in sound_document()) {
        prop_assert!(check(&document).is_ok(), "{:?}", check(&document).err());
        exercise(&document);
    }

    #[test]
    fn a_link_gives_back_any_document(document in any_document(false)) {
        prop_assert_eq!(link::decode(&link::encode(&document)), Ok(document));
    }

    #[test]
    fn a_stranger_s_link_never_panics(text in "\\PC{0,200}", body in "[A-Za-z0-9_-]{0,300}") {
        let _ = link::decode(&text);
        let read = link::decode(&format!("#d1.{body}"));
        prop_assert!(read.is_err());
    }

    #[test]
    fn a_changed_link_is_refused(at in 0usize..1_000, to in "[A-Za-z0-9_-]") {
        let whole = link::encode(&three_tier());
        let at = link::PREFIX.len() + at % (whole.len() - link::PREFIX.len());
        let changed = format!("{}{to}{}", &whole[..at], &whole[at + 1..]);
        let read = link::decode(&changed);
        prop_assert!(read.is_err() || read == Ok(three_tier()), "{changed}");
    }

    #[test]
    fn any_text_is_refused_as_a_document_or_read(text in "\\PC{0,200}") {
        let _ = Topology::from_json(&text);
        let _ = parse_rate(&text);
    }
}

#[test]
fn a_deep_chain_of_services_is_simulated_without_recursion() {
    let mut document = Topology::new("chain");
    let id = |i: usize| format!("s{i}");
    document.nodes.push(Node { id: "u".to_owned(), kind: "clients".to_owned(), ..Node::default() });
    for i in 0..1_500 {
        let params = Params::from([("service_time".to_owned(), Value::from("0s"))]);
        document.nodes.push(Node { id: id(i), kind: "service".to_owned(), params, ..Node::default() });
        let from = if i == 0 { "u".to_owned() } else { id(i - 1) };
        let params = Params::from([("latency".to_owned(), Value::from("0s"))]);
        document.edges.push(Edge { from, to: id(i), params });
    }
    document.workload.classes.push(Class { name: "page".to_owned(), params: Params::new() });
    let plan = check(&document).unwrap();
    let mut simulation = Simulation::new(&plan, Seed(1));
    simulation.run_until(Time::ZERO + Span::SECOND);
    assert_eq!(simulation.snapshot().total.errors(), 0);
    assert!(simulation.snapshot().total.ok > 50);
}

#[test]
fn a_document_of_a_million_nodes_is_refused_by_its_size() {
    let mut document = three_tier();
    document.nodes =
        vec![Node { id: "a".to_owned(), kind: "service".to_owned(), ..Node::default() }; 1_000_000];
    let faults = check(&document).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].to_string().contains("1000000 nodes; at most"), "{}", faults[0]);
}
