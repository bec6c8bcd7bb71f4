//! What is due, and when: the schedule that the simulator shares, bent by the attack's [`Shape`].
use super::Attack;
use super::shape::{Inverse, Shape};
use loadpath_core::time::{Span, Time};
use loadpath_core::workload::{Arrivals, Planned, Schedule};
use std::sync::Arc;

/// The planned requests of an attack, in order. The same seed gives the same ones.
#[derive(Clone, Debug)]
pub struct Plan {
    schedule: Schedule,
    course: Course,
}

/// Which of the planned requests are sent here, when others send the rest: every `of`-th, from `number` on. All shares together
/// are the plan, each request of it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Below `of`.
    number: u32,
    /// At least one.
    of: u32,
}

impl Share {
    /// All of it.
    pub const WHOLE: Self = Self { number: 0, of: 1 };

    /// The share of this number, counted from zero, of so many; none when there is no such share.
    pub const fn new(number: u32, of: u32) -> Option<Self> {
        if number < of { Some(Self { number, of }) } else { None }
    }

    /// Its place among the others, and how many there are.
    pub const fn place(self) -> (u32, u32) {
        (self.number, self.of)
    }

    /// How much of the load it is, in (0, 1].
    pub fn part(self) -> f64 {
        1.0 / f64::from(self.of)
    }

    /// The number among all users of the one who is `own`-th here: every share has every `of`-th.
    pub const fn user(self, own: usize) -> usize {
        self.number as usize + own * self.of as usize
    }

    /// Whether the user of this number is among its own.
    pub const fn has_user(self, number: u32) -> bool {
        number % self.of == self.number
    }

    /// How many of `all` things it gets, where one is left over to some: together they get all.
    pub const fn count(self, all: usize) -> usize {
        all / self.of as usize + ((self.number as usize) < all % self.of as usize) as usize
    }
}

#[derive(Clone, Debug)]
enum Course {
    /// As the schedule says.
    Flat,
    /// The schedule runs at one per second, and the inverse of the integral says when that is.
    Bent(Inverse),
    /// The schedule's rate is changed on the way, as the simulator does it.
    Changing { next: Option<Planned>, changes: std::vec::IntoIter<(Time, f64)>, change: Option<(Time, f64)> },
    /// The times were recorded; the schedule says what is asked.
    Recorded { offsets: Arc<[Span]>, place: usize },
}

impl Plan {
    /// Of this attack, from its start.
    pub fn new(attack: &Attack) -> Self {
        let arrivals = match attack.shape {
            Shape::Pieces(_) => Arrivals { rate: 1.0, ..attack.arrivals },
            _ => attack.arrivals,
        };
        let schedule = Schedule::new(arrivals, &attack.classes, attack.users, attack.seed, &attack.source);
        let course = match &attack.shape {
            Shape::Flat => Course::Flat,
            Shape::Pieces(pieces) => Course::Bent(Inverse::new(pieces.clone())),
            Shape::Changes(changes) => {
                let mut changes = changes.clone().into_iter();
                Course::Changing { next: None, change: changes.next(), changes }
            }
            Shape::Trace(offsets) => Course::Recorded { offsets: Arc::clone(offsets), place: 0 },
        };
        Self { schedule, course }
    }

    /// Those of a share, in order. The others are drawn too, some ten nanoseconds each, so that all agree on the plan.
    pub fn share(self, share: Share) -> impl Iterator<Item = Planned> {
        self.skip(share.number as usize).step_by(share.of as usize)
    }
}

