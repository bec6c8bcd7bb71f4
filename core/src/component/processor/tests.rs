//! The processor beside a twin that touches every job at every step, beside exact sharing, and beside queueing theory.
use super::*;
use crate::math;
use crate::rng::{Rng, Seed};
use crate::stats::{Batches, Moments};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The twin: what is left of each job, taken off all of them at every step. Jobs are in order of arrival; the first
/// `limit` run.
struct Twin {
    cores: u64,
    speed: u128,
    limit: usize,
    /// With what is left in 2^-48 ns.
    jobs: Vec<(u32, u128)>,
    since: u64,
    used: u128,
}

impl Twin {
    fn new(cores: u64, limit: usize) -> Self {
        Self { cores, speed: 1 << 48, limit, jobs: Vec::new(), since: 0, used: 0 }
    }

    fn running(&self) -> usize {
        self.jobs.len().min(self.limit)
    }

    fn rate(&self) -> u128 {
        self.speed.min((self.speed * u128::from(self.cores)).div_ceil(self.running().max(1) as u128))
    }

    fn advance(&mut self, now: u64) {
        let (elapsed, rate, running) = (u128::from(now - self.since), self.rate(), self.running());
        self.jobs[..running].iter_mut().for_each(|job| job.1 = job.1.saturating_sub(elapsed * rate));
        self.used += elapsed * u128::from(self.cores.min(running as u64));
        self.since = now;
    }

    /// The job with the least left; of those with equal ends the first to arrive.
    fn next(&self) -> Option<Time> {
        let left = self.jobs[..self.running()].iter().map(|job| job.1).min()?;
        match (left, self.rate()) {
            (0, _) => Some(Time(self.since)),
            (_, 0) => None,
            (left, rate) => Some(Time(self.since + left.div_ceil(rate) as u64)),
        }
    }
}

fn beside_the_twin(cores: u64, discipline: Discipline, most: u64) {
    let limit = if discipline == Discipline::Fcfs { cores as usize } else { usize::MAX };
    let mut rng = Seed(cores + most).stream("processor");
    let (mut cpu, mut twin) = (Processor::new(cores as f64, discipline), Twin::new(cores, limit));
    let mut now = 0;
    for _ in 0..20_000 {
        // To the next end, or short of it.
        let next = cpu.next();
        assert_eq!(next, twin.next());
        let gap = rng.below(300);
        now = next.map_or(now + gap, |next| next.0.min(now + gap));
        twin.advance(now);
        while let Some(job) = cpu.finish(Time(now)) {
            let place = twin.jobs.iter().position(|&(other, _)| other == job).unwrap();
            assert!(place < twin.running() && twin.jobs.remove(place).1 == 0, "job {job} has ended early");
        }
        assert!(twin.jobs[..twin.running()].iter().all(|job| job.1 > 0), "a job has ended late");
        let job = rng.below(most) as u32;
        let place = twin.jobs.iter().position(|&(other, _)| other == job);
        match (rng.below(20), place) {
            (0, _) => {
                let speed = rng.below(5);
                cpu.set_speed(Time(now), speed as f64 / 2.0);
                twin.speed = u128::from(speed) << 47;
            }
            (1..=3, _) => {
                assert_eq!(cpu.remove(Time(now), job), place.is_some());
                place.map(|place| twin.jobs.remove(place));
            }
            (_, None) => {
                let work = rng.below(400);
                cpu.start(Time(now), job, Span(work));
                twin.jobs.push((job, u128::from(work) << 48));
            }
            _ => {}
        }
        assert_eq!((cpu.len(), cpu.used(Time(now))), (twin.jobs.len(), twin.used));
        cpu.check();
    }
}

#[test]
fn it_does_what_taking_time_off_every_job_does() {
    for cores in [1, 2, 5] {
        for most in [1, 4, 30] {
            beside_the_twin(cores, Discipline::ProcessorSharing, most);
            beside_the_twin(cores, Discipline::Fcfs, most);
        }
    }
}

