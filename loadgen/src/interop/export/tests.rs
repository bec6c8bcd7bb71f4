//! What is exported is what the design says, whatever its names are. (That other tools accept it, `tests/exchange` tries.)
use super::*;
use loadpath_core::topology::{Plan, Topology, check, lessons, three_tier};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

type Writer = fn(&Topology, &Plan, &Images) -> Result<Exported, TooMany>;

const WRITERS: [Writer; 2] = [compose, kubernetes];

fn written(write: Writer, document: &Topology) -> Exported {
    write(document, &check(document).unwrap(), &Images::new()).unwrap()
}

/// The documents of a YAML file.
fn read(text: &str) -> Vec<Value> {
    serde_saphyr::from_str_multiple(text).unwrap_or_else(|why| panic!("{why}\n{text}"))
}

/// Everything but what is written inside texts: keys, how many there are of each, and of what form.
fn shape(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| shape(value, &format!("{path}/{key}"), into));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(i, value)| shape(value, &format!("{path}/{i}"), into));
        }
        Value::String(_) => drop(into.insert(format!("{path} text"))),
        other => drop(into.insert(format!("{path} {other}"))),
    }
}

fn shapes(text: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    read(text).iter().enumerate().for_each(|(i, document)| shape(document, &i.to_string(), &mut all));
    all
}

#[test]
fn no_name_changes_what_a_file_is_made_of() {
    const HOSTILE: [&str; 8] = [
        "a\nservices:\n  evil: {image: x}",
        "*alias &anchor !tag",
        "'; \" ` ${HOME} $(id) {{ .Values }} %s",
        "- a: b\n---\nkind: Secret",
        "# no comment\u{2028}image: evil\r\nx: y\u{85}z: \u{0}",
        "null",
        "0x1F",
        "\u{202e}yes: [no]",
    ];
    for write in WRITERS {
        let plain = {
            let mut document = three_tier();
            document.name = "name".to_owned();
            document.nodes.iter_mut().for_each(|node| node.label = "label".to_owned());
            written(write, &document).text
        };
        let expected = shapes(&plain);
        for name in HOSTILE {
            let mut document = three_tier();
            document.name = name.to_owned();
            document.nodes.iter_mut().for_each(|node| node.label = name.to_owned());
            let text = written(write, &document).text;
            assert_eq!(shapes(&text), expected, "{name:?}\n{text}");
            // No line of a name is a line of its own among the comments.
            let head = |text: &str| text.lines().take_while(|line| line.starts_with('#')).count();
            assert_eq!(head(&text), head(&plain), "{name:?}\n{text}");
        }
    }
}

#[test]
fn names_come_back_as_they_were() {
    let mut document = three_tier();
    document.nodes[2].label = "$HOME ${X:-y} *a 'b' \"c\" \n d".to_owned();
    let text = written(compose, &document).text;
    let label = read(&text)[0].pointer("/services/web/labels/loadpath.label").cloned();
    let expected = document.nodes[2].label.replace('$', "$$");
    assert_eq!(label.as_ref().and_then(Value::as_str), Some(expected.as_str()));
    let pods = read(&written(kubernetes, &document).text);
    let is_said = |one: &Value| {
        one.pointer("/metadata/annotations/loadpath~1label").and_then(Value::as_str)
            == Some(&document.nodes[2].label)
    };
    assert!(pods.iter().any(is_said));
}

#[test]
fn every_service_that_is_waited_for_or_called_is_there_and_nothing_waits_for_itself() {
    for lesson in lessons::all() {
        let text = written(compose, &lesson.document()).text;
        let file = &read(&text)[0];
        let services = file["services"].as_object().unwrap();
        let after: BTreeMap<&String, Vec<&String>> = services
            .iter()
            .map(|(name, service)| {
                (name, service["depends_on"].as_object().into_iter().flat_map(|map| map.keys()).collect())
            })
            .collect();
        let mut ready: BTreeSet<&String> = BTreeSet::new();
        for _ in 0..services.len() {
            let next: Vec<&String> = after
                .iter()
                .filter(|(_, after)| after.iter().all(|name| ready.contains(name)))
                .map(|(name, _)| *name)
                .collect();
            ready.extend(next);
        }
        assert_eq!(ready.len(), services.len(), "{}: {after:?}", lesson.id);
        for service in services.values() {
            for port in service["ports"].as_array().into_iter().flatten() {
                assert!(port.as_str().unwrap().starts_with("127.0.0.1:"), "{}: {port}", lesson.id);
            }
            for (name, value) in service["environment"].as_object().into_iter().flatten() {
                let Some((_, rest)) = value.as_str().and_then(|text| text.split_once("://")) else {
                    continue;
                };
                let host = rest.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
                assert!(services.contains_key(host), "{}: {name} is {value}", lesson.id);
            }
            for mounted in service["configs"].as_array().into_iter().flatten() {
                assert!(
                    file["configs"].get(mounted["source"].as_str().unwrap()).is_some(),
                    "{}: {mounted}",
                    lesson.id
                );
            }
        }
    }
}