impl Iterator for Plan {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        match &mut self.course {
            Course::Flat => self.schedule.next(),
            Course::Bent(inverse) => {
                let planned = self.schedule.next()?;
                let due = inverse.when(planned.due.as_secs())?;
                Some(Planned { due, ..planned })
            }
            Course::Changing { next, changes, change } => {
                let mut planned = next.take().or_else(|| self.schedule.next())?;
                while let Some((at, rate)) = *change
                    && at <= planned.due
                {
                    // A change to the same rate changes nothing, and must not round the gap anew.
                    if rate != self.schedule.arrivals().rate {
                        planned.due = self.schedule.set_rate(at, rate);
                    }
                    *change = changes.next();
                }
                Some(planned)
            }
            Course::Recorded { offsets, place } => {
                let due = Time::ZERO + *offsets.get(*place)?;
                *place += 1;
                Some(self.schedule.ask(due, 0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{Curve, Paths, Piece, Target};
    use loadpath_core::rng::Seed;
    use loadpath_core::workload::{Class, Spacing};

    fn secs(n: u64) -> Span {
        Span(n * Span::SECOND.0)
    }

    fn attack(spacing: Spacing, shape: Shape) -> Attack {
        Attack {
            name: "plan".to_owned(),
            target: Target::plain(([127, 0, 0, 1], 1).into(), Paths::Plain("/".to_owned())),
            manner: crate::attack::Manner::default(),
            arrivals: Arrivals { spacing, rate: 100.0 },
            shape,
            closed: None,
            classes: vec![Class::named("a")],
            users: 1,
            source: "clients".to_owned(),
            seed: Seed(7),
            warm_up: Span::ZERO,
            duration: secs(10),
            timeout: secs(1),
            connections: 1,
            nodes: Vec::new(),
            entry: None,
        }
    }

    fn shapes() -> [Shape; 4] {
        let sine = Curve::Sine { low: 100.0, high: 900.0, period: secs(4) };
        [
            Shape::Pieces(vec![Piece::line(secs(10), 100.0, 2_000.0)]),
            Shape::Pieces(
                (1..=5).map(|n| Piece::line(secs(2), f64::from(n) * 100.0, f64::from(n) * 100.0)).collect(),
            ),
            Shape::Pieces(vec![
                Piece::line(secs(4), 100.0, 100.0),
                Piece::line(secs(2), 2_000.0, 2_000.0),
                Piece::line(secs(4), 100.0, 100.0),
            ]),
            Shape::Pieces(vec![Piece { length: secs(10), curve: sine }]),
        ]
    }

    #[test]
    fn evenly_planned_counts_are_the_integral_in_every_half_second() {
        for shape in shapes() {
            let due: Vec<Time> =
                Plan::new(&attack(Spacing::Constant, shape.clone())).map(|p| p.due).collect();
            for half in 1..=20 {
                let until = Span::from_millis(500 * half);
                let planned = due.partition_point(|due| *due <= Time::ZERO + until);
                let expected = shape.integral(until, 0.0);
                // Exactly its whole part, where that is not in doubt by rounding.
                let off = expected - planned as f64;
                assert!(
                    (-1e-3..1.0 + 1e-3).contains(&off),
                    "{shape}: {planned} for {expected} until {until}"
                );
            }
        }
    }

    #[test]
    fn random_plans_hold_the_integral_within_four_deviations_and_come_from_the_seed() {
        for shape in shapes() {
            let one = attack(Spacing::Poisson, shape.clone());
            let due: Vec<Planned> = Plan::new(&one).collect();
            assert_eq!(due, Plan::new(&one).collect::<Vec<_>>());
            assert_ne!(due, Plan::new(&Attack { seed: Seed(8), ..one }).collect::<Vec<_>>());
            for second in 1..=10 {
                let expected = shape.integral(secs(second), 0.0);
                let planned = due.partition_point(|p| p.due <= Time::ZERO + secs(second)) as f64;
                assert!(
                    (planned - expected).abs() <= 4.0 * expected.sqrt(),
                    "{shape}: {planned} for {expected}"
                );
            }
        }
    }

    #[test]
    fn shares_together_are_the_plan_and_everything_else_is_dealt_without_rest() {
        for shape in shapes() {
            let one = attack(Spacing::Poisson, shape);
            let whole: Vec<Planned> = Plan::new(&one).take(1_000).collect();
            for of in [1, 3, 7] {
                let shares = (0..of).map(|number| Share::new(number, of).unwrap());
                let mut dealt: Vec<Planned> = shares
                    .clone()
                    .flat_map(|share| {
                        let last = whole.last().unwrap().due;
                        Plan::new(&one).share(share).take_while(move |planned| planned.due <= last)
                    })
                    .collect();
                dealt.sort_by_key(|planned| planned.due);
                assert_eq!(dealt, whole, "{of} shares");
                assert_eq!(shares.map(|share| share.count(64)).sum::<usize>(), 64);
            }
        }
        assert_eq!(Share::new(3, 3), None);
    }

    #[test]
    fn changes_of_a_timeline_are_those_of_an_even_plan_and_a_trace_is_what_was_recorded() {
        let changes = Shape::Changes(vec![(Time(secs(2).0), 10.0), (Time(secs(4).0), 1_000.0)]);
        let due: Vec<Time> = Plan::new(&attack(Spacing::Constant, changes.clone()))
            .map(|planned| planned.due)
            .take_while(|due| *due < Time(secs(6).0))
            .collect();
        assert!((due.len() as f64 - changes.integral(secs(6), 100.0)).abs() <= 1.0, "{}", due.len());
        assert!(due.is_sorted());
        let offsets: Arc<[Span]> = [3, 5, 5, 900].map(Span::from_millis).into();
        let trace = attack(Spacing::Poisson, Shape::Trace(Arc::clone(&offsets)));
        let due: Vec<Span> = Plan::new(&trace).map(|planned| planned.due.since(Time::ZERO)).collect();
        assert_eq!(due, offsets.to_vec());
    }
}
