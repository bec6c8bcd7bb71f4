//! The command line: what is wrong is one sentence on standard error and an exit code; what is right is on standard output.
use super::nginx::Nginx;
use crate::browser::built_loadgen;
use loadpath_core::run::Run;
use loadpath_core::topology::three_tier;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// Runs the agent in `folder`, where it also keeps its runs.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(built_loadgen());
    command.current_dir(folder).env("XDG_DATA_HOME", folder).args(arguments).stdin(Stdio::null());
    command
}

fn said(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = command(folder, arguments).output().expect("the agent starts");
    streams(&output)
}

fn streams(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it prints text");
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn bad_input_gets_one_clear_sentence_and_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("text.json", "hello");
    write("other.json", "{}");
    write("run.json", "{\"loadpath_run\": 1}");
    write("kind.json", r#"{"loadpath":1,"nodes":[{"id":"a","kind":"mainframe"}]}"#);
    write("rate.json", &three_tier().to_json().replace("400/s", "-400/s"));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("http://{free}/");
    let run = |url: &str, rest: &str| format!("run --url {url} {rest}");
    for (line, code, sentence) in [
        ("sim missing.json".to_owned(), 2, "missing.json: No such file"),
        ("sim text.json".to_owned(), 2, "text.json: this is not JSON"),
        ("sim other.json".to_owned(), 2, "neither a design"),
        ("sim run.json".to_owned(), 2, "not a Loadpath run: missing field"),
        ("sim kind.json".to_owned(), 2, "there is no kind \"mainframe\""),
        ("sim #d1.AAAA".to_owned(), 2, "this link is damaged"),
        ("check rate.json".to_owned(), 1, "rate.json has 1 fault"),
        ("compare rate.json kind.json".to_owned(), 2, "is not a rate above zero"),
        (run(&nobody, "--rate 10/s"), 1, "nothing listens on"),
        (run("ftp://localhost/", "--rate 10/s"), 2, "speaks http and https, and not ftp"),
        (run("http://192.0.2.1/", "--rate 10/s"), 2, "--allow-target 192.0.2.1:80"),
        (run("http://192.0.2.1/", "--rate 10/s --allow-target 192.0.2.1:81"), 2, "not this machine"),
        (run("nonsense", "--rate 10/s"), 2, "is not a URL"),
        (run("http://a:b@localhost/", "--rate 10/s"), 2, "user name"),
        (run(&nobody, "--rate -5/s"), 2, "\"-5/s\" is not a rate above zero"),
        (run(&nobody, "--rate 900k/s"), 2, "more than 200k/s"),
        (run(&nobody, "--rate 10/s --duration 2h"), 2, "more than 1h"),
        (run(&nobody, "--rate 10/s --duration 0s"), 2, "longer than zero"),
        (run(&nobody, "--rate 10/s --out no/folder.json"), 2, "there is no folder no"),
        (run(&nobody, "--rate 1/s..2/s --shape hill"), 2, "one of ramp"),
        (run(&nobody, "--rate 1/s --shape sine"), 2, "needs two rates"),
        (run(&nobody, "--trace missing.txt"), 2, "missing.txt: No such file"),
        (run(&nobody, "--rate 1/s --check fine"), 2, "\"fine\" is not a check"),
        (run(&nobody, "--rate 1/s --ca own.pem"), 2, "an https: URL only"),
        ("limit".to_owned(), 2, "give --url"),
        (
            format!("journey other.json --url {nobody}"),
            2,
            "other.json: this is not a journey: missing field `steps`",
        ),
        ("fly".to_owned(), 2, "unrecognized subcommand"),
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let (exit, out, error) = said(folder.path(), &arguments);
        assert!(exit == code && error.contains(sentence), "{line}: exit {exit}, {error}");
        let faults = line.starts_with("check");
        assert!(faults || out.is_empty(), "{line} printed a result: {out}");
        assert!(!error.contains("panicked"), "{error}");
    }
    assert!(!folder.path().join("loadpath").exists(), "a run that was refused leaves no file");
}

#[test]
fn shells_and_man_are_told_every_subcommand_that_help_shows_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (_, help, _) = said(folder.path(), &["--help"]);
    let commands = help.split_once("Commands:").unwrap().1.split_once("Options:").unwrap().0;
    let names: Vec<&str> = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?.split(' ').next())
        .filter(|name| !["", "help"].contains(name))
        .collect();
    assert!(names.len() > 10 && names.contains(&"run"), "{names:?}");
    let (exit, page, _) = said(folder.path(), &["man"]);
    assert!(exit == 0 && page.contains(".TH loadgen 1"), "{page}");
    for name in &names {
        assert!(page.contains(&format!("LOADGEN {}", name.to_uppercase())), "{name}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let (exit, script, _) = said(folder.path(), &["completions", shell]);
        let missing: Vec<_> = names.iter().filter(|name| !script.contains(**name)).collect();
        assert!(exit == 0 && missing.is_empty(), "{shell}: {missing:?}");
        assert!(!script.contains("__supervise") && !page.contains("supervise"), "{shell}");
    }
    // A shell reads it without a fault.
    let (_, script, _) = said(folder.path(), &["completions", "bash"]);
    std::fs::write(folder.path().join("script"), script).unwrap();
    let read = Command::new("bash").arg("-n").arg(folder.path().join("script")).status().unwrap();
    assert!(read.success());
}

