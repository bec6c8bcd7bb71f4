//! Everything that can happen to a design, at its instant, from its timeline or by command; and what is told of it.
use crate::{Lab, counter, during, faults, is_poisson, node_of, plan};
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
use loadpath_core::sim::{Command, CommandFault, Simulation, Snapshot, simulate};
use loadpath_core::time::Span;
use loadpath_core::topology::{Place, catalog};

/// Something of every kind that something can happen to, and a timeline.
fn design(timeline: &str) -> String {
    format!(
        r#""zones":[{{"id":"west"}},{{"id":"east"}}],
        "nodes":[{{"id":"users","kind":"clients"}},{{"id":"lb","kind":"load_balancer"}},
        {{"id":"web","kind":"service","zone":"west","instances":3,"service_time":"exp 1ms","workers":64}},
        {{"id":"cache","kind":"cache","ttl":"1h"}},
        {{"id":"db","kind":"database","replicas":1,"zone":"east","connections":256,"replica_lag":"100ms","failover":"1s"}},
        {{"id":"queue","kind":"queue"}},{{"id":"crew","kind":"workers","service_time":"1ms"}}],
        "edges":[{{"from":"users","to":"lb"}},{{"from":"lb","to":"web"}},{{"from":"web","to":"cache"}},
        {{"from":"web","to":"db"}},{{"from":"web","to":"queue"}},{{"from":"queue","to":"crew"}}],
        "workload":{{"rate":"500/s","classes":[{{"name":"read","keys":50}},
        {{"name":"write","operation":"write","keys":50}},{{"name":"job","operation":"job"}}]}},
        "timeline":[{timeline}]"#
    )
}

fn strings(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, value)| format!(r#","{name}":"{value}""#)).collect()
}

