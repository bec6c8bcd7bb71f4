//! Time travel: a simulation that was rewound goes on as one that never was.
use crate::design::{at, design, edges};
use loadpath_core::rng::Seed;
use loadpath_core::sim::{Command, Simulation, Tape};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Plan, check, lessons, three_tier};

fn tape(plan: &Plan, budget: usize) -> Tape {
    Tape::new(Simulation::new(plan, Seed(1)), Span::SECOND, budget)
}

const PLENTY: usize = 1 << 30;

#[test]
fn a_rewound_run_is_the_same_bit_for_bit_in_every_lesson() {
    for lesson in lessons::all() {
        let plan = check(&lesson.document()).unwrap();
        let mut tape = tape(&plan, PLENTY);
        tape.run_until(at(3.3));
        let early = tape.present().digest();
        tape.run_until(at(7.7));
        let late = tape.present().digest();
        tape.rewind(at(3.3));
        assert_eq!((tape.present().now(), tape.present().digest()), (at(3.3), early), "{}", lesson.id);
        tape.run_until(at(7.7));
        assert_eq!(tape.present().digest(), late, "{}", lesson.id);
    }
}

#[test]
fn what_was_done_before_is_done_again_and_what_was_done_after_is_forgotten() {
    let kill = Command::Kill { node: "web".to_owned(), instance: 0 };
    let restore = Command::Restore { node: "web".to_owned(), instance: 0 };
    let plan = check(&three_tier()).unwrap();
    let mut tape = tape(&plan, PLENTY);
    tape.run_until(at(1.2));
    tape.reset_statistics();
    tape.command(&kill).unwrap();
    tape.run_until(at(4.4));
    tape.command(&restore).unwrap();
    tape.run_until(at(8.0));
    let restored = tape.present().digest();
    // Half-way between the two: dead, and what is counted was reset.
    tape.rewind(at(2.5));
    assert!(!tape.present().snapshot().nodes[2].up[0]);
    tape.run_until(at(4.4));
    tape.command(&restore).unwrap();
    tape.run_until(at(8.0));
    assert_eq!(tape.present().digest(), restored);
    // At the instant of the restart it has not been restarted yet, and at that of the death nobody has died.
    tape.rewind(at(4.4));
    assert!(!tape.present().snapshot().nodes[2].up[0]);
    tape.rewind(at(1.2));
    assert!(tape.present().snapshot().nodes[2].up[0]);
    let mut never = Simulation::new(&plan, Seed(1));
    tape.run_until(at(5.0));
    never.run_until(at(5.0));
    assert_eq!(tape.present().digest(), never.digest());
}

#[test]
fn checkpoints_stay_within_their_memory_and_reach_back_to_the_beginning() {
    // A cache that fills: 50,000 entries of some 50 bytes in the end, and so a checkpoint of 3 MB.
    let nodes = r#"{"id": "web", "kind": "service", "workers": 4096, "service_time": "1ms"},
        {"id": "cache", "kind": "cache", "ttl": "1h", "capacity": 50000, "service_time": "0s"}"#;
    let workload = r#""rate": "5k/s", "classes": [{"name": "read", "keys": 100000, "skew": 0}]"#;
    let plan = design(nodes, &edges("users>web, web>cache"), workload, "");
    let budget = 8 << 20;
    let mut tape = tape(&plan, budget);
    for second in 1..=60u64 {
        tape.run_until(Time(second * Span::SECOND.0));
        assert!(tape.size() <= budget, "{} at {second} s", tape.size());
    }
    let (size, kept) = (tape.present().size(), tape.checkpoints().count());
    assert!(size > 2 << 20, "{size}");
    assert!((2..10).contains(&kept), "{kept}");
    let mut never = Simulation::new(&plan, Seed(1));
    never.run_until(at(0.5));
    tape.rewind(at(0.5));
    assert_eq!(tape.present().digest(), never.digest());
}
