//! The autoscaler beside a twin that remembers everything, and before a queue that it must drain.
use super::*;
use crate::component::scaling::Step;
use crate::rng::Seed;

const fn seconds(n: u64) -> Span {
    Span(n * 1_000_000_000)
}

fn at(n: u64) -> Time {
    Time::ZERO + seconds(n)
}

fn half() -> Policy {
    Policy::TargetTracking(TargetTracking { target: 0.5, tolerance: 0.0 })
}

fn see(instances: u16, value: f64) -> Observed {
    Observed { instances, value }
}

/// The twin: the whole history, searched at each decision.
struct Twin {
    limits: Limits,
    desired: u16,
    needs: Vec<(Time, u16)>,
    /// When, and by how many.
    changes: Vec<(Time, i32)>,
}

impl Twin {
    fn decide(&mut self, now: Time, needed: u16) -> u16 {
        let Limits { min, max, warm_up, cooldown_out, cooldown_in, stabilisation } = self.limits;
        let needed = needed.clamp(min, max);
        self.needs.push((now, needed));
        let recent = |change: &&(Time, i32), span: Span| now.0 < change.0.0 + span.0;
        let outs = || self.changes.iter().filter(|change| change.1 > 0);
        let next = if needed > self.desired {
            if outs().any(|change| recent(&change, cooldown_out)) { self.desired } else { needed }
        } else {
            let most =
                self.needs.iter().filter(|(at, _)| at.0 + stabilisation.0 >= now.0).map(|need| need.1).max();
            let held = outs().any(|change| recent(&change, warm_up))
                || self.changes.iter().any(|change| recent(&change, cooldown_in));
            if held { self.desired } else { most.unwrap().min(self.desired) }
        };
        if next != self.desired {
            self.changes.push((now, i32::from(next) - i32::from(self.desired)));
        }
        self.desired = next;
        next
    }
}

#[test]
fn it_decides_what_the_whole_history_does() {
    for (warm_up, cooldown_out, cooldown_in, stabilisation) in
        [(0, 0, 0, 0), (5, 0, 3, 8), (3, 4, 9, 0), (7, 2, 0, 20)]
    {
        let spans = [warm_up, cooldown_out, cooldown_in, stabilisation].map(Span);
        let [warm_up, cooldown_out, cooldown_in, stabilisation] = spans;
        let limits = Limits { min: 2, max: 30, warm_up, cooldown_out, cooldown_in, stabilisation };
        let policy = Policy::QueueDepth(QueueDepth { per_instance: 10.0 });
        let mut scaler = Autoscaler::new(policy, limits, 5);
        let mut twin = Twin { limits, desired: 5, needs: Vec::new(), changes: Vec::new() };
        let mut rng = Seed(warm_up.0).stream("scaling");
        let (mut now, mut backlog) = (0, 50.0f64);
        for _ in 0..2_000 {
            now += rng.below(4);
            backlog = (backlog + rng.unit() * 80.0 - 40.0).clamp(0.0, 400.0);
            let decision = scaler.decide(Time(now), see(0, backlog));
            assert_eq!(decision.desired, twin.decide(Time(now), (backlog / 10.0).ceil() as u16), "at {now}");
            scaler.check();
        }
    }
}

#[test]
fn what_is_starting_is_not_asked_for_again() {
    let limits = Limits { warm_up: seconds(60), ..Limits::between(1, 100) };
    let mut scaler = Autoscaler::new(half(), limits, 4);
    // Four instances are full until the other four have started, whenever it is asked.
    for second in [0, 10, 20, 59] {
        assert_eq!(scaler.decide(at(second), see(4, 1.0)).desired, 8);
        assert_eq!(scaler.capacity(at(second)), 4);
    }
    assert_eq!(scaler.capacity(at(60)), 8);
    // More load than was thought, meanwhile: only the difference is added.
    assert_eq!(scaler.decide(at(60), see(8, 0.75)).desired, 12);

    let steps = vec![Step { from: 0.7, change: 2 }, Step { from: 0.9, change: 5 }];
    let mut scaler = Autoscaler::new(Policy::StepScaling(StepScaling::new(steps)), limits, 10);
    let desired: Vec<u16> = [0.8, 0.8, 0.95, 0.5]
        .iter()
        .zip(0..)
        .map(|(&value, i)| scaler.decide(at(i), see(10, value)).desired)
        .collect();
    assert_eq!(desired, [12, 12, 15, 15]);
    assert_eq!(scaler.decide(at(70), see(15, 0.8)).desired, 17);
}

#[test]
fn each_hold_says_what_it_is() {
    let limits = Limits {
        warm_up: seconds(30),
        cooldown_out: seconds(60),
        cooldown_in: seconds(120),
        stabilisation: seconds(300),
        ..Limits::between(2, 10)
    };
    let mut scaler = Autoscaler::new(half(), limits, 4);
    let mut decide = |second, value| {
        let decision = scaler.decide(at(second), see(4, value));
        (decision.desired, decision.held)
    };
    assert_eq!(decide(0, 0.75), (6, None));
    assert_eq!(decide(10, 1.0), (6, Some(Held::Cooldown)));
    assert_eq!(decide(20, 0.1), (6, Some(Held::WarmUp)));
    assert_eq!(decide(60, 3.0), (10, Some(Held::Limit)));
    assert_eq!(decide(100, 0.1), (10, Some(Held::Cooldown)));
    assert_eq!(decide(180, 0.1), (10, Some(Held::Stabilisation)));
    assert_eq!(decide(360, 0.1), (10, Some(Held::Stabilisation)));
    assert_eq!(decide(361, f64::NAN), (10, None));
    assert_eq!(decide(700, 0.1), (2, Some(Held::Limit)));
}

/// When the backlog of 2,000 jobs a second for 80 workers of 20 a second is gone, in seconds; `None` if it still is
/// there after 1,000. At 100 s, when 40,000 wait, it is first looked at, and asks for the most workers there may be,
/// 140, which take 20 s to start.
fn drained(stabilisation: Span) -> Option<u64> {
    let limits = Limits { warm_up: seconds(20), stabilisation, ..Limits::between(80, 140) };
    let policy = Policy::QueueDepth(QueueDepth { per_instance: 40_000.0 / 140.0 });
    let mut scaler = Autoscaler::new(policy, limits, 80);
    let mut backlog = 0.0f64;
    for second in 0..1_000 {
        if second >= 100 {
            scaler.decide(at(second), see(80, backlog));
        }
        backlog += 2_000.0 - 20.0 * f64::from(scaler.capacity(at(second)));
        if backlog <= 0.0 {
            return Some(second + 1);
        }
    }
    None
}

#[test]
fn it_drains_an_overload_in_the_fluid_limits_time_unless_it_scales_in_too_soon() {
    // 400 a second too many for 120 s make 48,000, and 800 a second of spare capacity drain them in 60 s (fluid limit:
    // Newell 1982).
    assert_eq!(drained(seconds(100)), Some(180));
    // Who follows the backlog down stops where the workers just keep up, 100 of them, and keeps a backlog of 28,571.
    assert_eq!(drained(Span::ZERO), None);
}
