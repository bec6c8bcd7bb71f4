//! Files of strangers become designs that pass `check`, or a sentence.
use super::*;
use loadpath_core::topology::{Edge, Node, Value, check};

const COMPOSE: &str = include_str!("../../../../tests/data/designs/shop.compose.yaml");
const ISOTOPE: &str = include_str!("../../../../tests/data/designs/isotope.yaml");
const JAEGER: &str = include_str!("../../../../tests/data/designs/jaeger.json");
const GRAPH: &str = include_str!("../../../../tests/data/designs/service-graph.prom");

fn drawn(text: &str) -> Drawn {
    let drawn = read(text).expect("it looks like one").unwrap_or_else(|why| panic!("{why}"));
    check(&drawn.document).unwrap_or_else(|faults| panic!("{faults:?}\n{}", drawn.document.to_json_pretty()));
    drawn
}

fn node<'d>(drawn: &'d Drawn, id: &str) -> &'d Node {
    drawn.document.node(id).unwrap_or_else(|| panic!("no {id}: {}", drawn.document.to_json_pretty()))
}

fn edge<'d>(drawn: &'d Drawn, from: &str, to: &str) -> &'d Edge {
    let edge = drawn.document.edges.iter().find(|edge| (edge.from.as_str(), edge.to.as_str()) == (from, to));
    edge.unwrap_or_else(|| panic!("no edge {from} to {to}: {}", drawn.document.to_json_pretty()))
}

fn number(edge: &Edge, name: &str) -> f64 {
    match edge.params.get(name) {
        Some(Value::Number(number)) => *number,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn a_compose_file_becomes_its_services_and_who_calls_whom() {
    let shop = drawn(COMPOSE);
    let kinds =
        ["proxy", "api", "orders-db", "sessions", "events", "mailer"].map(|id| node(&shop, id).kind.as_str());
    assert_eq!(kinds, ["load_balancer", "service", "database", "cache", "queue", "workers"]);
    assert_eq!(node(&shop, "api").params.get("instances"), Some(&Value::Number(3.0)));
    assert_eq!(node(&shop, "api").params.get("cores"), Some(&Value::Number(2.0)), "1.5 cores are two");
    for (from, to) in [
        ("visitors", "proxy"),
        ("proxy", "api"),
        ("api", "orders-db"),
        ("api", "sessions"),
        ("api", "events"),
        ("events", "mailer"),
    ] {
        edge(&shop, from, to);
    }
    let says = |line: &str| shop.lines.iter().any(|own| format!("{own:?}").contains(line));
    assert!(says("postgres") && says("depends_on") && says("environment"), "{:?}", shop.lines);
    assert!(says("which is not there"), "a dependency on nothing is told: {:?}", shop.lines);
}

#[test]
fn isotope_s_scripts_become_calls_and_pauses() {
    let read = drawn(ISOTOPE);
    assert_eq!(number(edge(&read, "a", "b"), "calls"), 1.0);
    assert_eq!(number(edge(&read, "a", "c"), "calls"), 0.5);
    assert_eq!(edge(&read, "a", "b").params.get("mode"), Some(&Value::Text("parallel".to_owned())));
    assert_eq!(node(&read, "b").params.get("pause"), Some(&Value::Text("10ms".to_owned())));
    assert_eq!(node(&read, "c").params.get("error_share"), Some(&Value::Number(0.02)));
    assert_eq!(node(&read, "b").params.get("instances"), Some(&Value::Number(2.0)), "of the defaults");
    edge(&read, "visitors", "a");
}

#[test]
fn counts_of_calls_become_calls_for_each_request() {
    let read = drawn(JAEGER);
    // The front end is called 1,000 times, and calls the catalog 2,500 times.
    assert_eq!(number(edge(&read, "frontend", "catalog"), "calls"), 2.5);
    assert_eq!(number(edge(&read, "catalog", "catalog-mysql"), "calls"), 0.4);
    assert_eq!(node(&read, "catalog-mysql").kind, "database");
    let left_out =
        |what: &str| read.lines.iter().any(|line| matches!(line, Line::LeftOut(text) if text.contains(what)));
    assert!(left_out("closes a ring"), "{:?}", read.lines);
}

#[test]
fn a_service_graph_knows_ratios_times_errors_and_who_does_not_wait() {
    let read = drawn(GRAPH);
    assert_eq!(number(edge(&read, "checkout", "payment"), "calls"), 0.5);
    assert_eq!(
        edge(&read, "checkout", "shipping").params.get("mode"),
        Some(&Value::Text("asynchronous".to_owned()))
    );
    assert_eq!(node(&read, "payment").params.get("error_share"), Some(&Value::Number(0.04)));
    assert_eq!(node(&read, "payment").params.get("service_time"), Some(&Value::Text("exp 40ms".to_owned())));
    // 30 ms of its own: 50 ms on average, of which half as many calls of 40 ms each.
    assert_eq!(node(&read, "checkout").params.get("service_time"), Some(&Value::Text("exp 30ms".to_owned())));
}

#[test]
fn the_three_forms_of_a_service_graph_say_the_same() {
    let otlp = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"traces_service_graph_request_total","sum":{"dataPoints":[
        {"attributes":[{"key":"client","value":{"stringValue":"a"}},{"key":"server","value":{"stringValue":"b"}}],"asInt":"10"}]}}]}]}]}"#;
    let api = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"traces_service_graph_request_total",
        "client":"a","server":"b"},"value":[1,"10"]}]}}"#;
    let text = "traces_service_graph_request_total{client=\"a\",server=\"b\"} 10\n";
    let documents = [otlp, api, text].map(|text| drawn(text).document);
    assert_eq!(documents[0], documents[1]);
    assert_eq!(documents[1], documents[2]);
}

