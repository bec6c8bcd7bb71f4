//! Data centers: lost, cut off, and sharing the load.
use crate::{Lab, class_of, during, is_share};
use loadpath_core::sim::Command;

const ZONES: &str =
    r#""zones":[{"id":"west"},{"id":"east"}],"round_trips":[{"from":"west","to":"east","time":"60ms"}],"#;

/// A service in the west with a near database, and one across.
fn across(edge: &str) -> String {
    format!(
        r#"{ZONES}"nodes":[{{"id":"users","kind":"clients","zone":"west"}},
        {{"id":"app","kind":"service","zone":"west","workers":4096,"service_time":"0s"}},
        {{"id":"near","kind":"database","zone":"west","read_time":"0s"}},
        {{"id":"far","kind":"database","zone":"east","read_time":"0s","connections":4096}}],
        "edges":[{{"from":"users","to":"app","latency":"0s"}},
        {{"from":"app","to":"near","latency":"0s","classes":"inside"}},
        {{"from":"app","to":"far","latency":"0s","classes":"outside"{edge}}}],
        "workload":{{"rate":"200/s","classes":[{{"name":"inside"}},{{"name":"outside"}}]}}"#
    )
}

fn partition(lab: &mut Lab) -> &mut Lab {
    lab.act(&Command::Partition { zone: "west".to_owned(), other: Some("east".to_owned()) })
}

#[test]
fn a_partition_fails_what_crosses_it_after_the_timeout_and_nothing_else() {
    // Without a timeout a connection is given up after a second.
    for (edge, seconds) in [(r#","timeout":"300ms""#, 0.3), ("", 1.0)] {
        let mut lab = Lab::new(&across(edge));
        lab.run_to(5.0);
        let whole = lab.run();
        assert_eq!(whole.outcomes().errors(), 0);
        assert!((whole.classes[1].response.mean().as_secs() / 0.06 - 1.0).abs() < 0.01);
        partition(&mut lab).run_to(6.5).reset().run_to(12.0);
        let cut = lab.run();
        assert_eq!(class_of(&cut, "inside").errors(), 0);
        assert_eq!(class_of(&cut, "outside").ok, 0);
        // Failed by the service, which tells its users at once.
        let response = cut.classes[1].response.mean().as_secs();
        assert!((response / seconds - 1.0).abs() < 0.01, "{response}");
        lab.act(&Command::Heal { zone: "west".to_owned(), other: None }).run_to(14.0).reset().run_to(16.0);
        assert_eq!(lab.run().outcomes().errors(), 0);
    }
}

#[test]
fn a_zone_that_is_lost_takes_all_its_nodes_and_brings_them_back() {
    let mut lab = Lab::new(&across(""));
    lab.run_to(2.0).act(&Command::LoseZone { zone: "east".to_owned() });
    assert_eq!((lab.up("far"), lab.up("near"), lab.up("app")), (vec![false], vec![true], vec![true]));
    lab.run_to(3.0).reset().run_to(4.0);
    assert_eq!((class_of(&lab.run(), "inside").errors(), class_of(&lab.run(), "outside").ok), (0, 0));
    lab.act(&Command::RestoreZone { zone: "east".to_owned() }).run_to(5.0).reset().run_to(6.0);
    assert_eq!(lab.run().outcomes().errors(), 0);
}

/// Two data centers with a balancer and two services each, users in both.
fn centers(policy: &str) -> String {
    let center = |zone: &str, id: &str| {
        format!(
            r#"{{"id":"lb-{id}","kind":"load_balancer","zone":"{zone}","instances":2,"service_time":"0s"}},
            {{"id":"web-{id}","kind":"service","zone":"{zone}","instances":2,"workers":4096,"service_time":"1ms"}}"#
        )
    };
    format!(
        r#"{ZONES}"nodes":[{{"id":"users-w","kind":"clients","zone":"west","share":3}},
        {{"id":"users-e","kind":"clients","zone":"east"}},
        {{"id":"dns","kind":"dns","policy":"{policy}","ttl":"5s","check_interval":"1s","fall":2}},
        {},{}],
        "edges":[{{"from":"users-w","to":"dns"}},{{"from":"users-e","to":"dns"}},
        {{"from":"dns","to":"lb-w"}},{{"from":"dns","to":"lb-e"}},
        {{"from":"lb-w","to":"web-w"}},{{"from":"lb-e","to":"web-e"}}],
        "workload":{{"rate":"1k/s","classes":[{{"name":"read"}}]}},
        "timeline":[{{"at":"20s","action":"lose_zone","zone":"west"}},
        {{"at":"60s","action":"restore_zone","zone":"west"}}]"#,
        center("west", "w"),
        center("east", "e")
    )
}

#[test]
fn active_passive_serves_from_one_and_moves_everybody_when_it_is_lost() {
    let mut lab = Lab::new(&centers("failover"));
    lab.run_to(19.0);
    assert_eq!((lab.calls("lb-e"), lab.run().outcomes().errors()), (0, 0));
    let run = lab.run_to(60.0).run();
    // Two probes, then at most a time to live; answers of the 21st second are counted in it.
    let outage = run.series.iter().filter(|second| second.outcomes.errors() > 0).count();
    assert!((2..=8).contains(&outage), "{outage}");
    assert_eq!(during(&run, 28, 60).errors(), 0);
    let before = lab.calls("lb-e");
    lab.run_to(75.0).reset().run_to(80.0);
    // Everybody is back.
    assert!(before > 30_000 && lab.calls("lb-e") == 0 && lab.run().outcomes().errors() == 0);
}

#[test]
fn active_active_serves_each_zone_near_by_and_takes_over_for_the_other() {
    let mut lab = Lab::new(&centers("geo"));
    let run = lab.run_to(19.0).run();
    let (west, all) = (lab.calls("lb-w"), run.outcomes().ok);
    assert!(is_share(west as f64 / all as f64, 0.75, all) && run.outcomes().errors() == 0);
    // Nobody goes across: 60 ms would show.
    assert!(run.response().quantile(0.99).as_secs() < 0.05, "{:?}", run.response().quantile(0.99));
    let run = lab.run_to(30.0).reset().run_to(59.0).run();
    assert!(run.outcomes().errors() == 0 && lab.calls("lb-w") == 0);
    // Three users of four are 60 ms away now.
    let response = run.response();
    assert!(response.quantile(0.5).as_secs() > 0.06 && response.quantile(0.2).as_secs() < 0.05);
    // The west's outage harmed the west alone: a quarter was served throughout.
    let served = during(&run, 21, 22);
    assert!(is_share(served.ok as f64 / served.total() as f64, 0.25, served.total()), "{served:?}");
}