#[test]
fn a_design_is_simulated_linked_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.json"), three_tier().to_json()).unwrap();
    let (exit, link, _) = said(folder.path(), &["link", "shop.json"]);
    assert!(exit == 0 && link.starts_with("#d1."), "{link}");
    let url = format!("http://127.0.0.1/{}", link.trim());
    let (exit, design, _) = said(folder.path(), &["link", &url]);
    assert_eq!((exit, design), (0, three_tier().to_json_pretty() + "\n"));

    let (exit, table, error) = said(folder.path(), &["sim", &url, "--duration", "20s", "--out", "sim.json"]);
    assert!(exit == 0 && error.is_empty(), "{error}");
    for word in ["p99", "hit ratio", "cache", "db", "400.0/s", "95 % intervals", "MSER-5", "web to cache"] {
        assert!(table.contains(word), "{word} is not in\n{table}");
    }
    let json = ["sim", "shop.json", "--duration", "20s", "--json"];
    let (_, report, _) = said(folder.path(), &json);
    let report: Value = serde_json::from_str(&report).unwrap();
    let run = Run::from_json(&std::fs::read_to_string(folder.path().join("sim.json")).unwrap()).unwrap();
    assert_eq!(report["outcomes"]["ok"], run.outcomes().ok);
    for (figure, value) in [("p99", 0.01), ("rate", 400.0), ("error_share", 0.0)] {
        let interval = &report["figures"][figure]["interval"];
        let (low, high) = (interval["low"].as_f64().unwrap(), interval["high"].as_f64().unwrap());
        assert!(low <= high && high <= 10.0 * value + 0.01, "{figure}: {interval}");
    }
    let short = ["sim", "shop.json", "--duration", "10s", "--warm-up", "1s"];
    let (_, table, _) = said(folder.path(), &short);
    assert!(table.contains("the run was too short to know"), "{table}");

    let same = ["compare", "sim.json", "shop.json", "--duration", "20s", "--json"];
    let (exit, compared, error) = said(folder.path(), &same);
    assert_eq!(exit, 0, "{error}");
    let compared: Value = serde_json::from_str(&compared).unwrap();
    let rows = compared["rows"].as_array().unwrap();
    assert!(rows.len() > 30 && rows.iter().all(|row| row["a"] == row["b"]), "{compared}");
}