#[test]
fn each_job_ends_less_than_a_nanosecond_late_for_each_end_before_it() {
    // All there from the start on one core: exact sharing ends the k-th smallest at the sum of min(w_i, w_k).
    let mut rng = Seed(5).stream("processor");
    let works: Vec<u64> = (0..200).map(|_| 1 + rng.below(1_000_000)).collect();
    let mut cpu = Processor::new(1.0, Discipline::ProcessorSharing);
    works.iter().zip(0..).for_each(|(&work, job)| cpu.start(Time::ZERO, job, Span(work)));
    let mut ended = 0;
    while let Some(next) = cpu.next() {
        while let Some(job) = cpu.finish(next) {
            let exact: u64 = works.iter().map(|&work| work.min(works[job as usize])).sum();
            assert!(
                (exact..=exact + ended + 1).contains(&next.0),
                "{next:?} after {ended} instead of {exact}"
            );
            ended += 1;
        }
    }
    assert_eq!(ended, 200);
}

#[test]
fn equal_ends_are_in_order_of_arrival() {
    let mut cpu = Processor::new(2.0, Discipline::ProcessorSharing);
    [9, 3, 7].iter().for_each(|&job| cpu.start(Time::ZERO, job, Span(10)));
    // Three on two cores: ten at two thirds.
    assert_eq!(cpu.next(), Some(Time(15)));
    let ended: Vec<u32> = std::iter::from_fn(|| cpu.finish(Time(15))).collect();
    assert_eq!(ended, [9, 3, 7]);
}

#[test]
fn half_a_core_takes_twice_as_long_and_a_machine_that_stands_still_forever() {
    let mut cpu = Processor::new(0.5, Discipline::Fcfs);
    cpu.start(Time::ZERO, 1, Span(100));
    cpu.start(Time::ZERO, 2, Span(100));
    assert_eq!((cpu.next(), cpu.waiting(), cpu.busy_cores()), (Some(Time(200)), 1, 0.5));
    cpu.set_speed(Time(100), 0.0);
    assert_eq!(cpu.next(), None);
    cpu.set_speed(Time(1_000), 2.0);
    assert_eq!(cpu.next(), Some(Time(1_050)));
    assert_eq!((cpu.finish(Time(1_050)), cpu.next()), (Some(1), Some(Time(1_150))));
    assert_eq!(cpu.used(Time(1_050)), 525);
    cpu.clear(Time(1_060));
    assert_eq!((cpu.len(), cpu.next(), cpu.busy_cores()), (0, None, 0.0));
}

#[test]
fn what_it_has_room_for_it_keeps() {
    let mut cpu = Processor::new(1.0, Discipline::Fcfs);
    let mut rng = Seed(1).stream("processor");
    let mut room = Vec::new();
    for round in 0..200_000u64 {
        let now = Time(round * 10);
        while cpu.finish(now).is_some() {}
        if cpu.len() < 40 {
            cpu.start(now, round as u32, Span(rng.below(20)));
        }
        if round % 100_000 == 50_000 {
            room.push((cpu.running.room(), cpu.waiting.room()));
        }
    }
    assert_eq!(room[0], room[1]);
}

/// Response times in seconds of `customers` that arrive at random, `rate` per second; by whether the work was long.
fn serve(
    mut cpu: Processor,
    rate: f64,
    customers: u32,
    mut work: impl FnMut(&mut Rng) -> (bool, f64),
) -> [Batches; 2] {
    let (mut arrivals, mut works) = (Seed(8).stream("arrivals"), Seed(8).stream("work"));
    let mut responses = [Batches::new(), Batches::new()];
    // More than are ever there at once.
    let mut known = vec![(Time::ZERO, false); 1 << 16];
    let mut now = Time::ZERO;
    for job in 0..customers {
        now = now + Span::from_secs(-math::ln(arrivals.unit_positive()) / rate);
        while let Some(next) = cpu.next().filter(|&next| next <= now) {
            while let Some(job) = cpu.finish(next) {
                let (arrived, long) = known[job as usize % known.len()];
                responses[usize::from(long)].add(next.since(arrived));
            }
        }
        let (long, work) = work(&mut works);
        let place = job as usize % known.len();
        known[place] = (now, long);
        cpu.start(now, job, Span::from_secs(work));
    }
    responses
}

