//! A whole live run from the command line: its counts agree with one another, and nobody is faster than what it waits for.
use super::{design, written};
use crate::attack::TURN;
use crate::browser::built_loadgen;
use loadpath_core::run::{NodeRun, Run};
use loadpath_core::topology::Topology;
use std::process::{Command, Output};

pub(super) fn loadgen(folder: &std::path::Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(built_loadgen());
    command.args(arguments).current_dir(folder).env("XDG_DATA_HOME", folder).env("TMPDIR", folder);
    command.output().expect("the agent starts")
}

fn node<'r>(run: &'r Run, id: &str) -> &'r NodeRun {
    run.nodes.iter().find(|node| node.id == id).unwrap_or_else(|| panic!("{id} was not measured"))
}

#[test]
fn the_counts_of_a_run_agree_and_callers_take_longer_than_callees() {
    let _turn = TURN.blocking_lock();
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), &design("200/s"));
    let output =
        loadgen(folder.path(), &["run", &file, "--duration", "4s", "--warm-up", "1s", "--out", "run.json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let run = Run::from_json(&std::fs::read_to_string(folder.path().join("run.json")).unwrap()).unwrap();

    let total = run.outcomes().total();
    // 800 expected with a standard deviation of 28.
    assert!((660..=940).contains(&total), "{total}");
    assert_eq!(run.outcomes().errors(), 0, "{:?}", run.notes);
    let [lb, web, cache, db] = ["lb", "web", "cache", "db"].map(|id| node(&run, id));
    assert_eq!((lb.outcomes.ok, web.outcomes.ok), (total, total), "each request passes both once");
    let (reads, writes) = (run.classes[0].outcomes.ok, run.classes[1].outcomes.ok);
    let misses = db.outcomes.ok - writes;
    let hit_ratio = cache.hit_ratio.expect("a cache was looked into");
    assert!(
        (hit_ratio - (1.0 - misses as f64 / reads as f64)).abs() < 1e-9,
        "{hit_ratio}: {misses} of {reads}"
    );
    // Lookups, deletes, and the fills, which a later answer reports: those of the end have none, and the warm-up's last
    // ones are reported in the run.
    let fills = cache.outcomes.ok - reads - writes;
    assert!(fills.abs_diff(misses) <= 8, "{fills} fills after {misses} misses");
    assert_eq!([lb, web, cache, db].map(|node| node.outcomes.errors()), [0; 4]);

    // Callers wait for their callees in turn; histograms of nodes keep two digits.
    let mean = |node: &NodeRun| node.response.mean().as_secs() * node.outcomes.total() as f64 / total as f64;
    assert!(mean(lb) > mean(web) * 0.99, "{} {}", mean(lb), mean(web));
    let waited_for = db.response.mean().as_secs() * db.outcomes.ok as f64 / total as f64;
    assert!(mean(web) > waited_for, "{} {waited_for}", mean(web));
    // The law is the least that it takes: 1 ms of its own, at least 200 us there and back.
    assert!(mean(web) > 1.2e-3 * 0.9, "{}", mean(web));
    for node in [lb, web, cache, db] {
        let utilization = node.utilization.unwrap_or_else(|| panic!("{} was not asked", node.id));
        assert!(utilization > 0.0 && utilization < 0.5, "{}: {utilization}", node.id);
    }
    // Little's law on the web tier's workers: what is in them is what arrives times how long it stays. The polls are a
    // few milliseconds off the ends of the run.
    let busy = web.utilization.unwrap() * 16.0;
    let stays = (web.response.mean().as_secs() - web.wait.mean().as_secs()) * run.achieved_rate();
    assert!(busy < stays && busy > 0.5 * stays, "{busy} workers are taken, {stays} requests are in the tier");
}

#[test]
fn what_cannot_be_run_is_refused_in_a_sentence_before_anything_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let refuse = |command: &str, change: &dyn Fn(&mut Topology), says: &str| {
        let mut document = design("100/s");
        change(&mut document);
        let output = loadgen(folder.path(), &[command, &written(folder.path(), &document)]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(says), "{error}");
    };
    let set = |node: usize, name: &'static str, value: f64| {
        move |document: &mut Topology| drop(document.nodes[node].params.insert(name.to_owned(), value.into()))
    };
    for command in ["run", "up"] {
        refuse(command, &set(2, "instances", 140.0), "at most 128 can be brought up");
        refuse(command, &set(2, "workers", -1.0), "node \"web\", workers: -1 is not a whole number");
        refuse(
            command,
            &|document| document.edges[1].to = "nobody".to_owned(),
            "there is no node \"nobody\"",
        );
    }
    let output = loadgen(folder.path(), &["up", "missing.json"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && error.contains("missing.json"), "{error}");
}
