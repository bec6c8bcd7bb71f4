//! The loop from a drawing to a measurement and back: a live run beside its simulation, and a document fitted to live runs.
use super::measured::loadgen;
use super::{design, written};
use crate::attack::TURN;
use loadpath_core::dist::Law;
use loadpath_core::topology::{Topology, check};
use serde_json::Value;
use std::process::Output;

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Long enough work that what a busy machine adds to it is small.
fn slow_design() -> Topology {
    let mut design = design("60/s");
    design.nodes[2].params.insert("service_time".to_owned(), "exp 20ms".into());
    design.nodes[4].params.insert("read_time".to_owned(), "exp 10ms".into());
    design.nodes[4].params.insert("write_time".to_owned(), "exp 10ms".into());
    design
}

#[test]
fn a_live_run_stands_beside_its_simulation_and_a_document_is_fitted_to_it() {
    let _turn = TURN.blocking_lock();
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = slow_design();
    let file = written(folder.path(), &slow_design());
    let short = ["--quiet", "--duration", "5s", "--warm-up", "1s", "--json"];
    let run = |words: &[&str]| loadgen(folder.path(), &[words, &short[..]].concat());

    let found = json(&run(&["fidelity", &file, "--loads", "60/s", "--repeats", "1"]));
    let rows = found["loads"][0]["rows"].as_array().unwrap();
    for (of, figure) in
        [("all", "p50"), ("all", "throughput"), ("web", "utilization"), ("cache", "hit_ratio")]
    {
        let row = rows.iter().find(|row| row["of"] == of && row["figure"] == figure).unwrap();
        assert!(row["measured"]["value"].as_f64().unwrap() > 0.0, "{row}");
        assert!(row["simulated"].is_object() && row["simulated_error"].is_number(), "{row}");
    }
    let kept = loadgen(folder.path(), &["runs", "--json"]);
    assert!(String::from_utf8_lossy(&kept.stdout).contains("at 60/s"), "every run is kept");

    // A document that says half of the work is fitted to runs of the design that does it all.
    json(&run(&["run", &file, "--rate", "120/s", "--out", "measured.json"]));
    wrong.nodes[2].params.insert("service_time".to_owned(), "exp 10ms".into());
    let wrong = written(&folder.path().join("."), &wrong);
    let found = json(&run(&["calibrate", &wrong, "--from", "measured.json", "--save", "fitted.json"]));
    let text = std::fs::read_to_string(folder.path().join("fitted.json")).unwrap();
    let fitted = Topology::from_json(&text).unwrap();
    assert!(check(&fitted).is_ok(), "what is saved is a design");
    let law: Law = fitted.node("web").unwrap().params["service_time"].to_string().parse().unwrap();
    // 600 draws of an exponential law are known to 4 %, three of it a bound; a busy machine only adds, and by less than as much again.
    let mean = law.mean().as_millis();
    assert!((17.6..=26.0).contains(&mean), "{mean} ms: {found}");
    assert!(found["parameters"].as_array().is_some_and(|all| !all.is_empty()));
}

#[test]
fn what_cannot_be_calibrated_is_refused_before_anything_is_brought_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), &slow_design());
    let refused = |words: &[&str], says: &str| {
        let output = loadgen(folder.path(), words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(says), "{said}");
    };
    refused(&["calibrate", &file, "--loads", "0%"], "above 0%");
    refused(&["fidelity", &file, "--loads", "60"], "a share of what saturates the design");
    refused(&["calibrate", &file, "--from", &file], "a run is needed");
    refused(
        &["calibrate", &file, "--save", "nowhere/fitted.json"],
        "--save nowhere/fitted.json: there is no folder",
    );
    refused(&["calibrate", "missing.json"], "missing.json");
    let mut closed = slow_design();
    closed.workload.params.insert("arrivals".to_owned(), "closed".into());
    let closed = written(folder.path(), &closed);
    refused(&["calibrate", &closed], "its loop is closed");
}
