//! Faults that are injected while a design runs, and requests that are found again afterwards.
use loadpath_core::rng::Seed;
use loadpath_core::run::Outcome;
use loadpath_core::sim::{Command, CommandFault, Ended, Replay, Simulation};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Happening, Plan, Topology, check, three_tier};

const SECOND: u64 = 1_000_000_000;

fn plan(document: &Topology) -> Plan {
    check(document).expect("the design has no faults")
}

fn cut(from: &str, to: &str) -> Command {
    Command::Cut { from: from.to_owned(), to: to.to_owned() }
}

fn join(from: &str, to: &str) -> Command {
    Command::Join { from: from.to_owned(), to: to.to_owned() }
}

#[test]
fn nothing_is_answered_over_a_cut_edge_until_it_is_joined_again() {
    let mut simulation = Simulation::new(&plan(&three_tier()), Seed(1));
    simulation.run_until(Time(5 * SECOND));
    simulation.command(&cut("users", "lb")).unwrap();
    assert!(simulation.snapshot().edges[0].cut);
    // The longest request that was under way has ended two seconds later: that is its users' patience.
    simulation.run_until(Time(8 * SECOND));
    simulation.reset_statistics();
    simulation.run_until(Time(10 * SECOND));
    let seen = simulation.snapshot();
    assert_eq!(seen.total.ok, 0, "{:?}", seen.total);
    // 400 a second for two seconds; the square root of 800 is 28, and four of it a bound.
    assert!(seen.total.errors().abs_diff(800) < 113, "{:?}", seen.total);
    assert!(seen.edges[0].error_share > 0.9, "{:?}", seen.edges[0]);
    simulation.command(&join("users", "lb")).unwrap();
    simulation.run_until(Time(13 * SECOND));
    simulation.reset_statistics();
    simulation.run_until(Time(15 * SECOND));
    let seen = simulation.snapshot();
    assert_eq!((seen.total.errors(), seen.edges[0].cut), (0, false));
    let fault = simulation.command(&cut("users", "web"));
    assert_eq!(fault, Err(CommandFault::NoSuchEdge("users".to_owned(), "web".to_owned())));
}

#[test]
fn an_answer_that_was_promised_before_the_cut_does_not_arrive() {
    // The database's answers are put on the agenda when the queries arrive, here five seconds ahead.
    let mut document = three_tier();
    document.nodes.iter_mut().filter(|node| node.id == "db").for_each(|node| {
        node.params.insert("read_time".to_owned(), "const 5s".into());
        node.params.insert("connections".to_owned(), loadpath_core::topology::Value::Number(16.0));
    });
    let mut simulation = Simulation::new(&plan(&document), Seed(1));
    simulation.run_until(Time(SECOND));
    simulation.command(&cut("web", "db")).unwrap();
    let answered = |simulation: &Simulation| {
        let run = simulation.run("");
        run.nodes.iter().find(|node| node.id == "db").unwrap().outcomes
    };
    let before = answered(&simulation);
    simulation.run_until(Time(8 * SECOND));
    let after = answered(&simulation);
    assert_eq!(after.ok, before.ok, "{after:?}");
    assert!(after.failed >= 16, "every connection was taken: {after:?}");
}

#[test]
fn a_cut_on_the_timeline_is_the_command_at_that_instant() {
    let mut document = three_tier();
    let params = [("from".to_owned(), "web".into()), ("to".to_owned(), "db".into())];
    document.timeline.push(Happening {
        at: "3s".to_owned(),
        action: "cut".to_owned(),
        params: params.into_iter().collect(),
    });
    let mut planned = Simulation::new(&plan(&document), Seed(3));
    planned.run_until(Time(6 * SECOND));
    let mut told = Simulation::new(&plan(&three_tier()), Seed(3));
    told.run_until(Time(3 * SECOND));
    told.command(&cut("web", "db")).unwrap();
    told.run_until(Time(6 * SECOND));
    assert_eq!(planned.digest(), told.digest());
}

#[test]
fn requests_that_were_written_down_are_found_again_with_the_same_commands() {
    let plan = plan(&three_tier());
    let mut simulation = Simulation::new(&plan, Seed(2));
    simulation.record_ended();
    let mut log = Vec::new();
    let mut ended: Vec<Ended> = Vec::new();
    for (at, command) in [
        (2_345_678_901, Command::Kill { node: "web".to_owned(), instance: 0 }),
        (3_000_000_000, Command::SetRate { rate: 900.0 }),
        (4_111_111_111, cut("web", "cache")),
    ] {
        simulation.run_until(Time(at));
        simulation.command(&command).unwrap();
        log.push((Time(at), command));
        simulation.take_ended(&mut ended);
    }
    simulation.run_until(Time(6 * SECOND));
    simulation.take_ended(&mut ended);
    let total: u64 = simulation.run("").outcomes().total();
    assert_eq!(ended.len() as u64, total);
    let mut numbers: Vec<u64> = ended.iter().map(|ended| ended.request).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), ended.len(), "each ends once");
    let slowest =
        ended.iter().filter(|ended| ended.outcome == Outcome::Ok).max_by_key(|e| e.response).unwrap();
    let failed = ended.iter().find(|ended| ended.outcome == Outcome::Refused).unwrap();
    let last = ended.iter().rev().find(|ended| ended.outcome == Outcome::Ok).unwrap();
    for wanted in [slowest, failed, last] {
        let until = wanted.at + Span::from_millis(10_000);
        let mut replay = Replay::new(&plan, Seed(2), log.clone(), wanted.request, until);
        while !replay.step(777) {}
        let trace = replay.trace().unwrap();
        assert_eq!(trace.response(), Some(wanted.response), "{wanted:?}");
        assert_eq!(trace.hops[0].outcome, Some(wanted.outcome), "{wanted:?}");
    }
}

#[test]
fn writing_down_changes_nothing() {
    let plan = plan(&three_tier());
    let run = |record: bool| {
        let mut simulation = Simulation::new(&plan, Seed(5));
        if record {
            simulation.record_ended();
        }
        simulation.run_until(Time(4 * SECOND));
        simulation.digest()
    };
    assert_eq!(run(true), run(false));
}
