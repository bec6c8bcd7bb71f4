//! Who coordinates may be anyone: what is asked is bounded, and is typed.
use super::{LOADGEN_VERSION, agent, nats, target};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_hostile_coordinator_gets_sentences_and_no_load() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, nats) = nats(folder.path());
    let (target, served) = target();
    let _agent = agent(folder.path(), &nats, "a");
    let options = async_nats::ConnectOptions::new().token("only for this test".to_owned());
    let client = options.connect(&nats).await.unwrap();
    let call = format!("{{\"version\":\"{LOADGEN_VERSION}\"}}");
    let late = Instant::now() + Duration::from_secs(20);
    let here = loop {
        if let Ok(here) = client.request("loadgen.call", call.clone().into()).await {
            break here;
        }
        assert!(Instant::now() < late, "the agent does not come");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let here: serde_json::Value = serde_json::from_slice(&here.payload).unwrap();
    let ear = format!("loadgen.agent.{}", here["id"].as_str().unwrap());
    let task = |changes: &[(&str, serde_json::Value)]| {
        let mut task = serde_json::json!({
            "name": "x", "url": format!("http://{target}/"), "evenly": true, "rate": 10.0, "course": "flat", "seed": 1,
            "warm_up": "0s", "duration": "1s", "timeout": "1s", "connections": 1,
            "what": { "requests": { "classes": [], "method": null, "headers": [], "bodies": [], "checks": [], "keys": null, "skew": null, "rows": null } },
            "http2": false, "close": false, "connect_timeout": null, "first_byte_timeout": null,
        });
        changes.iter().for_each(|(key, value)| task[*key] = value.clone());
        serde_json::json!({ "prepare": { "run": "r", "number": 0, "of": 1, "task": task } }).to_string()
    };
    let asked = |part: serde_json::Value| {
        let mut asked = serde_json::json!({
            "classes": [], "method": null, "headers": [], "bodies": [], "checks": [], "keys": null, "skew": null, "rows": null,
        });
        part.as_object().unwrap().iter().for_each(|(key, value)| asked[key] = value.clone());
        task(&[("what", serde_json::json!({ "requests": asked }))])
    };
    let what = |what: serde_json::Value| task(&[("what", what)]);
    let journey = |path: &str| {
        let text = serde_json::json!({ "steps": [{ "name": "a", "path": path }] });
        serde_json::json!({ "journey": text.to_string() })
    };
    for (order, says) in [
        ("nonsense".to_owned(), "not understood"),
        (r#"{"run_shell":{"command":"id"}}"#.to_owned(), "unknown variant"),
        (task(&[("allow_target", "10.0.0.5:80".into())]), "unknown field `allow_target`"),
        (task(&[]).replace("\"of\":1", "\"of\":0"), "no such share"),
        (task(&[]).replace("\"run\":\"r\"", "\"run\":\"\u{7}>\""), "not understood"),
        (task(&[]).replace("\"run\":\"r\"", "\"run\":\"a.>\u{20}\""), "no proper id"),
        (task(&[("rate", 1e9.into())]), "its rate"),
        (task(&[("rate", (-1.0).into())]), "its rate"),
        (task(&[("duration", "1000h".into())]), "2 h"),
        (task(&[("timeout", "0s".into())]), "its timeout"),
        (task(&[("connections", 1_000_000.into())]), "connection"),
        (task(&[("url", "http://169.254.169.254/".into())]), "is never loaded"),
        (task(&[("url", "http://192.0.2.1/".into())]), "not this machine"),
        (task(&[("url", "file:///etc/passwd".into())]), "not"),
        (asked(serde_json::json!({ "keys": 0 })), "is not a number of keys"),
        (asked(serde_json::json!({ "headers": ["x: a\u{7}b"] })), "control characters"),
        (asked(serde_json::json!({ "method": "GET /\r\n" })), "is no method"),
        (what(serde_json::json!({ "shell": "id" })), "unknown variant `shell`"),
        (what(serde_json::json!({ "journey": "{\"steps\": []}" })), "from 1 to 100 steps"),
        (what(journey("http://192.0.2.1/")), "stays on its target"),
        (what(journey("/{token}")), "nothing is called {token}"),
        (what(design("web", "1M/s")), "its rate is not within"),
        (what(design("nobody", "10/s")), "its design has 1 faults, the first: "),
        (what(design(&"x".repeat(9_999), "10/s")), "its design has"),
        (r#"{"begin":{"run":"r","at_ns":5}}"#.to_owned(), "it is in no run"),
        (r#"{"stop":{"run":"r"}}"#.to_owned(), "it is in no run"),
    ] {
        let answer = client.request(ear.clone(), order.clone().into()).await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap();
        let why = answer["refused"]["why"].as_str().unwrap_or_default();
        assert!(why.contains(says), "{order}\n{answer}");
    }
    // Prepared, it takes orders of its own run only, and only such as make sense.
    let answer = client.request(ear.clone(), task(&[]).into()).await.unwrap();
    assert_eq!(&answer.payload[..], br#""prepared""#);
    for (order, says) in [
        (r#"{"begin":{"run":"other","at_ns":5}}"#.to_owned(), "another run"),
        (r#"{"stop":{"run":"other"}}"#.to_owned(), "another run"),
        (task(&[]), "it is prepared"),
        (
            r#"{"begin":{"run":"r","at_ns":18446744073709551615}}"#.to_owned(),
            "not open yet|more than a minute",
        ),
    ] {
        let answer = client.request(ear.clone(), order.clone().into()).await.unwrap();
        let answer = String::from_utf8_lossy(&answer.payload).into_owned();
        assert!(
            answer.starts_with("{\"refused\"") && says.split('|').any(|says| answer.contains(says)),
            "{order}: {answer}"
        );
    }
    assert_eq!(served.load(Ordering::Relaxed), 0);
}

/// A design whose clients call this node, and whose load becomes so much at once.
fn design(called: &str, rate: &str) -> serde_json::Value {
    let document = serde_json::json!({
        "loadpath": 1,
        "nodes": [{ "id": "clients", "kind": "clients" }, { "id": "web", "kind": "service" }],
        "edges": [{ "from": "clients", "to": called }],
        "workload": { "rate": "10/s", "classes": [{ "name": "read", "keys": 1 }] },
        "timeline": [{ "at": "0s", "action": "set_rate", "rate": rate }],
    });
    serde_json::json!({ "design": {
        "document": document, "source": "clients", "entry": "web", "per_class": true, "thinks": false,
    } })
}