/// Each action as a timeline says it, and as a command.
fn actions() -> Vec<(&'static str, String, Command)> {
    let id = str::to_owned;
    vec![
        ("kill", r#","node":"web","instance":2"#.to_owned(), Command::Kill { node: id("web"), instance: 1 }),
        (
            "restore",
            r#","node":"web","instance":2"#.to_owned(),
            Command::Restore { node: id("web"), instance: 1 },
        ),
        (
            "slow",
            r#","node":"web","instance":0,"factor":5"#.to_owned(),
            Command::Slow { node: id("web"), instance: None, factor: 5.0 },
        ),
        ("set_rate", strings(&[("rate", "900/s")]), Command::SetRate { rate: 900.0 }),
        ("flush", strings(&[("node", "cache")]), Command::Flush { node: id("cache") }),
        ("partition", strings(&[("zone", "east")]), Command::Partition { zone: id("east"), other: None }),
        ("cut", strings(&[("from", "web"), ("to", "db")]), Command::Cut { from: id("web"), to: id("db") }),
        ("join", strings(&[("from", "web"), ("to", "db")]), Command::Join { from: id("web"), to: id("db") }),
        (
            "heal",
            strings(&[("zone", "east"), ("other", "west")]),
            Command::Heal { zone: id("east"), other: Some(id("west")) },
        ),
        ("lose_zone", strings(&[("zone", "east")]), Command::LoseZone { zone: id("east") }),
        ("restore_zone", strings(&[("zone", "east")]), Command::RestoreZone { zone: id("east") }),
        ("promote", strings(&[("node", "db")]), Command::Promote { node: id("db"), shard: 0 }),
        (
            "add_shard",
            strings(&[("node", "db"), ("rate", "20/s")]),
            Command::AddShard { node: id("db"), rate: 20.0 },
        ),
        (
            "deploy",
            strings(&[("node", "web"), ("pause", "500ms")]),
            Command::Deploy { node: id("web"), pause_ns: Span::from_millis(500).0 },
        ),
    ]
}

#[test]
fn a_command_does_what_the_timeline_does_at_that_instant() {
    // At whole seconds balancers probe, and a command comes after that, a timeline before.
    let actions = actions();
    let names: Vec<&str> = actions.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, catalog::ACTIONS.iter().map(|action| action.name).collect::<Vec<_>>());
    let quiet = Lab::new(&design("")).run_to(8.0).simulation.digest();
    for (name, params, command) in &actions {
        // What brings something back needs something that is gone.
        let before = match *name {
            "restore" => r#"{"at":"1s","action":"kill","node":"web","instance":2},"#,
            "join" => r#"{"at":"1s","action":"cut","from":"web","to":"db"},"#,
            "heal" => r#"{"at":"1s","action":"partition","zone":"west"},"#,
            "restore_zone" => r#"{"at":"1s","action":"lose_zone","zone":"east"},"#,
            _ => "",
        };
        let mut planned =
            Lab::new(&design(&format!(r#"{before}{{"at":"3333ms","action":"{name}"{params}}}"#)));
        let mut told = Lab::new(&design(before.trim_end_matches(',')));
        planned.run_to(8.0);
        told.run_to(3.333).act(command).run_to(8.0);
        assert_eq!(planned.simulation.digest(), told.simulation.digest(), "{name}");
        assert_ne!(planned.simulation.digest(), quiet, "{name} did nothing");
    }
}

#[test]
fn a_kill_and_a_restore_happen_at_their_instants() {
    let timeline = r#"{"at":"2s","action":"restore","node":"web","instance":0},{"at":"1s","action":"kill","node":"web","instance":0}"#;
    let mut lab = Lab::new(&design(timeline));
    assert_eq!(lab.run_to(0.999_999).up("web"), [true; 3]);
    assert_eq!(lab.run_to(1.0).up("web"), [false; 3]);
    assert_eq!(lab.run_to(1.999_999).up("web"), [false; 3]);
    assert_eq!(lab.run_to(2.0).up("web"), [true; 3]);
}

#[test]
fn a_killed_start_is_over_and_begins_anew() {
    let text = design("").replace(r#""instances":3"#, r#""instances":3,"start_time":"2s""#);
    let mut lab = Lab::new(&text);
    lab.run_to(1.0).kill("web", 0).restore("web", 0).run_to(2.0).kill("web", 0);
    assert_eq!(lab.run_to(3.5).up("web"), [false, true, true]);
    lab.restore("web", 0).run_to(4.0).restore("web", 0);
    assert_eq!(lab.run_to(5.49).up("web"), [false, true, true]);
    assert_eq!(lab.run_to(5.51).up("web"), [true; 3]);
}

#[test]
fn a_slow_instance_takes_so_many_times_longer_and_mends() {
    let text = r#""nodes":[{"id":"users","kind":"clients"},{"id":"web","kind":"service","service_time":"1ms","workers":64}],
        "edges":[{"from":"users","to":"web","latency":"0s"}],"workload":{"rate":"100/s","classes":[{"name":"read"}]},
        "timeline":[{"at":"10s","action":"slow","node":"web","factor":20},{"at":"20s","action":"slow","node":"web","factor":1}]"#;
    let mut lab = Lab::new(text);
    for (until, seconds) in [(9.9, 0.001), (19.9, 0.02), (29.9, 0.001)] {
        let mean = lab.run_to(until).run().response().mean().as_secs();
        assert!((mean / seconds - 1.0).abs() < 0.01, "{until} {mean}");
        lab.run_to(until + 0.15).reset();
    }
}

#[test]
fn the_rate_changes_at_its_instant() {
    let timeline =
        r#"{"at":"5s","action":"set_rate","rate":"2k/s"},{"at":"10s","action":"set_rate","rate":"100/s"}"#;
    let run = Lab::ran(&design(timeline), 15.0);
    for (seconds, rate) in [(0..5, 500.0), (5..10, 2_000.0), (10..15, 100.0)] {
        let offered: u64 = run.series[seconds].iter().map(|second| second.offered).sum();
        assert!(is_poisson(offered, 5.0 * rate), "{offered} {rate}");
    }
}

#[test]
fn what_cannot_happen_is_a_fault_at_its_place_and_field() {
    let cases = [
        (r#"{"at":"soon","action":"kill","node":"web"}"#, "at"),
        (r#"{"at":"1s","action":"explode"}"#, "action"),
        (r#"{"at":"1s","action":"kill","node":"nobody"}"#, "node"),
        (r#"{"at":"1s","action":"kill","node":"users"}"#, "node"),
        (r#"{"at":"1s","action":"kill","node":"web","instance":4}"#, "instance"),
        (r#"{"at":"1s","action":"slow","node":"web","factor":0}"#, "factor"),
        (r#"{"at":"1s","action":"set_rate","rate":"0/s"}"#, "rate"),
        (r#"{"at":"1s","action":"flush","node":"db"}"#, "node"),
        (r#"{"at":"1s","action":"partition","zone":"north"}"#, "zone"),
        (r#"{"at":"1s","action":"partition"}"#, "zone"),
        (r#"{"at":"1s","action":"heal","zone":"west","other":"north"}"#, "other"),
        (r#"{"at":"1s","action":"lose_zone","zone":"north"}"#, "zone"),
        (r#"{"at":"1s","action":"promote","node":"db","shard":2}"#, "shard"),
        (r#"{"at":"1s","action":"add_shard","node":"web"}"#, "node"),
        (r#"{"at":"1s","action":"deploy","node":"db"}"#, "node"),
        (r#"{"at":"1s","action":"deploy","node":"web","pause":"0s"}"#, "pause"),
        (r#"{"at":"1s","action":"kill","node":"web","speed":1}"#, "speed"),
    ];
    for (timeline, field) in cases {
        let faults = faults(&design(timeline));
        assert_eq!(faults.len(), 1, "{timeline} {faults:?}");
        assert_eq!(
            (&faults[0].place, faults[0].field.as_deref()),
            (&Place::Timeline(0), Some(field)),
            "{timeline}"
        );
    }
}

#[test]
fn a_command_that_cannot_be_carried_out_changes_nothing() {
    let mut simulation = Simulation::new(&plan(&design("")), Seed(1));
    let before = simulation.digest();
    let (web, nobody) = ("web".to_owned(), "nobody".to_owned());
    let cases = [
        (Command::Kill { node: nobody.clone(), instance: 0 }, CommandFault::NoSuchNode(nobody.clone())),
        (Command::Kill { node: web.clone(), instance: 3 }, CommandFault::NoSuchInstance(web.clone(), 3)),
        (Command::SetRate { rate: -1.0 }, CommandFault::BadRate(-1.0)),
        (Command::Slow { node: web.clone(), instance: None, factor: 1e9 }, CommandFault::BadFactor(1e9)),
        (Command::LoseZone { zone: nobody.clone() }, CommandFault::NoSuchZone(nobody)),
        (Command::Flush { node: web.clone() }, CommandFault::WrongKind(web.clone(), "a cache or a CDN")),
        (
            Command::Promote { node: "db".to_owned(), shard: 9 },
            CommandFault::WrongKind("db".to_owned(), "a database with replicas and one primary"),
        ),
        (Command::AddShard { node: web.clone(), rate: 1.0 }, CommandFault::WrongKind(web, "a database")),
    ];
    for (command, fault) in cases {
        assert_eq!(simulation.command(&command), Err(fault));
    }
    assert_eq!(simulation.digest(), before);
}

#[test]
fn runs_snapshots_and_commands_read_back_as_they_were_written() {
    let timeline =
        r#"{"at":"1s","action":"kill","node":"db","instance":1},{"at":"2s","action":"promote","node":"db"}"#;
    let run = simulate(&plan(&design(timeline)), Seed(3), Span::SECOND, Span::from_millis(4_000));
    assert!(counter(&run, "queue", "published") > 0 && counter(&run, "db", "promotions") == 1);
    assert_eq!(Run::from_json(&run.to_json()).unwrap(), run);
    let snapshot = Lab::new(&design(timeline)).run_to(5.0).simulation.snapshot();
    assert!(snapshot.nodes.iter().any(|node| !node.counters.is_empty()));
    let text = serde_json::to_string(&snapshot).unwrap();
    assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot);
    for (.., command) in actions() {
        let text = serde_json::to_string(&command).unwrap();
        assert_eq!(serde_json::from_str::<Command>(&text).unwrap(), command);
    }
}

#[test]
fn the_same_seed_gives_the_same_run_and_a_fork_goes_its_own_way() {
    let everything: Vec<String> = actions()
        .iter()
        .enumerate()
        .map(|(i, (name, params, _))| format!(r#"{{"at":"{}ms","action":"{name}"{params}}}"#, 700 * (i + 1)))
        .collect();
    let text = design(&everything.join(","));
    let run = |seed| Lab::with_seed(&text, seed).run_to(10.0).simulation.digest();
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
    let mut lab = Lab::new(&text);
    let mut fork = lab.run_to(4.0).simulation.clone();
    fork.command(&Command::SetRate { rate: 1.0 }).unwrap();
    fork.run_until(lab.simulation.now() + Span::from_millis(4_000));
    lab.run_to(8.0);
    assert_ne!(fork.digest(), lab.simulation.digest());
    assert_eq!(lab.simulation.digest(), Lab::new(&text).run_to(8.0).simulation.digest());
    assert!(during(&lab.run(), 0, 8).ok > 0 && node_of(&lab.run(), "web").outcomes.total() > 0);
}
