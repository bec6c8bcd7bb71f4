//! A run survives what befalls the agent: each fault is done to a real one, and what is left is read by another.
#![allow(clippy::unwrap_used, reason = "these are tests")]
mod answering;

use answering::target;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const LOADGEN: &str = env!("CARGO_BIN_EXE_loadgen");

fn loadgen(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(LOADGEN);
    command.current_dir(folder).env("XDG_DATA_HOME", folder).args(arguments).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// A load of 20 s that is under way and has this many seconds in its journal.
fn under_way(folder: &Path, seconds: usize) -> Child {
    let url = format!("http://{}/", target().0);
    let arguments =
        ["run", "--url", &url, "--rate", "200/s", "--duration", "20s", "--warm-up", "0s", "--name", "load"];
    let mut command = Command::new(LOADGEN);
    command.current_dir(folder).env("XDG_DATA_HOME", folder).args(arguments);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    wait_for(|| recorded(folder) >= seconds);
    child
}

fn wait_for(done: impl Fn() -> bool) {
    let late = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < late, "it did not happen within 20 s");
        thread::sleep(Duration::from_millis(20));
    }
}

/// How many whole seconds are in the journals.
fn recorded(folder: &Path) -> usize {
    let Ok(files) = std::fs::read_dir(folder.join("loadpath/runs")) else { return 0 };
    let journals = files.flatten().filter(|file| file.file_name().to_string_lossy().ends_with(".run"));
    let text = journals.map(|file| std::fs::read_to_string(file.path()).unwrap_or_default());
    text.map(|text| text.lines().filter(|line| line.contains("{\"interval\":")).count()).sum()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn kill_9_costs_a_second_at_most_and_the_run_says_that_it_was_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = under_way(folder.path(), 2);
    let (exit, running, _) = loadgen(folder.path(), &["runs"]);
    assert!(exit == 0 && running.contains("load (under way)"), "{running}");
    let (exit, _, error) = loadgen(folder.path(), &["runs", "delete", "last"]);
    assert!(exit == 2 && error.contains("still under way"), "{error}");
    let acknowledged = recorded(folder.path());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(recorded(folder.path()) >= acknowledged);
    let (exit, shown, error) = loadgen(folder.path(), &["runs", "show", "load"]);
    assert!(
        exit == 0 && shown.contains("note: interrupted: the agent ended without a word"),
        "{shown} {error}"
    );
    let (_, json, _) = loadgen(folder.path(), &["runs", "show", "load", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let ok = report["outcomes"]["ok"].as_u64().unwrap();
    // 200 a second, of which chance moves some tens.
    assert!(ok >= 130 * acknowledged as u64, "{ok} of {acknowledged} s");
    let (exit, _, error) = loadgen(folder.path(), &["compare", "load", "last"]);
    assert_eq!(exit, 0, "{error}");
}

#[test]
fn a_suspended_agent_is_told_as_stalled() {
    let folder = tempfile::tempdir().unwrap();
    let child = under_way(folder.path(), 1);
    signal(&child, "STOP");
    thread::sleep(Duration::from_millis(2_500));
    signal(&child, "CONT");
    let before = recorded(folder.path());
    wait_for(|| recorded(folder.path()) > before + 1);
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let (_, shown, _) = loadgen(folder.path(), &["runs", "show", "last"]);
    assert!(shown.contains("note: stalled: the agent itself stood still for 2."), "{shown}");
}

#[test]
fn a_full_disk_leaves_what_it_took_and_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}/", target().0);
    // No file may be longer than 8 kB; without the trap the signal of that limit would end the agent.
    let line = format!(
        "trap '' XFSZ; ulimit -f 8; exec '{LOADGEN}' run --url {url} --rate 500/s --duration 8s --warm-up 0s --name full"
    );
    let mut command = Command::new("bash");
    command.args(["-c", &line]).current_dir(folder.path()).env("XDG_DATA_HOME", folder.path());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("cannot be written") && error.contains("the run was not written"), "{error}");
    assert!(out.contains("500.0/s"), "what was measured is printed even so: {out}");
    let kept = recorded(folder.path());
    let (exit, shown, error) = loadgen(folder.path(), &["runs", "show", "full"]);
    assert!(exit == 0 && kept >= 1 && shown.contains("interrupted"), "{shown} {error}");
    assert!(!shown.contains("cannot be read"), "it is cut back to its last whole frame: {shown}");
}