#[test]
fn two_designs_are_compared_under_the_same_arrivals() {
    let folder = tempfile::tempdir().unwrap();
    let mut slower = three_tier();
    std::fs::write(folder.path().join("a.json"), slower.to_json()).unwrap();
    slower.nodes[2].params.insert("service_time".to_owned(), "exp 12ms".into());
    std::fs::write(folder.path().join("b.json"), slower.to_json()).unwrap();
    let line = ["compare", "a.json", "b.json", "--replications", "4", "--duration", "10s", "--warm-up", "2s"];
    let (exit, table, error) = said(folder.path(), &line);
    assert!(exit == 0 && error.is_empty(), "{error}");
    let line_of = |words: [&str; 2]| {
        let found = table.lines().find(|line| line.split_whitespace().take(2).eq(words));
        found.unwrap_or_else(|| panic!("{words:?} is not in\n{table}")).to_owned()
    };
    assert!(line_of(["all", "mean"]).ends_with("worse"), "{table}");
    assert!(line_of(["all", "cost"]).contains("$/month"), "{table}");
    let (_, report, _) = said(folder.path(), &[&line[..], &["--json"]].concat());
    let report: Value = serde_json::from_str(&report).unwrap();
    let rows = report["rows"].as_array().unwrap();
    let of = |quantity: &str| {
        rows.iter().find(|row| row["of"] == "all" && row["quantity"] == quantity).unwrap_or(&Value::Null)
    };
    for quantity in ["mean", "p50", "p90", "p99", "throughput", "error_share", "cost"] {
        assert!(of(quantity)["verdict"].is_string() && of(quantity)["difference"]["half_width"].is_f64());
    }
    assert_eq!(of("p50")["verdict"], "worse");
}

#[test]
fn a_server_is_loaded_and_the_run_is_written_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let nginx = Nginx::start(1_000);
    let url = format!("http://{}/", nginx.address);
    let line = ["run", "--url", &url, "--rate", "200/s", "--duration", "1s", "--warm-up", "1s", "--json"];
    let (exit, report, error) = said(folder.path(), &line);
    assert_eq!(exit, 0, "{error}");
    assert!(
        error.contains("warming up") && error.contains("measuring"),
        "progress goes to standard error: {error}"
    );
    let report: Value = serde_json::from_str(&report).unwrap();
    assert!(report["outcomes"]["ok"].as_u64().unwrap() > 100, "{report}");
    let file = report["file"].as_str().unwrap();
    assert!(file.starts_with(folder.path().to_str().unwrap()), "{file}");
    let (exit, table, _) = said(folder.path(), &["compare", file, file]);
    assert!(exit == 0 && table.contains("measured on http://127.0.0.1"), "{table}");
}

#[test]
fn ctrl_c_stops_early_and_keeps_what_was_measured() {
    let folder = tempfile::tempdir().unwrap();
    let nginx = Nginx::start(1_000);
    let url = format!("http://{}/", nginx.address);
    let line = [
        "run",
        "--url",
        &url,
        "--rate",
        "100/s",
        "--duration",
        "10m",
        "--warm-up",
        "0s",
        "--out",
        "part.json",
    ];
    let mut agent = command(folder.path(), &line);
    let agent = agent.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the agent starts");
    // Progress comes only every ten seconds in so long a run: there is nothing to wait for but the requests themselves.
    std::thread::sleep(Duration::from_secs(2));
    let stopped = Command::new("sh").args(["-c", &format!("kill -INT {}", agent.id())]).status().unwrap();
    assert!(stopped.success());
    let (exit, table, error) = streams(&agent.wait_with_output().unwrap());
    assert_eq!(exit, 130, "{error}");
    assert!(table.contains("stopped after") && table.contains("part.json"), "{table}");
    let run = Run::from_json(&std::fs::read_to_string(folder.path().join("part.json")).unwrap()).unwrap();
    assert!(run.outcomes().ok > 20, "{:?}", run.outcomes());
}