#[test]
fn a_person_is_asked_for_what_a_design_cannot_know_and_for_nothing_that_was_given() {
    let document = three_tier();
    let plan = check(&document).unwrap();
    let asked = compose(&document, &plan, &Images::new()).unwrap();
    assert!(asked.supply.iter().any(|line| line.contains("--image web=IMAGE")), "{:?}", asked.supply);
    assert!(asked.text.contains("${WEB_IMAGE:?"), "{}", asked.text);
    let images = Images::from([("web".to_owned(), "ghcr.io/acme/web:1".to_owned())]);
    let given = compose(&document, &plan, &images).unwrap();
    assert!(given.supply.iter().all(|line| !line.contains("IMAGE")), "{:?}", given.supply);
    assert_eq!(read(&given.text)[0]["services"]["web"]["image"], "ghcr.io/acme/web:1");
}

#[test]
fn a_part_is_the_engine_that_was_chosen() {
    let mut document = three_tier();
    let queue = r#"{"id":"jobs","kind":"queue","engine":"nats"}"#;
    document.nodes.push(serde_json::from_str(queue).unwrap());
    document.nodes.push(serde_json::from_str(r#"{"id":"crew","kind":"workers"}"#).unwrap());
    for edge in [r#"{"from":"web","to":"jobs"}"#, r#"{"from":"jobs","to":"crew"}"#] {
        document.edges.push(serde_json::from_str(edge).unwrap());
    }
    for (node, engine) in [(1, "nginx"), (3, "memcached")] {
        document.nodes[node].params.insert("engine".to_owned(), engine.into());
    }
    let file = &read(&written(compose, &document).text)[0];
    let said = |pointer: &str| file.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    assert!(said("/services/lb/image").starts_with("nginx:"), "{file:#}");
    assert!(said("/services/cache/image").starts_with("memcached:"));
    assert_eq!(said("/services/web/environment/CACHE_URL"), "memcached://cache:11211");
    assert!(said("/services/jobs/image").starts_with("nats:"));
    assert_eq!(said("/services/crew/environment/JOBS_URL"), "nats://jobs:4222");
    assert!(said("/services/crew/environment/JOBS_STREAM").contains(r#""retention":"workqueue""#));
}

#[test]
fn what_scales_has_an_autoscaler_and_its_workload_no_number() {
    let mut document = three_tier();
    document.nodes[2].params.insert("autoscale".to_owned(), "target".into());
    document.nodes[2].params.insert("scale_target".to_owned(), 0.7.into());
    document.nodes.push(serde_json::from_str(r#"{"id":"watch","kind":"monitoring"}"#).unwrap());
    let all = read(&written(kubernetes, &document).text);
    let of = |kind: &str| {
        let found = all.iter().find(|one| one["kind"] == kind && one["metadata"]["name"] == "web");
        found.unwrap_or_else(|| panic!("no {kind} of web"))
    };
    let scaler = of("HorizontalPodAutoscaler");
    assert_eq!(scaler["spec"]["minReplicas"], 2);
    assert_eq!(scaler.pointer("/spec/metrics/0/resource/target/averageUtilization"), Some(&Value::from(70)));
    assert_eq!(of("Deployment")["spec"].get("replicas"), None);
    assert_eq!(of("PodDisruptionBudget")["spec"]["maxUnavailable"], 1);
    assert!(all.iter().any(|one| one["kind"] == "Service"
        && one["metadata"]["name"] == "lb"
        && one["spec"]["type"] == "LoadBalancer"));
}

#[test]
fn names_of_parts_are_labels_of_dns_and_none_is_taken_twice() {
    let mut document = three_tier();
    // A node that is called as a part of the database would be.
    document.nodes[2].id = "db-1".to_owned();
    document.nodes[4].params.insert("replicas".to_owned(), 1.0.into());
    for edge in &mut document.edges {
        for end in [&mut edge.from, &mut edge.to] {
            if end == "web" {
                *end = "db-1".to_owned();
            }
        }
    }
    document.nodes[1].id = "lb-".to_owned();
    for edge in &mut document.edges {
        for end in [&mut edge.from, &mut edge.to] {
            if end == "lb" {
                *end = "lb-".to_owned();
            }
        }
    }
    let text = written(compose, &document).text;
    let file = &read(&text)[0];
    let names: Vec<&str> = file["services"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["cache", "db-1", "db-1-x2", "db-2", "lb"]);
    assert!(file["services"]["db-1"]["image"].as_str().unwrap().contains("DB_1_IMAGE"));
}

#[test]
fn the_schema_knows_every_kind_and_parameter() {
    let schema = schema();
    let kinds = schema.pointer("/properties/nodes/items/oneOf").and_then(Value::as_array).unwrap();
    for kind in loadpath_core::topology::catalog::KINDS {
        let found = kinds
            .iter()
            .find(|one| one.pointer("/properties/kind/const").and_then(Value::as_str) == Some(kind.name));
        let found = found.unwrap_or_else(|| panic!("no {}", kind.name));
        assert!(kind.params.iter().all(|row| found["properties"].get(row.name).is_some()), "{}", kind.name);
    }
}