#[test]
fn runs_are_named_tagged_pruned_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}/", target().0);
    for name in ["one", "two", "three"] {
        let line = [
            "run",
            "--url",
            &url,
            "--rate",
            "50/s",
            "--duration",
            "200ms",
            "--warm-up",
            "0s",
            "--name",
            name,
            "-q",
        ];
        let (exit, out, error) = loadgen(folder.path(), &line);
        assert!(exit == 0 && out.contains(".run"), "{out} {error}");
    }
    let said = |line: &str, code: i32, words: &[&str]| {
        let (exit, out, error) = loadgen(folder.path(), &line.split(' ').collect::<Vec<_>>());
        assert!(
            exit == code && words.iter().all(|word| out.contains(word) || error.contains(word)),
            "{line}: {out} {error}"
        );
    };
    said("runs", 0, &["one", "two", "three"]);
    said("runs rename two base", 0, &["\"base\""]);
    said("runs tag base nightly a/b", 0, &["tags: nightly a/b"]);
    said("runs tag base a/b --remove", 0, &["tags: nightly\n"]);
    said("runs tag base 'x", 2, &["is not a tag"]);
    said("runs list --tag nightly --json", 0, &["\"name\":\"base\""]);
    said("runs show nobody", 2, &["there is no run \"nobody\""]);
    said("runs prune --keep 1 --dry-run", 0, &["would be deleted", "-one"]);
    said("runs prune --keep 1", 0, &["deleted: ", "-one"]);
    said("runs delete three", 0, &["deleted: "]);
    said("runs list --json", 0, &["\"name\":\"base\""]);
    let (_, left, _) = loadgen(folder.path(), &["runs", "list", "--json"]);
    let left: serde_json::Value = serde_json::from_str(&left).unwrap();
    assert_eq!(left.as_array().unwrap().len(), 1);
}

#[test]
fn a_run_is_reported_in_every_format_and_its_metrics_are_written_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}/", target().0);
    let line =
        ["run", "--url", &url, "--rate", "100/s", "--duration", "2s", "--warm-up", "0s", "--name", "one"];
    let (exit, _, error) = loadgen(folder.path(), &[&line[..], &["--metrics-file", "one.prom"]].concat());
    assert_eq!(exit, 0, "{error}");
    let metrics = std::fs::read_to_string(folder.path().join("one.prom")).unwrap();
    assert!(metrics.contains("loadgen_requests_total{run=\"one\",class=\"/\",outcome=\"ok\"} "), "{metrics}");
    for (format, begins, has) in [
        ("text", "one: measured on http://127.0.0.1", "planned send"),
        ("json", "{\"loadpath_run\":1,", "HISTF"),
        ("hlog", "#[Histogram log format version 1.3]", "Tag=/,0.000,1."),
        ("csv", "of,clock,figure,value,unit", "all,planned send,q0.99,"),
        ("html", "<!doctype html>", "</svg>"),
        ("prometheus-text", "# HELP loadgen_requests_total", "le=\"+Inf\""),
    ] {
        let (exit, out, error) = loadgen(folder.path(), &["report", "last", "--format", format]);
        assert!(exit == 0 && out.starts_with(begins) && out.contains(has), "{format}: {error} {out}");
    }
    let (exit, _, error) =
        loadgen(folder.path(), &["report", "one", "--format", "json", "--out", "one.json"]);
    assert_eq!(exit, 0, "{error}");
    let (exit, out, _) = loadgen(folder.path(), &["report", "one.json"]);
    assert!(exit == 0 && out.starts_with("one: "), "{out}");
}

#[test]
fn runs_are_imported_compared_and_checked_with_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/interop");
    let said = |arguments: &[&str], code: i32, words: &[&str]| {
        let (exit, out, error) = loadgen(folder.path(), arguments);
        let all = words.iter().all(|word| out.contains(word) || error.contains(word));
        assert!(exit == code && all, "{arguments:?}: exit {exit}\n{out}\n{error}");
    };
    let (wrk2, hey) = (format!("{data}/wrk2.txt"), format!("{data}/hey.txt"));
    said(&["import", &wrk2, "--name", "base"], 0, &["counts from the planned send"]);
    said(&["import", &hey], 0, &["counts from the actual send"]);
    said(
        &["import", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")],
        2,
        &["this is no result of fortio"],
    );
    said(&["compare", "base", &hey], 0, &["B is", "better", "Kolmogorov-Smirnov", "are too narrow"]);
    said(&["compare", "base", "base"], 0, &["the same"]);
    said(
        &["check", "base", "--p99", "<2ms", "--errors", "<1%", "--rate", ">1k/s"],
        0,
        &["ok      p99 < 2ms"],
    );
    said(&["check", "base", "--p99", "<1ms"], 1, &["FAILED  p99 < 1ms", "1 of 1 checks failed"]);
    said(&["check", "base", "--baseline", "hey", "--output", "junit"], 1, &["<failure message="]);
    // 10 of 4,000 went wrong and not 8 of 20,008: the latencies are better, and the errors are not.
    let line = ["check", "hey", "--baseline", "base", "--output", "github", "--p50", "<1ms"];
    said(&line, 1, &["::notice title=hey::p50 < 1ms", "::error title=hey::all errors against the baseline"]);
    said(&["check", "base"], 2, &["say what it must meet"]);
    said(&["check", "base", "--p99", "2ms"], 2, &["write it like"]);
}