#[test]
fn the_mean_response_is_the_work_over_one_minus_the_utilization_whatever_the_law() {
    // M/G/1-PS: E[T | S = x] = x / (1 - rho) (Sakata, Noguchi, Oizumi 1971). Two sizes with mean 1, rho = 0.8.
    let cpu = Processor::new(1.0, Discipline::ProcessorSharing);
    let works = |rng: &mut Rng| if rng.unit() < 1.0 / 3.0 { (true, 2.0) } else { (false, 0.5) };
    let responses = serve(cpu, 0.8, 3_000_000, works);
    for (batches, expected) in responses.iter().zip([2.5, 10.0]) {
        // The interval is wrong once in a thousand seeds, and no wider than 5 %, so that it says something.
        let mean = batches.mean(0.999).unwrap();
        assert!(mean.holds(expected) && mean.half_width < 0.05 * expected, "{mean:?}, not {expected}");
    }
}

#[test]
fn cores_with_one_queue_wait_as_erlang_says() {
    // M/M/2 at utilization 0.8: W = 2.7778 (Erlang 1917), in units of the mean work.
    let cpu = Processor::new(2.0, Discipline::Fcfs);
    let responses = serve(cpu, 1.6, 1_000_000, |rng| (false, -math::ln(rng.unit_positive())));
    let mean = responses[0].mean(0.999).unwrap();
    assert!(mean.holds(2.777_777_78) && mean.half_width < 0.14, "{mean:?}");
}

/// Abandonment and utilization in 40 batches of 5,000 customers of M/M/c+M with mean work and patience 1 and `1 /
/// theta` seconds.
fn abandon(cores: f64, rate: f64, theta: f64) -> [Moments; 2] {
    let mut rng = Seed(9).stream("abandon");
    let mut wait = |rate: f64| Span::from_secs(-math::ln(rng.unit_positive()) / rate);
    let mut cpu = Processor::new(cores, Discipline::Fcfs);
    let (mut patience, mut now, mut job) = (BinaryHeap::new(), Time::ZERO, 0);
    let mut moments = [Moments::default(); 2];
    for batch in 0..41 {
        let (mut gone, begun, used) = (0, now, cpu.used(now));
        for _ in 0..5_000 {
            let arrives = now + wait(rate);
            while let Some(next) =
                patience.peek().map(|&Reverse((at, _))| at).into_iter().chain(cpu.next()).min()
                && next <= arrives
            {
                while cpu.finish(next).is_some() {}
                while patience.peek().is_some_and(|&Reverse((at, _))| at <= next) {
                    let Reverse((_, job)) = patience.pop().unwrap();
                    gone += u32::from(cpu.is_waiting(job) && cpu.remove(next, job));
                }
            }
            now = arrives;
            cpu.start(now, job, wait(1.0));
            patience.push(Reverse((now + wait(theta), job)));
            job += 1;
        }
        // The first is the warm-up.
        if batch > 0 {
            moments[0].add(f64::from(gone) / 5_000.0);
            moments[1].add((cpu.used(now) - used) as f64 / now.since(begun).0 as f64 / cores);
        }
    }
    moments
}

#[test]
fn who_waits_for_too_long_leaves_as_often_as_erlang_a_says() {
    // M/M/8+M, 8 a second, patience 5: P(abandon) = 0.0867884, utilization 0.9132116 (Palm 1957; Garnett, Mandelbaum,
    // Reiman 2002).
    let exact = [0.086_788_41, 0.913_211_59];
    for (moments, exact) in abandon(8.0, 8.0, 0.2).iter().zip(exact) {
        let mean = moments.interval(0.999).unwrap();
        assert!(mean.holds(exact) && mean.half_width < 0.01, "{mean:?}, not {exact}");
    }
}