#[test]
fn users_who_call_several_parts_find_them_by_names() {
    let text = |server: &str| {
        format!("traces_service_graph_request_total{{client=\"user\",server=\"{server}\"}} 10\n")
    };
    let read = drawn(&["shop", "search", "account"].map(text).concat());
    assert_eq!(read.document.nodes.iter().filter(|node| node.kind == "clients").count(), 1);
    for server in ["shop", "search", "account"] {
        edge(&read, "addresses", server);
    }
}

#[test]
fn what_was_exported_comes_back_as_it_was() {
    for lesson in loadpath_core::topology::lessons::all() {
        let document = lesson.document();
        let plan = check(&document).unwrap();
        let text = super::super::export::compose(&document, &plan, &Default::default()).unwrap().text;
        assert_eq!(drawn(&text).document, document, "{}", lesson.id);
        // Without it, the services are read as of any file, and are of the kinds that they were.
        let bare = text.split("\nx-loadpath:").next().unwrap();
        let read = drawn(bare);
        for node in document
            .nodes
            .iter()
            .filter(|node| matches!(node.kind.as_str(), "cache" | "database" | "queue" | "load_balancer"))
        {
            let found = read
                .document
                .nodes
                .iter()
                .any(|other| other.id.starts_with(&node.id) && other.kind == node.kind);
            assert!(found, "{}, {}: {}", lesson.id, node.id, read.document.to_json_pretty());
        }
    }
}

#[test]
fn bombs_and_depths_are_refused_and_a_ring_is_opened() {
    let mut bomb = String::from("services: {x: {image: a}}\na: &a [x,x,x,x,x,x,x,x,x,x]\n");
    for (from, to) in ('a'..'i').zip('b'..='i') {
        bomb.push_str(&format!(
            "{to}: &{to} [*{from},*{from},*{from},*{from},*{from},*{from},*{from},*{from},*{from},*{from}]\n"
        ));
    }
    let deep = format!("services: {}", "[".repeat(100_000));
    let wide =
        format!("services:\n{}", (0..2_000).map(|i| format!("  s{i}: {{image: x}}\n")).collect::<String>());
    for text in
        [bomb, deep, wide, "services: 3".to_owned(), "services: {}".to_owned(), "services: []".to_owned()]
    {
        let refused = read(&text).expect("it looks like one").unwrap_err().to_string();
        assert!(!refused.contains('\n') && refused.len() < 400, "{refused}");
    }
    let ring = drawn(
        "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [c]}\n  c: {image: x, depends_on: [a]}\n",
    );
    assert_eq!(ring.document.edges.len(), 3, "two of three calls, and the users'");
    assert_eq!(read("hello"), None);
    assert_eq!(read(&loadpath_core::topology::three_tier().to_json()), None);
}
